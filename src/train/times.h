/* An epoch's time by what it was spent on. */
#ifndef DT_TRAIN_TIMES_H
#define DT_TRAIN_TIMES_H

#include "core/clock.h"

#include <stdint.h>

/* In ticks, until dt_times_end. */
typedef struct {
    double data, compute, allreduce, update;
    int64_t samples;    /* that this rank computed meanwhile */
    double begin, last; /* when it began, and when the last of them ended */
} dt_times;

static inline dt_times dt_times_begin(void)
{
    double now = dt_ticks();
    return (dt_times){.begin = now, .last = now};
}

/* The time since the last call. */
static inline double dt_times_lap(dt_times *t)
{
    double now = dt_ticks(), ticks = now - t->last;
    t->last = now;
    return ticks;
}

/* To seconds, so many of which have passed since the begin. */
static inline void dt_times_end(dt_times *t, double seconds)
{
    double ticks = dt_ticks() - t->begin, unit = ticks > 0 ? seconds / ticks : 0;
    t->data *= unit;
    t->compute *= unit;
    t->allreduce *= unit;
    t->update *= unit;
}

#endif
