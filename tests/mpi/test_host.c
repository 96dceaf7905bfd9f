/* A program that trains by the library finds itself as it was: the CPUs of its threads, the
 * settings of OpenMP, signals, the environment, HDF5's printing of errors. It can train again. */
#include "mpi/support.h"

#include "comm/comm.h"

#include <hdf5.h>
#include <omp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ROWS = 300,
    WIDTH = 4,
    THREADS = 2,
    SIGNALS = 32,
    ENVIRONMENT = 1 << 16,
    RESTORER = 0x04000000 /* the C library's own flag */
};

extern char **environ;

typedef struct {
    cpu_set_t cpus[1 + THREADS]; /* of the thread that calls, and of OpenMP's */
    int threads, dynamic, levels;
    void (*signal[SIGNALS])(int);
    int signal_flags[SIGNALS];
    char environment[ENVIRONMENT];
    H5E_auto2_t print;
    void *print_data;
} state_of_host;

static char *data, *log_path;

static void inspect(state_of_host *h)
{
    memset(h, 0, sizeof *h);
    sched_getaffinity(0, sizeof *h->cpus, &h->cpus[0]);
#pragma omp parallel num_threads(THREADS)
    sched_getaffinity(0, sizeof *h->cpus, &h->cpus[1 + omp_get_thread_num()]);
    h->threads = omp_get_max_threads();
    h->dynamic = omp_get_dynamic();
    h->levels = omp_get_max_active_levels();
    for (int s = 1; s < SIGNALS; s++) {
        struct sigaction action;
        if (sigaction(s, NULL, &action) == 0) {
            h->signal[s] = action.sa_handler;
            h->signal_flags[s] = action.sa_flags & ~RESTORER;
        }
    }
    for (size_t i = 0, used = 0; environ[i] && used < ENVIRONMENT; i++)
        used += (size_t)snprintf(h->environment + used, ENVIRONMENT - used, "%s\n", environ[i]);
    H5Eget_auto2(H5E_DEFAULT, &h->print, &h->print_data);
}

static bool is_same(const state_of_host *a, const state_of_host *b)
{
    const char *what = NULL;
    for (int t = 0; t <= THREADS; t++)
        if (!CPU_EQUAL(&a->cpus[t], &b->cpus[t]))
            what = t == 0 ? "the CPUs of the caller" : "the CPUs of OpenMP's threads";
    if (a->threads != b->threads || a->dynamic != b->dynamic || a->levels != b->levels)
        what = "the settings of OpenMP";
    for (int s = 1; s < SIGNALS; s++)
        if (a->signal[s] != b->signal[s] || a->signal_flags[s] != b->signal_flags[s])
            what = strsignal(s);
    if (strcmp(a->environment, b->environment) != 0)
        what = "the environment";
    if (a->print != b->print || a->print_data != b->print_data)
        what = "what HDF5 does with errors";
    if (what)
        print_error("rank %d: not as it was: %s\n", world.rank, what);
    return !what;
}

static void on_signal(int number)
{
    (void)number;
}

static herr_t print_nothing(hid_t stack, void *with)
{
    (void)stack;
    (void)with;
    return 0;
}

/* The numbers of the log that a second run must have as well. */
static void read_log(char *text, size_t size)
{
    char line[4096];
    size_t used = 0;
    FILE *file = fopen(log_path, "r");
    while (file && fgets(line, sizeof line, file)) {
        static const char *const names[] = {"\"threads\":", "\"weights_hash\":", "\"loss\":"};
        for (int i = 0; i < 3; i++) {
            const char *at = strstr(line, names[i]);
            if (at && used < size)
                used += (size_t)snprintf(text + used, size - used, "%.*s\n", (int)strcspn(at, ",}"),
                                         at);
        }
    }
    if (file)
        fclose(file);
}

/* threads NULL: as many as there are cores. */
static dt_code train(const char *path, const char *threads, char *text, size_t size)
{
    dt_error err = {0}, result = {0};
    dt_train_options o;
    dt_train_options_init(&o, &err);
    const char *const set[][2] = {{"data", path},         {"quiet", NULL},   {"epochs", "1"},
                                  {"log", log_path},      {"hidden", "300"}, {"batch-size", "100"},
                                  {"val-fraction", "0.1"}};
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        dt_train_options_set(&o, set[i][0], set[i][1], &err);
    if (threads)
        dt_train_options_set(&o, "threads", threads, &err);
    CHECK_NO_ERROR(&err);
    dt_train(&world, &o, &result);
    dt_train_options_free(&o);
    if (world.rank == 0) {
        read_log(text, size);
        unlink(log_path);
    }
    return result.code;
}

static void is_left_as_it_was(void **state)
{
    (void)state;
    static state_of_host before, after;
    char first[4096] = "", second[4096] = "", ignored[4096];
    inspect(&before);
    CHECK_ALL(train(data, NULL, first, sizeof first) == DT_OK);
    inspect(&after);
    CHECK_ALL(is_same(&before, &after));
    CHECK_ALL(train(data, "2", ignored, sizeof ignored) ==
              DT_OK); /* pinned to others, or to none */
    inspect(&after);
    CHECK_ALL(is_same(&before, &after));
    CHECK_ALL(train(data, NULL, second, sizeof second) == DT_OK);
    CHECK_ALL(world.rank != 0 || (strcmp(first, second) == 0 && strstr(first, "weights_hash")));
    CHECK_ALL(train("nothing.h5", NULL, ignored, sizeof ignored) == DT_ERR_FILE);
    inspect(&after);
    CHECK_ALL(is_same(&before, &after));
}

/* Each of OpenMP's threads on a CPU of its own choice, where there are two. */
static void and_so_are_its_threads(void **state)
{
    (void)state;
    static state_of_host before, after;
    char ignored[4096];
    cpu_set_t all;
    sched_getaffinity(0, sizeof all, &all);
    int cpu[2] = {-1, -1};
    for (int c = 0, n = 0; c < CPU_SETSIZE && n < 2; c++)
        if (CPU_ISSET(c, &all))
            cpu[n++] = c;
    if (cpu[1] < 0)
        skip();
#pragma omp parallel num_threads(THREADS)
    {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu[1 - omp_get_thread_num()], &one);
        sched_setaffinity(0, sizeof one, &one);
    }
    inspect(&before);
    CHECK_ALL(train(data, "2", ignored, sizeof ignored) == DT_OK);
    inspect(&after);
    CHECK_ALL(is_same(&before, &after));
#pragma omp parallel num_threads(THREADS)
    sched_setaffinity(0, sizeof all, &all);
}

/* A thread of another team than before, whose list of cores may lie where that one's lay. */
static void pins_again(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_team team;
    for (int i = 0; i < 3; i++) {
        cpu_set_t set;
        dt_place_threads(&world, 1, false, &team, NULL, &err);
        CHECK_NO_ERROR(&err);
        sched_getaffinity(0, sizeof set, &set);
        CHECK_ALL(!team.cpu || (CPU_COUNT(&set) == 1 && CPU_ISSET(team.cpu[0], &set)));
        dt_team_free(&team);
    }
}

int main(int argc, char **argv)
{
    static float x[ROWS][WIDTH], y[ROWS];
    dt_error err = {0};
    cpu_set_t all;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_left_as_it_was),
        cmocka_unit_test(and_so_are_its_threads),
        cmocka_unit_test(pins_again),
    };
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_NODEFER};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    CPU_ZERO(&all); /* the launcher may have left this one CPU */
    for (int c = 0; c < CPU_SETSIZE; c++)
        CPU_SET(c, &all);
    sched_setaffinity(0, sizeof all, &all);
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    omp_set_num_threads(3);
    omp_set_max_active_levels(2);
    H5Eset_auto2(H5E_DEFAULT, print_nothing, NULL);
    for (int r = 0; r < ROWS; r++) {
        for (int f = 0; f < WIDTH; f++)
            x[r][f] = (float)((r * 31 + f * 17) % 29) / 29;
        y[r] = x[r][0] - x[r][1];
    }
    data = test_path("host.h5");
    log_path = test_path("host.jsonl");
    if (world.rank == 0)
        write_data(data, &(test_data){.rows = ROWS, .width = WIDTH, .y_width = 1, .x = x, .y = y});
    dt_world_agree(&world, &err);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_file(data);
    free(log_path);
    dt_world_end(&world);
    return failed;
}
