/* Sees to it that the program does not end without a message: not by the signal of a crash, and not
 * during the start of MPI, which may end the process by itself. */
#ifndef DT_CLI_CRASH_H
#define DT_CLI_CRASH_H

/* From now on print a message on standard error when such a signal ends the process, and, until
 * dt_crash_begun, when it exits. To be called once, before MPI starts. */
void dt_crash_watch(void);

/* MPI has started. */
void dt_crash_begun(void);

#endif
