/* Every sample once an epoch, in one order whatever the number of ranks, for even and uneven
 * shares, short last batches, more ranks than samples, rows in chunks, and batches too large for
 * one delivery. */
#include "mpi/support.h"

#include "comm/comm.h"
#include "core/random.h"
#include "data/loader.h"
#include "data/order.h"
#include "data/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    int64_t rows, width, batch, chunk_rows, block;
    bool bytes, labels, shuffle, drop_last;
    int epochs;
    int64_t memory; /* 0: the data is held in memory */
    double hold_out;
} scene;

/* Row r holds r * 3 in its first value and r * 3 + 1 in its last (bytes: modulo 251); its y is r.
 */
static int64_t first_value(const scene *s, int64_t row)
{
    return s->bytes ? row * 3 % 251 : row * 3;
}

static int64_t last_value(const scene *s, int64_t row)
{
    return s->width == 1 ? first_value(s, row) : s->bytes ? (row * 3 + 1) % 251 : row * 3 + 1;
}

static void write_scene(const scene *s, const char *path)
{
    float *x = calloc((size_t)(s->rows * s->width), sizeof *x), *y = calloc((size_t)s->rows, 4);
    int32_t *label = calloc((size_t)s->rows, 4);
    uint8_t *bytes = (uint8_t *)x;
    for (int64_t r = 0; r < s->rows; r++) {
        int64_t first = r * s->width, last = first + s->width - 1;
        if (s->bytes) {
            bytes[first] = (uint8_t)first_value(s, r);
            bytes[last] = (uint8_t)last_value(s, r);
        } else {
            x[first] = (float)first_value(s, r);
            x[last] = (float)last_value(s, r);
        }
        y[r] = (float)r;
        label[r] = (int32_t)r;
    }
    test_data data = {.rows = s->rows,
                      .width = s->width,
                      .y_width = !s->labels,
                      .x_is_bytes = s->bytes,
                      .x = x,
                      .chunk_rows = s->chunk_rows,
                      .y = s->labels ? (void *)label : (void *)y};
    write_data(path, &data);
    free(x);
    free(y);
    free(label);
}

/* One row of a delivery. */
static int64_t take_row(const scene *s, const dt_samples *samples, int64_t i, float *x)
{
    const dt_row_source *source = &samples->source;
    union {
        float target;
        int32_t label;
    } y;
    source->fetch(source->from, i, 1, x, s->width, &y);
    return s->labels ? y.label : (int64_t)y.target;
}

static bool row_is_whole(const scene *s, int64_t row, const float *x)
{
    float unit = s->bytes ? 255 : 1;
    return x[0] == (float)first_value(s, row) / unit &&
           x[s->width - 1] == (float)last_value(s, row) / unit;
}

/* Append the rows [begin, end) of the file that are trained on. */
static int64_t append_rows(const dt_dataset *d, int64_t begin, int64_t end, int64_t *rows)
{
    int64_t n = 0;
    bool *held = calloc((size_t)(end - begin + 1), sizeof *held);
    dt_holdout_mark(&d->holdout, begin, end - begin, held);
    for (int64_t row = begin; row < end; row++)
        if (!held[row - begin])
            rows[n++] = row;
    free(held);
    return n;
}

/* Shuffle rows [n] into expected as a window's order has them. */
static void order_rows(dt_order *order, uint32_t purpose, int epoch, int64_t n, const int64_t *rows,
                       int64_t *expected)
{
    order->n = n;
    dt_order_begin(order, purpose, epoch);
    for (int64_t i = 0; i < n; i++)
        expected[i] = rows[dt_order_row(order, i)];
}

/* The rows of an epoch in their order, as any rank alone can tell: windows of shuffled blocks,
 * shuffled within. Returns how many. */
static int64_t expect(const scene *s, const dt_dataset *d, int epoch, int64_t *expected)
{
    dt_error err = {0};
    dt_order order, blocks;
    dt_stream_plan plan = {.block_rows = s->rows, .blocks = 1, .window_blocks = 1, .windows = 1};
    int64_t *rows = calloc((size_t)s->rows, sizeof *rows), at = 0;
    if (d->streamed)
        dt_stream_plan_make(&plan, d, &err);
    int64_t max_rows = d->streamed ? dt_stream_window_rows(&plan, d) : d->rows;
    dt_order_init(&order, max_rows, 7, s->shuffle, &err);
    dt_order_init(&blocks, plan.blocks, 7, s->shuffle, &err);
    dt_order_begin(&blocks, DT_RANDOM_BLOCKS, epoch);
    for (int64_t w = 0; w < plan.windows; w++) {
        int64_t n = 0, first = w * plan.window_blocks;
        for (int64_t b = first; b < first + plan.window_blocks && b < plan.blocks; b++) {
            int64_t begin = (d->streamed ? dt_order_row(&blocks, b) : b) * plan.block_rows;
            int64_t end = begin + plan.block_rows < s->rows ? begin + plan.block_rows : s->rows;
            n += append_rows(d, begin, end, rows + n);
        }
        uint32_t purpose = d->streamed ? DT_RANDOM_WINDOW + 256 * (uint32_t)w : DT_RANDOM_ORDER;
        order_rows(&order, purpose, epoch, n, rows, expected + at);
        at += n;
    }
    dt_order_free(&order);
    dt_order_free(&blocks);
    free(rows);
    return at;
}

/* The rows of an epoch's steps from `step` (from 0) on that this rank is given, counted into seen
 * [rows]. Returns how many are not what the order says, or not whole. */
static int64_t take_steps(const scene *s, const dt_dataset *d, dt_loader *loader, int epoch,
                          int64_t step, int64_t *seen)
{
    int64_t steps = dt_steps_per_epoch(d->rows, s->batch, s->drop_last), bad = 0;
    int64_t *expected = calloc((size_t)s->rows, sizeof *expected);
    float *x = calloc((size_t)s->width, sizeof *x);
    CHECK_ALL(expect(s, d, epoch, expected) == d->rows);
    for (; step < steps; step++) {
        int64_t base = step * s->batch, left = d->rows - base;
        dt_split split = dt_batch_split(left < s->batch ? left : s->batch,
                                        s->block > 0 ? s->block : 1, world.size);
        int64_t position = base + dt_split_begin(&split, world.rank), taken = 0;
        dt_samples samples;
        do {
            samples = dt_loader_next(loader);
            bad += samples.count > 0 && base + samples.first != position + taken;
            for (int64_t i = 0; i < samples.count; i++, taken++) {
                int64_t row = take_row(s, &samples, i, x);
                bad += !row_is_whole(s, row, x);
                bad += row != expected[position + taken];
                seen[row]++;
            }
        } while (!samples.last);
        bad += taken != dt_split_count(&split, world.rank);
    }
    free(expected);
    free(x);
    return bad;
}

/* One epoch: the rows that all ranks were given, at the positions where the order has them.
 * Counting them on each rank and summing shows each row once. */
static void walk_epoch(const scene *s, const dt_dataset *d, dt_loader *loader, int epoch)
{
    int64_t *seen = calloc((size_t)s->rows, sizeof *seen), once = 0, none = 0;
    int64_t left_out = s->drop_last ? d->rows % s->batch : 0;
    int64_t bad = take_steps(s, d, loader, epoch, 0, seen);
    dt_sum_int64(&world, seen, s->rows);
    for (int64_t r = 0; r < s->rows; r++) {
        once += seen[r] == 1;
        none += seen[r] == 0;
    }
    free(seen);
    CHECK_ALL(bad == 0);
    CHECK_ALL(once == d->rows - left_out && once + none == s->rows);
}

/* A loader that starts behind some steps gives what is left, as if it had given those too. */
static void start_behind(const scene *s, const dt_dataset *d, dt_loader_options options,
                         int64_t done)
{
    dt_error err = {0};
    dt_loader *loader = NULL;
    int64_t steps = dt_steps_per_epoch(d->rows, s->batch, s->drop_last);
    int64_t *seen = calloc((size_t)s->rows, sizeof *seen);
    int epoch = (int)(done / steps) + 1;
    options.done_steps = done;
    dt_loader_create(&loader, &world, d, &options, &err);
    CHECK_NO_ERROR(&err);
    int64_t bad = take_steps(s, d, loader, epoch, done % steps, seen);
    CHECK_ALL(bad == 0);
    walk_epoch(s, d, loader, epoch + 1);
    dt_loader_destroy(loader);
    free(seen);
}

static void walk_once(const scene *s)
{
    dt_error err = {0};
    dt_data_file *source = NULL;
    dt_dataset dataset = {0};
    dt_loader *loader = NULL;
    char *path = test_path("loader.h5");
    if (world.rank == 0)
        write_scene(s, path);
    dt_world_agree(&world, &err);
    dt_data_file_open(&source, path, "x", "y", &err);
    CHECK_NO_ERROR(&err);
    dt_dataset_options how = {.kind = s->labels ? DT_Y_LABELS : DT_Y_TARGETS,
                              .hold_out = s->hold_out,
                              .seed = 7,
                              .streamed = s->memory > 0,
                              .memory = s->memory};
    dt_dataset_load(&dataset, &world, source, &how, &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(dataset.outputs == (s->labels ? s->rows : 1));
    CHECK_ALL(dataset.streamed == (s->memory > 0));
    const dt_team team = {.threads = 3}; /* that read ahead together */
    dt_loader_options options = {.batch_size = s->batch,
                                 .seed = 7,
                                 .shuffle = s->shuffle,
                                 .drop_last = s->drop_last,
                                 .block = s->block,
                                 .team = &team};
    dt_loader_create(&loader, &world, &dataset, &options, &err);
    CHECK_NO_ERROR(&err);
    for (int epoch = 1; epoch <= s->epochs; epoch++)
        walk_epoch(s, &dataset, loader, epoch);
    dt_loader_destroy(loader);
    int64_t steps = dt_steps_per_epoch(dataset.rows, s->batch, s->drop_last);
    start_behind(s, &dataset, options, 1);
    start_behind(s, &dataset, options, 2 * steps - 1);
    start_behind(s, &dataset, options, 3 * steps + steps / 2);
    dt_dataset_free(&dataset);
    dt_data_file_close(source);
    if (world.rank == 0)
        unlink(path);
    free(path);
}

/* As the ranks of one node, who read each other's rows, and as ranks whose rows have to travel. */
static void walk(const scene *s)
{
    int nodes = world.nodes;
    walk_once(s);
    world.nodes = 2;
    if (world.size > 1 && s->memory == 0)
        walk_once(s);
    world.nodes = nodes;
}

static void shuffled(void **state)
{
    (void)state;
    walk(&(scene){.rows = 1000, .width = 10, .batch = 100, .shuffle = true, .epochs = 3});
    walk(&(scene){.rows = 1037, .width = 3, .batch = 100, .shuffle = true, .epochs = 3});
    walk(&(scene){.rows = 1037, .width = 3, .batch = 5, .shuffle = true, .epochs = 2});
    walk(&(scene){.rows = 1037, .width = 1, .batch = 1, .shuffle = true, .epochs = 1});
}

static void in_blocks(void **state)
{
    (void)state;
    walk(&(scene){
        .rows = 1037, .width = 3, .batch = 100, .block = 16, .shuffle = true, .epochs = 2});
    walk(&(scene){.rows = 1037, .width = 3, .batch = 7, .block = 16, .shuffle = true, .epochs = 2});
    walk(&(scene){.rows = 5000,
                  .width = 3,
                  .batch = 100,
                  .block = 16,
                  .shuffle = true,
                  .epochs = 2,
                  .memory = 20000});
}

static void in_file_order(void **state)
{
    (void)state;
    walk(&(scene){.rows = 1037, .width = 3, .batch = 100, .epochs = 2});
    walk(&(scene){.rows = 50, .width = 2000, .batch = 7, .epochs = 2});
}

static void without_the_last(void **state)
{
    (void)state;
    walk(&(scene){
        .rows = 1037, .width = 3, .batch = 100, .shuffle = true, .drop_last = true, .epochs = 2});
    walk(&(scene){.rows = 1000, .width = 3, .batch = 100, .drop_last = true, .epochs = 2});
}

static void fewer_samples_than_ranks(void **state)
{
    (void)state;
    walk(&(scene){.rows = 1, .width = 4, .batch = 100, .shuffle = true, .epochs = 3});
    walk(&(scene){.rows = 2, .width = 4, .batch = 1, .shuffle = true, .epochs = 3});
    walk(&(scene){.rows = 3, .width = 4, .batch = 3, .epochs = 2});
}

static void bytes_and_labels(void **state)
{
    (void)state;
    walk(&(scene){.rows = 1037,
                  .width = 9,
                  .batch = 64,
                  .bytes = true,
                  .labels = true,
                  .shuffle = true,
                  .epochs = 2});
    walk(&(scene){
        .rows = 1037, .width = 9, .batch = 64, .bytes = true, .labels = true, .epochs = 1});
}

static void whole_chunks(void **state)
{
    (void)state;
    walk(&(scene){
        .rows = 1037, .width = 3, .batch = 100, .chunk_rows = 64, .shuffle = true, .epochs = 2});
    walk(&(scene){
        .rows = 1037, .width = 3, .batch = 100, .chunk_rows = 1037, .shuffle = true, .epochs = 1});
}

/* Of 16 bytes a row: 20 kB hold windows of 277 rows in blocks of 16 or of whole chunks. */
static void streamed(void **state)
{
    (void)state;
    walk(&(scene){
        .rows = 5000, .width = 3, .batch = 100, .shuffle = true, .epochs = 3, .memory = 20000});
    walk(&(scene){.rows = 5000, .width = 3, .batch = 7, .epochs = 2, .memory = 20000});
    walk(&(scene){.rows = 5001,
                  .width = 3,
                  .batch = 999,
                  .shuffle = true,
                  .chunk_rows = 16,
                  .drop_last = true,
                  .epochs = 3,
                  .memory = 20000});
    walk(&(scene){.rows = 5003,
                  .width = 3,
                  .batch = 2000,
                  .shuffle = true,
                  .chunk_rows = 50,
                  .epochs = 3,
                  .memory = 20000});
    walk(&(scene){
        .rows = 1037, .width = 3, .batch = 5, .shuffle = true, .epochs = 2, .memory = 700});
    walk(&(scene){.rows = 5000,
                  .width = 9,
                  .batch = 64,
                  .bytes = true,
                  .labels = true,
                  .shuffle = true,
                  .epochs = 2,
                  .memory = 20000});
}

static void held_out(void **state)
{
    (void)state;
    walk(&(scene){
        .rows = 5000, .width = 3, .batch = 100, .shuffle = true, .epochs = 2, .hold_out = 0.1});
    walk(&(scene){.rows = 5000,
                  .width = 3,
                  .batch = 100,
                  .shuffle = true,
                  .epochs = 3,
                  .hold_out = 0.37,
                  .memory = 40000});
    walk(&(scene){.rows = 1037,
                  .width = 3,
                  .batch = 10,
                  .epochs = 2,
                  .hold_out = 0.2,
                  .drop_last = true,
                  .memory = 5000,
                  .chunk_rows = 7});
}

/* 32 MB are one delivery: of these rows 83. */
static void batches_in_pieces(void **state)
{
    (void)state;
    walk(&(scene){
        .rows = 700, .width = 100000, .batch = 400, .bytes = true, .shuffle = true, .epochs = 2});
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shuffled),
        cmocka_unit_test(in_blocks),
        cmocka_unit_test(in_file_order),
        cmocka_unit_test(without_the_last),
        cmocka_unit_test(fewer_samples_than_ranks),
        cmocka_unit_test(bytes_and_labels),
        cmocka_unit_test(whole_chunks),
        cmocka_unit_test(batches_in_pieces),
        cmocka_unit_test(streamed),
        cmocka_unit_test(held_out),
    };
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dt_world_end(&world);
    return failed;
}
