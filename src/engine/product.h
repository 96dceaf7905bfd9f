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

/* The next whole number of panels. */
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
    float *room; /* [DT_PRODUCT_ROOM] scratch, where rows of A that lie across memory are copied to
                    before they are read again and again; NULL: they are read where they are */
} dt_product;

enum {
    DT_PRODUCT_ROWS = 256,  /* that are copied at a time, */
    DT_PRODUCT_STEPS = 320, /* and the most steps of k */
    DT_PRODUCT_ROOM = DT_PRODUCT_ROWS * DT_PRODUCT_STEPS
};

/* c [m,n], rows ldc apart: replaced, or added to. Where n is 1 and a_step is 1 an element is one
 * sum in an order that depends on k alone; rows of A that are whole panels apart, or more, are then
 * read to the end of their last one, and are numbers there. */
void dt_product_store(const dt_product *p, float *c, int64_t ldc, bool add);

/* Copy A as dt_product_round reads it.
 *   to  [m * k] */
void dt_product_gather(const dt_product *p, float *to);

/* Round the product to integers, and add them. a_row is 1; or it is 0, and a what dt_product_gather
 * left of these rows and steps. The last panel is computed with to its end.
 *   scale  [n, to the end of its panel] each column is multiplied by, a power of two, or 0
 *   sum    [m,n, to the end of its panel] rows lds apart: replaced, or added to, modulo 2^32
 * Returns the bits that any of the integers has, of a negative one those of its complement: all are
 * below 2^b in size if the result is. A value that is not finite, or does not fit an int32_t, has
 * all 31. */
uint32_t dt_product_round(const dt_product *p, const float *scale, int32_t *sum, int64_t lds,
                          bool add);

/* The same of blocks of the k steps, each rounded for itself: of `first` steps, then of `block`,
 * the last of what is left. a_row is 1. */
uint32_t dt_product_round_blocks(const dt_product *p, int64_t first, int64_t block,
                                 const float *scale, int32_t *sum, int64_t lds, bool add);

/* Round n values that are multiplied by a power of two, and add them likewise. */
uint32_t dt_product_round_vector(const float *values, float scale, int64_t n, int32_t *sum,
                                 bool add);

/* The sum of n values, in an order that depends on n alone. */
float dt_product_sum(const float *values, int64_t n);

/* most[j] becomes the largest |C(i,j)|, if it was smaller; [n]. NaN stays. */
void dt_product_measure(const dt_product *p, float *most);

#endif
