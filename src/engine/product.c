/* A tile of C, some rows by one panel, stays in registers while k runs: the scheme of BLIS (Van
 * Zee and van de Geijn, "BLIS: A Framework for Rapidly Instantiating BLAS Functionality", 2015),
 * but that rows are used where they lie, and weights are packed once a step (weights.c). On one
 * core (AVX2) a layer of 784 by 512 reaches 91 GFlop/s forward at 128 rows, where oneDNN's sgemm,
 * which packs the weights in each call, has 88, and 89 for the gradient of the weight, where that
 * has 95; in integers by blocks of 32 rows, which is what it is for, 83. */
#include "engine/product.h"

#include <math.h>
#include <string.h>

#if defined __SSE2__
#include <immintrin.h>
#endif

enum {
    TILE_ROWS = 6,    /* with two vectors a row, two of B and one of A: 15 registers of 16 */
    ROWS = 256,       /* of C at a time, while that part of A stays in the second cache */
    GATHER_FROM = 64, /* columns of C: for fewer a copy of A does not pay */
    /* of k at a time, at most: a panel of so many fits the first cache; whole vectors */
    STEPS = DT_LANES > 8 ? 256 : 320
};

#if defined __clang__
#define UNROLL _Pragma("clang loop unroll_count(4)")
#else
#define UNROLL _Pragma("GCC unroll 4")
#endif

typedef float vector __attribute__((vector_size(4 * DT_LANES)));
typedef float vector_in_memory __attribute__((vector_size(4 * DT_LANES), aligned(4), may_alias));
typedef int32_t integers __attribute__((vector_size(4 * DT_LANES)));
typedef int32_t integers_in_memory
    __attribute__((vector_size(4 * DT_LANES), aligned(4), may_alias));

/* One tile's operands. */
typedef struct {
    int64_t k;
    const float *a;
    int64_t a_row, a_step;
    const float *b;
    int64_t b_step;
} operands;

static inline vector load(const float *from)
{
    return *(const vector_in_memory *)from;
}

static inline void store(float *to, vector v)
{
    *(vector_in_memory *)to = v;
}

/* acc += A B; rows, and the vectors of a row, are constants wherever this is inlined. */
static inline __attribute__((always_inline)) void multiply(int rows, int wide, const operands *o,
                                                           vector acc[][2])
{
    const float *a = o->a, *b = o->b;
    UNROLL
    for (int64_t p = 0; p < o->k; p++, a += o->a_step, b += o->b_step) {
        vector b0 = load(b), b1 = wide > 1 ? load(b + DT_LANES) : b0;
        for (int i = 0; i < rows; i++) {
            float factor = a[i * o->a_row];
            acc[i][0] += factor * b0;
            if (wide > 1)
                acc[i][1] += factor * b1;
        }
    }
}

static inline __attribute__((always_inline)) void store_tile(int rows, int wide, const operands *o,
                                                             float *c, int64_t ldc, bool add)
{
    vector acc[TILE_ROWS][2];
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < wide; v++)
            acc[i][v] = add ? load(c + i * ldc + v * DT_LANES) : (vector){0};
    multiply(rows, wide, o, acc);
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < wide; v++)
            store(c + i * ldc + v * DT_LANES, acc[i][v]);
}

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
    typedef uint32_t modular __attribute__((vector_size(4 * DT_LANES)));
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
    typedef uint32_t modular __attribute__((vector_size(4 * DT_LANES)));
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

/* The tiles of 1 to TILE_ROWS rows. */
#define EACH_HEIGHT(call)                                                                          \
    switch (rows) {                                                                                \
    case 1:                                                                                        \
        call(1);                                                                                   \
        break;                                                                                     \
    case 2:                                                                                        \
        call(2);                                                                                   \
        break;                                                                                     \
    case 3:                                                                                        \
        call(3);                                                                                   \
        break;                                                                                     \
    case 4:                                                                                        \
        call(4);                                                                                   \
        break;                                                                                     \
    case 5:                                                                                        \
        call(5);                                                                                   \
        break;                                                                                     \
    default:                                                                                       \
        call(6);                                                                                   \
    }

/* wide: vectors of a row, 1 or 2 */
static void store_rows(int64_t rows, int wide, const operands *o, float *c, int64_t ldc, bool add)
{
#define STORE(height) store_tile(height, 2, o, c, ldc, add)
#define STORE_HALF(height) store_tile(height, 1, o, c, ldc, add)
    if (wide > 1)
        EACH_HEIGHT(STORE)
    else
        EACH_HEIGHT(STORE_HALF)
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

/* Vectors that hold so many columns of a panel. */
static int wide_for(int64_t columns)
{
    return columns > DT_LANES ? 2 : 1;
}

/* How many of the rows that are left the next tile takes: never one or two if it can be helped. */
static int64_t choose_rows(int64_t left)
{
    if (left == TILE_ROWS || left > 2 * TILE_ROWS - 2)
        return TILE_ROWS;
    return left > TILE_ROWS ? (left + 1) / 2 : left;
}

static operands part_of(const dt_product *p, int64_t i, int64_t panel, int64_t step, int64_t steps)
{
    return (operands){.k = steps,
                      .a = p->a + i * p->a_row + step * p->a_step,
                      .a_row = p->a_row,
                      .a_step = p->a_step,
                      .b = p->b + panel * p->b_panel + step * p->b_step,
                      .b_step = p->b_step};
}

/* Of very few a copy is less than a call for it. */
static inline void copy_some(float *to, const float *from, int64_t n)
{
    if (n > 4)
        memcpy(to, from, (size_t)n * sizeof *to);
    else
        for (int64_t i = 0; i < n; i++)
            to[i] = from[i];
}

/* A tile of a panel that is not full goes through memory of its own. */
static void store_narrow(int64_t rows, int64_t columns, const operands *o, float *c, int64_t ldc,
                         bool add)
{
    float tile[TILE_ROWS * DT_PANEL] = {0};
    for (int64_t i = 0; i < rows && add; i++)
        copy_some(tile + i * DT_PANEL, c + i * ldc, columns);
    store_rows(rows, wide_for(columns), o, tile, DT_PANEL, add);
    for (int64_t i = 0; i < rows; i++)
        copy_some(c + i * ldc, tile + i * DT_PANEL, columns);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Ask for what the next tiles want: a part of the next panel of B, which comes from a cache farther
 * off, and the next tile of C. */
static void prefetch(const dt_product *p, int64_t panel, int64_t step, int64_t begin, int64_t end)
{
    const float *b = p->b + panel * p->b_panel + step * p->b_step;
    for (int64_t i = begin; i < end && panel * DT_PANEL < p->n; i++)
        __builtin_prefetch(b + i * p->b_step);
}

static void prefetch_tile(const float *c, int64_t ldc)
{
    for (int64_t r = 0; r < TILE_ROWS; r++)
        __builtin_prefetch(c + r * ldc, 1);
}

static void gather(const float *from, int64_t apart, int64_t n, float *to)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = from[i * apart];
}

/* A, where its rows lie across memory, copied tile by tile: as each is read. */
static void gather_rows(const dt_product *p, int64_t begin, int64_t end, int64_t step,
                        int64_t steps, float *restrict to)
{
    for (int64_t i = begin, rows; i < end; i += rows) {
        const float *from = p->a + i * p->a_row + step * p->a_step;
        rows = choose_rows(end - i);
        bool whole = rows == TILE_ROWS && p->a_row == 1; /* a copy of known size is no call */
        for (int64_t k = 0; k < steps; k++, from += p->a_step, to += rows)
            if (whole)
                memcpy(to, from, TILE_ROWS * sizeof *to);
            else
                gather(from, p->a_row, rows, to);
    }
}

void dt_product_gather(const dt_product *p, float *to)
{
    gather_rows(p, 0, p->m, 0, p->k, to);
}

/* Rows [begin, end) of C, over some steps of k. */
static void store_part(const dt_product *p, int64_t begin, int64_t end, int64_t step, int64_t steps,
                       float *c, int64_t ldc, bool add)
{
    int64_t tiles = (end - begin + TILE_ROWS - 1) / TILE_ROWS;
    float gathered[ROWS * STEPS];
    bool gathers = p->a_row == 1 && p->a_step != 1 && p->n > GATHER_FROM;
    if (gathers)
        gather_rows(p, begin, end, step, steps, gathered);
    for (int64_t j = 0; j < p->n; j += DT_PANEL) {
        int64_t columns = smaller(p->n - j, DT_PANEL), rows, tile = 0;
        for (int64_t i = begin; i < end; i += rows, tile++) {
            operands o = part_of(p, i, j / DT_PANEL, step, steps);
            rows = choose_rows(end - i);
            if (gathers) {
                o.a = gathered + (i - begin) * steps;
                o.a_step = rows;
            }
            prefetch(p, j / DT_PANEL + 1, step, steps * tile / tiles, steps * (tile + 1) / tiles);
            prefetch_tile(c + (i + rows) * ldc + j, ldc);
            if (columns == DT_PANEL)
                store_rows(rows, 2, &o, c + i * ldc + j, ldc, add);
            else
                store_narrow(rows, columns, &o, c + i * ldc + j, ldc, add);
        }
    }
}

/* The sum of a vector's elements. */
static inline float sum_of(vector v)
{
#if defined __AVX512F__
    return _mm512_reduce_add_ps((__m512)v);
#else
    float half[DT_LANES];
    store(half, v);
    for (int n = DT_LANES / 2; n > 0; n /= 2)
        for (int i = 0; i < n; i++)
            half[i] += half[i + n];
    return half[0];
#endif
}

float dt_product_sum(const float *values, int64_t n)
{
    vector sum = {0};
    int64_t i = 0;
    for (; i + DT_LANES <= n; i += DT_LANES)
        sum += load(values + i);
    float all = sum_of(sum);
    for (; i < n; i++)
        all += values[i];
    return all;
}

/* The end of a row that is no whole vector; zeros follow. */
static inline vector load_some(const float *from, int64_t n)
{
    float some[DT_LANES] = {0};
    for (int64_t i = 0; i < n; i++)
        some[i] = from[i];
    return load(some);
}

/* Of one column: a tile of a panel would compute all others as well.
 *   b       [k, to the end of its last vector] with zeros there
 *   padded  rows of A can be read as far, and are numbers there */
static inline __attribute__((always_inline)) void
store_column(const dt_product *p, const float *b, bool padded, float *c, int64_t ldc, bool add)
{
    int64_t whole = padded ? p->k : p->k / DT_LANES * DT_LANES;
    for (int64_t i = 0; i < p->m; i++) {
        const float *a = p->a + i * p->a_row;
        vector sum = {0};
        for (int64_t k = 0; k < whole; k += DT_LANES)
            sum += load(a + k) * load(b + k);
        if (whole < p->k)
            sum += load_some(a + whole, p->k - whole) * load(b + whole);
        c[i * ldc] = (add ? c[i * ldc] : 0) + sum_of(sum);
    }
}

/* In parts of k, for which there is room. */
static void store_columns(const dt_product *p, float *c, int64_t ldc, bool add)
{
    _Alignas(64) float b[STEPS];
    bool padded = p->a_row >= dt_panels_round(p->k);
    for (int64_t step = 0; step < p->k; step += STEPS) {
        dt_product part = *p;
        part.k = smaller(p->k - step, STEPS);
        part.a += step;
        for (int64_t k = 0; k < STEPS && k < part.k + DT_LANES; k++)
            b[k] = k < part.k ? p->b[(step + k) * p->b_step] : 0;
        if (padded)
            store_column(&part, b, true, c, ldc, add || step > 0);
        else
            store_column(&part, b, false, c, ldc, add || step > 0);
    }
}

void dt_product_store(const dt_product *p, float *c, int64_t ldc, bool add)
{
    if (p->n == 1 && p->a_step == 1) {
        store_columns(p, c, ldc, add);
        return;
    }
    int64_t parts = (p->k + STEPS - 1) / STEPS;
    for (int64_t part = 0; part < parts; part++) {
        int64_t step = p->k * part / parts, steps = p->k * (part + 1) / parts - step;
        for (int64_t i = 0; i < p->m; i += ROWS)
            store_part(p, i, smaller(p->m, i + ROWS), step, steps, c, ldc, add || part > 0);
    }
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

void dt_product_measure(const dt_product *p, float *most)
{
    float tile[TILE_ROWS * DT_PANEL];
    for (int64_t j = 0; j < p->n; j += DT_PANEL)
        for (int64_t i = 0, rows; i < p->m; i += rows) {
            operands o = part_of(p, i, j / DT_PANEL, 0, p->k);
            rows = choose_rows(p->m - i);
            store_rows(rows, 2, &o, tile, DT_PANEL, false);
            for (int64_t t = 0; t < rows; t++)
                for (int64_t c = 0; c < smaller(p->n - j, DT_PANEL); c++) {
                    float v = fabsf(tile[t * DT_PANEL + c]);
                    most[j + c] = v > most[j + c] || isnan(v) ? v : most[j + c];
                }
        }
}
