/* The program does not end without a word: not by a signal for a crash, and not within the start of
 * MPI, which may end the process by itself. */
#ifndef DT_CLI_CRASH_H
#define DT_CLI_CRASH_H

/* From now on the end that such a signal brings is told on standard error, and an exit too, until
 * dt_crash_begun. To be called once, before MPI starts. */
void dt_crash_watch(void);

/* MPI has started. */
void dt_crash_begun(void);

#endif
