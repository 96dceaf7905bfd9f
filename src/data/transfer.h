/* A transfer: the rows of a few consecutive slices, on their way from the ranks that hold them to
 * the ranks that compute with them, in one exchange. */
#ifndef DT_DATA_TRANSFER_H
#define DT_DATA_TRANSFER_H

#include "comm/comm.h"
#include "core/range.h"
#include "data/dataset.h"
#include "data/order.h"

/* How batches are cut into slices: the same on every rank. A batch of which a rank's part is
 * too large for one slice takes several, and so does one that lies in two windows. */
typedef struct {
    int64_t positions;  /* samples visited in an epoch */
    int64_t batch_size; /* global */
    int64_t block;      /* of a batch, which is one rank's */
    int ranks;
    int64_t slice_rows; /* most samples of a rank in one slice */
    int64_t slices;     /* slices of a batch, or of its part in a window */
} dt_batch_plan;

/* A slice: the same part of a batch on every rank, of which each has some samples. */
typedef struct {
    int64_t epoch;      /* from 1 */
    int64_t step;       /* the batch, from 0 in the epoch */
    int64_t begin, end; /* positions of the batch's part in this window */
    int64_t index;      /* of that part */
    bool last;          /* of the batch */
} dt_batch_slice;

/* Samples in a step's batch. */
int64_t dt_batch_plan_samples(const dt_batch_plan *plan, int64_t step);

/* The positions [begin, end) that a rank consumes in a slice. */
dt_range dt_batch_plan_range(const dt_batch_plan *plan, const dt_batch_slice *slice, int rank);

typedef struct {
    dt_batch_slice *slice; /* [slices] all of one window */
    int64_t n_slices, n_consumed;
    /* on the way out */
    char *send;          /* records, by destination */
    int64_t *send_count; /* [ranks] */
    int32_t *to; /* of each visit in the transfer: the record it goes into, -1: of another slice */
    /* on the way in */
    char *receive;          /* records, by source, each in the order of the positions */
    int64_t *receive_count; /* [ranks] */
    int64_t *next;          /* [ranks] scratch: the next record of each rank */
    int32_t *from;          /* the record of each row to be consumed, in order */
    int64_t consumed;       /* rows consumed */
} dt_transfer;

/* Room for transfers of at most so many slices, and of so many rows of this rank. Not collective.
 */
dt_code dt_transfer_init(dt_transfer *transfer, const dt_batch_plan *plan,
                         const dt_dataset *dataset, int64_t n_slices, int64_t own_rows,
                         dt_error *err);

/* Pack this rank's rows of the transfer's slices and find out what will come from where.
 *   order   of the window's rows
 *   visits  [n_visits] to this rank's rows of the window, at positions in the window, that fall
 * between the first slice's begin and the last one's end */
void dt_transfer_pack(dt_transfer *transfer, const dt_batch_plan *plan, const dt_dataset *dataset,
                      const dt_window *window, const dt_order *order,
                      const dt_scheduled_row *scheduled, int64_t n_scheduled, int rank);

/* A row that arrived: x, and y right behind it.
 *   i  among those to be consumed, in order */
static inline const char *dt_transfer_record(const dt_transfer *transfer, int64_t i,
                                             size_t record_bytes)
{
    return transfer->receive + (size_t)transfer->from[i] * record_bytes;
}

void dt_transfer_free(dt_transfer *transfer);

#endif
