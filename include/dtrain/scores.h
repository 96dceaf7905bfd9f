/* How well a model does on some rows. */
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
    double r2;     /* 1 - sum of squared errors / sum of squared deviations from the mean. Where all
                      y are equal: 1 without errors, else 0; of a single row: NaN */
} dt_target_scores;

typedef struct {
    int64_t samples;   /* rows */
    double loss;       /* mean over them, without class weights and label smoothing */
    bool has_accuracy; /* y is classes, or truths (bce) */
    double accuracy;   /* share of the rows whose class was found; of truths: of all that were told
                          right, each output by itself */
    bool has_f1;       /* there are two classes; what follows is of class 1, and 0 for 0 / 0 */
    double precision;  /* of those that were said to be of it, the share that is */
    double recall;     /* of those that are of it, the share that was said to be */
    double f1;         /* harmonic mean of both */
    char f1_class[64]; /* the name of class 1, cut to fit, where evaluate knows it; else empty */
    bool has_r2;       /* y is numbers */
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
