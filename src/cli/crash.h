/* Prints a message if the program ends by the signal of a crash, or during the start of MPI, which
 * may end the process by itself. Not collective. */
#ifndef DT_CLI_CRASH_H
#define DT_CLI_CRASH_H

/* From now on, print a message on standard error if such a signal ends the process, and, until
 * dt_crash_begun, if the process exits. Call it once, before MPI starts. */
void dt_crash_watch(void);

/* Tell that MPI has started, so that the process may exit without a message. */
void dt_crash_begun(void);

#endif
