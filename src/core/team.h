/* The OpenMP threads of a rank and the cores they sit on. */
#ifndef DT_CORE_TEAM_H
#define DT_CORE_TEAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The CPUs that threads may use, and the settings of OpenMP, as they were. */
typedef struct dt_team_before dt_team_before;

typedef struct {
    int threads; /* >= 1 */
    int *cpu; /* [threads] where each is pinned, as the operating system counts; NULL: not pinned */
    int64_t number;         /* of this team among all that were ever pinned */
    dt_team_before *before; /* what dt_team_free sets back; NULL: nothing */
} dt_team;

/* Have OpenMP start a team of so many threads, or of as many as it gives. Returns whether they may
 * be moved to other CPUs: not where there is no memory to remember what they had before. */
bool dt_team_start(dt_team *team, int wanted);

/* Pin the threads of a team that may be moved, from here on.
 *   cpu  [threads] the team's to free */
void dt_team_pin(dt_team *team, int *cpu);

/* Let the threads of a team that may be moved use all of these CPUs. mask: as sched_setaffinity(2)
 * takes it. */
void dt_team_allow(const dt_team *team, const unsigned long *mask, size_t bytes);

/* To be called by every thread first thing in a parallel region over the whole team: pins it, once.
 * OpenMP may end and replace threads, so each new one finds its core again by itself. */
void dt_team_enter(const dt_team *team, int thread);

/* Let the calling thread, which is none of the team, use all the team's cores. */
void dt_team_join(const dt_team *team);

/* The calling thread and those of OpenMP have again what they had before. */
void dt_team_free(dt_team *team);

#endif
