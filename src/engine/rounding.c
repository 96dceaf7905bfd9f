/* Products that are rounded to integers, block by block. */
#include "engine/tile.h"

#include <math.h>

typedef uint32_t modular __attribute__((vector_size(4 * DT_LANES))); /* sums modulo 2^32 */

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

/* Add v, rounded, to sum, modulo 2^32. Returns its bits as dt_product_round does. */
static inline __attribute__((always_inline)) integers add_rounded(vector v, int32_t *sum, bool add)
{
    // cppcheck-suppress shiftTooManyBitsSigned // of vectors it is defined
    integers n = round_vector(v), bits = n ^ (n >> 31);
    if (add)
        n = (integers)((modular)n + (modular) * (const integers_in_memory *)sum);
    *(integers_in_memory *)sum = n;
    return bits;
}

/* Some tiles of A below each other, by one panel of B. */
typedef struct {
    int64_t tiles, k;
    const float *a, *b;
    int64_t a_step, a_tile; /* from one step, and from one tile, to the next */
    int64_t b_step;
} column_of_tiles;

/* In a loop of its own, in which the next tile's products begin before the last one's integers are
 * stored: a call for each tile costs a tenth at 32 steps. */
static inline __attribute__((always_inline)) integers round_tiles(int rows, int wide,
                                                                  const column_of_tiles *o,
                                                                  const float *scale, int32_t *sum,
                                                                  int64_t lds, bool add)
{
    vector s[2] = {load(scale), load(scale + (wide > 1 ? DT_LANES : 0))};
    integers bits[2] = {{0}, {0}};
    const float *a = o->a;
    for (int64_t t = 0; t < o->tiles; t++, a += o->a_tile, sum += rows * lds) {
        operands tile = {
            .k = o->k, .a = a, .a_row = 1, .a_step = o->a_step, .b = o->b, .b_step = o->b_step};
        vector acc[TILE_ROWS][2];
        for (int i = 0; i < rows; i++)
            acc[i][0] = acc[i][1] = (vector){0};
        multiply(rows, wide, &tile, acc);
        for (int i = 0; i < rows; i++)
            for (int v = 0; v < wide; v++)
                bits[v] |= add_rounded(acc[i][v] * s[v], sum + i * lds + v * DT_LANES, add);
    }
    return bits[0] | bits[1];
}

/* One tile, of which the sum over the blocks stays in registers. */
static inline __attribute__((always_inline)) integers
round_tile(int rows, int wide, const operands *o, int64_t first, int64_t block, const float *scale,
           int32_t *sum, int64_t lds, bool add)
{
    vector s[2] = {load(scale), load(scale + (wide > 1 ? DT_LANES : 0))};
    modular all[TILE_ROWS][2];
    integers bits = {0};
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < wide; v++)
            all[i][v] = add ? (modular) * (integers_in_memory *)(sum + i * lds + v * DT_LANES)
                            : (modular){0};
    operands part = *o;
    int64_t left = o->k;
    for (part.k = first; left > 0; part.k = left < block ? left : block) {
        vector acc[TILE_ROWS][2];
        for (int i = 0; i < rows; i++)
            acc[i][0] = acc[i][1] = (vector){0};
        multiply(rows, wide, &part, acc);
        for (int i = 0; i < rows; i++)
            for (int v = 0; v < wide; v++) {
                integers n = round_vector(acc[i][v] * s[v]);
                // cppcheck-suppress shiftTooManyBitsSigned // of vectors it is defined
                bits |= n ^ (n >> 31);
                all[i][v] += (modular)n;
            }
        part.a += part.k * part.a_step;
        part.b += part.k * part.b_step;
        left -= part.k;
    }
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < wide; v++)
            *(integers_in_memory *)(sum + i * lds + v * DT_LANES) = (integers)all[i][v];
    return bits;
}

static integers round_rows(int64_t rows, int wide, const column_of_tiles *o, const float *scale,
                           int32_t *sum, int64_t lds, bool add)
{
#define ROUND(height) return round_tiles(height, 2, o, scale, sum, lds, add)
#define ROUND_HALF(height) return round_tiles(height, 1, o, scale, sum, lds, add)
    if (wide > 1)
        EACH_HEIGHT(ROUND)
    else
        EACH_HEIGHT(ROUND_HALF)
    return (integers){0};
}

static uint32_t all_bits(integers bits)
{
    uint32_t all = 0;
    for (int i = 0; i < DT_LANES; i++)
        all |= (uint32_t)bits[i];
    return all;
}

/* The number of tiles of one height that begin the rows that are left. */
static int64_t count_tiles(int64_t left)
{
    int64_t tiles = 1, rows = choose_rows(left);
    while (left > tiles * rows && choose_rows(left - tiles * rows) == rows)
        tiles++;
    return tiles;
}

uint32_t dt_product_round(const dt_product *p, const float *scale, int32_t *sum, int64_t lds,
                          bool add)
{
    integers bits = {0};
    bool gathered = p->a_row == 0;
    for (int64_t i = 0, tiles, rows; i < p->m; i += tiles * rows) {
        tiles = count_tiles(p->m - i);
        rows = choose_rows(p->m - i);
        for (int64_t j = 0; j < p->n; j += DT_PANEL) {
            column_of_tiles o = {.tiles = tiles,
                                 .k = p->k,
                                 .a = p->a + i * (gathered ? p->k : 1),
                                 .a_step = gathered ? rows : p->a_step,
                                 .a_tile = gathered ? rows * p->k : rows,
                                 .b = p->b + j / DT_PANEL * p->b_panel,
                                 .b_step = p->b_step};
            bits |=
                round_rows(rows, wide_for(p->n - j), &o, scale + j, sum + i * lds + j, lds, add);
        }
    }
    return all_bits(bits);
}

/* Rows of C by one panel. */
static integers round_blocks(int64_t rows, int wide, const operands *o, int64_t first,
                             int64_t block, const float *scale, int32_t *sum, int64_t lds, bool add)
{
#define BLOCKS(height) return round_tile(height, 2, o, first, block, scale, sum, lds, add)
#define BLOCKS_HALF(height) return round_tile(height, 1, o, first, block, scale, sum, lds, add)
    if (wide > 1)
        EACH_HEIGHT(BLOCKS)
    else
        EACH_HEIGHT(BLOCKS_HALF)
    return (integers){0};
}

uint32_t dt_product_round_blocks(const dt_product *p, int64_t first, int64_t block,
                                 const float *scale, int32_t *sum, int64_t lds, bool add)
{
    integers bits = {0};
    first = smaller(first, p->k);
    for (int64_t i = 0, rows; i < p->m; i += rows) {
        rows = choose_rows(p->m - i);
        for (int64_t j = 0; j < p->n; j += DT_PANEL) {
            operands o = part_of(p, i, j / DT_PANEL, 0, p->k);
            bits |= round_blocks(rows, wide_for(p->n - j), &o, first, block, scale + j,
                                 sum + i * lds + j, lds, add);
        }
    }
    return all_bits(bits);
}

/* As a vector's elements are. */
static inline int32_t round_one(float v)
{
#if defined __SSE2__
    return _mm_cvtss_si32(_mm_set_ss(v));
#else
    return fabsf(v) < 0x1p31f ? (int32_t)lrintf(v) : INT32_MIN;
#endif
}

uint32_t dt_product_round_vector(const float *values, float scale, int64_t n, int32_t *sum,
                                 bool add)
{
    integers vectors = {0};
    uint32_t rest = 0;
    int64_t i = 0;
    for (; i + DT_LANES <= n; i += DT_LANES)
        vectors |= add_rounded(load(values + i) * scale, sum + i, add);
    for (; i < n; i++) {
        int32_t k = round_one(values[i] * scale);
        rest |= (uint32_t)(k < 0 ? ~k : k);
        sum[i] = (int32_t)((uint32_t)k + (add ? (uint32_t)sum[i] : 0));
    }
    return (n < DT_LANES ? 0 : all_bits(vectors)) | rest;
}
