/* A thread's rows of a wave: forward through the layers, loss, and back. */
#include "engine/internal.h"
#include "engine/product.h"
#include "model/activation.h"
#include "model/dropout.h"
#include "model/layer_norm.h"
#include "model/loss.h"

#include <string.h>

enum { POLL_ROWS = 96 }; /* between two polls */

static void fetch_rows(const dt_call *c, const dt_wave *w, int64_t begin, int64_t n)
{
    dt_engine *e = c->engine;
    const dt_row_source *source = c->part.source;
    int64_t inputs = e->model->inputs, row = w->first + begin;
    float *x = e->x + begin * e->x_stride;
    char *y = e->y + begin * e->y_bytes;
    if (!source->x) {
        source->fetch(source->from, row, n, x, e->x_stride, y);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        memcpy(x + i * e->x_stride, source->x + (row + i) * inputs, (size_t)inputs * sizeof *x);
    if (source->y)
        memcpy(y, (const char *)source->y + row * e->y_bytes, (size_t)(n * e->y_bytes));
}

/* What follows a hidden layer's product. */
static void finish_hidden(const dt_call *c, const dt_wave *w, int l, int64_t begin, int64_t n)
{
    const dt_model *m = c->engine->model;
    const dt_layer *layer = &m->layer[l];
    const dt_layer_work *work = &c->engine->work[l];
    const float *bias = c->parameters + layer->bias;
    int64_t at = begin * work->stride, sample = c->part.source->first + w->first + begin;
    float *a = work->act + at, *act_grad = work->act_grad ? work->act_grad + at : NULL;
    if (m->layer_norm) {
        dt_layer_norm_forward(n, layer->out, work->stride, bias, c->parameters + layer->gamma, a,
                              work->xhat + at, work->inv_std + begin);
        bias = c->parameters + layer->beta;
    }
    dt_activation_forward(m->activation, n, layer->out, work->stride, bias, a, act_grad);
    if (m->dropout.p > 0 && c->want != DT_OUTPUTS)
        dt_dropout_apply(&m->dropout, l, sample, n, layer->out, work->stride, a, act_grad);
}

/* Rows [begin, begin + n) through the layers; the last layer's bias is left to the loss. */
static void run_forward(const dt_call *c, const dt_wave *w, int64_t begin, int64_t n)
{
    const dt_engine *e = c->engine;
    const dt_model *m = e->model;
    const float *in = e->x + begin * e->x_stride; /* [n,in] */
    int64_t in_stride = e->x_stride;
    for (int l = 0; l < m->n_layers; l++) {
        const dt_layer *layer = &m->layer[l];
        const dt_layer_work *work = &e->work[l];
        float *out = work->act + begin * work->stride;
        dt_product_store(&(dt_product){.m = n,
                                       .n = layer->out,
                                       .k = layer->in,
                                       .a = in,
                                       .a_row = in_stride,
                                       .a_step = 1,
                                       .b = work->weight.forward,
                                       .b_step = DT_PANEL,
                                       .b_panel = DT_PANEL * layer->in},
                         out, work->stride, false);
        if (l < m->n_layers - 1)
            finish_hidden(c, w, l, begin, n);
        in = out;
        in_stride = work->stride;
    }
}

/* From d loss / d the outputs of a LayerNorm to that of its inputs. */
static void run_norm_back(const dt_call *c, int l, int64_t begin, int64_t n)
{
    const dt_layer *layer = &c->engine->model->layer[l];
    const dt_layer_work *work = &c->engine->work[l];
    int64_t at = begin * work->stride;
    memcpy(work->dy + at, work->dz + at, (size_t)(n * work->stride) * sizeof *work->dz);
    dt_layer_norm_backward(n, layer->out, work->stride, c->parameters + layer->gamma,
                           work->xhat + at, work->inv_std + begin, work->dz + at);
}

static void run_layer_back(const dt_call *c, int l, int64_t begin, int64_t n)
{
    const dt_model *m = c->engine->model;
    const dt_layer *layer = &m->layer[l];
    const dt_layer_work *work = &c->engine->work[l], *below = work - 1;
    int64_t at = begin * below->stride;
    dt_product_store(&(dt_product){.m = n,
                                   .n = layer->in,
                                   .k = layer->out,
                                   .a = work->dz + begin * work->stride,
                                   .a_row = work->stride,
                                   .a_step = 1,
                                   .b = work->weight.backward,
                                   .b_step = DT_PANEL,
                                   .b_panel = DT_PANEL * layer->out},
                     below->dz + at, below->stride, false);
    dt_activation_backward(m->activation, n, layer->in, below->stride, below->act + at,
                           below->act_grad ? below->act_grad + at : NULL, below->dz + at);
    if (m->layer_norm)
        run_norm_back(c, l - 1, begin, n);
}

void dt_rows_back(const dt_call *c, const dt_wave *w, int thread, int64_t first, int64_t end,
                  int layer)
{
    int64_t begin = dt_wave_begin(w, first), n = dt_wave_begin(w, end) - begin;
    for (int64_t i = 0, rows; i < n; i += rows) {
        rows = n - i < POLL_ROWS || !c->overlap ? n - i : POLL_ROWS;
        run_layer_back(c, layer, begin + i, rows);
        dt_call_poll(c, thread);
    }
}

/* The outputs of a block become their gradient. */
static double compute_loss(const dt_call *c, int64_t begin, int64_t n)
{
    const dt_engine *e = c->engine;
    const dt_model *m = e->model;
    const dt_layer *last = &m->layer[m->n_layers - 1];
    return dt_loss_backward(m->loss, &m->criterion, n, m->outputs, c->parameters + last->bias,
                            e->y + begin * e->y_bytes,
                            e->work[m->n_layers - 1].act + begin * m->outputs);
}

static void put_outputs(const dt_call *c, const dt_wave *w, int64_t begin, int64_t n)
{
    const dt_model *m = c->engine->model;
    const float *bias = c->parameters + m->layer[m->n_layers - 1].bias;
    const float *from = c->engine->work[m->n_layers - 1].act + begin * m->outputs;
    float *to = c->output + (w->first + begin) * m->outputs;
    for (int64_t r = 0; r < n; r++)
        for (int64_t k = 0; k < m->outputs; k++)
            to[r * m->outputs + k] = from[r * m->outputs + k] + bias[k];
}

/* All their rows at once, but for the loss. */
void dt_rows_run(const dt_call *c, const dt_wave *w, int64_t first, int64_t end,
                 dt_thread_sums *sums)
{
    const dt_engine *e = c->engine;
    int64_t begin = dt_wave_begin(w, first), n = dt_wave_begin(w, end) - begin;
    if (n == 0)
        return;
    fetch_rows(c, w, begin, n);
    run_forward(c, w, begin, n);
    if (c->want == DT_OUTPUTS) {
        put_outputs(c, w, begin, n);
        return;
    }
    const dt_model *m = e->model;
    sums->weight +=
        dt_loss_weight(m->loss, &m->criterion, n, m->targets, e->y + begin * e->y_bytes);
    for (int64_t b = first; b < end; b++) {
        int64_t row = dt_wave_begin(w, b);
        e->losses[b] = compute_loss(c, row, dt_wave_begin(w, b + 1) - row);
        if (c->loss)
            c->loss[w->first_block + b] += e->losses[b];
    }
}
