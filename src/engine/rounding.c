/* Products that are rounded to integers, block by block. */
#include "engine/tile.h"

#include <math.h>

typedef uint32_t modular __attribute__((vector_size(4 * DT_LANES))); /* sums modulo 2^32 */
typedef uint32_t modular_in_memory
    __attribute__((vector_size(4 * DT_LANES), aligned(4), may_alias));

/* To the nearest integer; what has none becomes INT32_MIN. */
static inline integers round_vector(vector v)
{
#if defined __AVX512F__
    return (integers)_mm512_cvtps_epi32((__m512)v);
#elif defined __AVX__
    return (integers)_mm256_cvtps_epi32((__m256)v);
#elif defined __SSE2__
    return (integers)_mm_cvtps_epi32((__m128)v);
#else
    integers n = {0};
    for (int i = 0; i < DT_LANES; i++)
        n[i] = fabsf(v[i]) < 0x1p31f ? (int32_t)lrintf(v[i]) : INT32_MIN;
    return n;
#endif
}

/* That of INT32_MIN is 2^31. */
static inline modular magnitude(integers n)
{
#if defined __AVX512F__
    return (modular)_mm512_abs_epi32((__m512i)n);
#elif defined __AVX2__
    return (modular)_mm256_abs_epi32((__m256i)n);
#elif defined __SSSE3__
    return (modular)_mm_abs_epi32((__m128i)n);
#else
    // cppcheck-suppress shiftTooManyBitsSigned // of vectors it is defined
    modular sign = (modular)(n >> 31);
    return ((modular)n ^ sign) - sign;
#endif
}

static inline modular load_bits(const void *from)
{
    return *(const modular_in_memory *)from;
}

static inline void store_bits(void *to, modular bits)
{
    *(modular_in_memory *)to = bits;
}

/* A row of a tile, of which the products are done: two vectors, rounded. */
static inline __attribute__((always_inline)) void
note_bits(int wide, bool masked, const integers n[2], const modular counted[2], dt_lane_bits *bits)
{
    modular first = magnitude(n[0]), second = wide > 1 ? magnitude(n[1]) : (modular){0};
    store_bits(bits->any, load_bits(bits->any) | first | second);
    if (masked)
        store_bits(bits->counted,
                   load_bits(bits->counted) | (first & counted[0]) | (second & counted[1]));
}

static inline __attribute__((always_inline)) void load_counted(int wide, bool masked,
                                                               const int32_t *from, modular to[2])
{
    to[0] = masked ? load_bits(from) : (modular){0};
    to[1] = masked && wide > 1 ? load_bits(from + DT_LANES) : (modular){0};
}

/* Some tiles of A below each other, by one panel of B. */
typedef struct {
    int64_t tiles, k;
    const float *a, *b;
    int64_t a_step, a_tile; /* from one step, and from one tile, to the next */
    int64_t b_step;
    const float *column; /* factors of the panel's columns */
    const int32_t *counted;
    dt_lane_bits *bits;
    int32_t *sum;
    int64_t lds;
    bool add;
} column_of_tiles;

/* In a loop of its own, in which the next tile's products begin before the last one's integers are
 * stored: a call for each tile costs a tenth at 32 steps. */
static inline __attribute__((always_inline)) void round_tiles(int rows, int wide, bool masked,
                                                              const column_of_tiles *o)
{
    vector s[2] = {load(o->column), load(o->column + (wide > 1 ? DT_LANES : 0))};
    modular counted[2];
    const float *a = o->a;
    int32_t *sum = o->sum;
    dt_lane_bits *bits = o->bits;
    load_counted(wide, masked, o->counted, counted);
    for (int64_t t = 0; t < o->tiles; t++, a += o->a_tile, sum += rows * o->lds, bits += rows) {
        operands tile = {
            .k = o->k, .a = a, .a_row = 1, .a_step = o->a_step, .b = o->b, .b_step = o->b_step};
        vector acc[TILE_ROWS][2];
        for (int i = 0; i < rows; i++)
            acc[i][0] = acc[i][1] = (vector){0};
        multiply(rows, wide, &tile, acc);
        for (int i = 0; i < rows; i++) {
            integers n[2] = {{0}, {0}};
            for (int v = 0; v < wide; v++) {
                int32_t *to = sum + i * o->lds + v * DT_LANES;
                n[v] = round_vector(acc[i][v] * s[v]);
                store_bits(to, o->add ? load_bits(to) + (modular)n[v] : (modular)n[v]);
            }
            note_bits(wide, masked, n, counted, bits + i);
        }
    }
}

/* One tile, whose sums over the blocks stay in registers. */
typedef struct {
    operands o;
    int64_t first, block;
    const float *row, *column;
    const int32_t *counted;
    dt_lane_bits *bits;
    int32_t *sum;
    int64_t lds;
    bool add;
} blocks_of_tile;

static inline __attribute__((always_inline)) void round_tile(int rows, int wide, bool masked,
                                                             const blocks_of_tile *t)
{
    vector s[TILE_ROWS][2];
    modular all[TILE_ROWS][2], counted[2], any[TILE_ROWS];
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < wide; v++) {
            s[i][v] = load(t->column + v * DT_LANES) * t->row[i];
            all[i][v] = t->add ? load_bits(t->sum + i * t->lds + v * DT_LANES) : (modular){0};
        }
    for (int i = 0; i < rows; i++)
        any[i] = (modular){0};
    load_counted(wide, masked, t->counted, counted);
    operands part = t->o;
    int64_t left = t->o.k;
    for (part.k = t->first; left > 0; part.k = left < t->block ? left : t->block) {
        vector acc[TILE_ROWS][2];
        for (int i = 0; i < rows; i++)
            acc[i][0] = acc[i][1] = (vector){0};
        multiply(rows, wide, &part, acc);
        for (int i = 0; i < rows; i++) {
            integers n[2] = {{0}, {0}};
            for (int v = 0; v < wide; v++) {
                n[v] = round_vector(acc[i][v] * s[i][v]);
                all[i][v] += (modular)n[v];
            }
            if (masked)
                note_bits(wide, true, n, counted, t->bits + i);
            else
                any[i] |= magnitude(n[0]) | (wide > 1 ? magnitude(n[1]) : (modular){0});
        }
        part.a += part.k * part.a_step;
        part.b += part.k * part.b_step;
        left -= part.k;
    }
    for (int i = 0; i < rows && !masked; i++)
        store_bits(t->bits[i].any, load_bits(t->bits[i].any) | any[i]);
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < wide; v++)
            store_bits(t->sum + i * t->lds + v * DT_LANES, all[i][v]);
}

/* Rows of C by one panel: of each height, of one and two vectors, with columns that do not count
 * and without. */
#define ROUND_MASKED(height) round_tiles(height, 2, true, o)
#define ROUND_ALL(height) round_tiles(height, 2, false, o)
#define ROUND_HALF_MASKED(height) round_tiles(height, 1, true, o)
#define ROUND_HALF_ALL(height) round_tiles(height, 1, false, o)
static void round_rows(int64_t rows, int wide, const column_of_tiles *o)
{
    if (wide > 1 && o->counted)
        EACH_HEIGHT(ROUND_MASKED)
    else if (wide > 1)
        EACH_HEIGHT(ROUND_ALL)
    else if (o->counted)
        EACH_HEIGHT(ROUND_HALF_MASKED)
    else
        EACH_HEIGHT(ROUND_HALF_ALL)
}

#define BLOCKS_MASKED(height) round_tile(height, 2, true, t)
#define BLOCKS_ALL(height) round_tile(height, 2, false, t)
#define BLOCKS_HALF_MASKED(height) round_tile(height, 1, true, t)
#define BLOCKS_HALF_ALL(height) round_tile(height, 1, false, t)
static void round_blocks(int64_t rows, int wide, const blocks_of_tile *t)
{
    if (wide > 1 && t->counted)
        EACH_HEIGHT(BLOCKS_MASKED)
    else if (wide > 1)
        EACH_HEIGHT(BLOCKS_ALL)
    else if (t->counted)
        EACH_HEIGHT(BLOCKS_HALF_MASKED)
    else
        EACH_HEIGHT(BLOCKS_HALF_ALL)
}

/* The number of tiles of one height that begin the rows that are left. */
static int64_t count_tiles(int64_t left)
{
    int64_t tiles = 1, rows = choose_rows(left);
    while (left > tiles * rows && choose_rows(left - tiles * rows) == rows)
        tiles++;
    return tiles;
}

void dt_product_round(const dt_product *p, const dt_rounding *rounding, int32_t *sum, int64_t lds,
                      bool add)
{
    for (int64_t i = 0, tiles, rows; i < p->m; i += tiles * rows) {
        tiles = count_tiles(p->m - i);
        rows = choose_rows(p->m - i);
        for (int64_t j = 0; j < p->n; j += DT_PANEL) {
            column_of_tiles o = {.tiles = tiles,
                                 .k = p->k,
                                 .a = p->a + i * p->k,
                                 .a_step = rows,
                                 .a_tile = rows * p->k,
                                 .b = p->b + j / DT_PANEL * p->b_panel,
                                 .b_step = p->b_step,
                                 .column = rounding->column + j,
                                 .counted = rounding->counted ? rounding->counted + j : NULL,
                                 .bits = rounding->bits + i,
                                 .sum = sum + i * lds + j,
                                 .lds = lds,
                                 .add = add};
            round_rows(rows, wide_for(p->n - j), &o);
        }
    }
}

void dt_product_round_blocks(const dt_product *p, int64_t first, int64_t block,
                             const dt_rounding *rounding, int32_t *sum, int64_t lds, bool add)
{
    first = dt_min(first, p->k);
    for (int64_t i = 0, rows; i < p->m; i += rows) {
        rows = choose_rows(p->m - i);
        for (int64_t j = 0; j < p->n; j += DT_PANEL) {
            blocks_of_tile t = {.o = part_of(p, i, j / DT_PANEL, 0, p->k),
                                .first = first,
                                .block = block,
                                .row = rounding->row + i,
                                .column = rounding->column + j,
                                .counted = rounding->counted ? rounding->counted + j : NULL,
                                .bits = rounding->bits + i,
                                .sum = sum + i * lds + j,
                                .lds = lds,
                                .add = add};
            round_blocks(rows, wide_for(p->n - j), &t);
        }
    }
}

/* ---- Two words ------------------------------------------------------------------------------ */

/* Of a value that does not fit, high is INT32_MIN, and low whatever. */
static inline __attribute__((always_inline)) integers split_vector(vector v, vector low_factor,
                                                                   integers *low)
{
    integers high = round_vector(v);
    *low = round_vector((v - __builtin_convertvector(high, vector)) * low_factor);
    return high;
}

/* A tile of some rows by one panel; t is of this tile. */
static inline __attribute__((always_inline)) void
round_words(int rows, const operands *o, int64_t first, int64_t block, const dt_word_rounding *t)
{
    modular sum[TILE_ROWS][2][2] = {0};
    float factor = ldexpf(1, t->low_bits);
    vector low_factor = (vector){0} + factor;
    operands part = *o;
    int64_t left = o->k;
    for (part.k = first; left > 0; part.k = dt_min(left, block)) {
        vector acc[TILE_ROWS][2];
        for (int i = 0; i < rows; i++)
            acc[i][0] = acc[i][1] = (vector){0};
        multiply(rows, 2, &part, acc);
        for (int i = 0; i < rows; i++) {
            modular any = {0}, low_any = {0};
            for (int v = 0; v < 2; v++) {
                integers rest = {0};
                integers n = split_vector(acc[i][v] * t->row[i], low_factor, &rest);
                sum[i][v][0] += (modular)n;
                sum[i][v][1] += (modular)rest;
                any |= magnitude(n);
                low_any |= magnitude(rest);
            }
            store_bits(t->bits[i].any, load_bits(t->bits[i].any) | any);
            store_bits(t->bits[i].low, load_bits(t->bits[i].low) | low_any);
        }
        part.a += part.k * part.a_step;
        part.b += part.k * part.b_step;
        left -= part.k;
    }
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < 2; v++) {
            store_bits(t->high + i * t->lds + v * DT_LANES, sum[i][v][0]);
            store_bits(t->low + i * t->lds + v * DT_LANES, sum[i][v][1]);
        }
}

/* high and low have room for whole panels, and bits of columns beyond n are those of whatever is
 * there: zeros (see dt_product). */
void dt_product_round_words(const dt_product *p, int64_t first, int64_t block,
                            const dt_word_rounding *rounding)
{
    first = dt_min(first, p->k);
    for (int64_t i = 0, rows; i < p->m; i += rows) {
        rows = choose_rows(p->m - i);
        for (int64_t j = 0; j < p->n; j += DT_PANEL) {
            operands o = part_of(p, 0, j / DT_PANEL, 0, p->k);
            dt_word_rounding tile = *rounding;
            o.a = p->a + i * p->k;
            o.a_row = 1;
            o.a_step = rows;
            tile.row += i;
            tile.high += i * tile.lds + j;
            tile.low += i * tile.lds + j;
            tile.bits += i;
#define WORDS(height) round_words(height, &o, first, block, &tile)
            EACH_HEIGHT(WORDS)
        }
    }
}

/* ---- Vectors -------------------------------------------------------------------------------- */

/* As a vector's elements are. */
static inline int32_t round_one(float v)
{
#if defined __SSE2__
    return _mm_cvtss_si32(_mm_set_ss(v));
#else
    return fabsf(v) < 0x1p31f ? (int32_t)lrintf(v) : INT32_MIN;
#endif
}

static inline uint32_t magnitude_of_one(int32_t n)
{
    return n < 0 ? 0 - (uint32_t)n : (uint32_t)n;
}

void dt_product_round_vector(const float *values, const float *factor, const int32_t *counted,
                             int64_t n, int32_t *sum, bool add, dt_lane_bits *bits)
{
    modular any = {0}, counted_bits = {0};
    int64_t i = 0;
    for (; i + DT_LANES <= n; i += DT_LANES) {
        integers k = round_vector(load(values + i) * load(factor + i));
        modular size = magnitude(k);
        store_bits(sum + i, add ? load_bits(sum + i) + (modular)k : (modular)k);
        any |= size;
        counted_bits |= size & load_bits(counted + i);
    }
    store_bits(bits->any, load_bits(bits->any) | any);
    store_bits(bits->counted, load_bits(bits->counted) | counted_bits);
    for (; i < n; i++) {
        int32_t k = round_one(values[i] * factor[i]);
        sum[i] = (int32_t)((uint32_t)k + (add ? (uint32_t)sum[i] : 0));
        bits->any[0] |= magnitude_of_one(k);
        bits->counted[0] |= magnitude_of_one(k) & (uint32_t)counted[i];
    }
}

bool dt_product_round_sums(const float *values, int64_t k, int64_t first, int64_t block,
                           float factor, int32_t *sum, uint32_t *any)
{
    bool has_value = false;
    uint32_t all = (uint32_t)*sum, bits = 0;
    for (int64_t begin = 0, end = dt_min(first, k); begin < k;
         begin = end, end = dt_min(end + block, k)) {
        float value = sum_values(values + begin, end - begin);
        int32_t n = round_one(value * factor);
        has_value |= value != 0;
        all += (uint32_t)n;
        bits |= magnitude_of_one(n);
    }
    *sum = (int32_t)all;
    *any |= bits;
    return has_value;
}

void dt_product_round_value(float value, int low_bits, int32_t *high, int32_t *low, uint32_t *any,
                            uint32_t *low_any)
{
    int32_t n = round_one(value);
    int32_t rest = round_one((value - (float)n) * (float)((int64_t)1 << low_bits));
    *high = (int32_t)((uint32_t)*high + (uint32_t)n);
    *low = (int32_t)((uint32_t)*low + (uint32_t)rest);
    *any |= magnitude_of_one(n);
    *low_any |= magnitude_of_one(rest);
}
