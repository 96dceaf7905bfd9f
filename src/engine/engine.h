/* The engine computes loss and gradient from a rank's samples and the parameters, on all threads of
 * the rank.
 *
 * Samples are taken in waves of some rows for each thread. In a wave each thread first runs forward
 * and backward over its own rows. Then the threads share out the rows of every weight's gradient.
 * So there is one gradient, not one for each thread; no thread writes where another does; and
 * memory is bounded by the number of threads, whatever the batch. A thread that has done its own
 * part takes over what others have not begun. internal.h has a drawing of a wave.
 *
 * The gradient is a sum of floats, or of integers. For integers the gradient of each block of
 * samples is rounded (scales.h). Blocks are the same for any number of ranks and threads, every
 * number of a block's gradient is one sum in a fixed order, and integers are added: so the sum is
 * the same to the bit. */
#ifndef DT_ENGINE_H
#define DT_ENGINE_H

#include "core/row_source.h"
#include "core/sharing.h"
#include "core/team.h"
#include "engine/scales.h"
#include "model/model.h"

typedef struct dt_engine dt_engine;

/* Memory for the weights in the order in which products read them. Ranks that share it have it
 * once, and each packs a part. Then a function that packs parameters is collective over these
 * ranks; all give the same parameters, and have ended what they do with those before. */
typedef struct {
    dt_sharing sharing;
    float *values; /* [dt_engine_panels] of all ranks that share it, zeros at first */
} dt_engine_pack;

int64_t dt_engine_panels(const dt_model *model);

/* Not collective. Pointers are borrowed for the engine's life. *engine is NULL after an error.
 *   rows  the rows of a batch that stay in memory together, at least a block; 0: gradients are sums
 *         of floats
 *   pack  NULL: the engine has memory of its own */
dt_code dt_engine_create(dt_engine **engine, const dt_model *model, const dt_team *team,
                         int64_t rows, const dt_engine_pack *pack, dt_error *err);

/* The bytes of an engine's rows and activations of one wave, without the packed weights. rows is
 * that of dt_engine_create. */
double dt_engine_bytes(const dt_model *model, int threads, int64_t rows);

/* Callbacks that use a part of a gradient while the rest of it is computed. The thread that called
 * the engine calls both. */
typedef struct {
    /* Called once for each layer, from the last to the first, as soon as the gradients of this
     * layer and of all after it are final. */
    void (*on_layer_done)(void *with, int layer);
    void (*poll)(void *with); /* called every few milliseconds */
    void *with;
} dt_overlap;

/* Pack these parameters for the calls that follow. */
void dt_engine_load_weights(dt_engine *engine, const float *parameters);

/* What dt_engine_gradient does to the gradient that is there. All ranks that share memory
 * pack together: in a step each calls it with DT_GRADIENT_FIRST once. */
typedef enum {
    DT_GRADIENT_FIRST,   /* pack the parameters, and replace the gradient */
    DT_GRADIENT_REPLACE, /* the parameters are those of the call before */
    DT_GRADIENT_ADD,     /* likewise, and add to the gradient */
} dt_gradient_mode;

/* Sum the loss and its gradient over some samples. The caller divides by their weight.
 *   parameters  [P]
 *   source      has at least so many rows
 *   gradient    [P] with no rows it is set to 0, or kept with DT_GRADIENT_ADD
 *   overlap     NULL: none
 *   weight      [in,out] the samples' weight is added, as dt_loss_weight counts it
 * Returns the sum of the losses. */
double dt_engine_gradient(dt_engine *engine, const float *parameters, const dt_row_source *source,
                          int64_t rows, dt_gradient_mode mode, float *gradient,
                          const dt_overlap *overlap, dt_weight *weight);

/* A rank's samples of the global batch: they lie together. */
typedef struct {
    const dt_row_source *source;
    int64_t first; /* the source's first sample, counted from the batch's */
    int64_t rows;
    int64_t block; /* samples in a block of the batch */
} dt_batch_part;

/* What a call adds up beside the gradient. */
typedef struct {
    double *loss;     /* [blocks of the batch] the losses of the blocks here are added */
    dt_weight weight; /* added to */
    int32_t *flags;   /* [lines of the scales] replaced: see dt_scales_flag */
} dt_exact_sums;

/* Lines whose sums are of two words. */
typedef struct {
    int64_t line;  /* see dt_scales */
    int64_t place; /* where its high words begin; its low words follow them */
    int raise;     /* bits that are added to its exponents */
} dt_word_line;

typedef struct {
    int64_t n;
    dt_word_line *line; /* [n] in the order of the lines */
    int32_t *words;     /* replaced */
} dt_word_lines;

/* Sum the gradient as integers; the parameters are packed first.
 *   whole     the part is the whole batch: the sums become the floats that they stand for
 *   gradient  [P] replaced */
void dt_engine_gradient_exact(dt_engine *engine, const float *parameters, const dt_batch_part *part,
                              bool whole, const dt_scales *scales, int32_t *gradient,
                              const dt_overlap *overlap, dt_exact_sums *sums);

/* The same with all lines in two words; sums->flags is [words->n]. */
void dt_engine_gradient_words(dt_engine *engine, const float *parameters, const dt_batch_part *part,
                              const dt_scales *scales, const dt_word_lines *words,
                              dt_exact_sums *sums);

/* Sum some lines again, of the same part and parameters as in the call before.
 *   flags  [words->n] replaced: see dt_scales_flag_words */
void dt_engine_sum_again(dt_engine *engine, const float *parameters, const dt_batch_part *part,
                         const dt_scales *scales, const dt_word_lines *words, int32_t *flags);

/* Find the largest magnitude that a block's gradient has in each place for which dt_scales has an
 * exponent. The parameters are those packed last.
 *   only     NULL, or [lines] which lines
 *   columns     find those of inputs, else all others
 *   reuse_rows  the last call was of these rows
 *   max         [n - 2] a magnitude replaces what is smaller */
void dt_engine_measure(dt_engine *engine, const float *parameters, const dt_batch_part *part,
                       const dt_scales *scales, const bool *only, bool columns, bool reuse_rows,
                       float *max);

/* Compute the model's outputs before any softmax. The parameters are those packed last; the source
 * needs no y.
 *   output  [rows,outputs] */
void dt_engine_forward(dt_engine *engine, const float *parameters, const dt_row_source *source,
                       int64_t rows, float *output);

/* Takes NULL. */
void dt_engine_destroy(dt_engine *engine);

#endif
