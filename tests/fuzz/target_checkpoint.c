/* Checkpoints that were edited: an input is a sequence of changes to a good one, made with HDF5,
 * which drops the footer, and without their checksums. Then all that info and --resume read of it. */
#include "engine/scales.h"
#include "fuzz/fuzz.h"

#include "checkpoint/contents.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MODELS = 3, MAX_IMAGE = 1 << 17 };

static struct {
    uint8_t bytes[MAX_IMAGE];
    size_t n;
} image[MODELS];

/* ---- Good checkpoints ----------------------------------------------------------------------- */

static void write_good(int m)
{
    enum { P = 64 };
    static const int64_t hidden[] = {3};
    static float numbers[P];
    static double means[2] = {0.5, -1}, factors[2] = {2, 1}, scales[32] = {0};
    static const char *const options[MODELS] = {
        "{\"hidden\":[],\"activation\":\"relu\",\"loss\":\"mse\"}",
        "{\"hidden\":[3],\"activation\":\"tanh\",\"loss\":\"mse\"}",
        "{\"hidden\":[3],\"activation\":\"gelu\",\"loss\":\"mse\",\"layer-norm\":true}"};
    dt_error err = {0};
    dt_model model;
    static char *names[2] = {"a", "b"};
    const dt_schema schema = {.columns = {.n = 2, .name = names},
                              .targets = {.n = 1, .name = names},
                              .units = DT_X_BYTES};
    const dt_normalizer normalizer = {2, means, factors, NULL};
    dt_model_init(&model,
                  &(dt_model_shape){.inputs = 2,
                                    .outputs = 1,
                                    .hidden = hidden,
                                    .n_hidden = m > 0,
                                    .activation = m == 1 ? DT_ACT_TANH : DT_ACT_GELU,
                                    .loss = DT_LOSS_MSE,
                                    .layer_norm = m == 2},
                  &err);
    if (m == 0)
        model.activation = DT_ACT_RELU;
    int64_t n_rounding = dt_scales_numbers(&model);
    dt_optimizer optimizer = {.n = model.parameters,
                              .steps = 51,
                              .n_vectors = m,
                              .vector = {{"momentum_buffer", numbers}, {"exp_avg_sq", numbers}}};
    dt_checkpoint checkpoint = {.model = &model,
                                .parameters = numbers,
                                .optimizer = &optimizer,
                                .normalizer = m == 1 ? &normalizer : NULL,
                                .schema = m == 0 ? NULL : &schema,
                                .progress = {.global_step = 51,
                                             .epoch = 5,
                                             .step = 1,
                                             .samples = 10,
                                             .best_loss = 0.5,
                                             .best_epoch = 2,
                                             .epochs_since_best = 3},
                                .data = {.samples = 100,
                                         .features = 2,
                                         .outputs = 1,
                                         .block_rows = m == 2 ? 8 : 0,
                                         .window_blocks = m == 2 ? 4 : 0},
                                .rounding = scales,
                                .n_rounding = m == 0 ? 0 : n_rounding,
                                .lr = 0.01,
                                .options = options[m]};
    if (dt_checkpoint_write("c.h5", NULL, &checkpoint, NULL, &err))
        fuzz_fail(err.text);
    FILE *file = fopen("c.h5", "rb");
    image[m].n = fread(image[m].bytes, 1, MAX_IMAGE, file);
    fclose(file);
    unlink("c.h5");
    dt_model_free(&model);
}

static hid_t open_good(int m)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, 1 << 16, 0);
    H5Pset_file_image(access, image[m].bytes, image[m].n);
    hid_t file = H5Fopen("c.h5", H5F_ACC_RDWR, access);
    H5Pclose(access);
    return file;
}

/* ---- Changes -------------------------------------------------------------------------------- */

enum { NAME = 256 };

static hid_t choose_object(fuzz_choices *c, hid_t file)
{
    static const char *const name[] = {"/",
                                       "/run",
                                       "/optimizer",
                                       "/model",
                                       "/normalization",
                                       "/data",
                                       "/optimizer/momentum_buffer",
                                       "/model/0.weight",
                                       "/model/0.bias"};
    return H5Oopen(file, name[fuzz_choose(c, 9)], H5P_DEFAULT);
}

/* The name of an attribute of an object. */
static bool choose_attribute(fuzz_choices *c, hid_t object, char name[NAME])
{
    hsize_t i = fuzz_choose(c, 24);
    for (; i < 24; i--)
        if (H5Aget_name_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, NAME,
                               H5P_DEFAULT) > 0)
            return true;
    return false;
}

static void put_attribute(fuzz_choices *c, hid_t object, const char *name)
{
    static const char *const text[] = {
        "",
        "dtrain-checkpoint",
        "{\"hidden\":[9223372036854775807],\"activation\":\"relu\",\"loss\":\"mse\"}",
        "{\"hidden\":[1,-1,2.5,\"x\"],\"activation\":\"relu\",\"loss\":\"mse\"}",
        "{\"hidden\":[2147483647,2147483647],\"activation\":\"relu\",\"loss\":\"mse\"}",
        "{\"hidden\":{},\"activation\":[],\"loss\":7}",
        "{\"hidden\":[3],\"activation\":\"relu\",\"loss\":\"cross-entropy\",\"dropout\":1e300}",
        "{\"hidden\":[3],\"activation\":\"relu\",\"loss\":\"bce\",\"dropout\":-1,\"layer-norm\":1}",
        "{\"hidden\":[],\"loss\":\"mse\"}",
        "[[[[[[",
        "null"};
    hsize_t n = (const hsize_t[]){1, 1, 1, 1, 0, 2, 100, 1}[fuzz_choose(c, 8)];
    int64_t integers[100];
    double reals[100];
    const char *texts[100];
    for (int i = 0; i < 100; i++) {
        integers[i] = i < 2 ? fuzz_choose_integer(c) : 1;
        reals[i] = i < 2 ? fuzz_choose_real(c) : 1;
        texts[i] = i < 1 ? text[fuzz_choose(c, sizeof text / sizeof *text)] : "x";
    }
    const void *values[] = {integers, reals, texts};
    unsigned kind = fuzz_choose(c, 8) < 5 ? 0 : fuzz_choose(c, 3);
    hid_t type = H5Tcopy(kind == 0 ? H5T_NATIVE_INT64 : kind == 1 ? H5T_NATIVE_DOUBLE : H5T_C_S1);
    if (kind == 2)
        H5Tset_size(type, H5T_VARIABLE);
    hid_t space = fuzz_choose(c, 4) ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &n, NULL);
    H5Adelete(object, name);
    hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute >= 0) {
        if (fuzz_choose(c, 16) != 1)
            H5Awrite(attribute, type, values[kind]);
        H5Aclose(attribute);
    }
    H5Sclose(space);
    H5Tclose(type);
}

/* Put another dataset in the place of one, of any shape, type and values, without a checksum. */
static void put_set(fuzz_choices *c, hid_t file)
{
    static const char *const name[] = {"/model/0.weight",     "/model/0.bias",
                                       "/model/2.weight",     "/model/9.weight",
                                       "/run/rounding",       "/run/more",
                                       "/normalization/mean", "/normalization/scale",
                                       "/optimizer/extra",    "/optimizer/momentum_buffer/0.weight",
                                       "/data/columns",       "/data/classes"};
    static double values[4096];
    const char *to = name[fuzz_choose(c, 12)];
    hsize_t dim[3];
    int dims = (int)fuzz_choose(c, 4);
    hssize_t n = 1;
    for (int d = 0; d < dims; d++) {
        dim[d] = fuzz_choose(c, 4) ? fuzz_choose(c, 8) : (hsize_t)fuzz_choose_integer(c);
        n = dim[d] > 4096 || n > 4096 ? 4097 : n * (hssize_t)dim[d];
    }
    for (int i = 0; i < 4096; i++)
        values[i] = i < 4 ? fuzz_choose_real(c) : 0.5;
    hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, H5T_VARIABLE);
    const hid_t type[] = {H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_STD_I64LE, H5T_C_S1, text};
    hid_t space = H5Screate_simple(dims, dim, NULL), create = H5Pcreate(H5P_DATASET_CREATE);
    if (n > 4096)
        H5Pset_chunk(create, dims, (const hsize_t[]){1, 1, 1});
    H5Ldelete(file, to, H5P_DEFAULT);
    hid_t set = space < 0 ? -1
                          : H5Dcreate2(file, to, type[fuzz_choose(c, 5)], space, H5P_DEFAULT,
                                       create, H5P_DEFAULT);
    if (set >= 0 && n <= 4096)
        H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    if (set >= 0)
        H5Dclose(set);
    H5Pclose(create);
    H5Tclose(text);
    if (space >= 0)
        H5Sclose(space);
}

static void put_link(fuzz_choices *c, hid_t file)
{
    static const char *const name[] = {"/model",        "/run",
                                       "/optimizer",    "/normalization",
                                       "/model/0.bias", "/optimizer/momentum_buffer"};
    const char *to = name[fuzz_choose(c, 6)];
    H5Ldelete(file, to, H5P_DEFAULT);
    switch (fuzz_choose(c, 4)) {
    case 1:
        H5Lcreate_soft(name[fuzz_choose(c, 6)], file, to, H5P_DEFAULT, H5P_DEFAULT);
        break;
    case 2:
        H5Lcreate_external("/dev/zero", "/x", file, to, H5P_DEFAULT, H5P_DEFAULT);
        break;
    case 3:
        H5Gclose(H5Gcreate2(file, to, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
        break;
    default:
        break;
    }
}

static void change(fuzz_choices *c, hid_t file)
{
    char name[NAME];
    unsigned how = fuzz_choose(c, 8);
    if (how == 6) {
        put_set(c, file);
    } else if (how == 7) {
        put_link(c, file);
    } else {
        hid_t object = choose_object(c, file);
        if (object >= 0 && choose_attribute(c, object, name)) {
            if (how == 0)
                H5Adelete(object, name);
            else
                put_attribute(c, object, name);
        }
        if (object >= 0)
            H5Oclose(object);
    }
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* Of a run that goes on: numbers that become sizes, positions and shifts. */
static void check_numbers(const dt_contents *s)
{
    const dt_run_progress *c = &s->progress;
    const dt_run_data *d = &s->data;
    int64_t window = 0;
    if (c->global_step < 0 || c->epoch < 0 || c->step < 0 || c->step > c->global_step ||
        c->best_epoch > c->epoch || d->samples < 1 || c->samples < 0 || c->samples > d->samples)
        fuzz_fail("progress that no run has was taken");
    if (d->features != s->model.inputs || d->outputs != s->model.outputs)
        fuzz_fail("data of another shape was taken");
    if (d->block_rows < 0 || d->window_blocks < 0 ||
        __builtin_mul_overflow(d->block_rows, d->window_blocks, &window) ||
        window > INT64_MAX / 1024)
        fuzz_fail("windows without a size were taken");
    if (!isfinite(s->lr) || s->optimizer_steps != c->global_step)
        fuzz_fail("an optimizer's state that no run has was taken");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static FILE *nowhere;
    fuzz_choices choices = {.bytes = bytes, .n = n};
    dt_error err = {0};
    dt_contents saved;
    fuzz_enter_folder();
    for (int m = 0; m < MODELS && !nowhere; m++)
        write_good(m);
    if (!nowhere)
        nowhere = fopen("/dev/null", "w");
    hid_t file = open_good((int)fuzz_choose(&choices, MODELS));
    if (file < 0)
        fuzz_fail("the good checkpoint cannot be opened");
    for (unsigned i = fuzz_choose(&choices, 6); i > 0; i--)
        change(&choices, file);
    if (dt_checkpoint_is_one(file))
        dt_checkpoint_describe(file, "c.h5", nowhere, &err);
    if (n == 1 && err.code)
        fuzz_fail(err.text);
    err = (dt_error){0};
    if (!dt_contents_read(&saved, file, "c.h5", &err) && saved.can_go_on)
        check_numbers(&saved);
    dt_contents_free(&saved);
    H5Fclose(file);
    if (H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL) > 0)
        fuzz_fail("something was not closed");
    return 0;
}

/* The good ones, and changes at random, as they have no form. */
size_t fuzz_seed(int i, uint8_t *bytes)
{
    enum { N = 200 };
    uint32_t value = 54321u + (uint32_t)i;
    bytes[0] = (uint8_t)i;
    if (i < MODELS)
        return 1;
    for (int k = 0; k < N; k++) {
        value = value * 1664525u + 1013904223u;
        bytes[k] = (uint8_t)(value >> 24);
    }
    return i < 40 ? N : 0;
}
