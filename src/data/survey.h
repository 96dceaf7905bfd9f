/* The one pass over a rank's rows of the file, in which data is loaded and surveyed: rows that stay
 * go into memory, and what must be known of all rows is noted on the way.
 *
 *   rows trained on, in memory  ->  dt_dataset.window        unless they are streamed
 *   rows held out               ->  dt_dataset.held          unless they are read again
 *   moments of the columns      ->  dt_dataset.measured      for --normalize
 *   largest label               ->  dt_dataset.outputs
 *   largest weight              ->  dt_dataset.largest_weight
 *   largest byte                ->  dt_dataset.x_largest     until it is large enough
 *   profile                     ->  dt_dataset.profile       warnings
 *
 * A piece of rows whose values nothing needs is not read. */
#ifndef DT_DATA_SURVEY_H
#define DT_DATA_SURVEY_H

#include "data/dataset.h"

typedef struct {
    dt_dataset *d; /* borrowed */
    int rank;
    int64_t begin, end; /* this rank's rows of the file */
    int64_t piece; /* rows read at a time, counted from the first row of the file: whole chunks */
    int64_t largest_label;
    int64_t
        largest_weight;    /* the bits of the largest absolute weight: their order is the floats' */
    int64_t largest;       /* of x, if it is bytes: as dt_dataset.x_largest */
    dt_moments *moments;   /* NULL: none are wanted */
    dt_moments *y_moments; /* the same of y, which is numbers */
    float *y_plain;        /* [piece,outputs] y without weights, for its moments */
    /* Of the piece that dt_survey_read is at: */
    float *unit; /* [piece,features] bytes as the model sees them, for the moments */
    bool *mark;  /* [piece] whether a row is held out; NULL: none is */
    void *x, *y; /* [piece] scratch, or the place where the rows stay */
} dt_survey;

/* Begin to measure x (survey->moments): every rank shifts its values by the first row trained on.
 * Not collective.
 *   gaps  NaN is left out, and will be the mean */
dt_code dt_survey_start_measuring(dt_survey *survey, dt_scaling scaling, bool gaps, dt_error *err);

/* Read the rows, and keep those that the data set holds in memory. Not collective. */
dt_code dt_survey_read(dt_survey *survey, dt_error *err);

/* Make the data set's normaliser from the measurements of all ranks. Collective; no rank has an
 * error before it. An error on any rank is an error on every rank. */
dt_code dt_survey_finish_measuring(dt_survey *survey, dt_scaling scaling, const dt_world *world,
                                   dt_error *err);

/* From now on, the data set's normaliser is the measured one; but where a scaling was given, it
 * stays, and only what takes the place of a missing value was measured. */
void dt_survey_use_measured(dt_dataset *dataset);

/* The same for y, which is numbers. NaN is left out. */
dt_code dt_survey_start_measuring_y(dt_survey *survey, dt_scaling scaling, dt_error *err);
dt_code dt_survey_finish_measuring_y(dt_survey *survey, dt_scaling scaling, const dt_world *world,
                                     dt_error *err);

#endif
