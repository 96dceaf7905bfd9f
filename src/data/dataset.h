/* The rows of a data set that one rank holds in memory (its shard), and what all ranks know of it.
 */
#ifndef DT_DATA_DATASET_H
#define DT_DATA_DATASET_H

#include "core/split.h"
#include "data/normalizer.h"
#include "data/source.h"
#include <dtrain/world.h>

typedef enum { DT_Y_TARGETS, DT_Y_LABELS } dt_y_kind;

typedef struct {
    int64_t rows, features; /* of the whole data set */
    int64_t outputs;        /* values in a row of y; for labels the number of classes */
    dt_y_kind kind;
    bool x_is_bytes;
    dt_split split;       /* rows over ranks */
    int64_t begin, count; /* this rank's rows */
    void *x;              /* [count,features] uint8_t where x_is_bytes, else float; owned */
    void *y;              /* [count,outputs] float, or [count] int32_t labels; owned */
    dt_normalizer
        *normalizer; /* floats of x are normalised, bytes are not yet; NULL: none; owned */
} dt_dataset;

/* Bytes of a row of x and of y as they lie in memory. */
static inline int64_t dt_dataset_x_bytes(const dt_dataset *d)
{
    return d->features * (d->x_is_bytes ? 1 : (int64_t)sizeof(float));
}

static inline int64_t dt_dataset_y_bytes(const dt_dataset *d)
{
    return (d->kind == DT_Y_LABELS ? 1 : d->outputs) * (int64_t)sizeof(float);
}

/* Read this rank's rows of an open source, y as the kind says. Collective; source differs by rank
 * in nothing but the handle. An error on any rank is every rank's. To be ended with
 * dt_dataset_free. */
dt_code dt_dataset_load(dt_dataset *dataset, const dt_world *world, dt_source *source,
                        dt_y_kind kind, dt_error *err);

/* Measure the features of a data set that was loaded, and normalise its x. Collective; an error is
 * the same on every rank. */
dt_code dt_dataset_normalize(dt_dataset *dataset, const dt_world *world, dt_error *err);

void dt_dataset_free(dt_dataset *dataset);

#endif
