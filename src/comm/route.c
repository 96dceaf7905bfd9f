/* Two ways, both of which take the time of 2 (p-1)/p of the values on a link. By halves, in 2
 * log2(p) stages: what a rank and its partner share of the values they cut in two, and each adds up
 * one; and then back (Rabenseifner; in Thakur, Rabenseifner and Gropp, "Optimization of Collective
 * Communication Operations in MPICH", IJHPCA 19, 2005). The ranks that are too many for a power of
 * two give all to a neighbour before, and get it back. Or round a ring, in 2 (p-1) stages, where
 * these are not too many: then no rank is too many. */
#include "comm/route.h"

#include <stdbool.h>

enum { MOST_IN_RING = 32, NOBODY = -1 };

/* ---- Round a ring --------------------------------------------------------------------------- */

/* Blocks [first, last) of so many. */
static dt_range blocks_of(dt_range all, int first, int last, int blocks)
{
    int64_t n = all.end - all.begin;
    return (dt_range){all.begin + n * first / blocks, all.begin + n * last / blocks};
}

static dt_range block_of(dt_range all, int block, int blocks)
{
    block = (block % blocks + blocks) % blocks;
    return blocks_of(all, block, block + 1, blocks);
}

static dt_stage look_at_ring(int rank, int size, dt_range all, int stage)
{
    bool adds = stage < size - 1;
    int sent = adds ? rank - stage : rank + 1 - (stage - (size - 1));
    return (dt_stage){.to = (rank + 1) % size,
                      .from = (rank + size - 1) % size,
                      .send = block_of(all, sent, size),
                      .receive = block_of(all, sent - 1, size),
                      .adds = adds};
}

/* ---- By halves ------------------------------------------------------------------------------ */

/* The ranks that cut the values: as many as a power of two. */
typedef struct {
    int size, log;
    int extra; /* ranks besides: the first `extra` with an even number */
} cutters;

static cutters find_cutters(int size)
{
    cutters c = {.size = 1};
    while (2 * c.size <= size) {
        c.size *= 2;
        c.log++;
    }
    c.extra = size - c.size;
    return c;
}

/* Between a rank's number among all and among those that cut. */
static int number_of(const cutters *c, int rank)
{
    return rank < 2 * c->extra ? rank / 2 : rank - c->extra;
}

static int rank_of(const cutters *c, int number)
{
    return number < c->extra ? 2 * number + 1 : number + c->extra;
}

/* What is a rank's own after so many cuts: the higher half where the bit is set. */
static dt_range own_after(const cutters *c, dt_range all, int number, int cuts)
{
    int blocks = c->size >> cuts, first = number & ~(blocks - 1);
    return blocks_of(all, first, first + blocks, c->size);
}

static dt_stage look_at_cut(const cutters *c, dt_range all, int number, int stage)
{
    bool adds = stage < c->log;
    int cuts = adds ? stage + 1 : 2 * c->log - stage;
    int partner = number ^ (c->size >> cuts);
    dt_range mine = own_after(c, all, number, cuts), its = own_after(c, all, partner, cuts);
    int rank = rank_of(c, partner);
    return adds ? (dt_stage){.to = rank, .from = rank, .send = its, .receive = mine, .adds = true}
                : (dt_stage){.to = rank, .from = rank, .send = mine, .receive = its};
}

/* The stages before and after, where some ranks are too many. */
static dt_stage look_at_pair(const cutters *c, dt_range all, int rank, bool before)
{
    bool is_extra = rank % 2 == 0;
    dt_stage r = {.to = NOBODY, .from = NOBODY, .adds = before};
    if (rank >= 2 * c->extra)
        return r;
    if (is_extra == before) {
        r.to = is_extra ? rank + 1 : rank - 1;
        r.send = all;
    } else {
        r.from = is_extra ? rank + 1 : rank - 1;
        r.receive = all;
    }
    return r;
}

static dt_stage look_at_halves(const cutters *c, dt_range all, int rank, int stage)
{
    bool is_extra = rank < 2 * c->extra && rank % 2 == 0;
    if (c->extra > 0 && stage == 0)
        return look_at_pair(c, all, rank, true);
    stage -= c->extra > 0;
    if (stage == 2 * c->log)
        return look_at_pair(c, all, rank, false);
    if (is_extra)
        return (dt_stage){.to = NOBODY, .from = NOBODY};
    return look_at_cut(c, all, number_of(c, rank), stage);
}

/* ---- Either --------------------------------------------------------------------------------- */

static bool is_ring(const cutters *c, int size)
{
    return c->extra > 0 && size <= MOST_IN_RING;
}

int dt_route_stages(int size)
{
    cutters c = find_cutters(size);
    if (is_ring(&c, size))
        return 2 * (size - 1);
    return 2 * c.log + (c.extra > 0 ? 2 : 0);
}

dt_stage dt_route_stage(int rank, int size, dt_range all, int stage)
{
    cutters c = find_cutters(size);
    return is_ring(&c, size) ? look_at_ring(rank, size, all, stage)
                             : look_at_halves(&c, all, rank, stage);
}
