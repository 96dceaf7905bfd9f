#include "engine/weights.h"

#include "engine/product.h"

#include <string.h>

int64_t dt_panels_floats(const dt_layer *layer, bool first)
{
    int64_t forward = dt_panels_round(layer->out) * layer->in;
    return forward + (first ? 0 : dt_panels_round(layer->in) * layer->out);
}

void dt_panels_init(dt_panels *p, const dt_layer *layer, bool first, float *at)
{
    p->forward = at;
    p->backward = first ? NULL : at + dt_panels_round(layer->out) * layer->in;
}

typedef float four __attribute__((vector_size(16)));
typedef float four_in_memory __attribute__((vector_size(16), aligned(4), may_alias));

/* to[c][r] = from[r][c], 4 by 4, in rows that lie so far apart. */
static void transpose_square(const float *from, int64_t from_apart, float *to, int64_t to_apart)
{
    four a = *(const four_in_memory *)from, b = *(const four_in_memory *)(from + from_apart);
    four c = *(const four_in_memory *)(from + 2 * from_apart);
    four d = *(const four_in_memory *)(from + 3 * from_apart);
    four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    four cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    *(four_in_memory *)to = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    *(four_in_memory *)(to + to_apart) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    ab = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    cd = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    *(four_in_memory *)(to + 2 * to_apart) = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    *(four_in_memory *)(to + 3 * to_apart) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}

/* The rows of one panel: a few columns of all, so that whole lines are written. */
static void transpose(const float *from, int64_t in, int64_t rows, float *to)
{
    enum { SQUARE = 4 };
    int64_t squares = rows == DT_PANEL ? in / SQUARE * SQUARE : 0;
    for (int64_t i = 0; i < squares; i += SQUARE)
        for (int64_t r = 0; r < DT_PANEL; r += SQUARE)
            transpose_square(from + r * in + i, in, to + i * DT_PANEL + r, DT_PANEL);
    for (int64_t i = squares; i < in; i++)
        for (int64_t r = 0; r < rows; r++)
            to[i * DT_PANEL + r] = from[r * in + i];
}

/* Rows [begin, begin + rows) into the panels of inputs: in each they lie together. */
static void spread(const float *from, const dt_layer *l, int64_t begin, int64_t rows, float *to)
{
    int64_t whole = l->in / DT_PANEL * DT_PANEL;
    to += begin * DT_PANEL;
    for (int64_t i = 0; i < whole; i += DT_PANEL)
        for (int64_t r = 0; r < rows; r++)
            memcpy(to + i * l->out + r * DT_PANEL, from + r * l->in + i, DT_PANEL * sizeof *to);
    for (int64_t r = 0; r < rows && whole < l->in; r++)
        memcpy(to + whole * l->out + r * DT_PANEL, from + r * l->in + whole,
               (size_t)(l->in - whole) * sizeof *to);
}

void dt_panels_pack(const dt_panels *p, const dt_layer *l, const float *weight, int64_t begin,
                    int64_t end)
{
    for (int64_t i = begin; i < end; i++) {
        int64_t row = i * DT_PANEL, rows = l->out - row < DT_PANEL ? l->out - row : DT_PANEL;
        const float *from = weight + row * l->in;
        transpose(from, l->in, rows, p->forward + row * l->in);
        if (p->backward)
            spread(from, l, row, rows, p->backward);
    }
}
