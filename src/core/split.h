/* Divides n items into parts that are as equal as whole granules allow. The rows of a file and the
 * samples of a global batch are divided among the ranks in this way. Not collective. */
#ifndef DT_CORE_SPLIT_H
#define DT_CORE_SPLIT_H

#include <stdint.h>

typedef struct {
    int64_t n;       /* items */
    int64_t granule; /* items that stay together, >= 1; the last granule may be smaller */
    int64_t parts;   /* >= 1 */
} dt_split;

/* Return the number of granules. */
/* The part that has an item, 0 <= item < begin[parts], where each part begins at begin[part]. */
static inline int64_t dt_find_part(const int64_t *begin, int64_t parts, int64_t item)
{
    int64_t low = 0, high = parts - 1;
    while (low < high) {
        int64_t middle = low + (high - low + 1) / 2;
        if (begin[middle] <= item)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static inline int64_t dt_split_granules(const dt_split *s)
{
    return s->n / s->granule + (s->n % s->granule != 0);
}

/* Return the first item of a part; "part" number `parts` begins at n. The product needs 128 bits,
 * since granules * parts may exceed 2^63. */
static inline int64_t dt_split_begin(const dt_split *s, int64_t part)
{
    int64_t g = (int64_t)((__int128)dt_split_granules(s) * part / s->parts);
    return g >= dt_split_granules(s) ? s->n : g * s->granule;
}

/* Return the number of items in a part. */
static inline int64_t dt_split_count(const dt_split *s, int64_t part)
{
    return dt_split_begin(s, part + 1) - dt_split_begin(s, part);
}

/* Return the part that contains the item, 0 <= item < n. If g is the item's granule, it is the
 * largest p with floor(granules p / parts) <= g. */
static inline int64_t dt_split_owner(const dt_split *s, int64_t item)
{
    int64_t g = item / s->granule, scaled;
    if (!__builtin_mul_overflow(g + 1, s->parts, &scaled)) /* 64 bits divide faster */
        return (scaled - 1) / dt_split_granules(s);
    return (int64_t)((((__int128)g + 1) * s->parts - 1) / dt_split_granules(s));
}

#endif
