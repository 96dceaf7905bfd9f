/* The time limit of a run: --max-time, or the end of the job (SLURM_JOB_END_TIME), whichever comes
 * first. The run stops and saves at the latest moment that still leaves time for one step, one
 * validation and one checkpoint, estimated from previous ones. Each rank looks at its own clock
 * (core/stop.h), and the step's allreduce tells all ranks. */
#ifndef DT_TRAIN_TIME_LIMIT_H
#define DT_TRAIN_TIME_LIMIT_H

#include <dtrain/status.h>
#include <dtrain/world.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    double end;        /* dt_clock at the limit; INFINITY: no limit */
    double margin;     /* seconds before the limit by which everything must be done */
    const char *name;  /* the option or variable that sets the limit; a constant */
    double last;       /* dt_clock at the last step, or 0 */
    double step;       /* longest recent step, seconds */
    double validation; /* seconds of the last validation; 0: none yet */
    double
        save; /* seconds of a checkpoint; the same on every rank since the end of the last epoch */
} dt_time_limit;

/* What a process knows about the limit. */
typedef struct {
    double seconds;   /* since the start of the program */
    int64_t max_time; /* seconds of --max-time; 0: none */
    double job_left;  /* seconds to the job's end; INFINITY: unknown */
} dt_time_facts;

/* Set the limit by these facts. Not collective. */
void dt_time_limit_set(dt_time_limit *time_limit, double now, const dt_time_facts *facts);

/* Set the limit by the environment and --max-time: on every rank the shortest time that any rank
 * knows. Collective. */
void dt_time_limit_init(dt_time_limit *time_limit, const dt_world *world, int64_t max_time);

/* Called at every step, before its allreduce. Not collective.
 *   now   dt_clock
 *   save  seconds that a checkpoint would take, as far as this rank knows
 * Returns the time of dt_clock from which on the run must stop. */
double dt_time_limit_step(dt_time_limit *time_limit, double now, double save);

/* Called before a validation. Returns whether there is time for it, which is the same on every
 * rank. Collective if there is a limit. */
bool dt_time_limit_allows_validation(dt_time_limit *time_limit, const dt_world *world, double save);

/* Called after a validation that took so many seconds. Not collective. */
void dt_time_limit_validated(dt_time_limit *time_limit, double seconds);

#endif
