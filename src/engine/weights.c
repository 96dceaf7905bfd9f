#include "engine/weights.h"

#include "engine/product.h"

#include <string.h>
#if defined __SSE__
#include <xmmintrin.h>
#endif

int64_t dt_panels_floats(const dt_layer *layer, bool first)
{
    int64_t forward = dt_panels_round(layer->out) * layer->in;
    return forward + (first ? 0 : dt_panels_round(layer->in) * layer->out);
}

void dt_panels_init(dt_panels *p, const dt_layer *layer, bool first, float *at)
{
    p->forward = at;
    p->backward = first ? NULL : at + dt_panels_round(layer->out) * layer->in;
}

/* to[c][r] = from[r][c], 4 by 4, in rows that lie so far apart. */
static void transpose_square(const float *from, int64_t from_apart, float *to, int64_t to_apart)
{
#if defined __SSE__
    __m128 a = _mm_loadu_ps(from), b = _mm_loadu_ps(from + from_apart);
    __m128 c = _mm_loadu_ps(from + 2 * from_apart), d = _mm_loadu_ps(from + 3 * from_apart);
    _MM_TRANSPOSE4_PS(a, b, c, d);
    _mm_storeu_ps(to, a);
    _mm_storeu_ps(to + to_apart, b);
    _mm_storeu_ps(to + 2 * to_apart, c);
    _mm_storeu_ps(to + 3 * to_apart, d);
#else
    for (int r = 0; r < 4; r++)
        for (int c = 0; c < 4; c++)
            to[c * to_apart + r] = from[r * from_apart + c];
#endif
}

/* The rows of one panel: a few columns of all, so that whole lines are written. */
static void transpose_panel(const float *from, int64_t in, int64_t rows, float *to)
{
    enum { SQUARE = 4 };
    int64_t squares = rows == DT_PANEL ? in / SQUARE * SQUARE : 0;
    for (int64_t i = 0; i < squares; i += SQUARE)
        for (int64_t r = 0; r < DT_PANEL; r += SQUARE)
            transpose_square(from + r * in + i, in, to + i * DT_PANEL + r, DT_PANEL);
    for (int64_t i = squares; i < in; i++)
        for (int64_t r = 0; r < rows; r++)
            to[i * DT_PANEL + r] = from[r * in + i];
}

/* Rows [begin, begin + rows) into the panels of inputs: in each they lie together. */
static void copy_inputs(const float *from, const dt_layer *l, int64_t begin, int64_t rows,
                        float *to)
{
    int64_t whole = l->in / DT_PANEL * DT_PANEL;
    to += begin * DT_PANEL;
    for (int64_t i = 0; i < whole; i += DT_PANEL)
        for (int64_t r = 0; r < rows; r++)
            memcpy(to + i * l->out + r * DT_PANEL, from + r * l->in + i, DT_PANEL * sizeof *to);
    for (int64_t r = 0; r < rows && whole < l->in; r++)
        memcpy(to + whole * l->out + r * DT_PANEL, from + r * l->in + whole,
               (size_t)(l->in - whole) * sizeof *to);
}

void dt_panels_pack(const dt_panels *p, const dt_layer *l, const float *weight, int64_t begin,
                    int64_t end)
{
    for (int64_t i = begin; i < end; i++) {
        int64_t row = i * DT_PANEL, rows = l->out - row < DT_PANEL ? l->out - row : DT_PANEL;
        const float *from = weight + row * l->in;
        transpose_panel(from, l->in, rows, p->forward + row * l->in);
        if (p->backward)
            copy_inputs(from, l, row, rows, p->backward);
    }
}
