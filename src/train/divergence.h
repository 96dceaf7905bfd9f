/* Whether the loss of a run has risen a thousandfold over its beginning. */
#ifndef DT_TRAIN_DIVERGENCE_H
#define DT_TRAIN_DIVERGENCE_H

#include <stdbool.h>
#include <stdint.h>

enum { DT_DIVERGENCE_SAMPLES = 16 }; /* that the loss at the beginning is of, at least */

typedef struct {
    int64_t wanted, n;                   /* steps that are the beginning; of them done */
    double first[DT_DIVERGENCE_SAMPLES]; /* [n] their losses */
    double beginning;                    /* their lower quartile */
    double last;                         /* loss of the last step */
    bool found;                          /* it has risen so far, once */
} dt_divergence;

void dt_divergence_init(dt_divergence *divergence, int64_t batch_size);

/* Note the loss of the next step. Returns true once: in the step in which it is found. */
bool dt_divergence_look(dt_divergence *divergence, double loss);

/* Whether it was found, and the last loss is not back where it began. */
bool dt_divergence_stays(const dt_divergence *divergence);

#endif
