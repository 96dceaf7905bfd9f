/* The scores of a model on some rows. */
#ifndef DTRAIN_SCORES_H
#define DTRAIN_SCORES_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { DT_SCORES_TARGETS = 64 };

/* Of one target that is a number. */
typedef struct {
    char name[64]; /* cut to fit, where evaluate knows it; else empty */
    double rmse;   /* root of the mean square error over the rows */
    double mae;    /* mean absolute error */
    double r2;     /* mean over the outputs of 1 - sum of squared errors / sum of squared
                          deviations from the mean. If all y are equal: 1 without errors, else 0 */
} dt_target_scores;

typedef struct {
    int64_t samples;   /* rows */
    double loss;       /* mean over the rows, without class weights and label smoothing */
    bool has_accuracy; /* y is classes, or yes and no (bce) */
    double accuracy;   /* fraction of the rows whose class was predicted; for bce, of all outputs of
                          all rows that were predicted */
    bool has_f1; /* there are two classes; the next three are those of class 1, and 0 for 0 / 0 */
    double precision;  /* fraction of the rows predicted as class 1 that are of class 1 */
    double recall;     /* fraction of the rows of class 1 that were predicted as class 1 */
    double f1;         /* harmonic mean of precision and recall */
    char f1_class[64]; /* the name of class 1, shortened to fit, if evaluate knows it; else empty */
    bool has_r2;       /* y is numbers; the following are those of the model's outputs, for
                          gaussian-nll of the means, for quantiles of the one nearest to 0.5 */
    double rmse;       /* the means of the targets' scores */
    double mae;
    double r2;
    int64_t targets; /* that follow: of several numbers all, if they are at most 64; else 0 */
    dt_target_scores target[DT_SCORES_TARGETS];
} dt_scores;

#ifdef __cplusplus
}
#endif

#endif
