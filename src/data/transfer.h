/* A transfer: the rows of a few consecutive slices go, in one exchange, from the ranks that hold
 * them to the ranks that compute with them.
 *
 *   rank that holds rows                            rank that computes
 * window.x, .y --> send [record, record, ...] ==> receive [record, record, ...] --> x, y of a slice
 *                    by destination, `to` says      by source, `from` says which
 *                    which record a row is          record a row is
 *
 * A record is x of a row and y behind it. */
#ifndef DT_DATA_TRANSFER_H
#define DT_DATA_TRANSFER_H

#include "comm/comm.h"
#include "core/range.h"
#include "data/dataset.h"
#include "data/order.h"

/* How batches are divided into slices: the same on every rank. A batch has several slices if a
 * rank's part of it is too large for one, or if it lies in two windows. */
typedef struct {
    int64_t positions;  /* samples of an epoch */
    int64_t batch_size; /* global */
    int64_t block;      /* samples of a batch that stay together on a rank */
    int ranks;
    int64_t slice_rows; /* samples that a rank has in one slice, at most */
    int64_t slices;     /* slices of a batch, or of its part in one window */
} dt_batch_plan;

/* A slice: a part of a batch, of which each rank has some samples. */
typedef struct {
    int64_t epoch;      /* from 1 */
    int64_t step;       /* the number of the batch in the epoch, from 0 */
    int64_t begin, end; /* the positions of the batch, or of its part in this window */
    int64_t index;      /* the number of the slice in [begin, end), from 0 */
    bool last;          /* it is the last slice of the batch */
} dt_batch_slice;

/* The number of samples of a step's batch. */
int64_t dt_batch_plan_samples(const dt_batch_plan *plan, int64_t step);

/* The positions of a slice that a rank computes. */
dt_range dt_batch_plan_range(const dt_batch_plan *plan, const dt_batch_slice *slice, int rank);

typedef struct {
    dt_batch_slice *slice;        /* [n_slices] all of one window */
    int64_t n_slices, n_consumed; /* slices, and those that the loader has given out */
    /* What this rank sends: */
    char *send;          /* records, in the order of the ranks that get them */
    int64_t *send_count; /* [ranks] */
    int32_t *to;         /* the record of each scheduled row; -1: the row is of another slice */
    /* What this rank receives: */
    char *receive; /* records, in the order of the ranks that send them, then of the positions */
    int64_t *receive_count; /* [ranks] */
    int64_t *next;          /* [ranks] scratch: the next record of each rank */
    int32_t *from;          /* the record of each row that this rank computes, in order */
    int64_t consumed;       /* rows that the loader has given out */
} dt_transfer;

/* Allocate memory for a transfer.
 *   n_slices  slices of a transfer, at most
 *   own_rows  rows of a window that this rank has, at most
 * Not collective. */
dt_code dt_transfer_init(dt_transfer *transfer, const dt_batch_plan *plan,
                         const dt_dataset *dataset, int64_t n_slices, int64_t own_rows,
                         dt_error *err);

/* Copy this rank's rows of the transfer's slices into `send`, and find which rank will send which
 * row.
 *   order      of the window's rows
 *   scheduled  [n_scheduled] this rank's rows of the window, from the begin of the first slice to
 *              the end of the last one */
void dt_transfer_pack(dt_transfer *transfer, const dt_batch_plan *plan, const dt_dataset *dataset,
                      const dt_window *window, const dt_order *order,
                      const dt_scheduled_row *scheduled, int64_t n_scheduled, int rank);

/* A record that was received: x of a row, and y behind it.
 *   i  its number among the rows that this rank computes, in order */
static inline const char *dt_transfer_record(const dt_transfer *transfer, int64_t i,
                                             size_t record_bytes)
{
    return transfer->receive + (size_t)transfer->from[i] * record_bytes;
}

void dt_transfer_free(dt_transfer *transfer);

#endif
