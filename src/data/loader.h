/* The loader gives each rank its samples of each global batch, in the order of the epoch.
 *
 * A rank that needs rows which another rank has read gets them in one of two ways. If all ranks are
 * on one node, and all rows are in memory, it reads them where they lie. Else the ranks exchange
 * rows, while they compute the batches before.
 *
 * The units, from the largest to the smallest:
 *
 *   unit      is                                                        same on every rank
 *   epoch     all rows that are trained on, each once                   yes
 *   window    the rows that are in memory at a time (window.h)          yes
 *   transfer  the slices whose rows are exchanged together (transfer.h) yes
 *   batch     the samples of one step, over all ranks                   yes
 *   slice     a part of a batch; each rank has some samples of it       yes
 *   block     samples of a batch that one thread computes (batch.h)     one rank has all of it
 *   row       one sample                                                one rank has it
 *
 * A batch is one slice, unless it lies in two windows, or a rank's part of it is too large to be
 * exchanged at once. */
#ifndef DT_DATA_LOADER_H
#define DT_DATA_LOADER_H

#include "core/team.h"
#include "data/batch.h"
#include "data/dataset.h"

typedef struct {
    int64_t batch_size; /* global */
    int64_t block;      /* samples of a batch that stay together on a rank; 0: none need to */
    uint64_t seed;
    bool shuffle, drop_last;
    const dt_team *team; /* the reading ahead uses its cores; NULL: it uses one thread */
    int64_t done_steps;  /* steps of the run that are done; the loader starts with the next one */
    int64_t total_steps; /* steps of the run, after which the loader ends; 0: it does not end */
} dt_loader_options;

/* Some of this rank's samples of one global batch. They are valid until the next call. */
typedef struct {
    int64_t count;        /* number of samples, may be 0 */
    int64_t first;        /* the number of the first one in the batch */
    dt_row_source source; /* their rows */
    bool last;            /* no more samples of this batch follow on this rank */
} dt_samples;

typedef struct dt_loader dt_loader;

/* Create a loader that starts after the steps that are done. The position is computed; nothing is
 * replayed. Collective; world and dataset are borrowed for the loader's life. *loader is NULL after
 * an error. */
dt_code dt_loader_create(dt_loader **loader, const dt_world *world, const dt_dataset *dataset,
                         const dt_loader_options *options, dt_error *err);

/* The bytes that such a loader takes for rows that ranks send to each other. Not collective. */
double dt_loader_bytes(const dt_world *world, const dt_dataset *dataset,
                       const dt_loader_options *options);

/* The next samples. A batch comes in one or several slices, then the next batch comes; after the
 * last batch of an epoch comes the first of the next. The number of slices of a batch is the same
 * on every rank. Collective: every rank calls it equally often. It waits only for rows that are
 * under way. */
dt_samples dt_loader_next(dt_loader *loader);

/* The number of rows that are in memory and shuffled together, on all ranks; 0: all rows. */
int64_t dt_loader_window_rows(const dt_loader *loader);

/* DT_OK, or the error of this rank in reading rows ahead. After an error the samples are worthless,
 * but dt_loader_next can still be called. Not collective. Costs little. */
dt_code dt_loader_check(const dt_loader *loader, dt_error *err);

/* Collective. Takes NULL. */
void dt_loader_destroy(dt_loader *loader);

#endif
