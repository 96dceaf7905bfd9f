/* What a data set is to a run: which of its rows are trained on and which are held out, the rows
 * that a rank holds in memory, and what all ranks know. */
#ifndef DT_DATA_DATASET_H
#define DT_DATA_DATASET_H

#include "core/row_source.h"
#include "core/split.h"
#include "data/data_file.h"
#include "data/holdout.h"
#include "data/normalizer.h"
#include "data/profile.h"
#include "data/window.h"
#include <dtrain/world.h>

typedef struct {
    dt_y_kind kind;
    double hold_out; /* share of the rows for validation, 0 to below 1 */
    uint64_t seed;   /* of that choice */
    bool streamed;   /* the rows trained on are read in windows; else they are held in memory */
    bool reread;     /* the rows held out are read each time that they are wanted; else held */
    int64_t memory;  /* bytes that one rank's windows may take */
    bool normalize;  /* measure the rows trained on, and normalise all */
    const dt_normalizer *normalizer; /* or normalise by this; borrowed; NULL: do not */
    int64_t block_rows; /* the windows of a run that goes on, as in dt_stream_plan; 0: free */
    int64_t window_blocks;
    bool profile; /* note what it looks like */
} dt_dataset_options;

/* Rows in memory. */
typedef struct {
    int64_t count;
    void *x, *y; /* as in dt_window; owned */
} dt_rows;

enum { DT_BYTES_FULL = 64 }; /* bytes up to at least this use much of their range */

typedef struct {
    int64_t rows, features; /* trained on; values in a row */
    int64_t outputs;        /* values in a row of y; for labels the number of classes */
    dt_y_kind kind;
    bool named_classes; /* the classes have names */
    bool x_is_bytes;
    uint8_t x_largest;               /* of bytes the largest; from DT_BYTES_FULL on any of them */
    dt_data_file *file;              /* borrowed; streamed data is read from it */
    const dt_normalizer *normalizer; /* what the model sees of x; NULL: x as it is */
    dt_normalizer *measured;         /* the same where it was measured here; owned */
    dt_profile profile;              /* where it was asked for; else all zero */
    dt_holdout holdout;              /* of the rows of the file */
    dt_rows held;                    /* this rank's share of those held out; none, if reread */
    bool reread;                     /* the rows held out are not in memory */
    bool streamed;                   /* the rows trained on are not in memory but read in windows */
    int64_t block_rows, window_blocks; /* then, of a run that goes on, the cut; 0: free */
    int64_t memory;                    /* bytes that one rank's windows may take */
    dt_window window;                  /* else: all of them, in the order of the file */
    struct dt_shm *shared;             /* what this rank's and its neighbours' rows lie in; NULL: */
    void *own;                         /* what this rank's lie in */
    dt_rows_of_rank *all;              /* [ranks] as window.all */
} dt_dataset;

/* What a row in memory costs besides its values, where there are several ranks: when it is visited,
 * and where it goes. */
enum { DT_SCHEDULE_BYTES = 40 };

/* Bytes of a row as it will lie in memory, and of its x and its y. */
static inline int64_t dt_dataset_row_bytes(const dt_data_file_info *info, dt_y_kind kind)
{
    return info->features * (info->x_is_bytes ? 1 : (int64_t)sizeof(float)) +
           (kind == DT_Y_LABELS ? 1 : info->y_width) * (int64_t)sizeof(float);
}

static inline int64_t dt_dataset_x_bytes(const dt_dataset *d)
{
    return d->features * (d->x_is_bytes ? 1 : (int64_t)sizeof(float));
}

static inline int64_t dt_dataset_y_bytes(const dt_dataset *d)
{
    return (d->kind == DT_Y_LABELS ? 1 : d->outputs) * (int64_t)sizeof(float);
}

/* How the rows of a file are shared out: whole chunks stay together, so that each is read and
 * unpacked by one rank, and so do the groups of rows in which moments are added up. */
dt_split dt_dataset_split(int64_t rows, int64_t chunk_rows, int ranks);

/* Read this rank's rows of an open file (borrowed for the data set's life): into memory; of what
 * is streamed only what has to be known before the first epoch. Collective; file differs by
 * rank in nothing but the handle. An error on any rank is every rank's. To be ended with
 * dt_dataset_free. */
dt_code dt_dataset_load(dt_dataset *dataset, const dt_world *world, dt_data_file *file,
                        const dt_dataset_options *options, dt_error *err);

/* Read rows [row, row + n) of the file into x and y, those alone that are trained on, or those
 * alone that are held out. Not collective.
 *   mark  [n] scratch
 * Returns how many there were; after an error the number is unspecified. */
int64_t dt_dataset_read(const dt_dataset *dataset, int64_t row, int64_t n, bool held_out,
                        bool *mark, void *x, void *y, dt_error *err);

void dt_dataset_free(dt_dataset *dataset);

#endif
