#include "train/preflight.h"

#include "checkpoint/store.h"
#include "core/line.h"
#include "core/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COSTS_TIME, COSTS_MORE };

/* ---- What is amiss -------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void say(char *line, const char *format, ...)
{
    size_t used = strlen(line);
    va_list args;
    if (used > 0 && used + 2 < DT_PREFLIGHT_TEXT)
        used += (size_t)snprintf(line + used, DT_PREFLIGHT_TEXT - used, "; ");
    va_start(args, format);
    dt_line_format(line + used, DT_PREFLIGHT_TEXT - used, format, args);
    va_end(args);
}

enum { OTHERS = 48 };

/* " (and 3 more)", " (and on 3 more)", or nothing. */
static const char *others(char text[OTHERS], int more, const char *on)
{
    text[0] = '\0';
    if (more > 0)
        snprintf(text, OTHERS, " (and %s%d more)", on, more);
    return text;
}

/* Several threads of one rank on a single core, which the launcher has chosen. */
static bool is_confined(const dt_placement *s)
{
    return s->threads > 1 && s->cores == 1 && s->ranks == 1;
}

/* Threads of any ranks that are more than their cores. */
static bool is_crowded(const dt_placement *s)
{
    return s->cores > 0 && s->threads_on_cores > s->cores && !is_confined(s);
}

/* Of each node one rank speaks: the first that has it. */
static bool is_reported(const dt_preflight_rank *of, int rank)
{
    for (int r = 0; r < rank; r++)
        if (of[r].placement.first == of[rank].placement.first && is_crowded(&of[r].placement))
            return true;
    return false;
}

static void check_cores(char *line, const dt_preflight_rank *of, int ranks)
{
    int confined = -1, confined_more = 0, crowded = -1, crowded_more = 0;
    for (int r = 0; r < ranks; r++) {
        if (is_confined(&of[r].placement)) {
            confined_more += confined >= 0;
            confined = confined < 0 ? r : confined;
        } else if (is_crowded(&of[r].placement) && !is_reported(of, r)) {
            crowded_more += crowded >= 0;
            crowded = crowded < 0 ? r : crowded;
        }
    }
    char more[OTHERS];
    if (confined >= 0)
        say(line,
            "rank %d%s has %d threads on a single core of %s: the launcher must give it more "
            "(mpirun --bind-to none, srun --cpus-per-task)",
            confined, others(more, confined_more, ""), of[confined].placement.threads,
            of[confined].placement.node);
    if (crowded >= 0) {
        const dt_placement *s = &of[crowded].placement;
        say(line,
            "%d threads of %d rank%s share %d core%s of %s%s: fewer ranks, fewer --threads or more "
            "cores are faster",
            s->threads_on_cores, s->ranks, s->ranks > 1 ? "s" : "", s->cores,
            s->cores > 1 ? "s" : "", s->node, others(more, crowded_more, "on "));
    }
}

/* Shares are rounded to whole blocks and chunks, so that some rows less are no sign of anything. */
static bool is_short(int64_t rows, int64_t share)
{
    return rows * 10 < share * 9;
}

static void check_shares(char *line, const dt_preflight_rank *of, int ranks, const dt_split *batch)
{
    int busy = 0, small = -1, more = 0;
    char text[OTHERS];
    for (int r = 0; r < ranks; r++) {
        int64_t share = dt_split_count(batch, r);
        busy += share > 0;
        if (is_short(of[r].rows, share)) {
            more += small >= 0;
            small = small < 0 ? r : small;
        }
    }
    if (busy < ranks)
        say(line, "a batch of %lld has work for %d of the %d ranks: --batch-size is too small",
            (long long)batch->n, busy, ranks);
    if (small >= 0)
        say(line,
            "rank %d%s reads %lld row%s, fewer than its %lld of a batch: the data is small for so "
            "many ranks, or its chunks are large",
            small, others(text, more, ""), (long long)of[small].rows, dt_plural(of[small].rows),
            (long long)dt_split_count(batch, small));
}

static void check_mpi(char *line, const dt_preflight_rank *of, int ranks)
{
    for (int r = 0; r < ranks; r++)
        if (of[r].placement.threads > 1 && !of[r].placement.mpi_takes_threads) {
            say(line, "MPI does not give MPI_THREAD_FUNNELED, which several threads need: use "
                      "another build of it, or --threads 1");
            return;
        }
}

static void check_processors(char *line, const dt_preflight_rank *of, int ranks)
{
    for (int r = 1; r < ranks; r++)
        if (strcmp(of[r].placement.processor, of[0].placement.processor) != 0) {
            say(line,
                "%s has another processor (%s) than %s (%s): the bits of a result hold for one "
                "type only",
                of[r].placement.node, of[r].placement.processor, of[0].placement.node,
                of[0].placement.processor);
            return;
        }
}

static void check_folder(char *line, const dt_preflight_rank *of, int ranks, const char *folder)
{
    int blind = -1, more = 0, last = -1;
    char text[OTHERS];
    for (int r = 0; r < ranks && folder; r++) {
        if (of[r].folder_is_visible || of[r].placement.first == last)
            continue;
        last = of[r].placement.first;
        more += blind >= 0;
        blind = blind < 0 ? r : blind;
    }
    if (blind >= 0)
        say(line,
            "%s is not the same folder on %s%s as on %s, where the checkpoints will be: --resume "
            "finds them only from there; choose one that the nodes share",
            folder, of[blind].placement.node, others(text, more, "on "), of[0].placement.node);
}

void dt_preflight_check(dt_preflight *p, const dt_preflight_rank *of, int ranks,
                        const dt_split *batch, const char *folder)
{
    memset(p->line, 0, sizeof p->line);
    check_cores(p->line[COSTS_TIME], of, ranks);
    check_shares(p->line[COSTS_TIME], of, ranks, batch);
    check_mpi(p->line[COSTS_MORE], of, ranks);
    check_processors(p->line[COSTS_MORE], of, ranks);
    check_folder(p->line[COSTS_MORE], of, ranks, folder);
}

/* ---- Looking -------------------------------------------------------------------------------- */

/* Whether this rank's node sees what rank 0 has put into the folder. Collective. */
static bool find_probe(const dt_world *world, const dt_placement *placement, const char *folder,
                       char probe[DT_STORE_PROBE])
{
    probe[0] = '\0';
    if (!folder || world->nodes == 1)
        return true;
    if (world->rank == 0)
        dt_store_create_probe(folder, probe);
    dt_broadcast(world, probe, DT_STORE_PROBE);
    return !probe[0] || world->node_rank != 0 || placement->first == 0 ||
           dt_store_probe_is_visible(folder, probe);
}

dt_code dt_preflight_run(dt_preflight *p, const dt_world *world, const dt_placement *placement,
                         int64_t rows, const dt_split *batch, const char *folder, dt_error *err)
{
    char probe[DT_STORE_PROBE];
    dt_preflight_rank own = {.placement = *placement, .rows = rows};
    memset(p, 0, sizeof *p);
    if (world->rank == 0)
        p->of = dt_alloc(world->size, sizeof *p->of, "what is known of the ranks", err);
    if (dt_world_agree(world, err))
        return err->code;
    own.folder_is_visible = find_probe(world, placement, folder, probe);
    dt_gather(world, &own, 1, sizeof own, p->of);
    if (world->rank == 0) {
        dt_store_remove_probe(folder, probe);
        dt_preflight_check(p, p->of, world->size, batch, folder);
    }
    return DT_OK;
}

void dt_preflight_free(dt_preflight *p)
{
    free(p->of);
    p->of = NULL;
}
