/* The values that a checkpoint's thread reads while the training goes on: where they are, as long
 * as the training does not change them, which is most of a step; and from a copy, which the
 * training takes if it has to go on before all are read. Not collective. */
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
    atomic_bool active; /* the thread reads */
    bool copied;        /* from the copies */
} dt_snapshot;

/* To be ended with dt_snapshot_free, also after an error. */
dt_code dt_snapshot_init(dt_snapshot *snapshot, const float *const *live, int arrays, int64_t n,
                         dt_error *err);
void dt_snapshot_free(dt_snapshot *snapshot);

/* By the training: the values are from now on to be read as they are; and: they will change. */
void dt_snapshot_take(dt_snapshot *snapshot);
void dt_snapshot_copy_unread(dt_snapshot *snapshot);

/* By the thread: some bytes at a place of the live values, as they were when the snapshot was
 * taken; others are copied as they are. And: it has read all. */
void dt_snapshot_read(void *snapshot, const void *from, int64_t bytes, void *to);
void dt_snapshot_end(dt_snapshot *snapshot);

#endif
