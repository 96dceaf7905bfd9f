#include "core/stop.h"

#include <signal.h>
#include <stddef.h>

static const struct {
    int signal;
    const char *name;
} signals[DT_STOP_SIGNALS] = {{SIGTERM, "SIGTERM"}, {SIGINT, "SIGINT"}, {SIGUSR1, "SIGUSR1"}};

static volatile sig_atomic_t came; /* its number; 0: none */
static int watches;
static struct sigaction before[DT_STOP_SIGNALS];

static void remember(int signal)
{
    if (!came)
        came = signal;
}

void dt_stop_watch(void)
{
    if (watches++ > 0)
        return;
    came = 0;
    for (int i = 0; i < DT_STOP_SIGNALS; i++) {
        struct sigaction action = {.sa_handler = remember, .sa_flags = SA_RESTART};
        sigemptyset(&action.sa_mask);
        if (signals[i].signal == SIGINT)
            action.sa_flags |= SA_RESETHAND; /* whoever presses it twice means it */
        sigaction(signals[i].signal, &action, &before[i]);
    }
}

void dt_stop_unwatch(void)
{
    if (--watches > 0)
        return;
    for (int i = 0; i < DT_STOP_SIGNALS; i++)
        sigaction(signals[i].signal, &before[i], NULL);
}

int dt_stop_signal(void)
{
    for (int i = 0; i < DT_STOP_SIGNALS; i++)
        if (came == signals[i].signal)
            return i;
    return -1;
}

const char *dt_stop_name(int number)
{
    return signals[number].name;
}

dt_code dt_stop_check(dt_error *err)
{
    int number = dt_stop_signal();
    if (number < 0)
        return err->code;
    return dt_fail(err, DT_STOPPED, "stopped by %s before the first step", dt_stop_name(number));
}
