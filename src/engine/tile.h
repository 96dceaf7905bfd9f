/* The inner loop of the matrix products: a tile of C in the vectors of the processor. */
#ifndef DT_ENGINE_TILE_H
#define DT_ENGINE_TILE_H

#include "core/minmax.h"
#include "engine/product.h"

#if defined __SSE2__
#include <immintrin.h>
#endif

/* Rows of a tile. Two vectors for each row, two of B and one of A fill 15 of 16 registers. */
enum { TILE_ROWS = 6 };

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

/* The operands of one tile; see dt_product. */
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

/* Compute acc += A B. The rows and the vectors of a row (`wide`) are constants wherever this is
 * inlined. */
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

/* Call a macro with the number of rows, 1 to TILE_ROWS, as a constant. */
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

/* Return how many vectors hold this number of columns of a panel. */
static inline int wide_for(int64_t columns)
{
    return columns > DT_LANES ? 2 : 1;
}

/* Return how many of the remaining rows the next tile takes. Tiles of one or two rows are slow, so
 * it avoids them where possible. */
static inline int64_t choose_rows(int64_t left)
{
    if (left == TILE_ROWS || left > 2 * TILE_ROWS - 2)
        return TILE_ROWS;
    return left > TILE_ROWS ? (left + 1) / 2 : left;
}

/* Return the operands of a tile: the rows from i on, one panel, and steps [step, step + steps). */
static inline operands part_of(const dt_product *p, int64_t i, int64_t panel, int64_t step,
                               int64_t steps)
{
    return (operands){.k = steps,
                      .a = p->a + i * p->a_row + step * p->a_step,
                      .a_row = p->a_row,
                      .a_step = p->a_step,
                      .b = p->b + panel * p->b_panel + step * p->b_step,
                      .b_step = p->b_step};
}

/* Return the sum of a vector's elements. */
static inline float sum_lanes(vector v)
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

/* Return the sum of n values. The order of the additions depends on n alone. */
static inline float sum_values(const float *values, int64_t n)
{
    vector sum = {0};
    int64_t i = 0;
    for (; i + DT_LANES <= n; i += DT_LANES)
        sum += load(values + i);
    float all = sum_lanes(sum);
    for (; i < n; i++)
        all += values[i];
    return all;
}

#endif
