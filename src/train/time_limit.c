#include "train/time_limit.h"

#include "comm/comm.h"
#include "comm/launcher.h"
#include "core/clock.h"
#include "core/stop.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

/* For what comes after the last step: the log's end, MPI's, a script that queues the job again. */
static const double MARGIN_SHARE = 0.05, MIN_MARGIN = 1, MAX_MARGIN = 30;
static const double FADES = 1.0 / 256;      /* how much of a long step is forgotten with each */
static const double VALIDATION_ROOM = 1.25; /* times the last one */

void dt_time_limit_set(dt_time_limit *g, double now, const dt_time_facts *facts)
{
    double own_left = facts->max_time > 0 ? (double)facts->max_time - facts->seconds : INFINITY;
    double left = fmin(own_left, facts->job_left);
    *g = (dt_time_limit){.end = now + left,
                         .name = own_left <= facts->job_left ? "--max-time" : "SLURM_JOB_END_TIME"};
    double whole = left + facts->seconds;
    if (left < INFINITY)
        g->margin = fmin(fmax(MARGIN_SHARE * whole, fmin(MIN_MARGIN, whole / 4)), MAX_MARGIN);
    dt_stop_at(g->end - g->margin, g->name);
}

/* Seconds to the job's end. One that is past is not this job's: a terminal may have outlived it. */
static double job_left(void)
{
    const char *text = getenv("SLURM_JOB_END_TIME");
    double left = text ? strtod(text, NULL) - (double)time(NULL) : 0;
    return left > 0 ? left : INFINITY;
}

void dt_time_limit_init(dt_time_limit *g, const dt_world *world, int64_t max_time)
{
    const double max_seconds = 1e12; /* microseconds in an int64_t, by far */
    int64_t known[2] = {(int64_t)(1e6 * dt_launch_seconds()),
                        -(int64_t)(1e6 * fmin(job_left(), max_seconds))};
    dt_max_int64(world, known, 2);
    dt_time_facts facts = {.seconds = 1e-6 * (double)known[0],
                           .max_time = max_time,
                           .job_left = -1e-6 * (double)known[1]};
    if (facts.job_left >= max_seconds)
        facts.job_left = INFINITY;
    dt_time_limit_set(g, dt_clock(), &facts);
}

/* The moment from which on there is no room for so many seconds. */
static double stop_before(const dt_time_limit *g, double seconds)
{
    double moment = g->end - g->margin - seconds;
    dt_stop_at(moment, g->name);
    return moment;
}

/* A step that is not stopped at now can be stopped one step later, and its own rest comes on top.
 */
double dt_time_limit_step(dt_time_limit *g, double now, double save)
{
    if (g->end == INFINITY)
        return INFINITY;
    double seconds = g->last > 0 ? now - g->last : 0;
    g->last = now;
    g->step = fmax(seconds, g->step - g->step * FADES);
    return stop_before(g, 2 * g->step + fmax(save, g->save));
}

bool dt_time_limit_allows_validation(dt_time_limit *g, const dt_world *world, double save)
{
    if (g->end == INFINITY)
        return true;
    int64_t known[2] = {(int64_t)(1e6 * save), 0};
    double room = g->end - g->margin - dt_clock();
    known[1] = room < VALIDATION_ROOM * g->validation + save;
    dt_max_int64(world, known, 2);
    g->save = 1e-6 * (double)known[0];
    stop_before(g, g->save); /* the first one is cut short if it turns out to be too long */
    return known[1] == 0;
}

void dt_time_limit_validated(dt_time_limit *g, double seconds)
{
    g->validation = seconds;
    if (g->last > 0)
        g->last += seconds; /* no part of a step */
}
