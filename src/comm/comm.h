/* Communication between the ranks, without MPI's types. comm/ is the only folder that calls MPI.
 *
 * Every function here is collective over all ranks of the world, unless its comment says otherwise:
 * all ranks call the functions in the same order. Counts of bytes and of values may exceed 2^31. A
 * failure of MPI itself ends the run (MPI_ERRORS_ARE_FATAL). */
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

/* Copy n bytes from rank 0 to all other ranks.
 *   bytes  [n] input on rank 0, output on other ranks; n is the same on every rank */
void dt_broadcast(const dt_world *world, void *bytes, int64_t n);

/* Send the records of every rank to rank 0, which gets them in the order of the ranks.
 *   send     [n] records of record_bytes each; n may differ between ranks
 *   receive  rank 0: memory for the records of all ranks; ignored on other ranks */
void dt_gather(const dt_world *world, const void *send, int64_t n, size_t record_bytes,
               void *receive);

/* Send n numbers of every rank to rank 0; n is the same on every rank.
 *   receive  [out] rank 0: [ranks,n]; ignored on other ranks */
void dt_gather_double(const dt_world *world, const double *send, int n, double *receive);

/* ---- Shared memory -------------------------------------------------------------------------- */

/* Memory that all ranks of a node can read. Each rank owns one part of it. */
typedef struct dt_shm dt_shm;

/* Allocate this rank's part, which is zero at first. *shared is NULL after an error. It is also
 * NULL, without an error and on every rank, if some rank cannot see the memory of another rank of
 * its node.
 *   bytes     the size of this rank's part; it may differ between ranks
 *   writable  whether the other ranks may write to the part too */
dt_code dt_shm_create(const dt_world *world, int64_t bytes, bool writable, dt_shm **shared,
                      dt_error *err);

/* Return the part of a rank of this node. After any collective call, the other ranks see the values
 * that its owner wrote before. Not collective. */
void *dt_shm_of_rank(const dt_shm *shared, int node_rank);

/* Free this rank's part. Not collective. Takes NULL. */
void dt_shm_destroy(dt_shm *shared);

/* ---- The sum of a step's gradient ----------------------------------------------------------- */

/* The ranks of a node divide a vector into parts of a multiple of this number of values. */
enum { DT_PART_GRANULE = 2048 };

/* A vector that is summed over all ranks many times. */
typedef struct dt_reducer dt_reducer;

typedef enum { DT_SUM_FLOAT, DT_SUM_INT32 } dt_sum_kind; /* DT_SUM_INT32: modulo 2^32 */

/* Allocate a vector of n values of 4 bytes. *reducer is NULL after an error. */
dt_code dt_reducer_create(const dt_world *world, int64_t n, dt_sum_kind kind, dt_reducer **reducer,
                          dt_error *err);

/* Return the vector, aligned to 64 bytes. The caller fills it before each sum. Not collective. */
void *dt_reducer_values(const dt_reducer *reducer);

/* A callback that is applied in place to each range of the sum as soon as the range is complete.
 * The ranges together are the whole sum. Any rank and any thread may call it, so it must do the
 * same on all of them.
 *   values  [in,out] [n] the values [begin, begin + n) of the sum; every rank gets the values that
 *           the callback leaves here */
typedef struct {
    void (*part)(const void *with, int64_t begin, int64_t n, void *values);
    const void *with;
} dt_finish;

/* A request for a sum, the same on every rank. */
typedef struct {
    int64_t n;    /* the first n values of the vector are summed */
    int64_t head; /* every rank gets the sum of the first `head` values */
    bool whole;   /* every rank also gets the other sums; if not, a rank may get only its part of
                     them. The ranks of a node divide them in multiples of DT_PART_GRANULE */
    const dt_finish *finish; /* NULL: no callback */
} dt_sum;

/* Sum the vector over all ranks, in place, and finish the sums that were started. */
void dt_reducer_sum(dt_reducer *reducer, const dt_sum *sum);

/* Return whether a part of the sum is sent between nodes, so that an early start may save time. The
 * result is the same on every rank. Not collective. */
bool dt_reducer_crosses_nodes(const dt_reducer *reducer);

/* Start the sum of the values [begin, end) while the values before them are still computed. The
 * caller has filled these values, and does not use them until dt_reducer_sum, which sums all other
 * values. Every rank starts the same ranges in the same order, from the end of the vector to its
 * beginning. Returns at once; it does not wait for other ranks. */
void dt_reducer_start(dt_reducer *reducer, int64_t begin, int64_t end);

/* Let the started sums make progress, since MPI works only within its calls. Returns at once. Only
 * the thread that may call MPI calls it. Not collective. */
void dt_reducer_progress(dt_reducer *reducer);

/* Free a reducer. Not collective. Takes NULL. */
void dt_reducer_destroy(dt_reducer *reducer);

/* ---- Threads and cores ---------------------------------------------------------------------- */

/* The place where a rank runs, after its threads have been given their cores. */
typedef struct {
    char node[64];          /* the name of the host */
    int first;              /* the lowest rank of this node */
    char processor[128];    /* the model of the processor */
    int threads;            /* threads of this rank */
    int cores;              /* cores that these threads may use; 0: unknown */
    int memory;             /* the number of the NUMA node of all these cores; -1: several */
    int ranks;              /* ranks that may use only these cores or some of them; with this one */
    int threads_on_cores;   /* the threads of those ranks */
    bool mpi_takes_threads; /* MPI was started for a program with threads */
} dt_placement;

/* Start the threads of this rank, and give them their part of the cores that the job has on this
 * node (see node_cpus.c). The calling thread is pinned, or unpinned, at once.
 *   requested  threads of a rank; 0: its part of the node's cores
 *   keep       whether the launcher's binding stays as it is
 *   team       [out] the caller calls dt_team_free
 *   placement  [out] the place where this rank runs; NULL on all ranks: not wanted */
dt_code dt_place_threads(const dt_world *world, int64_t requested, bool keep, dt_team *team,
                         dt_placement *placement, dt_error *err);

/* ---- An exchange of rows -------------------------------------------------------------------- */

/* An exchange in which each rank sends records to each rank. One call starts it and another
 * finishes it, so the program can compute between them. A dt_exchange runs one exchange at a time.
 */
typedef struct dt_exchange dt_exchange;

/* Create an exchange of records of record_bytes each. *exchange is NULL after an error. */
dt_code dt_exchange_create(const dt_world *world, size_t record_bytes, dt_exchange **exchange,
                           dt_error *err);

/* The largest number of records that a rank may send, or receive, in one exchange. */
enum { DT_EXCHANGE_RECORDS = INT32_MAX };

/* Send send_count[r] records to each rank r, and receive receive_count[r] records from it. In
 * `send` and `receive`, the records are in the order of the ranks. The caller does not change or
 * free the four arrays until dt_exchange_finish.
 *   send_count, receive_count  [ranks]
 *   receive                    [out] valid after dt_exchange_finish */
void dt_exchange_start(dt_exchange *exchange, const void *send, const int64_t *send_count,
                       void *receive, const int64_t *receive_count);
void dt_exchange_finish(dt_exchange *exchange);

/* Free an exchange, which must be finished. Takes NULL. */
void dt_exchange_destroy(dt_exchange *exchange);

#endif
