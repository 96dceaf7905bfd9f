/* The nth allocation of the program fails, on the last rank: all ranks end with the same error,
 * none hangs or crashes, and no file is left half-written; what ends well all the same is the same
 * run. The linker puts the functions below between the library and the system; what HDF5 and MPI
 * allocate is not touched. Every 23rd allocation is tried. By hand: with DTRAIN_ALLOCATIONS=all
 * each; with DTRAIN_ALLOCATIONS_BREAK=1 in a debugger, which stops where one fails. */
#include "mpi/support.h"

#include "comm/comm.h"
#include "comm/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- Allocations that fail ------------------------------------------------------------------ */

static atomic_long left;   /* allocations before the one that fails; below 0: none does */
static atomic_bool failed; /* it has been there */

static void arm(long n)
{
    atomic_store(&failed, false);
    atomic_store(&left, n);
}

static bool fails(void)
{
    if (atomic_load(&left) < 0 || atomic_fetch_sub(&left, 1) != 0)
        return false;
    atomic_store(&failed, true);
    if (getenv("DTRAIN_ALLOCATIONS_BREAK"))
        raise(SIGTRAP);
    errno = ENOMEM;
    return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

void *__real_aligned_alloc(size_t align, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size)
{
    return fails() ? NULL : __real_aligned_alloc(align, size);
}

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

int __wrap_asprintf(char **text, const char *format, ...);
int __wrap_asprintf(char **text, const char *format, ...)
{
    if (fails())
        return -1; /* what *text is then is unspecified */
    va_list args;
    va_start(args, format);
    int n = vasprintf(text, format, args);
    va_end(args);
    return n;
}

FILE *__real_open_memstream(char **text, size_t *size);
FILE *__wrap_open_memstream(char **text, size_t *size);
FILE *__wrap_open_memstream(char **text, size_t *size)
{
    return fails() ? NULL : __real_open_memstream(text, size);
}

char *__real_realpath(const char *path, char *real);
char *__wrap_realpath(const char *path, char *real);
char *__wrap_realpath(const char *path, char *real)
{
    return !real && fails() ? NULL : __real_realpath(path, real);
}

void *__real_mmap(void *at, size_t size, int use, int flags, int file, off_t begin);
void *__wrap_mmap(void *at, size_t size, int use, int flags, int file, off_t begin);
void *__wrap_mmap(void *at, size_t size, int use, int flags, int file, off_t begin)
{
    return fails() ? MAP_FAILED : __real_mmap(at, size, use, flags, file, begin);
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *with);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *with);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *with)
{
    return fails() ? EAGAIN : __real_pthread_create(thread, attributes, run, with);
}

/* ---- A small run ---------------------------------------------------------------------------- */

enum { ROWS = 203, WIDTH = 6, CLASSES = 3, MAX_OPTIONS = 12 };

static char *data, *val_data, *folder, *log_path;

static void write_rows(const char *path)
{
    static float x[ROWS][WIDTH];
    static int32_t y[ROWS];
    for (int r = 0; r < ROWS; r++) {
        y[r] = r % CLASSES;
        for (int f = 0; f < WIDTH; f++)
            x[r][f] = (float)((r * 37 + f * 11) % 23) / 23 + (f == y[r]);
    }
    write_data(path, &(test_data){.rows = ROWS, .width = WIDTH, .x = x, .y = y, .chunk_rows = 16});
}

typedef struct {
    const char *name;
    const char *option[MAX_OPTIONS][2]; /* besides those of every run */
    bool nodes;                         /* each rank is a node of its own */
    bool goes_on;                       /* with a checkpoint that was there before */
} variant;

static void set_options(const variant *v, bool first, dt_train_options *o)
{
    dt_error err = {0};
    const char *const all[][2] = {{"data", data},         {"batch-size", "32"},
                                  {"checkpoint", folder}, {"threads", "1"},
                                  {"quiet", NULL},        {"epochs", first ? "1" : "2"}};
    dt_train_options_init(o, &err);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        dt_train_options_set(o, all[i][0], all[i][1], &err);
    for (int i = 0; i < MAX_OPTIONS && v->option[i][0]; i++)
        dt_train_options_set(o, v->option[i][0], v->option[i][1], &err);
    if (!first || v->goes_on)
        dt_train_options_set(o, "log", log_path, &err);
    if (v->goes_on && !first)
        dt_train_options_set(o, "resume", NULL, &err);
    CHECK_NO_ERROR(&err);
}

/* On rank 0. */
static void empty_folder(void)
{
    char path[512];
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        unlink(path);
    }
    if (d)
        closedir(d);
    rmdir(folder);
    unlink(log_path);
}

/* Whether what a run has left is whole: checkpoints that can be read, and no other files. On rank
 * 0. */
static bool is_whole(char *text, size_t size)
{
    bool whole = true;
    char path[512];
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        dt_error err = {0};
        FILE *to = fopen("/dev/null", "w");
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        size_t length = strlen(path);
        if (strcmp(path + length - 3, ".h5") != 0 ||
            dt_info(path, &(dt_info_options){0}, to, &err)) {
            snprintf(text, size, "%.200s: %.200s", path, err.text);
            whole = false;
        }
        fclose(to);
    }
    if (d)
        closedir(d);
    return whole;
}

/* What the log says at its end, and of the checkpoint that the run goes on from. On rank 0. */
static void read_log(char hash[64], bool *resumed)
{
    char line[4096];
    hash[0] = '\0';
    *resumed = false;
    FILE *file = fopen(log_path, "r");
    while (file && fgets(line, sizeof line, file)) {
        const char *at = strstr(line, "\"weights_hash\":\"");
        *resumed = *resumed || strstr(line, "\"resumed_from\":");
        if (at && strstr(line, "\"event\":\"end\""))
            snprintf(hash, 64, "%.16s", at + strlen("\"weights_hash\":\""));
    }
    if (file)
        fclose(file);
}

/* Whether all ranks have the same error. */
static bool is_agreed(const dt_error *err)
{
    dt_error first = *err;
    dt_broadcast(&world, &first, sizeof first);
    int64_t other = first.code != err->code || strcmp(first.text, err->text) != 0;
    dt_max_int64(&world, &other, 1);
    return !other;
}

static int wrong; /* runs that did not end as they should */

/* A run whose nth allocation fails on the last rank; n below 0: none does. What is no error is that
 * run.
 *   expected  [in,out] the hash of the weights; of the first run it is found
 * Returns whether it had so many. */
static bool run_with(const variant *v, const dt_world *on, long n, char expected[64])
{
    char hash[64] = "";
    bool resumed = v->goes_on;
    dt_error err = {0}, none = {0};
    dt_train_options o;
    char text[1024] = "";
    int64_t there = false;
    if (v->goes_on) {
        set_options(v, true, &o);
        dt_train(on, &o, &none);
        dt_train_options_free(&o);
        CHECK_NO_ERROR(&none);
    }
    set_options(v, false, &o);
    arm(world.rank == world.size - 1 ? n : -1);
    dt_train(on, &o, &err);
    there = atomic_load(&failed);
    arm(-1);
    dt_train_options_free(&o);
    dt_max_int64(&world, &there, 1);
    bool agreed = is_agreed(&err), whole = world.rank != 0 || is_whole(text, sizeof text);
    if (world.rank == 0 && !err.code)
        read_log(hash, &resumed);
    if (!expected[0])
        strcpy(expected, hash);
    bool right =
        err.code ? err.code == DT_ERR_MEMORY : resumed == v->goes_on && strcmp(hash, expected) == 0;
    if (world.rank == 0 && getenv("DTRAIN_ALLOCATIONS"))
        print_message("%s %ld: %d %s\n", v->name, n, (int)err.code, err.text);
    if (!agreed || !whole || !right)
        print_error("%s, allocation %ld, rank %d: status %d, \"%s\"; %s\n", v->name, n, world.rank,
                    (int)err.code, err.text, text);
    wrong += !agreed || !whole || !right;
    if (world.rank == 0)
        empty_folder();
    dt_world_agree(&world, &none);
    return there;
}

static void run_all(const variant *v)
{
    dt_error err = {0};
    dt_world on = world, nodes = {0};
    bool all = getenv("DTRAIN_ALLOCATIONS") != NULL;
    long step = all ? 1 : 23, n;
    if (v->nodes) {
        dt_world_of(&nodes, MPI_COMM_WORLD, world.rank, &err);
        on = nodes;
    }
    char hash[64] = "";
    wrong = 0;
    run_with(v, &on, -1, hash);
    wrong += world.rank == 0 && strlen(hash) != 16;
    for (n = world.size % step; run_with(v, &on, n, hash); n += step)
        ;
    int found = wrong;
    if (n < 50 && !all) /* the library is a shared one, which the linker does not touch */
        print_message("skipped: only %ld allocations\n", n);
    if (v->nodes)
        dt_world_end(&nodes);
    CHECK_ALL(found == 0);
}

static void in_memory(void **state)
{
    (void)state;
    run_all(&(variant){.name = "in memory",
                       .option = {{"hidden", "24"},
                                  {"val-fraction", "0.2"},
                                  {"normalize", "standard"},
                                  {"class-weights", "balanced"},
                                  {"optimizer", "adam"}}});
}

static void streamed(void **state)
{
    (void)state;
    run_all(&(variant){
        .name = "streamed",
        .option = {
            {"memory", "3k"}, {"val-data", val_data}, {"keep", "1"}, {"checkpoint-every", "3"}}});
}

static void over_nodes(void **state)
{
    (void)state;
    run_all(&(variant){.name = "over nodes",
                       .nodes = true,
                       .option = {{"reduce", "fast"}, {"val-data", val_data}}});
}

static void goes_on(void **state)
{
    (void)state;
    run_all(&(variant){.name = "goes on",
                       .goes_on = true,
                       .option = {{"momentum", "0.9"}, {"normalize", "standard"}}});
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_memory),
        cmocka_unit_test(streamed),
        cmocka_unit_test(over_nodes),
        cmocka_unit_test(goes_on),
    };
    arm(-1);
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    data = test_path("allocation.h5");
    val_data = test_path("allocation_val.h5");
    folder = test_path("allocation");
    log_path = test_path("allocation.jsonl");
    if (world.rank == 0) {
        write_rows(data);
        write_rows(val_data);
        empty_folder();
    }
    dt_world_agree(&world, &err);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    remove_file(data);
    remove_file(val_data);
    free(folder);
    free(log_path);
    dt_world_end(&world);
    return failures;
}
