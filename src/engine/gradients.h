/* What the files of the gradient of a wave share: gradients.c shares out the outputs of a layer,
 * and line_flags.c tells which lines' integers count. The others are one a kind of call:
 *
 *   gradient_floats.c     DT_FLOATS     sums of floats, over all rows of the wave
 *   gradient_integers.c   DT_INTEGERS   each block's gradient is rounded to one word, and added
 *   gradient_words.c      DT_WORDS      the same of some lines, in two words
 *   gradient_measure.c    DT_MEASURES   the largest magnitudes of the blocks
 */
#ifndef DT_ENGINE_GRADIENTS_H
#define DT_ENGINE_GRADIENTS_H

#include "core/minmax.h"
#include "core/range.h"
#include "engine/internal.h"

enum {
    DT_SUM_COLUMNS = 64, /* columns of a gradient in integers that are summed up at a time, */
    DT_SUM_ROWS = 96     /* in so many rows: they stay in the first caches */
};

/* The gradient of some outputs of one layer, [begin, begin + n), by the rows of a wave. One thread
 * computes it. */
typedef struct {
    const dt_call *call;
    const dt_wave *wave;
    int thread;
    int layer;
    int64_t begin, n;
} dt_gradient_part;

static inline const dt_layer *dt_part_layer(const dt_gradient_part *p)
{
    return &p->call->engine->model->layer[p->layer];
}

static inline const dt_layer_scales *dt_part_scales(const dt_gradient_part *p)
{
    return &p->call->scales->layer[p->layer];
}

/* The part's outputs from the one at `from` on, at most `max` of them. */
static inline dt_gradient_part dt_part_slice(const dt_gradient_part *p, int64_t from, int64_t max)
{
    dt_gradient_part slice = *p;
    slice.begin += from;
    slice.n = dt_min(p->n - from, max);
    return slice;
}

/* The thread's memory for dz as products read it: [outputs per thread,W]. */
static inline float *dt_part_packed_dz(const dt_gradient_part *p)
{
    const dt_engine *e = p->call->engine;
    return e->packed_dz +
           p->thread * dt_engine_outputs_per_thread(e, p->call->threads) * e->wave_rows;
}

/* The thread's memory for the sums of a vector over the rows of a block: [max outputs]. */
static inline float *dt_part_vector_sums(const dt_gradient_part *p)
{
    return p->call->engine->vector_sums + p->thread * p->call->engine->max_outputs;
}

/* The product dz^T x [n,columns] of some rows of the wave, for the inputs from `column` on. */
dt_product dt_part_product(const dt_gradient_part *p, dt_range rows, int64_t column,
                           int64_t columns);

/* The rows of a block of the wave. */
static inline dt_range dt_block_rows(const dt_wave *w, int64_t block)
{
    return (dt_range){dt_wave_begin(w, block), dt_wave_begin(w, block + 1)};
}

/* Sum the gradient of one of the layer's vectors (see dt_layer_vectors) over some rows into
 * sum [n], which is added to if accumulate. */
void dt_part_sum_vector(const dt_gradient_part *p, int vector, dt_range rows, bool accumulate,
                        float *sum);

/* Where the vector's elements of these outputs begin among the parameters. */
static inline int64_t dt_part_vector_begin(const dt_gradient_part *p, int vector)
{
    const dt_layer *layer = dt_part_layer(p);
    return layer->bias + vector * layer->out + p->begin;
}

/* Copy integers to where they belong, or add them modulo 2^32. */
void dt_put_integers(bool add, int64_t n, const int32_t *from, int32_t *to);

/* Compute a part of the gradient, for each kind of call. */
void dt_gradient_floats(const dt_gradient_part *p);
void dt_gradient_integers(const dt_gradient_part *p);
void dt_gradient_words(const dt_gradient_part *p);
void dt_gradient_measure(const dt_gradient_part *p);

/* ---- Flags of lines (line_flags.c) ---------------------------------------------------------- */

/* Before a wave: set the bits of these outputs' lines to 0 if the wave is the call's first. */
void dt_flags_begin_rows(const dt_gradient_part *p);

/* After a wave: set the flags of these outputs' lines if the wave is the call's last. */
void dt_flags_end_rows(const dt_gradient_part *p);

/* The same for one line in two words, whose bits in this wave are given.
 *   flag  [out] */
void dt_flags_put_words(const dt_gradient_part *p, int64_t output, const dt_lane_bits *bits,
                        int32_t *flag);

/* The bits that one thread has found in a vector. */
dt_line_bits *dt_flags_vector_bits(const dt_call *c, int thread, int layer, int vector);

/* When all threads have ended: set the flags of the vectors among the call's lines. */
void dt_flags_put_vectors(const dt_call *c);

#endif
