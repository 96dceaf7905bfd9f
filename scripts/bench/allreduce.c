/* The bare MPI_Allreduce, in place, of so many floats: under mpirun,
 *   bench_allreduce COUNT...     prints a line "COUNT MICROSECONDS FASTEST" for each
 * The times of a call are the median and the least of slices of some hundredths of a second. */
#include "core/clock.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { SLICES = 21 };
static const double SLICE_SECONDS = 0.02;

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Seconds of a call. Collective. */
static double time_calls(float *values, int count, int calls)
{
    MPI_Barrier(MPI_COMM_WORLD);
    double begin = dt_clock();
    for (int i = 0; i < calls; i++)
        MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    return (dt_clock() - begin) / calls;
}

/* Calls that fill a slice, the same number on every rank. */
static int calls_in_slice(float *values, int count)
{
    int calls = 2;
    time_calls(values, count, calls); /* opens connections, touches pages */
    for (;;) {
        double seconds = time_calls(values, count, calls) * calls;
        MPI_Bcast(&seconds, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
        if (seconds >= SLICE_SECONDS)
            return calls;
        calls *= 2;
    }
}

/* The seconds of a call in each slice, in rising order. */
static void measure(int count, double *seconds)
{
    float *values = calloc((size_t)count, sizeof *values);
    if (!values)
        MPI_Abort(MPI_COMM_WORLD, 1);
    int calls = calls_in_slice(values, count);
    for (int i = 0; i < SLICES; i++)
        seconds[i] = time_calls(values, count, calls);
    free(values);
    qsort(seconds, SLICES, sizeof *seconds, compare);
}

int main(int argc, char **argv)
{
    int rank;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    for (int i = 1; i < argc; i++) {
        int count = atoi(argv[i]);
        double seconds[SLICES];
        measure(count > 0 ? count : 1, seconds);
        if (rank == 0)
            printf("%d %.3f %.3f\n", count, 1e6 * seconds[SLICES / 2], 1e6 * seconds[0]);
    }
    MPI_Finalize();
}
