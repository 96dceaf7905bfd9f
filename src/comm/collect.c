/* Reductions, broadcast and gather; each call to MPI takes at most a part whose count is an int. */
#include "comm/comm.h"
#include "comm/internal.h"

#include <string.h>

enum { PART = 1 << 30 };

static int part_at(int64_t i, int64_t n)
{
    return (int)(n - i < PART ? n - i : PART);
}

static void allreduce(const dt_world *world, void *values, int64_t n, MPI_Datatype type,
                      size_t size, MPI_Op op)
{
    MPI_Request request;
    for (int64_t i = 0; i < n; i += PART) {
        MPI_Iallreduce(MPI_IN_PLACE, (char *)values + (size_t)i * size, part_at(i, n), type, op,
                       world->comm->all, &request);
        dt_wait_for_request(world, &request);
    }
}

void dt_sum_int32(const dt_world *world, int32_t *values, int64_t n)
{
    allreduce(world, values, n, MPI_UINT32_T, sizeof *values, MPI_SUM); /* signed ones must not pass
                                                                        their ends */
}

void dt_sum_int64(const dt_world *world, int64_t *values, int64_t n)
{
    allreduce(world, values, n, MPI_INT64_T, sizeof *values, MPI_SUM);
}

void dt_max_int64(const dt_world *world, int64_t *values, int64_t n)
{
    allreduce(world, values, n, MPI_INT64_T, sizeof *values, MPI_MAX);
}

void dt_broadcast(const dt_world *world, void *bytes, int64_t n)
{
    MPI_Request request;
    for (int64_t i = 0; i < n; i += PART) {
        MPI_Ibcast((char *)bytes + i, part_at(i, n), MPI_BYTE, 0, world->comm->all, &request);
        dt_wait_for_request(world, &request);
    }
}

/* Bytes that may be more than an int counts: in parts, which come in their order. */
static void send_bytes(const dt_world *world, const void *bytes, int64_t n)
{
    MPI_Request request;
    for (int64_t i = 0; i < n; i += PART) {
        MPI_Isend((const char *)bytes + i, part_at(i, n), MPI_BYTE, 0, DT_TAG_GATHER,
                  world->comm->all, &request);
        dt_wait_for_request(world, &request);
    }
}

static void receive_bytes(const dt_world *world, int rank, void *bytes, int64_t n)
{
    MPI_Request request;
    for (int64_t i = 0; i < n; i += PART) {
        MPI_Irecv((char *)bytes + i, part_at(i, n), MPI_BYTE, rank, DT_TAG_GATHER, world->comm->all,
                  &request);
        dt_wait_for_request(world, &request);
    }
}

/* Point to point, so that no table of counts and displacements has to fit MPI's ints. */
void dt_gather(const dt_world *world, const void *send, int64_t n, size_t record_bytes,
               void *receive)
{
    int64_t bytes = n * (int64_t)record_bytes;
    char *to = receive;
    if (world->rank != 0) {
        send_bytes(world, &bytes, sizeof bytes);
        send_bytes(world, send, bytes);
        return;
    }
    if (bytes > 0)
        memcpy(to, send, (size_t)bytes);
    for (int r = 1; r < world->size; r++) {
        to += bytes;
        receive_bytes(world, r, &bytes, sizeof bytes);
        receive_bytes(world, r, to, bytes);
    }
}

void dt_gather_double(const dt_world *world, const double *send, int n, double *receive)
{
    MPI_Request request;
    MPI_Igather(send, n, MPI_DOUBLE, receive, n, MPI_DOUBLE, 0, world->comm->all, &request);
    dt_wait_for_request(world, &request);
}
