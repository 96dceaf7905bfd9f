/* Which rows are held out: so many as the fraction says, each row in one fold, and the last rows of
 * each file. */
#include "data/holdout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROWS = 5003 };

/* Mark all rows, in pieces, and compare with the counts before each. Returns how many are held. */
static int64_t mark_all(const dt_holdout *h, int64_t rows, bool *held)
{
    int64_t count = 0;
    for (int64_t row = 0, n; row < rows; row += n) {
        n = 1 + row % 700;
        n = row + n > rows ? rows - row : n;
        dt_holdout_mark(h, row, n, held + row);
    }
    for (int64_t row = 0; row < rows; row++) {
        if (row % 97 == 0 || row > rows - 10)
            assert_int_equal(dt_holdout_before(h, row), count);
        count += held[row];
    }
    assert_int_equal(dt_holdout_before(h, rows), count);
    assert_int_equal(h->held, count);
    return count;
}

static void fractions(void **state)
{
    (void)state;
    static bool held[ROWS];
    static const double fraction[] = {0, 0.001, 0.2, 0.9};
    for (int i = 0; i < 4; i++) {
        dt_holdout h = dt_holdout_of(ROWS, fraction[i], 5);
        assert_int_equal(mark_all(&h, ROWS, held), (int64_t)(ROWS * fraction[i] + 0.5));
    }
}

static void folds(void **state)
{
    (void)state;
    static bool held[ROWS];
    static int times[ROWS];
    for (int k = 0; k < 7; k++) {
        dt_holdout h = dt_holdout_fold(ROWS, k, 7, 5);
        int64_t n = mark_all(&h, ROWS, held);
        assert_true(n == ROWS / 7 || n == ROWS / 7 + 1);
        for (int i = 0; i < ROWS; i++)
            times[i] += held[i];
    }
    for (int i = 0; i < ROWS; i++)
        assert_int_equal(times[i], 1);
}

static void last_rows(void **state)
{
    (void)state;
    enum { FILES = 5 };
    static const int64_t begin[FILES + 1] = {0, 10, 11, 2011, 2015, 3000};
    static const int64_t expected[FILES] = {3, 0, 500, 1, 246}; /* a quarter, rounded */
    static bool held[3000];
    dt_error err = {0};
    dt_holdout h;
    assert_int_equal(dt_holdout_last(&h, FILES, begin, 0.25, &err), DT_OK);
    mark_all(&h, 3000, held);
    for (int f = 0; f < FILES; f++)
        for (int64_t row = begin[f]; row < begin[f + 1]; row++)
            assert_int_equal(held[row], row >= begin[f + 1] - expected[f]);
    dt_holdout_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fractions),
        cmocka_unit_test(folds),
        cmocka_unit_test(last_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
