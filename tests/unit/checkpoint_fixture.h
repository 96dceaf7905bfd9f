/* What the tests of checkpoints share: a run to save, and ways to change what is in the file. */
#ifndef TESTS_UNIT_CHECKPOINT_FIXTURE_H
#define TESTS_UNIT_CHECKPOINT_FIXTURE_H

#include "checkpoint/checkpoint.h"
#include "checkpoint/store.h"
#include "file/h5.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- A run to save: 2-3-1, so 13 parameters ------------------------------------------------- */

enum { P = 13 };
static const char FILE_NAME[] = "ckpt/step-0000000050.h5";
static const char OPTIONS[] = "{\"hidden\": [3], \"activation\": \"tanh\", \"loss\": \"mse\"}";
static const int64_t hidden[] = {3};
static const dt_model_shape shape = {2, 1, hidden, 1, DT_ACT_TANH, DT_LOSS_MSE, false, 0, {0}};

/* The smallest and largest numbers, -0 and a subnormal among them. */
static const float weights[P] = {1,    -0.0f,           0x1p-149f, 3.4028234e38f, -1e-40f, 0.1f,
                                 7,    -1.1754944e-38f, 8,         1.0f / 3,      10,      -11,
                                 12.5f};
static float momentum[P] = {13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1};

static double means[] = {0x1.123456789abcdp10, -0.0}, scales[] = {1 / 3.0, 1e-300};
static const dt_normalizer normalization = {2, means, scales, NULL};

static const dt_run_progress progress = {.global_step = 50,
                                         .epoch = 4,
                                         .step = 7,
                                         .samples = 700,
                                         .loss = 0x1.00000000000bp9,
                                         .weight = 700.25,
                                         .best_loss = 1.0 / 3,
                                         .best_epoch = 3,
                                         .epochs_since_best = 1};
static const dt_run_data run_state = {.samples = 1087,
                                      .features = 2,
                                      .outputs = 1,
                                      .block_rows = 64,
                                      .window_blocks = 5,
                                      .seed_offset = 97};

static inline dt_code save_with(const dt_normalizer *normalizer, const char *folder_name,
                                const char *options, float *buffer, char **path, dt_error *err)
{
    dt_model model;
    dt_model_init(&model, &shape, err);
    dt_optimizer optimizer = {
        .n = P, .steps = 50, .n_vectors = buffer != NULL, .vector = {{"momentum_buffer", buffer}}};
    dt_checkpoint checkpoint = {.model = &model,
                                .parameters = weights,
                                .optimizer = &optimizer,
                                .normalizer = normalizer,
                                .progress = progress,
                                .data = run_state,
                                .lr = 0x1.23456789abcdep-7,
                                .seed = 1ll << 40,
                                .options = options};
    *path = dt_store_step_path(folder_name, progress.global_step, err);
    if (dt_checkpoint_write(*path, NULL, &checkpoint, NULL, err)) {
        free(*path);
        *path = NULL;
    }
    dt_model_free(&model);
    return err->code;
}

static inline dt_code save_as(const char *folder_name, const char *options, float *buffer,
                              char **path, dt_error *err)
{
    return save_with(NULL, folder_name, options, buffer, path, err);
}

static inline void save(void)
{
    char *path = NULL;
    dt_error err = {0};
    if (dt_store_prepare("ckpt", &err) || save_as("ckpt", OPTIONS, momentum, &path, &err))
        fail_msg("%s", err.text);
    assert_string_equal(path, FILE_NAME);
    free(path);
}

static inline void save_normalized(void)
{
    char *path = NULL;
    dt_error err = {0};
    if (dt_store_prepare("ckpt", &err) ||
        save_with(&normalization, "ckpt", OPTIONS, momentum, &path, &err))
        fail_msg("%s", err.text);
    free(path);
}

static inline dt_code load(const char *path, float *parameters, dt_error *err)
{
    dt_model model;
    dt_model_init(&model, &shape, err);
    dt_checkpoint_read_weights(path, &model, parameters, err);
    dt_model_free(&model);
    return err->code;
}

static inline void check_refused(const char *path, dt_code code, const char *text)
{
    float parameters[P];
    dt_error err = {0};
    load(path, parameters, &err);
    assert_string_equal(err.text, text);
    assert_int_equal(err.code, code);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0); /* nothing leaks */
}

/* Change the file with HDF5; the caller closes it. */
static inline hid_t edit(void)
{
    save();
    return H5Fopen(FILE_NAME, H5F_ACC_RDWR, H5P_DEFAULT);
}

static inline void put_set(hid_t file, const char *name, hid_t type, int dims, const hsize_t *dim,
                           hid_t memory, const void *values)
{
    hid_t space = H5Screate_simple(dims, dim, NULL);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(set);
    H5Sclose(space);
}

/* /model alone, as another program may write it: no attributes, no checksums. */
static inline void put_weights(const char *name, hid_t type)
{
    hid_t file = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(H5Gcreate2(file, "model", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    put_set(file, "model/0.weight", type, 2, (hsize_t[]){3, 2}, H5T_NATIVE_FLOAT, weights);
    put_set(file, "model/0.bias", type, 1, (hsize_t[]){3}, H5T_NATIVE_FLOAT, weights + 6);
    put_set(file, "model/2.weight", type, 2, (hsize_t[]){1, 3}, H5T_NATIVE_FLOAT, weights + 9);
    put_set(file, "model/2.bias", type, 1, (hsize_t[]){1}, H5T_NATIVE_FLOAT, weights + 12);
    H5Fclose(file);
}

#endif
