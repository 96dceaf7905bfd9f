/* A rank that is killed in the middle of what ranks do together: lost_rank VICTIM CALL [SECONDS]
 *
 * The ranks call everything in comm/ that waits for others, one after the other. Where rank VICTIM
 * comes to call number CALL, from 1, of those of MPI that are counted, it stops its launcher, which
 * would end the others, and dies. The status is 0 if there are fewer. SECONDS: rank 0 first does
 * something else for so long. The launcher's process id is written to the file "stopped". */
#include "comm/comm.h"
#include "core/process.h"
#include <dtrain/world.h>

#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MANY = 100000 }; /* numbers; MPI sends so many only to a rank that asks for them */

static long calls_left; /* before this rank dies; 0: it does not */

/* A launcher that runs while its child dies ends the others: it is stopped before. */
static void die(void)
{
    char text[512] = "";
    pid_t launcher = getppid();
    FILE *file = fopen("stopped", "w");
    if (file) {
        fprintf(file, "%d\n", (int)launcher);
        fclose(file);
    }
    kill(launcher, SIGSTOP);
    while (!strstr(text, "State:\tT"))
        dt_process_read(launcher, "status", text, sizeof text);
    kill(getpid(), SIGKILL);
}

static void count(void)
{
    if (calls_left > 0 && --calls_left == 0)
        die();
}

/* MPI's own functions, under the names that they have for tools that come between. */
#define COUNTED(name, parameters, arguments)                                                       \
    int MPI_##name parameters                                                                      \
    {                                                                                              \
        count();                                                                                   \
        return PMPI_##name arguments;                                                              \
    }

COUNTED(Barrier, (MPI_Comm ranks), (ranks))
COUNTED(Ibarrier, (MPI_Comm ranks, MPI_Request *r), (ranks, r))
COUNTED(Bcast, (void *v, int n, MPI_Datatype t, int root, MPI_Comm c), (v, n, t, root, c))
COUNTED(Ibcast, (void *v, int n, MPI_Datatype t, int root, MPI_Comm c, MPI_Request *r),
        (v, n, t, root, c, r))
COUNTED(Allreduce, (const void *v, void *to, int n, MPI_Datatype t, MPI_Op op, MPI_Comm c),
        (v, to, n, t, op, c))
COUNTED(Iallreduce,
        (const void *v, void *to, int n, MPI_Datatype t, MPI_Op op, MPI_Comm c, MPI_Request *r),
        (v, to, n, t, op, c, r))
COUNTED(Gather,
        (const void *v, int n, MPI_Datatype t, void *to, int m, MPI_Datatype u, int root,
         MPI_Comm c),
        (v, n, t, to, m, u, root, c))
COUNTED(Igather,
        (const void *v, int n, MPI_Datatype t, void *to, int m, MPI_Datatype u, int root,
         MPI_Comm c, MPI_Request *r),
        (v, n, t, to, m, u, root, c, r))
COUNTED(Allgather,
        (const void *v, int n, MPI_Datatype t, void *to, int m, MPI_Datatype u, MPI_Comm c),
        (v, n, t, to, m, u, c))
COUNTED(Iallgather,
        (const void *v, int n, MPI_Datatype t, void *to, int m, MPI_Datatype u, MPI_Comm c,
         MPI_Request *r),
        (v, n, t, to, m, u, c, r))
COUNTED(Ialltoallv,
        (const void *v, const int n[], const int at[], MPI_Datatype t, void *to, const int m[],
         const int to_at[], MPI_Datatype u, MPI_Comm c, MPI_Request *r),
        (v, n, at, t, to, m, to_at, u, c, r))
COUNTED(Send, (const void *v, int n, MPI_Datatype t, int to, int tag, MPI_Comm c),
        (v, n, t, to, tag, c))
COUNTED(Isend, (const void *v, int n, MPI_Datatype t, int to, int tag, MPI_Comm c, MPI_Request *r),
        (v, n, t, to, tag, c, r))
COUNTED(Recv, (void *v, int n, MPI_Datatype t, int from, int tag, MPI_Comm c, MPI_Status *s),
        (v, n, t, from, tag, c, s))
COUNTED(Irecv, (void *v, int n, MPI_Datatype t, int from, int tag, MPI_Comm c, MPI_Request *r),
        (v, n, t, from, tag, c, r))

static void agree(const dt_world *world, int victim)
{
    dt_error err = {0};
    if (world->rank == victim)
        dt_fail(&err, DT_ERR_DATA, "of this rank");
    dt_world_agree(world, &err);
}

static void sum_and_gather(const dt_world *world, int64_t *values, int64_t *all)
{
    double own = 1, of[64];
    dt_sum_int64(world, values, 1);
    dt_max_int64(world, values, MANY);
    dt_broadcast(world, values, 8);
    dt_broadcast(world, values, MANY * (int64_t)sizeof *values);
    dt_gather(world, values, MANY, sizeof *values, all);
    dt_gather_double(world, &own, 1, of);
}

/* What begins with agreements counts from there on. */
static long pause_count(void)
{
    long left = calls_left;
    calls_left = 0;
    return left;
}

static void exchange(const dt_world *world, const int64_t *values, int64_t *all)
{
    dt_error err = {0};
    dt_exchange *e = NULL;
    int64_t counts[64];
    long left = pause_count();
    for (int r = 0; r < world->size; r++)
        counts[r] = MANY / world->size;
    if (dt_exchange_create(world, sizeof *values, &e, &err))
        exit(1);
    calls_left = left;
    dt_exchange_start(e, values, counts, all, counts);
    dt_exchange_finish(e);
    dt_exchange_destroy(e);
}

static void reduce(const dt_world *world, int64_t n)
{
    dt_error err = {0};
    dt_reducer *r = NULL;
    long left = pause_count();
    if (dt_reducer_create(world, n, DT_SUM_INT32, &r, &err))
        exit(1);
    calls_left = left;
    count(); /* the ranks of a node meet without MPI */
    dt_reducer_sum(r, &(dt_sum){.n = n, .head = n, .whole = true});
    dt_reducer_destroy(r);
}

static void place(const dt_world *world)
{
    dt_error err = {0};
    dt_team team;
    dt_placement placement;
    if (dt_place_threads(world, 1, true, &team, &placement, &err))
        exit(1);
    dt_team_free(&team);
}

int main(int argc, char **argv)
{
    dt_world world;
    dt_error err = {0};
    if (dt_world_begin(&world, &argc, &argv, &err) || argc < 3 || world.size > 64)
        return 2;
    int victim = atoi(argv[1]);
    int64_t *values = calloc(MANY, sizeof *values);
    int64_t *all = calloc((size_t)MANY * (size_t)world.size, sizeof *all);
    if (!values || !all)
        return 2;
    if (world.rank == victim)
        calls_left = atol(argv[2]);
    else if (world.rank == 0 && argc > 3)
        sleep((unsigned)atoi(argv[3]));
    agree(&world, victim);
    sum_and_gather(&world, values, all);
    exchange(&world, values, all);
    reduce(&world, MANY);
    place(&world);
    calls_left = 0;
    dt_world_agree(&world, &err);
    free(values);
    free(all);
    dt_world_end(&world);
    return 0;
}
