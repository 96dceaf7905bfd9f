/* Exact sums against integers of 128 bits; in any order, of either sign, over parts; and at the
 * ends of their range. */
#include "core/exact_sum.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TERMS = 2000 };

static uint64_t state64 = 88172645463325252u;

static uint64_t draw(void)
{
    state64 ^= state64 << 13;
    state64 ^= state64 >> 7;
    return state64 ^= state64 << 17;
}

static double value_of(const double *term, int n)
{
    dt_exact sum = {0};
    for (int i = 0; i < n; i++)
        dt_exact_add(&sum, term[i]);
    return dt_exact_value(&sum);
}

/* Terms m 2^(e + shift), m of up to 53 bits of either sign or 0, 0 <= e <= 50; their sum, in units
 * of 2^shift, is the result. */
static __int128 make_terms(double *term, int shift, int negative_of_8)
{
    __int128 sum = 0;
    for (int i = 0; i < TERMS; i++) {
        int64_t m = (int64_t)(draw() >> (11 + draw() % 53));
        int e = (int)(draw() % 51);
        if (draw() % 8 < (uint64_t)negative_of_8)
            m = -m;
        if (draw() % 20 == 0)
            m = 0;
        term[i] = ldexp((double)m, e + shift);
        sum += (__int128)m * ((__int128)1 << e);
    }
    return sum;
}

static void check_close(double value, __int128 expected, int shift)
{
    double nearest = ldexp((double)expected, shift);
    double unit = nextafter(fabs(nearest), INFINITY) - fabs(nearest);
    if (!(fabs(value - nearest) <= unit))
        fail_msg("%.17g instead of %.17g", value, nearest);
}

static void against_integers(void **state)
{
    (void)state;
    static double term[TERMS];
    static const int shift[] = {0, -25, -298, -320, 180};
    for (int round = 0; round < 200; round++) {
        int s = shift[round % 5];
        __int128 expected = make_terms(term, s, round % 9);
        check_close(value_of(term, TERMS), expected, s);
    }
}

static void shuffle(double *term)
{
    for (int i = TERMS - 1; i > 0; i--) {
        int j = (int)(draw() % (uint64_t)(i + 1));
        double t = term[i];
        term[i] = term[j];
        term[j] = t;
    }
}

/* As on several ranks: parts are summed and settled, then their digits are added. */
static void any_order_and_parts(void **state)
{
    (void)state;
    static double term[TERMS];
    for (int round = 0; round < 50; round++) {
        dt_exact all = {0}, parts = {0};
        make_terms(term, round % 2 ? -298 : 0, round % 9);
        for (int i = 0; i < TERMS; i++)
            dt_exact_add(&all, term[i]);
        shuffle(term);
        for (int begin = 0, n_parts = round % 7 + 1, p = 0; p < n_parts; p++) {
            dt_exact part = {0};
            int end = TERMS * (p + 1) / n_parts;
            for (; begin < end; begin++)
                dt_exact_add(&part, term[begin]);
            dt_exact_carry(&part);
            for (int i = 0; i < DT_EXACT_DIGITS; i++)
                parts.digit[i] += part.digit[i];
        }
        double value = dt_exact_value(&all), of_parts = dt_exact_value(&parts);
        assert_memory_equal(&value, &of_parts, sizeof value);
        dt_exact_carry(&all);
        dt_exact_carry(&parts);
        assert_memory_equal(&all, &parts, sizeof all);
    }
}

static void cancels(void **state)
{
    (void)state;
    static double term[TERMS];
    static const dt_exact nothing = {0};
    dt_exact sum = {0};
    make_terms(term, -100, 3);
    for (int i = 0; i < TERMS; i++)
        dt_exact_add(&sum, term[i]);
    shuffle(term);
    for (int i = 0; i < TERMS; i++)
        dt_exact_add(&sum, -term[i]);
    assert_true(dt_exact_value(&sum) == 0);
    dt_exact_carry(&sum);
    assert_memory_equal(&sum, &nothing, sizeof sum);
    assert_true(value_of(term, 0) == 0);
}

static void by_hand(void **state)
{
    (void)state;
    assert_true(value_of((double[]){0.0, -0.0, 0.0}, 3) == 0);
    assert_true(value_of((double[]){0.5, 0.0, -0.25, -0.0}, 4) == 0.25);
    assert_true(value_of((double[]){0x1p299, 0x1p-320, -0x1p299}, 3) == 0x1p-320);
    assert_true(value_of((double[]){-0x1p299, -0x1p-320, 0x1p299}, 3) == -0x1p-320);
    assert_true(value_of((double[]){0x1.fffffffffffffp299, 0x1.fffffffffffffp299}, 2) ==
                0x1.fffffffffffffp300);
    assert_true(value_of((double[]){-1, -0x1p-60, -0x1p60}, 3) == -0x1p60 - 1);
    assert_true(value_of((double[]){1e16, 1, -1e16}, 3) == 1);
    assert_true(value_of((double[]){-7.25}, 1) == -7.25);
}

/* As many of the largest terms as are allowed between two settlements, of either sign. */
static void many(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        double largest = sign * 0x1.fffffffffffffp31;
        dt_exact one = {0}, sum = {0};
        dt_exact_add(&one, largest);
        for (int round = 0; round < 4; round++) {
            for (int i = 0; i < DT_EXACT_DIGITS; i++)
                sum.digit[i] += one.digit[i] * ((int64_t)1 << 30);
            dt_exact_carry(&sum);
            for (int i = 0; i + 1 < DT_EXACT_DIGITS; i++)
                assert_true(sum.digit[i] >= 0 && sum.digit[i] < (int64_t)1 << 32);
        }
        assert_true(dt_exact_value(&sum) == ldexp(largest, 32));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_integers),
        cmocka_unit_test(any_order_and_parts),
        cmocka_unit_test(cancels),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
