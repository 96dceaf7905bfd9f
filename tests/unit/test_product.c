/* Products against sums in double; the bits of an element do not depend on where the product is
 * cut; rounding against the same sums. */
#include "engine/product.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { M = 211, N = 75, K = 531, WIDE = 96 };

/* Small numbers whose sums of products are exact in a float: so the result is the number itself. */
static float whole(int64_t i)
{
    return (float)(i * 7919 % 13 - 6);
}

static float fraction(int64_t i)
{
    return (float)(i * 7919 % 1009 - 504) / 1009;
}

typedef struct {
    float a[M * K], packed[(N + WIDE) * K];
} matrices;

/* A row by row; B in panels. */
static matrices *make(float (*value)(int64_t))
{
    matrices *m = calloc(1, sizeof *m);
    for (int64_t i = 0; i < M * K; i++)
        m->a[i] = value(i);
    for (int64_t j = 0; j < N; j++)
        for (int64_t p = 0; p < K; p++)
            m->packed[j / DT_PANEL * DT_PANEL * K + p * DT_PANEL + j % DT_PANEL] = value(j * K + p);
    return m;
}

static double element(float (*value)(int64_t), int64_t i, int64_t j)
{
    double sum = 0;
    for (int64_t p = 0; p < K; p++)
        sum += (double)value(i * K + p) * (double)value(j * K + p);
    return sum;
}

static dt_product product(const matrices *m, int64_t rows, int64_t columns)
{
    return (dt_product){.m = rows,
                        .n = columns,
                        .k = K,
                        .a = m->a,
                        .a_row = K,
                        .a_step = 1,
                        .b = m->packed,
                        .b_step = DT_PANEL,
                        .b_panel = DT_PANEL * K};
}

static void stores_and_adds(void **state)
{
    (void)state;
    matrices *m = make(whole);
    static float c[M * WIDE];
    for (int64_t rows = 1; rows <= M; rows += rows < 20 ? 1 : 191) {
        dt_product p = product(m, rows, N);
        for (int64_t i = 0; i < M * WIDE; i++)
            c[i] = 7;
        dt_product_store(&p, c, WIDE, false);
        dt_product_store(&p, c, WIDE, true);
        for (int64_t i = 0; i < M; i++)
            for (int64_t j = 0; j < WIDE; j++)
                if (i < rows && j < N)
                    assert_true(c[i * WIDE + j] == 2 * (float)element(whole, i, j));
                else
                    assert_true(c[i * WIDE + j] == 7);
    }
    free(m);
}

/* A and B across memory, as a gradient of weights has them: of many columns, and of few. Returns
 * how many elements are wrong.
 *   room  for A to be copied to; NULL: it is read where it is */
static int64_t transposed_with(float *room)
{
    int64_t wrong = 0;
    enum { ROWS = 37, A = 211, B = 96 };
    static float delta[ROWS * A], x[ROWS * B], c[A * B];
    for (int64_t i = 0; i < ROWS * A; i++)
        delta[i] = whole(i);
    for (int64_t i = 0; i < ROWS * B; i++)
        x[i] = whole(3 * i);
    for (int64_t n = 10; n <= 90; n += 80) {
        dt_product_store(&(dt_product){.m = A,
                                       .n = n,
                                       .k = ROWS,
                                       .a = delta,
                                       .a_row = 1,
                                       .a_step = A,
                                       .b = x,
                                       .b_step = B,
                                       .b_panel = DT_PANEL,
                                       .scratch = room},
                         c, n, false);
        for (int64_t i = 0; i < A; i++)
            for (int64_t j = 0; j < n; j++) {
                double sum = 0;
                for (int64_t r = 0; r < ROWS; r++)
                    sum += (double)delta[r * A + i] * (double)x[r * B + j];
                wrong += c[i * n + j] != (float)sum;
            }
    }
    return wrong;
}

static void transposed(void **state)
{
    (void)state;
    float *room = malloc(DT_PRODUCT_SCRATCH * sizeof *room);
    assert_int_equal(transposed_with(NULL), 0);
    assert_int_equal(transposed_with(room), 0);
    free(room);
}

static void *transposed_in_thread(void *room)
{
    return transposed_with(room) == 0 ? room : NULL;
}

/* As OpenMP's threads have where somebody has set OMP_STACKSIZE, or with another C library. */
static void on_a_small_stack(void **state)
{
    (void)state;
    enum { STACK = 96 << 10 };
    pthread_attr_t attributes;
    pthread_t thread;
    void *right = NULL, *room = malloc(DT_PRODUCT_SCRATCH * sizeof(float));
    pthread_attr_init(&attributes);
    assert_int_equal(pthread_attr_setstacksize(&attributes, STACK), 0);
    assert_int_equal(pthread_create(&thread, &attributes, transposed_in_thread, room), 0);
    pthread_join(thread, &right);
    pthread_attr_destroy(&attributes);
    assert_ptr_equal(right, room);
    free(room);
}

/* One column, of rows that end where the next begins, and the last where memory does; and of rows
 * that are padded. What is not theirs is not computed with. */
static void one_column(void **state)
{
    (void)state;
    enum { ROWS = 9 };
    static const int64_t steps[] = {1, 3, DT_LANES, DT_LANES + 1, DT_PANEL, 77, 700};
    for (int s = 0; s < 7; s++)
        for (int padded = 0; padded < 2; padded++) {
            int64_t k = steps[s], apart = padded ? dt_panels_round(k) : k;
            float *a = calloc((size_t)(ROWS * apart), sizeof *a);
            float *b = malloc((size_t)(k * DT_PANEL) * sizeof *b), c[ROWS];
            for (int64_t i = 0; i < k * DT_PANEL; i++)
                b[i] = i % DT_PANEL ? NAN : whole(i);
            for (int64_t i = 0; i < ROWS; i++)
                for (int64_t p = 0; p < k; p++)
                    a[i * apart + p] = i == ROWS - 1 ? NAN : whole(i * k + 5 * p);
            dt_product p = {.m = ROWS, .n = 1, .k = k, .a = a, .a_row = apart, .a_step = 1};
            p.b = b;
            p.b_step = DT_PANEL;
            p.b_panel = DT_PANEL * k;
            dt_product_store(&p, c, 1, false);
            dt_product_store(&p, c, 1, true);
            for (int64_t i = 0; i < ROWS - 1; i++) {
                double sum = 0;
                for (int64_t q = 0; q < k; q++)
                    sum += (double)a[i * apart + q] * (double)b[q * DT_PANEL];
                assert_true(c[i] == (float)(2 * sum));
            }
            assert_true(isnan(c[ROWS - 1]));
            free(a);
            free(b);
        }
}

static uint32_t magnitude(float v)
{
    int32_t n = (int32_t)lrintf(v);
    return (uint32_t)(n < 0 ? -n : n);
}

/* Blocks in registers are the blocks one by one, whatever the first and the last lack, and whether
 * a row's factor is used on A or on the product. */
static void rounds_blocks(void **state)
{
    (void)state;
    enum { A = 13, B = 2 * DT_PANEL, ROWS = 61, BLOCK = 16 };
    static float delta[ROWS * A], x[ROWS * B], column[B], row[A], transposed[ROWS * A];
    static int32_t there[A * B], sum[A * B], widest[B];
    for (int i = 0; i < ROWS * A; i++)
        delta[i] = sinf((float)i);
    for (int i = 0; i < ROWS * B; i++)
        x[i] = cosf((float)i);
    for (int i = 0; i < B; i++) {
        column[i] = ldexpf(1, i % 12);
        widest[i] = i % 3 ? -1 : 0;
    }
    for (int i = 0; i < A; i++)
        row[i] = ldexpf(1, i % 5);
    for (int64_t m = 1; m <= A; m++)
        for (int64_t n = 1; n <= B; n += DT_LANES - 1)
            for (int64_t rows = 1, first = BLOCK; rows <= ROWS; rows += 12, first -= 3) {
                dt_lane_bits one_by_one[A] = {0}, together[A] = {0};
                dt_product p = {.m = m, .n = n, .a_step = A, .b_step = B, .b_panel = DT_PANEL};
                dt_rounding r = {.column = column, .counted = widest, .bits = one_by_one};
                for (int64_t begin = 0; begin < rows; begin += p.k) {
                    int64_t max_rows = begin == 0 ? first : BLOCK;
                    p.k = rows - begin < max_rows ? rows - begin : max_rows;
                    p.a = delta + begin * A;
                    p.a_row = 1;
                    p.b = x + begin * B;
                    dt_product_gather(&p, row, transposed);
                    p.a = transposed;
                    p.a_row = 0;
                    dt_product_round(&p, &r, there, B, begin > 0);
                }
                p.a = delta;
                p.a_row = 1;
                p.b = x;
                p.k = rows;
                r.row = row;
                r.bits = together;
                for (int round = 0; round < 2; round++)
                    dt_product_round_blocks(&p, first, BLOCK, &r, sum, B, round > 0);
                for (int64_t i = 0; i < m; i++) {
                    assert_int_equal(dt_lane_bits_all(one_by_one[i].any),
                                     dt_lane_bits_all(together[i].any));
                    assert_int_equal(dt_lane_bits_all(one_by_one[i].counted),
                                     dt_lane_bits_all(together[i].counted));
                    for (int64_t j = 0; j < n; j++)
                        assert_int_equal(sum[i * B + j], 2 * there[i * B + j]);
                }
            }
}

/* Two words: the first is the rounded block, and both together are it to the last bit of a float.
 */
static void two_words(void **state)
{
    (void)state;
    enum { A = 7, B = DT_PANEL + 3, ROWS = 40, BLOCK = 16, BITS = 27 };
    static float delta[ROWS * A], x[ROWS * 2 * DT_PANEL], transposed[ROWS * A], row[A];
    static int32_t high[A * 2 * DT_PANEL], low[A * 2 * DT_PANEL];
    static const int64_t which[3] = {0, 2, 6};
    dt_lane_bits bits[3] = {0};
    for (int i = 0; i < ROWS * A; i++)
        delta[i] = (float)(i % 17 - 8) / 8; /* numbers whose sums are exact */
    for (int r = 0; r < ROWS; r++)
        for (int j = 0; j < B; j++)
            x[r * 2 * DT_PANEL + j] = (float)((r * B + j) % 13 - 6) * ldexpf(1, -j);
    for (int i = 0; i < 3; i++)
        row[i] = ldexpf(1, 8 + i);
    dt_product p = {.m = 3, .n = B, .k = ROWS, .a = delta, .a_row = 1, .a_step = A};
    p.b = x;
    p.b_step = 2 * DT_PANEL;
    p.b_panel = DT_PANEL;
    dt_product_gather_some(&p, which, transposed);
    p.a = transposed;
    p.a_row = 0;
    dt_product_round_words(&p, BLOCK, BLOCK,
                           &(dt_word_rounding){row, BITS, high, low, 2 * DT_PANEL, bits});
    for (int i = 0; i < 3; i++) {
        uint32_t any = 0;
        for (int j = 0; j < B; j++) {
            double sum = 0, found = (double)high[i * 2 * DT_PANEL + j] +
                                    ldexp((double)low[i * 2 * DT_PANEL + j], -BITS);
            int64_t first = 0;
            for (int b = 0; b < ROWS; b += BLOCK) {
                float block = 0;
                for (int r = b; r < ROWS && r < b + BLOCK; r++)
                    block = fmaf(delta[r * A + which[i]], x[r * 2 * DT_PANEL + j], block);
                sum += (double)block * (double)row[i];
                first += lrintf(block * row[i]);
                any |= magnitude(block * row[i]);
            }
            assert_int_equal(high[i * 2 * DT_PANEL + j], first);
            assert_true(fabs(found - sum) <= 1.5 * ldexp(1, -BITS));
        }
        assert_int_equal(dt_lane_bits_all(bits[i].any), any);
    }
    int32_t h = 5, l = 7;
    uint32_t any = 0, rest = 0;
    dt_product_round_value(-3.25f, 4, &h, &l, &any, &rest);
    assert_true(h == 2 && l == 3 && any == 3 && rest == 4);
}

static void sums(void **state)
{
    (void)state;
    for (int64_t n = 0; n < 70; n++) {
        float *values = malloc((size_t)(n + 1) * sizeof *values);
        double sum = 0;
        for (int64_t i = 0; i < n; i++)
            sum += (double)(values[i] = whole(i));
        values[n] = NAN;
        assert_true(dt_product_sum(values, n) == (float)sum);
        free(values);
    }
}

static void the_same_bits_wherever_it_is_cut(void **state)
{
    (void)state;
    matrices *m = make(fraction);
    static float whole_c[M * WIDE], c[M * WIDE];
    dt_product p = product(m, M, N);
    dt_product_store(&p, whole_c, WIDE, false);
    for (int64_t step = 1; step < 40; step += 3) {
        for (int64_t i = 0; i < M; i += step) {
            p = product(m, M - i < step ? M - i : step, N);
            p.a += i * K;
            dt_product_store(&p, c + i * WIDE, WIDE, false);
        }
        assert_memory_equal(c, whole_c, sizeof c);
    }
    for (int64_t i = 0; i < M; i++)
        for (int64_t j = 0; j < N; j++)
            assert_true(fabs(whole_c[i * WIDE + j] - element(fraction, i, j)) < 1e-5 * K);
    free(m);
}

/* The product with its A gathered, in memory that lasts until the next call. */
static dt_product gathered(dt_product p)
{
    static float transposed[M * K];
    dt_product_gather(&p, NULL, transposed);
    p.a = transposed;
    p.a_row = 0;
    return p;
}

static void rounds(void **state)
{
    (void)state;
    matrices *m = make(fraction);
    static float c[M * WIDE], column[WIDE], by_row[M], by_column[N];
    static int32_t sum[M * WIDE];
    static dt_lane_bits bits[M];
    dt_product p = product(m, M, N);
    p.k = 200; /* which are one sum in both */
    for (int64_t j = 0; j < N; j++)
        column[j] = ldexpf(1, (int)(j % 20));
    dt_product_store(&p, c, WIDE, false);
    dt_product tiles = gathered(p);
    dt_rounding r = {.column = column, .bits = bits};
    memset(bits, 0, sizeof bits);
    for (int round = 0; round < 2; round++)
        dt_product_round(&tiles, &r, sum, WIDE, round > 0);
    dt_product_measure(&p, NULL, by_row, NULL);
    for (int64_t i = 0; i < M; i++) {
        float largest = 0;
        uint32_t any = 0;
        for (int64_t j = 0; j < N; j++) {
            float v = c[i * WIDE + j] * column[j];
            assert_int_equal(sum[i * WIDE + j], 2 * (int32_t)lrintf(v));
            any |= magnitude(v);
            largest = fmaxf(largest, fabsf(c[i * WIDE + j]));
        }
        assert_int_equal(dt_lane_bits_all(bits[i].any), any);
        assert_true(by_row[i] == largest);
    }
    static float row[M];
    for (int64_t i = 0; i < M; i++)
        row[i] = ldexpf(1, (int)(i % 7));
    dt_product_measure(&p, row, NULL, by_column);
    for (int64_t j = 0; j < N; j++) {
        float largest = 0;
        for (int64_t i = 0; i < M; i++)
            largest = fmaxf(largest, fabsf(c[i * WIDE + j]) * row[i]);
        assert_true(by_column[j] == largest);
    }
    free(m);
}

/* Vectors round alike, and columns that do not count leave no bits. */
static void rounds_vectors(void **state)
{
    (void)state;
    enum { A = 37 };
    static float values[A + 1], factor[A];
    static int32_t sum[A + 1], widest[A];
    dt_lane_bits bits = {0};
    uint32_t any = 0, counted = 0;
    for (int i = 0; i < A; i++) {
        values[i] = tanf((float)i);
        factor[i] = ldexpf(1, i % 11);
        widest[i] = i % 2 ? -1 : 0;
    }
    sum[A] = 99;
    for (int round = 0; round < 2; round++)
        dt_product_round_vector(values, factor, widest, A, sum, round > 0, &bits);
    for (int i = 0; i < A; i++) {
        assert_int_equal(sum[i], 2 * (int32_t)lrintf(values[i] * factor[i]));
        any |= magnitude(values[i] * factor[i]);
        counted |= i % 2 ? magnitude(values[i] * factor[i]) : 0;
    }
    assert_int_equal(dt_lane_bits_all(bits.any), any);
    assert_int_equal(dt_lane_bits_all(bits.counted), counted);
    assert_int_equal(sum[A], 99);
    values[A - 1] = NAN;
    dt_product_round_vector(values, factor, widest, A, sum, true, &bits);
    assert_true(dt_lane_bits_all(bits.any) >> 31);
}

/* What has no integer is seen, wherever it is; sums pass the ends of the integers and come back. */
static void what_does_not_fit(void **state)
{
    (void)state;
    static const float odd[] = {NAN, INFINITY, -INFINITY, 0x1p31f, -0x1p32f};
    matrices *m = make(whole);
    static float ones[WIDE];
    static int32_t sum[M * WIDE];
    static dt_lane_bits bits[M];
    for (int64_t j = 0; j < N; j++)
        ones[j] = 1;
    dt_rounding r = {.column = ones, .bits = bits};
    dt_product p = gathered(product(m, M, N));
    memset(bits, 0, sizeof bits);
    dt_product_round(&p, &r, sum, WIDE, false);
    for (int i = 0; i < M; i++)
        assert_true(dt_lane_bits_all(bits[i].any) < 1u << 15);
    for (size_t o = 0; o < sizeof odd / sizeof *odd; o++) {
        memset(m->a + 100 * K, 0, K * sizeof *m->a);
        m->a[100 * K] = 1;
        m->packed[N / DT_PANEL * DT_PANEL * K + N % DT_PANEL - 1] = odd[o];
        p = gathered(product(m, M, N));
        memset(bits, 0, sizeof bits);
        dt_product_round(&p, &r, sum, WIDE, false);
        assert_true(dt_lane_bits_all(bits[100].any) >> 31);
    }
    float a = 1, b[WIDE] = {0x1.8p30f};
    int32_t c[DT_PANEL] = {0};
    dt_product one = {.m = 1, .n = 1, .k = 1, .a = &a, .b = b, .b_step = DT_PANEL};
    for (int i = 0; i < 4; i++)
        dt_product_round(&one, &r, c, 1, true);
    assert_int_equal(c[0], INT32_MIN); /* 4 * 1.5 * 2^30 = 2^32 + 2^31 */
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stores_and_adds),
        cmocka_unit_test(transposed),
        cmocka_unit_test(on_a_small_stack),
        cmocka_unit_test(one_column),
        cmocka_unit_test(rounds_blocks),
        cmocka_unit_test(sums),
        cmocka_unit_test(the_same_bits_wherever_it_is_cut),
        cmocka_unit_test(rounds),
        cmocka_unit_test(rounds_vectors),
        cmocka_unit_test(two_words),
        cmocka_unit_test(what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
