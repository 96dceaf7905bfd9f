#include "model/activation.h"

#include <math.h>
#include <stddef.h>

static void relu(float *restrict z, const float *restrict bias, int64_t width)
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

static void sigmoid(float *restrict z, const float *restrict bias, int64_t width)
{
#pragma omp simd
    for (int64_t i = 0; i < width; i++)
        z[i] = 1 / (1 + expf(-(z[i] + bias[i])));
}

static void gelu(float *restrict z, const float *restrict bias, float *restrict slope,
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

void dt_activate(dt_activation f, int64_t rows, int64_t width, int64_t stride, const float *bias,
                 float *z, float *slope)
{
    for (int64_t r = 0; r < rows; r++) {
        float *row = z + r * stride;
        switch (f) {
        case DT_ACT_RELU:
            relu(row, bias, width);
            break;
        case DT_ACT_TANH:
            tanh_row(row, bias, width);
            break;
        case DT_ACT_SIGMOID:
            sigmoid(row, bias, width);
            break;
        case DT_ACT_GELU:
            gelu(row, bias, slope + r * stride, width);
            break;
        }
    }
}

static void back(dt_activation f, int64_t n, const float *restrict a, const float *restrict slope,
                 float *restrict delta)
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
            delta[i] *= 1 - a[i] * a[i];
        break;
    case DT_ACT_SIGMOID:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            delta[i] *= a[i] * (1 - a[i]);
        break;
    case DT_ACT_GELU:
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            delta[i] *= slope[i];
        break;
    }
}

void dt_activate_back(dt_activation f, int64_t rows, int64_t width, int64_t stride, const float *a,
                      const float *slope, float *delta)
{
    for (int64_t r = 0; r < rows; r++)
        back(f, width, a + r * stride, slope ? slope + r * stride : NULL, delta + r * stride);
}
