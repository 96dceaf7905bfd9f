/* What the tests on several ranks share. A check is made by all ranks together: were it to fail on
 * one alone, that one would leave the test and the others would wait for it. */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dtrain/dtrain.h>
#include <stdbool.h>

extern dt_world world;

/* Fails on every rank if ok is false on any. Collective. */
void check_all(bool ok, const char *what, const char *file, int line);
#define CHECK_ALL(ok) check_all(ok, #ok, __FILE__, __LINE__)

/* Fails on every rank, with the message, if there is an error. Collective. */
void check_no_error(const dt_error *err, const char *file, int line);
#define CHECK_NO_ERROR(err) check_no_error(err, __FILE__, __LINE__)

/* The path of a file of this test and number of ranks, in the working folder; to be freed, or ended
 * with remove_file, by which rank 0 also removes the file. */
char *test_path(const char *name);
void remove_file(char *path);

/* A data set in a new file, by this process alone: x [rows,width] and y [rows,y_width] (labels
 * [rows] if y_width is 0), of HDF5 types. */
typedef struct {
    int64_t rows, width, y_width;
    bool x_is_bytes;
    const void *x;      /* float, or uint8_t */
    const void *y;      /* float, or int32_t */
    int64_t chunk_rows; /* 0: contiguous */
} test_data;
void write_data(const char *path, const test_data *data);

#endif
