/* Seconds of an epoch by what they were spent on. */
#ifndef DT_TRAIN_TIMES_H
#define DT_TRAIN_TIMES_H

#include "core/clock.h"

#include <stdint.h>

typedef struct {
    double data, compute, allreduce, update;
    int64_t samples; /* that this rank computed meanwhile */
    double last;     /* the moment that the last of them ended */
} dt_times;

/* The time since the last call. */
static inline double dt_times_lap(dt_times *t)
{
    double now = dt_clock(), seconds = now - t->last;
    t->last = now;
    return seconds;
}

#endif
