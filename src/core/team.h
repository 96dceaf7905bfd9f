/* The OpenMP threads of a rank and the cores they sit on. */
#ifndef DT_CORE_TEAM_H
#define DT_CORE_TEAM_H

typedef struct {
    int threads; /* >= 1 */
    int *cpu; /* [threads] where each is pinned, as the operating system counts; NULL: not pinned */
} dt_team;

/* To be called by every thread first thing in a parallel region over the whole team: pins it, once.
 * OpenMP may end and replace threads, so each new one finds its core again by itself. */
void dt_team_enter(const dt_team *team, int thread);

/* Let the calling thread, which is none of the team, use all the team's cores. */
void dt_team_join(const dt_team *team);

void dt_team_free(dt_team *team);

#endif
