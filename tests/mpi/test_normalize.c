/* --normalize standard: mean and scale against two passes in long double, the same bits on any
 * number of ranks and from any layout, and a model that is trained, evaluated and asked as if its
 * rows had been normalised by hand. */
#include "mpi/support.h"

#include "comm/comm.h"
#include "data/dataset.h"

#include <hdf5.h>
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 1037, WIDTH = 70, CONSTANT = 2 };

/* Even over (-1, 1), and the same everywhere. */
static double noise(int64_t i)
{
    uint64_t h = (uint64_t)(i + 1) * 0x9e3779b97f4a7c15u;
    h = (h ^ h >> 31) * 0xbf58476d1ce4e5b9u;
    return (double)(h >> 11) * 0x1p-52 - 1;
}

/* Scales from 1e-6 to 1e6, one constant, and small deviations from a large mean. */
static void make_x(float x[ROWS][WIDTH])
{
    for (int64_t r = 0; r < ROWS; r++)
        for (int64_t f = 0; f < WIDTH; f++) {
            double v = noise(r * WIDTH + f);
            double scale = pow(10, (double)(f % 13) - 6);
            x[r][f] = (float)(f == CONSTANT ? 3.7 : f % 10 == 3 ? 1e4 + 0.01 * v : scale * (v + 2));
        }
}

static void make_bytes(uint8_t x[ROWS][WIDTH])
{
    for (int64_t r = 0; r < ROWS; r++)
        for (int64_t f = 0; f < WIDTH; f++)
            x[r][f] = (uint8_t)(f == CONSTANT ? 51 : (noise(r * WIDTH + f) + 1) * (f % 9 * 15 + 1));
}

static void units(const uint8_t bytes[ROWS][WIDTH], float x[ROWS][WIDTH])
{
    dt_unit_from_bytes(bytes[0], ROWS * WIDTH, x[0]);
}

/* ---- By hand -------------------------------------------------------------------------------- */

typedef struct {
    long double mean[WIDTH], deviation[WIDTH]; /* deviation 1 where it is 0 */
} by_hand;

static void two_passes(const float x[ROWS][WIDTH], const bool *skip, by_hand *h)
{
    for (int f = 0; f < WIDTH; f++) {
        long double n = 0, sum = 0, square = 0;
        for (int r = 0; r < ROWS; r++)
            if (!skip || !skip[r]) {
                sum += x[r][f];
                n++;
            }
        h->mean[f] = sum / n;
        for (int r = 0; r < ROWS; r++)
            if (!skip || !skip[r])
                square += (x[r][f] - h->mean[f]) * (x[r][f] - h->mean[f]);
        h->deviation[f] = f == CONSTANT ? 1 : sqrtl(square / n);
    }
}

static bool agrees(const dt_normalizer *n, const by_hand *h)
{
    bool good = n && n->features == WIDTH;
    for (int f = 0; f < WIDTH && good; f++) {
        long double off = fabsl(n->mean[f] - h->mean[f]);
        good = off <= 1e-15L * fabsl(h->mean[f]) + 1e-12L * h->deviation[f] &&
               fabsl(n->scale[f] * h->deviation[f] - 1) < 1e-11L;
    }
    return good && n->scale[CONSTANT] == 1;
}

/* One process measures the whole file, in pieces that cut through the groups. */
static dt_normalizer *measure_alone(const float x[ROWS][WIDTH], const bool *skip, dt_error *err)
{
    dt_moments *m = NULL;
    dt_normalizer *n = NULL;
    int first = 0;
    while (skip && skip[first])
        first++;
    if (dt_moments_create(&m, WIDTH, x[first], err))
        return NULL;
    for (int r = 0, piece = 1; r < ROWS; r += piece, piece = piece % 41 + 9) {
        if (piece > ROWS - r)
            piece = ROWS - r;
        dt_moments_add(m, r, piece, x[r], skip ? skip + r : NULL);
    }
    dt_moments_normalizer(m, DT_SCALE_STANDARD, &n, err);
    dt_moments_destroy(m);
    return n;
}

/* Each rank measures its rows [row, row + n) of the file. */
static dt_normalizer *measure_shared(const float *shift, int64_t features, int64_t row, int64_t n,
                                     const float *x, const bool *skip, dt_error *err)
{
    dt_moments *m = NULL;
    dt_normalizer *made = NULL;
    dt_moments_create(&m, features, shift, err);
    if (dt_world_agree(&world, err))
        return NULL;
    dt_moments_add(m, row, n, x, skip);
    dt_moments_sum(&world, m);
    dt_moments_normalizer(m, DT_SCALE_STANDARD, &made, err);
    dt_moments_destroy(m);
    return made;
}

static bool same_bits(const dt_normalizer *a, const dt_normalizer *b)
{
    size_t bytes = WIDTH * sizeof *a->mean;
    return a && b && memcmp(a->mean, b->mean, bytes) == 0 && memcmp(a->scale, b->scale, bytes) == 0;
}

/* Each rank has every third block of rows, in which some values are missing; expected is what loops
 * over all rows find. */
static void gaps_and_ranges(void **state)
{
    (void)state;
    enum { N = 960, F = 11 };
    static float x[N][F];
    dt_error err = {0};
    dt_moments *m = NULL;
    dt_normalizer *n = NULL;
    int64_t begin = N / DT_GROUP_ROWS * world.rank / world.size * DT_GROUP_ROWS;
    int64_t end = N / DT_GROUP_ROWS * (world.rank + 1) / world.size * DT_GROUP_ROWS;
    for (int i = 0; i < N; i++)
        for (int f = 0; f < F; f++)
            x[i][f] = (i * 7 + f) % 5 == 0
                          ? NAN
                          : (float)((i * 31 + f * 17) % 101 - 50) - 3.5f * (float)f;
    x[500][3] = -777;
    x[20][4] = 888;
    dt_moments_create(&m, F, x[0], &err);
    if (!err.code && !dt_moments_leave_out(m, &err))
        dt_moments_want_ranges(m, &err);
    CHECK_NO_ERROR(&err);
    dt_moments_add(m, begin, end - begin, x[begin], NULL);
    dt_moments_sum(&world, m);
    dt_moments_normalizer(m, DT_SCALE_MINMAX, &n, &err);
    CHECK_NO_ERROR(&err);
    for (int f = 0; f < F; f++) {
        double low = 1e9, high = -1e9, sum = 0;
        int count = 0;
        for (int i = 0; i < N; i++)
            if (!isnan(x[i][f])) {
                low = fmin(low, (double)x[i][f]);
                high = fmax(high, (double)x[i][f]);
                sum += (double)x[i][f];
                count++;
            }
        CHECK_ALL(n->mean[f] == low && fabs(n->scale[f] * (high - low) - 1) < 1e-15);
        CHECK_ALL(fabs(n->fill[f] - sum / count) < 1e-12 * fmax(1, fabs(sum / count)));
    }
    float row[F];
    memcpy(row, x[0], sizeof row);
    dt_normalizer_apply(n, 1, row);
    for (int f = 0; f < F; f++) {
        double value = isnan(x[0][f]) ? (double)(float)n->fill[f] : (double)x[0][f];
        CHECK_ALL(fabs((double)row[f] - (value - n->mean[f]) * n->scale[f]) < 1e-7);
    }
    dt_normalizer_destroy(n);
    dt_moments_destroy(m);
}

/* ---- Data sets ------------------------------------------------------------------------------ */

static float target(int64_t row)
{
    return (float)noise(-row - 2);
}

static char *write_rows(const char *name, const void *x, bool bytes, int64_t chunk_rows)
{
    static float y[ROWS];
    dt_error err = {0};
    char *path = test_path(name);
    for (int64_t r = 0; r < ROWS; r++)
        y[r] = target(r);
    if (world.rank == 0)
        write_data(path, &(test_data){.rows = ROWS,
                                      .width = WIDTH,
                                      .y_width = 1,
                                      .x_is_bytes = bytes,
                                      .x = x,
                                      .y = y,
                                      .chunk_rows = chunk_rows});
    dt_world_agree(&world, &err);
    return path;
}

static void load(dt_dataset *d, const char *path)
{
    dt_error err = {0};
    dt_data_file *source = NULL;
    dt_data_file_open(&source, path, "x", "y", &err);
    CHECK_NO_ERROR(&err);
    dt_dataset_options options = {.kind = DT_Y_TARGETS, .normalize = true};
    dt_dataset_load(d, &world, source, &options, &err);
    dt_data_file_close(source);
    CHECK_NO_ERROR(&err);
}

/* What lies in memory now has mean 0 and variance 1, over all ranks. */
static bool is_standard(const dt_dataset *d)
{
    double sum[2 * WIDTH] = {0};
    const float *x = d->window.x;
    for (int64_t i = 0; i < (d->window.begin[world.rank + 1] - d->window.begin[world.rank]) * WIDTH;
         i++) {
        sum[i % WIDTH] += x[i];
        sum[WIDTH + i % WIDTH] += (double)x[i] * x[i];
    }
    MPI_Allreduce(MPI_IN_PLACE, sum, 2 * WIDTH, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    bool good = true;
    for (int f = 0; f < WIDTH; f++)
        good = good && fabs(sum[f]) < 1e-6 * ROWS &&
               (f == CONSTANT ? sum[WIDTH + f] == 0 : fabs(sum[WIDTH + f] / ROWS - 1) < 1e-6);
    return good;
}

static void measured(const float x[ROWS][WIDTH], const void *stored, bool bytes)
{
    static by_hand h;
    static const int64_t chunk_rows[] = {0, 1, 10, 64, ROWS};
    dt_error err = {0};
    dt_normalizer *alone = measure_alone(x, NULL, &err);
    CHECK_NO_ERROR(&err);
    two_passes(x, NULL, &h);
    CHECK_ALL(agrees(alone, &h));
    for (int i = 0; i < 5; i++) {
        dt_dataset d = {0};
        char *path = write_rows("normalize.h5", stored, bytes, chunk_rows[i]);
        load(&d, path);
        CHECK_ALL(same_bits(d.normalizer, alone));
        CHECK_ALL(d.window.begin[world.rank] % DT_GROUP_ROWS == 0 ||
                  d.window.begin[world.rank] == ROWS);
        if (!bytes)
            CHECK_ALL(is_standard(&d));
        dt_dataset_free(&d);
        remove_file(path);
    }
    dt_normalizer_destroy(alone);
}

static void floats(void **state)
{
    (void)state;
    static float x[ROWS][WIDTH];
    make_x(x);
    measured(x, x, false);
}

static void bytes(void **state)
{
    (void)state;
    static uint8_t stored[ROWS][WIDTH];
    static float x[ROWS][WIDTH];
    make_bytes(stored);
    units(stored, x);
    measured(x, stored, true);
}

/* Rows that are not trained on, whatever is in them; the first rows among them. */
static void skipped_rows(void **state)
{
    (void)state;
    static float x[ROWS][WIDTH];
    static bool skip[ROWS];
    static by_hand h;
    dt_error err = {0};
    make_x(x);
    for (int r = 0; r < ROWS; r++) {
        skip[r] = r < 600 || r % 3 == 1;
        for (int f = 0; f < WIDTH && skip[r]; f++)
            x[r][f] = (float)(1e30 * noise(r + f));
    }
    two_passes(x, skip, &h);
    dt_normalizer *alone = measure_alone(x, skip, &err);
    dt_split split = {.n = ROWS, .granule = DT_GROUP_ROWS, .parts = world.size};
    int64_t begin = dt_split_begin(&split, world.rank);
    dt_normalizer *shared = measure_shared(x[600], WIDTH, begin, dt_split_count(&split, world.rank),
                                           x[begin], skip + begin, &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(agrees(alone, &h));
    CHECK_ALL(same_bits(alone, shared));
    dt_normalizer_destroy(alone);
    dt_normalizer_destroy(shared);
}

/* One row of all is trained on, and none: nothing to divide by. */
static void few_rows(void **state)
{
    (void)state;
    float x[3][2] = {{1, 2}, {3, 4}, {-5, 6}};
    dt_error err = {0};
    for (int trained = 0; trained < 2; trained++) {
        bool skip[3] = {true, !trained, true};
        bool mine = world.rank == world.size - 1;
        dt_normalizer *n = measure_shared(x[1], 2, 0, mine ? 3 : 0, x[0], skip, &err);
        CHECK_NO_ERROR(&err);
        CHECK_ALL(n->mean[0] == (trained ? 3 : 0) && n->mean[1] == (trained ? 4 : 0));
        CHECK_ALL(n->scale[0] == 1 && n->scale[1] == 1);
        dt_normalizer_destroy(n);
    }
}

/* ---- A model -------------------------------------------------------------------------------- */

/* Train on the file; the checkpoint's path. */
static char *train(const char *data, const char *normalize, const char *folder_name)
{
    char *folder = test_path(folder_name), *path = NULL;
    const char *const more[][2] = {
        {"data", data},  {"normalize", normalize}, {"checkpoint", folder},
        {"hidden", "8"}, {"activation", "tanh"},   {"lr", "0.02"},
        {"epochs", "2"}, {"quiet", NULL},          {"overwrite", NULL}};
    dt_error err = {0};
    dt_train_options options;
    dt_train_options_init(&options, &err);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        dt_train_options_set(&options, more[i][0], more[i][1], &err);
    dt_train(&world, &options, &err);
    dt_train_options_free(&options);
    CHECK_NO_ERROR(&err);
    if (asprintf(&path, "%s/step-0000000022.h5", folder) < 0)
        abort();
    free(folder);
    return path;
}

static double evaluate(const char *model, const char *data)
{
    dt_error err = {0};
    dt_evaluate_result result = {0};
    dt_evaluate_options options = {.model = model, .data = data, .x = "x", .y = "y"};
    dt_evaluate(&world, &options, &result, &err);
    CHECK_NO_ERROR(&err);
    return result.loss;
}

/* The predictions for a file, on rank 0. */
static void predict(const char *model, const char *data, float p[ROWS])
{
    dt_error err = {0};
    char *out = test_path("normalize-out.h5");
    dt_predict_options options = {.model = model, .data = data, .x = "x", .out = out};
    dt_predict(&world, &options, &err);
    CHECK_NO_ERROR(&err);
    if (world.rank == 0) {
        hid_t file = H5Fopen(out, H5F_ACC_RDONLY, H5P_DEFAULT);
        hid_t set = H5Dopen2(file, "prediction", H5P_DEFAULT);
        H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, p);
        H5Dclose(set);
        H5Fclose(file);
    }
    remove_file(out);
}

static bool close_to(double a, double b, double tolerance)
{
    return fabs(a - b) <= tolerance * fabs(b);
}

static void like_by_hand(const float x[ROWS][WIDTH], const void *stored, bool is_bytes)
{
    static by_hand h;
    static float normal[ROWS][WIDTH], p[ROWS], q[ROWS];
    two_passes(x, NULL, &h);
    for (int r = 0; r < ROWS; r++)
        for (int f = 0; f < WIDTH; f++)
            normal[r][f] = (float)((x[r][f] - h.mean[f]) / h.deviation[f]);
    char *raw_data = write_rows("normalize.h5", stored, is_bytes, 64);
    char *normal_data = write_rows("normal.h5", normal, false, 0);
    char *model = train(raw_data, "standard", "normalize");
    char *twin = train(normal_data, "none", "normal");
    double loss = evaluate(model, raw_data), expected = evaluate(twin, normal_data);
    CHECK_ALL(isfinite(loss) && close_to(loss, expected, 1e-6));
    predict(model, raw_data, p);
    predict(twin, normal_data, q);
    bool same = true;
    for (int r = 0; r < ROWS && world.rank == 0; r++)
        same = same && fabsf(p[r] - q[r]) < 1e-5;
    CHECK_ALL(same);
    if (!is_bytes) /* twice is not once; floats are no bytes, and refused */
        CHECK_ALL(!close_to(evaluate(model, normal_data), expected, 1e-2));
    remove_file(raw_data);
    remove_file(normal_data);
    remove_file(model);
    remove_file(twin);
}

static void floats_like_by_hand(void **state)
{
    (void)state;
    static float x[ROWS][WIDTH];
    make_x(x);
    like_by_hand(x, x, false);
}

static void bytes_like_by_hand(void **state)
{
    (void)state;
    static uint8_t stored[ROWS][WIDTH];
    static float x[ROWS][WIDTH];
    make_bytes(stored);
    units(stored, x);
    like_by_hand(x, stored, true);
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_and_ranges),
        cmocka_unit_test(floats),
        cmocka_unit_test(bytes),
        cmocka_unit_test(skipped_rows),
        cmocka_unit_test(few_rows),
        cmocka_unit_test(floats_like_by_hand),
        cmocka_unit_test(bytes_like_by_hand),
    };
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dt_world_end(&world);
    return failed;
}
