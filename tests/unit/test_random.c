/* Philox against Random123's own known answers, and what is drawn with it: ranges, moments,
 * permutations. */
#include "core/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Known answers -------------------------------------------------------------------------- */

/* The words of the counter are index (low, high), stream and purpose; of the key, the seed's
 * halves.
 */
static void check_philox(const uint32_t counter[4], const uint32_t key[2], const uint32_t answer[4])
{
    dt_random random = {.seed = key[0] | (uint64_t)key[1] << 32,
                        .purpose = (dt_random_purpose)counter[3],
                        .stream = counter[2]};
    uint64_t bits[2];
    dt_random_bits(&random, counter[0] | (uint64_t)counter[1] << 32, bits);
    for (int i = 0; i < 4; i++)
        assert_int_equal((uint32_t)(bits[i / 2] >> 32 * (i % 2)), answer[i]);
}

/* Random123, tests/kat_vectors, philox4x32 of 10 rounds. */
static void known_answers(void **state)
{
    (void)state;
    check_philox((uint32_t[4]){0}, (uint32_t[2]){0},
                 (uint32_t[]){0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    check_philox((uint32_t[]){UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
                 (uint32_t[]){UINT32_MAX, UINT32_MAX},
                 (uint32_t[]){0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    check_philox((uint32_t[]){0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                 (uint32_t[]){0xa4093822, 0x299f31d0},
                 (uint32_t[]){0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

/* Philox2x32 from the paper's description: multiply, swap the halves, mix in the key. */
static uint32_t philox2x32(int rounds, uint32_t left, uint32_t right, uint32_t key)
{
    for (int r = 0; r < rounds; r++, key += 0x9E3779B9) {
        uint64_t product = (uint64_t)0xD256D193 * left;
        left = (uint32_t)(product >> 32) ^ key ^ right;
        right = (uint32_t)product;
    }
    return left;
}

static void mixing(void **state)
{
    (void)state;
    assert_int_equal(philox2x32(10, 0, 0, 0), 0xff1dae59); /* kat_vectors again */
    assert_int_equal(philox2x32(10, 0x243f6a88, 0x85a308d3, 0x13198a2e), 0xdd7ce038);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(dt_random_mix(i * 2654435761u, i, ~i),
                         philox2x32(4, i * 2654435761u, i, ~i));
}

/* ---- Uniform numbers ------------------------------------------------------------------------ */

enum { DRAWN = 1000000 };

static void uniform_moments(void **state)
{
    (void)state;
    dt_random random = {.seed = 7, .purpose = DT_RANDOM_INIT};
    float *u = malloc(DRAWN * sizeof *u), low = 9, high = -9;
    double mean = 0, square = 0;
    dt_random_uniform(&random, -2, 3, u, DRAWN);
    for (int i = 0; i < DRAWN; i++) {
        low = fminf(low, u[i]);
        high = fmaxf(high, u[i]);
        mean += u[i] / DRAWN;
        square += ((double)u[i] - 0.5) * ((double)u[i] - 0.5) / DRAWN;
    }
    free(u);
    assert_true(low >= -2 && low < -1.9999f);
    assert_true(high < 3 && high > 2.9999f);
    assert_true(fabs(mean - 0.5) < 4 * 5 / sqrt(12.0 * DRAWN));
    assert_true(fabs(square - 25.0 / 12) < 4 * 25 / sqrt(180.0 * DRAWN));
}

/* 256 cells: chi-square has mean 255 and standard deviation sqrt(510) = 22.6. */
static void uniform_cells(void **state)
{
    (void)state;
    dt_random random = {.seed = 8, .purpose = DT_RANDOM_INIT};
    float *u = malloc(DRAWN * sizeof *u);
    int count[256] = {0};
    double chi = 0;
    dt_random_uniform(&random, 0, 1, u, DRAWN);
    for (int i = 0; i < DRAWN; i++)
        count[(int)(u[i] * 256)]++;
    for (int c = 0; c < 256; c++)
        chi += (count[c] - DRAWN / 256.0) * (count[c] - DRAWN / 256.0) / (DRAWN / 256.0);
    free(u);
    assert_true(chi > 255 - 4 * 22.6 && chi < 255 + 4 * 22.6);
}

static void uniform_prefix(void **state)
{
    (void)state;
    dt_random random = {.seed = 9, .purpose = DT_RANDOM_INIT, .stream = 3};
    float longer[8], shorter[8] = {0, 0, 0, 0, 0, 42};
    dt_random_uniform(&random, -1, 1, longer, 8);
    dt_random_uniform(&random, -1, 1, shorter, 5);
    assert_memory_equal(longer, shorter, 5 * sizeof *longer);
    assert_true(shorter[5] == 42); /* nothing is written behind the end */
}

/* Every part of the name of a sequence matters. */
static void sequences_differ(void **state)
{
    (void)state;
    static const dt_random random[] = {{1, DT_RANDOM_INIT, 1},
                                       {2, DT_RANDOM_INIT, 1},
                                       {1, DT_RANDOM_ORDER, 1},
                                       {1, DT_RANDOM_INIT, 2},
                                       {1 | 1ull << 32, DT_RANDOM_INIT, 1},
                                       {1, DT_RANDOM_INIT, 1u << 31 | 1}};
    enum { N = sizeof random / sizeof *random };
    uint64_t bits[N][2];
    for (int i = 0; i < N; i++)
        dt_random_bits(&random[i], 5, bits[i]);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(bits[i], bits[k], sizeof bits[i]);
}

/* ---- Permutations --------------------------------------------------------------------------- */

static void permutations_hold_all(void **state)
{
    (void)state;
    enum { MAX_N = 1000 };
    uint32_t out[MAX_N];
    for (int n = 1; n <= MAX_N; n += n < 10 ? 1 : 99) {
        char seen[MAX_N] = {0};
        dt_random random = {.seed = (uint64_t)n, .purpose = DT_RANDOM_ORDER, .stream = 1};
        dt_random_permutation(&random, out, n);
        for (int i = 0; i < n; i++) {
            assert_true(out[i] < (uint32_t)n);
            assert_int_equal(seen[out[i]]++, 0);
        }
    }
}

/* Two random permutations agree in one place on average, in ten as good as never. */
static void check_unlike(const dt_random *one, const dt_random *other)
{
    enum { N = 500 };
    uint32_t a[N], b[N];
    int same = 0;
    dt_random_permutation(one, a, N);
    dt_random_permutation(other, b, N);
    for (int i = 0; i < N; i++)
        same += a[i] == b[i];
    assert_true(same < 10);
}

static void permutations_differ(void **state)
{
    (void)state;
    dt_random base = {.seed = 0, .purpose = DT_RANDOM_ORDER, .stream = 1}, other = base;
    other.stream = 2;
    check_unlike(&base, &other);
    other = base;
    other.seed = 1;
    check_unlike(&base, &other);
    other = base;
    other.seed = 1ull << 32;
    check_unlike(&base, &other);
}

/* Number of a permutation of n in the order of the factorial number system. */
static int number_of(const uint32_t *p, int n)
{
    int number = 0;
    for (int i = 0; i < n; i++) {
        int smaller = 0;
        for (int k = i + 1; k < n; k++)
            smaller += p[k] < p[i];
        number = number * (n - i) + smaller;
    }
    return number;
}

/* 120 permutations of 5, each expected 1000 times: chi-square has mean 119, deviation 15.4. */
static void permutations_uniform(void **state)
{
    (void)state;
    int count[120] = {0};
    double chi = 0;
    for (uint32_t draw = 0; draw < 120000; draw++) {
        uint32_t p[5];
        dt_random random = {.seed = draw / 400, .purpose = DT_RANDOM_ORDER, .stream = draw % 400};
        dt_random_permutation(&random, p, 5);
        count[number_of(p, 5)]++;
    }
    for (int i = 0; i < 120; i++)
        chi += (count[i] - 1000) * (count[i] - 1000) / 1000.0;
    assert_true(chi > 119 - 4 * 15.4 && chi < 119 + 4 * 15.4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),         cmocka_unit_test(mixing),
        cmocka_unit_test(uniform_moments),       cmocka_unit_test(uniform_cells),
        cmocka_unit_test(uniform_prefix),        cmocka_unit_test(sequences_differ),
        cmocka_unit_test(permutations_hold_all), cmocka_unit_test(permutations_differ),
        cmocka_unit_test(permutations_uniform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
