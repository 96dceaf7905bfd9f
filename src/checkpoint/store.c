#include "checkpoint/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DIGITS = 10 };

/* ---- Names ---------------------------------------------------------------------------------- */

char *dt_store_step_path(const char *folder, int64_t step, dt_error *err)
{
    char *path = NULL;
    if (asprintf(&path, "%s/step-%0*lld.h5", folder, DIGITS, (long long)step) >= 0)
        return path;
    dt_fail(err, DT_ERR_MEMORY, "out of memory for a checkpoint in %s", folder);
    return NULL;
}

char *dt_store_best_path(const char *folder, dt_error *err)
{
    char *path = NULL;
    if (asprintf(&path, "%s/best.h5", folder) >= 0)
        return path;
    dt_fail(err, DT_ERR_MEMORY, "out of memory for a checkpoint in %s", folder);
    return NULL;
}

/* The step of "step-0000000050.h5", and what follows the name; -1 if it is none. */
static int64_t step_of(const char *name, const char **rest)
{
    char *end;
    if (strncmp(name, "step-", 5) != 0 || strspn(name + 5, "0123456789") < DIGITS)
        return -1;
    errno = 0;
    long long step = strtoll(name + 5, &end, 10);
    if (errno || strncmp(end, ".h5", 3) != 0)
        return -1;
    *rest = end + 3;
    return step;
}

/* Whether a name is that of a checkpoint being written by a process. */
static bool is_temporary(const char *name)
{
    const char *rest = name;
    if (strncmp(name, "best.h5", 7) == 0)
        rest = name + 7;
    else if (step_of(name, &rest) < 0)
        return false;
    return strncmp(rest, ".tmp.", 5) == 0 && rest[5] && !rest[5 + strspn(rest + 5, "0123456789")];
}

/* ---- The folder ----------------------------------------------------------------------------- */

/* What a killed process left half-written. */
static void clear_temporaries(const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (is_temporary(entry->d_name))
            unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
}

static dt_code make_folders(char *path, dt_error *err)
{
    for (char *c = path + 1;; c++) {
        char end = *c;
        if (end != '/' && end != '\0')
            continue;
        *c = '\0';
        if (mkdir(path, 0777) && errno != EEXIST && errno != EISDIR)
            return dt_fail(err, DT_ERR_FILE, "%s: cannot make the folder: %s", path,
                           strerror(errno));
        *c = end;
        if (end == '\0')
            return DT_OK;
    }
}

dt_code dt_store_prepare(const char *folder, dt_error *err)
{
    char *path = strdup(folder), *probe = NULL;
    if (!path || asprintf(&probe, "%s/.dtrain-XXXXXX", folder) < 0)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for the name of %s", folder);
    else if (folder[0] == '\0')
        dt_fail(err, DT_ERR_USAGE, "--checkpoint: expected a folder");
    else if (!make_folders(path, err)) {
        int fd = mkstemp(probe); /* the only test that holds for root and for every file system */
        if (fd < 0) {
            dt_fail(err, errno == ENOSPC ? DT_ERR_SPACE : DT_ERR_FILE,
                    "%s: cannot write to this folder: %s", folder, strerror(errno));
        } else {
            close(fd);
            unlink(probe);
            clear_temporaries(folder);
        }
    }
    free(probe);
    free(path);
    return err->code;
}

/* The name is that of something temporary: if the process is killed, it goes at the next start. */
void dt_store_mark(const char *folder, char mark[DT_STORE_MARK])
{
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(mark, DT_STORE_MARK, "best.h5.tmp.%ld%ld%09ld", (long)getpid(), (long)now.tv_sec,
             now.tv_nsec);
    int file = dir < 0 ? -1 : openat(dir, mark, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0)
        mark[0] = '\0';
    else
        close(file);
    if (dir >= 0)
        close(dir);
}

void dt_store_unmark(const char *folder, const char mark[DT_STORE_MARK])
{
    char *path = NULL;
    if (mark[0] && asprintf(&path, "%s/%s", folder, mark) >= 0)
        unlink(path);
    free(path);
}

/* What a network's file system keeps of a folder for a while may be older than the file: to open
 * the folder makes it ask again. */
bool dt_store_sees(const char *folder, const char mark[DT_STORE_MARK])
{
    enum { TRIES = 10 };
    const struct timespec tenth = {.tv_nsec = 100000000};
    bool seen = false;
    for (int i = 0; i < TRIES && !seen; i++) {
        if (i > 0)
            nanosleep(&tenth, NULL);
        int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        seen = dir >= 0 && faccessat(dir, mark, F_OK, 0) == 0;
        if (dir >= 0)
            close(dir);
    }
    return seen;
}

/* ---- What is in it -------------------------------------------------------------------------- */

static int by_step(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static bool append(int64_t **steps, int *n, int64_t step)
{
    if ((*n & (*n - 1)) == 0) { /* room for the next power of two */
        int64_t *more = realloc(*steps, (size_t)(*n ? 2 * *n : 1) * sizeof *more);
        if (!more)
            return false;
        *steps = more;
    }
    (*steps)[(*n)++] = step;
    return true;
}

dt_code dt_store_list(const char *folder, int64_t **steps, int *n, dt_error *err)
{
    *steps = NULL;
    *n = 0;
    DIR *dir = opendir(folder);
    if (!dir)
        return errno == ENOENT ? DT_OK
                               : dt_fail(err, DT_ERR_FILE, "%s: %s", folder, strerror(errno));
    for (struct dirent *entry; !err->code && (entry = readdir(dir));) {
        const char *rest = "";
        int64_t step = step_of(entry->d_name, &rest);
        if (step >= 0 && !*rest && !append(steps, n, step))
            dt_fail(err, DT_ERR_MEMORY, "out of memory for the checkpoints in %s", folder);
    }
    closedir(dir);
    if (*n)
        qsort(*steps, (size_t)*n, sizeof **steps, by_step);
    return err->code;
}

/* A file that is done with as a spare: its new name, or NULL. */
static char *set_aside(const char *path)
{
    char *spare = NULL;
    if (asprintf(&spare, "%s.tmp.%ld", path, (long)getpid()) < 0)
        return NULL;
    if (rename(path, spare) == 0)
        return spare;
    free(spare);
    return NULL;
}

void dt_store_prune(const char *folder, int64_t newest, int64_t keep, char **spare)
{
    dt_error err = {0};
    int64_t *steps;
    int n;
    if (dt_store_list(folder, &steps, &n, &err) == DT_OK) {
        while (n > 0 && steps[n - 1] > newest)
            n--;
        for (int64_t i = 0; i < n - keep; i++) {
            char *path = dt_store_step_path(folder, steps[i], &err);
            if (path && spare && !*spare)
                *spare = set_aside(path);
            if (path)
                unlink(path);
            free(path);
        }
    }
    free(steps);
}
