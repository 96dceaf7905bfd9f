/* The gradient of some lines as sums of integers of two words. */
#include "engine/gradients.h"

#include <string.h>

enum { ROWS = DT_SUM_ROWS, COLUMNS = DT_SUM_COLUMNS };

/* The first of the call's lines from a line on. */
static int64_t find_line(const dt_word_lines *words, int64_t line)
{
    int64_t begin = 0, end = words->n;
    while (begin < end) {
        int64_t middle = begin + (end - begin) / 2;
        if (words->line[middle].line < line)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

/* ---- Weights -------------------------------------------------------------------------------- */

/* Up to ROWS weights' rows of these outputs that are among the call's lines. */
typedef struct {
    int64_t first, n;     /* of the call's lines */
    int64_t output[ROWS]; /* counted from the part's first */
    float factor[ROWS];
    dt_lane_bits bits[ROWS];
} word_rows;

static void list_rows(const dt_gradient_part *p, int64_t first, word_rows *rows)
{
    const dt_word_lines *words = p->call->words;
    const dt_scales *scales = p->call->scales;
    int64_t line = dt_part_scales(p)->line;
    rows->first = first;
    rows->n = 0;
    for (int64_t i = first; i < words->n && rows->n < ROWS; i++) {
        int64_t output = words->line[i].line - line;
        if (output >= p->begin + p->n)
            break;
        rows->output[rows->n] = output - p->begin;
        rows->factor[rows->n++] =
            dt_scales_row_factor(scales, p->layer, output, words->line[i].raise);
    }
}

/* Some columns of such rows, from what was gathered of them. */
static void add_tile(const dt_gradient_part *p, word_rows *rows, int64_t column,
                     const float *packed_dz)
{
    _Alignas(64) int32_t high[ROWS * COLUMNS], low[ROWS * COLUMNS];
    const dt_wave *w = p->wave;
    int64_t in = dt_part_layer(p)->in, n = dt_min(in - column, COLUMNS);
    dt_word_rounding rounding = {.row = rows->factor,
                                 .low_bits = p->call->scales->bits,
                                 .high = high,
                                 .low = low,
                                 .lds = COLUMNS,
                                 .bits = rows->bits};
    dt_product product = dt_part_product(p, (dt_range){0, w->rows}, column, n);
    product.m = rows->n;
    product.a = packed_dz;
    product.a_row = 0;
    dt_product_round_words(&product, w->block - w->first_block_skip, w->block, &rounding);
    for (int64_t r = 0; r < rows->n; r++) {
        int32_t *to = p->call->words->words + p->call->words->line[rows->first + r].place + column;
        dt_put_integers(w->accumulate, n, high + r * COLUMNS, to);
        dt_put_integers(w->accumulate, n, low + r * COLUMNS, to + in);
    }
}

static void add_rows(const dt_gradient_part *p)
{
    float *packed_dz = dt_part_packed_dz(p);
    int64_t first = find_line(p->call->words, dt_part_scales(p)->line + p->begin);
    word_rows rows;
    for (list_rows(p, first, &rows); rows.n > 0; list_rows(p, first += rows.n, &rows)) {
        dt_product product = dt_part_product(p, (dt_range){0, p->wave->rows}, 0, 0);
        product.m = rows.n;
        dt_product_gather_some(&product, rows.output, packed_dz);
        memset(rows.bits, 0, (size_t)rows.n * sizeof *rows.bits);
        for (int64_t column = 0; column < dt_part_layer(p)->in; column += COLUMNS)
            add_tile(p, &rows, column, packed_dz);
        for (int64_t r = 0; r < rows.n; r++)
            dt_flags_put_words(p, p->begin + rows.output[r], &rows.bits[r],
                               &p->call->flags[rows.first + r]);
    }
}

/* ---- Vectors -------------------------------------------------------------------------------- */

/* A block's elements, whose sums over the blocks are in high and low. */
static void add_elements(const dt_gradient_part *p, int v, int raise, const float *values,
                         int32_t *high, int32_t *low)
{
    const dt_scales *scales = p->call->scales;
    int64_t out = dt_part_layer(p)->out;
    const int32_t *counted = dt_part_scales(p)->counted_vector + v * out + p->begin;
    dt_line_bits *bits = dt_flags_vector_bits(p->call, p->thread, p->layer, v);
    for (int64_t i = 0; i < p->n; i++) {
        uint32_t any = 0, rest = 0;
        float factor = dt_scales_element_factor(scales, p->layer, v, p->begin + i, raise);
        dt_product_round_value(values[i] * factor, scales->bits, &high[i], &low[i], &any, &rest);
        bits->any |= any;
        bits->counted |= any & (uint32_t)counted[i];
        bits->low |= (rest & (uint32_t)counted[i]) | (values[i] != 0);
    }
}

static void add_vector(const dt_gradient_part *p, int v, const dt_word_line *line)
{
    int32_t *high = p->call->words->words + line->place + p->begin;
    int32_t *low = high + dt_part_layer(p)->out;
    float *values = dt_part_vector_sums(p);
    for (int64_t i = 0; i < p->n && !p->wave->accumulate; i++)
        high[i] = low[i] = 0;
    for (int64_t b = 0; b < p->wave->blocks; b++) {
        dt_part_sum_vector(p, v, dt_block_rows(p->wave, b), false, values);
        add_elements(p, v, line->raise, values, high, low);
    }
}

void dt_gradient_words(const dt_gradient_part *p)
{
    const dt_word_lines *words = p->call->words;
    int64_t vectors = dt_part_scales(p)->line + dt_part_layer(p)->out;
    add_rows(p);
    for (int64_t i = find_line(words, vectors); i < words->n; i++) {
        int64_t v = words->line[i].line - vectors;
        if (v >= dt_part_scales(p)->vectors)
            break;
        add_vector(p, (int)v, &words->line[i]);
    }
}
