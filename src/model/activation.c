#include "model/activation.h"

#include <math.h>
#include <stddef.h>

static void relu_row(float *restrict z, const float *restrict bias, int64_t width)
{
#pragma omp simd
    for (int64_t i = 0; i < width; i++) {
        float v = z[i] + bias[i];
        z[i] = v > 0 || v != v ? v : 0; /* a NaN must not disappear */
    }
}

static void tanh_row(float *restrict z, const float *restrict bias, int64_t width)
{
#pragma omp simd
    for (int64_t i = 0; i < width; i++)
        z[i] = tanhf(z[i] + bias[i]);
}

static void sigmoid_row(float *restrict z, const float *restrict bias, int64_t width)
{
#pragma omp simd
    for (int64_t i = 0; i < width; i++)
        z[i] = 1 / (1 + expf(-(z[i] + bias[i])));
}

static void gelu_row(float *restrict z, const float *restrict bias, float *restrict act_grad,
                     int64_t width)
{
#pragma omp simd
    for (int64_t i = 0; i < width; i++) {
        float v = z[i] + bias[i];
        float phi = 0.5f + 0.5f * erff(v * (float)M_SQRT1_2);
        float density = expf(-0.5f * v * v) * (float)(M_2_SQRTPI * M_SQRT1_2 * 0.5);
        z[i] = v * phi;
        act_grad[i] = phi + v * density;
    }
}

/* f' by f's value. Of GELU it is never asked. */
static float act_grad_of(dt_activation f, float a)
{
    return f == DT_ACT_RELU ? (a > 0 ? 1 : 0) : f == DT_ACT_TANH ? 1 - a * a : a * (1 - a);
}

static void act_grad_row(dt_activation f, int64_t n, const float *restrict a,
                         float *restrict act_grad)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        act_grad[i] = act_grad_of(f, a[i]);
}

void dt_activation_forward(dt_activation f, int64_t rows, int64_t width, int64_t stride,
                           const float *bias, float *z, float *act_grad)
{
    for (int64_t r = 0; r < rows; r++) {
        float *row = z + r * stride;
        switch (f) {
        case DT_ACT_RELU:
            relu_row(row, bias, width);
            break;
        case DT_ACT_TANH:
            tanh_row(row, bias, width);
            break;
        case DT_ACT_SIGMOID:
            sigmoid_row(row, bias, width);
            break;
        case DT_ACT_GELU:
            gelu_row(row, bias, act_grad + r * stride, width);
            break;
        }
        if (act_grad && f != DT_ACT_GELU)
            act_grad_row(f, width, row, act_grad + r * stride);
    }
}

static void backward_row(dt_activation f, int64_t n, const float *restrict a, float *restrict dy)
{
    switch (f) {
    case DT_ACT_RELU:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            dy[i] = a[i] > 0 ? dy[i] : 0;
        break;
    case DT_ACT_TANH:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            dy[i] *= act_grad_of(DT_ACT_TANH, a[i]);
        break;
    default:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            dy[i] *= act_grad_of(DT_ACT_SIGMOID, a[i]);
        break;
    }
}

static void multiply_by_act_grad(int64_t n, const float *restrict act_grad, float *restrict dy)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        dy[i] *= act_grad[i];
}

void dt_activation_backward(dt_activation f, int64_t rows, int64_t width, int64_t stride,
                            const float *a, const float *act_grad, float *dy)
{
    for (int64_t r = 0; r < rows; r++)
        if (act_grad)
            multiply_by_act_grad(width, act_grad + r * stride, dy + r * stride);
        else
            backward_row(f, width, a + r * stride, dy + r * stride);
}
