#include "data/data_file.h"

#include "core/memory.h"
#include "data/h5_array.h"
#include "data/mapping.h"
#include "file/h5.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dt_data_file {
    char *path;
    hid_t file;
    dt_h5_array x, y;
    dt_x_units units; /* of x, before it is known what a model takes */
    bool divides;     /* x is not bytes, and is divided by 255 */
    dt_data_file_info info;
    dt_mapping mapping;
    dt_schema_unused unused;
};

/* Find out whether x is divided by 255. */
static void choose_scale(dt_data_file *s, dt_x_scale scale)
{
    s->units = scale == DT_X_SCALE_NONE  ? DT_X_AS_IS
               : scale == DT_X_SCALE_255 ? DT_X_DIVIDED
               : s->x.is_bytes           ? DT_X_BYTES
                                         : DT_X_NUMBERS;
    if (s->units == DT_X_AS_IS)
        s->x.is_bytes = false;
    s->divides = s->units == DT_X_DIVIDED && !s->x.is_bytes;
}

static dt_code open_arrays(dt_data_file *s, bool trusted, const dt_data_spec *spec, dt_error *err)
{
    const char *x = spec->x, *y = spec->y;
    s->file = trusted ? dt_h5_open_trusted(s->path, err) : dt_h5_open(s->path, err);
    if (err->code || dt_h5_array_open(&s->x, s->file, s->path, x, true, err) ||
        (y && dt_h5_array_open(&s->y, s->file, s->path, y, false, err)))
        return err->code;
    if (y && s->x.dim[0] != s->y.dim[0])
        return dt_fail(err, DT_ERR_SHAPE, "%s: \"%s\" has %llu rows but \"%s\" has %llu", s->path,
                       x, (unsigned long long)s->x.dim[0], y, (unsigned long long)s->y.dim[0]);
    choose_scale(s, spec->x_scale);
    s->info = (dt_data_file_info){
        .path = s->path,
        .y_name = s->y.name,
        .rows = (int64_t)s->x.dim[0],
        .features = s->x.width,
        .x_is_bytes = s->x.is_bytes,
        .y_width = y ? s->y.width : 0,
        .y_is_integer = s->y.is_integer,
        .chunk_rows = s->x.chunk_rows,
    };
    return DT_OK;
}

/* trusted: as in dt_h5_open_trusted. */
static dt_code open_source(dt_data_file **file, const dt_data_spec *spec, bool trusted,
                           dt_error *err)
{
    dt_data_file *s = calloc(1, sizeof *s);
    *file = s;
    if (s) {
        s->file = s->x.id = s->y.id = s->x.type = s->y.type = -1;
        s->path = strdup(spec->path);
    }
    if (!s || !s->path)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for opening %s", spec->path);
    else
        open_arrays(s, trusted, spec, err);
    if (err->code) {
        dt_data_file_close(s);
        *file = NULL;
    }
    return err->code;
}

dt_code dt_data_file_open(dt_data_file **file, const char *path, const char *x, const char *y,
                          dt_error *err)
{
    return open_source(file, &(dt_data_spec){.path = path, .x = x, .y = y}, false, err);
}

dt_code dt_data_file_open_all(dt_data_file **file, const dt_world *world, const dt_data_spec *spec,
                              dt_error *err)
{
    *file = NULL;
    if (world->rank == 0)
        open_source(file, spec, false, err);
    if (dt_world_agree(world, err))
        return err->code;
    if (world->rank != 0)
        open_source(file, spec, true, err);
    return dt_world_agree(world, err);
}

dt_code dt_data_file_schema(dt_data_file *s, dt_schema *schema, dt_error *err)
{
    dt_schema_set x = {s->path, s->x.name, s->x.id, s->x.width};
    dt_schema_set y = {s->path, s->y.name, s->y.id, s->y.width};
    dt_schema_read(schema, &x, &y, &s->unused, err);
    schema->units = s->units;
    return err->code;
}

/* On rank 0. */
static dt_code map_source(dt_data_file *s, const dt_schema *model, const char *whose,
                          dt_schema *own, dt_error *err)
{
    dt_mapping_sides sides = {.path = s->path,
                              .x = s->x.name,
                              .y = s->y.name ? s->y.name : "",
                              .data = own,
                              .whose = whose,
                              .model = model};
    if (!dt_data_file_schema(s, own, err))
        dt_mapping_make(&s->mapping, &sides, err);
    return err->code;
}

dt_code dt_data_file_fit(dt_data_file *s, const dt_world *world, const dt_schema *model,
                         const char *whose, dt_schema *own, dt_error *err)
{
    dt_schema read = {0};
    if (world->rank == 0)
        map_source(s, model, whose, &read, err);
    if (own)
        *own = read;
    else
        dt_schema_free(&read);
    if (dt_world_agree(world, err))
        return err->code;
    s->info.classes = 0;
    if (dt_mapping_broadcast(world, &s->mapping, s->info.features, s->info.y_width, err))
        return err->code;
    s->info.classes = s->mapping.model_classes;
    if (s->mapping.raw)
        s->x.is_bytes = s->info.x_is_bytes = false;
    s->divides = s->divides || s->mapping.divide;
    return DT_OK;
}

const char *dt_data_file_unused(const dt_data_file *s, int i)
{
    return s->unused.line[i];
}

const dt_data_file_info *dt_data_file_get_info(const dt_data_file *file)
{
    return &file->info;
}

int64_t dt_data_file_chunks_read(const dt_data_file *file)
{
    return file->x.reader ? dt_chunk_reader_count(file->x.reader) : 0;
}

void dt_data_file_close(dt_data_file *s)
{
    if (!s)
        return;
    dt_h5_array_close(&s->x);
    dt_h5_array_close(&s->y);
    dt_mapping_free(&s->mapping);
    if (s->file >= 0)
        H5Fclose(s->file);
    free(s->path);
    free(s);
}

/* x - x is 0 for every finite x and NaN for all others: a loop that vectorises, to find out whether
 * the slower search has anything to find. */
static bool all_finite(const float *values, int64_t n)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++)
        sum += values[i] - values[i];
    return sum == 0;
}

static dt_code check_finite(const dt_data_file *s, const dt_h5_array *v, int64_t row, int64_t n,
                            const float *values, dt_error *err)
{
    if (all_finite(values, n * v->width))
        return DT_OK;
    int64_t i = 0;
    while (isfinite(values[i]))
        i++;
    return dt_fail(err, DT_ERR_DATA,
                   "%s: \"%s\" has %s in row %lld, column %lld (counted from 0); clean the data "
                   "first",
                   s->path, v->name,
                   !isnan(values[i])           ? "an infinite value (as float32)"
                   : v->encoding.n_missing > 0 ? "NaN or a missing value (see _FillValue)"
                                               : "NaN",
                   (long long)(row + i / v->width), (long long)(i % v->width));
}

/* Of a model that knows bytes divided by 255. */
static dt_code check_unit(const dt_data_file *s, int64_t row, int64_t n, const float *values,
                          dt_error *err)
{
    int64_t width = s->x.width;
    for (int64_t i = 0; i < n * width; i++)
        if (values[i] < 0 || values[i] > 1)
            return dt_fail(err, DT_ERR_DATA,
                           "%s: \"%s\" has %g in row %lld, column %lld (counted from 0), but the "
                           "training was on uint8 divided by 255, from 0 to 1: store it as "
                           "uint8, or divide it by 255",
                           s->path, s->x.name, (double)values[i], (long long)(row + i / width),
                           (long long)(i % width));
    return DT_OK;
}

/* Of a model that knows bytes too, but none above 1. To it a picture is 255 times too bright. */
static dt_code check_flags(const dt_data_file *s, int64_t row, int64_t n, const uint8_t *values,
                           dt_error *err)
{
    int64_t width = s->x.width;
    uint8_t largest = 0;
    for (int64_t i = 0; i < n * width; i++)
        largest = values[i] > largest ? values[i] : largest;
    for (int64_t i = 0; i < n * width && largest > 1; i++)
        if (values[i] > 1)
            return dt_fail(err, DT_ERR_DATA,
                           "%s: \"%s\" has %d in row %lld, column %lld (counted from 0), but the "
                           "training was on uint8 with no value above 1: on other data than this, "
                           "or on this divided by 255",
                           s->path, s->x.name, values[i], (long long)(row + i / width),
                           (long long)(i % width));
    return DT_OK;
}

dt_code dt_data_file_read_x(dt_data_file *s, int64_t row, int64_t n, void *out, dt_error *err)
{
    bool bytes = s->x.is_bytes;
    float *values = out;
    if (dt_h5_array_read(&s->x, row, n, bytes ? DT_VALUES_BYTES : DT_VALUES_FLOAT, out, err) ||
        (!bytes && check_finite(s, &s->x, row, n, out, err)) ||
        (s->mapping.unit && check_unit(s, row, n, out, err)) ||
        (s->mapping.flags && check_flags(s, row, n, out, err)))
        return err->code;
    for (int64_t i = 0; s->divides && i < n * s->x.width; i++)
        values[i] /= 255.0f;
    return dt_mapping_order(s->mapping.column, s->x.width, bytes ? 1 : sizeof(float), n, out, err);
}

static dt_code no_such_class(const dt_data_file *s, int64_t row, double label, dt_error *err)
{
    return dt_fail(err, DT_ERR_DATA,
                   "%s: \"%s\" has %g in row %lld (counted from 0), but its attribute \"classes\" "
                   "names %lld classes, from 0",
                   s->path, s->y.name, label, (long long)row, (long long)s->mapping.classes);
}

/* Numbers of classes become the model's. */
static dt_code map_numbers(const dt_data_file *s, int64_t row, int64_t n, float *out, dt_error *err)
{
    const dt_mapping *m = &s->mapping;
    for (int64_t i = 0; i < n; i++) {
        if (out[i] < 0 || out[i] >= (float)m->classes || out[i] != floorf(out[i]))
            return no_such_class(s, row + i, (double)out[i], err);
        if (m->label)
            out[i] = (float)m->label[(int64_t)out[i]];
    }
    return DT_OK;
}

static dt_code read_targets(dt_data_file *s, int64_t row, int64_t n, float *out, dt_error *err)
{
    if (dt_h5_array_read(&s->y, row, n, DT_VALUES_FLOAT, out, err) ||
        check_finite(s, &s->y, row, n, out, err))
        return err->code;
    if (s->mapping.classes > 0 && s->y.is_integer)
        return map_numbers(s, row, n, out, err);
    return dt_mapping_order(s->mapping.target, s->y.width, sizeof(float), n, out, err);
}

static dt_code read_probabilities(dt_data_file *s, int64_t row, int64_t n, float *out,
                                  dt_error *err)
{
    int64_t width = s->y.width;
    if (read_targets(s, row, n, out, err))
        return err->code;
    for (int64_t i = 0; i < n * width; i++)
        if (out[i] < 0 || out[i] > 1)
            return dt_fail(err, DT_ERR_DATA,
                           "%s: \"%s\" has %g in row %lld, column %lld (counted from 0): the loss "
                           "bce takes 0 and 1",
                           s->path, s->y.name, (double)out[i], (long long)(row + i / width),
                           (long long)(i % width));
    return DT_OK;
}

static dt_code check_label(const dt_data_file *s, int64_t row, double label, dt_error *err)
{
    if (s->mapping.classes > 0 && label >= (double)s->mapping.classes)
        return no_such_class(s, row, label, err);
    const char *wrong = label < 0               ? "labels must not be negative"
                        : label != floor(label) ? "labels must be whole numbers"
                        : label > INT32_MAX - 1 ? "no model could hold a class for each up to it"
                                                : NULL;
    if (!wrong)
        return DT_OK;
    char text[32];
    snprintf(text, sizeof text, label == floor(label) && fabs(label) < 1e20 ? "%.0f" : "%.9g",
             label);
    return dt_fail(err, DT_ERR_DATA,
                   "%s: \"%s\" has the class label %s in row %lld (counted "
                   "from 0): %s; classes are 0, 1, 2, ...",
                   s->path, s->y.name, text, (long long)row, wrong);
}

/* Through float64: it holds every label that can be accepted, and what it rounds is refused. */
static dt_code read_labels(dt_data_file *s, int64_t row, int64_t n, int32_t *out, dt_error *err)
{
    enum { PIECE = 65536 };
    if (s->y.width != 1)
        return dt_fail(err, DT_ERR_SHAPE,
                       "%s: \"%s\" has %lld values a row; class labels are one: of one-hot rows or "
                       "probabilities take y.argmax(1); training with --loss bce answers %lld "
                       "questions by yes or no, with --loss mse it takes numbers",
                       s->path, s->y.name, (long long)s->y.width, (long long)s->y.width);
    const int64_t *class_of = s->mapping.label;
    double *label = dt_alloc(n < PIECE ? n : PIECE, sizeof *label, "class labels", err);
    for (int64_t i = 0; i < n && !err->code; i += PIECE) {
        int64_t piece = n - i < PIECE ? n - i : PIECE;
        dt_h5_array_read(&s->y, row + i, piece, DT_VALUES_DOUBLE, label, err);
        for (int64_t k = 0; k < piece && !err->code; k++) {
            if (!isfinite(label[k]))
                dt_fail(err, DT_ERR_DATA,
                        "%s: \"%s\" has NaN%s or an infinite value in row %lld "
                        "(counted from 0)",
                        s->path, s->y.name,
                        s->y.encoding.n_missing > 0 ? ", a missing value (see _FillValue)" : "",
                        (long long)(row + i + k));
            else if (!check_label(s, row + i + k, label[k], err))
                out[i + k] = (int32_t)(class_of ? class_of[(int64_t)label[k]] : (int64_t)label[k]);
        }
    }
    free(label);
    return err->code;
}

dt_y_kind dt_y_kind_of(dt_loss loss)
{
    return loss == DT_LOSS_CROSS_ENTROPY ? DT_Y_LABELS
           : loss == DT_LOSS_BCE         ? DT_Y_PROBABILITIES
                                         : DT_Y_TARGETS;
}

dt_code dt_data_file_read_y(dt_data_file *s, dt_y_kind kind, int64_t row, int64_t n, void *out,
                            dt_error *err)
{
    switch (kind) {
    case DT_Y_LABELS:
        return read_labels(s, row, n, out, err);
    case DT_Y_PROBABILITIES:
        return read_probabilities(s, row, n, out, err);
    default:
        return read_targets(s, row, n, out, err);
    }
}

void *dt_data_file_first_y(dt_data_file *s, dt_y_kind kind, dt_error *err)
{
    void *y = dt_alloc(s->y.width, sizeof(float), "a row of y", err);
    if (y && dt_data_file_read_y(s, kind, 0, 1, y, err)) {
        free(y);
        y = NULL;
    }
    return y;
}

void dt_unit_from_bytes(const uint8_t *restrict bytes, int64_t n, float *restrict out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)bytes[i] / 255.0f;
}
