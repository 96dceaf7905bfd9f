#include "checkpoint/store.h"

#include "checkpoint/lock.h"
#include "core/file_error.h"
#include "file/temporary.h"

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

/* The rest of a name behind that of a checkpoint, of any step or the best; NULL: it is of none. */
static const char *checkpoint_suffix(const char *name)
{
    const char *rest = NULL;
    if (strncmp(name, "best.h5", 7) == 0)
        return name + 7;
    return step_of(name, &rest) >= 0 ? rest : NULL;
}

/* ---- The folder ----------------------------------------------------------------------------- */

static bool is_abandoned(int folder, const char *name, time_t now)
{
    struct stat info;
    const char *rest = checkpoint_suffix(name);
    if (!rest && strncmp(name, DT_LOCK_NAME, sizeof DT_LOCK_NAME - 1) == 0)
        rest = name + sizeof DT_LOCK_NAME - 1;
    return rest && dt_temporary_is(rest) &&
           fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
           dt_temporary_is_abandoned(rest, &info, now);
}

void dt_store_clean_up(const char *folder)
{
    DIR *dir = opendir(folder);
    time_t now = time(NULL);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (is_abandoned(dirfd(dir), entry->d_name, now))
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
            dt_fail(err, dt_file_error(errno), "%s: cannot write to this folder: %s", folder,
                    strerror(errno));
        } else {
            close(fd);
            unlink(probe);
        }
    }
    free(probe);
    free(path);
    return err->code;
}

/* The name is that of something temporary: if the process is killed, it goes at a later start. */
void dt_store_create_probe(const char *folder, char probe[DT_STORE_PROBE])
{
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    char *name = dt_temporary_name("best.h5", 1 + (int)now.tv_nsec);
    snprintf(probe, DT_STORE_PROBE, "%s", name ? name : "");
    free(name);
    int file = dir < 0 || !probe[0]
                   ? -1
                   : openat(dir, probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0)
        probe[0] = '\0';
    else
        close(file);
    if (dir >= 0)
        close(dir);
}

void dt_store_remove_probe(const char *folder, const char probe[DT_STORE_PROBE])
{
    char *path = NULL;
    if (probe[0] && asprintf(&path, "%s/%s", folder, probe) >= 0)
        unlink(path);
    free(path);
}

/* What a network's file system keeps of a folder for a while may be older than the file: to open
 * the folder makes it ask again. */
bool dt_store_probe_is_visible(const char *folder, const char probe[DT_STORE_PROBE])
{
    enum { TRIES = 10 };
    const struct timespec tenth = {.tv_nsec = 100000000};
    bool seen = false;
    for (int i = 0; i < TRIES && !seen; i++) {
        if (i > 0)
            nanosleep(&tenth, NULL);
        int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        seen = dir >= 0 && faccessat(dir, probe, F_OK, 0) == 0;
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

static bool append_step(int64_t **steps, int *n, int64_t step)
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
    errno = 0;
    for (struct dirent *entry; !err->code && (entry = readdir(dir)); errno = 0) {
        const char *rest = "";
        int64_t step = step_of(entry->d_name, &rest);
        if (step >= 0 && !*rest && !append_step(steps, n, step))
            dt_fail(err, DT_ERR_MEMORY, "out of memory for the checkpoints in %s", folder);
    }
    if (errno && !err->code) /* a list that was cut short would hide a run */
        dt_fail(err, DT_ERR_FILE, "%s: cannot be listed: %s", folder, strerror(errno));
    closedir(dir);
    if (*n)
        qsort(*steps, (size_t)*n, sizeof **steps, by_step);
    return err->code;
}

static dt_code remove_file(const char *path, dt_error *err)
{
    if (unlink(path) == 0 || errno == ENOENT)
        return DT_OK;
    return dt_fail(err, DT_ERR_FILE, "%s: cannot be removed: %s", path, strerror(errno));
}

/* Whether a file of any kind has this name in the folder. */
static bool has_best(const char *folder)
{
    dt_error err = {0};
    struct stat info;
    char *path = dt_store_best_path(folder, &err);
    bool there = path && lstat(path, &info) == 0;
    free(path);
    return there;
}

dt_code dt_store_find_run(const char *folder, dt_store_run *run, dt_error *err)
{
    int64_t *steps;
    int n;
    *run = (dt_store_run){0};
    if (!dt_store_list(folder, &steps, &n, err)) {
        run->best = has_best(folder);
        run->there = run->best || n > 0;
        run->last_step = n > 0 ? steps[n - 1] : 0;
    }
    free(steps);
    return err->code;
}

char *dt_store_choose(const char *path, dt_error *err)
{
    struct stat info;
    dt_store_run run;
    char *chosen = NULL;
    if (stat(path, &info) || !S_ISDIR(info.st_mode)) {
        chosen = strdup(path);
        if (!chosen)
            dt_fail(err, DT_ERR_MEMORY, "out of memory for the path of a checkpoint");
    } else if (!dt_store_find_run(path, &run, err)) {
        if (!run.there)
            dt_fail(err, DT_ERR_FILE, "%s: a folder without a checkpoint (best.h5 or step-N.h5)",
                    path);
        else
            chosen = run.best ? dt_store_best_path(path, err)
                              : dt_store_step_path(path, run.last_step, err);
    }
    return chosen;
}

/* best.h5 first: what is then left is gone on with by --resume, if this is cut. */
dt_code dt_store_remove_run(const char *folder, dt_error *err)
{
    int64_t *steps;
    int n;
    char *path = dt_store_best_path(folder, err);
    if (path)
        remove_file(path, err);
    free(path);
    dt_store_list(folder, &steps, &n, err);
    while (n-- > 0 && !err->code) {
        path = dt_store_step_path(folder, steps[n], err);
        if (path)
            remove_file(path, err);
        free(path);
    }
    free(steps);
    return err->code;
}

/* Keep a file that is done with under a temporary name, to be written over. Returns the name, or NULL. */
static char *keep_for_reuse(const char *path)
{
    char *recycled = dt_temporary_name(path, 0);
    if (recycled && rename(path, recycled) == 0)
        return recycled;
    free(recycled);
    return NULL;
}

void dt_store_prune(const char *folder, int64_t newest, int64_t keep, char **recycled)
{
    dt_error err = {0};
    int64_t *steps;
    int n;
    if (dt_store_list(folder, &steps, &n, &err) == DT_OK) {
        while (n > 0 && steps[n - 1] > newest)
            n--;
        for (int64_t i = 0; i < n - keep; i++) {
            char *path = dt_store_step_path(folder, steps[i], &err);
            if (path && recycled && !*recycled)
                *recycled = keep_for_reuse(path);
            if (path)
                unlink(path);
            free(path);
        }
    }
    free(steps);
}
