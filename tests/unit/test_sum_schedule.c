/* The routes of values, played through for many numbers of ranks in one process: afterwards each
 * rank has the sum of all, and no rank has sent or received much more than it must. */
#include "comm/sum_schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_RANKS = 70, VALUES = 300, BEGIN = 17, END = 290 };

typedef struct {
    int64_t value[MAX_RANKS][VALUES], sent[MAX_RANKS][VALUES];
    int64_t moved[MAX_RANKS]; /* values that a rank has received */
} world;

static int64_t value_of(int rank, int i)
{
    return (int64_t)(rank + 1) * (i + 3) + i % 7;
}

/* Of all messages what is sent first, as they would cross each other. */
static void play_stage(world *w, int size, int stage)
{
    const dt_range all = {BEGIN, END};
    memcpy(w->sent, w->value, sizeof w->sent);
    for (int r = 0; r < size; r++) {
        dt_sum_step s = dt_sum_schedule_step(r, size, all, stage);
        assert_true(s.to < size && s.from < size && s.to != r && s.from != r);
        if (s.to >= 0)
            assert_int_equal(dt_sum_schedule_step(s.to, size, all, stage).from, r);
        if (s.from < 0)
            continue;
        dt_sum_step other = dt_sum_schedule_step(s.from, size, all, stage);
        assert_int_equal(other.to, r);
        assert_int_equal(other.send.begin, s.receive.begin);
        assert_int_equal(other.send.end, s.receive.end);
        for (int64_t i = s.receive.begin; i < s.receive.end; i++)
            w->value[r][i] = w->sent[s.from][i] + (s.adds ? w->value[r][i] : 0);
        w->moved[r] += s.receive.end - s.receive.begin;
    }
}

static void sums(void **state)
{
    world *w = malloc(sizeof *w);
    (void)state;
    assert_non_null(w);
    for (int size = 1; size <= MAX_RANKS; size++) {
        memset(w, 0, sizeof *w);
        for (int r = 0; r < size; r++)
            for (int i = 0; i < VALUES; i++)
                w->value[r][i] = value_of(r, i);
        for (int s = 0; s < dt_sum_schedule_steps(size); s++)
            play_stage(w, size, s);
        bool even = (size & (size - 1)) == 0 || size <= 32;
        for (int r = 0; r < size; r++) {
            for (int i = 0; i < VALUES; i++) {
                int64_t sum = 0;
                for (int other = 0; other < size; other++)
                    sum += value_of(other, i);
                assert_int_equal(w->value[r][i], i >= BEGIN && i < END ? sum : value_of(r, i));
            }
            assert_true(w->moved[r] <= (even ? 2 : 3) * (END - BEGIN));
        }
    }
    free(w);
}

/* As many as there are to be on a large cluster: each stage of a rank has its counterpart. */
static void many(void **state)
{
    (void)state;
    static const int sizes[] = {256, 1000, 4096};
    for (int i = 0; i < 3; i++) {
        assert_true(dt_sum_schedule_steps(sizes[i]) <= 2 * 12 + 2);
        for (int s = 0; s < dt_sum_schedule_steps(sizes[i]); s++)
            for (int r = 0; r < sizes[i]; r += 7) {
                dt_sum_step mine = dt_sum_schedule_step(r, sizes[i], (dt_range){0, 1 << 20}, s);
                if (mine.to < 0)
                    continue;
                dt_sum_step its =
                    dt_sum_schedule_step(mine.to, sizes[i], (dt_range){0, 1 << 20}, s);
                assert_true(its.from == r && its.receive.begin == mine.send.begin &&
                            its.receive.end == mine.send.end);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sums), cmocka_unit_test(many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
