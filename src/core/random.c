#include "core/random.h"

#include <Random123/philox.h>
#include <stdbool.h>

void dt_random_bits(const dt_random *random, uint64_t index, uint64_t bits[2])
{
    philox4x32_ctr_t counter = {
        {(uint32_t)index, (uint32_t)(index >> 32), random->stream, (uint32_t)random->purpose}};
    philox4x32_key_t key = {{(uint32_t)random->seed, (uint32_t)(random->seed >> 32)}};
    philox4x32_ctr_t r = philox4x32(counter, key);
    bits[0] = r.v[0] | (uint64_t)r.v[1] << 32;
    bits[1] = r.v[2] | (uint64_t)r.v[3] << 32;
}

/* The bits of BATCH counters, of which a word grows by one from each to the next: that of the
 * index, or that of the stream. In arrays of their own, or gcc leaves the vector units idle. */
enum { BATCH = 32 };
typedef struct {
    uint32_t a[BATCH], b[BATCH], c[BATCH], d[BATCH];
} many;

static inline void many_bits(const dt_random *random, uint64_t index, bool of_streams, many *m)
{
    philox4x32_key_t key = {{(uint32_t)random->seed, (uint32_t)(random->seed >> 32)}};
    uint32_t stream = random->stream, purpose = random->purpose;
    uint32_t low = (uint32_t)index, high = (uint32_t)(index >> 32), grows = of_streams;
#pragma omp simd
    for (int i = 0; i < BATCH; i++) {
        uint32_t more = (uint32_t)i;
        philox4x32_ctr_t counter = {
            {low + (1 - grows) * more, high, stream + grows * more, purpose}};
        philox4x32_ctr_t r = philox4x32(counter, key);
        m->a[i] = r.v[0];
        m->b[i] = r.v[1];
        m->c[i] = r.v[2];
        m->d[i] = r.v[3];
    }
}

void dt_random_words(const dt_random *random, uint64_t index, int64_t n, uint32_t *out)
{
    dt_random r = *random;
    many m;
    for (int64_t i = 0; i < n; i++, out += 4) {
        int64_t k = i % BATCH;
        if (k == 0) {
            r.stream = random->stream + (uint32_t)i;
            many_bits(&r, index, true, &m);
        }
        out[0] = m.a[k];
        out[1] = m.b[k];
        out[2] = m.c[k];
        out[3] = m.d[k];
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

/* Uniform in 0..n-1 from 64 bits, n <= 2^32: their product with n, divided by 2^64. The bias is
 * below n / 2^64. */
static inline uint64_t multiply_high(uint32_t low, uint32_t high, uint64_t n)
{
    return (high * n + (low * n >> 32)) >> 32;
}

/* With which position each from `first` on changes places: place [2 * BATCH]. */
static void draw_places(const dt_random *random, int64_t first, uint32_t *place)
{
    many m;
    uint64_t n = (uint64_t)first + 1;
    many_bits(random, (uint64_t)first / 2, false, &m);
#pragma omp simd
    for (int k = 0; k < BATCH; k++) {
        place[2 * k] = (uint32_t)multiply_high(m.a[k], m.b[k], n + 2 * (uint64_t)k);
        place[2 * k + 1] = (uint32_t)multiply_high(m.c[k], m.d[k], n + 2 * (uint64_t)k + 1);
    }
}

void dt_random_permutation(const dt_random *random, uint32_t *out, int64_t n)
{
    uint32_t place[2 * BATCH];
    for (int64_t first = 0; first < n; first += 2 * BATCH) {
        draw_places(random, first, place);
        int64_t end = n - first < 2 * BATCH ? n : first + 2 * BATCH;
        for (int64_t i = first; i < end; i++) {
            uint32_t j = place[i - first];
            out[i] = out[j];
            out[j] = (uint32_t)i;
        }
    }
}

uint32_t dt_random_mix(uint32_t value, uint32_t round, uint32_t key)
{
    philox2x32_ctr_t counter = {{value, round}};
    philox2x32_key_t k = {{key}};
    return philox2x32_R(4, counter, k).v[0];
}

void dt_random_mix_many(uint32_t round, uint32_t key, uint32_t mask, int64_t n,
                        const uint32_t *value, uint32_t *to)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        philox2x32_ctr_t counter = {{value[i], round}};
        philox2x32_key_t k = {{key}};
        to[i] ^= philox2x32_R(4, counter, k).v[0] & mask;
    }
}
