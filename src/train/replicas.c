#include "train/replicas.h"

#include "comm/comm.h"

#include <stdio.h>
#include <stdlib.h>
#define XXH_INLINE_ALL /* compiled for this processor, at twice the speed of the library */
#include <xxhash.h>

/* " 3, 7, ..." of the ranks whose hash is not rank 0's. */
static void name_ranks(const uint64_t *hash, int ranks, char *text, size_t room)
{
    enum { MAX_NAMED = 8 };
    size_t end = 0;
    int named = 0;
    text[0] = '\0';
    for (int r = 1; r < ranks && named <= MAX_NAMED; r++) {
        if (hash[r] == hash[0])
            continue;
        if (named++ == MAX_NAMED)
            snprintf(text + end, room - end, ", ...");
        else
            end += (size_t)snprintf(text + end, room - end, named == 1 ? " %d" : ", %d", r);
    }
}

/* Collective. */
static dt_code tell(const dt_world *world, uint64_t own, const dt_run_progress *c, dt_error *err)
{
    char text[128];
    uint64_t *all = world->rank == 0 ? calloc((size_t)world->size, sizeof *all) : NULL;
    if (world->rank == 0 && !all)
        dt_fail(err, DT_ERR_MEMORY, "out of memory to compare the ranks' weights");
    if (dt_world_agree(world, err))
        return err->code;
    dt_gather(world, &own, 1, sizeof own, all);
    if (world->rank == 0) {
        name_ranks(all, world->size, text, sizeof text);
        dt_fail(err, DT_ERR_DATA,
                "epoch %lld, step %lld (step %lld of the run): the weights of rank%s are no longer "
                "those of rank 0; a processor or memory may be faulty, or nodes may differ",
                (long long)c->epoch + (c->step > 0), (long long)c->step, (long long)c->global_step,
                text);
    }
    free(all);
    return dt_world_agree(world, err);
}

dt_code dt_replicas_check(const dt_world *world, const float *parameters, int64_t n,
                          const dt_run_progress *progress, uint64_t *hash, dt_error *err)
{
    *hash = XXH3_64bits(parameters, (size_t)n * sizeof *parameters);
    int64_t both[2] = {(int64_t)*hash, (int64_t) ~*hash}; /* the largest and the least of all */
    if (world->size == 1)
        return DT_OK;
    dt_max_int64(world, both, 2);
    if ((uint64_t)both[0] == ~(uint64_t)both[1])
        return DT_OK;
    return tell(world, *hash, progress, err);
}
