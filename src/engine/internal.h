/* The structures of one call of the engine, for the engine's own files. Nothing here is collective.
 *
 * A wave is the rows of the call that all threads together hold in memory, at most W. One wave goes
 * through four stages. In the first three stages a thread works on its own rows (rows.c). In the
 * fourth stage it works on its own outputs of every layer, over all rows of the wave (gradients.c):
 *
 *   forward    x -> act[0] -> act[1] -> ... -> act[last]    by dt_panels.forward
 *   loss       act[last], y -> dz[last]                     (the same array), losses
 *   backward   dz[0] <- dz[1] <- ... <- dz[last]            by dt_panels.backward
 *   ---------- barrier: the dz of all rows of the wave are complete ---------------------
 *   gradient   of weight l: dz[l]^T act[l-1]                (l = 0: x), of bias l: sum of dz[l]
 *
 * A wave has these arrays, whose rows are `stride` values apart. in_l and out_l are the widths of
 * layer l:
 *
 *   array        shape      holds                           written by      read by
 *   x            [W,in_0]   inputs                          fetch           forward, gradient of 0
 *   y            [W]        targets                         fetch           loss
 *   act[l]       [W,out_l]  activations                     forward         forward, backward,
 *                                                                           gradient of l+1
 *   act_grad[l]  [W,out_l]  slopes of GELU and dropout      forward         backward
 *   xhat[l]      [W,out_l]  LayerNorm's normalised inputs   forward         backward, gradient
 *   inv_std[l]   [W]        LayerNorm's factor of each row  forward         backward
 *   dy[l]        [W,out_l]  d loss / d LayerNorm's outputs  backward        gradient
 *   dz[l]        [W,out_l]  d loss / d (product + bias)     loss, backward  backward, gradient
 *
 * With an overlap there is one barrier for each layer: the gradient of a layer is computed as soon
 * as its dz is complete, and is sent while the earlier layers are computed (threads.c). */
#ifndef DT_ENGINE_INTERNAL_H
#define DT_ENGINE_INTERNAL_H

#include "engine/engine.h"
#include "engine/product.h"
#include "engine/weights.h"

#include <stdatomic.h>

/* The arrays of one layer, [W,out], whose rows are `stride` values apart; see above. */
typedef struct {
    dt_panels weight;
    int64_t stride;
    float *act;      /* for the last layer: first the outputs, then dz */
    float *act_grad; /* NULL if the model has neither GELU nor dropout */
    float *xhat;     /* NULL without a LayerNorm */
    float *dy;       /* NULL without a LayerNorm */
    float *inv_std;  /* [W] NULL without a LayerNorm */
    float *dz;       /* for the last layer: the same array as act */
} dt_layer_work;

enum { DT_MAX_VECTORS = 3 }; /* vectors of a layer: bias, and gamma and beta of a LayerNorm */

/* The sums of one thread. The structure is so large that threads share no cache line. */
typedef struct {
    double loss;
    dt_weight weight;
    char apart[92]; /* fills two cache lines, with the numbers above */
} dt_thread_sums;

/* The pieces of work [next, end) of one thread. A thread takes chunks from the front of its own
 * queue, and then from the queues of other threads. So all threads finish at about the same time,
 * even if a core is slower or is taken away for a while. */
typedef struct {
    atomic_llong next;
    int64_t end;
    char apart[112]; /* fills two cache lines */
} dt_work_queue;

struct dt_engine {
    const dt_model *model;
    const dt_team *team;
    dt_sharing sharing;  /* the ranks that share the panels */
    float *panels;       /* the panels of all layers */
    bool own_panels;     /* the engine frees the panels */
    int64_t wave_rows;   /* W */
    int64_t max_outputs; /* outputs of the widest layer */
    int64_t x_stride;    /* a whole number of panels */
    float *x;
    int64_t y_bytes; /* bytes of y for one sample */
    char *y;
    dt_layer_work *work;        /* [layers] */
    float *packed_dz;           /* [threads,outputs per thread,W] a thread's part of one layer's dz,
                                   packed for products */
    float *vector_sums;         /* [threads,max outputs] sums over the rows of a block */
    float *scratch;             /* [threads,DT_PRODUCT_SCRATCH] for products of floats */
    dt_thread_sums *sums;       /* [threads] */
    dt_work_queue *row_queues;  /* [threads] pieces: blocks of the wave */
    dt_work_queue *part_queues; /* [threads] pieces: parts of outputs, numbered over all layers */
    double *losses;             /* [W] one for each block of the wave */
    dt_lane_bits *lane_bits;    /* [lines] bits of a call's integers; NULL for sums of floats */
    int32_t *line_blocks;       /* [lines] blocks in which the line is not 0; counted only where the
                                   bits alone do not decide */
    dt_line_bits *vector_bits;  /* [threads,layers,DT_MAX_VECTORS] bits of the vectors */
    bool weights_fit_l2;        /* the weights of each layer fit into the L2 cache */
};

/* The result that a call computes from the rows: outputs, or a gradient as floats, integers, two
 * words, or largest magnitudes. */
typedef enum { DT_OUTPUTS, DT_FLOATS, DT_INTEGERS, DT_WORDS, DT_MEASURES } dt_want;

typedef struct {
    dt_engine *engine;
    dt_want want;
    const float *parameters;
    bool pack; /* pack the parameters first, since they differ from those of the call before */
    dt_batch_part part;
    int threads;
    bool accumulate;            /* add to the gradient that is in memory */
    bool reuse_rows;            /* the arrays of the only wave are valid from the call before */
    const dt_overlap *overlap;  /* NULL: none */
    double *loss;               /* [blocks of the batch] losses are added to it; NULL: not wanted */
    const dt_scales *scales;    /* NULL for DT_OUTPUTS and DT_FLOATS */
    int32_t *flags;             /* DT_INTEGERS: [lines], DT_WORDS: [words->n] */
    float *output;              /* DT_OUTPUTS: [rows,outputs] */
    float *gradient;            /* DT_FLOATS: [P] */
    int32_t *integers;          /* DT_INTEGERS: [P] */
    bool whole;                 /* DT_INTEGERS: convert the sums, of the whole batch, to floats */
    const dt_word_lines *words; /* DT_WORDS */
    float *max;                 /* DT_MEASURES: [scales->n - DT_SCALES_COUNTERS] */
    bool measure_columns;       /* DT_MEASURES: measure columns; if not, rows and vectors */
    const bool *only;           /* DT_MEASURES: [lines] the lines to measure; NULL: all */
} dt_call;

/* The rows of one wave, and their division into blocks. */
typedef struct {
    int64_t first, rows;      /* the wave has the rows [first, first + rows) of the call */
    int64_t block;            /* rows of a block */
    int64_t first_block_skip; /* rows of the first block that another wave or rank has */
    int64_t first_block;      /* number of the first block in the batch */
    int64_t blocks;           /* blocks of the wave */
    bool accumulate;          /* add the gradient to that of the waves before */
} dt_wave;

/* Return the first row of a block in the wave. Block number `blocks` begins at the end. */
static inline int64_t dt_wave_begin(const dt_wave *w, int64_t block)
{
    int64_t row = block * w->block - w->first_block_skip;
    return row < 0 ? 0 : row < w->rows ? row : w->rows;
}

/* Return whether a wave is the call's last. */
static inline bool dt_wave_is_last(const dt_call *c, const dt_wave *w)
{
    return w->first + w->rows == c->part.rows;
}

/* Return the first of a thread's items, when n items are divided evenly among threads. */
static inline int64_t dt_chunk_begin(int64_t n, int thread, int threads)
{
    return n * thread / threads;
}

/* Return the largest number of outputs of one layer that belong to one thread. */
static inline int64_t dt_engine_outputs_per_thread(const dt_engine *e, int threads)
{
    return (e->max_outputs + threads - 1) / threads;
}

/* Do a thread's part of a call. All threads of the call run this function at the same time. */
void dt_threads_work(const dt_call *call, int thread);

/* Take a chunk from the thread's own queue or, if that is empty, from the queue of another thread.
 * All threads call it, after all queues have been filled.
 *   divisor   the owner takes its remaining pieces divided by this number, but at least `min`
 *   min       another thread takes so many pieces at a time; the last chunk may be smaller
 *   first, n  [out] the chunk has the pieces [first, first + n)
 * Returns the thread that owns the queue, or -1 if all queues are empty. */
int dt_work_queue_take_chunk(dt_work_queue *queues, int threads, int thread, int64_t divisor,
                             int64_t min, int64_t *first, int64_t *n);

/* Call the overlap's poll. Every thread calls this function often; only thread 0 polls. */
static inline void dt_call_poll(const dt_call *c, int thread)
{
    if (c->overlap && thread == 0)
        c->overlap->poll(c->overlap->with);
}

/* Run the forward pass over blocks [first, end) of the wave. Except for DT_OUTPUTS, also compute
 * the loss and the dz of the last layer. */
void dt_rows_run(const dt_call *call, const dt_wave *wave, int64_t first, int64_t end,
                 dt_thread_sums *sums);

/* Run the backward pass over blocks [first, end) through one layer: from its dz, compute the dz of
 * the layer before it. The layer must not be 0. */
void dt_rows_back(const dt_call *call, const dt_wave *wave, int thread, int64_t first, int64_t end,
                  int layer);

/* Return the number of parts into which a thread's outputs of a layer are cut. */
int64_t dt_gradients_parts(const dt_call *call, int owner, int layer);

/* Compute parts [first, end) of the owner's outputs of a layer, over all rows of the wave. The dz
 * of all rows must be complete. The calling thread need not be the owner. */
void dt_gradients_run(const dt_call *call, const dt_wave *wave, int thread, int owner, int layer,
                      int64_t first, int64_t end);

#endif
