/* Reductions, broadcast and gather; each call to MPI takes at most a part whose count is an int. */
#include "comm/comm.h"
#include "comm/internal.h"

#include <string.h>

enum { PART = 1 << 30 };

static void reduce(const dt_world *world, void *values, int64_t n, MPI_Datatype type, size_t size,
                   MPI_Op op)
{
    for (int64_t i = 0; i < n; i += PART) {
        int count = (int)(n - i < PART ? n - i : PART);
        MPI_Allreduce(MPI_IN_PLACE, (char *)values + (size_t)i * size, count, type, op,
                      world->comm->all);
    }
}

void dt_sum_float(const dt_world *world, float *values, int64_t n)
{
    reduce(world, values, n, MPI_FLOAT, sizeof *values, MPI_SUM);
}

void dt_sum_double(const dt_world *world, double *values, int64_t n)
{
    reduce(world, values, n, MPI_DOUBLE, sizeof *values, MPI_SUM);
}

void dt_sum_int32(const dt_world *world, int32_t *values, int64_t n)
{
    reduce(world, values, n, MPI_UINT32_T, sizeof *values, MPI_SUM); /* signed ones must not pass
                                                                        their ends */
}

void dt_sum_int64(const dt_world *world, int64_t *values, int64_t n)
{
    reduce(world, values, n, MPI_INT64_T, sizeof *values, MPI_SUM);
}

void dt_max_int64(const dt_world *world, int64_t *values, int64_t n)
{
    reduce(world, values, n, MPI_INT64_T, sizeof *values, MPI_MAX);
}

void dt_broadcast(const dt_world *world, void *bytes, int64_t n)
{
    for (int64_t i = 0; i < n; i += PART)
        MPI_Bcast((char *)bytes + i, (int)(n - i < PART ? n - i : PART), MPI_BYTE, 0,
                  world->comm->all);
}

/* Point to point, so that no table of counts and displacements has to fit MPI's ints. */
void dt_gather(const dt_world *world, const void *send, int64_t n, size_t record_bytes,
               void *receive)
{
    enum { TAG = 1 };
    MPI_Datatype record;
    MPI_Type_contiguous((int)record_bytes, MPI_BYTE, &record);
    MPI_Type_commit(&record);
    if (world->rank != 0)
        MPI_Send(send, (int)n, record, 0, TAG, world->comm->all);
    char *to = receive;
    for (int r = 0; world->rank == 0 && r < world->size; r++) {
        MPI_Status status;
        int count = (int)n;
        if (r == 0) {
            memcpy(to, send, (size_t)n * record_bytes);
        } else {
            MPI_Probe(r, TAG, world->comm->all, &status);
            MPI_Get_count(&status, record, &count);
            MPI_Recv(to, count, record, r, TAG, world->comm->all, MPI_STATUS_IGNORE);
        }
        to += (size_t)count * record_bytes;
    }
    MPI_Type_free(&record);
}

void dt_gather_double(const dt_world *world, const double *send, int n, double *receive)
{
    MPI_Gather(send, n, MPI_DOUBLE, receive, n, MPI_DOUBLE, 0, world->comm->all);
}
