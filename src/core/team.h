/* The OpenMP threads of a rank, and the CPUs that they are pinned to. If the system refuses to pin
 * a thread, the program only becomes slower. Not collective. */
#ifndef DT_CORE_TEAM_H
#define DT_CORE_TEAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The former settings of the threads' CPUs and of OpenMP. */
typedef struct dt_team_before dt_team_before;

typedef struct {
    int threads;            /* >= 1 */
    int *cpu;               /* [threads] the CPU of each thread, owned; NULL: not pinned */
    int64_t number;         /* the number of this team among all pinned teams */
    dt_team_before *before; /* the settings that dt_team_free restores; NULL: none */
} dt_team;

/* Start a team of `wanted` OpenMP threads, or of fewer if OpenMP gives fewer. The caller calls
 * dt_team_free. Returns whether the threads may be moved to other CPUs: false if there is no memory
 * to keep their former settings. */
bool dt_team_start(dt_team *team, int wanted);

/* Pin the threads of a team that may be moved.
 *   cpu  [threads] the CPU of each thread; the team takes ownership */
void dt_team_pin(dt_team *team, int *cpu);

/* Let the threads of a team that may be moved use all CPUs of a mask.
 *   mask  [bytes] as for sched_setaffinity(2) */
void dt_team_allow(const dt_team *team, const unsigned long *mask, size_t bytes);

/* Pin the calling thread, if it is not pinned yet. Every thread calls it at the start of a parallel
 * region over the whole team, since OpenMP may replace threads. */
void dt_team_enter(const dt_team *team, int thread);

/* Let the calling thread, which does not belong to the team, use all CPUs of the team. */
void dt_team_join(const dt_team *team);

/* Restore the former settings of the team's threads and of OpenMP, and free the team. */
void dt_team_free(dt_team *team);

#endif
