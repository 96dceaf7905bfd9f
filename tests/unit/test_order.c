/* The order of an epoch, stored (up to 2^20 rows) and computed (beyond): that it is a permutation,
 * that its inverse fits, that it looks random, and what it depends on. */
#include "core/random.h"
#include "data/order.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t sizes[] = {1,
                                2,
                                3,
                                5,
                                1000,
                                1 << 16, /* stored up to here */
                                (1 << 16) + 1,
                                3000000};
enum { SIZES = sizeof sizes / sizeof *sizes, FROM_1000 = 4 };

static void begin(dt_order *order, int64_t n, uint64_t seed, bool shuffle, int64_t epoch)
{
    dt_error err = {0};
    if (dt_order_init(order, n, seed, shuffle, &err))
        fail_msg("%s", err.text);
    dt_order_begin(order, DT_RANDOM_ORDER, epoch);
}

/* The rows by position, in an array that the caller frees. */
static int64_t *rows_of(int64_t n, uint64_t seed, bool shuffle, int64_t epoch)
{
    dt_order order;
    int64_t *row = malloc((size_t)n * sizeof *row);
    begin(&order, n, seed, shuffle, epoch);
    for (int64_t p = 0; p < n; p++)
        row[p] = dt_order_row(&order, p);
    int64_t some[300], n_some = n < 300 ? n : 300, first = (n - n_some) / 2;
    dt_order_rows(&order, first, n_some, some);
    assert_memory_equal(some, row + first, (size_t)n_some * sizeof *some);
    dt_order_free(&order);
    return row;
}

/* Of the seed 11 and the epoch 3, of each size: drawn once for all tests. */
static int64_t *base[SIZES];

static int draw_base(void **state)
{
    (void)state;
    for (int i = 0; i < SIZES; i++)
        base[i] = rows_of(sizes[i], 11, true, 3);
    return 0;
}

static int free_base(void **state)
{
    (void)state;
    for (int i = 0; i < SIZES; i++)
        free(base[i]);
    return 0;
}

/* ---- A permutation and its inverse ---------------------------------------------------------- */

static void permutation(void **state)
{
    (void)state;
    for (int i = 0; i < SIZES; i++) {
        int64_t n = sizes[i], wrong = 0;
        char *seen = calloc((size_t)n, 1);
        for (int64_t p = 0; p < n; p++)
            wrong += base[i][p] < 0 || base[i][p] >= n || seen[base[i][p]]++;
        assert_int_equal(wrong, 0);
        free(seen);
    }
}

/* The visits to the rows [first, last) against a walk over all positions. */
static void check_visits(const dt_order *order, const int64_t *row, int64_t first, int64_t last)
{
    size_t bytes = (size_t)(last - first) * sizeof(dt_scheduled_row);
    dt_scheduled_row *visit = malloc(bytes + 1), *spare = malloc(bytes + 1);
    int64_t count = 0, wrong = 0;
    dt_order_schedule(order, first, last, visit, spare);
    for (int64_t p = 0; p < order->n; p++)
        if (row[p] >= first && row[p] < last) {
            wrong += visit[count].position != p || visit[count].row != row[p];
            count++;
        }
    assert_int_equal(wrong, 0);
    assert_int_equal(count, last - first);
    free(visit);
    free(spare);
}

static void check_ranges(int64_t n, bool shuffle, const int64_t *row)
{
    dt_order order;
    begin(&order, n, 11, shuffle, 3);
    check_visits(&order, row, 0, n);
    check_visits(&order, row, n / 3, 2 * n / 3);
    check_visits(&order, row, n - 1, n);
    check_visits(&order, row, n / 2, n / 2);
    dt_order_free(&order);
}

static void visits(void **state)
{
    (void)state;
    for (int i = 0; i < SIZES; i++) {
        int64_t *in_file = rows_of(sizes[i], 11, false, 3);
        check_ranges(sizes[i], true, base[i]);
        check_ranges(sizes[i], false, in_file);
        free(in_file);
    }
}

/* The same for some of very many rows: visits ascend and lead back to their rows. */
static void check_spots(int64_t n, int64_t first)
{
    enum { SPOTS = 2000 };
    dt_order order;
    dt_scheduled_row at[SPOTS], spare[SPOTS];
    char seen[SPOTS] = {0};
    double mean = 0;
    begin(&order, n, 13, true, 1);
    dt_order_schedule(&order, first, first + SPOTS, at, spare);
    for (int i = 0; i < SPOTS; i++) {
        assert_true(at[i].position >= 0 && at[i].position < n);
        assert_true(i == 0 || at[i].position > at[i - 1].position);
        assert_true(at[i].row >= first && at[i].row < first + SPOTS);
        assert_int_equal(seen[at[i].row - first]++, 0);
        assert_int_equal(dt_order_row(&order, at[i].position), at[i].row);
        mean += (double)at[i].position / (double)n / SPOTS;
    }
    assert_true(fabs(mean - 0.5) < 4 / sqrt(12.0 * SPOTS)); /* spread over the whole epoch */
    dt_order_free(&order);
}

static void very_many_rows(void **state)
{
    (void)state;
    static const int64_t n[] = {5000000000, (1ll << 32) + 1, 1ll << 33, (1ll << 40) + 3,
                                (1ll << 61) + 1};
    for (size_t i = 0; i < sizeof n / sizeof *n; i++) {
        check_spots(n[i], 0);
        check_spots(n[i], n[i] / 2);
        check_spots(n[i], n[i] - 2000);
    }
}

static void file_order(void **state)
{
    (void)state;
    for (int i = 0; i < SIZES; i++) {
        int64_t *row = rows_of(sizes[i], 1, false, 2), wrong = 0;
        for (int64_t p = 0; p < sizes[i]; p++)
            wrong += row[p] != p;
        assert_int_equal(wrong, 0);
        free(row);
    }
}

/* ---- How random it looks -------------------------------------------------------------------- */

/* Correlation of two permutations of 0..n-1, a shifted by some positions (Spearman's rho, as the
 * values are the ranks). */
static double correlation(const int64_t *a, const int64_t *b, int64_t n, int64_t shift)
{
    double mean = (double)(n - 1) / 2, sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += ((double)a[(i + shift) % n] - mean) * ((double)b[i] - mean);
    return sum / ((double)n * ((double)n * (double)n - 1) / 12);
}

/* Its standard deviation is 1 / sqrt(n - 1). */
static void check_uncorrelated(const int64_t *a, const int64_t *b, int64_t n, int64_t shift)
{
    double r = correlation(a, b, n, shift);
    if (fabs(r) > 4 / sqrt((double)(n - 1)))
        fail_msg("%lld rows, shift %lld: a correlation of %g", (long long)n, (long long)shift, r);
}

static void uncorrelated(void **state)
{
    (void)state;
    for (int i = FROM_1000; i < SIZES; i++) {
        int64_t n = sizes[i], *position = rows_of(n, 11, false, 3);
        check_uncorrelated(base[i], position, n, 0);
        for (int64_t shift = 1; shift <= 4; shift++)
            check_uncorrelated(base[i], base[i], n, shift); /* neighbours in the order */
        free(position);
    }
}

/* Two permutations agree in one place on average. */
static void check_unlike(const int64_t *a, int64_t n, uint64_t seed, int64_t epoch)
{
    int64_t same = 0, *b = rows_of(n, seed, true, epoch);
    for (int64_t i = 0; i < n; i++)
        same += a[i] == b[i];
    assert_true(same < 10);
    check_uncorrelated(a, b, n, 0);
    free(b);
}

static void epochs_and_seeds_differ(void **state)
{
    (void)state;
    for (int i = FROM_1000; i < SIZES; i++) {
        check_unlike(base[i], sizes[i], 11, 4);
        check_unlike(base[i], sizes[i], 12, 3);
    }
    check_unlike(base[FROM_1000], sizes[FROM_1000], 11 | 1ull << 40, 3);
}

/* An epoch's order does not depend on the epochs before, so that a run can be taken up anywhere. */
static void no_memory(void **state)
{
    (void)state;
    for (int i = 0; i < SIZES; i++) {
        dt_order order;
        int64_t wrong = 0;
        begin(&order, sizes[i], 11, true, 1);
        dt_order_begin(&order, DT_RANDOM_ORDER, 4);
        dt_order_begin(&order, DT_RANDOM_ORDER, 3);
        for (int64_t p = 0; p < sizes[i]; p += 1 + sizes[i] / 1000)
            wrong += dt_order_row(&order, p) != base[i][p];
        assert_int_equal(wrong, 0);
        dt_order_free(&order);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permutation),    cmocka_unit_test(visits),
        cmocka_unit_test(very_many_rows), cmocka_unit_test(file_order),
        cmocka_unit_test(uncorrelated),   cmocka_unit_test(epochs_and_seeds_differ),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, draw_base, free_base);
}
