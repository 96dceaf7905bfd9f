#include "model/loss.h"

#include <math.h>

static void add_bias(int64_t K, const float *restrict bias, float *restrict output)
{
#pragma omp simd
    for (int64_t k = 0; k < K; k++)
        output[k] += bias[k];
}

static float largest(int64_t K, const float *output)
{
    float max = output[0];
#pragma omp simd reduction(max : max)
    for (int64_t k = 1; k < K; k++)
        max = output[k] > max ? output[k] : max;
    return max;
}

/* output = exp(output - max); returns their sum. */
static float exponentials(int64_t K, float max, float *output)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t k = 0; k < K; k++) {
        output[k] = expf(output[k] - max);
        sum += output[k];
    }
    return sum;
}

/* log of the softmax's denominator, with output left as it is. */
static double log_sum_exp(int64_t K, const float *output)
{
    float max = largest(K, output), sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t k = 0; k < K; k++)
        sum += expf(output[k] - max);
    /* cppcheck-suppress invalidFunctionArg ; K >= 1, so that sum is at least exp(0) */
    return (double)max + log((double)sum);
}

static double mse_back(int64_t K, const float *restrict y, float *restrict output)
{
    double sum = 0;
    float scale = 2 / (float)K;
    for (int64_t k = 0; k < K; k++) {
        float error = output[k] - y[k];
        sum += (double)error * (double)error;
        output[k] = scale * error;
    }
    return sum / (double)K;
}

static double cross_entropy_back(int64_t K, int32_t label, float *output)
{
    float max = largest(K, output);
    double chosen = (double)output[label] - (double)max;
    float sum = exponentials(K, max, output), scale = 1 / sum;
#pragma omp simd
    for (int64_t k = 0; k < K; k++)
        output[k] *= scale;
    output[label] -= 1;
    return log((double)sum) - chosen;
}

double dt_loss_back(dt_loss loss, int64_t rows, int64_t K, const float *bias, const void *y,
                    float *output)
{
    double sum = 0;
    for (int64_t r = 0; r < rows; r++) {
        float *row = output + r * K;
        add_bias(K, bias, row);
        sum += loss == DT_LOSS_CROSS_ENTROPY ? cross_entropy_back(K, ((const int32_t *)y)[r], row)
                                             : mse_back(K, (const float *)y + r * K, row);
    }
    return sum;
}

static double mse(int64_t K, const float *y, const float *output)
{
    double sum = 0;
    for (int64_t k = 0; k < K; k++) {
        double error = (double)output[k] - (double)y[k];
        sum += error * error;
    }
    return sum / (double)K;
}

double dt_loss_sum(dt_loss loss, int64_t rows, int64_t K, const float *bias, const void *y,
                   float *output)
{
    double sum = 0;
    for (int64_t r = 0; r < rows; r++) {
        float *row = output + r * K;
        add_bias(K, bias, row);
        if (loss == DT_LOSS_CROSS_ENTROPY) {
            int32_t label = ((const int32_t *)y)[r];
            sum += label < K ? log_sum_exp(K, row) - (double)row[label] : HUGE_VAL;
        } else {
            sum += mse(K, (const float *)y + r * K, row);
        }
    }
    return sum;
}

int64_t dt_argmax(int64_t K, const float *output)
{
    int64_t best = 0;
    for (int64_t k = 1; k < K; k++)
        if (output[k] > output[best])
            best = k;
    return best;
}

int64_t dt_count_correct(int64_t rows, int64_t K, const float *output, const int32_t *label)
{
    int64_t correct = 0;
    for (int64_t r = 0; r < rows; r++)
        correct += dt_argmax(K, output + r * K) == label[r];
    return correct;
}

void dt_softmax(int64_t rows, int64_t K, float *output)
{
    for (int64_t r = 0; r < rows; r++) {
        float *row = output + r * K;
        float scale = 1 / exponentials(K, largest(K, row), row);
#pragma omp simd
        for (int64_t k = 0; k < K; k++)
            row[k] *= scale;
    }
}
