#include "train/snapshot.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

enum { PARALLEL_FROM = 1 << 17 };

dt_code dt_snapshot_init(dt_snapshot *s, const float *const *live, int arrays, int64_t n,
                         dt_error *err)
{
    *s = (dt_snapshot){.arrays = arrays, .n = n};
    pthread_mutex_init(&s->lock, NULL);
    for (int i = 0; i < arrays; i++) {
        s->live[i] = live[i];
        s->copy[i] = dt_alloc(n, sizeof(float), "a copy of the weights", err);
    }
    return err->code;
}

void dt_snapshot_free(dt_snapshot *s)
{
    for (int i = 0; i < s->arrays; i++)
        free(s->copy[i]);
    if (s->arrays)
        pthread_mutex_destroy(&s->lock);
    *s = (dt_snapshot){0};
}

void dt_snapshot_take(dt_snapshot *s)
{
    s->copied = false;
    atomic_store(&s->active, true);
}

static void copy_values(float *restrict to, const float *restrict from, int64_t n)
{
#pragma omp parallel for simd if (parallel : n > PARALLEL_FROM)
    for (int64_t i = 0; i < n; i++)
        to[i] = from[i];
}

void dt_snapshot_copy_unread(dt_snapshot *s)
{
    if (!atomic_load(&s->active))
        return;
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < s->arrays && !s->copied && atomic_load(&s->active); i++)
        copy_values(s->copy[i], s->live[i], s->n);
    s->copied = true;
    pthread_mutex_unlock(&s->lock);
}

/* Where a place of the live values is in the copies; any other is itself. */
static const void *place_in_copy(const dt_snapshot *s, const void *from)
{
    const char *place = from;
    for (int i = 0; i < s->arrays; i++) {
        const char *begin = (const char *)s->live[i];
        if (place >= begin && place < begin + s->n * (int64_t)sizeof(float))
            return (const char *)s->copy[i] + (place - begin);
    }
    return from;
}

void dt_snapshot_read(void *snapshot, const void *from, int64_t bytes, void *to)
{
    dt_snapshot *s = snapshot;
    pthread_mutex_lock(&s->lock);
    memcpy(to, s->copied ? place_in_copy(s, from) : from, (size_t)bytes);
    pthread_mutex_unlock(&s->lock);
}

void dt_snapshot_end(dt_snapshot *s)
{
    pthread_mutex_lock(&s->lock);
    atomic_store(&s->active, false);
    pthread_mutex_unlock(&s->lock);
}
