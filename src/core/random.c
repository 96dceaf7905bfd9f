#include "core/random.h"

#include <Random123/philox.h>

void dt_random_bits(const dt_random *random, uint64_t index, uint64_t bits[2])
{
    philox4x32_ctr_t counter = {
        {(uint32_t)index, (uint32_t)(index >> 32), random->stream, (uint32_t)random->purpose}};
    philox4x32_key_t key = {{(uint32_t)random->seed, (uint32_t)(random->seed >> 32)}};
    philox4x32_ctr_t r = philox4x32(counter, key);
    bits[0] = r.v[0] | (uint64_t)r.v[1] << 32;
    bits[1] = r.v[2] | (uint64_t)r.v[3] << 32;
}

void dt_random_words(const dt_random *random, uint64_t index, int64_t n, uint32_t *out)
{
    philox4x32_key_t key = {{(uint32_t)random->seed, (uint32_t)(random->seed >> 32)}};
    uint32_t stream = random->stream, low = (uint32_t)index, high = (uint32_t)(index >> 32);
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        philox4x32_ctr_t counter = {{low, high, stream + (uint32_t)i, random->purpose}};
        philox4x32_ctr_t r = philox4x32(counter, key);
        for (int k = 0; k < 4; k++)
            out[4 * i + k] = r.v[k];
    }
}

void dt_random_uniform(const dt_random *random, float low, float high, float *out, int64_t n)
{
    for (int64_t i = 0; i < n; i += 2) {
        uint64_t bits[2];
        dt_random_bits(random, (uint64_t)i / 2, bits);
        for (int64_t k = i; k < n && k < i + 2; k++)
            out[k] = low + (high - low) * ((float)(bits[k - i] >> 40) * 0x1p-24f);
    }
}

/* Uniform in 0..n-1; the bias of the multiplication is below n / 2^64. */
static uint64_t below(uint64_t bits, uint64_t n)
{
    return (uint64_t)(((unsigned __int128)bits * n) >> 64);
}

void dt_random_permutation(const dt_random *random, uint32_t *out, int64_t n)
{
    uint64_t bits[2];
    for (int64_t i = 0; i < n; i++) {
        if (i % 2 == 0)
            dt_random_bits(random, (uint64_t)i / 2, bits);
        uint64_t j = below(bits[i % 2], (uint64_t)i + 1);
        out[i] = out[j];
        out[j] = (uint32_t)i;
    }
}

uint32_t dt_random_mix(uint32_t value, uint32_t round, uint32_t key)
{
    philox2x32_ctr_t counter = {{value, round}};
    philox2x32_key_t k = {{key}};
    return philox2x32_R(4, counter, k).v[0];
}
