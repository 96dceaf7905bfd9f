/* Dropout's masks: how many, how large, and that no cut of the rows changes them. */
#include "model/dropout.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 100, WIDTH = 1030, STRIDE = 1040, ALL = ROWS * STRIDE };

static void fill(float *a, float *act_grad)
{
    for (int i = 0; i < ALL; i++) {
        a[i] = 3;
        act_grad[i] = 5;
    }
}

static void share(void **state)
{
    (void)state;
    float *a = malloc(ALL * sizeof *a), *act_grad = malloc(ALL * sizeof *act_grad);
    for (int i = 1; i <= 9; i += 4) {
        double p = 0.1 * i, n = ROWS * WIDTH, dropped = 0;
        float kept = (float)(1 / (1 - p));
        dt_dropout dropout = {.p = p, .seed = 1};
        fill(a, act_grad);
        dt_dropout_apply(&dropout, 0, 0, ROWS, WIDTH, STRIDE, a, act_grad);
        for (int k = 0; k < ALL; k++)
            if (k % STRIDE >= WIDTH) {
                assert_true(a[k] == 3 && act_grad[k] == 5);
            } else {
                assert_true((a[k] == 0 && act_grad[k] == 0) ||
                            (a[k] == 3 * kept && act_grad[k] == 5 * kept));
                dropped += a[k] == 0;
            }
        assert_true(fabs(dropped - n * p) < 5 * sqrt(n * p * (1 - p)));
    }
    free(a);
    free(act_grad);
}

static int differences(const float *a, const float *b, int n)
{
    int count = 0;
    for (int i = 0; i < n; i++)
        count += a[i] != b[i];
    return count;
}

/* A row's mask depends on the seed, the layer and its number, and on no other row. */
static void any_cut(void **state)
{
    (void)state;
    float *all = malloc(ALL * sizeof *all), *part = malloc(ALL * sizeof *part);
    float *act_grad = malloc(ALL * sizeof *act_grad);
    dt_dropout dropout = {.p = 0.5, .seed = (uint64_t)7 << 40};
    const int64_t first = (int64_t)1 << 33;
    fill(all, act_grad);
    dt_dropout_apply(&dropout, 2, first, ROWS, WIDTH, STRIDE, all, act_grad);
    fill(part, act_grad);
    dt_dropout_apply(&dropout, 2, first + 31, 9, WIDTH, STRIDE, part, act_grad);
    assert_memory_equal(part, all + 31 * STRIDE, 9 * STRIDE * sizeof *part);
    const struct {
        uint64_t seed;
        int layer;
        int64_t first;
    } others[] = {{7, 2, first}, {dropout.seed, 3, first}, {dropout.seed, 2, 0}, {0, 2, first}};
    for (int i = 0; i < 4; i++) {
        fill(part, act_grad);
        dropout.seed = others[i].seed;
        dt_dropout_apply(&dropout, others[i].layer, others[i].first, 10, WIDTH, STRIDE, part,
                         act_grad);
        int n = differences(part, all, 10 * STRIDE);
        assert_true(n > 4900 && n < 5400);
    }
    assert_true(differences(all, all + STRIDE, WIDTH) > 430);
    free(all);
    free(part);
    free(act_grad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(share), cmocka_unit_test(any_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
