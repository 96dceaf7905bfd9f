#include "core/stop.h"

#include "core/clock.h"

#include <math.h>
#include <signal.h>
#include <stddef.h>

static const struct {
    int signal;
    const char *name;
} signals[DT_STOP_SIGNALS] = {{SIGTERM, "SIGTERM"}, {SIGINT, "SIGINT"}, {SIGUSR1, "SIGUSR1"}};

static volatile sig_atomic_t first_signal; /* its number; 0: none */
static int watches;
static struct sigaction before[DT_STOP_SIGNALS];
static double deadline = INFINITY; /* the moment that the time is */
static const char *limit_name = "";

static void remember_signal(int signal)
{
    if (!first_signal)
        first_signal = signal;
}

void dt_stop_watch(void)
{
    if (watches++ > 0)
        return;
    first_signal = 0;
    deadline = INFINITY;
    for (int i = 0; i < DT_STOP_SIGNALS; i++) {
        struct sigaction action = {.sa_handler = remember_signal, .sa_flags = SA_RESTART};
        sigemptyset(&action.sa_mask);
        if (signals[i].signal == SIGINT)
            action.sa_flags |= SA_RESETHAND; /* the second one has its default action */
        sigaction(signals[i].signal, &action, &before[i]);
    }
}

void dt_stop_unwatch(void)
{
    deadline = INFINITY;
    if (--watches > 0)
        return;
    for (int i = 0; i < DT_STOP_SIGNALS; i++)
        sigaction(signals[i].signal, &before[i], NULL);
}

void dt_stop_at(double moment, const char *limit)
{
    deadline = moment;
    limit_name = limit;
}

int dt_stop_reason(void)
{
    for (int i = 0; i < DT_STOP_SIGNALS; i++)
        if (first_signal == signals[i].signal)
            return i;
    return deadline < INFINITY && dt_clock_coarse() >= deadline ? DT_STOP_TIME : -1;
}

const char *dt_stop_name(int reason)
{
    return reason == DT_STOP_TIME ? limit_name : signals[reason].name;
}

dt_code dt_stop_check(dt_error *err)
{
    int reason = dt_stop_reason();
    if (reason < 0)
        return err->code;
    if (reason == DT_STOP_TIME)
        return dt_fail(err, DT_ERR_TIME, "%s: the time was up before the first step", limit_name);
    return dt_fail(err, DT_STOPPED, "stopped by %s before the first step", dt_stop_name(reason));
}
