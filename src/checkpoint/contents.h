/* All contents of a checkpoint, in memory. Not collective. */
#ifndef DT_CHECKPOINT_CONTENTS_H
#define DT_CHECKPOINT_CONTENTS_H

#include "checkpoint/checkpoint.h"

typedef struct {
    char name[32];
    float *values; /* [P] */
} dt_contents_vector;

typedef struct {
    char *path; /* NULL: there is none */
    dt_model model;
    float *parameters;           /* [P] */
    dt_normalizer *normalizer;   /* NULL: none */
    dt_normalizer *y_normalizer; /* of the targets; NULL: none; owned */
    dt_schema schema;
    int n_vectors; /* vectors of the optimizer's state */
    dt_contents_vector vector[DT_OPTIMIZER_VECTORS];
    int64_t optimizer_steps;
    bool is_edited; /* undamaged, but with numbers that no run has, which is an error */
    bool can_go_on; /* it has /run, by which a run can be resumed; then the rest is known: */
    dt_run_progress progress;
    dt_run_data data;
    double *rounding; /* [n_rounding] see engine/scales.h; NULL: none */
    int64_t n_rounding;
    double lr;
    int64_t seed;
    char *options; /* JSON */
} dt_contents;

/* Read a checkpoint from an open file, and check everything that has a checksum. To be ended with
 * dt_contents_free, also after an error. */
dt_code dt_contents_read(dt_contents *contents, hid_t file, const char *path, dt_error *err);

/* Read the newest good checkpoint step-N.h5 of a folder; contents->path is NULL if there is none at
 * all. It is an error if the system does not let a checkpoint be read, if one is undamaged but
 * cannot be resumed (another version, another program, edited), and if all are damaged.
 *   bad  called with what is wrong with each newer checkpoint that is damaged */
dt_code dt_contents_find_newest(dt_contents *contents, const char *folder,
                                void (*bad)(const char *text), dt_error *err);

/* The values of the optimizer's vector of this name; NULL: there is none. */
const float *dt_contents_values(const dt_contents *contents, const char *name);

/* Free the weights and the optimizer's state, which take most of the memory. */
void dt_contents_drop_values(dt_contents *contents);

void dt_contents_free(dt_contents *contents);

#endif
