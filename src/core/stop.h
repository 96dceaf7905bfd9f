/* What asks a run to stop: the signals SIGTERM, SIGINT, SIGUSR1, and the clock. Signals are
 * remembered, no more; who works for long asks from time to time. Not collective. */
#ifndef DT_CORE_STOP_H
#define DT_CORE_STOP_H

#include <dtrain/status.h>

enum { DT_STOP_SIGNALS = 3, DT_STOP_TIME = DT_STOP_SIGNALS, DT_STOP_REASONS };

/* From here on these signals are remembered, not obeyed; but a second SIGINT is. Calls nest. */
void dt_stop_watch(void);

/* From here on they do again what they did before, and no time is ever up. */
void dt_stop_unwatch(void);

/* From this moment (dt_clock) on the time is up; INFINITY: never. limit: which time, for messages;
 * borrowed. Replaces what was said before. */
void dt_stop_at(double moment, const char *limit);

/* The number among DT_STOP_REASONS of the signal that came first, or of the time, and its name. */
int dt_stop_reason(void); /* -1: none */
const char *dt_stop_name(int reason);

/* For work before the first step, of which nothing is lost: put DT_STOPPED into err if a signal
 * came, and DT_ERR_TIME if the time is up, for then it would not suffice again. Returns err->code.
 */
dt_code dt_stop_check(dt_error *err);

#endif
