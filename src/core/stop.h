/* Reasons for a run to stop: the signals SIGTERM, SIGINT and SIGUSR1, and the time limit. A signal
 * only sets a flag; work that takes long asks for it from time to time. Not collective. */
#ifndef DT_CORE_STOP_H
#define DT_CORE_STOP_H

#include <dtrain/status.h>

enum { DT_STOP_SIGNALS = 3, DT_STOP_TIME = DT_STOP_SIGNALS, DT_STOP_REASONS };

/* From now on these signals only set a flag; a second SIGINT terminates the program at once. Calls
 * nest. */
void dt_stop_watch(void);

/* Undo dt_stop_watch: the signals have their former actions again, and there is no time limit. */
void dt_stop_unwatch(void);

/* Set the time limit, in place of an earlier one.
 *   moment  of dt_clock, from which on the time is up; INFINITY: no limit
 *   limit   its name, for messages; borrowed */
void dt_stop_at(double moment, const char *limit);

/* Why the run must stop: the number, below DT_STOP_REASONS, of the signal that came first, or
 * DT_STOP_TIME; and its name. */
int dt_stop_reason(void); /* -1: none */
const char *dt_stop_name(int reason);

/* Check, before the first step, whether the run must stop. A signal gives DT_STOPPED. A time limit
 * gives DT_ERR_TIME, since the time would not be enough at the next start either. Returns
 * err->code. */
dt_code dt_stop_check(dt_error *err);

#endif
