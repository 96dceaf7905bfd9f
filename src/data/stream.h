/* Windows of a data set that does not fit into memory: an epoch is a sequence of windows of
 * shuffled blocks of rows, read ahead by a thread. A block is a run of consecutive rows of the file
 * in whole chunks, so that an epoch reads and unpacks each chunk once; of a window's blocks each
 * rank reads its part. The cut into windows and blocks comes from the data and the memory that one
 * rank may use, never from the number of ranks. While the stream is open, whoever else calls HDF5
 * takes dt_h5_lock. */
#ifndef DT_DATA_STREAM_H
#define DT_DATA_STREAM_H

#include "core/team.h"
#include "data/dataset.h"

typedef struct {
    int64_t block_rows;    /* of the file */
    int64_t blocks;        /* in the file */
    int64_t window_blocks; /* in a window */
    int64_t windows;       /* in an epoch */
} dt_stream_plan;

/* Bytes that a row of a window takes, of so many in memory: one window is consumed while the next
 * is read. */
int64_t dt_stream_row_bytes(int64_t row_bytes);

/* DT_ERR_MEMORY if not even two blocks' chunks fit. Not collective; the same on every rank. */
dt_code dt_stream_plan_make(dt_stream_plan *plan, const dt_dataset *dataset, dt_error *err);

/* Most rows that a window has on all ranks, and on one. */
int64_t dt_stream_window_rows(const dt_stream_plan *plan, const dt_dataset *dataset);
int64_t dt_stream_rank_rows(const dt_stream_plan *plan, int ranks);

typedef struct dt_stream dt_stream;

typedef struct {
    uint64_t seed;
    bool shuffle;
    const dt_team *team;     /* whose cores the reading may use; NULL: one thread's, as it is */
    int64_t epoch, position; /* to begin with: the epoch, from 1, and a position in it */
} dt_stream_options;

/* Begin to read, from the window that the position is in. dataset is borrowed. Not collective. */
dt_code dt_stream_open(dt_stream **stream, const dt_world *world, const dt_dataset *dataset,
                       const dt_stream_plan *plan, const dt_stream_options *options, dt_error *err);

/* The next window, when it has been read; after an epoch's last, the next epoch's first. At most
 * two are held: taking a third waits for one that dt_stream_release has not been told of for ever.
 * A window that could not be read has its counts, and rows of zeros: see dt_stream_check. */
const dt_window *dt_stream_take(dt_stream *stream);

/* The oldest window taken is no longer needed. */
void dt_stream_release(dt_stream *stream);

/* DT_OK, or what went wrong in reading. Cheap. */
dt_code dt_stream_check(dt_stream *stream, dt_error *err);

/* Takes NULL. */
void dt_stream_close(dt_stream *stream);

#endif
