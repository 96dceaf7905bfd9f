/* Matrix products in single precision, on the calling thread. Each element of C is one sum in the
 * order of k, and each term is one multiplication and one addition. This does not depend on the
 * number of rows or on the element's place. So its bits do not depend on the division of the
 * batch's rows among ranks and threads. Nothing here is collective. */
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

/* Return the number of columns, rounded up to whole panels. */
static inline int64_t dt_panels_round(int64_t columns)
{
    return (columns + DT_PANEL - 1) / DT_PANEL * DT_PANEL;
}

/* The product C = A B [m,n] of A [m,k] and B [k,n]:
 *   A(i,p) = a[i * a_row + p * a_step]
 *   B(p,j) = b[j / DT_PANEL * b_panel + p * b_step + j % DT_PANEL]
 * B is stored in panels of DT_PANEL columns. The last panel may have fewer columns, but its memory
 * is read to the end. Where a comment gives a length as [n+], the array has the length of whole
 * panels: dt_panels_round(n). */
typedef struct {
    int64_t m, n, k;
    const float *a;
    int64_t a_row, a_step;
    const float *b;
    int64_t b_step, b_panel;
    float *scratch; /* [DT_PRODUCT_SCRATCH] if the elements of a row of A are far apart in memory,
                       they are copied here before they are read several times; NULL: no copy */
} dt_product;

enum {
    DT_PRODUCT_ROWS = 256,  /* rows of A that are copied at a time */
    DT_PRODUCT_STEPS = 320, /* the largest number of steps of k that are copied at a time */
    DT_PRODUCT_SCRATCH = DT_PRODUCT_ROWS * DT_PRODUCT_STEPS
};

/* Compute C. If n is 1 and a_step is 1, an element is one sum in an order that depends on k alone.
 * Then, if the rows of A are at least whole panels apart, each row is read to the end of its last
 * panel, and must have finite numbers there.
 *   c    [in,out] [m,n], rows ldc apart
 *   add  add to c; if not, replace it */
void dt_product_store(const dt_product *p, float *c, int64_t ldc, bool add);

/* Copy A to the order in which dt_product_round reads it.
 *   row  [m] factors of the rows; NULL: 1
 *   to   [out] [m * k] */
void dt_product_gather(const dt_product *p, const float *row, float *to);

/* Copy some rows of A to the order in which dt_product_round_words reads them.
 *   which  [m] the numbers of the rows
 *   to     [out] [m * k] */
void dt_product_gather_some(const dt_product *p, const int64_t *which, float *to);

/* For each lane, the OR of the magnitudes of some integers. A value that is not finite, or does not
 * fit into an int32_t, sets the highest bit. */
typedef struct {
    _Alignas(64) uint32_t any[DT_LANES]; /* all integers; with two words: the high words */
    union {
        uint32_t counted[DT_LANES]; /* the integers in columns that count */
        uint32_t low[DT_LANES];     /* with two words: the low words */
    };
} dt_lane_bits;

/* How a product is rounded: element (i,j) is multiplied by row[i] column[j], powers of two. */
typedef struct {
    const float *row;       /* [m]; NULL: A was multiplied by them before */
    const float *column;    /* [n+] 0 after the last column */
    const int32_t *counted; /* [n+] -1 for a column that counts, else 0; NULL: all columns count,
                               and only bits->any is set */
    dt_lane_bits *bits;     /* [m] the bits of the integers are added to it */
} dt_rounding;

/* Round the product to integers, and sum them. a_row must be 0, and dt_product_gather must have
 * copied these rows and steps to a. The last panel is computed to its end.
 *   sum  [in,out] [m,n+], rows lds apart
 *   add  add to sum, modulo 2^32; if not, replace it */
void dt_product_round(const dt_product *p, const dt_rounding *rounding, int32_t *sum, int64_t lds,
                      bool add);

/* The same, with each block of the k steps rounded separately. The first block has `first` steps,
 * the others have `block` steps, and the last may have fewer. a_row must be 1, and rounding->row
 * must not be NULL. */
void dt_product_round_blocks(const dt_product *p, int64_t first, int64_t block,
                             const dt_rounding *rounding, int32_t *sum, int64_t lds, bool add);

/* How a product is rounded to two words: if v is row[i] times the product, then
 *   high = round(v),  low = round((v - high) 2^low_bits). */
typedef struct {
    const float *row; /* [m] */
    int low_bits;
    int32_t *high, *low; /* [m,n+], rows lds apart */
    int64_t lds;
    dt_lane_bits *bits; /* [m] the bits of the integers are added to it */
} dt_word_rounding;

/* Round each block of the k steps separately to two words, and store the sums over all blocks in
 * high and low. The blocks are those of dt_product_round_blocks. a_row must be 0, and
 * dt_product_gather_some must have copied all k steps to a. */
void dt_product_round_words(const dt_product *p, int64_t first, int64_t block,
                            const dt_word_rounding *rounding);

/* Round n values, each multiplied by its factor.
 *   values, factor  [n]
 *   counted         [n] -1 for a value that counts, else 0
 *   sum             [in,out] [n] the integers are added to it, modulo 2^32, or, if not `add`,
 *                   replace it
 *   bits            [in,out] the bits of the integers are added to it */
void dt_product_round_vector(const float *values, const float *factor, const int32_t *counted,
                             int64_t n, int32_t *sum, bool add, dt_lane_bits *bits);

/* Divide k values into the blocks of dt_product_round_blocks. Sum each block, multiply the sum by
 * the factor, round it, and add it to *sum. The bits are added to *any. Returns whether the sum of
 * some block is not 0. */
bool dt_product_round_sums(const float *values, int64_t k, int64_t first, int64_t block,
                           float factor, int32_t *sum, uint32_t *any);

/* Round one value to two words, and add them to *high and *low. Their bits are added to *any and
 * *low_any. */
void dt_product_round_value(float value, int low_bits, int32_t *high, int32_t *low, uint32_t *any,
                            uint32_t *low_any);

/* Return the OR of all lanes. */
static inline uint32_t dt_lane_bits_all(const uint32_t lanes[DT_LANES])
{
    uint32_t all = 0;
    for (int i = 0; i < DT_LANES; i++)
        all |= lanes[i];
    return all;
}

/* Return the sum of n values. The order of the additions depends on n alone. */
float dt_product_sum(const float *values, int64_t n);

/* Find the largest |C(i,j)| of each row, and the largest |row[i] C(i,j)| of each column. A maximum
 * replaces a smaller number in the array. A NaN in the array stays.
 *   row         [m]
 *   row_max     [in,out] [m]; NULL: not wanted
 *   column_max  [in,out] [n]; NULL: not wanted */
void dt_product_measure(const dt_product *p, const float *row, float *row_max, float *column_max);

#endif
