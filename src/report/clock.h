/* The time, cheaply: a few nanoseconds, in steps of some milliseconds. */
#ifndef DT_REPORT_CLOCK_H
#define DT_REPORT_CLOCK_H

#include <time.h>

/* Seconds since some fixed moment. */
static inline double dt_clock_coarse(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The same in full resolution, for what is printed. */
static inline double dt_clock_fine(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
