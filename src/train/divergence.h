/* Whether the loss of a run, of its steps or of its validation, has risen a thousandfold over its
 * beginning. */
#ifndef DT_TRAIN_DIVERGENCE_H
#define DT_TRAIN_DIVERGENCE_H

#include <dtrain/scores.h>
#include <stdbool.h>
#include <stdint.h>

enum { DT_DIVERGENCE_SAMPLES = 16 }; /* that the loss at the beginning is of, at least */

typedef struct {
    int64_t wanted, n;                   /* steps that are the beginning; of them done */
    double first[DT_DIVERGENCE_SAMPLES]; /* [n] their losses */
    double beginning;                    /* their lower quartile */
    double last;                         /* loss of the last step */
    bool found;                          /* it has risen so far, once */
    struct {
        double beginning; /* the least loss of validations, of those of the steps at the beginning,
                             unless a guess has a greater one; 0: there was none yet */
        double last;      /* loss of the last validation */
        bool found;
    } validation;
} dt_divergence;

/* One that stays: the loss that it rose from, and where it is now. */
typedef struct {
    const char *of; /* "the loss" or "the validation loss" */
    double from, to;
} dt_rise;

void dt_divergence_init(dt_divergence *divergence, int64_t batch_size);

/* Note the loss of the next step. Returns true once: in the step in which it is found. */
bool dt_divergence_add(dt_divergence *divergence, double loss);

/* The same of the scores of the next validation: a run can explode in its last steps, whose losses
 * are those before their updates, so that only the validation shows it. */
bool dt_divergence_add_validation(dt_divergence *divergence, const dt_scores *scores);

/* Whether a rise was found, and the last loss is not back where it began; if so, which.
 *   rise  [out] */
bool dt_divergence_stays(const dt_divergence *divergence, dt_rise *rise);

#endif
