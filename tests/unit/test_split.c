/* Which part has which items: by hand for small cases, by what must always hold for the rest. */
#include "core/split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

static void check_begins(int64_t n, int64_t granule, const int64_t *begin, int parts)
{
    dt_split s = {n, granule, parts};
    for (int p = 0; p <= parts; p++)
        assert_int_equal(dt_split_begin(&s, p), begin[p]);
}

#define BEGINS(n, granule, ...)                                                                    \
    check_begins(n, granule, (const int64_t[]){__VA_ARGS__},                                       \
                 COUNT(((const int64_t[]){__VA_ARGS__})) - 1)

static void by_hand(void **state)
{
    (void)state;
    BEGINS(10, 1, 0, 10);
    BEGINS(10, 1, 0, 2, 5, 7, 10);
    BEGINS(10, 4, 0, 4, 10);                 /* 3 granules, the last of 2 */
    BEGINS(8, 4, 0, 0, 4, 8);                /* 2 granules for 3 parts */
    BEGINS(3, 1, 0, 0, 0, 1, 1, 1, 2, 2, 3); /* 3 items for 8 parts */
    BEGINS(5, 100, 0, 0, 5);                 /* a granule larger than all */
    BEGINS(0, 1, 0, 0, 0);
}

/* Parts lie end to end, begin at whole granules, and differ by one granule at most. */
static void check_parts(const dt_split *s)
{
    int64_t at = 0, min = INT64_MAX, max = 0;
    for (int64_t p = 0; p < s->parts; p++) {
        int64_t begin = dt_split_begin(s, p), n = dt_split_count(s, p);
        int64_t granules = n / s->granule + (n % s->granule != 0);
        assert_int_equal(begin, at);
        assert_true(n >= 0);
        assert_true(begin % s->granule == 0 || begin == s->n);
        min = granules < min ? granules : min;
        max = granules > max ? granules : max;
        at += n;
    }
    assert_int_equal(at, s->n);
    assert_true(max - min <= 1);
}

static void check_owner(const dt_split *s, int64_t part, int64_t item)
{
    if (dt_split_owner(s, item) != part)
        fail_msg("n %lld, granule %lld, parts %lld: item %lld is in part %lld, not %lld",
                 (long long)s->n, (long long)s->granule, (long long)s->parts, (long long)item,
                 (long long)part, (long long)dt_split_owner(s, item));
}

static void small_ones(void **state)
{
    (void)state;
    for (int64_t n = 1; n <= 40; n++)
        for (int64_t granule = 1; granule <= 9; granule++)
            for (int64_t parts = 1; parts <= 50; parts++) {
                dt_split s = {n, granule, parts};
                check_parts(&s);
                for (int64_t p = 0; p < parts; p++)
                    for (int64_t i = dt_split_begin(&s, p); i < dt_split_begin(&s, p + 1); i++)
                        check_owner(&s, p, i);
            }
}

/* Granules times parts pass 2^63 in most of these. */
static void large_ones(void **state)
{
    (void)state;
    static const int64_t n[] = {1000003, (1ll << 31) + 1, (1ll << 40) + 12345, 1ll << 62,
                                INT64_MAX};
    static const int64_t granule[] = {1, 2, 1000, 1ll << 33}, parts[] = {1, 3, 64, 100000};
    for (int i = 0; i < COUNT(n) * COUNT(granule) * COUNT(parts); i++) {
        dt_split s = {n[i / COUNT(parts) / COUNT(granule)],
                      granule[i / COUNT(parts) % COUNT(granule)], parts[i % COUNT(parts)]};
        check_parts(&s);
        for (int64_t p = 0; p < s.parts; p++) {
            int64_t begin = dt_split_begin(&s, p), end = dt_split_begin(&s, p + 1);
            if (begin == end)
                continue;
            check_owner(&s, p, begin);
            check_owner(&s, p, begin + (end - begin) / 2);
            check_owner(&s, p, end - 1);
        }
    }
}

static void beyond_64_bits(void **state)
{
    (void)state;
    BEGINS(INT64_MAX, 1, 0, 3074457345618258602, 6148914691236517204, INT64_MAX);
    /* 2^62 granules of 2, the last with one item */
    BEGINS(INT64_MAX, 2, 0, 1ll << 61, 1ll << 62, 3ll << 61, INT64_MAX);
    dt_split s = {INT64_MAX, 1, INT64_MAX}; /* one item each */
    assert_int_equal(dt_split_begin(&s, INT64_MAX / 2), INT64_MAX / 2);
    assert_int_equal(dt_split_owner(&s, INT64_MAX - 1), INT64_MAX - 1);
    assert_int_equal(dt_split_owner(&s, 0), 0);
    s.n = 1ll << 62; /* part p begins at floor(p 2^62 / (2^63 - 1)) = floor(p / 2) for most p */
    assert_int_equal(dt_split_begin(&s, 1), 0);
    assert_int_equal(dt_split_begin(&s, 2), 1);
    assert_int_equal(dt_split_owner(&s, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(small_ones),
        cmocka_unit_test(large_ones),
        cmocka_unit_test(beyond_64_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
