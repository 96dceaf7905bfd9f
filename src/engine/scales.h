/* Powers of two by which a block's gradient is multiplied before it is rounded to integers.
 *
 * A step's gradient is the sum over the B blocks of its batch (data/batch.h). Each block's gradient
 * is rounded to int32_t, and the integers are added. Their sum does not depend on the order. Three
 * kinds of exponents define the value of one unit of these integers:
 *
 *   r(i)  for output i of a layer, and
 *   c(j)  for input j, at most 0: each block's gradient of weight (i,j) is below 2^(r(i) + c(j)).
 *         A column with smaller gradients than the others has a lower c(j), so finer units;
 *   e(k)  for element k of a vector (dt_layer_vectors): each block's gradient is below 2^e(k).
 *
 * A unit is 2^(exponent - bits). B 2^bits <= 2^31, so the sum fits in any order.
 *
 * A line is the weights of one output, or one vector. The sum of a line counts only if
 *
 *   1. every integer of a block is below 2^bits in magnitude, and
 *   2. K = 0, or some integer with the line's largest unit (c(j) = 0; e(k) = max e) is at least
 *      2^19 K. K is the number of blocks in which the line is not 0, rounded up to a power of two.
 *      (For a vector K is the number of all blocks, or 0 if the vector is 0 in all of them.)
 *
 * Let M be the largest magnitude of a block in the line, and u the line's largest unit. Then M is
 * at least 2^19 K u. The sum of an element has an error of at most K/2 units, since rounding a 0
 * gives no error:
 *
 *     |error| <= K u / 2 <= 2^-20 M.
 *
 * For a float32 sum of the same B blocks, one after the other, the known bound of the error is
 * (B - 1) 2^-24 times the sum of the blocks' magnitudes (Higham, "Accuracy and Stability of
 * Numerical Algorithms", 2002, section 4.2). A line is 0 in a block if the factors of its products
 * are 0. It is not enough that its integers are 0, since they may have been rounded to 0.
 *
 * A line that fails is summed again in two words, while the batch is still in memory. The second
 * word holds the rest that the first word rounds away, in units that are 2^-bits as large. Batches
 * of more than 8 blocks are summed in two words at once. For two words, rule 2 requires 2^24 B of
 * the smaller units, so |error| <= 2^-25 M. If a line fails again, its blocks are measured: the
 * largest magnitude decides its exponents, and it is summed once more.
 *
 * The exponents of lines are at least -64, so that the factors are normal floats. If all gradients
 * of a line are below 2^-64, its units are at least 2^-92 (2^-120 with two words), and smaller
 * values count as 0.
 *
 * Every rank learns from the step's one allreduce which lines fail (dt_scales_flag). The exponents
 * are the same on every rank. They belong to the run, so a checkpoint keeps them.
 *
 * Nothing here is collective. A function that changes the scales must be called with the same
 * arguments on every rank. */
#ifndef DT_ENGINE_SCALES_H
#define DT_ENGINE_SCALES_H

#include "model/model.h"

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    DT_SCALES_COUNTERS = 3,        /* numbers of the state that are not exponents */
    DT_SCALES_ONE_WORD_BLOCKS = 8, /* a batch of at most so many blocks is summed in one word */
    DT_SCALES_NONFINITE = 1 << 20, /* the exponent of a magnitude that is not finite */

    /* The positions of two 4-bit digits in the sum of one-word flags. They count the ranks whose
     * integers are large enough for any number of blocks, and the ranks with too large integers. */
    DT_SCALES_ENOUGH = 20,
    DT_SCALES_OVERFLOWS = 24,
};

/* One layer's part of the scales. [in+] is the length of whole panels (product.h). */
typedef struct {
    int64_t line;     /* its first line; [out] lines of weights, then one line for each vector */
    int64_t exponent; /* offset of its exponents in the state: r [out], e [vectors,out], c [in] */
    int vectors;
    int64_t max_row;   /* the largest measured exponent of its rows */
    bool masked;       /* some column has c < 0 */
    float *row;        /* [out] the product (i,j) of a block is multiplied by row[i] column[j] */
    float *column;     /* [in+] */
    float *vector;     /* [vectors,out] an element of a vector is multiplied by this */
    float *inv_row;    /* [out] 1 / row */
    float *inv_column; /* [in] 1 / column, which contains the factor 2^-bits */
    int32_t *counted;  /* [in+] -1 where c = 0, else 0 */
    int32_t *counted_vector; /* [vectors,out] -1 where e is the largest of its vector, else 0 */
} dt_layer_scales;

typedef struct {
    const dt_model *model;
    int64_t blocks;         /* blocks of a full batch */
    int bits;               /* the integers of a block stay below 2^bits in magnitude */
    bool words;             /* every line has two words */
    int enough_bits;        /* with one word, an integer of 2^enough_bits is enough for any line */
    int32_t good_flag;      /* the flag of a line that has such an integer */
    int64_t lines;          /* lines of all layers */
    int64_t n;              /* length of the state */
    double *state;          /* [n] whole numbers, which a checkpoint keeps: the exponents, and then
                          DT_SCALES_COUNTERS counters. The first counter is the number of steps
                          (-1: the exponents are not known) */
    float *factors;         /* the memory for the factors of all layers */
    int32_t *counted;       /* the memory for the masks of all layers */
    dt_layer_scales *layer; /* [layers] */
} dt_scales;

/* Return the length of a model's state, which is also its length in a checkpoint. */
int64_t dt_scales_numbers(const dt_model *model);

/* Return whether n numbers can be the state of a run of this model: the length is right, and all
 * are whole and in range. */
bool dt_scales_are_sound(const dt_model *model, const double *state, int64_t n);

/* Make scales whose exponents are not known. model is borrowed. The caller calls dt_scales_free,
 * also after an error, which is DT_ERR_MEMORY. */
dt_code dt_scales_init(dt_scales *scales, const dt_model *model, int64_t blocks, dt_error *err);
void dt_scales_free(dt_scales *scales);

/* The place of a line in the parameters. */
typedef struct {
    int layer;
    int vector;     /* the vector of the layer (dt_layer_vectors); -1: the weights of one output */
    int64_t output; /* the output, if vector is -1 */
    int64_t begin;  /* the line has the parameters [begin, begin + n) */
    int64_t n;
} dt_line;

/* Return the place of the line with this number. */
dt_line dt_scales_find(const dt_scales *scales, int64_t line);

/* Return whether the exponents are known: they were measured, or come from a checkpoint. */
bool dt_scales_known(const dt_scales *scales);

/* Compute the factors from the state, after it was read or changed. */
void dt_scales_set(dt_scales *scales);

/* Return how many steps had lines that were summed again, since the state was new or since the last
 * call of dt_scales_consume_redone. The second function also sets their number to 0. */
int64_t dt_scales_redone(const dt_scales *scales);
int64_t dt_scales_consume_redone(dt_scales *scales);

/* ---- Whether a sum counts ------------------------------------------------------------------- */

/* The OR of the magnitudes of the integers in a line's blocks, on one rank. */
typedef struct {
    uint32_t any;     /* all elements */
    uint32_t counted; /* the elements with the line's largest unit */
    uint32_t low;     /* the second words of these elements */
    int64_t blocks;   /* number of blocks in which the line is not 0; not used with two words, or if
                         dt_scales_surely_enough is true */
} dt_line_bits;

/* Return whether the bits are enough for a sum of one word, for any number of blocks in which the
 * line is 0. */
static inline bool dt_scales_surely_enough(const dt_scales *scales, const dt_line_bits *bits)
{
    return bits->counted >> scales->enough_bits != 0;
}

/* Return a rank's flag for a line. With one word, the flag tells in how many blocks the line is not
 * 0, and how large its integers are. With two words, it tells one of four states: all zeros, not
 * enough, enough, or too large. The flags are summed over the ranks; the sum tells how many ranks
 * have each state. At most 1024 ranks have blocks (data/batch.h), and at most 8 with one word. */
int32_t dt_scales_flag(const dt_scales *scales, const dt_line_bits *bits);
int32_t dt_scales_flag_words(const dt_scales *scales, const dt_line_bits *bits);

typedef enum {
    DT_LINE_GOOD,     /* the sum counts */
    DT_LINE_LITTLE,   /* no integer is above 1 in magnitude, so the units are far too large */
    DT_LINE_COARSE,   /* no integer is large enough, so the units are too large */
    DT_LINE_OVERFLOWS /* some integer is too large */
} dt_line_state;

/* Return the state of a line.
 *   flags  the sum of the flags of all ranks: of the step, or, for the second function, of a line
 *          that was summed again in two words */
dt_line_state dt_scales_line_state(const dt_scales *scales, int32_t flags);
dt_line_state dt_scales_words_state(int32_t flags);

/* Return true if a quick test of the flags shows that dt_scales_line_state is DT_LINE_GOOD. If it
 * returns false, the state may still be good. */
static inline bool dt_scales_is_surely_good(const dt_scales *scales, int32_t flags)
{
    return !scales->words &&
           (flags >> DT_SCALES_ENOUGH) - 1U < (1U << (DT_SCALES_OVERFLOWS - DT_SCALES_ENOUGH)) - 1;
}

/* ---- Words ---------------------------------------------------------------------------------- */

/* A block's gradient v is rounded to two words. With w = v 2^(bits - exponent):
 *   high = round(w),  low = round((w - high) 2^bits).
 * These lines do not use the exponents of columns. */

/* Return the factor 2^(bits - exponent - raise) for the weights of an output, or for an element of
 * a vector. */
float dt_scales_row_factor(const dt_scales *scales, int layer, int64_t output, int raise);
float dt_scales_element_factor(const dt_scales *scales, int layer, int vector, int64_t output,
                               int raise);

/* Return the number that is added to the exponents of a line that failed, when it is summed again.
 * It may be negative. */
int dt_scales_raise(const dt_scales *scales, dt_line_state state);

/* Convert sums of two words to the floats that they represent; the second function does it for n of
 * them. The gradient was multiplied by `scale` before it was rounded. */
static inline float dt_scales_join(const dt_scales *scales, int32_t high, int32_t low, float scale)
{
    double unit = 1 / (double)scale, low_unit = unit / (double)((int64_t)1 << scales->bits);
    return (float)((double)high * unit + (double)low * low_unit);
}
void dt_scales_join_row(const dt_scales *scales, int64_t n, const int32_t *high, const int32_t *low,
                        float scale, float *to);

/* ---- From integers to numbers --------------------------------------------------------------- */

/* Convert the integers [begin, begin + n) of a gradient [P] to the floats that they represent, in
 * place. Several threads may call it at the same time, for different ranges.
 *   values  [in,out] [n] int32_t; float on return */
void dt_scales_dequantize(const dt_scales *scales, int64_t begin, int64_t n, void *values);

/* The same for n elements of one row of a layer's weight, from `input` on, or for n elements of one
 * of its vectors, from `output` on. */
void dt_scales_dequantize_row(const dt_scales *scales, int layer, int64_t output, int64_t input,
                              int64_t n, void *values);
void dt_scales_dequantize_vector(const dt_scales *scales, int layer, int vector, int64_t output,
                                 int64_t n, void *values);

/* ---- Measuring and updating ----------------------------------------------------------------- */

/* Convert the largest magnitudes to exponents: INT32_MIN for 0, and DT_SCALES_NONFINITE for NaN and
 * infinity. The caller then takes the maximum of each exponent over all ranks.
 *   max       [n]
 *   exponent  [out] [n] */
void dt_scales_exponents(int64_t n, const float *max, int64_t *exponent);

/* Set the exponents of rows and of vectors' elements from measured ones.
 *   exponent  [n - DT_SCALES_COUNTERS] in the places of the state
 *   only      [lines] the lines whose exponents are set; NULL: all
 * Returns false, and sets none, if one is DT_SCALES_NONFINITE. */
bool dt_scales_fill_lines(dt_scales *scales, const int64_t *exponent, const bool *only);

/* Return whether no measured exponent is DT_SCALES_NONFINITE.
 *   exponent  [n - DT_SCALES_COUNTERS] */
bool dt_scales_are_finite(const dt_scales *scales, const int64_t *exponent);

/* Measure columns in two calls. The first sets dt_layer_scales.row from measured exponents of rows,
 * so that the columns are measured relative to the rows of this batch. The second sets the
 * exponents of the columns, and computes the factors of the rows from the state again.
 *   exponent   [n - DT_SCALES_COUNTERS] in the places of the state
 *   suspected  the columns were measured because many lines overflowed. If the columns were not the
 *              cause, dt_scales_suspect_columns returns false for a number of steps */
void dt_scales_use_measured_rows(dt_scales *scales, const int64_t *exponent);
void dt_scales_fill_columns(dt_scales *scales, const int64_t *exponent, bool suspected);

/* Lower the exponents of the elements of vectors to the measured ones. A vector's state depends on
 * its largest element only, so nothing else lowers the exponent of a small element.
 *   exponent  [n - DT_SCALES_COUNTERS] in the places of the state */
void dt_scales_lower_elements(dt_scales *scales, const int64_t *exponent);

/* Return whether elements and columns must be measured before the next step. */
bool dt_scales_measure_due(const dt_scales *scales);

/* A line that was summed again, and its state after the first sum. */
typedef struct {
    int64_t line;
    dt_line_state state;
} dt_line_failed;

/* Count a step that has been summed, and change the exponents of the lines that failed in it.
 *   failed    [n] in the order of the lines
 *   gradient  [P] the step's sum */
void dt_scales_update(dt_scales *scales, const dt_line_failed *failed, int64_t n,
                      const float *gradient);

/* Return whether so many lines overflow that columns may have grown and should be measured.
 *   failed  [n] */
bool dt_scales_suspect_columns(const dt_scales *scales, const dt_line_failed *failed, int64_t n);

#endif
