/* Finds out whether a run diverges: whether its training loss or its validation loss has risen a
 * thousandfold over its beginning. Not collective. */
#ifndef DT_TRAIN_DIVERGENCE_H
#define DT_TRAIN_DIVERGENCE_H

#include <dtrain/options.h>
#include <dtrain/scores.h>
#include <stdbool.h>
#include <stdint.h>

enum { DT_DIVERGENCE_SAMPLES = 16 }; /* the beginning has at least so many samples */

typedef struct {
    double least;                        /* a smaller loss is taken for this one */
    int64_t wanted, n;                   /* steps of the beginning; how many of them are done */
    double first[DT_DIVERGENCE_SAMPLES]; /* [n] losses of the steps of the beginning */
    double beginning;                    /* lower quartile of these losses */
    double last;                         /* loss of the last step */
    bool found;                          /* some loss was a thousand times the beginning */
    struct {
        double beginning; /* smallest validation loss so far, or the training loss of the beginning
                             if that is smaller; at least the loss of a guess; 0: none yet */
        double last;      /* loss of the last validation */
        bool found;       /* as above */
    } validation;
} dt_divergence;

/* A rise that did not go back. */
typedef struct {
    const char *of;  /* "the loss" or "the validation loss" */
    double from, to; /* the loss at the beginning, and now */
} dt_rise;

/* Begin to watch a run whose steps have batch_size samples. */
void dt_divergence_init(dt_divergence *divergence, dt_loss loss, int64_t batch_size);

/* Note the loss of the next step. Returns true in the step in which a rise is found, and never
 * again. */
bool dt_divergence_add(dt_divergence *divergence, double loss);

/* Note the scores of the next validation, in the same way. The loss of a step is that before its
 * update, so only the validation shows that the last updates of an epoch went wrong. */
bool dt_divergence_add_validation(dt_divergence *divergence, const dt_scores *scores);

/* Return whether a rise was found from which the loss has not come back.
 *   rise  [out] the rise, if there is one */
bool dt_divergence_stays(const dt_divergence *divergence, dt_rise *rise);

#endif
