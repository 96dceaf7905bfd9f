/* A round: the rows of a few consecutive deliveries, on their way from the ranks that hold them to
 * the ranks that compute with them, in one exchange. */
#ifndef DT_DATA_ROUND_H
#define DT_DATA_ROUND_H

#include "comm/comm.h"
#include "data/dataset.h"
#include "data/order.h"

/* How batches are cut into deliveries: the same on every rank. A batch of which a rank's part is
 * too large for one delivery takes several, and so does one that lies in two windows. */
typedef struct {
    int64_t positions;  /* samples visited in an epoch */
    int64_t batch_size; /* global */
    int64_t block;      /* of a batch, which is one rank's */
    int ranks;
    int64_t piece;  /* most samples of a rank in one delivery */
    int64_t pieces; /* deliveries of a batch, or of its part in a window */
} dt_cut;

/* A delivery: the same part of a batch on every rank, of which each has some samples. */
typedef struct {
    int64_t epoch;      /* from 1 */
    int64_t step;       /* the batch, from 0 in the epoch */
    int64_t begin, end; /* positions of the batch's part in this window */
    int64_t piece;      /* of that part */
    bool last;          /* of the batch */
} dt_delivery;

/* Samples in a step's batch. */
int64_t dt_cut_batch(const dt_cut *cut, int64_t step);

/* The positions [begin, end) that a rank consumes in a delivery. */
typedef struct {
    int64_t begin, end;
} dt_span;
dt_span dt_cut_span(const dt_cut *cut, const dt_delivery *delivery, int rank);

typedef struct {
    dt_delivery *delivery; /* [deliveries] all of one window */
    int64_t deliveries, delivered;
    /* on the way out */
    char *send;          /* records, by destination */
    int64_t *send_count; /* [ranks] */
    int32_t *to; /* of each visit in the round: the record it goes into, -1: of another piece */
    /* on the way in */
    char *receive;          /* records, by source, each in the order of the positions */
    int64_t *receive_count; /* [ranks] */
    int64_t *next;          /* [ranks] scratch: the next record of each rank */
    int32_t *from;          /* the record of each row to be consumed, in order */
    int64_t taken;          /* rows consumed */
} dt_round;

/* Room for rounds of at most so many deliveries, and of so many rows of this rank. Not collective.
 */
dt_code dt_round_init(dt_round *round, const dt_cut *cut, const dt_dataset *dataset,
                      int64_t deliveries, int64_t own_rows, dt_error *err);

/* Pack this rank's rows of the round's deliveries and find out what will come from where.
 *   order   of the window's rows
 *   visits  [n_visits] to this rank's rows of the window, at positions in the window, that fall
 * between the first delivery's begin and the last one's end */
void dt_round_pack(dt_round *round, const dt_cut *cut, const dt_dataset *dataset,
                   const dt_window *window, const dt_order *order, const dt_visit *visits,
                   int64_t n_visits, int rank);

/* A row that arrived: x, and y right behind it.
 *   i  among those to be consumed, in order */
static inline const char *dt_round_record(const dt_round *round, int64_t i, size_t record_bytes)
{
    return round->receive + (size_t)round->from[i] * record_bytes;
}

void dt_round_free(dt_round *round);

#endif
