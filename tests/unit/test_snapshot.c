/* Values read by a thread while they change: those of the moment when the snapshot was taken. */
#include "train/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { N = 300000 };

static float weights[N], momentum[N];
static const float *const live[] = {weights, momentum};

static void fill(float of_weights, float of_momentum)
{
    for (int i = 0; i < N; i++) {
        weights[i] = of_weights + (float)i;
        momentum[i] = of_momentum - (float)i;
    }
}

static void check(dt_snapshot *s, const float *array, int64_t at, float expected)
{
    float got[3];
    dt_snapshot_read(s, array + at, sizeof got, got);
    for (int i = 0; i < 3; i++)
        assert_true(got[i] == expected + (float)(array == weights ? i : -i));
}

static void as_they_were(void **state)
{
    (void)state;
    dt_snapshot s;
    dt_error err = {0};
    float other[] = {1, 2, 3}, got[3];
    assert_int_equal(dt_snapshot_init(&s, live, 2, N, &err), DT_OK);
    for (int round = 0; round < 3; round++) {
        fill((float)round, 5);
        dt_snapshot_take(&s);
        check(&s, weights, 7, (float)round + 7);
        dt_snapshot_copy_unread(&s);
        fill(-1000, -2000);
        check(&s, weights, N - 3, (float)round + N - 3);
        check(&s, momentum, 0, 5);
        dt_snapshot_copy_unread(&s); /* the next step does not copy what has changed */
        check(&s, momentum, 10, -5);
        dt_snapshot_read(&s, other, sizeof other, got);
        assert_memory_equal(got, other, sizeof got);
        dt_snapshot_end(&s);
        dt_snapshot_copy_unread(&s);
    }
    dt_snapshot_free(&s);
}

/* A thread reads in pieces, and the values change at some moment that nobody knows. */
static float seen[2][N];

static void *read_all(void *snapshot)
{
    enum { PIECE = 1000 };
    for (int i = 0; i < N; i += PIECE) {
        dt_snapshot_read(snapshot, weights + i, PIECE * sizeof(float), seen[0] + i);
        dt_snapshot_read(snapshot, momentum + i, PIECE * sizeof(float), seen[1] + i);
    }
    dt_snapshot_end(snapshot);
    return NULL;
}

static void with_a_thread(void **state)
{
    (void)state;
    dt_snapshot s;
    dt_error err = {0};
    assert_int_equal(dt_snapshot_init(&s, live, 2, N, &err), DT_OK);
    for (int round = 0; round < 30; round++) {
        pthread_t thread;
        fill((float)round, (float)-round);
        dt_snapshot_take(&s);
        assert_int_equal(pthread_create(&thread, NULL, read_all, &s), 0);
        for (volatile int wait = 0; wait < round * 10000;)
            wait = wait + 1;
        dt_snapshot_copy_unread(&s);
        fill(0.5f, 0.5f);
        pthread_join(thread, NULL);
        for (int i = 0; i < N; i++)
            assert_true(seen[0][i] == (float)round + (float)i &&
                        seen[1][i] == (float)-round - (float)i);
    }
    dt_snapshot_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_they_were),
        cmocka_unit_test(with_a_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
