/* Signals that ask a run to stop: SIGTERM, SIGINT, SIGUSR1. They are remembered, no more; who works
 * for long asks from time to time. Not collective. */
#ifndef DT_CORE_STOP_H
#define DT_CORE_STOP_H

#include <dtrain/status.h>

enum { DT_STOP_SIGNALS = 3 };

/* From here on these signals are remembered, not obeyed; but a second SIGINT is. Calls nest. */
void dt_stop_watch(void);

/* From here on they do again what they did before. */
void dt_stop_unwatch(void);

/* The number among DT_STOP_SIGNALS of the signal that came first, and its name. */
int dt_stop_signal(void); /* -1: none came */
const char *dt_stop_name(int number);

/* Put DT_STOPPED into err if a signal came: for work before the first step, of which nothing is
 * lost. Returns err->code. */
dt_code dt_stop_check(dt_error *err);

#endif
