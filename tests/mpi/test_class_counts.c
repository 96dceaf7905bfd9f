/* How often each class occurs, against a count by hand: in memory and streamed, with rows held out.
 */
#include "mpi/support.h"

#include "data/class_counts.h"

#include <string.h>

enum { ROWS = 70001, CLASSES = 5 };

static float x[ROWS];
static int32_t label[ROWS];
static float truth[ROWS][2];

static void count(const char *path, const dt_dataset_options *options, int64_t *found,
                  int64_t *outputs, dt_holdout *holdout)
{
    dt_error err = {0};
    dt_data_file *source;
    dt_dataset dataset;
    dt_data_file_open(&source, path, "x", "y", &err);
    CHECK_NO_ERROR(&err);
    dt_dataset_load(&dataset, &world, source, options, &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(dataset.outputs <= CLASSES && dataset.streamed == (options->memory > 0));
    *outputs = dataset.outputs;
    *holdout = dataset.holdout;
    dt_count_classes(&dataset, &world, found, &err);
    CHECK_NO_ERROR(&err);
    dt_dataset_free(&dataset);
    dt_data_file_close(source);
}

static void check(const char *path, dt_y_kind kind, double hold_out, int64_t memory)
{
    static bool held[ROWS];
    int64_t found[CLASSES], expected[CLASSES] = {0}, outputs;
    dt_holdout holdout;
    dt_dataset_options options = {
        .kind = kind, .hold_out = hold_out, .seed = 3, .streamed = memory > 0, .memory = memory};
    count(path, &options, found, &outputs, &holdout);
    dt_holdout_mark(&holdout, 0, ROWS, held);
    for (int r = 0; r < ROWS; r++)
        if (!held[r] && kind == DT_Y_LABELS)
            expected[label[r]]++;
        else if (!held[r])
            for (int k = 0; k < 2; k++)
                expected[k] += truth[r][k] == 1;
    CHECK_ALL(outputs == (kind == DT_Y_LABELS ? CLASSES : 2));
    CHECK_ALL(memcmp(found, expected, (size_t)outputs * sizeof *found) == 0);
}

static void check_all_ways(const test_data *data, dt_y_kind kind)
{
    dt_error err = {0};
    char *path = test_path("tally.h5");
    if (world.rank == 0)
        write_data(path, data);
    dt_world_agree(&world, &err);
    for (int i = 0; i < 4; i++)
        check(path, kind, i % 2 ? 0.25 : 0, i / 2 ? 400000 : 0);
    remove_file(path);
}

static void labels(void **state)
{
    (void)state;
    for (int r = 0; r < ROWS; r++)
        label[r] = r % 11 == 0 ? 4 : r % 7 == 0 ? 3 : r > ROWS / 2 ? 2 : 0; /* no class 1 */
    check_all_ways(&(test_data){.rows = ROWS, .width = 1, .x = x, .y = label}, DT_Y_LABELS);
}

static void truths(void **state)
{
    (void)state;
    for (int r = 0; r < ROWS; r++) {
        truth[r][0] = r % 3 == 0;
        truth[r][1] = r > 60000;
    }
    check_all_ways(&(test_data){.rows = ROWS, .width = 1, .y_width = 2, .x = x, .y = truth},
                   DT_Y_PROBABILITIES);
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {cmocka_unit_test(labels), cmocka_unit_test(truths)};
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dt_world_end(&world);
    return failed;
}
