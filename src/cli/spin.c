#include "cli/spin.h"

#include "comm/launcher.h"

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char OWN[] = "DTRAIN_OWN_CPUS"; /* from the program to itself */

enum { WORDS = 64, TEXT = WORDS * 17 + 1 };

typedef struct {
    unsigned long word[WORDS]; /* a bit for each CPU */
} cpus;

static bool get_cpus(pid_t process, cpus *c)
{
    *c = (cpus){0};
    return sched_getaffinity(process, sizeof *c, (cpu_set_t *)(void *)c) == 0;
}

static bool set_cpus(const cpus *c)
{
    return sched_setaffinity(0, sizeof *c, (const cpu_set_t *)(const void *)c) == 0;
}

static int count_cpus(const cpus *c)
{
    return CPU_COUNT_S(sizeof *c, (const cpu_set_t *)(const void *)c);
}

static void write_cpus(const cpus *c, char text[TEXT])
{
    for (int i = 0, used = 0; i < WORDS; i++)
        used += snprintf(text + used, TEXT - (size_t)used, "%lx ", c->word[i]);
}

static void read_cpus(const char *text, cpus *c)
{
    char *end = NULL;
    for (int i = 0; i < WORDS; i++, text = end)
        c->word[i] = strtoul(text, &end, 16);
}

/* Whether a line of a configuration file may say so. What comes through a pipe can be read once,
 * and not here. */
static bool file_keeps(const char *path)
{
    char line[512];
    struct stat info;
    if (!path || stat(path, &info))
        return false;
    if (!S_ISREG(info.st_mode))
        return true;
    bool keeps = false;
    FILE *file = fopen(path, "re");
    while (file && !keeps && fgets(line, sizeof line, file))
        keeps = strstr(line, "bind") && strstr(line, "keep");
    if (file)
        fclose(file);
    return keeps;
}

/* Whether mpirun's binding is to stand (--bind keep): then threads that share a core must not wait
 * awake on it. */
static bool keeps_binding(char *const *argv)
{
    for (int i = 1; argv[i]; i++) {
        const char *next = argv[i + 1];
        if (strcmp(argv[i], "--bind=keep") == 0 ||
            (strcmp(argv[i], "--bind") == 0 && next && strcmp(next, "keep") == 0) ||
            (strcmp(argv[i], "--config") == 0 && file_keeps(next)) ||
            (strncmp(argv[i], "--config=", 9) == 0 && file_keeps(argv[i] + 9)))
            return true;
    }
    return false;
}

static bool is_decided(void)
{
    static const char *const names[] = {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OMP_PLACES",
                                        "OMP_PROC_BIND", "GOMP_CPU_AFFINITY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i]))
            return true;
    return false;
}

/* Ranks that mpirun has started on this node. */
static int node_ranks(void)
{
    const char *text = getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
    return text ? atoi(text) : 1;
}

/* By its own path, so that it is not called "exe". */
static const char *path_of_program(char path[PATH_MAX])
{
    static const char link[] = "/proc/self/exe";
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    if (n < 0)
        return link;
    path[n] = '\0';
    return access(path, X_OK) == 0 ? path : link;
}

void dt_spin_allow(char **argv)
{
    cpus own, all;
    char text[TEXT], path[PATH_MAX];
    const char *before = getenv(OWN);
    pid_t launcher = dt_launcher();
    if (before) {
        read_cpus(before, &own);
        set_cpus(&own);
        unsetenv(OWN);
        return;
    }
    if (!launcher || is_decided() || !get_cpus(0, &own) || !get_cpus(launcher, &all) ||
        count_cpus(&own) >= count_cpus(&all) / node_ranks() || keeps_binding(argv))
        return;
    write_cpus(&own, text);
    if (setenv(OWN, text, 1) == 0 && set_cpus(&all))
        execv(path_of_program(path), argv);
    set_cpus(&own);
    unsetenv(OWN);
}
