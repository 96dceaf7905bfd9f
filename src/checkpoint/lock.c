#include "checkpoint/lock.h"

#include "checkpoint/holder.h"
#include "core/file_error.h"
#include "core/line.h"
#include "core/stop.h"
#include "file/lock.h"
#include "file/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    HEARTBEAT = 3,          /* seconds between two touches of the file */
    HEARTBEAT_TIMEOUT = 45, /* without one for so long, its holder is gone */
    TRIES = 40,             /* others may be after the same lock */
    TENTH = 100000000,      /* nanoseconds */
    HOLDER_NAME = 320,
    WARNING = 1024,
};

static const char NAME[] = DT_LOCK_NAME;

struct dt_lock {
    char *folder;
    int directory, file; /* file descriptors; the file stays locked while it is open */
    dt_holder self;
    pthread_t thread; /* touches the file */
    bool running;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool stop;                      /* under the mutex */
    void (*warn)(const char *text); /* or NULL */
    char gone[HOLDER_NAME];         /* from whom it was taken over after a wait; "": nobody */
};

/* A file that may be another's lock. */
typedef struct {
    int file;
    struct stat info;
    dt_holder holder;
    bool whole;  /* holder is known */
    bool locked; /* by somebody */
} found;

static void wait_a_moment(void)
{
    nanosleep(&(struct timespec){.tv_nsec = TENTH}, NULL);
}

/* ---- The file ------------------------------------------------------------------------------- */

static bool read_holder(int file, dt_holder *holder)
{
    char text[DT_HOLDER_TEXT];
    ssize_t n = pread(file, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    return dt_holder_read(holder, text);
}

/* The lock that is in the folder. Returns 0 or an errno; ENOENT: there is none. */
static int find_lock(int directory, found *f)
{
    *f = (found){.file = openat(directory, NAME, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    if (f->file < 0 && (errno == EACCES || errno == EROFS))
        f->file = openat(directory, NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (f->file < 0)
        return errno;
    f->locked = dt_file_lock(f->file) == EAGAIN;
    f->whole = read_holder(f->file, &f->holder);
    if (fstat(f->file, &f->info) == 0)
        return 0;
    int number = errno;
    close(f->file);
    return number;
}

/* Whether the folder's lock is this very file. */
static bool is_in_place(int directory, const found *f)
{
    struct stat info;
    return fstatat(directory, NAME, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
           info.st_dev == f->info.st_dev && info.st_ino == f->info.st_ino;
}

/* Take away the lock of a holder that is gone. It is moved first, so that of several who do so only
 * one has it; should it have become another's meanwhile, that one gets it back. */
static int remove_found(int directory, const found *f)
{
    char *aside = dt_temporary_name(NAME, 1);
    struct stat info;
    int number = 0;
    if (!aside)
        return ENOMEM;
    if (is_in_place(directory, f)) {
        if (renameat(directory, NAME, directory, aside) != 0)
            number = errno == ENOENT ? 0 : errno;
        else if (fstatat(directory, aside, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                 info.st_ino != f->info.st_ino)
            number =
                linkat(directory, aside, directory, NAME, 0) == 0 || errno == EEXIST ? 0 : errno;
        unlinkat(directory, aside, 0);
    }
    free(aside);
    return number;
}

/* Write who holds it into a file. Returns 0 or an errno. */
static int write_holder(int file, const dt_holder *holder)
{
    char text[DT_HOLDER_TEXT];
    dt_holder_write(holder, text);
    ssize_t n = (ssize_t)strlen(text), done = pwrite(file, text, (size_t)n, 0);
    return done == n ? 0 : done < 0 ? errno : ENOSPC;
}

/* On a file system that can neither link nor rename so: others may see the file before it is
 * complete, and then wait. Returns 0 or an errno. */
static int make_in_place(dt_lock *l)
{
    int file = openat(l->directory, NAME, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0)
        return errno;
    close(l->file);
    l->file = file;
    l->self.locks = dt_file_lock(file) == 0;
    return write_holder(file, &l->self);
}

/* Give the complete file its name, unless the name is taken. Returns 0 or an errno, EEXIST. */
static int put_in_place(dt_lock *l, const char *temporary)
{
    struct stat info;
    if (linkat(l->directory, temporary, l->directory, NAME, 0) == 0)
        return 0;
    int number = errno;
    if (number == EEXIST) /* it may answer a call that the network repeated */
        return fstat(l->file, &info) == 0 && info.st_nlink == 2 ? 0 : EEXIST;
    if (number != EPERM && number != EOPNOTSUPP && number != ENOSYS && number != EMLINK)
        return number;
    if (renameat2(l->directory, temporary, l->directory, NAME, RENAME_NOREPLACE) == 0)
        return 0;
    return errno == EINVAL || errno == ENOSYS ? make_in_place(l) : errno;
}

/* ---- Whether another has it ----------------------------------------------------------------- */

/* "process 5 on node1, job 7, since 2026-01-02T03:04:05" */
static const char *name_holder(const found *f, char text[HOLDER_NAME])
{
    const dt_holder *h = &f->holder;
    bool job = h->job[0] != '\0';
    snprintf(text, HOLDER_NAME, "process %lld on %s%s%s, since %s", (long long)h->process, h->host,
             job ? ", job " : "", h->job, h->since);
    return f->whole ? text : "a process that it does not name";
}

/* Others would only see that nothing happens. */
static void tell_wait(const dt_lock *l, const found *f, int64_t silent)
{
    char holder[HOLDER_NAME], text[WARNING];
    snprintf(text, sizeof text,
             "%.*s: has the lock of %s, which gave no sign of life for %lld s; waiting for one "
             "until it is %d s",
             dt_line_cut(l->folder, 500), l->folder, name_holder(f, holder), (long long)silent,
             HEARTBEAT_TIMEOUT);
    if (l->warn)
        l->warn(text);
}

static void tell_take_over(const dt_lock *l)
{
    char text[WARNING];
    snprintf(text, sizeof text,
             "%.*s: taken over from %s, which gave no sign of life for %d s and so is gone",
             dt_line_cut(l->folder, 500), l->folder, l->gone, HEARTBEAT_TIMEOUT);
    if (l->gone[0] && l->warn)
        l->warn(text);
}

static int64_t seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* The holder is of another host and no lock tells: it lives if it touches its file. The time is
 * that of the file system, by a file that has just been touched there; and where that clock was
 * set back since, the time that has been waited. */
static bool is_touched(const dt_lock *l, const found *f)
{
    struct stat now, then;
    bool told = false;
    int64_t begin = seconds_now();
    for (;;) {
        found again;
        if (dt_stop_reason() >= 0 || futimens(l->file, NULL) != 0 || fstat(l->file, &now) != 0)
            return true;
        int number = find_lock(l->directory, &again); /* opened anew, since NFS remembers */
        then = again.info;
        if (number == 0)
            close(again.file);
        if (number == ENOENT)
            return false;
        if (number || then.st_ino != f->info.st_ino ||
            then.st_mtim.tv_sec != f->info.st_mtim.tv_sec ||
            then.st_mtim.tv_nsec != f->info.st_mtim.tv_nsec)
            return true;
        int64_t silent = now.st_mtim.tv_sec - then.st_mtim.tv_sec;
        int64_t waited = seconds_now() - begin;
        silent = silent > waited ? silent : waited;
        if (silent >= HEARTBEAT_TIMEOUT)
            return false;
        if (silent > HEARTBEAT + 1 && !told) {
            tell_wait(l, f, silent);
            told = true;
        }
        wait_a_moment();
    }
}

static dt_code refuse_held(const dt_lock *l, const found *f, dt_error *err)
{
    char holder[HOLDER_NAME];
    if (!f->whole)
        return dt_fail(err, DT_ERR_FILE,
                       "%s: in use by another run (it has %s/%s; remove that if it is gone)",
                       l->folder, l->folder, NAME);
    return dt_fail(
        err, DT_ERR_FILE,
        "%s: in use by %s; one run at a time can write there (if it is gone for certain, "
        "remove %s/%s)",
        l->folder, name_holder(f, holder), l->folder, NAME);
}

/* The name is taken: refuse, or take the lock of a holder that is gone away. */
static dt_code make_way(dt_lock *l, dt_error *err)
{
    found f;
    int number = find_lock(l->directory, &f);
    if (number == ENOENT)
        return DT_OK;
    if (number)
        return dt_fail(err, DT_ERR_FILE, "%s/%s: %s", l->folder, NAME, strerror(number));
    dt_holder_state state = f.whole    ? dt_holder_classify(&f.holder, &l->self, f.locked)
                            : f.locked ? DT_HOLDER_THERE
                                       : DT_HOLDER_UNKNOWN;
    bool unknown = state == DT_HOLDER_UNKNOWN;
    if (unknown)
        state = is_touched(l, &f) ? DT_HOLDER_THERE : DT_HOLDER_GONE;
    if (state == DT_HOLDER_THERE) {
        wait_a_moment(); /* it may just be leaving, or be one that another takes away */
        if (is_in_place(l->directory, &f))
            refuse_held(l, &f, err);
    } else if ((number = remove_found(l->directory, &f)) != 0) {
        dt_fail(err, dt_file_error(number), "%s/%s: of a run that is gone, cannot be removed: %s",
                l->folder, NAME, strerror(number));
    } else if (unknown) {
        char holder[HOLDER_NAME];
        snprintf(l->gone, sizeof l->gone, "%s", name_holder(&f, holder));
    }
    close(f.file);
    return err->code;
}

/* ---- Taking it ------------------------------------------------------------------------------ */

static dt_code cannot_write(const dt_lock *l, int number, dt_error *err)
{
    return dt_fail(err, dt_file_error(number), "%s: cannot write to this folder: %s", l->folder,
                   strerror(number));
}

/* The own file, complete and locked, under a name of its own. Returns 0 or an errno. */
static int make_file(dt_lock *l, char **temporary)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", l->folder, NAME) < 0)
        return ENOMEM;
    l->file = dt_temporary_open(path, 0666, temporary);
    int number = l->file < 0 ? errno : 0;
    free(path);
    if (number)
        return number;
    dt_holder_self(&l->self);
    l->self.locks = dt_file_lock(l->file) == 0;
    return write_holder(l->file, &l->self);
}

static dt_code take_lock(dt_lock *l, dt_error *err)
{
    char *temporary = NULL;
    int number = make_file(l, &temporary);
    const char *name = temporary ? strrchr(temporary, '/') + 1 : NULL;
    if (!number)
        number = EEXIST;
    for (int i = 0; i < TRIES && number == EEXIST && !err->code; i++) {
        number = put_in_place(l, name);
        if (number == EEXIST && !make_way(l, err) && i > 0)
            wait_a_moment();
    }
    if (number && !err->code)
        cannot_write(l, number, err);
    if (!err->code)
        tell_take_over(l);
    if (name)
        unlinkat(l->directory, name, 0);
    free(temporary);
    return err->code;
}

static void *touch_file(void *lock)
{
    dt_lock *l = lock;
    struct timespec until;
    pthread_mutex_lock(&l->mutex);
    while (!l->stop) {
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += HEARTBEAT;
        pthread_cond_timedwait(&l->changed, &l->mutex, &until);
        if (!l->stop)
            futimens(l->file, NULL);
    }
    pthread_mutex_unlock(&l->mutex);
    return NULL;
}

/* A signal is for the threads that look whether one came. */
static dt_code start_thread(dt_lock *l, dt_error *err)
{
    sigset_t all, before;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&l->mutex, NULL);
    pthread_cond_init(&l->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    l->running = pthread_create(&l->thread, NULL, touch_file, l) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return l->running ? DT_OK
                      : dt_fail(err, DT_ERR_MEMORY, "cannot start the thread that keeps a lock");
}

dt_code dt_lock_take(dt_lock **lock, const char *folder, void (*warn)(const char *text),
                     dt_error *err)
{
    *lock = NULL;
    dt_lock *l = calloc(1, sizeof *l);
    if (l)
        *l = (dt_lock){.file = -1, .directory = -1, .folder = strdup(folder), .warn = warn};
    if (!l || !l->folder) {
        free(l);
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the lock of %s", folder);
    }
    l->directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (l->directory < 0)
        dt_fail(err, DT_ERR_FILE, "%s: cannot be opened: %s", folder, strerror(errno));
    else if (!take_lock(l, err))
        start_thread(l, err);
    if (err->code)
        dt_lock_release(l);
    else
        *lock = l;
    return err->code;
}

/* ---- While it is held ----------------------------------------------------------------------- */

/* Whether the folder has a lock, and who holds it. */
static bool read_present(const dt_lock *l, dt_holder *holder)
{
    int file = openat(l->directory, NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool there = file >= 0 && read_holder(file, holder);
    if (file >= 0)
        close(file);
    return there;
}

/* A run that took over may have ended meanwhile, and its checkpoints must stay. */
static dt_code lock_is_gone(const dt_lock *l, dt_error *err)
{
    return dt_fail(err, DT_ERR_FILE,
                   "%s: its lock %s is gone: another run may have been here, or somebody removed "
                   "it; nothing more is written there",
                   l->folder, NAME);
}

dt_code dt_lock_check(const dt_lock *l, dt_error *err)
{
    dt_holder present;
    struct stat info;
    if (!l)
        return DT_OK;
    if (fstatat(l->directory, NAME, &info, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
        return lock_is_gone(l, err);
    if (!read_present(l, &present) || present.id == l->self.id)
        return DT_OK;
    return dt_fail(err, DT_ERR_FILE,
                   "%s: was taken over by process %lld on %s, since %s, while this one stood still",
                   l->folder, (long long)present.process, present.host, present.since);
}

void dt_lock_release(dt_lock *l)
{
    dt_holder present;
    if (!l)
        return;
    if (l->running) {
        pthread_mutex_lock(&l->mutex);
        l->stop = true;
        pthread_cond_broadcast(&l->changed);
        pthread_mutex_unlock(&l->mutex);
        pthread_join(l->thread, NULL);
        pthread_cond_destroy(&l->changed);
        pthread_mutex_destroy(&l->mutex);
    }
    if (l->file >= 0 && read_present(l, &present) && present.id == l->self.id)
        unlinkat(l->directory, NAME, 0);
    if (l->file >= 0)
        close(l->file);
    if (l->directory >= 0)
        close(l->directory);
    free(l->folder);
    free(l);
}
