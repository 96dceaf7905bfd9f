#include "engine/weights.h"

#include "core/memory.h"
#include "engine/product.h"

#include <stdlib.h>
#include <string.h>

static float *zeros(int64_t n, dt_error *err)
{
    float *values = dt_alloc(n, sizeof *values, "the packed weights", err);
    if (values)
        memset(values, 0, (size_t)n * sizeof *values);
    return values;
}

dt_code dt_panels_init(dt_panels *p, const dt_layer *layer, bool first, dt_error *err)
{
    p->forward = zeros(dt_panels_round(layer->out) * layer->in, err);
    p->backward = first ? NULL : zeros(dt_panels_round(layer->in) * layer->out, err);
    return err->code;
}

void dt_panels_free(dt_panels *p)
{
    free(p->forward);
    free(p->backward);
}

typedef float four __attribute__((vector_size(16)));
typedef float four_in_memory __attribute__((vector_size(16), aligned(4), may_alias));

/* to[c][r] = from[r][c], 4 by 4, in rows that lie so far apart. */
static void transpose_square(const float *from, int64_t from_apart, float *to, int64_t to_apart)
{
    four a = *(const four_in_memory *)from, b = *(const four_in_memory *)(from + from_apart);
    four c = *(const four_in_memory *)(from + 2 * from_apart);
    four d = *(const four_in_memory *)(from + 3 * from_apart);
    four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    four cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    *(four_in_memory *)to = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    *(four_in_memory *)(to + to_apart) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    ab = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    cd = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    *(four_in_memory *)(to + 2 * to_apart) = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    *(four_in_memory *)(to + 3 * to_apart) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}

/* The rows of one panel: they are read along the rows, and written across. */
static void transpose(const float *from, int64_t in, int64_t rows, float *to)
{
    enum { SQUARE = 4 };
    int64_t squares = rows == DT_PANEL ? in / SQUARE * SQUARE : 0;
    for (int64_t r = 0; r < DT_PANEL; r += SQUARE)
        for (int64_t i = 0; i < squares; i += SQUARE)
            transpose_square(from + r * in + i, in, to + i * DT_PANEL + r, DT_PANEL);
    for (int64_t i = squares; i < in; i++)
        for (int64_t r = 0; r < rows; r++)
            to[i * DT_PANEL + r] = from[r * in + i];
}

static void pack_forward(const dt_panels *p, const dt_layer *l, const float *weight, int64_t panel)
{
    int64_t row = panel * DT_PANEL, rows = l->out - row < DT_PANEL ? l->out - row : DT_PANEL;
    transpose(weight + row * l->in, l->in, rows, p->forward + row * l->in);
}

static void pack_backward(const dt_panels *p, const dt_layer *l, const float *weight, int64_t panel)
{
    int64_t column = panel * DT_PANEL;
    size_t n = (size_t)(l->in - column < DT_PANEL ? l->in - column : DT_PANEL) * sizeof *weight;
    for (int64_t o = 0; o < l->out; o++)
        memcpy(p->backward + column * l->out + o * DT_PANEL, weight + o * l->in + column, n);
}

void dt_panels_pack(const dt_panels *p, const dt_layer *l, const float *weight, int thread,
                    int threads)
{
    int64_t outputs = dt_panels_round(l->out) / DT_PANEL,
            inputs = dt_panels_round(l->in) / DT_PANEL;
    for (int64_t i = outputs * thread / threads; i < outputs * (thread + 1) / threads; i++)
        pack_forward(p, l, weight, i);
    for (int64_t i = inputs * thread / threads; i < inputs * (thread + 1) / threads && p->backward;
         i++)
        pack_backward(p, l, weight, i);
}
