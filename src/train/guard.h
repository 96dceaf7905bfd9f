/* The end of the time that a run has: --max-time, or that of the job (SLURM_JOB_END_TIME),
 * whichever comes first. The run is to stop, and save, before it: at the last moment that leaves
 * room for what cannot be cut short, by what such things took so far. Each rank looks at its own
 * clock (core/stop) and the step's allreduce spreads the word. */
#ifndef DT_TRAIN_GUARD_H
#define DT_TRAIN_GUARD_H

#include <dtrain/status.h>
#include <dtrain/world.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    double end;        /* dt_clock at the end of the time; INFINITY: there is none */
    double margin;     /* seconds before it at which all is to be done */
    const char *name;  /* of what sets it; a constant */
    double last;       /* dt_clock at the last step, or 0 */
    double step;       /* seconds of the longest step of late */
    double validation; /* of the last one; 0: none yet */
    double save;       /* of a checkpoint, the same on every rank since the last epoch's end */
} dt_guard;

/* What a process knows of the end. */
typedef struct {
    double seconds;   /* since the start */
    int64_t max_time; /* as of --max-time; 0: none */
    double job_left;  /* seconds to the job's end; INFINITY: unknown */
} dt_guard_facts;

/* The end, by the facts. Not collective. */
void dt_guard_set(dt_guard *guard, double now, const dt_guard_facts *facts);

/* The same by the environment and --max-time, for all ranks alike: the shortest time that one of
 * them knows of. Collective. */
void dt_guard_init(dt_guard *guard, const dt_world *world, int64_t max_time);

/* At every step, before its allreduce; now: dt_clock. save: seconds that saving would take, as far
 * as this rank knows. Not collective. Returns the moment from which on it is time to stop. */
double dt_guard_step(dt_guard *guard, double now, double save);

/* Before a validation: whether there is room for it, the same on every rank. Collective, but where
 * there is no end. */
bool dt_guard_allows_validation(dt_guard *guard, const dt_world *world, double save);

/* After one, of so many seconds. Not collective. */
void dt_guard_validated(dt_guard *guard, double seconds);

#endif
