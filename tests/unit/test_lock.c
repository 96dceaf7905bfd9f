/* The lock of a folder: who may have it beside others, of this host and of another one, and after
 * holders that are gone. */
#include "checkpoint/holder.h"
#include "checkpoint/lock.h"
#include "unit/folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

/* What the user is told, and how often. */
static char heard[2][1024];
static int times_heard;

static void hear(const char *text)
{
    snprintf(heard[times_heard % 2], sizeof heard[0], "%s", text);
    times_heard++;
}

static void check_heard(int i, const char *begin, const char *who)
{
    assert_in_range(times_heard, i + 1, 2);
    assert_memory_equal(heard[i], begin, strlen(begin));
    if (!strstr(heard[i], who))
        fail_msg("\"%s\" does not say \"%s\"", heard[i], who);
}

static void check_refused(const char *text)
{
    dt_lock *lock;
    dt_error err = {0};
    assert_int_equal(dt_lock_take(&lock, ".", hear, &err), DT_ERR_FILE);
    assert_null(lock);
    if (!strstr(err.text, text))
        fail_msg("\"%s\" does not say \"%s\"", err.text, text);
}

static void check_free(void)
{
    dt_lock *lock;
    dt_error err = {0};
    if (dt_lock_take(&lock, ".", hear, &err))
        fail_msg("%s", err.text);
    assert_int_equal(dt_lock_check(lock, &err), DT_OK);
    dt_lock_release(lock);
    assert_int_not_equal(access(DT_LOCK_NAME, F_OK), 0);
}

/* Files in the folder: nothing of an attempt may stay. */
static int count_files(void)
{
    FILE *list = popen("ls -A | wc -l", "r");
    int n = -1;
    assert_int_equal(fscanf(list, "%d", &n), 1);
    pclose(list);
    return n;
}

/* Put a lock there that another has written, last touched so many seconds ago. */
static void put_lock(const dt_holder *holder, int seconds_ago)
{
    char text[DT_HOLDER_TEXT];
    struct timespec then[2] = {{.tv_sec = time(NULL) - seconds_ago},
                               {.tv_sec = time(NULL) - seconds_ago}};
    dt_holder_write(holder, text);
    FILE *file = fopen(DT_LOCK_NAME, "w");
    fputs(text, file);
    fclose(file);
    assert_int_equal(utimensat(AT_FDCWD, DT_LOCK_NAME, then, 0), 0);
}

/* Of another host. */
static dt_holder other_host(void)
{
    return (dt_holder){.host = "node9",
                       .boot = "another-boot",
                       .space = "pid:[1]",
                       .since = "2026-01-02T03:04:05",
                       .job = "77",
                       .process = 4242,
                       .started = 5,
                       .locks = 1,
                       .id = 9};
}

static void taken_and_released(void **state)
{
    (void)state;
    dt_lock *lock;
    dt_error err = {0};
    char expected[64];
    check_free();
    assert_int_equal(dt_lock_take(&lock, ".", hear, &err), DT_OK);
    snprintf(expected, sizeof expected, "in use by process %d on ", (int)getpid());
    check_refused(expected);
    assert_int_equal(count_files(), 1);
    assert_int_equal(dt_lock_check(lock, &err), DT_OK);
    dt_lock_release(lock);
    assert_int_equal(count_files(), 0);
    check_free();
}

static void no_folder(void **state)
{
    (void)state;
    dt_lock *lock;
    dt_error err = {0};
    assert_int_equal(dt_lock_take(&lock, "missing", hear, &err), DT_ERR_FILE);
    assert_string_equal(err.text, "missing: cannot be opened: No such file or directory");
}

/* A process that has the lock until it is killed; its number. */
static pid_t start_holder(void)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        dt_lock *lock;
        dt_error err = {0};
        byte = (char)dt_lock_take(&lock, ".", hear, &err);
        if (write(ready[1], &byte, 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, DT_OK);
    close(ready[0]);
    return child;
}

static void after_a_kill(void **state)
{
    (void)state;
    char expected[64];
    pid_t child = start_holder();
    snprintf(expected, sizeof expected, "in use by process %d on ", (int)child);
    check_refused(expected);
    kill(child, SIGSTOP); /* not gone */
    check_refused(expected);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(access(DT_LOCK_NAME, F_OK), 0);
    times_heard = 0;
    check_free();
    assert_int_equal(times_heard, 0); /* it is certain at once */
    assert_int_equal(count_files(), 0);
}

/* Where no file can be locked, the process is looked for. */
static void without_file_locks(void **state)
{
    (void)state;
    dt_holder h;
    dt_holder_self(&h);
    h.locks = 0;
    put_lock(&h, 1000);
    check_refused("in use");
    h.started++; /* another process had the number */
    put_lock(&h, 0);
    check_free();
    dt_holder_self(&h);
    h.locks = 0;
    h.process = 99999999;
    put_lock(&h, 0);
    check_free();
}

/* From another host, whose locks are perhaps not seen here, only the time tells. */
static void of_another_host(void **state)
{
    (void)state;
    dt_holder h = other_host();
    static const char who[] =
        "process 4242 on node9, job 77, since 2026-01-02T03:04:05, which gave";
    times_heard = 0;
    put_lock(&h, 50);
    check_free();
    check_heard(0, ".: taken over from ", who);
    times_heard = 0;
    put_lock(&h, 44); /* waits a second or two */
    check_free();
    check_heard(0, ".: has the lock of ", who);
    check_heard(1, ".: taken over from ", who);
    assert_int_equal(times_heard, 2);
    times_heard = 0;
    put_lock(&h, 0);
    pid_t child = fork(); /* a holder that lives touches its file */
    if (child == 0) {
        sleep(1);
        _exit(utimensat(AT_FDCWD, DT_LOCK_NAME, NULL, 0));
    }
    check_refused("in use by process 4242 on node9, job 77, since 2026-01-02T03:04:05");
    assert_int_equal(times_heard, 0); /* it was not waited for long */
    waitpid(child, NULL, 0);
    assert_int_equal(count_files(), 1);
    pid_t locker = fork(); /* or its lock is seen */
    if (locker == 0) {
        int file = open(DT_LOCK_NAME, O_RDWR);
        struct flock whole = {.l_type = F_WRLCK};
        _exit(fcntl(file, F_OFD_SETLK, &whole) == 0 && kill(getppid(), SIGUSR1) == 0 ? pause() : 1);
    }
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    assert_int_equal(sigtimedwait(&set, NULL, &(struct timespec){.tv_sec = 10}), SIGUSR1);
    put_lock(&h, 1000);
    check_refused("in use by process 4242 on node9");
    kill(locker, SIGKILL);
    waitpid(locker, NULL, 0);
}

/* Slurm starts a job again when the one before has ended. */
static void job_started_again(void **state)
{
    (void)state;
    dt_holder h = other_host();
    setenv("SLURM_JOB_ID", "77", 1);
    setenv("SLURM_RESTART_COUNT", "1", 1);
    put_lock(&h, 0);
    check_free();
    h.restarts = 1; /* the same start: another step of the job */
    put_lock(&h, 44);
    check_free();
    unsetenv("SLURM_JOB_ID");
    unsetenv("SLURM_RESTART_COUNT");
}

static void judged(void **state)
{
    (void)state;
    dt_holder self, h = other_host();
    dt_holder_self(&self);
    assert_int_equal(dt_holder_classify(&h, &self, true), DT_HOLDER_THERE);
    assert_int_equal(dt_holder_classify(&h, &self, false), DT_HOLDER_UNKNOWN);
    strcpy(self.job, "77");
    self.restarts = 1;
    assert_int_equal(dt_holder_classify(&h, &self, true), DT_HOLDER_GONE); /* a server's old lock */
    strcpy(h.boot, self.boot);
    assert_int_equal(dt_holder_classify(&h, &self, true),
                     DT_HOLDER_THERE); /* this kernel's is not */
    h.restarts = 1;
    assert_int_equal(dt_holder_classify(&h, &self, false), DT_HOLDER_GONE);
    h.locks = 0; /* in a container on this host, whose processes are not seen */
    assert_int_equal(dt_holder_classify(&h, &self, false), DT_HOLDER_UNKNOWN);
    h.boot[0] = self.boot[0] = '\0';
    assert_int_equal(dt_holder_classify(&h, &self, false), DT_HOLDER_UNKNOWN);
}

/* A process that stood still for long learns that it has lost the folder. */
static void taken_over(void **state)
{
    (void)state;
    dt_lock *lock;
    dt_holder h = other_host();
    dt_error err = {0};
    assert_int_equal(dt_lock_take(&lock, ".", hear, &err), DT_OK);
    unlink(DT_LOCK_NAME);
    put_lock(&h, 0);
    assert_int_equal(dt_lock_check(lock, &err), DT_ERR_FILE);
    assert_string_equal(err.text, ".: was taken over by process 4242 on node9, since "
                                  "2026-01-02T03:04:05, while this one stood still");
    dt_lock_release(lock);
    assert_int_equal(access(DT_LOCK_NAME, F_OK), 0); /* it is the other's */
}

/* One that took over and has ended left checkpoints, over which nothing may be written. */
static void taken_over_and_released(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_lock *lock = NULL;
    assert_int_equal(dt_lock_take(&lock, ".", hear, &err), DT_OK);
    assert_int_equal(dt_lock_check(lock, &err), DT_OK);
    assert_int_equal(unlink(DT_LOCK_NAME), 0);
    assert_int_equal(dt_lock_check(lock, &err), DT_ERR_FILE);
    assert_non_null(strstr(err.text, "its lock .dtrain-lock is gone"));
    dt_lock_release(lock);
}

/* Of many that want it at once after a crash, one gets it. */
static void one_of_many(void **state)
{
    (void)state;
    enum { MANY = 12, ROUNDS = 3 };
    dt_holder dead;
    dt_holder_self(&dead);
    dead.process = 99999999;
    for (int round = 0; round < ROUNDS; round++) {
        int all_have_tried[2], status, got = 0;
        assert_int_equal(pipe(all_have_tried), 0);
        put_lock(&dead, 0);
        for (int i = 0; i < MANY; i++)
            if (fork() == 0) {
                dt_lock *lock;
                dt_error err = {0};
                char byte;
                alarm(20);
                close(all_have_tried[1]);
                if (dt_lock_take(&lock, ".", hear, &err))
                    _exit(1);
                if (read(all_have_tried[0], &byte, 1) == 0)
                    dt_lock_release(lock);
                _exit(0);
            }
        for (int i = 0; i < MANY; i++) {
            if (i == MANY - 1)
                close(all_have_tried[1]);
            assert_true(wait(&status) > 0 && WIFEXITED(status));
            got += WEXITSTATUS(status) == 0;
        }
        close(all_have_tried[0]);
        assert_int_equal(got, 1);
        assert_int_equal(count_files(), 0);
    }
}

static void texts(void **state)
{
    (void)state;
    dt_holder h = other_host(), back;
    char text[DT_HOLDER_TEXT];
    dt_holder_write(&h, text);
    assert_true(dt_holder_read(&back, text));
    assert_memory_equal(&back, &h, sizeof h);
    memset(h.job, 0, sizeof h.job);
    dt_holder_write(&h, text);
    assert_true(dt_holder_read(&back, text));
    assert_memory_equal(&back, &h, sizeof h);
    for (size_t n = strlen(text) - 5;; n--) { /* cut anywhere */
        text[n] = '\0';
        assert_false(dt_holder_read(&back, text));
        if (n == 0)
            break;
    }
    assert_false(dt_holder_read(&back, "end\n"));
    assert_false(dt_holder_read(&back, "host a\nprocess -3\nend\n"));
}

/* What is no lock of this kind waits for its time, and is then taken away. */
static void another_file(void **state)
{
    (void)state;
    dt_holder h = {0};
    put_lock(&h, 44);
    check_free();
    assert_int_equal(symlink("elsewhere", DT_LOCK_NAME), 0);
    check_refused(DT_LOCK_NAME);
}

int main(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
#define TEST(name) cmocka_unit_test_teardown(name, empty_folder)
    const struct CMUnitTest tests[] = {
        TEST(taken_and_released),
        TEST(no_folder),
        TEST(after_a_kill),
        TEST(without_file_locks),
        TEST(of_another_host),
        TEST(job_started_again),
        TEST(judged),
        TEST(taken_over),
        TEST(taken_over_and_released),
        TEST(one_of_many),
        TEST(texts),
        TEST(another_file),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
