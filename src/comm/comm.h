/* What the ranks do together, without MPI's types: the only room that calls MPI. Every function
 * here is collective over all ranks of the world, unless it says otherwise; counts of bytes and
 * values may pass 2^31. MPI's own failures abort the run (MPI_ERRORS_ARE_FATAL). */
#ifndef DT_COMM_H
#define DT_COMM_H

#include "core/team.h"
#include <dtrain/world.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sum over all ranks, in place: values [n]; n the same on every rank. */
void dt_sum_float(const dt_world *world, float *values, int64_t n);
void dt_sum_double(const dt_world *world, double *values, int64_t n);
void dt_sum_int32(const dt_world *world, int32_t *values, int64_t n); /* modulo 2^32 */
void dt_sum_int64(const dt_world *world, int64_t *values, int64_t n);

/* Maximum over all ranks, in place. */
void dt_max_int64(const dt_world *world, int64_t *values, int64_t n);

/* Rank 0's bytes to everyone. */
void dt_broadcast(const dt_world *world, void *bytes, int64_t n);

/* Every rank's records to rank 0, in the order of the ranks.
 *   send       [n] records of record_bytes each
 *   receive    rank 0: room for the sum of all n; ignored elsewhere */
void dt_gather(const dt_world *world, const void *send, int64_t n, size_t record_bytes,
               void *receive);

/* n numbers of every rank to rank 0, n the same on all.
 *   receive  rank 0: [ranks,n]; ignored elsewhere */
void dt_gather_double(const dt_world *world, const double *send, int n, double *receive);

/* Memory that the ranks of a node can read from each other; of every rank on every node. */
typedef struct dt_shm dt_shm;

/* So many bytes of this rank, zeros at first. *shared is NULL after an error, and without one where
 * some rank of the job cannot see the memory of another on its node.
 *   writable  by the others too */
dt_code dt_shm_create(const dt_world *world, int64_t bytes, bool writable, dt_shm **shared,
                      dt_error *err);

/* That of a rank of this node. Not collective. What is written
 * is there for the others after any collective call. */
void *dt_shm_of_rank(const dt_shm *shared, int node_rank);

/* Not collective. Takes NULL. */
void dt_shm_destroy(dt_shm *shared);

/* Values that stay together where the ranks of a node share out a vector. */
enum { DT_PART_GRANULE = 2048 };

/* A vector that is summed over all ranks again and again: a step's gradient. */
typedef struct dt_reducer dt_reducer;

typedef enum { DT_SUM_FLOAT, DT_SUM_INT32 } dt_sum_kind; /* integers modulo 2^32 */

/* Room for n values of 4 bytes. *reducer is NULL after an error. */
dt_code dt_reducer_create(const dt_world *world, int64_t n, dt_sum_kind kind, dt_reducer **reducer,
                          dt_error *err);

/* Where they are, to be filled in; at a multiple of 64 bytes. Not collective. */
void *dt_reducer_values(const dt_reducer *reducer);

/* What is to be done with values [begin, begin + n) when their sum is there: values [in,out] [n],
 * which every rank then has. Called for all of them on some rank or thread, or on several; it must
 * do the same anywhere. */
typedef struct {
    void (*part)(const void *with, int64_t begin, int64_t n, void *values);
    const void *with;
} dt_finish;

/* Sum the first n over all ranks, in place; what is asked for is the same on every rank. */
typedef struct {
    int64_t n;
    int64_t head; /* of them every rank gets these, */
    bool whole;   /* and all others; else of those after the head perhaps no more than its
                     part of their number, by DT_PART_GRANULE, among the ranks of its node */
    const dt_finish *finish; /* NULL: nothing */
} dt_sum;
void dt_reducer_sum(dt_reducer *reducer, const dt_sum *sum);

/* Whether some of the sum crosses a network, so that it may pay to begin with it early. */
bool dt_reducer_crosses_nodes(const dt_reducer *reducer);

/* Begin with values [begin, end) while those before them are still computed: they are there on this
 * rank, and are touched no more until dt_reducer_sum, which sums the others. Every rank begins with
 * the same ones in the same order, from the end of the vector towards its beginning. Not
 * collective, and does not wait. */
void dt_reducer_start(dt_reducer *reducer, int64_t begin, int64_t end);

/* Let what was begun go on: MPI does nothing by itself. Not collective, and does not wait; by the
 * thread that may call MPI. */
void dt_reducer_progress(dt_reducer *reducer);

/* Not collective. Takes NULL. */
void dt_reducer_destroy(dt_reducer *reducer);

/* What a rank has of its node, once its threads have their places. */
typedef struct {
    char node[64];       /* its host name */
    int first;           /* the lowest rank of this node */
    char processor[128]; /* its type */
    int threads;         /* of the rank */
    int cores;           /* that they may use; 0: unknown */
    int memory;          /* a number of the NUMA node that all of them are in; -1: of several */
    int ranks,
        threads_on_cores; /* ranks that have these cores, or some of them, and no others; their
                            threads */
    bool mpi_takes_threads;
} dt_placement;

/* The cores of the node that this job may use, shared out over its ranks on the node (see place.c).
 *   requested  threads per rank, or 0 for a fair share
 *   keep       leave the binding of the launcher as it is
 *   placement  [out] where that has led; may be NULL, on all ranks
 * team is to be freed with dt_team_free. The calling thread is pinned or set free at once. */
dt_code dt_place_threads(const dt_world *world, int64_t requested, bool keep, dt_team *team,
                         dt_placement *placement, dt_error *err);

/* A personalised exchange of records between all ranks, started and finished apart so that compute
 * fits between. One is under way at a time per dt_exchange. */
typedef struct dt_exchange dt_exchange;

dt_code dt_exchange_create(const dt_world *world, size_t record_bytes, dt_exchange **exchange,
                           dt_error *err);

/* Most records that a rank sends, or receives, at a time. */
enum { DT_EXCHANGE_RECORDS = INT32_MAX };

/* Send send_count[r] records to each rank r, which lie in send one rank after the other, and
 * receive receive_count[r] from each, into receive likewise. All four stay the exchange's until the
 * finish. */
void dt_exchange_start(dt_exchange *exchange, const void *send, const int64_t *send_count,
                       void *receive, const int64_t *receive_count);
void dt_exchange_finish(dt_exchange *exchange);

/* Takes NULL. Not to be called while one is under way. */
void dt_exchange_destroy(dt_exchange *exchange);

#endif
