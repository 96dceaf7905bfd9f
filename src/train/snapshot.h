/* The values that a checkpoint's thread reads while the training goes on. As long as the training
 * does not change them, which is most of a step, the thread reads them where they are. If the
 * training must change them before all are read, it copies the rest first, and the thread reads the
 * copy. Not collective. */
#ifndef DT_TRAIN_SNAPSHOT_H
#define DT_TRAIN_SNAPSHOT_H

#include <dtrain/status.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { DT_SNAPSHOT_ARRAYS = 4 };

typedef struct {
    const float *live[DT_SNAPSHOT_ARRAYS]; /* [n] each; borrowed */
    float *copy[DT_SNAPSHOT_ARRAYS];
    int arrays;
    int64_t n;
    pthread_mutex_t lock;
    atomic_bool active; /* the thread has not read all yet */
    bool copied;        /* the thread reads from the copies */
} dt_snapshot;

/* Allocate. To be ended with dt_snapshot_free, also after an error.
 *   live  [arrays] addresses of arrays of n values; borrowed */
dt_code dt_snapshot_init(dt_snapshot *snapshot, const float *const *live, int arrays, int64_t n,
                         dt_error *err);
void dt_snapshot_free(dt_snapshot *snapshot);

/* Called by the training: the values as they are now are to be read. */
void dt_snapshot_take(dt_snapshot *snapshot);

/* Called by the training before it changes values: copy those that are not read yet. */
void dt_snapshot_copy_unread(dt_snapshot *snapshot);

/* Called by the thread: read bytes at an address within the live values, as they were when the
 * snapshot was taken. Bytes at other addresses are copied as they are. */
void dt_snapshot_read(void *snapshot, const void *from, int64_t bytes, void *to);

/* Called by the thread when it has read all. */
void dt_snapshot_end(dt_snapshot *snapshot);

#endif
