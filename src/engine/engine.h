/* From a rank's samples and the parameters to the loss and its gradient, on all the rank's threads.
 *
 * Samples are taken in waves of some rows for each thread. In a wave each thread first runs forward
 * and backward over its own rows; then the threads share out the rows of every weight's gradient.
 * So there is one gradient, not one a thread, no thread ever writes where another does, and memory
 * is bounded by the number of threads, whatever the batch. A thread that has done its own part
 * takes of the others' what these have not begun.
 *
 * The gradient is a sum of floats, or of integers: then that of each block of samples, which are
 * the same ones for any number of ranks and threads, is rounded (scales.h), and integers are added.
 * What is rounded is the same to the bit, since every number before it is one sum in a fixed order.
 */
#ifndef DT_ENGINE_H
#define DT_ENGINE_H

#include "comm/numa_group.h"
#include "core/row_source.h"
#include "core/team.h"
#include "engine/scales.h"
#include "model/model.h"

typedef struct dt_engine dt_engine;

/* Where weights are kept in the order in which products read them: once for a NUMA group, whose ranks
 * each pack a part. What takes parameters is then collective over the NUMA group, with the same ones, and
 * is called when all its ranks have ended what they do with those before. */
typedef struct {
    dt_numa_group *numa_group;
    float *values; /* [dt_engine_panels] of the NUMA group, zeros at first */
} dt_engine_pack;

int64_t dt_engine_panels(const dt_model *model);

/* Not collective. What is pointed to is borrowed for the engine's life. *engine NULL after an
 * error. block  the largest that dt_batch_part will have, 0 where gradients are sums of floats pack
 * NULL: its own */
dt_code dt_engine_create(dt_engine **engine, const dt_model *model, const dt_team *team,
                         int64_t block, const dt_engine_pack *pack, dt_error *err);

/* Bytes that an engine takes for the rows that it computes with at a time and their activations;
 * without the panels. block as for dt_engine_create. */
double dt_engine_bytes(const dt_model *model, int threads, int64_t block);

/* Who uses a gradient while the rest of it is still computed. Both are called by the thread that
 * called the engine. */
typedef struct {
    /* The gradient of this layer and of all above it is there; of each layer from the last to the
     * first. */
    void (*on_layer_done)(void *with, int layer);
    void (*poll)(void *with); /* some milliseconds have passed */
    void *with;
} dt_overlap;

/* Take these parameters. */
void dt_engine_load_weights(dt_engine *engine, const float *parameters);

/* Sum the loss and its gradient over some samples; dividing by their weight is the caller's.
 *   parameters  [P] taken, unless accumulate
 *   source      of at least so many rows
 *   gradient    [P] replaced, or added to if accumulate; with no rows it is set to 0 or kept
 *   overlap     NULL: none
 *   weight      [in,out] the samples' weight is added, as dt_loss_weight counts it
 * Returns the sum of the losses. */
double dt_engine_gradient(dt_engine *engine, const float *parameters, const dt_row_source *source,
                          int64_t rows, bool accumulate, float *gradient, const dt_overlap *overlap,
                          dt_weight *weight);

/* Samples of the global batch, from one on. */
typedef struct {
    const dt_row_source *source;
    int64_t first; /* the source's first sample in the batch */
    int64_t rows;
    int64_t block; /* samples in a block of the batch */
} dt_batch_part;

typedef struct {
    double *loss;     /* [blocks of the batch] those of the blocks here are added to */
    dt_weight weight; /* added to */
    int32_t *flags;   /* [scales' lines] replaced: see dt_scales_flag */
} dt_exact_sums;

/* Lines whose sums are of two words. */
typedef struct {
    int64_t line;  /* see dt_scales */
    int64_t place; /* where its high words begin, behind which are its low ones */
    int raise;     /* bits that its exponents are larger by */
} dt_word_line;

typedef struct {
    int64_t n;
    dt_word_line *line; /* [n] in the order of the lines */
    int32_t *words;     /* replaced */
} dt_word_lines;

/* The same as integers; parameters are taken.
 *   whole     the part is the batch: the sums become the floats that they stand for
 *   gradient  [P] replaced */
void dt_engine_gradient_exact(dt_engine *engine, const float *parameters, const dt_batch_part *part,
                              bool whole, const dt_scales *scales, int32_t *gradient,
                              const dt_overlap *overlap, dt_exact_sums *sums);

/* The same with all lines in two words; sums->flags is [words->n]. */
void dt_engine_gradient_words(dt_engine *engine, const float *parameters, const dt_batch_part *part,
                              const dt_scales *scales, const dt_word_lines *words,
                              dt_exact_sums *sums);

/* Some lines of the part and the parameters of the last call, again.
 *   flags  [words->n] replaced: see dt_scales_flag_words */
void dt_engine_sum_again(dt_engine *engine, const float *parameters, const dt_batch_part *part,
                         const dt_scales *scales, const dt_word_lines *words, int32_t *flags);

/* The largest magnitude that a block's gradient has in each place that dt_scales has an exponent
 * for: max [n - 2], which it becomes where it is larger. The parameters are those taken last, as
 * in what follows.
 *   columns  those of inputs, else all others
 *   reuse_rows  the last call was of these rows */
void dt_engine_measure(dt_engine *engine, const float *parameters, const dt_batch_part *part,
                       const dt_scales *scales, bool columns, bool reuse_rows, float *max);

/* The model's outputs before any softmax; the source needs no y.
 *   output  [rows,outputs] */
void dt_engine_forward(dt_engine *engine, const float *parameters, const dt_row_source *source,
                       int64_t rows, float *output);

/* Takes NULL. */
void dt_engine_destroy(dt_engine *engine);

#endif
