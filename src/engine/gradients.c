/* The gradient of a wave: each thread computes parts of the outputs of every layer. */
#include "engine/gradients.h"

#include <string.h>

enum { PART = 128 }; /* outputs that one thread takes at a time, where there are several threads */

dt_product dt_part_product(const dt_gradient_part *p, dt_range rows, int64_t column,
                           int64_t columns)
{
    const dt_engine *e = p->call->engine;
    const dt_layer_work *work = &e->work[p->layer];
    int64_t stride = p->layer == 0 ? e->x_stride : work[-1].stride;
    const float *in = p->layer == 0 ? e->x : work[-1].act;
    return (dt_product){.m = p->n,
                        .n = columns,
                        .k = rows.end - rows.begin,
                        .a = work->dz + rows.begin * work->stride + p->begin,
                        .a_row = 1,
                        .a_step = work->stride,
                        .b = in + rows.begin * stride + column,
                        .b_step = stride,
                        .b_panel = DT_PANEL};
}

/* The rows of a sum that are added one after the other, at most: floats that are added to a large
 * sum lose their last bits. The columns that are summed at a time. */
enum { SUM_ROWS = 32, SUM_COLUMNS = 64 };

/* sum[k] += the rows of d, or of d * xhat where that is not NULL. For a compile-time n sums are in
 * registers. */
static inline __attribute__((always_inline)) void
sum_columns(int64_t rows, int64_t stride, int64_t n, const float *d, const float *xhat, float *sum)
{
    float part[SUM_COLUMNS] = {0};
    for (int64_t r = 0; r < rows; r++) {
        const float *a = d + r * stride, *b = xhat ? xhat + r * stride : NULL;
#pragma omp simd
        for (int64_t k = 0; k < n; k++)
            part[k] += b ? a[k] * b[k] : a[k];
    }
    for (int64_t k = 0; k < n; k++)
        sum[k] += part[k];
}

/* sum[i] += the rows of d, or of d * xhat. */
static void sum_rows(int64_t rows, int64_t stride, int64_t n, const float *d, const float *xhat,
                     float *restrict sum)
{
    if (n == 1 && stride == 1 && !xhat) {
        *sum += dt_product_sum(d, rows);
        return;
    }
    for (int64_t i = 0; i < n; i += SUM_COLUMNS) {
        for (int64_t begin = 0; begin < rows; begin += SUM_ROWS) {
            int64_t some = dt_min(rows - begin, SUM_ROWS), at = begin * stride + i;
            if (n - i >= SUM_COLUMNS && !xhat)
                sum_columns(some, stride, SUM_COLUMNS, d + at, NULL, sum + i);
            else
                sum_columns(some, stride, dt_min(n - i, SUM_COLUMNS), d + at,
                            xhat ? xhat + at : NULL, sum + i);
        }
    }
}

void dt_part_sum_vector(const dt_gradient_part *p, int vector, dt_range rows, bool accumulate,
                        float *sum)
{
    const dt_layer_work *work = &p->call->engine->work[p->layer];
    int64_t at = rows.begin * work->stride + p->begin, n = rows.end - rows.begin;
    if (!accumulate)
        for (int64_t i = 0; i < p->n; i++)
            sum[i] = 0;
    const float *d = vector == 0 ? work->dz : work->dy;
    sum_rows(n, work->stride, p->n, d + at, vector == 1 ? work->xhat + at : NULL, sum);
}

void dt_put_integers(bool add, int64_t n, const int32_t *from, int32_t *to)
{
    if (add)
        for (int64_t i = 0; i < n; i++)
            to[i] = (int32_t)((uint32_t)to[i] + (uint32_t)from[i]);
    else
        memcpy(to, from, (size_t)n * sizeof *to);
}

/* ---- Parts ---------------------------------------------------------------------------------- */

/* The outputs of a layer that are a thread's. */
static dt_range find_outputs(const dt_call *c, int owner, int layer)
{
    int64_t out = c->engine->model->layer[layer].out;
    return (dt_range){dt_chunk_begin(out, owner, c->threads),
                      dt_chunk_begin(out, owner + 1, c->threads)};
}

int64_t dt_gradients_parts(const dt_call *c, int owner, int layer)
{
    dt_range outputs = find_outputs(c, owner, layer);
    int64_t n = outputs.end - outputs.begin;
    return c->threads == 1 ? n > 0 : (n + PART - 1) / PART;
}

void dt_gradients_run(const dt_call *c, const dt_wave *w, int thread, int owner, int layer,
                      int64_t first, int64_t end)
{
    dt_range outputs = find_outputs(c, owner, layer);
    int64_t part = c->threads == 1 ? outputs.end - outputs.begin : PART;
    dt_gradient_part p = {.call = c,
                          .wave = w,
                          .thread = thread,
                          .layer = layer,
                          .begin = outputs.begin + first * part};
    p.n = dt_min(outputs.begin + end * part, outputs.end) - p.begin;
    if (p.n <= 0)
        return;
    switch (c->want) {
    case DT_FLOATS:
        dt_gradient_floats(&p);
        break;
    case DT_INTEGERS:
        dt_gradient_integers(&p);
        break;
    case DT_WORDS:
        dt_gradient_words(&p);
        break;
    case DT_MEASURES:
        dt_gradient_measure(&p);
        break;
    case DT_OUTPUTS:
        break;
    }
}
