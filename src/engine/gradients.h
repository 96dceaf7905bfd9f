/* Declarations for the files that compute the gradient of a wave. gradients.c divides the outputs
 * of a layer into parts, and line_flags.c finds which lines have integers that count. Each other
 * file is for one kind of call:
 *
 *   gradient_floats.c     DT_FLOATS     sums of floats, over all rows of the wave
 *   gradient_integers.c   DT_INTEGERS   each block's gradient is rounded to one word, and added
 *   gradient_words.c      DT_WORDS      the same for some lines, rounded to two words
 *   gradient_measure.c    DT_MEASURES   the largest magnitudes of the blocks
 *
 * Nothing here is collective. A thread of the call calls each function, unless it says otherwise.
 */
#ifndef DT_ENGINE_GRADIENTS_H
#define DT_ENGINE_GRADIENTS_H

#include "core/minmax.h"
#include "core/range.h"
#include "engine/internal.h"

enum {
    DT_SUM_COLUMNS = 64, /* columns of a gradient in integers that are summed at a time */
    DT_SUM_ROWS = 96     /* rows that are summed at a time: such a tile stays in the L1 cache */
};

/* A part of the gradient: that of the outputs [begin, begin + n) of one layer, over the rows of a
 * wave. One thread computes it. */
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

/* Return the part that has only the outputs from number `from` of this part on, at most `max`. */
static inline dt_gradient_part dt_part_slice(const dt_gradient_part *p, int64_t from, int64_t max)
{
    dt_gradient_part slice = *p;
    slice.begin += from;
    slice.n = dt_min(p->n - from, max);
    return slice;
}

/* Return the thread's memory for packed dz: [outputs per thread,W]. */
static inline float *dt_part_packed_dz(const dt_gradient_part *p)
{
    const dt_engine *e = p->call->engine;
    return e->packed_dz +
           p->thread * dt_engine_outputs_per_thread(e, p->call->threads) * e->wave_rows;
}

/* Return the thread's memory for the sums of a vector over the rows of a block: [max outputs]. */
static inline float *dt_part_vector_sums(const dt_gradient_part *p)
{
    return p->call->engine->vector_sums + p->thread * p->call->engine->max_outputs;
}

/* Return the product dz^T x [n,columns] over some rows of the wave, for the inputs
 * [column, column + columns). */
dt_product dt_part_product(const dt_gradient_part *p, dt_range rows, int64_t column,
                           int64_t columns);

/* Return the rows of a block of the wave. */
static inline dt_range dt_block_rows(const dt_wave *w, int64_t block)
{
    return (dt_range){dt_wave_begin(w, block), dt_wave_begin(w, block + 1)};
}

/* Sum the gradient of one of the layer's vectors (see dt_layer_vectors) over some rows.
 *   accumulate  add to sum; if not, replace it
 *   sum         [in,out] [n] */
void dt_part_sum_vector(const dt_gradient_part *p, int vector, dt_range rows, bool accumulate,
                        float *sum);

/* Return the offset, in the parameters, of the vector's elements for the part's outputs. */
static inline int64_t dt_part_vector_begin(const dt_gradient_part *p, int vector)
{
    const dt_layer *layer = dt_part_layer(p);
    return layer->bias + vector * layer->out + p->begin;
}

/* Copy n integers, or, if `add`, add them modulo 2^32. */
void dt_put_integers(bool add, int64_t n, const int32_t *from, int32_t *to);

/* Compute a part of the gradient, for each kind of call. */
void dt_gradient_floats(const dt_gradient_part *p);
void dt_gradient_integers(const dt_gradient_part *p);
void dt_gradient_words(const dt_gradient_part *p);
void dt_gradient_measure(const dt_gradient_part *p);

/* ---- Flags of lines (line_flags.c) ---------------------------------------------------------- */

/* Called before the part is computed. If the wave is the call's first, clear the bits of the lines
 * of the part's outputs. */
void dt_flags_begin_rows(const dt_gradient_part *p);

/* Called after the part is computed. If the wave is the call's last, set the flags of the lines of
 * the part's outputs. */
void dt_flags_end_rows(const dt_gradient_part *p);

/* Add the bits of this wave to those of one line in two words. If the wave is the call's last, set
 * the line's flag.
 *   flag  [out] */
void dt_flags_put_words(const dt_gradient_part *p, int64_t output, const dt_lane_bits *bits,
                        int32_t *flag);

/* Return the bits that one thread has found in a vector. */
dt_line_bits *dt_flags_vector_bits(const dt_call *c, int thread, int layer, int vector);

/* Set the flags of the vectors among the call's lines. Called once, after all threads have
 * finished. */
void dt_flags_put_vectors(const dt_call *c);

#endif
