/* The first pass over a rank's rows of the file. It puts the rows that stay into memory, measures
 * what normalisation needs, and takes the profile and the largest label. */
#ifndef DT_DATA_SURVEY_H
#define DT_DATA_SURVEY_H

#include "data/dataset.h"

typedef struct {
    dt_dataset *d;      /* borrowed */
    int64_t begin, end; /* this rank's rows of the file */
    int64_t piece;      /* rows read at a time: whole chunks */
    int64_t largest_label;
    int64_t largest;     /* of x, if it is bytes: as dt_dataset.x_largest */
    dt_moments *moments; /* NULL: none are wanted */
    /* Scratch of dt_survey_read: */
    float *unit; /* [piece,features] bytes as the model sees them, for the moments */
    bool *mark;  /* [piece] */
    char *x, *y; /* [piece] */
} dt_survey;

/* Begin to measure x (survey->moments): every rank shifts its values by the first row trained on.
 * Not collective. */
dt_code dt_survey_start_measuring(dt_survey *survey, dt_error *err);

/* Read the rows, and keep those that the data set holds in memory. Not collective. */
dt_code dt_survey_read(dt_survey *survey, dt_error *err);

/* Make the data set's normaliser from the measurements of all ranks. Collective; no rank has an
 * error before it. An error on any rank is an error on every rank. */
dt_code dt_survey_finish_measuring(dt_survey *survey, const dt_world *world, dt_error *err);

#endif
