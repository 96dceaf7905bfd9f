/* A call of the engine, as its threads see it.
 *
 * A wave is so many of the call's rows that all threads together hold in memory: W at most. One
 * wave goes through four stages. In the first three a thread works on its own rows (rows.c), in the
 * fourth on its own outputs of every layer, over all rows of the wave (gradients.c):
 *
 *   forward    x -> act[0] -> act[1] -> ... -> act[last]    by dt_panels.forward
 *   loss       act[last], y -> dz[last]                     (the same array), losses
 *   backward   dz[0] <- dz[1] <- ... <- dz[last]            by dt_panels.backward
 *   ---------- barrier: all rows of the wave are there ----------------------------------
 *   gradient   of weight l: dz[l]^T act[l-1]                (l = 0: x), of bias l: sum of dz[l]
 *
 * Arrays of a wave, in rows that lie `stride` apart; in_l and out_l are the widths of layer l:
 *
 *   array        shape      holds                           written by      read by
 *   x            [W,in_0]   inputs                          fetch           forward, gradient of 0
 *   y            [W]        targets                         fetch           loss
 *   act[l]       [W,out_l]  activations                     forward         forward, backward,
 *                                                                           gradient of l+1
 *   act_grad[l]  [W,out_l]  slopes of GELU and dropout      forward         backward
 *   xhat[l]      [W,out_l]  LayerNorm's normalised inputs   forward         backward, gradient
 *   inv_std[l]   [W]        what it multiplied them by      forward         backward
 *   dy[l]        [W,out_l]  d loss / d LayerNorm's outputs  backward        gradient
 *   dz[l]        [W,out_l]  d loss / d (product + bias)     loss, backward  backward, gradient
 *
 * With an overlap the barriers are one a layer: the gradient of a layer is computed as soon as its
 * dz is there, and travels while the layers before it are computed (threads.c). */
#ifndef DT_ENGINE_INTERNAL_H
#define DT_ENGINE_INTERNAL_H

#include "engine/engine.h"
#include "engine/product.h"
#include "engine/weights.h"

#include <stdatomic.h>

/* The arrays of one layer, [W,out] in rows that lie stride apart; see above. */
typedef struct {
    dt_panels weight;
    int64_t stride;
    float *act;      /* of the last layer the outputs, and then dz */
    float *act_grad; /* NULL where there is neither GELU nor dropout */
    float *xhat;     /* NULL without a LayerNorm, like the next two */
    float *dy;
    float *inv_std; /* [W] */
    float *dz;      /* of the last layer the same array as act */
} dt_layer_work;

enum { DT_MAX_VECTORS = 3 }; /* of a layer: bias, and gamma and beta of a LayerNorm */

/* The sums of one thread. The structure is so large that threads share no cache line. */
typedef struct {
    double loss;
    dt_weight weight;
    char apart[92]; /* with three numbers, two cache lines */
} dt_thread_sums;

/* The pieces of work [next, end) of one thread. A thread takes chunks from the front of its own
 * queue, and then from the queues of others. So all threads end together, also where a core is
 * slower or is taken away for a while. */
typedef struct {
    atomic_llong next;
    int64_t end;
    char apart[112];
} dt_work_queue;

struct dt_engine {
    const dt_model *model;
    const dt_team *team;
    dt_sharing sharing; /* of the panels, if several ranks have them */
    float *panels;      /* the panels of all layers */
    bool own_panels;
    int64_t wave_rows;   /* W */
    int64_t max_outputs; /* outputs of the widest layer */
    int64_t x_stride;    /* a whole number of panels */
    float *x;
    int64_t y_bytes; /* of one sample's y */
    char *y;
    dt_layer_work *work;        /* [layers] */
    float *packed_dz;           /* [threads,outputs per thread,W] a thread's part of one layer's dz,
                                   as products read it */
    float *vector_sums;         /* [threads,max outputs] sums over the rows of a block */
    float *scratch;             /* [threads,DT_PRODUCT_SCRATCH] for products of floats */
    dt_thread_sums *sums;       /* [threads] */
    dt_work_queue *row_queues;  /* [threads] pieces: blocks of the wave */
    dt_work_queue *part_queues; /* [threads] pieces: parts of outputs, counted through all layers */
    double *losses;             /* [W] one for each block of the wave */
    dt_lane_bits *lane_bits;    /* [lines] bits of a call's integers; NULL for sums of floats */
    int32_t *line_blocks;       /* [lines] blocks in which the line is not 0, where they decide */
    dt_line_bits *vector_bits;  /* [threads,layers,DT_MAX_VECTORS] the same of vectors */
    bool weights_fit_l2;        /* each layer's weights stay in the second cache */
};

/* What a call computes from the rows. */
typedef enum { DT_OUTPUTS, DT_FLOATS, DT_INTEGERS, DT_WORDS, DT_MEASURES } dt_want;

typedef struct {
    dt_engine *engine;
    dt_want want;
    const float *parameters;
    bool pack; /* the parameters are not those of the call before: pack them first */
    dt_batch_part part;
    int threads;
    bool accumulate;
    bool reuse_rows;            /* the arrays of the only wave are still there */
    const dt_overlap *overlap;  /* NULL: none */
    double *loss;               /* [blocks of the batch] added to; NULL: not wanted */
    const dt_scales *scales;    /* not for DT_OUTPUTS and DT_FLOATS */
    int32_t *flags;             /* DT_INTEGERS: [lines], DT_WORDS: [words->n] */
    float *output;              /* DT_OUTPUTS: [rows,outputs] */
    float *gradient;            /* DT_FLOATS: [P] */
    int32_t *integers;          /* DT_INTEGERS: [P] */
    bool whole;                 /* DT_INTEGERS: the sums are the whole batch's, and become floats */
    const dt_word_lines *words; /* DT_WORDS */
    float *max;                 /* DT_MEASURES: [scales->n - 2] */
    bool measure_columns;       /* DT_MEASURES: columns, else rows and vectors, */
    const bool *only;           /* [lines] of these lines; NULL: of all */
} dt_call;

/* The rows of one wave, and how they are cut into blocks. */
typedef struct {
    int64_t first, rows;      /* of the call */
    int64_t block;            /* rows of a block */
    int64_t first_block_skip; /* rows that the first block lacks: another wave or rank has them */
    int64_t first_block;      /* number of the first block in the batch */
    int64_t blocks;
    bool accumulate; /* the gradient is added to that of the wave before */
} dt_wave;

/* Where a block begins in the wave's rows, or where the last one ends. */
static inline int64_t dt_wave_begin(const dt_wave *w, int64_t block)
{
    int64_t row = block * w->block - w->first_block_skip;
    return row < 0 ? 0 : row < w->rows ? row : w->rows;
}

/* Whether a wave is the call's last. */
static inline bool dt_wave_is_last(const dt_call *c, const dt_wave *w)
{
    return w->first + w->rows == c->part.rows;
}

/* Where the chunk of a thread begins, when n things are shared out evenly. */
static inline int64_t dt_chunk_begin(int64_t n, int thread, int threads)
{
    return n * thread / threads;
}

/* The most outputs of one layer whose gradient is a thread's. */
static inline int64_t dt_engine_outputs_per_thread(const dt_engine *e, int threads)
{
    return (e->max_outputs + threads - 1) / threads;
}

/* Do a thread's part of a call. All threads of the call are in this function at once. */
void dt_threads_work(const dt_call *call, int thread);

/* Take a chunk from the thread's own queue or, if that is empty, from another's. All threads call
 * it, after all queues were filled.
 *   divisor   the owner takes this part of what is left: 2 is half
 *   min       but nobody takes less, unless less is left
 *   first, n  [out] the pieces
 * Returns the queue's owner, or -1 if no queue has pieces left. */
int dt_work_queue_take_chunk(dt_work_queue *queues, int threads, int thread, int64_t divisor,
                             int64_t min, int64_t *first, int64_t *n);

/* Every thread calls it every now and then; it calls the overlap's poll. */
static inline void dt_call_poll(const dt_call *c, int thread)
{
    if (c->overlap && thread == 0)
        c->overlap->poll(c->overlap->with);
}

/* Run blocks [first, end) of the wave forward, and, except for DT_OUTPUTS, compute the loss and dz
 * of the last layer. */
void dt_rows_run(const dt_call *call, const dt_wave *wave, int64_t first, int64_t end,
                 dt_thread_sums *sums);

/* Then compute from a layer's dz that of the layer before it. layer is not 0. */
void dt_rows_back(const dt_call *call, const dt_wave *wave, int thread, int64_t first, int64_t end,
                  int layer);

/* The number of parts into which a thread's outputs of a layer are cut. */
int64_t dt_gradients_parts(const dt_call *call, int owner, int layer);

/* Compute parts [first, end) of the owner's outputs of a layer, over all rows of the wave. All rows
 * have been run. The thread may be another than the owner. */
void dt_gradients_run(const dt_call *call, const dt_wave *wave, int thread, int owner, int layer,
                      int64_t first, int64_t end);

#endif
