/* Checkpoints that follow each other: the layout of the one before is used again, and a file that
 * is done with is written over, but only one that nobody else knows. */
#include "checkpoint/contents.h"
#include "unit/checkpoint_fixture.h"
#include "unit/folder.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static const char FIRST[] = "ckpt/step-0000000001.h5", SECOND[] = "ckpt/step-0000000002.h5";
static const char RECYCLED[] = "ckpt/step-0000000001.h5.tmp.1";

static float values[P];

static void write_at(const char *path, const char *recycled, int64_t step, dt_output *layout)
{
    dt_error err = {0};
    dt_model model;
    dt_optimizer optimizer = {
        .n = P, .steps = step, .n_vectors = 1, .vector = {{"momentum_buffer", momentum}}};
    dt_run_progress now = {
        .global_step = step, .step = step, .loss = 1.0 / (double)step, .weight = 1};
    values[0] = (float)step;
    dt_model_init(&model, &shape, &err);
    dt_checkpoint c = {.model = &model,
                       .parameters = values,
                       .optimizer = &optimizer,
                       .progress = now,
                       .data = run_state,
                       .options = OPTIONS};
    mkdir("ckpt", 0777);
    if (dt_checkpoint_write(path, recycled, &c, layout, &err))
        fail_msg("%s", err.text);
    dt_model_free(&model);
}

static void check_at(const char *path, int64_t step)
{
    dt_error err = {0};
    dt_contents s;
    hid_t file = dt_h5_open(path, &err);
    assert_true(file >= 0);
    assert_true(dt_h5_is_whole(file, path));
    assert_int_equal(dt_contents_read(&s, file, path, &err), DT_OK);
    H5Fclose(file);
    assert_int_equal(s.progress.global_step, step);
    assert_int_equal(s.progress.step, step);
    assert_int_equal(s.optimizer_steps, step);
    assert_true(s.progress.loss == 1.0 / (double)step);
    assert_true(s.parameters[0] == (float)step);
    dt_contents_free(&s);
}

static void the_same_layout(void **state)
{
    (void)state;
    char again[1 << 16], fresh[1 << 16];
    dt_output layout = {0};
    write_at(FIRST, NULL, 1, &layout);
    write_at(SECOND, NULL, 2, &layout);
    dt_checkpoint_close_layout(&layout);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    check_at(FIRST, 1);
    check_at(SECOND, 2);
    sleep(1); /* no times in the files */
    write_at("ckpt/best.h5", NULL, 2, NULL);
    FILE *a = fopen(SECOND, "r"), *b = fopen("ckpt/best.h5", "r");
    size_t n = fread(again, 1, sizeof again, a);
    assert_int_equal(fread(fresh, 1, sizeof fresh, b), n);
    assert_true(n < sizeof again);
    assert_memory_equal(again, fresh, n);
    fclose(a);
    fclose(b);
}

static ino_t inode(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_ino;
}

/* A longer one, so that its end must go. */
static void put_recycled(void)
{
    write_at(RECYCLED, NULL, 1, NULL);
    int fd = open(RECYCLED, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "more", 4), 4);
    close(fd);
}

static void written_over(void **state)
{
    (void)state;
    put_recycled();
    ino_t recycled = inode(RECYCLED);
    int fd = open(RECYCLED, O_RDONLY);
    bool leases = fcntl(fd, F_SETLEASE, F_WRLCK) == 0; /* not on every file system */
    close(fd);
    write_at(SECOND, RECYCLED, 2, NULL);
    check_at(SECOND, 2);
    if (leases)
        assert_true(inode(SECOND) == recycled);
    assert_int_not_equal(access(RECYCLED, F_OK), 0);
}

static void not_while_somebody_reads_it(void **state)
{
    (void)state;
    put_recycled();
    ino_t recycled = inode(RECYCLED);
    int fd = open(RECYCLED, O_RDONLY);
    write_at(SECOND, RECYCLED, 2, NULL);
    struct stat info;
    assert_int_equal(fstat(fd, &info), 0);
    close(fd);
    check_at(SECOND, 2);
    assert_true(inode(SECOND) != recycled && info.st_ino == recycled);
    assert_int_not_equal(access(RECYCLED, F_OK), 0);
}

static void not_by_another_name(void **state)
{
    (void)state;
    write_at(RECYCLED, NULL, 1, NULL);
    assert_int_equal(link(RECYCLED, "ckpt/backup.h5"), 0);
    write_at(SECOND, RECYCLED, 2, NULL);
    check_at("ckpt/backup.h5", 1);
    check_at(SECOND, 2);
    assert_int_not_equal(access(RECYCLED, F_OK), 0);
}

static void set_aside_by_prune(void **state)
{
    (void)state;
    char *recycled = NULL;
    for (int64_t step = 1; step <= 3; step++) {
        dt_error err = {0};
        char *path = dt_store_step_path("ckpt", step, &err);
        write_at(path, NULL, step, NULL);
        free(path);
    }
    dt_store_prune("ckpt", 3, 1, &recycled);
    assert_non_null(recycled);
    assert_int_equal(access(recycled, F_OK), 0);
    assert_int_not_equal(access(FIRST, F_OK), 0);
    assert_int_not_equal(access(SECOND, F_OK), 0);
    check_at("ckpt/step-0000000003.h5", 3);
    dt_store_clean_up("ckpt"); /* as after a crash */
    assert_int_not_equal(access(recycled, F_OK), 0);
    free(recycled);
}

/* ---- In a folder that is memory ------------------------------------------------------------- */

/* Files of this folder that this process has mapped. */
static int count_mapped(const char *where)
{
    char line[512];
    int n = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, maps))
        n += strstr(line, where) != NULL;
    fclose(maps);
    return n;
}

/* As a run does: the file that is no longer kept is written over by the next. */
static void write_next(int64_t step, char **recycled, dt_output *layout)
{
    dt_error err = {0};
    char *path = dt_store_step_path("ckpt", step, &err);
    write_at(path, *recycled, step, layout);
    free(*recycled);
    *recycled = NULL;
    dt_store_prune("ckpt", step, 2, recycled);
    check_at(path, step);
    free(path);
}

static void cut_short(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(truncate(path, info.st_size / 2), 0);
}

static void in_memory(void **state)
{
    (void)state;
    char where[] = "/dev/shm/dtrain-test.XXXXXX", *recycled = NULL;
    struct statfs system;
    dt_output layout = {0};
    if (!mkdtemp(where))
        return;
    assert_int_equal(statfs(where, &system), 0);
    assert_int_equal(chdir(where), 0);
    for (int64_t step = 1; step <= 12; step++)
        write_next(step, &recycled, &layout);
    check_at("ckpt/step-0000000011.h5", 11);
    bool maps = system.f_type == TMPFS_MAGIC;
    assert_int_equal(count_mapped(where),
                     maps ? 3 : 0); /* two that are kept, and the recycled file */

    FILE *reader = fopen(recycled, "r"); /* of step 10 */
    write_next(13, &recycled, &layout);
    assert_int_not_equal(inode("ckpt/step-0000000013.h5"), 0);
    struct stat read;
    assert_int_equal(fstat(fileno(reader), &read), 0);
    assert_true(read.st_nlink == 0 && read.st_ino != inode("ckpt/step-0000000013.h5"));
    fclose(reader);
    cut_short(recycled); /* of step 11 */
    write_next(14, &recycled, &layout);
    check_at("ckpt/step-0000000013.h5", 13);

    assert_int_equal(unlink(recycled), 0);
    assert_int_equal(unlink("ckpt/step-0000000013.h5"), 0);
    write_next(15, &recycled, &layout);
    assert_int_equal(count_mapped("(deleted)") - count_mapped("memfd"), 0);
    dt_checkpoint_close_layout(&layout);
    assert_int_equal(count_mapped(where), 0);
    free(recycled);
    empty_folder(state);
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(rmdir(where), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, empty_folder)
    const struct CMUnitTest tests[] = {
        TEST(the_same_layout),     TEST(written_over),       TEST(not_while_somebody_reads_it),
        TEST(not_by_another_name), TEST(set_aside_by_prune), TEST(in_memory),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
