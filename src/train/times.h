/* How the time of an epoch divides into loading data, computing, allreduce and update. Not
 * collective. */
#ifndef DT_TRAIN_TIMES_H
#define DT_TRAIN_TIMES_H

#include "core/clock.h"

#include <stdint.h>

/* Times are in ticks until dt_times_end, and in seconds after it. */
typedef struct {
    double data, compute, allreduce, update;
    int64_t samples;    /* samples that this rank has computed with */
    double begin, last; /* ticks when the epoch began, and when the last interval ended */
} dt_times;

static inline dt_times dt_times_begin(void)
{
    double now = dt_ticks();
    return (dt_times){.begin = now, .last = now};
}

/* End an interval and begin the next. Returns the ticks of the one that ends. */
static inline double dt_times_lap(dt_times *t)
{
    double now = dt_ticks(), ticks = now - t->last;
    t->last = now;
    return ticks;
}

/* Convert ticks to seconds.
 *   seconds  time since dt_times_begin, by a clock that is exact over long times */
static inline void dt_times_end(dt_times *t, double seconds)
{
    double ticks = dt_ticks() - t->begin, unit = ticks > 0 ? seconds / ticks : 0;
    t->data *= unit;
    t->compute *= unit;
    t->allreduce *= unit;
    t->update *= unit;
}

#endif
