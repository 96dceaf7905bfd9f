#include "train/saver.h"

#include "checkpoint/store.h"
#include "core/clock.h"
#include "core/memory.h"
#include "train/snapshot.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double OFTEN_SECONDS = 10;

static const double SLOW_DISK = 1e8; /* bytes a second */

struct dt_saver {
    const dt_train_options *options;
    const dt_checkpoint *state;
    dt_report *report;
    const dt_team *team;
    const dt_lock *folder_lock;
    dt_run_progress last_saved; /* of the last step-N.h5 that was asked for */
    double begun;               /* dt_clock_coarse, when it was */
    dt_checkpoint copy;         /* what the thread writes, of these: */
    dt_snapshot values;         /* weights, and the optimizer's vectors */
    dt_optimizer optimizer;
    double *rounding;  /* [n_rounding] */
    bool step, best;   /* which files it writes */
    dt_output layout;  /* the thread's, of its files */
    int folder;        /* of the checkpoints; a file descriptor, or negative */
    char *recycled;    /* the thread's: a file to write over, or NULL */
    double written_at; /* dt_clock_coarse, when the last step-N.h5 was */
    pthread_t thread;
    bool running;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_bool news; /* for dt_saver_check: written or err */
    bool busy, stop;  /* under the lock, as are: */
    double seconds;   /* that writing takes */
    char *written;    /* the last step-N.h5, of which the report has not been told */
    int64_t written_step;
    dt_error err;
};

/* ---- The thread ----------------------------------------------------------------------------- */

static dt_code write_best(dt_saver *s, dt_error *err)
{
    char *path = dt_store_best_path(s->options->checkpoint, err);
    if (path)
        dt_checkpoint_write(path, NULL, &s->copy, &s->layout, err);
    free(path);
    return err->code;
}

/* Its folder may have been moved. */
static void remove_recycled(dt_saver *s)
{
    if (s->recycled)
        unlinkat(s->folder, strrchr(s->recycled, '/') + 1, 0);
    free(s->recycled);
    s->recycled = NULL;
}

/* One file more than --keep says is kept only where the next is about to be written anyway. */
static void prune(dt_saver *s)
{
    double now = dt_clock_coarse();
    bool often = s->folder >= 0 && now - s->written_at < OFTEN_SECONDS;
    s->written_at = now;
    free(s->recycled); /* it has been written over */
    s->recycled = NULL;
    dt_store_prune(s->options->checkpoint, s->copy.progress.global_step, s->options->keep,
                   often ? &s->recycled : NULL);
}

/* The path of what has been written, or NULL. */
static char *write_step(dt_saver *s, dt_error *err)
{
    char *path = dt_store_step_path(s->options->checkpoint, s->copy.progress.global_step, err);
    if (!path || dt_checkpoint_write(path, s->recycled, &s->copy, &s->layout, err)) {
        remove_recycled(s);
        free(path);
        return NULL;
    }
    prune(s);
    return path;
}

/* The log first, so that what is in the checkpoint is in the log; then best.h5: a run that goes on
 * from step-N.h5 must not believe in a best that was never written. */
static void write_files(dt_saver *s)
{
    dt_error err = {0};
    char *path = NULL;
    double begin = dt_clock();
    if (!dt_lock_check(s->folder_lock, &err) && !dt_report_sync(s->report, &err) && s->best)
        write_best(s, &err);
    if (!err.code && s->step)
        path = write_step(s, &err);
    dt_snapshot_end(&s->values);
    pthread_mutex_lock(&s->lock);
    if (err.code && !s->err.code)
        s->err = err;
    s->written = path;
    s->written_step = s->copy.progress.global_step;
    s->seconds = fmax(dt_clock() - begin, s->seconds / 2);
    atomic_store(&s->news, true);
    s->busy = false;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void *work(void *saver)
{
    dt_saver *s = saver;
    dt_team_join(s->team);
    for (;;) {
        pthread_mutex_lock(&s->lock);
        while (!s->busy && !s->stop)
            pthread_cond_wait(&s->changed, &s->lock);
        bool busy = s->busy;
        pthread_mutex_unlock(&s->lock);
        if (!busy)
            return NULL;
        write_files(s);
    }
}

/* ---- From the training loop ----------------------------------------------------------------- */

static dt_code create(dt_saver *s, dt_error *err)
{
    const dt_optimizer *o = s->state->optimizer;
    const float *live[DT_SNAPSHOT_ARRAYS] = {s->state->parameters};
    for (int i = 0; i < o->n_vectors; i++)
        live[1 + i] = o->vector[i].values;
    dt_snapshot_init(&s->values, live, 1 + o->n_vectors, o->n, err);
    s->rounding = dt_alloc(s->state->n_rounding, sizeof *s->rounding, "a copy of the scales", err);
    if (err->code)
        return err->code;
    s->running = pthread_create(&s->thread, NULL, work, s) == 0;
    return s->running ? DT_OK : dt_fail(err, DT_ERR_MEMORY, "cannot start the thread that writes");
}

dt_code dt_saver_create(dt_saver **saver, const dt_train_options *options,
                        const dt_checkpoint *state, dt_report *report, const dt_team *team,
                        const dt_lock *lock, dt_error *err)
{
    dt_saver *s = calloc(1, sizeof *s);
    *saver = NULL;
    if (!s)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for checkpoints");
    s->options = options;
    s->state = state;
    s->report = report;
    s->team = team;
    s->folder_lock = lock;
    s->last_saved = state->progress;
    s->begun = dt_clock_coarse();
    s->folder = open(options->checkpoint, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    s->seconds = (double)(1 + state->optimizer->n_vectors) * (double)state->optimizer->n *
                 sizeof(float) / SLOW_DISK;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    if (create(s, err))
        dt_saver_destroy(s);
    else
        *saver = s;
    return err->code;
}

bool dt_saver_due(const dt_saver *s)
{
    return s && s->options->checkpoint_every.unit == DT_EVERY_SECOND &&
           dt_clock_coarse() - s->begun >= (double)s->options->checkpoint_every.n;
}

double dt_saver_seconds(dt_saver *s)
{
    if (!s)
        return 0;
    pthread_mutex_lock(&s->lock);
    double seconds = s->busy ? 2 * s->seconds : s->seconds; /* it waits for the one before */
    pthread_mutex_unlock(&s->lock);
    return seconds;
}

static void wait_until_idle(dt_saver *s)
{
    pthread_mutex_lock(&s->lock);
    while (s->busy)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

static void take_copy(dt_saver *s, const dt_run_progress *progress)
{
    s->copy = *s->state;
    s->copy.progress = *progress;
    s->copy.reader = (dt_output_reader){dt_snapshot_read, &s->values};
    s->copy.optimizer = &s->optimizer;
    s->optimizer = *s->state->optimizer;
    s->copy.rounding = s->rounding;
    if (s->state->n_rounding > 0)
        memcpy(s->rounding, s->state->rounding, (size_t)s->state->n_rounding * sizeof *s->rounding);
    dt_snapshot_take(&s->values);
}

void dt_saver_copy_unread(dt_saver *s)
{
    if (s)
        dt_snapshot_copy_unread(&s->values);
}

static bool is_saved(const dt_saver *s, const dt_run_progress *c)
{
    return s->last_saved.global_step == c->global_step && s->last_saved.epoch == c->epoch;
}

void dt_saver_save(dt_saver *s, const dt_run_progress *progress, bool step, bool best)
{
    dt_error err = {0};
    if (!s)
        return;
    step = step && !is_saved(s, progress);
    if ((!step && !best) || dt_saver_finish(s, &err)) /* the error stays for dt_saver_check */
        return;
    take_copy(s, progress);
    dt_report_flush(s->report);
    if (step) {
        s->last_saved = *progress;
        s->begun = dt_clock_coarse();
    }
    pthread_mutex_lock(&s->lock);
    s->step = step;
    s->best = best;
    s->busy = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

dt_code dt_saver_check(dt_saver *s, dt_error *err)
{
    if (!s || !atomic_load(&s->news))
        return DT_OK;
    pthread_mutex_lock(&s->lock);
    char *path = s->written;
    int64_t step = s->written_step;
    s->written = NULL;
    atomic_store(&s->news, s->err.code != DT_OK);
    if (s->err.code)
        dt_fail(err, s->err.code, "%s", s->err.text);
    pthread_mutex_unlock(&s->lock);
    if (path)
        dt_report_checkpoint(s->report, path, step);
    free(path);
    return err->code;
}

dt_code dt_saver_finish(dt_saver *s, dt_error *err)
{
    if (s)
        wait_until_idle(s);
    return dt_saver_check(s, err);
}

void dt_saver_destroy(dt_saver *s)
{
    if (!s)
        return;
    if (s->running) {
        wait_until_idle(s);
        pthread_mutex_lock(&s->lock);
        s->stop = true;
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
        pthread_join(s->thread, NULL);
    }
    remove_recycled(s);
    if (s->folder >= 0)
        close(s->folder);
    dt_checkpoint_close_layout(&s->layout);
    dt_snapshot_free(&s->values);
    free(s->rounding);
    free(s->written);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
