/* Reads all contents of a checkpoint into memory. Not collective. */
#ifndef DT_CHECKPOINT_CONTENTS_H
#define DT_CHECKPOINT_CONTENTS_H

#include "checkpoint/checkpoint.h"

typedef struct {
    char name[32];
    float *values; /* [P] */
} dt_contents_vector;

typedef struct {
    char *path; /* the file; NULL: there is no checkpoint */
    dt_model model;
    float *parameters;           /* [P] */
    dt_normalizer *normalizer;   /* NULL: none */
    dt_normalizer *y_normalizer; /* of the targets; NULL: none; owned */
    dt_schema schema;
    int n_vectors; /* vectors of the optimizer's state */
    dt_contents_vector vector[DT_OPTIMIZER_VECTORS];
    int64_t optimizer_steps;
    bool is_edited; /* the file is undamaged, but has numbers that no run has; this is an error */
    bool can_go_on; /* the file has /run, so a run can be resumed; the next fields need it */
    dt_run_progress progress;
    dt_run_data data;
    double *rounding; /* [n_rounding] dt_scales.state (engine/scales.h); NULL: none */
    int64_t n_rounding;
    double lr;
    int64_t seed;
    char *options; /* JSON */
} dt_contents;

/* Read a checkpoint from an open file, and check everything that has a checksum. The caller calls
 * dt_contents_free, also after an error. */
dt_code dt_contents_read(dt_contents *contents, hid_t file, const char *path, dt_error *err);

/* Read the newest undamaged checkpoint step-N.h5 of a folder. contents->path is NULL if the folder
 * has no checkpoint. It is an error if the system refuses to read a checkpoint, if an undamaged
 * checkpoint cannot be resumed (it is of another version or program, or was edited), or if all
 * checkpoints are damaged. The caller calls dt_contents_free, also after an error.
 *   bad  called for each newer checkpoint that is damaged, with a text that says why */
dt_code dt_contents_find_newest(dt_contents *contents, const char *folder,
                                void (*bad)(const char *text), dt_error *err);

/* Return the values [P] of the optimizer's vector with this name; NULL: there is none. */
const float *dt_contents_values(const dt_contents *contents, const char *name);

/* Free the weights and the optimizer's state, which take most of the memory. */
void dt_contents_drop_values(dt_contents *contents);

/* Free all memory of the contents. */
void dt_contents_free(dt_contents *contents);

#endif
