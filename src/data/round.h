/* A round: the rows of a few consecutive batches, on their way from the ranks that loaded them to
 * the ranks that compute with them, in one exchange. */
#ifndef DT_DATA_ROUND_H
#define DT_DATA_ROUND_H

#include "comm/comm.h"
#include "data/dataset.h"
#include "data/order.h"

/* How an epoch is cut into deliveries: the same on every rank. A batch of which a rank's part is
 * too large for one delivery takes several. */
typedef struct {
    int64_t positions;  /* samples visited in an epoch */
    int64_t batch_size; /* global */
    int ranks;
    int64_t piece;  /* most samples of a rank in one delivery */
    int64_t pieces; /* deliveries to a batch */
} dt_cut;

/* The positions that a rank consumes in one delivery of a batch. */
typedef struct {
    int64_t begin, end;
} dt_span;

dt_span dt_cut_span(const dt_cut *cut, int64_t step, int64_t piece, int rank);

typedef struct {
    int64_t step, steps; /* the batches in it, counted from 0 in the epoch */
    int64_t piece;       /* the delivery in it, where a batch takes several; then steps is 1 */
    /* on the way out */
    char *send;          /* records, by destination */
    int64_t *send_count; /* [ranks] */
    int32_t *to;         /* destination of each visit in the round, -1: of another piece */
    /* on the way in */
    char *receive;          /* records, by source, each in the order of the positions */
    int64_t *receive_count; /* [ranks] */
    int64_t *next;          /* [ranks] the record to be taken next from each source */
    int32_t *from;          /* source of each row to be consumed, in order */
    int64_t taken;          /* rows consumed */
} dt_round;

/* Room for rounds of at most so many steps. Not collective. */
dt_code dt_round_init(dt_round *round, const dt_cut *cut, const dt_dataset *dataset, int64_t steps,
                      dt_error *err);

/* Pack this rank's rows of the round and find out what will come from where.
 *   visits  [n_visits] to this rank's rows, from the round's first position on */
void dt_round_pack(dt_round *round, const dt_cut *cut, const dt_dataset *dataset,
                   const dt_order *order, const dt_visit *visits, int64_t n_visits, int rank);

/* The next row that arrived: x, and y right behind it. */
const char *dt_round_take(dt_round *round, size_t record_bytes);

void dt_round_free(dt_round *round);

#endif
