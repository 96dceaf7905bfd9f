#include "data/normalizer.h"

#include "comm/comm.h"
#include "core/exact_sum.h"
#include "core/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LANES = 8,                 /* features that are added up together */
    BLOCK = 64,                /* features that a thread takes at a time */
    PARALLEL_VALUES = 1 << 16, /* from so many on, threads are worth waking */
};
static const int64_t MAX_GROUPS = (int64_t)1 << 29; /* between two settlements: see exact_sum.h */

struct dt_moments {
    int64_t features;
    int64_t rows;           /* added, on this rank and then on all */
    int64_t group;          /* the file's group that the sums below are of */
    int64_t carried_groups; /* groups since the exact sums were settled */
    double *shift;          /* [features] */
    double *sum;       /* [2,features] of a group begun: differences to shift, and their squares */
    dt_exact *exact;   /* [2,features] of whole groups */
    int64_t *count;    /* [features] values added; NULL: as many as rows, for NaN is not left out */
    float *low, *high; /* [features] the range; NULL: not wanted */
};

bool dt_normalizer_divides(const dt_normalizer *n)
{
    for (int64_t i = 0; n && i < n->features; i++)
        if (!(n->scale[i] > 0))
            return false;
    return true;
}

dt_code dt_normalizer_create(dt_normalizer **normalizer, int64_t features, dt_error *err)
{
    dt_normalizer *n = dt_alloc(1, sizeof *n, "the normalisation", err);
    *normalizer = NULL;
    if (!n)
        return err->code;
    n->features = features;
    n->fill = NULL;
    n->mean = dt_alloc(features, sizeof *n->mean, "the normalisation", err);
    n->scale = dt_alloc(features, sizeof *n->scale, "the normalisation", err);
    if (!n->mean || !n->scale) {
        dt_normalizer_destroy(n);
        return err->code;
    }
    for (int64_t f = 0; f < features; f++) {
        n->mean[f] = 0;
        n->scale[f] = 1;
    }
    *normalizer = n;
    return DT_OK;
}

dt_code dt_normalizer_add_fill(dt_normalizer *n, dt_error *err)
{
    n->fill = dt_alloc(n->features, sizeof *n->fill, "the normalisation", err);
    for (int64_t f = 0; f < n->features && n->fill; f++)
        n->fill[f] = 0;
    return err->code;
}

dt_code dt_normalizer_repeat(dt_normalizer **normalizer, const dt_normalizer *from, int64_t times,
                             dt_error *err)
{
    int64_t width = from->features;
    if (dt_normalizer_create(normalizer, width * times, err) ||
        (from->fill && dt_normalizer_add_fill(*normalizer, err)))
        return err->code;
    for (int64_t i = 0; i < width * times; i++) {
        (*normalizer)->mean[i] = from->mean[i % width];
        (*normalizer)->scale[i] = from->scale[i % width];
        if (from->fill)
            (*normalizer)->fill[i] = from->fill[i % width];
    }
    return DT_OK;
}

static void fill_gaps(const dt_normalizer *n, int64_t rows, float *x)
{
    int64_t features = n->features;
#pragma omp parallel for if (rows > 1 && rows * features > PARALLEL_VALUES)
    for (int64_t r = 0; r < rows; r++)
        for (int64_t f = 0; f < features; f++)
            if (isnan(x[r * features + f]))
                x[r * features + f] = (float)n->fill[f];
}

void dt_normalizer_apply(const dt_normalizer *n, int64_t rows, float *x)
{
    if (!n)
        return;
    if (n->fill)
        fill_gaps(n, rows, x);
    int64_t features = n->features;
    const double *mean = n->mean, *scale = n->scale;
#pragma omp parallel for if (rows > 1 && rows * features > PARALLEL_VALUES)
    for (int64_t r = 0; r < rows; r++) {
        float *row = x + r * features;
        for (int64_t f = 0; f < features; f++)
            row[f] = (float)(((double)row[f] - mean[f]) * scale[f]);
    }
}

void dt_normalizer_apply_targets(const dt_normalizer *n, int64_t rows, int64_t stride, float *y)
{
    for (int64_t r = 0; n && r < rows; r++)
        for (int64_t k = 0; k < n->features; k++)
            y[r * stride + k] = (float)(((double)y[r * stride + k] - n->mean[k]) * n->scale[k]);
}

double dt_normalizer_undo(const dt_normalizer *n, int64_t feature, double value)
{
    return n ? value / n->scale[feature] + n->mean[feature] : value;
}

void dt_normalizer_destroy(dt_normalizer *n)
{
    if (!n)
        return;
    free(n->mean);
    free(n->scale);
    free(n->fill);
    free(n);
}

dt_code dt_normalizer_broadcast(const dt_world *world, int64_t features, dt_normalizer **normalizer,
                                dt_error *err)
{
    int64_t there = *normalizer ? 1 + ((*normalizer)->fill != NULL) : 0,
            bytes = features * (int64_t)sizeof *(*normalizer)->mean;
    dt_broadcast(world, &there, sizeof there);
    if (there && world->rank != 0)
        dt_normalizer_create(normalizer, features, err);
    if (there > 1 && world->rank != 0 && !err->code)
        dt_normalizer_add_fill(*normalizer, err);
    if (dt_world_agree(world, err) || !there)
        return err->code;
    dt_broadcast(world, (*normalizer)->mean, bytes);
    dt_broadcast(world, (*normalizer)->scale, bytes);
    if (there > 1)
        dt_broadcast(world, (*normalizer)->fill, bytes);
    return DT_OK;
}

/* ---- Measuring ------------------------------------------------------------------------------ */

dt_code dt_moments_create(dt_moments **moments, int64_t features, const float *shift, dt_error *err)
{
    static const char what[] = "the moments of the features";
    dt_moments *m = dt_alloc(1, sizeof *m, what, err);
    *moments = NULL;
    if (!m)
        return err->code;
    *m = (dt_moments){.features = features};
    m->shift = dt_alloc(features, sizeof *m->shift, what, err);
    m->sum = dt_alloc(2 * features, sizeof *m->sum, what, err);
    m->exact = dt_alloc(2 * features, sizeof *m->exact, what, err);
    if (!m->shift || !m->sum || !m->exact) {
        dt_moments_destroy(m);
        return err->code;
    }
    memset(m->sum, 0, 2 * (size_t)features * sizeof *m->sum);
    memset(m->exact, 0, 2 * (size_t)features * sizeof *m->exact);
    for (int64_t f = 0; f < features; f++)
        m->shift[f] = isfinite(shift[f]) ? (double)shift[f] : 0;
    *moments = m;
    return DT_OK;
}

dt_code dt_moments_leave_out(dt_moments *m, dt_error *err)
{
    m->count = dt_alloc(m->features, sizeof *m->count, "the moments of the features", err);
    if (m->count)
        memset(m->count, 0, (size_t)m->features * sizeof *m->count);
    return err->code;
}

dt_code dt_moments_want_ranges(dt_moments *m, dt_error *err)
{
    m->low = dt_alloc(m->features, sizeof *m->low, "the ranges of the features", err);
    m->high = dt_alloc(m->features, sizeof *m->high, "the ranges of the features", err);
    for (int64_t f = 0; f < m->features && !err->code; f++) {
        m->low[f] = INFINITY;
        m->high[f] = -INFINITY;
    }
    return err->code;
}

/* The group begun is whole, for features [begin, end). */
static void end_group(dt_moments *m, int64_t begin, int64_t end)
{
    double *sum = m->sum, *square = m->sum + m->features;
    for (int64_t f = begin; f < end; f++) {
        dt_exact_add(&m->exact[f], sum[f]);
        dt_exact_add(&m->exact[m->features + f], square[f]);
        sum[f] = square[f] = 0;
    }
}

/* Add rows [i, end) of a group to the sums of LANES features, which stay in registers. */
static void add_lanes(dt_moments *m, int64_t i, int64_t end, const float *x, const bool *skip,
                      int64_t f)
{
    double shift[LANES], sum[LANES], square[LANES];
    memcpy(shift, m->shift + f, sizeof shift);
    memcpy(sum, m->sum + f, sizeof sum);
    memcpy(square, m->sum + m->features + f, sizeof square);
    for (; i < end; i++) {
        const float *value = x + i * m->features + f;
        if (skip && skip[i])
            continue;
        for (int k = 0; k < LANES; k++) {
            double d = (double)value[k] - shift[k];
            sum[k] += d;
            square[k] += d * d;
        }
    }
    memcpy(m->sum + f, sum, sizeof sum);
    memcpy(m->sum + m->features + f, square, sizeof square);
}

static void add_feature(dt_moments *m, int64_t i, int64_t end, const float *x, const bool *skip,
                        int64_t f)
{
    for (; i < end; i++) {
        float value = x[i * m->features + f];
        if ((skip && skip[i]) || (m->count && isnan(value)))
            continue;
        double d = (double)value - m->shift[f];
        m->sum[f] += d;
        m->sum[m->features + f] += d * d;
        if (m->count)
            m->count[f]++;
    }
}

static void add_range(dt_moments *m, int64_t n, const float *x, const bool *skip, int64_t begin,
                      int64_t end)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t f = begin; f < end && !(skip && skip[i]); f++) {
            float value = x[i * m->features + f];
            m->low[f] = value < m->low[f] ? value : m->low[f];
            m->high[f] = value > m->high[f] ? value : m->high[f];
        }
}

/* Group by group, for a block of features. */
static void add_block(dt_moments *m, int64_t row, int64_t n, const float *x, const bool *skip,
                      int64_t begin)
{
    int64_t end = begin + BLOCK < m->features ? begin + BLOCK : m->features;
    for (int64_t i = 0, next; i < n; i = next) {
        int64_t f = begin, left = DT_GROUP_ROWS - (row + i) % DT_GROUP_ROWS;
        next = left < n - i ? i + left : n;
        for (; f + LANES <= end && !m->count; f += LANES)
            add_lanes(m, i, next, x, skip, f);
        for (; f < end; f++)
            add_feature(m, i, next, x, skip, f);
        if (next - i == left)
            end_group(m, begin, end);
    }
    if (m->low)
        add_range(m, n, x, skip, begin, end);
}

static void carry_sums(dt_moments *m)
{
    for (int64_t i = 0; i < 2 * m->features; i++)
        dt_exact_carry(&m->exact[i]);
    m->carried_groups = 0;
}

void dt_moments_add(dt_moments *m, int64_t row, int64_t n, const float *x, const bool *skip)
{
    if (n < 1)
        return;
    if (m->group != row / DT_GROUP_ROWS)
        end_group(m, 0, m->features);
#pragma omp parallel for if (n * m->features > PARALLEL_VALUES)
    for (int64_t begin = 0; begin < m->features; begin += BLOCK)
        add_block(m, row, n, x, skip, begin);
    for (int64_t i = 0; i < n; i++)
        m->rows += !skip || !skip[i];
    m->group = (row + n - 1) / DT_GROUP_ROWS;
    m->carried_groups += n / DT_GROUP_ROWS + 2;
    if (m->carried_groups > MAX_GROUPS)
        carry_sums(m);
}

/* A whole number for a float, in the same order. */
static int64_t key_of(float value)
{
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits < 0 ? -(int64_t)(bits & INT32_MAX) : bits;
}

static float value_of(int64_t key)
{
    int32_t bits = (int32_t)(key < 0 ? -key : key);
    float value;
    memcpy(&value, &bits, sizeof value);
    return key < 0 ? -value : value;
}

/* The lowest and the highest of all ranks, a feature after the other. */
static void join_ranges(const dt_world *world, dt_moments *m)
{
    for (int64_t f = 0; f < m->features; f++) {
        int64_t key[2] = {-key_of(m->low[f]), key_of(m->high[f])};
        dt_max_int64(world, key, 2);
        m->low[f] = value_of(-key[0]);
        m->high[f] = value_of(key[1]);
    }
}

void dt_moments_sum(const dt_world *world, dt_moments *m)
{
    if (m->count)
        dt_sum_int64(world, m->count, m->features);
    if (m->low)
        join_ranges(world, m);
    end_group(m, 0, m->features);
    carry_sums(m);
    dt_sum_int64(world, (int64_t *)m->exact, 2 * m->features * DT_EXACT_DIGITS);
    dt_sum_int64(world, &m->rows, 1);
    carry_sums(m);
}

/* mean and deviation: of one feature */
static void scale_feature(const dt_moments *m, dt_scaling scaling, int64_t f, double mean,
                          double deviation, dt_normalizer *n)
{
    double range = scaling == DT_SCALE_MINMAX ? (double)m->high[f] - (double)m->low[f] : 0;
    if (n->fill)
        n->fill[f] = mean;
    if (scaling == DT_SCALE_STANDARD)
        n->mean[f] = mean;
    if (scaling == DT_SCALE_STANDARD && deviation > 0) /* else the feature is constant */
        n->scale[f] = 1 / deviation;
    if (scaling == DT_SCALE_MINMAX && range >= 0)
        n->mean[f] = (double)m->low[f];
    if (scaling == DT_SCALE_MINMAX && range > 0)
        n->scale[f] = 1 / range;
}

dt_code dt_moments_normalizer(dt_moments *m, dt_scaling scaling, dt_normalizer **normalizer,
                              dt_error *err)
{
    if (dt_normalizer_create(normalizer, m->features, err) ||
        (m->count && dt_normalizer_add_fill(*normalizer, err)))
        return err->code;
    end_group(m, 0, m->features);
    for (int64_t f = 0; f < m->features; f++) {
        double n = (double)(m->count ? m->count[f] : m->rows);
        if (n == 0)
            continue;
        double mean = dt_exact_value(&m->exact[f]) / n; /* less shift, as all here */
        double square = dt_exact_value(&m->exact[m->features + f]) / n;
        scale_feature(m, scaling, f, m->shift[f] + mean, sqrt(fmax(square - mean * mean, 0)),
                      *normalizer);
    }
    return DT_OK;
}

void dt_moments_destroy(dt_moments *m)
{
    if (!m)
        return;
    free(m->shift);
    free(m->sum);
    free(m->exact);
    free(m->count);
    free(m->low);
    free(m->high);
    free(m);
}
