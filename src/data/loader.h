/* This rank's samples of each global batch, in memory, in the order of the epoch. Rows that other
 * ranks loaded are read where they lie, if these are on the same node and hold all of theirs in
 * memory; else they come by exchanges that run behind the compute of the batches before. */
#ifndef DT_DATA_LOADER_H
#define DT_DATA_LOADER_H

#include "core/team.h"
#include "data/batch.h"
#include "data/dataset.h"

typedef struct {
    int64_t batch_size; /* global */
    int64_t block;      /* of a batch, in whole ones of which it is shared out; 0: single samples */
    uint64_t seed;
    bool shuffle, drop_last;
    const dt_team *team; /* whose cores reading ahead may use; NULL: one thread's, as it is */
    int64_t done_steps;  /* of the run, before the first that is taken */
    int64_t total_steps; /* of the run, after which none is taken; 0: without end */
} dt_loader_options;

/* Some of this rank's samples of one global batch; a view that the next call ends. */
typedef struct {
    int64_t count;        /* samples here, may be 0 */
    int64_t first;        /* of them in the batch */
    dt_row_source source; /* to be fetched from */
    bool last;            /* no more of this batch follow on this rank */
} dt_samples;

typedef struct dt_loader dt_loader;

/* Start behind the steps that are done: by arithmetic, nothing is replayed. Collective; world and
 * dataset are borrowed for the loader's life. *loader is NULL after an error. */
dt_code dt_loader_create(dt_loader **loader, const dt_world *world, const dt_dataset *dataset,
                         const dt_loader_options *options, dt_error *err);

/* Bytes that such a loader takes for rows that are sent from rank to rank. Not collective. */
double dt_loader_bytes(const dt_world *world, const dt_dataset *dataset,
                       const dt_loader_options *options);

/* The next samples: a batch in one or several slices, then the next batch, and after an epoch's
 * last the first of the next epoch. How many slices a batch takes is the same on every rank.
 * Collective in effect: every rank takes them in the same number; it waits only for rows under way.
 */
dt_samples dt_loader_next(dt_loader *loader);

/* Rows that are in memory and shuffled at a time, on all ranks; 0: all. */
int64_t dt_loader_window_rows(const dt_loader *loader);

/* DT_OK, or what went wrong on this rank in reading rows ahead; the samples are then worthless, but
 * the slices go on. Not collective. Cheap. */
dt_code dt_loader_check(const dt_loader *loader, dt_error *err);

/* Collective. Takes NULL. */
void dt_loader_destroy(dt_loader *loader);

#endif
