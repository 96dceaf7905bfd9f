#include "train/straggler.h"

#include "comm/comm.h"
#include "core/memory.h"

#include <math.h>
#include <stdlib.h>

static const double MUCH = 1.5; /* times the median */
static const double LOST = 1;   /* seconds in a streak: below, it may be chance, and is no matter */
enum { IN_A_ROW = 3 };

static double work(const dt_rank_times *t)
{
    return t->data + t->compute;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of two numbers the smaller, of four the second; 0 of none. */
static double median(double *values, int n)
{
    if (n == 0)
        return 0;
    qsort(values, (size_t)n, sizeof *values, compare);
    return values[(n - 1) / 2];
}

static double over(double a, double b)
{
    return b > 0 ? a / b : 1;
}

void dt_slowest_find(const dt_rank_times *of, int ranks, double *sorted, dt_report_slowest *slowest)
{
    int n = 0;
    for (int r = 0; r < ranks; r++)
        if (of[r].samples > 0)
            sorted[n++] = work(&of[r]);
    double whole = median(sorted, n);
    n = 0;
    for (int r = 0; r < ranks; r++)
        if (of[r].samples > 0)
            sorted[n++] = work(&of[r]) / of[r].samples;
    double sample = median(sorted, n);
    *slowest = (dt_report_slowest){.ratio = -1};
    for (int r = 0; r < ranks; r++) {
        double mine = of[r].samples > 0 ? fmin(over(work(&of[r]), whole),
                                               over(work(&of[r]) / of[r].samples, sample))
                                        : 0;
        if (mine > slowest->ratio)
            *slowest = (dt_report_slowest){.rank = r,
                                           .ratio = mine,
                                           .lost = fmax(work(&of[r]) - whole, 0),
                                           .data = of[r].data,
                                           .compute = of[r].compute,
                                           .wait = of[r].wait};
    }
}

bool dt_streak_add(dt_streak *s, const dt_report_slowest *slowest)
{
    bool was_told = s->epochs >= IN_A_ROW && s->lost >= LOST;
    if (slowest->ratio < MUCH) {
        *s = (dt_streak){0};
        return false;
    }
    if (s->epochs > 0 && s->rank != slowest->rank) {
        *s = (dt_streak){0};
        was_told = false;
    }
    s->rank = slowest->rank;
    s->epochs++;
    s->lost += slowest->lost;
    return !was_told && s->epochs >= IN_A_ROW && s->lost >= LOST;
}

dt_code dt_straggler_init(dt_straggler *s, const dt_world *world, dt_error *err)
{
    *s = (dt_straggler){0};
    if (world->rank == 0) {
        s->of = dt_alloc(world->size, sizeof *s->of, "the times of ranks", err);
        s->sorted = dt_alloc(world->size, sizeof *s->sorted, "the times of ranks", err);
    }
    return err->code;
}

void dt_straggler_gather(dt_straggler *s, const dt_world *world, const dt_times *t,
                         dt_report_slowest *slowest)
{
    dt_rank_times own = {.data = t->data,
                         .compute = t->compute + t->update,
                         .wait = t->allreduce,
                         .samples = (double)t->samples};
    dt_gather_double(world, &own.data, sizeof own / sizeof(double), s->of ? &s->of->data : NULL);
    if (world->rank != 0)
        return;
    dt_slowest_find(s->of, world->size, s->sorted, slowest);
    slowest->is_long = dt_streak_add(&s->streak, slowest);
}

void dt_straggler_free(dt_straggler *s)
{
    free(s->of);
    free(s->sorted);
    *s = (dt_straggler){0};
}
