/* The scores of a model over some rows. */
#ifndef DTRAIN_SCORES_H
#define DTRAIN_SCORES_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { DT_SCORES_TARGETS = 64 };

/* The scores for one target that is a number. */
typedef struct {
    char name[64]; /* shortened to fit, if evaluate knows it; else empty */
    double rmse;   /* root of the mean squared error over the rows */
    double mae;    /* mean absolute error over the rows */
    double r2;     /* 1 - sum of squared errors / sum of squared deviations from the mean of y. If
                      all y are equal: 1 if there are no errors, else 0 */
} dt_target_scores;

typedef struct {
    int64_t samples;   /* rows */
    double loss;       /* mean over the rows, without class weights and label smoothing */
    bool has_accuracy; /* y is classes, or 0 and 1 (bce) */
    double accuracy;   /* fraction of the rows whose class was predicted right; for bce, fraction of
                          all outputs of all rows that were predicted right */
    bool has_f1;      /* there are two classes. The next three scores are for class 1; 0 / 0 is 0 */
    double precision; /* fraction of the rows predicted as class 1 that have class 1 */
    double recall;    /* fraction of the rows with class 1 that were predicted as class 1 */
    double f1;        /* harmonic mean of precision and recall */
    char f1_class[64]; /* the name of class 1, shortened to fit, if evaluate knows it; else empty */
    bool has_r2;       /* y is numbers; the following are those of the model's outputs, for
                          gaussian-nll of the means, for quantiles of the one nearest to 0.5 */
    double rmse;       /* the means of the targets' scores */
    double mae;
    double r2;
    int64_t targets; /* number of targets in `target`; 0 if there is one target or more than 64 */
    dt_target_scores target[DT_SCORES_TARGETS];
} dt_scores;

#ifdef __cplusplus
}
#endif

#endif
