/* What one rank alone sees in a step is answered by all alike: integers that are too small on the
 * last rank only, a gradient there that is not finite, and a failure there; the steps before and
 * after have the gradient that double has, and the same bits on every rank. */
#include "mpi/support.h"

#include "comm/comm.h"
#include "comm/internal.h"
#include "train/gradient_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 3, BATCH = 64, BLOCK = 16, P = WIDTH + 1 };

/* Steps, by what is odd in the last block of their batch, which the last rank has. */
typedef enum { PLAIN, OUTLIERS, INFINITE } kind;
typedef struct {
    kind kind;
    bool fails; /* on the last rank, for another reason */
} step;
static const step steps[] = {{PLAIN, false},    {OUTLIERS, false}, {PLAIN, false},
                             {OUTLIERS, true},  {PLAIN, true},     {INFINITE, false},
                             {OUTLIERS, false}, {INFINITE, true},  {PLAIN, false}};
enum { STEPS = sizeof steps / sizeof *steps, LAST_ROWS = 41 };
enum { ROWS = (STEPS - 1) * BATCH + LAST_ROWS };

static float x[ROWS][WIDTH], y[ROWS];
static const float parameters[P] = {0.1f, -0.2f, 0.3f, 0.05f};

static void fill(void)
{
    static const float times[] = {[PLAIN] = 1, [OUTLIERS] = 1e6f, [INFINITE] = 1e30f};
    for (int r = 0; r < ROWS; r++) {
        bool odd = r % BATCH >= BATCH - BLOCK;
        y[r] = sinf((float)r * 3);
        for (int i = 0; i < WIDTH; i++)
            x[r][i] = sinf((float)(r * WIDTH + i)) * (odd ? times[steps[r / BATCH].kind] : 1);
    }
}

/* The sum over some rows of the gradient of (w x + b - y)^2; returns that of the losses. */
static double plain_sum(float (*inputs)[WIDTH], const float *targets, int rows, double gradient[P])
{
    double loss = 0;
    memset(gradient, 0, P * sizeof *gradient);
    for (int r = 0; r < rows; r++) {
        double error = (double)parameters[WIDTH] - (double)targets[r];
        for (int i = 0; i < WIDTH; i++)
            error += (double)parameters[i] * (double)inputs[r][i];
        loss += error * error;
        for (int i = 0; i < WIDTH; i++)
            gradient[i] += 2 * error * (double)inputs[r][i];
        gradient[WIDTH] += 2 * error;
    }
    return loss;
}

static bool near(double value, double expected, double scale)
{
    return fabs(value - expected) <= 1e-6 * fabs(scale);
}

/* Whether all ranks have the same bytes. Collective. */
static bool same_everywhere(const void *bytes, size_t n)
{
    char first[sizeof(double) * 4 * P];
    memcpy(first, bytes, n);
    dt_broadcast(&world, first, (int64_t)n);
    int64_t other = memcmp(first, bytes, n) != 0;
    dt_max_int64(&world, &other, 1);
    return other == 0;
}

static void check_sums(const dt_gradient *g, const dt_step_sums *sums, float (*inputs)[WIDTH],
                       const float *targets, int rows)
{
    double expected[P], loss = plain_sum(inputs, targets, rows, expected), largest = 0;
    bool close = true;
    for (int i = 0; i < P; i++)
        largest = fmax(largest, fabs(expected[i]));
    for (int i = 0; i < P; i++)
        close = close && near((double)g->values[i], expected[i], largest);
    CHECK_ALL(close);
    CHECK_ALL(near(sums->loss, loss, loss));
    CHECK_ALL(sums->samples == rows && sums->weight == rows);
    CHECK_ALL(same_everywhere(g->values, P * sizeof *g->values));
    CHECK_ALL(same_everywhere(&sums->loss, sizeof sums->loss));
}

static void take_step(dt_gradient *g, dt_loader *loader, int s)
{
    dt_times times = {0};
    dt_step_sums sums;
    const dt_scales *scales = &g->exact.scales;
    bool last = world.rank == world.size - 1;
    int64_t redone = dt_scales_redone(scales);
    dt_gradient_compute(g, loader, parameters, &times, &sums);
    sums.failed = steps[s].fails && last;
    bool finite = dt_gradient_sum(g, parameters, true, &sums);
    if (finite && steps[s].kind == OUTLIERS)
        CHECK_ALL(dt_scales_redone(scales) == redone + 1);
    CHECK_ALL(sums.failed == steps[s].fails);
    CHECK_ALL(finite == (steps[s].kind != INFINITE && !steps[s].fails));
    CHECK_ALL(same_everywhere(scales->state, (size_t)scales->n * sizeof(double)));
    if (finite)
        check_sums(g, &sums, x + s * BATCH, y + s * BATCH, s < STEPS - 1 ? BATCH : LAST_ROWS);
}

/* memory 0: all rows; else so little that batches come in parts. */
static void take_steps(int64_t memory)
{
    dt_error err = {0};
    dt_data_file *source;
    dt_dataset dataset;
    dt_loader *loader;
    dt_model model;
    dt_gradient gradient;
    dt_numa_group *numa_group;
    const dt_team team = {.threads = 1};
    char *path = test_path("gradient.h5");
    fill();
    if (world.rank == 0)
        write_data(path, &(test_data){.rows = ROWS, .width = WIDTH, .y_width = 1, .x = x, .y = y});
    dt_world_agree(&world, &err);
    dt_data_file_open(&source, path, "x", "y", &err);
    CHECK_NO_ERROR(&err);
    dt_dataset_options how = {.kind = DT_Y_TARGETS, .streamed = memory > 0, .memory = memory};
    dt_dataset_load(&dataset, &world, source, &how, &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(dataset.streamed == (memory > 0));
    dt_loader_options cut = {.batch_size = BATCH, .block = BLOCK, .team = &team};
    dt_loader_create(&loader, &world, &dataset, &cut, &err);
    CHECK_NO_ERROR(&err);
    dt_model_shape shape = {WIDTH, 1, NULL, 0, DT_ACT_RELU, DT_LOSS_MSE, false, 0, {0}};
    dt_model_init(&model, &shape, &err);
    dt_numa_group_create(&world, 0, &numa_group, &err);
    CHECK_NO_ERROR(&err);
    dt_gradient_options options = {
        .batch_size = BATCH, .exact = true, .in_parts = memory > 0, .numa_group = numa_group};
    assert_int_equal(dt_gradient_block(&options), BLOCK);
    dt_gradient_init(&gradient, &world, &model, &team, &options, &err);
    CHECK_NO_ERROR(&err);
    for (int s = 0; s < STEPS; s++)
        take_step(&gradient, loader, s);
    dt_gradient_free(&gradient);
    dt_numa_group_destroy(numa_group);
    dt_model_free(&model);
    dt_loader_destroy(loader);
    dt_dataset_free(&dataset);
    dt_data_file_close(source);
    remove_file(path);
}

static void in_memory(void **state)
{
    (void)state;
    take_steps(0);
}

static void streamed(void **state)
{
    (void)state;
    take_steps(600);
}

/* Sums of floats, in parts that are not the same on all ranks: of more rows than are added in one
 * go, and of batches that come from several windows, of which a rank may have nothing at first. The
 * ranks of a node pack the weights together, once a step.
 *   memory  0: all rows in memory */
static void take_float_steps(int64_t batch_size, int64_t memory)
{
    enum { MANY = 9500 };
    static float many_x[MANY][WIDTH], many_y[MANY];
    for (int r = 0; r < MANY; r++) {
        many_y[r] = sinf((float)r * 3);
        for (int i = 0; i < WIDTH; i++)
            many_x[r][i] = sinf((float)(r * WIDTH + i));
    }
    dt_error err = {0};
    dt_data_file *source;
    dt_dataset dataset;
    dt_loader *loader;
    dt_model model;
    dt_gradient gradient;
    dt_numa_group *numa_group;
    const dt_team team = {.threads = 1};
    char *path = test_path("floats.h5");
    if (world.rank == 0)
        write_data(path, &(test_data){
                             .rows = MANY, .width = WIDTH, .y_width = 1, .x = many_x, .y = many_y});
    dt_world_agree(&world, &err);
    dt_data_file_open(&source, path, "x", "y", &err);
    dt_dataset_options how = {.kind = DT_Y_TARGETS, .streamed = memory > 0, .memory = memory};
    dt_dataset_load(&dataset, &world, source, &how, &err);
    dt_loader_options cut = {.batch_size = batch_size, .team = &team};
    dt_loader_create(&loader, &world, &dataset, &cut, &err);
    dt_model_shape shape = {WIDTH, 1, NULL, 0, DT_ACT_RELU, DT_LOSS_MSE, false, 0, {0}};
    dt_model_init(&model, &shape, &err);
    dt_numa_group_create(&world, 0, &numa_group, &err);
    dt_gradient_options options = {.batch_size = batch_size, .numa_group = numa_group};
    dt_gradient_init(&gradient, &world, &model, &team, &options, &err);
    CHECK_NO_ERROR(&err);
    for (int64_t row = 0; row < MANY; row += batch_size) {
        dt_times times = {0};
        dt_step_sums sums;
        dt_gradient_compute(&gradient, loader, parameters, &times, &sums);
        CHECK_ALL(dt_gradient_sum(&gradient, parameters, true, &sums));
        check_sums(&gradient, &sums, many_x + row, many_y + row,
                   (int)(MANY - row < batch_size ? MANY - row : batch_size));
    }
    dt_gradient_free(&gradient);
    dt_numa_group_destroy(numa_group);
    dt_model_free(&model);
    dt_loader_destroy(loader);
    dt_dataset_free(&dataset);
    dt_data_file_close(source);
    remove_file(path);
}

static void floats_in_parts(void **state)
{
    (void)state;
    static const int64_t batch[] = {9201, 4099, 100}, memory[] = {0, 4000, 40000};
    for (int b = 0; b < 3; b++)
        for (int m = 0; m < 3; m++)
            take_float_steps(batch[b], memory[m]);
}

/* More layers, each large enough to be on its way by itself, than can be on their way: each rank as
 * if on a node of its own. */
static void deep(void **state)
{
    enum { HIDDEN = 70, WIDE = 256 };
    (void)state;
    dt_error err = {0};
    dt_world w;
    dt_gradient gradient;
    dt_numa_group *numa_group;
    dt_model model;
    dt_step_sums sums = {0};
    const dt_team team = {.threads = 1};
    int64_t wide[HIDDEN];
    for (int i = 0; i < HIDDEN; i++)
        wide[i] = WIDE;
    dt_world_of(&w, world.comm->all, world.rank, &err);
    dt_model_shape shape = {WIDTH, 1, wide, HIDDEN, DT_ACT_TANH, DT_LOSS_MSE, false, 0, {0}};
    dt_model_init(&model, &shape, &err);
    float *weights = malloc((size_t)model.parameters * sizeof *weights);
    dt_model_init_parameters(&model, 1, weights);
    dt_numa_group_create(&w, 0, &numa_group, &err);
    CHECK_NO_ERROR(&err);
    dt_gradient_options options = {.batch_size = BLOCK, .exact = true, .numa_group = numa_group};
    dt_gradient_init(&gradient, &w, &model, &team, &options, &err);
    CHECK_NO_ERROR(&err);
    fill();
    dt_row_source source = {.x = x[0], .y = y};
    bool has_rows = world.rank == world.size - 1;
    gradient.exact.part =
        (dt_batch_part){.source = &source, .rows = has_rows ? BLOCK : 0, .block = BLOCK};
    dt_exact_compute_part(&gradient, weights, &sums);
    CHECK_ALL(dt_gradient_sum(&gradient, weights, true, &sums));
    CHECK_ALL(sums.samples == BLOCK && sums.loss > 0);
    CHECK_ALL(same_everywhere(&gradient.values[model.layer[1].weight], sizeof(double)));
    CHECK_ALL(same_everywhere(&sums.loss, sizeof sums.loss));
    dt_gradient_free(&gradient);
    dt_numa_group_destroy(numa_group);
    dt_model_free(&model);
    free(weights);
    dt_world_end(&w);
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {cmocka_unit_test(in_memory), cmocka_unit_test(streamed),
                                       cmocka_unit_test(floats_in_parts), cmocka_unit_test(deep)};
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dt_world_end(&world);
    return failed;
}
