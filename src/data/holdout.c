#include "data/holdout.h"

#include "core/memory.h"
#include "core/minmax.h"
#include "core/random.h"
#include "core/split.h"

#include <stdlib.h>
#include <string.h>

enum { GROUP = 1024 };

/* ---- Chosen at random ----------------------------------------------------------------------- */

dt_holdout dt_holdout_fold(int64_t rows, int64_t k, int64_t n, uint64_t seed)
{
    int64_t begin = (int64_t)((__int128)rows * k / n),
            end = (int64_t)((__int128)rows * (k + 1) / n);
    return (dt_holdout){.rows = rows, .held = end - begin, .seed = seed, .skipped = begin};
}

/* Of so many rows, those that belong to the groups before a group that begins at this row: shares
 * that add up to their number exactly. */
static int64_t share_before(const dt_holdout *h, int64_t all, int64_t row)
{
    return (int64_t)((__int128)all * row / h->rows);
}

/* Held out of all groups before a group that begins at this row. */
static int64_t before_group(const dt_holdout *h, int64_t row)
{
    return share_before(h, h->skipped + h->held, row) - share_before(h, h->skipped, row);
}

/* Mark a whole group. Returns its size. */
static int64_t mark_group(const dt_holdout *h, int64_t group, bool held[GROUP])
{
    int64_t begin = group * GROUP;
    int64_t n = h->rows - begin < GROUP ? h->rows - begin : GROUP;
    int64_t skip = share_before(h, h->skipped, begin + n) - share_before(h, h->skipped, begin);
    int64_t share = before_group(h, begin + n) - before_group(h, begin);
    dt_random random = {.seed = h->seed, .purpose = DT_RANDOM_HOLDOUT, .stream = (uint32_t)group};
    uint32_t order[GROUP];
    dt_random_permutation(&random, order, n);
    for (int64_t i = 0; i < n; i++)
        held[order[i]] = i >= skip && i < skip + share;
    return n;
}

/* ---- The last rows of each file ------------------------------------------------------------- */

dt_code dt_holdout_last(dt_holdout *h, int64_t files, const int64_t *begin, double fraction,
                        dt_error *err)
{
    *h = (dt_holdout){.rows = begin[files], .files = files, .begin = begin};
    h->before = dt_alloc(files + 1, sizeof *h->before, "the rows held out of files", err);
    for (int64_t i = 0; i < files && h->before; i++) {
        h->before[i] = h->held;
        h->held += (int64_t)((double)(begin[i + 1] - begin[i]) * fraction + 0.5);
    }
    if (h->before)
        h->before[files] = h->held;
    return err->code;
}

void dt_holdout_free(dt_holdout *h)
{
    free(h->before);
    *h = (dt_holdout){.rows = 0};
}

static int64_t find_file(const dt_holdout *h, int64_t row)
{
    return dt_find_part(h->begin, h->files, row);
}

/* The first row of a file that is held out. */
static int64_t first_held(const dt_holdout *h, int64_t file)
{
    return h->begin[file + 1] - (h->before[file + 1] - h->before[file]);
}

static void mark_last(const dt_holdout *h, int64_t row, int64_t n, bool *held)
{
    for (int64_t at = row, end, i = find_file(h, row); at < row + n; at = end, i++) {
        end = dt_min(row + n, h->begin[i + 1]);
        for (int64_t k = at; k < end; k++)
            held[k - row] = k >= first_held(h, i);
    }
}

static int64_t last_before(const dt_holdout *h, int64_t row)
{
    int64_t i = find_file(h, row);
    return h->before[i] + dt_max(0, dt_min(row, h->begin[i + 1]) - first_held(h, i));
}

/* ---- Either --------------------------------------------------------------------------------- */

void dt_holdout_mark(const dt_holdout *h, int64_t row, int64_t n, bool *held)
{
    bool group[GROUP];
    if (h->before) {
        mark_last(h, row, n, held);
        return;
    }
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
    if (h->before)
        return last_before(h, row);
    int64_t begin = row / GROUP * GROUP, count = before_group(h, begin);
    if (row > begin)
        mark_group(h, row / GROUP, group);
    for (int64_t i = 0; i < row - begin; i++)
        count += group[i];
    return count;
}
