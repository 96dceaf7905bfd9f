/* The gradient of a step. Each rank computes that of its samples of the global batch; then all are
 * summed, as floats (--reduce fast) or as integers (--reduce exact). Sums of integers have the same
 * bits for any number of ranks and threads. Lines that are too coarse or do not fit
 * are summed again (engine/scales.h). */
#ifndef DT_TRAIN_GRADIENT_H
#define DT_TRAIN_GRADIENT_H

#include "comm/numa_group.h"
#include "data/loader.h"
#include "engine/engine.h"
#include "train/step_sums.h"
#include "train/times.h"

/* Samples of a batch that came in several parts, copied together, since a line may have to be
 * summed again. */
typedef struct {
    int64_t count; /* rows */
    float *x;      /* [largest part of a batch on this rank,inputs]; NULL if none is collected */
    char *y;
} dt_collected;

/* What sums of integers need. */
typedef struct {
    int64_t block, blocks; /* samples of a block, and blocks of a batch */
    dt_scales scales;
    int32_t *sums;      /* [P], with two words [2 P], in the reducer's vector */
    int32_t *flags;     /* [lines] before the sums in that vector */
    double *loss;       /* [blocks] loss of each block */
    bool not_finite;    /* a number that was measured for this step is not finite */
    dt_batch_part part; /* samples of the batch on this rank */
    dt_samples samples;
    dt_collected collected;
    float *max;        /* [scales.n] largest magnitudes that were measured */
    int64_t *exponent; /* [scales.n] their exponents */
    bool *remeasured;  /* [lines] whether the line was measured again */
    int32_t *words;    /* [lines + 2 P] flags and words of lines that are summed again; memory pages
                       that are not touched cost nothing */
    dt_word_lines all; /* all lines, with two words */
    dt_word_line *resummed; /* [lines] lines that are summed again */
    dt_line_failed *failed; /* [lines] why each of them is */
} dt_exact;

typedef struct {
    const dt_world *world;
    const dt_model *model;
    dt_engine *engine;
    int64_t batch_size;
    int64_t header_len;  /* values before the gradient in the reducer's vector */
    dt_reducer *reducer; /* has the vector that is summed over the ranks */
    dt_numa_group *numa_group;
    float *values;     /* [P] gradient of this rank; after dt_gradient_sum that of the batch */
    int64_t sent_from; /* values from here on are being sent already */
    double *parts;     /* [P] sum over earlier rows of the batch, for floats; NULL: few rows */
    bool is_exact;
    dt_exact exact;
} dt_gradient;

typedef struct {
    int64_t batch_size; /* global, not larger than the data */
    bool exact;
    bool in_parts;             /* a batch may come in several parts */
    dt_numa_group *numa_group; /* ranks that share one replica of the weights */
} dt_gradient_options;

/* Return the number of samples that must stay together on a rank; 0: none need to. */
static inline int64_t dt_gradient_block(const dt_gradient_options *o)
{
    return o->exact ? dt_batch_block(o->batch_size) : 0;
}

/* Allocate. Pointers are borrowed. Collective; an error is the same on every rank. To be ended with
 * dt_gradient_free, also after an error. */
dt_code dt_gradient_init(dt_gradient *gradient, const dt_world *world, const dt_model *model,
                         const dt_team *team, const dt_gradient_options *options, dt_error *err);

/* Load this rank's samples of the next batch, and compute their loss and gradient. Collective.
 *   step_sums  [out] loss, number and weight of these samples */
void dt_gradient_compute(dt_gradient *gradient, dt_loader *loader, const float *parameters,
                         dt_times *times, dt_step_sums *step_sums);

/* Sum the gradient and the sums of the step over all ranks, in one allreduce unless lines have
 * to be summed again. Collective.
 *   whole      every rank gets the whole sum, not only its part of the NUMA group's; the same on
 *              every rank
 *   step_sums  [in,out] sums of this rank, then of all ranks
 * Returns whether the gradient is finite and fits its sum, the same on every rank; false also if
 * one rank failed. step_sums.overflow tells a gradient that is finite and does not fit. */
bool dt_gradient_sum(dt_gradient *gradient, const float *parameters, bool whole,
                     dt_step_sums *step_sums);

/* Return the number of steps since the last call in which lines were summed again; 0 for sums of
 * floats. Not collective. */
int64_t dt_gradient_consume_redone(dt_gradient *gradient);

void dt_gradient_free(dt_gradient *gradient);

#endif
