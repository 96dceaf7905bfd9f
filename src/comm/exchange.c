#include "comm/comm.h"
#include "comm/internal.h"
#include "core/bug.h"
#include "core/memory.h"

#include <limits.h>
#include <stdlib.h>

struct dt_exchange {
    const dt_world *world;
    MPI_Comm comm;
    MPI_Datatype record;
    MPI_Request request;
    int size;
    int *send_count, *send_begin, *receive_count, *receive_begin; /* [size] each, in records */
};

dt_code dt_exchange_create(const dt_world *world, size_t record_bytes, dt_exchange **exchange,
                           dt_error *err)
{
    dt_exchange *e = calloc(1, sizeof *e);
    int *tables = calloc((size_t)world->size * 4, sizeof *tables);
    char text[16];
    if (!e || !tables)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for the exchange of rows");
    if (record_bytes > INT_MAX)
        dt_fail(err, DT_ERR_SHAPE,
                "a row of the data is %s: rows of more than 2 GB cannot be sent from rank to rank; "
                "use one rank, or one node and a --memory that holds all of them",
                dt_format_bytes((double)record_bytes, text));
    if (dt_world_agree(world, err)) {
        free(e);
        free(tables);
        *exchange = NULL;
        return err->code;
    }
    e->world = world;
    e->comm = world->comm->exchange;
    e->size = world->size;
    e->send_count = tables;
    e->send_begin = tables + world->size;
    e->receive_count = tables + 2 * world->size;
    e->receive_begin = tables + 3 * world->size;
    e->request = MPI_REQUEST_NULL;
    MPI_Type_contiguous((int)record_bytes, MPI_BYTE, &e->record);
    MPI_Type_commit(&e->record);
    *exchange = e;
    return DT_OK;
}

static void fill_table(const int64_t *count, int size, int *counts, int *begins)
{
    int64_t begin = 0;
    for (int r = 0; r < size; r++) {
        counts[r] = (int)count[r];
        begins[r] = (int)begin;
        begin += count[r];
    }
    DT_ASSERT(begin <= INT_MAX); /* see DT_EXCHANGE_RECORDS */
}

void dt_exchange_start(dt_exchange *e, const void *send, const int64_t *send_count, void *receive,
                       const int64_t *receive_count)
{
    DT_ASSERT(e->request == MPI_REQUEST_NULL);
    fill_table(send_count, e->size, e->send_count, e->send_begin);
    fill_table(receive_count, e->size, e->receive_count, e->receive_begin);
    MPI_Ialltoallv(send, e->send_count, e->send_begin, e->record, receive, e->receive_count,
                   e->receive_begin, e->record, e->comm, &e->request);
}

void dt_exchange_finish(dt_exchange *e)
{
    dt_wait_for_request(e->world, &e->request);
}

void dt_exchange_destroy(dt_exchange *e)
{
    if (!e)
        return;
    MPI_Type_free(&e->record);
    free(e->send_count); /* the one block that the four tables lie in */
    free(e);
}
