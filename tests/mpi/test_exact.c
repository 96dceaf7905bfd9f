/* The same bits with --reduce exact: every case is trained on one rank with one thread, and again
 * on several ranks and threads, and in two parts on different numbers of them. All that the logs
 * say of steps and epochs, but times, and every byte that the last checkpoint holds of weights and
 * optimizer, must be the same. One launch has worlds of all sizes up to its own. */
#include "comm/internal.h"
#include "file/h5.h"
#include "mpi/support.h"

#include <hdf5.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 613, WIDTH = 9, CLASSES = 4 };

typedef struct {
    int ranks, threads;
} layout;

/* The first is what the others are compared with. */
static const layout layouts[] = {{1, 1}, {1, 3}, {2, 2}, {3, 1}, {4, 3}, {5, 1}, {7, 2}};
enum { LAYOUTS = sizeof layouts / sizeof *layouts };

typedef enum { PLAIN, SCALED, LABELS, BYTES, FILES } file;

typedef struct {
    file data;
    const char *cut; /* steps of the first part */
    layout first, then;
    const char *options; /* words as on the command line */
} sample;

/* Of 521 rows to train on and 92 for validation. Where batches of 256 meet layers of 64 there is
 * enough work to wake threads on one and on two ranks. */
static const sample samples[] = {
    {PLAIN, "13", {3, 1}, {7, 2}, "lr 0.05 hidden 12,7 momentum 0.9 clip-norm 0.5 batch-size 50"},
    {LABELS, "4", {1, 3}, {5, 1}, "hidden 64,64 activation tanh optimizer adam batch-size 256"},
    {PLAIN,
     "4",
     {4, 1},
     {2, 3},
     "hidden 64,64 activation gelu optimizer adamw dropout 0.2 layer-norm batch-size 256"},
    {LABELS,
     "17",
     {2, 1},
     {1, 2},
     "hidden 150,40 activation sigmoid optimizer lamb dropout 0.5 batch-size 40 label-smoothing "
     "0.1"},
    {SCALED, "13", {7, 1}, {1, 1}, "hidden 12 optimizer adam clip-norm 1 batch-size 50"},
    {SCALED,
     "13",
     {2, 1},
     {4, 1},
     "hidden 12 activation gelu momentum 0.9 nesterov clip-norm 0.1 "
     "batch-size 50"},
    {SCALED,
     "13",
     {1, 1},
     {3, 1},
     "normalize standard hidden 64,64 activation sigmoid momentum "
     "0.9 batch-size 512"},
    {PLAIN,
     "177",
     {5, 1},
     {3, 1},
     "loss huber normalize standard batch-size 3 drop-last max-steps 190"},
    {PLAIN, "265", {2, 1}, {7, 1}, "loss mae hidden 5 activation tanh batch-size 2 max-steps 280"},
    /* layers that are large enough to be on their way while others are computed */
    {PLAIN, "2", {5, 1}, {7, 1}, "hidden 260,260,10 activation tanh batch-size 200 max-steps 4"},
    {PLAIN, "2", {7, 1}, {2, 2}, "hidden 64,64 batch-size 5000 max-steps 3 weight-decay 0.1"},
    {PLAIN, "20", {3, 1}, {1, 3}, "memory 12k hidden 6 activation gelu batch-size 100 lr 0.05"},
    {LABELS,
     "20",
     {1, 1},
     {4, 1},
     "memory 12k normalize standard hidden 9 dropout 0.1 optimizer adam batch-size 37"},
    {PLAIN, "13", {3, 1}, {7, 2}, "loss quantile:0.1,0.5,0.9 hidden 12 lr 0.1 batch-size 50"},
    {SCALED,
     "13",
     {2, 2},
     {4, 1},
     "loss gaussian-nll normalize standard hidden 12,7 batch-size 50"},
    {BYTES,
     "9",
     {4, 2},
     {3, 1},
     "class-weights balanced hidden 8 activation tanh schedule step:4:0.5 warmup 5 batch-size 90"},
};
enum { SAMPLES = sizeof samples / sizeof *samples };

/* ---- Worlds of fewer ranks ------------------------------------------------------------------ */

static dt_world worlds[LAYOUTS]; /* of as many ranks as the layouts have; comm NULL elsewhere */

static dt_world *world_of(int ranks)
{
    int i = 0;
    while (layouts[i].ranks != ranks)
        i++;
    return &worlds[i];
}

/* Of five and of seven as if on three nodes, the last of them with one. */
static int node_of(const layout *l)
{
    return l->ranks < 5 ? MPI_UNDEFINED : world.rank / (l->ranks / 2);
}

static void make_worlds(void)
{
    dt_error err = {0};
    for (int i = 0; i < LAYOUTS; i++) {
        MPI_Comm ranks;
        int in = world.rank < layouts[i].ranks && layouts[i].ranks <= world.size;
        MPI_Comm_split(world.comm->all, in ? 0 : MPI_UNDEFINED, world.rank, &ranks);
        if (in) {
            dt_world_of(&worlds[i], ranks, node_of(&layouts[i]), &err);
            MPI_Comm_free(&ranks);
        }
    }
    CHECK_NO_ERROR(&err);
}

static void end_worlds(void)
{
    for (int i = 0; i < LAYOUTS; i++)
        dt_world_end(&worlds[i]);
}

/* A barrier that leaves the cores to the ranks that are awaited. */
static void await_all(void)
{
    MPI_Request request;
    int done = 0;
    MPI_Ibarrier(world.comm->all, &request);
    while (MPI_Test(&request, &done, MPI_STATUS_IGNORE) == MPI_SUCCESS && !done)
        usleep(1000);
}

/* ---- Data ----------------------------------------------------------------------------------- */

static char *paths[FILES];

/* The features of SCALED lie from 10^-3 to 10^3. */
static void fill(float x[ROWS][WIDTH], float y[ROWS][2], bool scaled)
{
    for (int r = 0; r < ROWS; r++) {
        y[r][0] = y[r][1] = 0;
        for (int i = 0; i < WIDTH; i++) {
            float v = sinf((float)(r * r % 1009 + 17 * r + 31 * i));
            x[r][i] = scaled ? v * powf(10, (float)i * 0.75f - 3) : v;
            y[r][0] += v * (float)(i - 4) / 3;
            y[r][1] += v * v;
        }
    }
}

static void write_files(void)
{
    static float x[ROWS][WIDTH], y[ROWS][2];
    static int32_t label[ROWS];
    static uint8_t bytes[ROWS][WIDTH];
    test_data data = {.rows = ROWS, .width = WIDTH, .y_width = 2, .x = x, .y = y};
    for (int scaled = PLAIN; scaled <= SCALED; scaled++) {
        fill(x, y, scaled == SCALED);
        write_data(paths[scaled], &data);
    }
    fill(x, y, false);
    for (int r = 0; r < ROWS; r++) {
        label[r] = (int32_t)(y[r][1] * 10) % CLASSES;
        for (int i = 0; i < WIDTH; i++)
            bytes[r][i] = (uint8_t)(x[r][i] * 127 + 127);
    }
    data.y_width = 0;
    data.y = label;
    data.chunk_rows = 50;
    write_data(paths[LABELS], &data);
    data.x_is_bytes = true;
    data.x = bytes;
    write_data(paths[BYTES], &data);
}

/* ---- What a run leaves ---------------------------------------------------------------------- */

typedef struct {
    char *log; /* the events of steps and epochs, without times */
    size_t log_size;
    char *state; /* names and bytes of the checkpoint's datasets */
    size_t state_size;
    int64_t steps;
} record;

static bool add_event(FILE *to, const char *line, record *r)
{
    json_t *event = json_loads(line, 0, NULL);
    const char *kind = json_string_value(json_object_get(event, "event"));
    bool step = kind && strcmp(kind, "step") == 0;
    bool finite = !step || isfinite(json_number_value(json_object_get(event, "loss")));
    if (step || (kind && strcmp(kind, "epoch") == 0)) {
        static const char *const times[] = {"seconds", "samples_per_second", "time", "slowest"};
        for (int i = 0; i < 4; i++)
            json_object_del(event, times[i]);
        json_dumpf(event, to, JSON_SORT_KEYS);
        fputc('\n', to);
    }
    if (step)
        r->steps = json_integer_value(json_object_get(event, "global_step"));
    json_decref(event);
    return kind && finite;
}

static bool read_log(const char *path, record *r)
{
    char line[4096];
    bool good = true;
    FILE *from = fopen(path, "r"), *to = open_memstream(&r->log, &r->log_size);
    while (from && fgets(line, sizeof line, from))
        good = add_event(to, line, r) && good;
    if (from)
        fclose(from);
    fclose(to);
    return good && r->steps > 0;
}

static herr_t add_set(hid_t from, const char *name, void *to)
{
    hid_t set = H5Dopen2(from, name, H5P_DEFAULT), type = H5Dget_type(set);
    hid_t space = H5Dget_space(set);
    size_t size = (size_t)H5Sget_simple_extent_npoints(space) * H5Tget_size(type);
    char *bytes = calloc(size + 1, 1);
    if (!bytes || H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) < 0)
        abort();
    fprintf(to, "%s ", name);
    fwrite(bytes, 1, size, to);
    free(bytes);
    H5Sclose(space);
    H5Tclose(type);
    H5Dclose(set);
    return 0;
}

static bool read_state(const char *folder, record *r)
{
    char path[400];
    snprintf(path, sizeof path, "%s/step-%010lld.h5", folder, (long long)r->steps);
    hid_t checkpoint = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    FILE *to = open_memstream(&r->state, &r->state_size);
    if (checkpoint >= 0) {
        dt_h5_visit_datasets(checkpoint, add_set, to);
        H5Fclose(checkpoint);
    }
    fclose(to);
    return r->state_size > WIDTH * sizeof(float);
}

static void free_record(record *r)
{
    free(r->log);
    free(r->state);
    *r = (record){0};
}

/* Both logs from where they differ, for a person. */
static bool same(const record *a, const record *b)
{
    if (a->log_size != b->log_size || memcmp(a->log, b->log, a->log_size) != 0) {
        size_t i = 0, line = 0;
        for (; i < a->log_size && i < b->log_size && a->log[i] == b->log[i]; i++)
            line = a->log[i] == '\n' ? i + 1 : line;
        print_error("%.300s\ninstead of\n%.300s\n", b->log + line, a->log + line);
        return false;
    }
    return a->state_size == b->state_size && memcmp(a->state, b->state, a->state_size) == 0;
}

/* ---- Runs ----------------------------------------------------------------------------------- */

static char *log_path, *folder;

/* "lr 0.05 layer-norm ...": what is followed by a number or a word that is no option has it as its
 * value. */
static void set_words(dt_train_options *o, const char *words, dt_error *err)
{
    static const char *const flags[] = {"layer-norm", "nesterov", "drop-last"};
    char *copy = strdup(words), *rest = copy;
    for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " ")) {
        bool flag = false;
        for (int i = 0; i < 3; i++)
            flag = flag || strcmp(word, flags[i]) == 0;
        dt_train_options_set(o, word, flag ? NULL : strsep(&rest, " "), err);
    }
    free(copy);
}

/* Collective over all ranks. steps NULL: to the end. */
static void train(const sample *s, layout l, const char *steps, const char *reduce, bool resume)
{
    dt_error err = {0};
    dt_train_options o;
    char threads[8];
    dt_world *part = world_of(l.ranks);
    snprintf(threads, sizeof threads, "%d", l.threads);
    dt_train_options_init(&o, &err);
    dt_train_options_set(&o, "data", paths[s->data], &err);
    dt_train_options_set(&o, "reduce", reduce, &err);
    dt_train_options_set(&o, "threads", threads, &err);
    dt_train_options_set(&o, "bind", "keep", &err);
    dt_train_options_set(&o, "epochs", "3", &err);
    dt_train_options_set(&o, "val-fraction", "0.15", &err);
    dt_train_options_set(&o, "log", log_path, &err);
    dt_train_options_set(&o, "checkpoint", folder, &err);
    dt_train_options_set(&o, "keep", "1", &err);
    dt_train_options_set(&o, "quiet", NULL, &err);
    set_words(&o, s->options, &err);
    if (steps)
        dt_train_options_set(&o, "max-steps", steps, &err);
    if (resume)
        dt_train_options_set(&o, "resume", NULL, &err);
    if (part->comm && !err.code)
        dt_train(part, &o, &err);
    await_all();
    dt_train_options_free(&o);
    CHECK_NO_ERROR(&err);
}

static void remove_run(void)
{
    char command[500];
    snprintf(command, sizeof command, "rm -rf '%s' '%s'", folder, log_path);
    if (world.rank == 0 && system(command) != 0)
        abort();
}

/* What the run left, on rank 0, and remove it. */
static void take(record *r)
{
    bool good = true;
    *r = (record){0};
    if (world.rank == 0) {
        good = read_log(log_path, r);
        good = read_state(folder, r) && good;
    }
    remove_run();
    CHECK_ALL(good);
}

static void check_same(const record *expected, const sample *s, const char *how, layout l)
{
    record found;
    bool ok = true;
    take(&found);
    if (world.rank == 0) {
        ok = same(expected, &found);
        if (!ok)
            print_error("%s %d ranks with %d threads: %s\n", how, l.ranks, l.threads, s->options);
    }
    free_record(&found);
    CHECK_ALL(ok);
}

static void any_layout(void **state)
{
    (void)state;
    for (int i = 0; i < SAMPLES; i++) {
        const sample *s = &samples[i];
        record expected;
        train(s, layouts[0], NULL, "exact", false);
        take(&expected);
        for (int l = 1; l < LAYOUTS && layouts[l].ranks <= world.size; l++) {
            train(s, layouts[l], NULL, "exact", false);
            check_same(&expected, s, "on", layouts[l]);
        }
        train(s, s->first, s->cut, "exact", false);
        train(s, s->then, NULL, "exact", true);
        check_same(&expected, s, "cut, and then on", s->then);
        free_record(&expected);
    }
}

/* A difference is seen, in the weights and in the log: else nothing above could fail. A momentum
 * that is another in its seventh digit makes one. */
static void difference_is_seen(void **state)
{
    (void)state;
    record one, other;
    sample s = samples[0];
    train(&s, layouts[0], NULL, "exact", false);
    take(&one);
    s.options = "lr 0.05 hidden 12,7 momentum 0.9000001 clip-norm 0.5 batch-size 50";
    train(&s, layouts[0], NULL, "exact", false);
    take(&other);
    bool weights = world.rank > 0 || memcmp(one.state, other.state, one.state_size) != 0;
    bool logs = world.rank > 0 || strcmp(one.log, other.log) != 0;
    free_record(&one);
    free_record(&other);
    CHECK_ALL(weights);
    CHECK_ALL(logs);
}

static int begin(void **state)
{
    static const char *const names[FILES] = {"plain.h5", "scaled.h5", "labels.h5", "bytes.h5"};
    (void)state;
    for (int i = 0; i < FILES; i++)
        paths[i] = test_path(names[i]);
    log_path = test_path("exact.jsonl");
    folder = test_path("exact");
    remove_run();
    if (world.rank == 0)
        write_files();
    make_worlds();
    await_all();
    return 0;
}

static int end(void **state)
{
    (void)state;
    end_worlds();
    for (int i = 0; i < FILES; i++)
        remove_file(paths[i]);
    free(log_path);
    free(folder);
    return 0;
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_layout),
                                       cmocka_unit_test(difference_is_seen)};
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    int failed = cmocka_run_group_tests(tests, begin, end);
    dt_world_end(&world);
    return failed;
}
