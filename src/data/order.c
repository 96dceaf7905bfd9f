/* Up to TABLE_ROWS rows the permutation is drawn by Fisher and Yates and stored. Beyond, it is
 * computed for each position by an alternating Feistel network on just enough bits to hold n,
 * walked along its cycle until the result is below n (Black and Rogaway, "Ciphers with arbitrary
 * finite domains", 2002): no memory, and an inverse, so that each rank finds the visits to its own
 * rows alone. */
#include "data/order.h"

#include "core/memory.h"
#include "core/random.h"

#include <stdlib.h>
#include <string.h>

enum { TABLE_ROWS = 1 << 16 }; /* a table of more is a part of an epoch's time, and not in cache */

dt_code dt_order_init(dt_order *order, int64_t n, uint64_t seed, bool shuffle, dt_error *err)
{
    *order = (dt_order){.n = n, .seed = seed, .shuffle = shuffle};
    int bits = 2;
    while (bits < 62 && (int64_t)1 << bits < n)
        bits++;
    order->left_bits = bits / 2;
    order->right_bits = bits - bits / 2;
    if (shuffle && n <= TABLE_ROWS)
        order->table = dt_alloc(n, sizeof *order->table, "the order of the epoch", err);
    return err->code;
}

void dt_order_begin(dt_order *order, uint32_t purpose, int64_t epoch)
{
    dt_random random = {.seed = order->seed, .purpose = purpose, .stream = (uint32_t)epoch};
    if (order->table)
        dt_random_permutation(&random, order->table, order->n);
    for (int r = 0; r < DT_ORDER_ROUNDS; r += 4) {
        uint64_t bits[2];
        dt_random_bits(&random, (uint64_t)r / 4, bits);
        memcpy(&order->key[r], bits, sizeof bits);
    }
}

void dt_order_free(dt_order *order)
{
    free(order->table);
    order->table = NULL;
}

/* One pass of value v = (left, right) through the network, or back through it. Even rounds change
 * the left half, odd ones the right, so that the halves need not be equal. */
static uint64_t run_network(const dt_order *order, uint64_t v, bool inverse)
{
    uint32_t left_mask = (uint32_t)((1ull << order->left_bits) - 1);
    uint32_t right_mask = (uint32_t)((1ull << order->right_bits) - 1);
    uint32_t left = (uint32_t)(v >> order->right_bits), right = (uint32_t)v & right_mask;
    for (int i = 0; i < DT_ORDER_ROUNDS; i++) {
        int r = inverse ? DT_ORDER_ROUNDS - 1 - i : i;
        if (r % 2 == 0)
            left ^= dt_random_mix(right, (uint32_t)r, order->key[r]) & left_mask;
        else
            right ^= dt_random_mix(left, (uint32_t)r, order->key[r]) & right_mask;
    }
    return (uint64_t)left << order->right_bits | right;
}

static int64_t find_in_cycle(const dt_order *order, int64_t from, bool inverse)
{
    uint64_t v = (uint64_t)from;
    do
        v = run_network(order, v, inverse);
    while (v >= (uint64_t)order->n);
    return (int64_t)v;
}

int64_t dt_order_row(const dt_order *order, int64_t position)
{
    if (!order->shuffle)
        return position;
    return order->table ? order->table[position] : find_in_cycle(order, position, false);
}

/* Up to TOGETHER values at a time, all in the same round: for the vector units. */
enum { TOGETHER = 128 };

static void run_network_many(const dt_order *order, int n, uint32_t *left, uint32_t *right)
{
    uint32_t left_mask = (uint32_t)((1ull << order->left_bits) - 1);
    uint32_t right_mask = (uint32_t)((1ull << order->right_bits) - 1);
    for (uint32_t r = 0; r < DT_ORDER_ROUNDS; r += 2) {
        dt_random_mix_many(r, order->key[r], left_mask, n, right, left);
        dt_random_mix_many(r + 1, order->key[r + 1], right_mask, n, left, right);
    }
}

static void find_in_cycle_many(const dt_order *order, int64_t from, int n, int64_t *row)
{
    uint32_t left[TOGETHER], right[TOGETHER];
    int number[TOGETHER];
    for (int i = 0; i < n; i++) {
        uint64_t v = (uint64_t)(from + i);
        left[i] = (uint32_t)(v >> order->right_bits);
        right[i] = (uint32_t)(v & ((1ull << order->right_bits) - 1));
        number[i] = i;
    }
    for (int on_the_way = n; on_the_way > 0;) {
        int still = 0;
        run_network_many(order, on_the_way, left, right);
        for (int i = 0; i < on_the_way; i++) {
            uint64_t v = (uint64_t)left[i] << order->right_bits | right[i];
            if (v < (uint64_t)order->n) {
                row[number[i]] = (int64_t)v;
                continue;
            }
            left[still] = left[i];
            right[still] = right[i];
            number[still++] = number[i];
        }
        on_the_way = still;
    }
}

void dt_order_rows(const dt_order *order, int64_t position, int64_t n, int64_t *row)
{
    for (int64_t i = 0; i < n && (!order->shuffle || order->table); i++)
        row[i] = order->shuffle ? order->table[position + i] : position + i;
    for (int64_t i = 0; i < n && order->shuffle && !order->table; i += TOGETHER)
        find_in_cycle_many(order, position + i, (int)(n - i < TOGETHER ? n - i : TOGETHER),
                           row + i);
}

/* Sort by position: radix sort in digits of 11 bits, least first. */
static void sort_scheduled(dt_scheduled_row *scheduled, dt_scheduled_row *scratch, int64_t count,
                           int64_t n)
{
    enum { BITS = 11, DIGITS = 1 << BITS };
    dt_scheduled_row *from = scheduled, *to = scratch;
    for (int shift = 0; shift < 63 && n >> shift > 0; shift += BITS) {
        int64_t begin[DIGITS + 1] = {0};
        for (int64_t i = 0; i < count; i++)
            begin[((from[i].position >> shift) & (DIGITS - 1)) + 1]++;
        for (int d = 0; d < DIGITS; d++)
            begin[d + 1] += begin[d];
        for (int64_t i = 0; i < count; i++)
            to[begin[(from[i].position >> shift) & (DIGITS - 1)]++] = from[i];
        dt_scheduled_row *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != scheduled)
        memcpy(scheduled, from, (size_t)count * sizeof *scheduled);
}

static void schedule_by_network(const dt_order *order, int64_t begin, int64_t end,
                                dt_scheduled_row *scheduled, dt_scheduled_row *scratch)
{
#pragma omp parallel for if (end - begin > 10000)
    for (int64_t row = begin; row < end; row++)
        scheduled[row - begin] =
            (dt_scheduled_row){.position = find_in_cycle(order, row, true), .row = row};
    sort_scheduled(scheduled, scratch, end - begin, order->n);
}

void dt_order_schedule(const dt_order *order, int64_t begin, int64_t end,
                       dt_scheduled_row *scheduled, dt_scheduled_row *scratch)
{
    if (order->shuffle && !order->table) {
        schedule_by_network(order, begin, end, scheduled, scratch);
        return;
    }
    int64_t first = order->shuffle ? 0 : begin, last = order->shuffle ? order->n : end, count = 0;
    for (int64_t position = first; position < last; position++) {
        int64_t row = order->shuffle ? order->table[position] : position;
        if (row >= begin && row < end)
            scheduled[count++] = (dt_scheduled_row){.position = position, .row = row};
    }
}
