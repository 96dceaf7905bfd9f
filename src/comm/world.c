#include "comm/comm.h"
#include "comm/internal.h"
#include "comm/launcher.h"
#include "core/bug.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Which ranks share a node, and how many nodes there are. */
static void find_nodes(dt_world *world, struct dt_comm *comm, int node)
{
    if (node == MPI_UNDEFINED)
        MPI_Comm_split_type(comm->all, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &comm->node);
    else
        MPI_Comm_split(comm->all, node, 0, &comm->node);
    MPI_Comm_rank(comm->node, &world->node_rank);
    MPI_Comm_size(comm->node, &world->node_size);
    world->nodes = world->node_rank == 0;
    MPI_Allreduce(MPI_IN_PLACE, &world->nodes, 1, MPI_INT, MPI_SUM, comm->all);
    MPI_Allreduce(&world->node_size, &comm->min_node_size, 1, MPI_INT, MPI_MIN, comm->all);
    bool has_cross_node = world->node_rank < comm->min_node_size;
    MPI_Comm_split(comm->all, has_cross_node ? world->node_rank : MPI_UNDEFINED, 0,
                   &comm->cross_node);
}

/* Whether mpirun or srun has started this process, as one of several perhaps. */
static bool has_launcher(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMIX_NAMESPACE",
                                        "PMI_RANK"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i]))
            return true;
    return false;
}

/* The environment for a start that no launcher helps with, where the user has not set it; NULL: a
 * variable that is not seen.
 *
 * Open MPI 4 starts a daemon of its own then, for processes that the program might spawn. Nothing
 * is spawned here, and a start takes 0.4 s instead of 0.7 s.
 *
 * Nor are the folders of use that it makes in /tmp, for all of a user's processes: when another
 * removes one that has just been made, the start fails (2 of 450 beside others that start and end).
 *
 * hwloc asks, for MPI, the X servers :0 to :9 about graphics cards, at the ports 6000 to 6009 of
 * this machine. Any program may listen there, and if it does not answer, the start waits for ever,
 * without a word.
 *
 * In a step of Slurm, Open MPI 4 does not start without srun's help. */
static const char *const alone[][2] = {{"OMPI_MCA_ess_singleton_isolated", "1"},
                                       {"OMPI_MCA_orte_create_session_dirs", "0"},
                                       {"HWLOC_COMPONENTS", "-gl"},
                                       {"SLURM_STEP_ID", NULL}};
enum { SETTINGS = sizeof alone / sizeof *alone };

/* Set them, or set them back. */
static void set_alone(char *before[SETTINGS])
{
    for (int i = 0; i < SETTINGS; i++) {
        const char *now = getenv(alone[i][0]);
        before[i] = now ? strdup(now) : NULL;
        if (!alone[i][1])
            unsetenv(alone[i][0]);
        else
            setenv(alone[i][0], alone[i][1], 0);
    }
}

static void set_back(char *before[SETTINGS])
{
    for (int i = 0; i < SETTINGS; i++) {
        if (before[i])
            setenv(alone[i][0], before[i], 1);
        else
            unsetenv(alone[i][0]);
        free(before[i]);
    }
}

static void begin_mpi(int *argc, char ***argv)
{
    int provided;
    char *before[SETTINGS];
    bool is_alone = !has_launcher();
    if (is_alone)
        set_alone(before);
    MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
    if (is_alone)
        set_back(before);
}

/* Processes that were started to be the ranks of one run, by a launcher that this MPI does not
 * understand, are each a world of its own: N runs that write the same files. */
static dt_code refuse_singletons(dt_world *world, dt_error *err)
{
    dt_launch told = dt_launch_told();
    memset(world, 0, sizeof *world);
    world->rank = told.rank;
    return dt_fail(err, DT_ERR_USAGE,
                   "%d processes were started for one run (%s), but MPI takes each for a run of "
                   "its own: use the mpirun of the MPI that dtrain was built with, or srun "
                   "--mpi=pmix (where separate runs are meant, unset %s)",
                   told.size, told.variable, told.own);
}

static int worlds; /* that there are */

static void give_up(int signal)
{
    (void)signal;
    _exit(1);
}

/* MPI may wait for a launcher that no longer answers. */
static void end_all(void)
{
    enum { SECONDS = 3 };
    signal(SIGALRM, give_up);
    alarm(SECONDS);
    MPI_Abort(MPI_COMM_WORLD, 1);
}

/* From the first world to the last a fault ends all ranks. */
static void count_worlds(int change)
{
    int rank = -1;
    worlds += change;
    if (worlds > 0)
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    dt_bug_set_ranks(rank, worlds > 0 ? end_all : NULL);
}

dt_code dt_world_of(dt_world *world, MPI_Comm ranks, int node, dt_error *err)
{
    memset(world, 0, sizeof *world);
    struct dt_comm *comm = calloc(1, sizeof *comm);
    int missing = !comm;
    MPI_Allreduce(MPI_IN_PLACE, &missing, 1, MPI_INT, MPI_MAX, ranks);
    if (missing) {
        free(comm);
        return dt_fail(err, DT_ERR_MEMORY, "out of memory at the start");
    }
    MPI_Comm_dup(ranks, &comm->all);
    MPI_Comm_dup(ranks, &comm->exchange);
    MPI_Comm_rank(comm->all, &world->rank);
    MPI_Comm_size(comm->all, &world->size);
    find_nodes(world, comm, node);
    world->comm = comm;
    dt_liveness_begin(world);
    count_worlds(+1);
    return DT_OK;
}

static dt_code begin_world(dt_world *world, int *argc, char ***argv, bool several, dt_error *err)
{
    int initialized;
    MPI_Initialized(&initialized);
    if (!initialized && !has_launcher() && several)
        return refuse_singletons(world, err); /* before MPI says so in a hundred lines */
    if (!initialized)
        begin_mpi(argc, argv);
    if (dt_world_of(world, MPI_COMM_WORLD, MPI_UNDEFINED, err))
        return err->code;
    world->comm->started_mpi = !initialized;
    if (!initialized && several && world->size == 1) {
        dt_world_end(world);
        return refuse_singletons(world, err);
    }
    return DT_OK;
}

dt_code dt_world_begin(dt_world *world, int *argc, char ***argv, dt_error *err)
{
    return begin_world(world, argc, argv, dt_launch_told().size > 1, err);
}

dt_code dt_world_begin_any(dt_world *world, int *argc, char ***argv, dt_error *err)
{
    return begin_world(world, argc, argv, false, err);
}

void dt_world_end(dt_world *world)
{
    struct dt_comm *comm = world->comm;
    if (!comm)
        return;
    bool started_mpi = comm->started_mpi;
    if (comm->cross_node != MPI_COMM_NULL)
        MPI_Comm_free(&comm->cross_node);
    MPI_Comm_free(&comm->node);
    MPI_Comm_free(&comm->exchange);
    MPI_Comm_free(&comm->all);
    dt_liveness_end(world);
    free(comm);
    world->comm = NULL;
    count_worlds(-1);
    if (started_mpi)
        MPI_Finalize();
}

dt_code dt_world_agree(const dt_world *world, dt_error *err)
{
    MPI_Comm all = world->comm->all;
    int first = err->code != DT_OK ? world->rank : world->size;
    MPI_Request request;
    MPI_Iallreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, all, &request);
    dt_wait_for_request(world, &request);
    if (first < world->size) {
        MPI_Ibcast(err, (int)sizeof *err, MPI_BYTE, first, all, &request);
        dt_wait_for_request(world, &request);
    }
    return err->code;
}
