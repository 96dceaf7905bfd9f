/* --memory bounds what a rank holds of all data together, as the system measures it; and what it
 * then reads from the files again gives the same results. */
#include "mpi/support.h"

#include "comm/comm.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WIDTH = 256, ROW_BYTES = 4 * (WIDTH + 1), TRAIN_ROWS = 50000, VAL_ROWS = 20000 };

/* Besides the rows: what the first run of a process loads and keeps, the model, the pieces and
 * chunks that are read (4 MB at a time, on two threads), the report. */
static const int64_t MB = 1 << 20, OVERHEAD = 8 << 20;

static char *train_path, *val_path;

static void write_rows(const char *path, int64_t rows)
{
    float *x = malloc((size_t)rows * WIDTH * sizeof *x), *y = malloc((size_t)rows * sizeof *y);
    if (!x || !y)
        abort();
    for (int64_t i = 0; i < rows * WIDTH; i++)
        x[i] = (float)(i * 7919 % 1009) / 1009 - 0.5f;
    for (int64_t r = 0; r < rows; r++)
        y[r] = x[r * WIDTH] + x[r * WIDTH + 5];
    write_data(path,
               &(test_data){
                   .rows = rows, .width = WIDTH, .y_width = 1, .x = x, .y = y, .chunk_rows = 500});
    free(x);
    free(y);
}

/* Bytes by a line of /proc/self/status. */
static int64_t status_bytes(const char *name)
{
    char line[256];
    long long kb = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            sscanf(line + strlen(name), ": %lld", &kb);
    if (file)
        fclose(file);
    return kb * 1024;
}

/* From here on the peak is counted anew. Returns whether the system can do that. */
static bool reset_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    bool done = file && fputs("5", file) >= 0;
    if (file)
        done = fclose(file) == 0 && done;
    return done;
}

typedef struct {
    const char *memory, *fraction; /* fraction NULL: a file for validation */
    int64_t peak;                  /* what the run took at most */
    char val_loss[64], hash[64];   /* rank 0 */
} run;

/* The text behind a name in the log's line on the epoch. */
static void find_text(const char *line, const char *name, char text[64])
{
    const char *at = strstr(line, name);
    if (at)
        snprintf(text, 64, "%.*s", (int)strcspn(at + strlen(name), ","), at + strlen(name));
}

static void read_log(const char *path, run *r)
{
    char line[4096];
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (strstr(line, "\"event\":\"epoch\"")) {
            find_text(line, "\"val_loss\":", r->val_loss);
            find_text(line, "\"weights_hash\":", r->hash);
        }
    if (file)
        fclose(file);
}

static void train(run *r)
{
    dt_error err = {0};
    dt_train_options o;
    char *log = test_path("memory.jsonl");
    dt_train_options_init(&o, &err);
    const char *const set[][2] = {
        {"data", train_path},
        {"epochs", "1"},
        {"batch-size", "500"},
        {"quiet", NULL},
        {"memory", r->memory},
        {"log", log},
        {"log-steps", "0"},
        {"threads", "1"},
        {r->fraction ? "val-fraction" : "val-data", r->fraction ? r->fraction : val_path}};
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        dt_train_options_set(&o, set[i][0], set[i][1], &err);
    CHECK_NO_ERROR(&err);
    malloc_trim(0);
    int64_t before = status_bytes("VmRSS");
    bool measured = reset_peak();
    dt_train(&world, &o, &err);
    r->peak = measured ? status_bytes("VmHWM") - before : -1;
    CHECK_NO_ERROR(&err);
    dt_train_options_free(&o);
    if (world.rank == 0)
        read_log(log, r);
    remove_file(log);
}

/* Sanitizers hold memory of their own. */
static void check_peak(const run *r, int64_t min, int64_t max)
{
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
    bool measured = false;
#else
    bool measured = r->peak >= 0;
#endif
    if (!measured) {
        print_message("not measured: the system or a sanitizer does not count peaks anew\n");
        return;
    }
    if (r->peak < min || r->peak > max)
        print_error("--memory %s: rank %d took %lld MB, not %lld to %lld\n", r->memory, world.rank,
                    (long long)(r->peak / MB), (long long)(min / MB), (long long)(max / MB));
    CHECK_ALL(r->peak >= min && r->peak <= max);
}

/* 49 MB to train on, 20 MB to validate on, 24 MB for both; one rank, or a few of one node that send
 * each other the rows of the windows. */
static void all_data_together(void **state)
{
    (void)state;
    run small = {.memory = "2M"}, file = {.memory = "24M"},
        held = {.memory = "24M", .fraction = "0.4"};
    train(&small);
    train(&file);
    check_peak(&file, 4 * MB, 24 * MB + OVERHEAD);
    train(&held);
    check_peak(&held, 4 * MB, 24 * MB + OVERHEAD);
}

/* In memory, where 50 MB are enough for what is trained on, but not for both. */
static void in_memory(void **state)
{
    (void)state;
    run together = {.memory = "200M"}, apart = {.memory = "55M"};
    train(&together);
    train(&apart);
    if (world.size == 1) /* more ranks see each other's rows */
        check_peak(&apart, 45 * MB, 55 * MB + OVERHEAD);
    CHECK_ALL(strcmp(together.val_loss, apart.val_loss) == 0);
    CHECK_ALL(strcmp(together.hash, apart.hash) == 0);
    CHECK_ALL(world.rank != 0 || (together.val_loss[0] && together.hash[0]));
}

/* Rows held out that are in memory, on one rank or on three, and that are read again. */
static void read_again(void **state)
{
    (void)state;
    run here = {.memory = "200M", .fraction = "0.3"}, again = {.memory = "36M", .fraction = "0.3"};
    train(&here);
    train(&again); /* 36 MB are trained on */
    CHECK_ALL(strcmp(here.val_loss, again.val_loss) == 0);
    CHECK_ALL(strcmp(here.hash, again.hash) == 0);
    CHECK_ALL(world.rank != 0 || (here.val_loss[0] && here.hash[0]));
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_data_together),
        cmocka_unit_test(in_memory),
        cmocka_unit_test(read_again),
    };
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    mallopt(M_MMAP_THRESHOLD, 128 << 10); /* what is freed goes back to the system */
    train_path = test_path("memory_train.h5");
    val_path = test_path("memory_val.h5");
    if (world.rank == 0) {
        write_rows(train_path, TRAIN_ROWS);
        write_rows(val_path, VAL_ROWS);
    }
    dt_world_agree(&world, &err);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_file(train_path);
    remove_file(val_path);
    dt_world_end(&world);
    return failed;
}
