/* Activations against libm in double, their slopes against central differences of the same; rows
 * that lie further apart than they are wide. */
#include "model/activation.h"
#include "unit/activation_formula.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const dt_activation kinds[] = {DT_ACT_RELU, DT_ACT_TANH, DT_ACT_SIGMOID, DT_ACT_GELU};
enum { KINDS = 4, ROWS = 5, WIDTH = 67, STRIDE = 80, ALL = ROWS * STRIDE };

static double act_grad_of(dt_activation f, double v)
{
    return (activation_formula(f, v + 1e-5) - activation_formula(f, v - 1e-5)) / 2e-5;
}

/* -20 to 20 in steps that float32 holds exactly, also after the bias. 0 is left out. */
static double value_at(int row, int column)
{
    return (row * WIDTH + column) * 0.125 - 20.0625;
}

static const float PADDING = -123;
static float bias[WIDTH];

static void fill(float *z)
{
    for (int i = 0; i < ALL; i++)
        z[i] = PADDING;
    for (int c = 0; c < WIDTH; c++)
        bias[c] = (float)(c % 5) * 0.25f - 0.5f;
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < WIDTH; c++)
            z[r * STRIDE + c] = (float)(value_at(r, c) - (double)bias[c]);
}

static void check_padding(const float *values)
{
    for (int i = 0; i < ALL; i++)
        assert_true(i % STRIDE < WIDTH || values[i] == PADDING);
}

static void check_near(dt_activation f, double v, float found, double expected)
{
    double tolerance = 1e-6 * fmax(1, fabs(expected));
    if (!(fabs((double)found - expected) <= tolerance))
        fail_msg("activation %d of %g: %.9g, not %.9g", (int)f, v, (double)found, expected);
}

static void forward(void **state)
{
    (void)state;
    float z[ALL], act_grad[ALL];
    for (int k = 0; k < KINDS; k++) {
        dt_activation f = kinds[k];
        fill(z);
        for (int i = 0; i < ALL; i++)
            act_grad[i] = PADDING;
        dt_activation_forward(f, ROWS, WIDTH, STRIDE, bias, z, f == DT_ACT_GELU ? act_grad : NULL);
        for (int r = 0; r < ROWS; r++)
            for (int c = 0; c < WIDTH; c++)
                check_near(f, value_at(r, c), z[r * STRIDE + c],
                           activation_formula(f, value_at(r, c)));
        check_padding(z);
        check_padding(act_grad);
    }
}

/* With the slope kept, which only GELU needs, and without. */
static void check_backward(bool kept)
{
    float a[ALL], act_grad[ALL] = {0}, dy[ALL];
    for (int k = 0; k < KINDS; k++) {
        dt_activation f = kinds[k];
        float *slopes = kept || f == DT_ACT_GELU ? act_grad : NULL;
        fill(a);
        fill(dy);
        dt_activation_forward(f, ROWS, WIDTH, STRIDE, bias, a, slopes);
        for (int r = 0; r < ROWS; r++)
            for (int c = 0; c < WIDTH; c++)
                dy[r * STRIDE + c] = (float)(1 + (r + c) % 3);
        dt_activation_backward(f, ROWS, WIDTH, STRIDE, a, slopes, dy);
        for (int r = 0; r < ROWS; r++)
            for (int c = 0; c < WIDTH; c++)
                check_near(f, value_at(r, c), dy[r * STRIDE + c],
                           (1 + (r + c) % 3) * act_grad_of(f, value_at(r, c)));
        check_padding(dy);
    }
}

static void backward(void **state)
{
    (void)state;
    check_backward(false);
    check_backward(true);
}

/* Where the slope of relu jumps, PyTorch takes 0. */
static void relu_at_zero(void **state)
{
    (void)state;
    float a[] = {0, -0.0f}, dy[] = {3, 3};
    dt_activation_forward(DT_ACT_RELU, 1, 2, 2, (float[]){0, 0}, a, NULL);
    dt_activation_backward(DT_ACT_RELU, 1, 2, 2, a, NULL, dy);
    assert_true(a[0] == 0 && a[1] == 0 && dy[0] == 0 && dy[1] == 0);
}

/* In every place of a vector's width, body and tail. */
static void nan_passes(void **state)
{
    (void)state;
    float z[WIDTH], act_grad[WIDTH];
    for (int k = 0; k < KINDS; k++)
        for (int at = 0; at < WIDTH; at++) {
            for (int c = 0; c < WIDTH; c++)
                z[c] = c == at ? NAN : -1;
            dt_activation_forward(kinds[k], 1, WIDTH, WIDTH, (const float[WIDTH]){0}, z, act_grad);
            for (int c = 0; c < WIDTH; c++)
                assert_int_equal(isnan(z[c]) != 0, c == at);
        }
}

static void infinities(void **state)
{
    (void)state;
    static const double low[] = {0, -1, 0}, high[] = {INFINITY, 1, 1};
    for (int k = 0; k < 3; k++) {
        float z[] = {-INFINITY, INFINITY, -1000, 1000};
        dt_activation_forward(kinds[k], 1, 4, 4, (const float[4]){0}, z, NULL);
        assert_true((double)z[0] == low[k] && (double)z[1] == high[k]);
        assert_true((double)z[2] == low[k]);
        assert_true((double)z[3] == (k == 0 ? 1000 : high[k]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward),    cmocka_unit_test(backward),   cmocka_unit_test(relu_at_zero),
        cmocka_unit_test(nan_passes), cmocka_unit_test(infinities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
