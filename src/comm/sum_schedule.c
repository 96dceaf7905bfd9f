/* Two ways, both of which take the time of 2 (p-1)/p of the values on a link. By halves, in 2
 * log2(p) stages: what a rank and its partner share of the values they cut in two, and each adds up
 * one; and then back (Rabenseifner; in Thakur, Rabenseifner and Gropp, "Optimization of Collective
 * Communication Operations in MPICH", IJHPCA 19, 2005). The ranks that are too many for a power of
 * two give all to a neighbour before, and get it back. Or round a ring, in 2 (p-1) stages, where
 * these are not too many: then no rank is too many. */
#include "comm/sum_schedule.h"

#include <stdbool.h>

enum { MAX_RING = 32, NOBODY = -1 };

/* ---- Round a ring --------------------------------------------------------------------------- */

/* Blocks [first, last) of so many. */
static dt_range blocks_of(dt_range all, int first, int last, int blocks)
{
    int64_t n = all.end - all.begin;
    return (dt_range){all.begin + n * first / blocks, all.begin + n * last / blocks};
}

static dt_range ring_block(dt_range all, int block, int blocks)
{
    block = (block % blocks + blocks) % blocks;
    return blocks_of(all, block, block + 1, blocks);
}

static dt_sum_step ring_step(int rank, int size, dt_range all, int step)
{
    bool adds = step < size - 1;
    int sent = adds ? rank - step : rank + 1 - (step - (size - 1));
    return (dt_sum_step){.to = (rank + 1) % size,
                         .from = (rank + size - 1) % size,
                         .send = ring_block(all, sent, size),
                         .receive = ring_block(all, sent - 1, size),
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
static int cutter_of(const cutters *c, int rank)
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

static dt_sum_step halving_step(const cutters *c, dt_range all, int number, int step)
{
    bool adds = step < c->log;
    int cuts = adds ? step + 1 : 2 * c->log - step;
    int partner = number ^ (c->size >> cuts);
    dt_range mine = own_after(c, all, number, cuts), its = own_after(c, all, partner, cuts);
    int rank = rank_of(c, partner);
    return adds
               ? (dt_sum_step){.to = rank, .from = rank, .send = its, .receive = mine, .adds = true}
               : (dt_sum_step){.to = rank, .from = rank, .send = mine, .receive = its};
}

/* The stages before and after, where some ranks are too many. */
static dt_sum_step pair_step(const cutters *c, dt_range all, int rank, bool before)
{
    bool is_extra = rank % 2 == 0;
    dt_sum_step r = {.to = NOBODY, .from = NOBODY, .adds = before};
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

static dt_sum_step halves_step(const cutters *c, dt_range all, int rank, int step)
{
    bool is_extra = rank < 2 * c->extra && rank % 2 == 0;
    if (c->extra > 0 && step == 0)
        return pair_step(c, all, rank, true);
    step -= c->extra > 0;
    if (step == 2 * c->log)
        return pair_step(c, all, rank, false);
    if (is_extra)
        return (dt_sum_step){.to = NOBODY, .from = NOBODY};
    return halving_step(c, all, cutter_of(c, rank), step);
}

/* ---- Either --------------------------------------------------------------------------------- */

static bool is_ring(const cutters *c, int size)
{
    return c->extra > 0 && size <= MAX_RING;
}

int dt_sum_schedule_steps(int size)
{
    cutters c = find_cutters(size);
    if (is_ring(&c, size))
        return 2 * (size - 1);
    return 2 * c.log + (c.extra > 0 ? 2 : 0);
}

dt_sum_step dt_sum_schedule_step(int rank, int size, dt_range all, int step)
{
    cutters c = find_cutters(size);
    return is_ring(&c, size) ? ring_step(rank, size, all, step) : halves_step(&c, all, rank, step);
}
