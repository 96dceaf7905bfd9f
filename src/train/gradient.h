/* The gradient of a step: first of this rank's samples of the global batch, then summed over all
 * ranks. Sums are of floats (--reduce fast), or of integers (--reduce exact). Sums of integers are
 * the same to the bit for any number of ranks and threads. Lines that are too coarse or do not fit
 * are summed again (engine/scales.h). */
#ifndef DT_TRAIN_GRADIENT_H
#define DT_TRAIN_GRADIENT_H

#include "comm/numa_group.h"
#include "data/loader.h"
#include "engine/engine.h"
#include "train/step_sums.h"
#include "train/times.h"

/* Samples of a batch that came in several deliveries, copied together: a line may have to be summed
 * again. */
typedef struct {
    int64_t count; /* rows */
    float *x;      /* [most rows of a batch on this rank,inputs]; NULL where none is collected */
    char *y;
} dt_collected;

/* Sums of integers. */
typedef struct {
    int64_t block, blocks; /* samples of a block; blocks of a batch */
    dt_scales scales;
    int32_t *sums;      /* [P], of two words [2 P]; in the reducer's vector */
    int32_t *flags;     /* [lines] before them */
    double *loss;       /* [blocks] */
    bool not_finite;    /* what was measured for this step is not finite */
    dt_batch_part part; /* this rank's samples of the batch */
    dt_samples samples;
    dt_collected collected;
    float *max;        /* [scales.n] what was measured, */
    int64_t *exponent; /* [scales.n] as exponents */
    bool *remeasured;  /* [lines] those that were measured */
    int32_t *words; /* [lines + 2 P] flags and words of lines that are summed again; pages that none
                       needs cost nothing */
    dt_word_lines all;      /* of two words: all lines */
    dt_word_line *resummed; /* [lines] those that are summed again, */
    dt_line_failed *failed; /* [lines] and why */
} dt_exact;

typedef struct {
    const dt_world *world;
    const dt_model *model;
    dt_engine *engine;
    int64_t batch_size;
    int64_t header_len;  /* values before the gradient in what is summed over the ranks, */
    dt_reducer *reducer; /* which is here */
    dt_numa_group *numa_group;
    float *values;     /* [P] the gradient; after dt_gradient_sum the sum over the batch */
    int64_t sent_from; /* the gradient from here on is already on its way */
    double *parts;     /* [P] of floats: the sum over the batch's earlier rows; NULL: few rows */
    bool is_exact;
    dt_exact exact;
} dt_gradient;

typedef struct {
    int64_t batch_size; /* global, not larger than the data */
    bool exact;
    bool in_parts;             /* a batch may come in several deliveries */
    dt_numa_group *numa_group; /* the ranks that share the parameters */
} dt_gradient_options;

/* The number of samples that must stay together on a rank; 0: none need to. */
static inline int64_t dt_gradient_block(const dt_gradient_options *o)
{
    return o->exact ? dt_batch_block(o->batch_size) : 0;
}

/* Collective. Pointers are borrowed. dt_gradient_free frees what this allocates. */
dt_code dt_gradient_init(dt_gradient *gradient, const dt_world *world, const dt_model *model,
                         const dt_team *team, const dt_gradient_options *options, dt_error *err);

/* Load this rank's samples of the next batch, and compute their loss and gradient. Collective.
 *   step_sums  [out] loss, samples and weight */
void dt_gradient_compute(dt_gradient *gradient, dt_loader *loader, const float *parameters,
                         dt_times *times, dt_step_sums *step_sums);

/* Sum the gradient and the sums of the step over all ranks, in one allreduce unless lines have to be summed
 * again. Collective.
 *   whole   the same on every rank: each gets the whole sum, not only its part of the numa_group's
 *   step_sums  [in,out] this rank's, then the sums of all
 * Returns whether the gradient is finite and fits its sum, the same on every rank; false also if
 * one rank failed. step_sums.overflow tells a gradient that is finite and does not fit. */
bool dt_gradient_sum(dt_gradient *gradient, const float *parameters, bool whole,
                     dt_step_sums *step_sums);

/* The number of steps since the last call in which lines were summed again; 0 for sums of floats.
 */
int64_t dt_gradient_consume_redone(dt_gradient *gradient);

void dt_gradient_free(dt_gradient *gradient);

#endif
