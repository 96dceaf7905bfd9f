/* Reductions, broadcast and gather; each call to MPI takes at most a part whose count is an int. */
#include "comm/comm.h"
#include "comm/internal.h"

#include <string.h>

enum {
    PART = 1 << 30,
    SHORT = 1 << 12 /* of so few values the wait is watched; for more all meet before */
};

static int part_at(int64_t i, int64_t n)
{
    return (int)(n - i < PART ? n - i : PART);
}

static void reduce(const dt_world *world, void *values, int64_t n, MPI_Datatype type, size_t size,
                   MPI_Op op)
{
    if (n <= SHORT) {
        MPI_Request request;
        MPI_Iallreduce(MPI_IN_PLACE, values, (int)n, type, op, world->comm->all, &request);
        dt_watch_wait(world, &request);
        return;
    }
    dt_watch_meet(world);
    for (int64_t i = 0; i < n; i += PART)
        MPI_Allreduce(MPI_IN_PLACE, (char *)values + (size_t)i * size, part_at(i, n), type, op,
                      world->comm->all);
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
    if (n <= SHORT) {
        MPI_Request request;
        MPI_Ibcast(bytes, (int)n, MPI_BYTE, 0, world->comm->all, &request);
        dt_watch_wait(world, &request);
        return;
    }
    dt_watch_meet(world);
    for (int64_t i = 0; i < n; i += PART)
        MPI_Bcast((char *)bytes + i, part_at(i, n), MPI_BYTE, 0, world->comm->all);
}

/* Bytes that may be more than an int counts: in parts, which come in their order. */
static void send_bytes(const dt_world *world, const char *bytes, int64_t n)
{
    for (int64_t i = 0; i < n; i += PART)
        MPI_Send(bytes + i, part_at(i, n), MPI_BYTE, 0, DT_TAG_GATHER, world->comm->all);
}

static void receive_bytes(const dt_world *world, int rank, char *bytes, int64_t n)
{
    for (int64_t i = 0; i < n; i += PART)
        MPI_Recv(bytes + i, part_at(i, n), MPI_BYTE, rank, DT_TAG_GATHER, world->comm->all,
                 MPI_STATUS_IGNORE);
}

/* Point to point, so that no table of counts and displacements has to fit MPI's ints. */
void dt_gather(const dt_world *world, const void *send, int64_t n, size_t record_bytes,
               void *receive)
{
    int64_t bytes = n * (int64_t)record_bytes;
    char *to = receive;
    dt_watch_meet(world);
    if (world->rank != 0) {
        MPI_Send(&bytes, 1, MPI_INT64_T, 0, DT_TAG_GATHER, world->comm->all);
        send_bytes(world, send, bytes);
        return;
    }
    if (bytes > 0)
        memcpy(to, send, (size_t)bytes);
    for (int r = 1; r < world->size; r++) {
        to += bytes;
        MPI_Recv(&bytes, 1, MPI_INT64_T, r, DT_TAG_GATHER, world->comm->all, MPI_STATUS_IGNORE);
        receive_bytes(world, r, to, bytes);
    }
}

void dt_gather_double(const dt_world *world, const double *send, int n, double *receive)
{
    dt_watch_meet(world);
    MPI_Gather(send, n, MPI_DOUBLE, receive, n, MPI_DOUBLE, 0, world->comm->all);
}
