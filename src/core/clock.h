/* Clocks that never go back. Not collective: each host has its own. */
#ifndef DT_CORE_CLOCK_H
#define DT_CORE_CLOCK_H

#include <time.h>

/* Return the seconds since some fixed moment. */
static inline double dt_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Return the time of the same clock, rounded down to some milliseconds. It costs a quarter as much
 * as dt_clock, so every step can call it. */
static inline double dt_clock_coarse(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Return the time in a unit that the caller must measure. It costs less than half as much as
 * dt_clock, so a step can call it several times. */
static inline double dt_ticks(void)
{
#if defined __x86_64__
    return (double)__builtin_ia32_rdtsc();
#else
    return dt_clock();
#endif
}

#endif
