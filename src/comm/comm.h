/* What the ranks do together, without MPI's types: comm/ is the only room that calls MPI.
 *
 * Every function here is collective over all ranks of the world, unless its comment says otherwise:
 * all ranks call it, in the same order. Counts of bytes and of values may pass 2^31. A failure of
 * MPI itself ends the run (MPI_ERRORS_ARE_FATAL). */
#ifndef DT_COMM_H
#define DT_COMM_H

#include "core/team.h"
#include <dtrain/world.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sum over all ranks, in place.
 *   values  [in,out] [n]; n is the same on every rank */
void dt_sum_int32(const dt_world *world, int32_t *values, int64_t n); /* modulo 2^32 */
void dt_sum_int64(const dt_world *world, int64_t *values, int64_t n);

/* Maximum over all ranks, in place. */
void dt_max_int64(const dt_world *world, int64_t *values, int64_t n);

/* Rank 0 sends n bytes to all other ranks. */
void dt_broadcast(const dt_world *world, void *bytes, int64_t n);

/* Every rank sends its records to rank 0, which gets them in the order of the ranks.
 *   send     [n] records of record_bytes each; n may differ between ranks
 *   receive  rank 0: memory for the records of all ranks; ignored on other ranks */
void dt_gather(const dt_world *world, const void *send, int64_t n, size_t record_bytes,
               void *receive);

/* Every rank sends n numbers to rank 0; n is the same on every rank.
 *   receive  rank 0: [ranks,n]; ignored on other ranks */
void dt_gather_double(const dt_world *world, const double *send, int n, double *receive);

/* ---- Shared memory -------------------------------------------------------------------------- */

/* Memory that all ranks of a node can read: a part of each rank. */
typedef struct dt_shm dt_shm;

/* Allocate `bytes` of this rank's part, which is zero at first. *shared is NULL after an error. It
 * is also NULL, without an error, where some rank cannot see the memory of another rank of its
 * node.
 *   writable  whether the other ranks may write to it too */
dt_code dt_shm_create(const dt_world *world, int64_t bytes, bool writable, dt_shm **shared,
                      dt_error *err);

/* The part of a rank of this node. What its owner wrote is visible to the others after any
 * collective call. Not collective. */
void *dt_shm_of_rank(const dt_shm *shared, int node_rank);

/* Not collective. Takes NULL. */
void dt_shm_destroy(dt_shm *shared);

/* ---- The sum of a step's gradient ----------------------------------------------------------- */

/* Where ranks of a node divide a vector among them, parts are multiples of so many values. */
enum { DT_PART_GRANULE = 2048 };

/* A vector that is summed over all ranks again and again. */
typedef struct dt_reducer dt_reducer;

typedef enum { DT_SUM_FLOAT, DT_SUM_INT32 } dt_sum_kind; /* DT_SUM_INT32: modulo 2^32 */

/* Allocate a vector of n values of 4 bytes. *reducer is NULL after an error. */
dt_code dt_reducer_create(const dt_world *world, int64_t n, dt_sum_kind kind, dt_reducer **reducer,
                          dt_error *err);

/* The vector, to be filled in before each sum; aligned to 64 bytes. Not collective. */
void *dt_reducer_values(const dt_reducer *reducer);

/* A callback that is applied in place to each range of the sum as soon as the range is complete.
 * The ranges together are the whole sum. Any rank and any thread may call it, so it must do the
 * same on all of them.
 *   values  [in,out] [n] the sum's values [begin, begin + n); every rank then has what is left here
 *           */
typedef struct {
    void (*part)(const void *with, int64_t begin, int64_t n, void *values);
    const void *with;
} dt_finish;

/* A request for a sum, the same on every rank. */
typedef struct {
    int64_t n;    /* the first n values of the vector are summed */
    int64_t head; /* every rank gets the sum of the first `head` of them */
    bool whole;   /* every rank also gets the rest; if not, a rank may get only its part of
                                the rest, divided by DT_PART_GRANULE among the ranks of its node */
    const dt_finish *finish; /* NULL: none */
} dt_sum;

/* Sum over all ranks, in place. */
void dt_reducer_sum(dt_reducer *reducer, const dt_sum *sum);

/* Whether a part of the sum goes through a network. Then it may pay to start with it early. */
bool dt_reducer_crosses_nodes(const dt_reducer *reducer);

/* Start the sum of values [begin, end) while the values before them are still computed. The caller
 * has filled them in and does not touch them until dt_reducer_sum, which sums the others. Every
 * rank starts the same ranges in the same order, from the end of the vector to its beginning.
 * Returns at once. Not collective. */
void dt_reducer_start(dt_reducer *reducer, int64_t begin, int64_t end);

/* Let the sums that were started go on, since MPI works only within its calls. Returns at once.
 * Only the thread that may call MPI calls it. Not collective. */
void dt_reducer_progress(dt_reducer *reducer);

/* Not collective. Takes NULL. */
void dt_reducer_destroy(dt_reducer *reducer);

/* ---- Threads and cores ---------------------------------------------------------------------- */

/* Where a rank runs, once its threads have their cores. */
typedef struct {
    char node[64];       /* the name of the host */
    int first;           /* the lowest rank of this node */
    char processor[128]; /* the model of the processor */
    int threads;         /* of this rank */
    int cores;           /* that the threads may use; 0: unknown */
    int memory; /* the number of the NUMA node that all these cores belong to; -1: several */
    int ranks;  /* ranks, with this one, that may use some of these cores and no others */
    int threads_on_cores;   /* the threads of those ranks */
    bool mpi_takes_threads; /* MPI was started for a program with threads */
} dt_placement;

/* Give the team of this rank its part of the cores that the job has on this node (see node_cpus.c).
 *   requested  threads of a rank; 0: its part of the node's cores
 *   keep       whether the launcher's binding stays as it is
 *   placement  [out] where this rank runs; NULL, on all ranks: not wanted
 * The calling thread is pinned, or set free, at once. The team is to be freed with dt_team_free. */
dt_code dt_place_threads(const dt_world *world, int64_t requested, bool keep, dt_team *team,
                         dt_placement *placement, dt_error *err);

/* ---- An exchange of rows -------------------------------------------------------------------- */

/* Each rank sends records to each rank. The exchange is started and finished by two calls, and the
 * program computes between them. One is under way at a time per dt_exchange. */
typedef struct dt_exchange dt_exchange;

dt_code dt_exchange_create(const dt_world *world, size_t record_bytes, dt_exchange **exchange,
                           dt_error *err);

/* A rank sends at most so many records at a time, and receives at most so many. */
enum { DT_EXCHANGE_RECORDS = INT32_MAX };

/* Send send_count[r] records to each rank r, and receive receive_count[r] from it. In `send` and in
 * `receive` the records lie in the order of the ranks. All four arrays stay the exchange's until
 * dt_exchange_finish. */
void dt_exchange_start(dt_exchange *exchange, const void *send, const int64_t *send_count,
                       void *receive, const int64_t *receive_count);
void dt_exchange_finish(dt_exchange *exchange);

/* Takes NULL. No exchange may be under way. */
void dt_exchange_destroy(dt_exchange *exchange);

#endif
