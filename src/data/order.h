/* The order in which an epoch takes the rows: a permutation of 0..n-1 that depends on the seed and
 * the epoch and on nothing else. Not collective; every rank computes the same. */
#ifndef DT_DATA_ORDER_H
#define DT_DATA_ORDER_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

enum { DT_ORDER_ROUNDS = 8 };

typedef struct {
    int64_t n;
    uint64_t seed;
    bool shuffle;    /* false: file order */
    uint32_t *table; /* [n] the row of each position, where n is small enough to store; owned */
    int left_bits, right_bits; /* else: halves of a Feistel network, 2^(left+right) >= n */
    uint32_t key[DT_ORDER_ROUNDS];
} dt_order;

typedef struct {
    int64_t position, row;
} dt_scheduled_row;

/* To be ended with dt_order_free. */
dt_code dt_order_init(dt_order *order, int64_t n, uint64_t seed, bool shuffle, dt_error *err);

/* Change to the order of an epoch, counted from 1.
 *   purpose  a dt_random_purpose
 * The caller may set order->n to a smaller number before. */
void dt_order_begin(dt_order *order, uint32_t purpose, int64_t epoch);

/* The row at a position, both counted from 0. */
int64_t dt_order_row(const dt_order *order, int64_t position);

/* The rows at positions [position, position + n).
 *   row  [out] [n] */
void dt_order_rows(const dt_order *order, int64_t position, int64_t n, int64_t *row);

/* The positions of the rows [begin, end), in the order of the positions.
 *   scheduled  [out] [end - begin]
 *   scratch    [end - begin] */
void dt_order_schedule(const dt_order *order, int64_t begin, int64_t end,
                       dt_scheduled_row *scheduled, dt_scheduled_row *scratch);

void dt_order_free(dt_order *order);

#endif
