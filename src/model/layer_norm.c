#include "model/layer_norm.h"

#include <math.h>

static const double EPS = 1e-5;

/* z += bias. Returns the mean. */
static float centre(int64_t width, const float *restrict bias, float *restrict z)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < width; i++) {
        z[i] += bias[i];
        sum += (double)z[i];
    }
    return (float)(sum / (double)width);
}

static float inverse_deviation(int64_t width, const float *restrict z, float mean)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < width; i++) {
        double d = (double)(z[i] - mean);
        sum += d * d;
    }
    return (float)(1 / sqrt(sum / (double)width + EPS));
}

void dt_layer_norm(int64_t rows, int64_t width, int64_t stride, const float *bias,
                   const float *restrict gain, float *z, float *hat, float *scale)
{
    for (int64_t r = 0; r < rows; r++) {
        float *restrict row = z + r * stride, *restrict to = hat + r * stride;
        float mean = centre(width, bias, row), times = inverse_deviation(width, row, mean);
        scale[r] = times;
#pragma omp simd
        for (int64_t i = 0; i < width; i++) {
            to[i] = (row[i] - mean) * times;
            row[i] = gain[i] * to[i];
        }
    }
}

void dt_layer_norm_back(int64_t rows, int64_t width, int64_t stride, const float *restrict gain,
                        const float *hat, const float *scale, float *delta)
{
    for (int64_t r = 0; r < rows; r++) {
        const float *restrict x = hat + r * stride;
        float *restrict d = delta + r * stride;
        double sum = 0, along = 0;
#pragma omp simd reduction(+ : sum, along)
        for (int64_t i = 0; i < width; i++) {
            d[i] *= gain[i];
            sum += (double)d[i];
            along += (double)(d[i] * x[i]);
        }
        float mean = (float)(sum / (double)width), part = (float)(along / (double)width);
#pragma omp simd
        for (int64_t i = 0; i < width; i++)
            d[i] = scale[r] * (d[i] - mean - part * x[i]);
    }
}
