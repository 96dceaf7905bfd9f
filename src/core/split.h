/* Divides n items into parts that are as equal as whole granules allow. It is used for the rows of
 * a file over the ranks, and for the samples of a global batch over the ranks. */
#ifndef DT_CORE_SPLIT_H
#define DT_CORE_SPLIT_H

#include <stdint.h>

typedef struct {
    int64_t n;       /* items */
    int64_t granule; /* items that stay together, >= 1; the last granule may be smaller */
    int64_t parts;   /* >= 1 */
} dt_split;

static inline int64_t dt_split_granules(const dt_split *s)
{
    return s->n / s->granule + (s->n % s->granule != 0);
}

/* First item of a part; part `parts` begins at n. In 128 bits: granules * parts may pass 2^63. */
static inline int64_t dt_split_begin(const dt_split *s, int64_t part)
{
    int64_t g = (int64_t)((__int128)dt_split_granules(s) * part / s->parts);
    return g >= dt_split_granules(s) ? s->n : g * s->granule;
}

static inline int64_t dt_split_count(const dt_split *s, int64_t part)
{
    return dt_split_begin(s, part + 1) - dt_split_begin(s, part);
}

/* The part that has the item, 0 <= item < n: the largest p with floor(granules p / parts) <= g. */
static inline int64_t dt_split_owner(const dt_split *s, int64_t item)
{
    int64_t g = item / s->granule, scaled;
    if (!__builtin_mul_overflow(g + 1, s->parts, &scaled)) /* 128 bits divide slowly */
        return (scaled - 1) / dt_split_granules(s);
    return (int64_t)((((__int128)g + 1) * s->parts - 1) / dt_split_granules(s));
}

#endif
