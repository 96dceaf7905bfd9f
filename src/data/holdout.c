#include "data/holdout.h"

#include "core/random.h"

#include <string.h>

enum { GROUP = 1024 };

/* Held out of all groups before a group that begins at this row: shares that add up to held
 * exactly. */
static int64_t before_group(const dt_holdout *h, int64_t row)
{
    return (int64_t)((__int128)h->held * row / h->rows);
}

/* Mark a whole group. Returns its size. */
static int64_t mark_group(const dt_holdout *h, int64_t group, bool held[GROUP])
{
    int64_t begin = group * GROUP;
    int64_t n = h->rows - begin < GROUP ? h->rows - begin : GROUP;
    int64_t share = before_group(h, begin + n) - before_group(h, begin);
    dt_random random = {.seed = h->seed, .purpose = DT_RANDOM_HOLDOUT, .stream = (uint32_t)group};
    uint32_t order[GROUP];
    dt_random_permutation(&random, order, n);
    for (int64_t i = 0; i < n; i++)
        held[order[i]] = i < share;
    return n;
}

void dt_holdout_mark(const dt_holdout *h, int64_t row, int64_t n, bool *held)
{
    bool group[GROUP];
    if (h->held == 0) {
        memset(held, 0, (size_t)n * sizeof *held);
        return;
    }
    for (int64_t i = 0; i < n;) {
        int64_t inside = (row + i) % GROUP, size = mark_group(h, (row + i) / GROUP, group);
        int64_t part = size - inside < n - i ? size - inside : n - i;
        memcpy(held + i, group + inside, (size_t)part * sizeof *held);
        i += part;
    }
}

int64_t dt_holdout_before(const dt_holdout *h, int64_t row)
{
    bool group[GROUP];
    if (h->held == 0)
        return 0;
    int64_t begin = row / GROUP * GROUP, count = before_group(h, begin);
    if (row > begin)
        mark_group(h, row / GROUP, group);
    for (int64_t i = 0; i < row - begin; i++)
        count += group[i];
    return count;
}
