#include "model/layer_norm.h"

#include <math.h>

static const double EPS = 1e-5;

/* z += bias. Returns the mean. */
static float add_bias(int64_t width, const float *restrict bias, float *restrict z)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < width; i++) {
        z[i] += bias[i];
        sum += (double)z[i];
    }
    return (float)(sum / (double)width);
}

static float inverse_std(int64_t width, const float *restrict z, float mean)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < width; i++) {
        double d = (double)(z[i] - mean);
        sum += d * d;
    }
    return (float)(1 / sqrt(sum / (double)width + EPS));
}

void dt_layer_norm_forward(int64_t rows, int64_t width, int64_t stride, const float *bias,
                           const float *restrict gamma, float *z, float *xhat, float *inv_std)
{
    for (int64_t r = 0; r < rows; r++) {
        float *restrict row = z + r * stride, *restrict to = xhat + r * stride;
        float mean = add_bias(width, bias, row), inv = inverse_std(width, row, mean);
        inv_std[r] = inv;
#pragma omp simd
        for (int64_t i = 0; i < width; i++) {
            to[i] = (row[i] - mean) * inv;
            row[i] = gamma[i] * to[i];
        }
    }
}

void dt_layer_norm_backward(int64_t rows, int64_t width, int64_t stride,
                            const float *restrict gamma, const float *xhat, const float *inv_std,
                            float *dy)
{
    for (int64_t r = 0; r < rows; r++) {
        const float *restrict x = xhat + r * stride;
        float *restrict d = dy + r * stride;
        double sum = 0, sum_x = 0;
#pragma omp simd reduction(+ : sum, sum_x)
        for (int64_t i = 0; i < width; i++) {
            d[i] *= gamma[i];
            sum += (double)d[i];
            sum_x += (double)(d[i] * x[i]);
        }
        float mean = (float)(sum / (double)width), part = (float)(sum_x / (double)width);
#pragma omp simd
        for (int64_t i = 0; i < width; i++)
            d[i] = inv_std[r] * (d[i] - mean - part * x[i]);
    }
}
