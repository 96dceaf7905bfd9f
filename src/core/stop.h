/* Reasons for a run to stop: the signals SIGTERM, SIGINT and SIGUSR1, and the time limit. A signal
 * only sets a flag, and long work checks the flag from time to time. Not collective. */
#ifndef DT_CORE_STOP_H
#define DT_CORE_STOP_H

#include <dtrain/status.h>

enum { DT_STOP_SIGNALS = 3, DT_STOP_TIME = DT_STOP_SIGNALS, DT_STOP_REASONS };

/* Let these signals only set a flag from now on. A second SIGINT terminates the program at once.
 * Calls nest. */
void dt_stop_watch(void);

/* Undo dt_stop_watch: restore the former actions of the signals, and remove the time limit. */
void dt_stop_unwatch(void);

/* Set the time limit, in place of an earlier one.
 *   moment  the time of dt_clock at which the run must stop; INFINITY: no limit
 *   limit   the name of the limit, for messages; borrowed */
void dt_stop_at(double moment, const char *limit);

/* Return why the run must stop: the number of the first signal, or DT_STOP_TIME; -1: it need not
 * stop. */
int dt_stop_reason(void);

/* Return the name of a reason, which must not be -1. */
const char *dt_stop_name(int reason);

/* Check, before the first step, whether the run must stop. A signal gives DT_STOPPED. The time
 * limit gives DT_ERR_TIME, since the time would be too short at the next start too. Returns
 * err->code. */
dt_code dt_stop_check(dt_error *err);

#endif
