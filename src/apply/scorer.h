/* Runs a trained model over the rows of a data set, in pieces of some rows, for evaluate and
 * predict. */
#ifndef DT_APPLY_SCORER_H
#define DT_APPLY_SCORER_H

#include "core/team.h"
#include "data/data_file.h"
#include "data/normalizer.h"
#include "engine/engine.h"
#include <dtrain/world.h>

typedef struct {
    const char *model, *data;
    const char *x, *y; /* NULL: the names that the model was trained with */
    bool reads_y;
    const char *y_data;                 /* NULL: y is in the files of data */
    const char *weights, *ignore_label; /* as in dt_data_spec */
    bool mask_y, drop_x, drop_y;        /* as in dt_data_spec */
    bool transpose;
    int64_t threads; /* per rank; 0: its share of the node */
    bool keep_binding;
    void (*warn)(
        const char *text); /* rank 0: called for each warning about the data; NULL: no warnings */
    void (*chosen)(
        const char *file); /* rank 0: the checkpoint of a folder; NULL: nothing is said */
} dt_scorer_options;

typedef struct {
    dt_model model;
    float *parameters;           /* [P] */
    dt_normalizer *normalizer;   /* of the inputs; NULL: none */
    dt_normalizer *y_normalizer; /* of the targets: y and outputs are scaled by it; NULL: none */
    dt_schema schema;            /* rank 0: of the data that the model was trained on */
    dt_team team;
    dt_engine *engine;
    dt_data_file *file;
    char *x_names, *y_names;
    int64_t rows;       /* rows of the data set */
    int64_t piece_rows; /* largest number of rows in a piece: whole chunks of the file, unless these
                           are very large */
    uint8_t *bytes;     /* [piece,features] used if x is uint8 */
    float *x;           /* [piece,features] */
    void *y;            /* [piece,targets] float or [piece] int32_t labels */
    float *output;      /* [piece,outputs] of the rows that were scored last */
} dt_scorer;

/* Read the model, open the data, and check that they fit each other. Collective; an error is the
 * same on every rank. The caller calls dt_scorer_close, also after an error. */
dt_code dt_scorer_open(dt_scorer *scorer, const dt_world *world, const dt_scorer_options *options,
                       dt_error *err);

/* Read the rows [row, row + n), n <= piece_rows, and compute the model's outputs. Afterwards
 * scorer->y and scorer->output have the values of these rows. Not collective. */
dt_code dt_scorer_run(dt_scorer *scorer, int64_t row, int64_t n, dt_error *err);

/* Close the data, and free everything. Not collective. */
void dt_scorer_close(dt_scorer *scorer);

#endif
