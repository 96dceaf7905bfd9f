/* The engine computes loss and gradient from a rank's samples and the parameters, on all threads of
 * the rank.
 *
 * The engine processes the samples in waves; a wave has some rows for each thread. First each
 * thread runs the forward and backward pass over its own rows. Then the threads divide the rows of
 * every weight's gradient among them. So there is one gradient, not one for each thread. No two
 * threads write to the same place. The memory depends on the number of threads, not on the batch. A
 * thread that has finished its own part takes work that other threads have not begun. internal.h
 * has a drawing of a wave.
 *
 * The gradient is a sum of floats or of integers. For integers, the engine rounds the gradient of
 * each block of samples (scales.h). The blocks are the same for any number of ranks and threads.
 * Every number in a block's gradient is one sum in a fixed order. Integers can be added in any
 * order. So the sum has the same bits for any number of ranks and threads.
 *
 * Only the functions that pack parameters may be collective; see dt_engine_pack. */
#ifndef DT_ENGINE_H
#define DT_ENGINE_H

#include "core/row_source.h"
#include "core/sharing.h"
#include "core/team.h"
#include "engine/scales.h"
#include "model/model.h"

typedef struct dt_engine dt_engine;

/* Memory for the packed weights: the weights in the order in which products read them. Several
 * ranks may share one copy; each of them then packs a part. In that case, a function that packs
 * parameters is collective over these ranks. All of them pass the same parameters, and none of them
 * may still use the parameters that were packed before. */
typedef struct {
    dt_sharing sharing;
    float *values; /* [dt_engine_panels], one array for all ranks that share it; zeros at first */
} dt_engine_pack;

/* Return the number of floats in the packed weights. */
int64_t dt_engine_panels(const dt_model *model);

/* Create an engine. Not collective. Pointers are borrowed for the engine's life. *engine is NULL
 * after an error, which is DT_ERR_MEMORY.
 *   rows  the rows of a batch that stay in memory together, at least a block; 0: gradients are sums
 *         of floats
 *   pack  NULL: the engine has memory of its own for the packed weights */
dt_code dt_engine_create(dt_engine **engine, const dt_model *model, const dt_team *team,
                         int64_t rows, const dt_engine_pack *pack, dt_error *err);

/* Return the bytes that an engine needs for the rows and activations of one wave. The packed
 * weights are not included. The argument rows is the same as in dt_engine_create. */
double dt_engine_bytes(const dt_model *model, int threads, int64_t rows);

/* Callbacks that use a part of a gradient while the engine computes the rest. The thread that
 * called the engine calls both. */
typedef struct {
    /* Called once for each layer, from the last to the first, as soon as the gradients of this
     * layer and of all later layers are final. */
    void (*on_layer_done)(void *with, int layer);
    void (*poll)(void *with); /* called every few milliseconds */
    void *with;               /* the first argument of both */
} dt_overlap;

/* Pack the parameters for the following calls. Call it after every change of the parameters. It is
 * collective over the ranks that share the packed weights. */
void dt_engine_load_weights(dt_engine *engine, const float *parameters);

/* What dt_engine_gradient does with the parameters and with the gradient that is in memory. Ranks
 * that share the packed weights pack them together, so each of them uses DT_GRADIENT_FIRST exactly
 * once a step. */
typedef enum {
    DT_GRADIENT_FIRST,   /* pack the parameters, and replace the gradient */
    DT_GRADIENT_REPLACE, /* use the packed parameters, and replace the gradient */
    DT_GRADIENT_ADD,     /* use the packed parameters, and add to the gradient */
} dt_gradient_mode;

/* Sum the loss and its gradient over some samples. The caller divides by their weight. With
 * DT_GRADIENT_FIRST it is collective over the ranks that share the packed weights.
 *   parameters  [P]
 *   source      has at least `rows` rows
 *   gradient    [in,out] [P]; if rows is 0, it is set to 0, or kept with DT_GRADIENT_ADD
 *   overlap     NULL: no callbacks
 *   weight      [in,out] the weight of the samples (dt_loss_weight) is added to it
 * Returns the sum of the losses. */
double dt_engine_gradient(dt_engine *engine, const float *parameters, const dt_row_source *source,
                          int64_t rows, dt_gradient_mode mode, float *gradient,
                          const dt_overlap *overlap, dt_weight *weight);

/* A rank's samples of the global batch. They are consecutive samples of the batch. */
typedef struct {
    const dt_row_source *source;
    int64_t first; /* the position of the source's first sample in the batch, from 0 */
    int64_t rows;  /* samples of this rank */
    int64_t block; /* samples in a block of the batch */
} dt_batch_part;

/* The other sums of a call, besides the gradient. */
typedef struct {
    double *loss;     /* [blocks of the batch] the loss of each block of the part is added to it */
    dt_weight weight; /* the weight of the samples is added to it */
    int32_t *flags;   /* [lines of the scales] replaced; see dt_scales_flag */
} dt_exact_sums;

/* A line whose sums have two words. */
typedef struct {
    int64_t line;  /* its number; see scales.h */
    int64_t place; /* the offset of its high words in `words`; its low words follow them */
    int raise;     /* bits that are added to its exponents */
} dt_word_line;

/* Several such lines, and their sums. */
typedef struct {
    int64_t n;
    dt_word_line *line; /* [n] sorted by the number of the line */
    int32_t *words;     /* replaced by the sums; long enough for two words of each element */
} dt_word_lines;

/* Pack the parameters, and sum the gradient as integers. Collective over the ranks that share the
 * packed weights.
 *   parameters  [P]
 *   whole       the part is the whole batch; then the sums are converted to the floats that they
 *               represent
 *   gradient    [out] [P] integers, or floats if whole
 *   overlap     NULL: no callbacks */
void dt_engine_gradient_exact(dt_engine *engine, const float *parameters, const dt_batch_part *part,
                              bool whole, const dt_scales *scales, int32_t *gradient,
                              const dt_overlap *overlap, dt_exact_sums *sums);

/* The same as dt_engine_gradient_exact, with all lines in two words. sums->flags is [words->n]. */
void dt_engine_gradient_words(dt_engine *engine, const float *parameters, const dt_batch_part *part,
                              const dt_scales *scales, const dt_word_lines *words,
                              dt_exact_sums *sums);

/* Sum some lines again, in two words. The part and the parameters must be the same as in the call
 * before. Not collective.
 *   flags  [out] [words->n] see dt_scales_flag_words */
void dt_engine_sum_again(dt_engine *engine, const float *parameters, const dt_batch_part *part,
                         const dt_scales *scales, const dt_word_lines *words, int32_t *flags);

/* Find, for each exponent of dt_scales, the largest magnitude of a block's gradient. It uses the
 * parameters that were packed last. Not collective.
 *   only        [lines] the lines to measure; NULL: all
 *   columns     measure for the exponents of inputs; if not, for all other exponents
 *   reuse_rows  the call before had the same rows, so their activations can be reused
 *   max         [in,out] [scales->n - DT_SCALES_COUNTERS] each is raised to the measured magnitude
 *               if that is larger */
void dt_engine_measure(dt_engine *engine, const float *parameters, const dt_batch_part *part,
                       const dt_scales *scales, const bool *only, bool columns, bool reuse_rows,
                       float *max);

/* Compute the model's outputs, without softmax or sigmoid. It uses the parameters that were packed
 * last. The source needs no y. Not collective.
 *   output  [out] [rows,outputs] */
void dt_engine_forward(dt_engine *engine, const float *parameters, const dt_row_source *source,
                       int64_t rows, float *output);

/* Free an engine. Not collective. Takes NULL. */
void dt_engine_destroy(dt_engine *engine);

#endif
