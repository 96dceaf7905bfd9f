/* Random numbers without state: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
 * 1, 2, 3", SC11). The key is the seed; the counter is (purpose, stream, index). Any rank can
 * compute any number of any sequence, so nothing depends on the number of ranks, and no state is
 * saved. Nothing here is collective. */
#ifndef DT_CORE_RANDOM_H
#define DT_CORE_RANDOM_H

#include <stdint.h>

typedef enum {
    DT_RANDOM_INIT = 1,    /* stream: tensor of the linear layers; index: element */
    DT_RANDOM_ORDER = 2,   /* stream: epoch; index: position */
    DT_RANDOM_BLOCKS = 3,  /* stream: epoch; index: block of rows */
    DT_RANDOM_HOLDOUT = 4, /* stream: group of rows; index: row in it */
    DT_RANDOM_WINDOW = 5,  /* plus 256 window; stream: epoch; index: position in the window */
    DT_RANDOM_DROPOUT = 6, /* plus 256 layer; stream: group of four units; index: sample */
} dt_random_purpose;

typedef struct {
    uint64_t seed;
    uint32_t purpose; /* a dt_random_purpose, with the window or the layer added */
    uint32_t stream;
} dt_random;

/* Compute the 128 random bits of an index. */
void dt_random_bits(const dt_random *random, uint64_t index, uint64_t bits[2]);

/* Compute the bits of one index for n streams, which begin with random->stream, as words of 32
 * bits.
 *   out  [n,4] */
void dt_random_words(const dt_random *random, uint64_t index, int64_t n, uint32_t *out);

/* Fill out[n] with numbers uniform in [low, high). */
void dt_random_uniform(const dt_random *random, float low, float high, float *out, int64_t n);

/* Fill out[n] with a uniform random permutation of 0..n-1 (Fisher and Yates). n <= 2^32. */
void dt_random_permutation(const dt_random *random, uint32_t *out, int64_t n);

/* Mix 32 bits: the round function of a small Feistel network. */
uint32_t dt_random_mix(uint32_t value, uint32_t round, uint32_t key);

/* Compute to[i] ^= dt_random_mix(value[i], round, key) & mask for i in 0..n-1. */
void dt_random_mix_many(uint32_t round, uint32_t key, uint32_t mask, int64_t n,
                        const uint32_t *value, uint32_t *to);

#endif
