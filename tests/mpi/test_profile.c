/* What is noted of columns and classes, against a look at all values by hand: in memory and
 * streamed, with rows held out, on any number of ranks. */
#include "mpi/support.h"

#include "data/dataset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 70001, WIDTH = 16, CLASSES = 4 };
enum { IDS, BROKEN_IDS, REVERSED, ZEROS, LATE, SMALL }; /* columns; the others are 1 */

static float x[ROWS][WIDTH];
static float y[ROWS][2];
static int32_t label[ROWS];

static void fill(void)
{
    for (int r = 0; r < ROWS; r++) {
        for (int k = 0; k < WIDTH; k++)
            x[r][k] = 1;
        x[r][IDS] = (float)(r + 1);
        x[r][BROKEN_IDS] = (float)(r + (r == ROWS - 1)); /* wrong on the last rank alone */
        x[r][REVERSED] = (float)(ROWS - r);
        x[r][ZEROS] = 0;
        x[r][LATE] = r == ROWS - 1 ? -3e7F : 0.25F;
        x[r][SMALL] = r % 2 ? -1e-6F : 5e-7F;
        y[r][0] = (float)r;
        y[r][1] = -0.5F;
        label[r] = r % 5 ? 1 : 3;
    }
}

/* What x is noted for after the first n rows. */
static bool is_right(const dt_column_stats *c, int64_t n)
{
    bool right = c->n == WIDTH && c->rows == n;
    for (int k = 0; k < WIDTH && right; k++) {
        float largest = 0;
        for (int64_t r = 0; r < n; r++)
            largest = fmaxf(largest, fabsf(x[r][k]));
        bool counts = k == IDS || (k == BROKEN_IDS && n < ROWS);
        right = c->largest[k] == largest && dt_column_stats_is_index(c, k) == counts;
    }
    return right && c->start[IDS] == 1;
}

/* Bytes of a row are those of x and y; 4 MB of them are read at the start of streamed data. */
static int64_t rows_at_start(int64_t row_bytes)
{
    return (4 << 20) / row_bytes + 1;
}

static void inspect(const char *path, const dt_dataset_options *options)
{
    dt_error err = {0};
    dt_data_file *source;
    dt_dataset d;
    dt_data_file_open(&source, path, "x", "y", &err);
    CHECK_NO_ERROR(&err);
    dt_dataset_load(&d, &world, source, options, &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(d.streamed == options->streamed);
    bool whole = !d.streamed || options->hold_out > 0;
    bool targets = options->kind == DT_Y_TARGETS;
    int64_t part = rows_at_start(WIDTH * 4 + (targets ? 8 : 4));
    CHECK_ALL(is_right(&d.profile.x, whole || options->normalize ? ROWS : part));
    CHECK_ALL(d.profile.y.n == (targets ? 2 : 0) && !d.profile.class_count == targets);
    if (targets) {
        CHECK_ALL(d.profile.y.largest[0] == (float)(whole ? ROWS - 1 : part - 1));
        CHECK_ALL(d.profile.y.largest[1] == 0.5F);
    } else {
        static bool held[ROWS];
        int64_t count[CLASSES] = {0};
        dt_holdout_mark(&d.holdout, 0, ROWS, held);
        for (int r = 0; r < ROWS; r++)
            count[label[r]] += !held[r];
        CHECK_ALL(d.outputs == CLASSES);
        CHECK_ALL(memcmp(d.profile.class_count, count, sizeof count) == 0);
    }
    dt_dataset_free(&d);
    dt_data_file_close(source);
}

static void inspect_all_ways(const test_data *data, dt_y_kind kind)
{
    dt_error err = {0};
    char *path = test_path("look.h5");
    if (world.rank == 0)
        write_data(path, data);
    dt_world_agree(&world, &err);
    for (int i = 0; i < 8; i++)
        inspect(path, &(dt_dataset_options){.kind = kind,
                                            .seed = 3,
                                            .profile = true,
                                            .hold_out = i % 2 ? 0.25 : 0,
                                            .memory = 2000000,
                                            .streamed = i / 2 % 2,
                                            .normalize = i / 4});
    remove_file(path);
}

static void labels(void **state)
{
    (void)state;
    inspect_all_ways(&(test_data){.rows = ROWS, .width = WIDTH, .x = x, .y = label}, DT_Y_LABELS);
}

static void targets(void **state)
{
    (void)state;
    inspect_all_ways(&(test_data){.rows = ROWS, .width = WIDTH, .y_width = 2, .x = x, .y = y},
                     DT_Y_TARGETS);
}

/* Ids beyond 2^24, which float32 rounds; and a few rows, which may count by accident. */
static void large_and_few(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_column_stats c;
    for (int rows = 9; rows <= 10; rows++) {
        dt_column_stats_init(&c, 1, &err);
        for (int64_t r = 0; r < rows && world.rank == 0; r++)
            dt_column_stats_add(&c, r, 1, &(float){(float)((1 << 24) + r)});
        dt_column_stats_sum(&world, &c, &err);
        CHECK_NO_ERROR(&err);
        CHECK_ALL(dt_column_stats_is_index(&c, 0) == (rows == 10));
        dt_column_stats_free(&c);
    }
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {cmocka_unit_test(labels), cmocka_unit_test(targets),
                                       cmocka_unit_test(large_and_few)};
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    fill();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dt_world_end(&world);
    return failed;
}
