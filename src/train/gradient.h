/* The gradient of a step: of this rank's samples of the global batch, and summed over all ranks.
 * Sums are of floats (--reduce fast), or of integers (--reduce exact): then they are the same to
 * the bit for any number of ranks and threads, and lines of them that come out too coarse or do not
 * fit are summed again (engine/scales.h). */
#ifndef DT_TRAIN_GRADIENT_H
#define DT_TRAIN_GRADIENT_H

#include "data/loader.h"
#include "engine/engine.h"
#include "train/times.h"
#include "train/totals.h"

/* Samples of a batch that came in several deliveries, copied together: what integers do not fit is
 * computed again. */
typedef struct {
    int64_t count; /* rows */
    float *x;      /* [most of a batch's on this rank,inputs]; NULL where none is collected */
    char *y;
} dt_collected;

/* Sums of integers. */
typedef struct {
    int64_t block, blocks; /* samples of a block; blocks of a batch */
    dt_scales scales;
    int32_t *sums;      /* [P], of two words [2 P]: in the reducer's vector, behind */
    int32_t *flags;     /* [lines] the lines' flags */
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
    int64_t head;        /* values before the gradient in what is summed over the ranks, */
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
    dt_numa_group *numa_group; /* which has the parameters together */
} dt_gradient_options;

/* Samples that stay together on a rank; 0: none need to. */
static inline int64_t dt_gradient_block(const dt_gradient_options *o)
{
    return o->exact ? dt_batch_block(o->batch_size) : 0;
}

/* What is pointed to is borrowed. Collective. To be ended with dt_gradient_free. */
dt_code dt_gradient_init(dt_gradient *gradient, const dt_world *world, const dt_model *model,
                         const dt_team *team, const dt_gradient_options *options, dt_error *err);

/* Take this rank's samples of the next batch and compute. Collective.
 *   totals  [out] loss, samples and weight */
void dt_gradient_compute(dt_gradient *gradient, dt_loader *loader, const float *parameters,
                         dt_times *times, dt_totals *totals);

/* Sum over all ranks: one allreduce, unless lines have to be summed again. Collective.
 *   whole   whether each rank wants all of the sum, not only the part that it has of a numa_group
 *   totals  [in,out] this rank's, then everyone's
 * Returns whether the gradient is finite and fits its sum, the same on every rank; it does not
 * where one failed. Then totals.overflow says that it is finite and does not fit. */
bool dt_gradient_sum(dt_gradient *gradient, const float *parameters, bool whole, dt_totals *totals);

/* The steps whose exact sums were taken again since the last call; 0 of sums of floats. */
int64_t dt_gradient_consume_redone(dt_gradient *gradient);

void dt_gradient_free(dt_gradient *gradient);

#endif
