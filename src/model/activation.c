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

static void gelu_row(float *restrict z, const float *restrict bias, float *restrict slope,
                     int64_t width)
{
#pragma omp simd
    for (int64_t i = 0; i < width; i++) {
        float v = z[i] + bias[i];
        float phi = 0.5f + 0.5f * erff(v * (float)M_SQRT1_2);
        float density = expf(-0.5f * v * v) * (float)(M_2_SQRTPI * M_SQRT1_2 * 0.5);
        z[i] = v * phi;
        slope[i] = phi + v * density;
    }
}

/* f' by f's value. Of GELU it is never asked. */
static float slope_of(dt_activation f, float a)
{
    return f == DT_ACT_RELU ? (a > 0 ? 1 : 0) : f == DT_ACT_TANH ? 1 - a * a : a * (1 - a);
}

static void slope_row(dt_activation f, int64_t n, const float *restrict a, float *restrict slope)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        slope[i] = slope_of(f, a[i]);
}

void dt_activation_forward(dt_activation f, int64_t rows, int64_t width, int64_t stride,
                           const float *bias, float *z, float *slope)
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
            gelu_row(row, bias, slope + r * stride, width);
            break;
        }
        if (slope && f != DT_ACT_GELU)
            slope_row(f, width, row, slope + r * stride);
    }
}

static void backward_row(dt_activation f, int64_t n, const float *restrict a, float *restrict delta)
{
    switch (f) {
    case DT_ACT_RELU:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            delta[i] = a[i] > 0 ? delta[i] : 0;
        break;
    case DT_ACT_TANH:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            delta[i] *= slope_of(DT_ACT_TANH, a[i]);
        break;
    default:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            delta[i] *= slope_of(DT_ACT_SIGMOID, a[i]);
        break;
    }
}

static void multiply_by_slope(int64_t n, const float *restrict slope, float *restrict delta)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        delta[i] *= slope[i];
}

void dt_activation_backward(dt_activation f, int64_t rows, int64_t width, int64_t stride,
                            const float *a, const float *slope, float *delta)
{
    for (int64_t r = 0; r < rows; r++)
        if (slope)
            multiply_by_slope(width, slope + r * stride, delta + r * stride);
        else
            backward_row(f, width, a + r * stride, delta + r * stride);
}
