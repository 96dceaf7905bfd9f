/* Matrix products in single precision, on the calling thread. An element of C is one sum in the
 * order of k, each term one multiplication and addition, however many rows there are and wherever
 * it lies: its bits do not depend on how the rows of a batch are shared out over ranks and threads.
 */
#ifndef DT_ENGINE_PRODUCT_H
#define DT_ENGINE_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

#if defined __AVX512F__
enum { DT_LANES = 16 };
#elif defined __AVX__
enum { DT_LANES = 8 };
#else
enum { DT_LANES = 4 };
#endif

enum { DT_PANEL = 2 * DT_LANES }; /* columns that are computed together */

/* Columns, rounded up to whole panels. */
static inline int64_t dt_panels_round(int64_t columns)
{
    return (columns + DT_PANEL - 1) / DT_PANEL * DT_PANEL;
}

/* C = A B: A(i,p) at a[i * a_row + p * a_step]. B in panels of DT_PANEL columns: B(p,j) at
 * b[j / DT_PANEL * b_panel + p * b_step + j % DT_PANEL], where a last panel that is not full can be
 * read to its end. */
typedef struct {
    int64_t m, n, k;
    const float *a;
    int64_t a_row, a_step;
    const float *b;
    int64_t b_step, b_panel;
    float *scratch; /* [DT_PRODUCT_SCRATCH] rows of A that lie across memory are copied here before
                       they are read again and again; NULL: they are read where they are */
} dt_product;

enum {
    DT_PRODUCT_ROWS = 256,  /* rows of A that are copied at a time, */
    DT_PRODUCT_STEPS = 320, /* and the most steps of k of each */
    DT_PRODUCT_SCRATCH = DT_PRODUCT_ROWS * DT_PRODUCT_STEPS
};

/* Compute C. c [m,n], rows ldc apart, is replaced, or added to if add. Where n is 1 and a_step is
 * 1 an element is one sum in an order that depends on k alone; rows of A that are whole panels
 * apart, or more, are then read to the end of their last one, and are numbers there. */
void dt_product_store(const dt_product *p, float *c, int64_t ldc, bool add);

/* Copy A as dt_product_round reads it.
 *   row  [m] each row is multiplied by; NULL: 1
 *   to   [m * k] */
void dt_product_gather(const dt_product *p, const float *row, float *to);

/* Copy some rows of A as dt_product_round_words reads them; which  [m] their numbers. */
void dt_product_gather_some(const dt_product *p, const int64_t *which, float *to);

/* The bits of the magnitudes of some integers, lane by lane. A value that is not finite, or does
 * not fit an int32_t, has the highest bit. */
typedef struct {
    _Alignas(64) uint32_t any[DT_LANES]; /* bits of all integers */
    union {
        uint32_t counted[DT_LANES]; /* bits of those in columns that count */
        uint32_t low[DT_LANES]; /* of two words: bits of the low ones; any has those of the high */
    };
} dt_lane_bits;

/* How a product is rounded: element (i,j) is multiplied by row[i] column[j], powers of two. */
typedef struct {
    const float *row;       /* [m]; NULL: A has been multiplied by them */
    const float *column;    /* [n, to the end of its panel], there 0 */
    const int32_t *counted; /* [n, to the end of its panel] -1 of a column that counts, else 0;
                              NULL: all do, and of the bits only any is kept */
    dt_lane_bits *bits;     /* [m] added to */
} dt_rounding;

/* Round the product to integers, and add them. a_row is 0, and a what dt_product_gather left of
 * these rows and steps. The last panel is computed with to its end.
 *   sum  [m,n, to the end of its panel] rows lds apart: replaced, or added to, modulo 2^32 */
void dt_product_round(const dt_product *p, const dt_rounding *rounding, int32_t *sum, int64_t lds,
                      bool add);

/* Round each block of the k steps by itself, and add all. The first block has `first` steps, the
 * others `block`, the last what is left. a_row is 1; rounding->row is given. */
void dt_product_round_blocks(const dt_product *p, int64_t first, int64_t block,
                             const dt_rounding *rounding, int32_t *sum, int64_t lds, bool add);

/* How a product is rounded to two words: with v = row[i] times the product, high = round(v), and
 * low is the rest times 2^low_bits, rounded. */
typedef struct {
    const float *row; /* [m] */
    int low_bits;
    int32_t *high, *low; /* [m,n, to the end of its panel] rows lds apart */
    int64_t lds;
    dt_lane_bits *bits; /* [m] added to */
} dt_word_rounding;

/* Round each block to two words. The sums over all blocks replace what is in high and low. a_row is
 * 0, and a is what dt_product_gather_some left of all k steps. */
void dt_product_round_words(const dt_product *p, int64_t first, int64_t block,
                            const dt_word_rounding *rounding);

/* Round n values, each multiplied by its factor, and add them likewise.
 *   counted  [n] -1 of those that count, else 0 */
void dt_product_round_vector(const float *values, const float *factor, const int32_t *counted,
                             int64_t n, int32_t *sum, bool add, dt_lane_bits *bits);

/* Sum each block of k values, which dt_product_round_blocks cuts likewise, multiply it by the
 * factor, round it, and add it to *sum. The bits are added to *any. Returns whether some sum is
 * not 0. */
bool dt_product_round_sums(const float *values, int64_t k, int64_t first, int64_t block,
                           float factor, int32_t *sum, uint32_t *any);

/* Round one value to two words, and add them to *high and *low. Their bits are added to *any and
 * *low_any. */
void dt_product_round_value(float value, int low_bits, int32_t *high, int32_t *low, uint32_t *any,
                            uint32_t *low_any);

/* The bits of all lanes together. */
static inline uint32_t dt_lane_bits_all(const uint32_t lanes[DT_LANES])
{
    uint32_t all = 0;
    for (int i = 0; i < DT_LANES; i++)
        all |= lanes[i];
    return all;
}

/* The sum of n values, in an order that depends on n alone. */
float dt_product_sum(const float *values, int64_t n);

/* Find the largest |C(i,j)| of each row, and the largest |row[i] C(i,j)| of each column. It
 * replaces a smaller number that is there; NaN stays.
 *   row_max     [m]; NULL: not wanted
 *   column_max  [n]; NULL: not wanted */
void dt_product_measure(const dt_product *p, const float *row, float *row_max, float *column_max);

#endif
