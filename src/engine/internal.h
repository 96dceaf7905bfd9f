/* A call of the engine, as its threads see it. */
#ifndef DT_ENGINE_INTERNAL_H
#define DT_ENGINE_INTERNAL_H

#include "engine/engine.h"
#include "engine/product.h"
#include "engine/weights.h"

#include <stdatomic.h>

/* What a wave keeps of one layer, in rows of out values that lie stride apart. */
typedef struct {
    dt_panels weight;
    int64_t stride;
    float *act; /* [wave,out] activations; of the last layer the outputs, then their gradient */
    float *act_grad; /* [wave,out] of GELU, and where there is dropout, else NULL */
    float *xhat;     /* [wave,out] of a LayerNorm its normalised inputs, */
    float *dy;       /* [wave,out] d loss / d its outputs, */
    float *inv_std;  /* [wave] and what the inputs were multiplied by */
    float *dz; /* [wave,out] d loss / d (product + bias); of the last layer the same array as act */
} dt_layer_work;

enum { DT_MAX_VECTORS = 3 }; /* of a layer */

/* A thread's own; so large that no thread's store disturbs another. */
typedef struct {
    double loss;
    dt_weight weight;
    char apart[92]; /* with three numbers, two cache lines */
} dt_thread_sums;

/* Pieces of work, [next, end), that are a thread's: it takes them from the front, and so do others
 * that have none left. What is waited for is then shared out anew where a core is slower, or is
 * taken away for a while. */
typedef struct {
    atomic_llong next;
    int64_t end;
    char apart[112];
} dt_work_queue;

struct dt_engine {
    const dt_model *model;
    const dt_team *team;
    dt_numa_group *numa_group; /* whose panels these are; NULL: this rank's alone */
    float *panels;             /* all layers' */
    bool own_panels;
    int64_t wave_rows;   /* most rows in a wave */
    int64_t max_outputs; /* of a layer */
    int64_t x_stride;
    float *x;        /* [wave,inputs] the rows, x_stride apart; whole panels */
    int64_t y_bytes; /* of a sample's y */
    char *y;         /* [wave] theirs */
    dt_layer_work *work;
    float *
        packed_dz; /* [threads,most outputs,wave] a thread's part of a delta, as products read it */
    float *vector_sums;         /* [threads,max outputs] sums over the rows of a block */
    float *scratch;             /* [threads,DT_PRODUCT_SCRATCH] of products that become floats */
    dt_thread_sums *sums;       /* [threads] */
    dt_work_queue *row_queues;  /* [threads] blocks of the wave, */
    dt_work_queue *part_queues; /* [threads] and parts of outputs, of all layers */
    double *losses;             /* [wave] of its blocks */
    dt_lane_bits *lane_bits;    /* [lines] of a call's integers; NULL where gradients are floats */
    dt_line_bits *vector_bits;  /* [threads,layers,DT_MAX_VECTORS] likewise */
    bool weights_fit_l2;        /* a layer's weights stay in the second cache */
};

/* What a call wants of the rows. */
typedef enum { DT_OUTPUTS, DT_FLOATS, DT_INTEGERS, DT_WORDS, DT_MEASURES } dt_want;

typedef struct {
    dt_engine *engine;
    dt_want want;
    const float *parameters;
    bool pack; /* the parameters are not those of the last call */
    dt_batch_part part;
    int threads;
    bool accumulate;
    float *gradient; /* DT_FLOATS: [P] */
    float *output;   /* DT_OUTPUTS: [rows,outputs] */
    const dt_scales *scales;
    int32_t *integers; /* DT_INTEGERS: [P] */
    bool whole;        /* DT_INTEGERS: they are those of the whole batch, and become floats */
    const dt_word_lines *words; /* DT_WORDS */
    int32_t *flags;             /* DT_INTEGERS: [lines], DT_WORDS: [words->n] */
    double *loss;               /* [blocks]; NULL: losses and weights are not wanted */
    bool reuse_rows;            /* the rows of the only wave are still there */
    float *max;                 /* DT_MEASURES */
    bool measure_columns;       /* DT_MEASURES: columns, else rows and vectors */
    const dt_overlap *overlap;  /* NULL: none */
} dt_call;

/* Rows of a call that are in memory at a time, and how they are cut: into blocks of a size, of
 * which the first may lack some. */
typedef struct {
    int64_t first, rows; /* of the call */
    int64_t block, first_block_skip;
    int64_t blocks;
    int64_t first_block; /* of its first block in the batch */
    bool accumulate;     /* onto the wave before */
} dt_wave;

/* Where a block begins in the wave's rows, or the last one ends. */
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

static inline int64_t dt_chunk_begin(int64_t n, int thread, int threads)
{
    return n * thread / threads;
}

/* Of any layer, that a thread computes the gradient of. */
static inline int64_t dt_engine_outputs_per_thread(const dt_engine *e, int threads)
{
    return (e->max_outputs + threads - 1) / threads;
}

/* A thread's part of a call, in which all threads of the call are. */
void dt_threads_work(const dt_call *call, int thread);

/* From a thread's queue; if it is empty, from another's. Called by all threads after all queues
 * were filled.
 *   divisor     the owner takes one in so many of what is left
 *   min       but anyone so many at least
 *   first, n  [out] the pieces
 * Returns whose they are, or -1 if none are left. */
int dt_work_queue_take_chunk(dt_work_queue *queues, int threads, int thread, int64_t divisor,
                             int64_t min, int64_t *first, int64_t *n);

/* To be called every now and then by every thread. */
static inline void dt_call_poll(const dt_call *c, int thread)
{
    if (c->overlap && thread == 0)
        c->overlap->poll(c->overlap->with);
}

/* Blocks [first, end) of the wave: forward and, but for DT_OUTPUTS, the loss. */
void dt_rows_run(const dt_call *call, const dt_wave *wave, int64_t first, int64_t end,
                 dt_thread_sums *sums);

/* Then from d loss / d the outputs of a layer, which is not the first, to those of the layer below.
 */
void dt_rows_back(const dt_call *call, const dt_wave *wave, int thread, int64_t first, int64_t end,
                  int layer);

/* How many parts there are of a layer's outputs that are a thread's. */
int64_t dt_gradients_parts(const dt_call *call, int owner, int layer);

/* Such parts [first, end) of a layer's gradient, over all rows of the wave, of which all have been
 * there, on any thread. */
void dt_gradients_run(const dt_call *call, const dt_wave *wave, int thread, int owner, int layer,
                      int64_t first, int64_t end);

#endif
