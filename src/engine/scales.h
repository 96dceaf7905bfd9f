/* Powers of two by which a block's gradient is multiplied before it is rounded to integers.
 *
 * A step's gradient is the sum over the blocks of its batch (data/batch.h): B of them. Each
 * block's gradient is rounded to int32_t, and integers are added, so that the order does not
 * matter. Three kinds of exponents say what a unit of these integers is worth:
 *
 *   r(i)  of output i of a layer: each block's gradient of a weight (i,j) is below 2^(r(i) + c(j)),
 *   c(j)  of input j, at most 0: a column that is smaller than others has finer units,
 *   e(k)  of element k of a vector (dt_layer_vectors): each block's is below 2^e(k).
 *
 * A unit is 2^(exponent - bits), and B 2^bits <= 2^31, so that a sum fits whatever its order.
 *
 * A line is the weights of one output, or one vector. The sum of a line counts only if
 *
 *   1. every integer of a block is below 2^bits in size, and
 *   2. with K blocks in which the line is not 0, K = 0, or an integer of those with the line's
 *      largest units (c(j) = 0; e(k) = max e) is at least 2^19 K, K rounded up to a power of two.
 *      (Of a vector K is the number of all blocks, unless the vector is 0 in all of them.)
 *
 * Then with M the largest magnitude that a block has in the line, and u the line's largest unit, M
 * is at least 2^19 K u, and the sum of an element is off by K/2 units at most, since 0 is not
 * rounded:
 *
 *     |error| <= K u / 2 <= 2^-20 M.
 *
 * A float32 sum of the same B blocks, one after the other, is only known to be right to (B - 1)
 * 2^-24 times the sum of the blocks' magnitudes (Higham, "Accuracy and Stability of Numerical
 * Algorithms", 2002, section 4.2). Blocks of a line count as 0 where the factors of its products
 * are 0. Integers that are 0 are no proof: they may have been rounded.
 *
 * A line that fails is summed again while the batch is still there, in two words. The second word
 * has the rest that the first rounds away, in units that are 2^-bits as large. Batches of more
 * than 8 blocks are summed in two words at once. Both words are integers, and rule 2 then asks
 * for 2^24 B of the smaller units, so that |error| <= 2^-25 M. A line that fails even so is
 * measured: the largest magnitude in a block decides its exponents, and it is summed once more.
 *
 * Exponents of lines end at -64, so that factors are floats: a line whose gradients are all below
 * 2^-64 has units of 2^-92 at least, in two words of 2^-120, and what is less counts as 0.
 *
 * Every rank sees from the step's one allreduce which lines fail (dt_scales_flag). Exponents are
 * the same on every rank, and belong to the run: a checkpoint keeps them. */
#ifndef DT_ENGINE_SCALES_H
#define DT_ENGINE_SCALES_H

#include "model/model.h"

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    DT_SCALES_COUNTERS = 3,        /* numbers of the state that are no exponents */
    DT_SCALES_ONE_WORD_BLOCKS = 8, /* blocks of a batch that is summed in one word */
    DT_SCALES_NONFINITE = 1 << 20,
    DT_SCALES_ENOUGH = 20, /* digits of a sum of flags of one word, 4 bits each: how many ranks */
    DT_SCALES_OVERFLOWS = 24, /* have enough for any number of blocks; and too much */
};

/* One layer's part of the scales. */
typedef struct {
    int64_t line;     /* where its lines begin: [out] of weights, then one a vector */
    int64_t exponent; /* where its exponents begin in the state: r [out], e [vectors,out], c [in] */
    int vectors;
    int64_t max_row;   /* the largest of its rows' exponents that were measured last */
    bool masked;       /* some column has c < 0 */
    float *row;        /* [out] the product (i,j) of a block is multiplied by row[i] column[j] */
    float *column;     /* [in, to the end of the panel] */
    float *vector;     /* [vectors,out] an element of a vector is multiplied by this */
    float *inv_row;    /* [out] 1 / row */
    float *inv_column; /* [in] 1 / column; 2^-bits is a factor of these */
    int32_t *counted;  /* [in, to the end of the panel] -1 where c = 0, else 0 */
    int32_t *counted_vector; /* [vectors,out] -1 where e is its vector's largest, else 0 */
} dt_layer_scales;

typedef struct {
    const dt_model *model;
    int64_t blocks;    /* of a batch */
    int bits;          /* a block's integers stay below 2^bits in size */
    bool words;        /* every line has two words */
    int enough_bits;   /* of one word: an integer of 2^enough_bits is enough for any line */
    int32_t good_flag; /* of such a line */
    int64_t lines;     /* of all layers */
    int64_t n;         /* of the state */
    double *state;    /* [n] whole numbers, as a checkpoint keeps them: the exponents, the number of
                        steps (-1: the exponents are not known), the number of steps redone */
    float *factors;   /* memory of the factors of all layers */
    int32_t *counted; /* memory of the masks of all layers */
    dt_layer_scales *layer; /* [layers] */
} dt_scales;

/* The length of a model's state. A checkpoint's must be as long. */
int64_t dt_scales_numbers(const dt_model *model);

/* Whether n numbers can be the state of a run of this model: as many, whole, and in range. */
bool dt_scales_are_sound(const dt_model *model, const double *state, int64_t n);

/* Not collective. model is borrowed. dt_scales_free frees what this allocates. */
dt_code dt_scales_init(dt_scales *scales, const dt_model *model, int64_t blocks, dt_error *err);
void dt_scales_free(dt_scales *scales);

/* Where a line's elements are. */
typedef struct {
    int layer;
    int vector;     /* of the layer (dt_layer_vectors); -1: the weights of one output, */
    int64_t output; /* which is this */
    int64_t begin;  /* the elements among the parameters: [begin, begin + n) */
    int64_t n;
} dt_line;

dt_line dt_scales_find(const dt_scales *scales, int64_t line);

/* Whether the exponents are known: they were measured, or came from a checkpoint. */
bool dt_scales_known(const dt_scales *scales);

/* Compute the factors from the state, after it was read or changed. */
void dt_scales_set(dt_scales *scales);

/* The steps that were summed again since the state was new, or since the last
 * dt_scales_consume_redone, which sets their number to 0. */
int64_t dt_scales_redone(const dt_scales *scales);
int64_t dt_scales_consume_redone(dt_scales *scales);

/* ---- Whether a sum counts ------------------------------------------------------------------- */

/* The bits of the integers of a line's blocks, on one rank: a bit is set if some magnitude has it.
 */
typedef struct {
    uint32_t any;     /* of all elements */
    uint32_t counted; /* of those with the line's largest units */
    uint32_t low;     /* of the second words of these */
    int64_t blocks;   /* in which the line is not 0; not used where dt_scales_surely_enough, and not
                         of two words */
} dt_line_bits;

/* Whether the bits are enough for a sum of one word, whatever the blocks in which it is 0. */
static inline bool dt_scales_surely_enough(const dt_scales *scales, const dt_line_bits *bits)
{
    return bits->counted >> scales->enough_bits != 0;
}

/* A rank's flag of a line says in how many blocks it is not 0, and how large it is. Of two words it
 * says: all zeros, not enough, enough, or too large. At most 1024 ranks have blocks (data/batch.h),
 * and 8 where there is one word. The sum of the flags tells how many ranks said each. */
int32_t dt_scales_flag(const dt_scales *scales, const dt_line_bits *bits);
int32_t dt_scales_flag_words(const dt_scales *scales, const dt_line_bits *bits);

typedef enum { DT_LINE_GOOD, DT_LINE_LITTLE, DT_LINE_COARSE, DT_LINE_OVERFLOWS } dt_line_state;

/* The state of a line, from the sum of all ranks' flags of the step; and of a line that was summed
 * again. */
dt_line_state dt_scales_line_state(const dt_scales *scales, int32_t flags);
dt_line_state dt_scales_words_state(int32_t flags);

/* Whether the sum of all ranks' flags of the step says at once that the line's state is
 * DT_LINE_GOOD. */
static inline bool dt_scales_is_surely_good(const dt_scales *scales, int32_t flags)
{
    return !scales->words &&
           (flags >> DT_SCALES_ENOUGH) - 1U < (1U << (DT_SCALES_OVERFLOWS - DT_SCALES_ENOUGH)) - 1;
}

/* ---- Words ---------------------------------------------------------------------------------- */

/* A block's gradient v becomes two words: high = round(v 2^(bits - exponent)), and low = the rest
 * times 2^bits, rounded. In these lines the exponents of columns are not used. */

/* 2^(bits - exponent - raise) of the weights of an output, and of an element of a vector. */
float dt_scales_row_factor(const dt_scales *scales, int layer, int64_t output, int raise);
float dt_scales_element_factor(const dt_scales *scales, int layer, int vector, int64_t output,
                               int raise);

/* The bits by which the exponents of a line that failed are larger when it is summed again. */
int dt_scales_raise(const dt_scales *scales, dt_line_state state);

/* The floats that sums of two words stand for. The blocks were multiplied by `scale`. */
static inline float dt_scales_join(const dt_scales *scales, int32_t high, int32_t low, float scale)
{
    double unit = 1 / (double)scale, low_unit = unit / (double)((int64_t)1 << scales->bits);
    return (float)((double)high * unit + (double)low * low_unit);
}
void dt_scales_join_row(const dt_scales *scales, int64_t n, const int32_t *high, const int32_t *low,
                        float scale, float *to);

/* ---- From integers to numbers --------------------------------------------------------------- */

/* Turn integers [begin, begin + n) of a gradient [P] into the floats that they stand for, in place.
 * Several threads may call it at once.
 *   values  [in,out] [n] */
void dt_scales_dequantize(const dt_scales *scales, int64_t begin, int64_t n, void *values);

/* The same for n elements of a row of a layer's weight, from `input` on; and of one of its vectors,
 * from `output` on. */
void dt_scales_dequantize_row(const dt_scales *scales, int layer, int64_t output, int64_t input,
                              int64_t n, void *values);
void dt_scales_dequantize_vector(const dt_scales *scales, int layer, int vector, int64_t output,
                                 int64_t n, void *values);

/* ---- Measuring and updating ----------------------------------------------------------------- */

/* Turn the largest magnitude in each place into an exponent: INT32_MIN for 0, DT_SCALES_NONFINITE
 * for what is not finite. The caller takes their maximum over all ranks. */
void dt_scales_exponents(int64_t n, const float *max, int64_t *exponent);

/* Set the exponents of rows and of vectors' elements from measured ones.
 *   exponent  [n - DT_SCALES_COUNTERS] in the places of the state
 *   only      [lines] the lines whose exponents are set; NULL: all
 * Returns false, and sets none, if one is DT_SCALES_NONFINITE. */
bool dt_scales_fill_lines(dt_scales *scales, const int64_t *exponent, const bool *only);

/* Whether measured exponents are all of finite numbers. */
bool dt_scales_are_finite(const dt_scales *scales, const int64_t *exponent);

/* Let dt_layer_scales.row be of measured exponents, so that columns can be measured against the
 * rows of the batch; and take the columns' exponents, after which the rows' factors are those of
 * the state again.
 *   suspected  lines overflowed: if it was not for the columns, these are not suspected again for a
 *              while */
void dt_scales_use_measured_rows(dt_scales *scales, const int64_t *exponent);
void dt_scales_fill_columns(dt_scales *scales, const int64_t *exponent, bool suspected);

/* Lower the exponents of elements of vectors to what was measured. A vector is good by its
 * largest element, so nothing else lowers the exponent of a small one.
 *   exponent  [n - DT_SCALES_COUNTERS] in the places of the state */
void dt_scales_lower_elements(dt_scales *scales, const int64_t *exponent);

/* Whether elements and columns are to be measured before the next step. */
bool dt_scales_measure_due(const dt_scales *scales);

/* A line that was summed again, and its state at first. */
typedef struct {
    int64_t line;
    dt_line_state state;
} dt_line_failed;

/* Count a step that has been summed, and change the exponents of the lines that failed in it.
 *   failed    [n] in the order of the lines
 *   gradient  [P] the step's sum */
void dt_scales_update(dt_scales *scales, const dt_line_failed *failed, int64_t n,
                      const float *gradient);

/* Whether so many lines overflow that columns may have grown, and are worth measuring. */
bool dt_scales_suspect_columns(const dt_scales *scales, const dt_line_failed *failed, int64_t n);

#endif
