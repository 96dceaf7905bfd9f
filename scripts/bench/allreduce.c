/* A sum over the ranks, in place, of so many floats: under mpirun,
 *   bench_allreduce [own] COUNT...     prints a line "COUNT MICROSECONDS FASTEST" for each
 * by the bare MPI_Allreduce, or by dtrain's own, as a step has it. The times of a call are the
 * median and the least of slices of some hundredths of a second. */
#include "comm/comm.h"
#include "core/clock.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLICES = 21 };
static const double SLICE_SECONDS = 0.02;

typedef struct {
    int count;
    float *values;       /* MPI's */
    dt_reducer *reducer; /* or else NULL */
} summation;

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void sum(const summation *s)
{
    if (s->reducer)
        dt_reducer_sum(s->reducer, &(dt_sum){.n = s->count, .whole = true});
    else
        MPI_Allreduce(MPI_IN_PLACE, s->values, s->count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
}

/* Seconds of a call. Collective. */
static double time_calls(const summation *s, int calls)
{
    MPI_Barrier(MPI_COMM_WORLD);
    double begin = dt_clock();
    for (int i = 0; i < calls; i++)
        sum(s);
    return (dt_clock() - begin) / calls;
}

/* Calls that fill a slice, the same number on every rank. */
static int calls_in_slice(const summation *s)
{
    int calls = 2;
    time_calls(s, calls); /* opens connections, touches pages */
    for (;;) {
        double seconds = time_calls(s, calls) * calls;
        MPI_Bcast(&seconds, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
        if (seconds >= SLICE_SECONDS)
            return calls;
        calls *= 2;
    }
}

/* The seconds of a call in each slice, in rising order. */
static void measure(const summation *s, double *seconds)
{
    int calls = calls_in_slice(s);
    for (int i = 0; i < SLICES; i++)
        seconds[i] = time_calls(s, calls);
    qsort(seconds, SLICES, sizeof *seconds, compare);
}

static void run(const dt_world *world, int count, bool own)
{
    summation s = {.count = count > 0 ? count : 1};
    double seconds[SLICES];
    dt_error err = {0};
    s.values = calloc((size_t)s.count, sizeof *s.values);
    if (!s.values || (own && dt_reducer_create(world, s.count, DT_SUM_FLOAT, &s.reducer, &err)))
        MPI_Abort(MPI_COMM_WORLD, 1);
    if (own)
        memset(dt_reducer_values(s.reducer), 0, (size_t)s.count * sizeof *s.values);
    measure(&s, seconds);
    if (world->rank == 0)
        printf("%d %.3f %.3f\n", s.count, 1e6 * seconds[SLICES / 2], 1e6 * seconds[0]);
    dt_reducer_destroy(s.reducer);
    free(s.values);
}

int main(int argc, char **argv)
{
    dt_world world;
    dt_error err = {0};
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    bool own = argc > 1 && strcmp(argv[1], "own") == 0;
    for (int i = 1 + own; i < argc; i++)
        run(&world, atoi(argv[i]), own);
    dt_world_end(&world);
}
