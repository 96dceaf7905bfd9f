/* Clocks. */
#ifndef DT_CORE_CLOCK_H
#define DT_CORE_CLOCK_H

#include <time.h>

/* Seconds since some fixed moment; they never go back. */
static inline double dt_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The same clock in steps of some milliseconds, for a quarter of the cost: for what is asked at
 * every step. */
static inline double dt_clock_coarse(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Time in a unit that the caller measures, for less than half of the cost: for what is asked
 * several times a step. */
static inline double dt_ticks(void)
{
#if defined __x86_64__
    return (double)__builtin_ia32_rdtsc();
#else
    return dt_clock();
#endif
}

#endif
