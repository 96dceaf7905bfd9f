/* A data set as a run uses it: which of its rows are trained on and which are held out, the rows
 * that a rank holds in memory, and what all ranks know. */
#ifndef DT_DATA_DATASET_H
#define DT_DATA_DATASET_H

#include "core/range.h"
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
    double hold_out; /* fraction of the rows that is held out for validation, 0 to below 1 */
    uint64_t seed;   /* of the choice of those rows */
    const char *what_is_held;  /* in words, for a message: "--val-fraction 0.1"; if hold_out > 0 */
    const dt_holdout *holdout; /* borrowed; NULL: the one of the two fields above */
    bool streamed;             /* the rows trained on are read in windows, not held in memory */
    bool reread;    /* the rows held out are read at each validation, not held in memory */
    int64_t memory; /* bytes that the windows of one rank may take */
    int normalize;  /* dt_scaling: measure the rows trained on, and scale all rows */
    bool fill;      /* NaN in x becomes the mean of the rows trained on */
    const dt_normalizer *normalizer;   /* normalise all rows by this one; borrowed; NULL: do not */
    int normalize_y;                   /* dt_scaling: the same for y, which is numbers */
    const dt_normalizer *y_normalizer; /* scale all y by this one; borrowed; NULL: do not */
    /* The windows of a resumed run, as in dt_stream_plan; 0: choose them. */
    int64_t block_rows, window_blocks;
    bool profile; /* take the profile of the data */
} dt_dataset_options;

/* Rows in memory. */
typedef struct {
    int64_t first, count; /* the number of the first among all rows held out */
    void *x, *y;          /* as in dt_window; owned. Where samples share rows, x is not used */
} dt_rows;

enum { DT_BYTES_FULL = 64 }; /* uint8 values that reach this use much of their range */

typedef struct {
    int64_t rows, features; /* rows that are trained on; values in a row of x */
    int64_t outputs;        /* values in a row of y; for labels the number of classes */
    dt_y_kind kind;
    bool named_classes;   /* the classes have names */
    bool weighted;        /* each row of y ends with a weight */
    bool masked;          /* what is NaN or a negative label in y does not count */
    float largest_weight; /* in absolute value */
    bool x_is_bytes;
    uint8_t
        x_largest; /* the largest value of bytes; from DT_BYTES_FULL on, some value that large */
    dt_data_file *file;                /* borrowed; streamed rows are read from it */
    const dt_normalizer *normalizer;   /* of x; NULL: the model takes x as it is */
    dt_normalizer *measured;           /* the same, if it was measured here; owned */
    const dt_normalizer *y_normalizer; /* of y; NULL: the model puts out y as it is */
    dt_normalizer *y_measured;         /* the same, if it was measured here; owned */
    dt_profile profile;                /* all zero if it was not wanted */
    dt_holdout holdout;                /* which rows of the file are held out */
    /* If a sample is several rows of the files: */
    dt_sample_map trained;   /* the samples that are trained on; else all zero */
    dt_sample_map held_back; /* those that are held out, if these stay in memory; else all zero */
    dt_range
        *span;     /* [ranks] the rows of x that each rank has in memory, where samples that overlap
                       share them; NULL: each sample has its own */
    dt_rows held;  /* the rows held out that this rank has in memory */
    bool reread;   /* the rows held out are not in memory */
    bool streamed; /* the rows trained on are read in windows */
    /* If streamed: */
    int64_t block_rows, window_blocks; /* as in dt_dataset_options */
    int64_t memory;                    /* bytes that the windows of one rank may take */
    /* If not streamed: */
    dt_window window;      /* all rows trained on, in the order of the file */
    struct dt_shm *shared; /* the memory of this rank's rows, which the node's ranks see; NULL: */
    void *own;             /* the memory of this rank's rows */
    dt_rows_of_rank *all;  /* [ranks] as window.all */
} dt_dataset;

/* Bytes that a row in memory costs besides its values, if there are several ranks: its place in the
 * order of the epoch, and the rank that it is sent to. */
enum { DT_SCHEDULE_BYTES = 40 };

/* The bytes of a sample in memory, and of its x and its y. */
static inline int64_t dt_dataset_row_bytes(const dt_data_file_info *info, dt_y_kind kind)
{
    return info->features * (info->x_is_bytes ? 1 : (int64_t)sizeof(float)) +
           ((kind == DT_Y_LABELS ? 1 : info->y_width) + info->weighted) * (int64_t)sizeof(float);
}

/* The same where samples share the rows that they have in common: on average. */
static inline int64_t dt_dataset_shared_row_bytes(const dt_data_file_info *info, dt_y_kind kind)
{
    int64_t x = info->features * (info->x_is_bytes ? 1 : (int64_t)sizeof(float));
    int64_t apart = info->stride < info->length ? info->stride : info->length;
    return dt_dataset_row_bytes(info, kind) - x + x / info->length * apart;
}

static inline int64_t dt_dataset_x_bytes(const dt_dataset *d)
{
    return d->features * (d->x_is_bytes ? 1 : (int64_t)sizeof(float));
}

static inline int64_t dt_dataset_y_bytes(const dt_dataset *d)
{
    return ((d->kind == DT_Y_LABELS ? 1 : d->outputs) + d->weighted) * (int64_t)sizeof(float);
}

/* The bytes of a row of x of the files, of which a sample has one or several. */
static inline int64_t dt_dataset_x_row_bytes(const dt_dataset *d)
{
    return dt_dataset_x_bytes(d) / dt_data_file_get_info(d->file)->length;
}

/* x of a sample of a window that is in memory.
 *   rank  that has it
 *   x     of that rank, as in dt_rows_of_rank
 *   row   its number in the window */
static inline const char *dt_dataset_x_of(const dt_dataset *d, const dt_window *window, int rank,
                                          const char *x, int64_t row)
{
    if (window->block) {
        int64_t at = row - window->begin[rank], i = dt_window_find_block(window, at);
        const dt_window_block *b = &window->block[i];
        int64_t begin = dt_sample_map_row(&d->trained, b->sample + at - b->at);
        return x + i * window->block_bytes + (begin - b->row) * dt_dataset_x_row_bytes(d);
    }
    if (!d->span)
        return x + (row - window->begin[rank]) * dt_dataset_x_bytes(d);
    int64_t first = dt_sample_map_row(&d->trained, row) - d->span[rank].begin;
    return x + first * dt_dataset_x_row_bytes(d);
}

/* How the rows of a file are divided among the ranks. Whole chunks stay together, so that one rank
 * reads and unpacks each; so do the groups of rows in which moments are added up. */
dt_split dt_dataset_split(int64_t rows, int64_t chunk_rows, int ranks);

/* Read this rank's rows of an open file, which is borrowed for the data set's life, into memory. Of
 * streamed rows it reads only what must be known before the first epoch. Collective; every rank has
 * opened the same file. An error on any rank is an error on every rank. To be ended with
 * dt_dataset_free. */
dt_code dt_dataset_load(dt_dataset *dataset, const dt_world *world, dt_data_file *file,
                        const dt_dataset_options *options, dt_error *err);

/* Read, of rows [row, row + n) of the file, either those that are trained on or those that are held
 * out into x and y. Not collective.
 *   mark  [n] scratch
 * Returns how many there were; after an error the number is unspecified. */
int64_t dt_dataset_read(const dt_dataset *dataset, int64_t row, int64_t n, bool held_out,
                        bool *mark, void *x, void *y, dt_error *err);

/* The same of samples [sample, sample + n) that are trained on and share rows of x: x gets all rows
 * of the file from that of the first sample to the last one's last. */
int64_t dt_dataset_read_shared(const dt_dataset *dataset, int64_t sample, int64_t n, bool *mark,
                               void *x, void *y, dt_error *err);

/* The number of rows of x of samples [sample, sample + n), n >= 1: from the first to the last. */
int64_t dt_dataset_span(const dt_dataset *dataset, int64_t sample, int64_t n);

void dt_dataset_free(dt_dataset *dataset);

#endif
