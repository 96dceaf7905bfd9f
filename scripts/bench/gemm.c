/* The matrix products of a training step and nothing else: the bound on what a trainer can reach.
 *   bench_gemm BATCH THREADS SECONDS IN,HIDDEN,...,OUT     prints samples a second
 * For each layer the product forward, that for the gradient of its weights, and but for the first
 * layer that for the gradient of its inputs, by oneDNN's sgemm. They are cut in four ways, each for
 * its part of the time, and the fastest counts. */
#include "core/clock.h"

#include <dnnl.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LAYERS = 16, MAX_SLICES = 1001, PAD = 16 };
static const double SLICE_SECONDS = 0.02;

typedef struct {
    dnnl_dim_t in, out;
    float *weight, *gradient; /* [out,in]; gradient one for each thread */
    float *delta;             /* [batch,out], rows delta_stride apart: d loss / d output */
    float *input, *output;    /* [batch,in] and [batch,out]; output is the next layer's input */
    dnnl_dim_t delta_stride, input_stride, output_stride;
} layer;

typedef struct {
    dnnl_dim_t batch;
    int threads, layers;
    layer layer[MAX_LAYERS];
} step;

typedef enum {
    ONE_CORE, /* all on one thread: small steps are over before others wake up */
    ROWS,     /* each thread has its rows, and a gradient of its own */
    OUTPUTS,  /* each thread has its rows, and for the weights its outputs over all rows */
    CALLS,    /* one threaded call a product */
    CUTS
} cut;

/* Rows a multiple of 1 kB apart share few sets of the cache. */
static dnnl_dim_t choose_stride(dnnl_dim_t width)
{
    return width % 256 == 0 ? width + PAD : width;
}

static float *filled(dnnl_dim_t n)
{
    float *values = malloc((size_t)n * sizeof *values);
    if (!values)
        exit(1);
    for (dnnl_dim_t i = 0; i < n; i++)
        values[i] = (float)(i % 17 - 8) / 64;
    return values;
}

static void open_step(step *s, const dnnl_dim_t *width)
{
    for (int l = 0; l < s->layers; l++) {
        layer *y = &s->layer[l];
        y->in = width[l];
        y->out = width[l + 1];
        y->input_stride = l == 0 ? choose_stride(y->in) : y[-1].output_stride;
        y->output_stride = y->delta_stride = choose_stride(y->out);
        y->weight = filled(y->in * y->out);
        y->gradient = filled(y->in * y->out * s->threads);
        y->input = l == 0 ? filled(s->batch * y->input_stride) : y[-1].output;
        y->output = filled(s->batch * y->output_stride);
        y->delta = filled(s->batch * y->delta_stride);
    }
}

static void close_step(step *s)
{
    free(s->layer[0].input);
    for (int l = 0; l < s->layers; l++) {
        free(s->layer[l].weight);
        free(s->layer[l].gradient);
        free(s->layer[l].output);
        free(s->layer[l].delta);
    }
}

/* The products of rows [begin, begin + n): forward, and back to the inputs. */
static void multiply_rows(const step *s, dnnl_dim_t begin, dnnl_dim_t n)
{
    for (int l = 0; n > 0 && l < s->layers; l++) {
        const layer *y = &s->layer[l];
        dnnl_sgemm('N', 'T', n, y->out, y->in, 1, y->input + begin * y->input_stride,
                   y->input_stride, y->weight, y->in, 0, y->output + begin * y->output_stride,
                   y->output_stride);
    }
    for (int l = s->layers - 1; n > 0 && l > 0; l--) {
        const layer *y = &s->layer[l], *below = y - 1;
        dnnl_sgemm('N', 'N', n, y->in, y->out, 1, y->delta + begin * y->delta_stride,
                   y->delta_stride, y->weight, y->in, 0, below->delta + begin * below->delta_stride,
                   below->delta_stride);
    }
}

/* The products for the weights: of outputs [part of parts), over rows [begin, begin + n), into the
 * gradient of `copy`. */
static void multiply_weights(const step *s, int part, int parts, dnnl_dim_t begin, dnnl_dim_t n,
                             int copy)
{
    for (int l = 0; n > 0 && l < s->layers; l++) {
        const layer *y = &s->layer[l];
        dnnl_dim_t first = y->out * part / parts, outs = y->out * (part + 1) / parts - first;
        if (outs > 0)
            dnnl_sgemm('T', 'N', outs, y->in, n, 1, y->delta + begin * y->delta_stride + first,
                       y->delta_stride, y->input + begin * y->input_stride, y->input_stride, 0,
                       y->gradient + (copy * y->out + first) * y->in, y->in);
    }
}

/* A thread's steps; all threads of the team are here. */
static void run_thread(const step *s, cut how, int steps)
{
    int t = omp_get_thread_num(), threads = omp_get_num_threads();
    dnnl_dim_t begin = s->batch * t / threads, n = s->batch * (t + 1) / threads - begin;
    for (int i = 0; i < steps; i++) {
        multiply_rows(s, begin, n);
        if (how == OUTPUTS) {
#pragma omp barrier
            multiply_weights(s, t, threads, 0, s->batch, 0);
        } else {
            multiply_weights(s, 0, 1, begin, n, t);
        }
#pragma omp barrier
    }
}

static double run(const step *s, cut how, int steps)
{
    double begin = dt_clock();
    if (how == CALLS) {
        for (int i = 0; i < steps; i++) {
            multiply_rows(s, 0, s->batch);
            multiply_weights(s, 0, 1, 0, s->batch, 0);
        }
    } else {
#pragma omp parallel num_threads(how == ONE_CORE ? 1 : s->threads)
        run_thread(s, how, steps);
    }
    return dt_clock() - begin;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Seconds of a step: the median of slices, at least three. */
static double measure(const step *s, cut how, double seconds)
{
    double slice[MAX_SLICES];
    int steps = 1, slices = 0;
    omp_set_num_threads(how == ONE_CORE ? 1 : s->threads); /* a product alone takes so many */
    run(s, how, 1);
    while (run(s, how, steps) < SLICE_SECONDS)
        steps *= 2;
    double end = dt_clock() + seconds;
    do
        slice[slices++] = run(s, how, steps) / steps;
    while (slices < 3 || (slices < MAX_SLICES && dt_clock() < end));
    qsort(slice, (size_t)slices, sizeof *slice, compare);
    return slice[slices / 2];
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fputs("usage: bench_gemm BATCH THREADS SECONDS IN,HIDDEN,...,OUT\n", stderr);
        return 2;
    }
    dnnl_dim_t width[MAX_LAYERS + 1] = {0};
    int widths = 0;
    for (char *w = strtok(argv[4], ","); w && widths <= MAX_LAYERS; w = strtok(NULL, ","))
        width[widths++] = atoll(w);
    step s = {.batch = atoll(argv[1]), .threads = atoi(argv[2]), .layers = widths - 1};
    open_step(&s, width);
    double best = 0;
    for (int how = 0; how < CUTS; how++) {
        double seconds = measure(&s, (cut)how, atof(argv[3]) / CUTS);
        if (best == 0 || seconds < best)
            best = seconds;
    }
    printf("%.1f\n", (double)s.batch / best);
    close_step(&s);
}
