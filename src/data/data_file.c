#include "data/data_file.h"

#include "core/memory.h"
#include "data/data_file_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Opening -------------------------------------------------------------------------------- */

/* Find out whether x is divided by 255. */
static void choose_scale(dt_data_file *s, dt_x_scale scale)
{
    bool is_bytes = s->info.x_is_bytes;
    s->units = scale == DT_X_SCALE_NONE  ? DT_X_AS_IS
               : scale == DT_X_SCALE_255 ? DT_X_DIVIDED
               : is_bytes                ? DT_X_BYTES
                                         : DT_X_NUMBERS;
    s->info.x_is_bytes = is_bytes && s->units != DT_X_AS_IS;
    s->divides = s->units == DT_X_DIVIDED && !is_bytes;
}

static void note_info(dt_data_file *s)
{
    const dt_columns_info *x = dt_columns_get_info(s->x);
    const dt_columns_info *y = s->y ? dt_columns_get_info(s->y) : NULL;
    const dt_file_list *of_y = s->y_files.n > 0 ? &s->y_files : &s->x_files;
    s->width = x->width;
    s->info = (dt_data_file_info){.path = s->x_files.text,
                                  .y_path = of_y->text,
                                  .y_name = y ? y->name : NULL,
                                  .rows = x->rows,
                                  .features = x->width * dt_sequence_rows(&s->sequence),
                                  .length = dt_sequence_rows(&s->sequence),
                                  .stride = s->sequence.length > 0 ? s->sequence.stride : 1,
                                  .x_is_bytes = x->is_bytes,
                                  .y_width = y ? y->width : 0,
                                  .y_is_integer = y && (y->is_integer || y->is_text),
                                  .y_is_text = y && y->is_text,
                                  .weighted = s->weights != NULL,
                                  .masked = s->mask_y || s->ignores,
                                  .chunk_rows = x->chunk_rows};
}

/* x and y have the same rows, and different columns. */
static dt_code check_pair(const dt_data_file *s, const dt_data_spec *spec, dt_error *err)
{
    bool turned = !spec->transposed && dt_columns_are_from_matlab(s->x);
    if (dt_columns_check_rows(s->x, s->y, err)) {
        dt_error why = *err;
        *err = (dt_error){0};
        return dt_fail(err, why.code, "%s%s", why.text,
                       turned ? "; MATLAB writes dimensions in reversed order: --transpose" : "");
    }
    bool forecasts = s->sequence.length > 0 && s->sequence.horizon > 0; /* later rows of them */
    if (s->y_files.n == 0 && !forecasts && dt_columns_overlap(s->x, s->y))
        return dt_fail(
            err, DT_ERR_DATA,
            "%s: the target \"%s\" is among the inputs \"%s\": leave it out of them, as "
            "--x data[:-1] --y data[-1] (if it is meant so, name the file with --y-data)",
            s->info.path, spec->y, spec->x);
    return DT_OK;
}

/* world: NULL: one process alone */
static dt_code find_files(dt_file_list *list, const dt_world *world, const char *data,
                          dt_error *err)
{
    return world ? dt_file_list_find_all(list, world, data, err)
                 : dt_file_list_find(list, data, err);
}

static dt_code open_weights(dt_data_file *s, const dt_world *world, const dt_file_list *files,
                            const dt_data_spec *spec, dt_error *err)
{
    dt_columns_spec of = {
        .option = "--weights", .names = spec->weights, .transposed = spec->transposed};
    if (dt_columns_open(&s->weights, world, files, &of, err))
        return err->code;
    if (dt_columns_get_info(s->weights)->width != 1)
        return dt_fail(err, DT_ERR_SHAPE, "%s: \"%s\" has %lld values a row; a weight is one",
                       files->text, spec->weights,
                       (long long)dt_columns_get_info(s->weights)->width);
    return dt_columns_check_rows(s->y, s->weights, err);
}

/* A label that does not count is a number; strings and one-hot rows have none. */
static dt_code read_ignored(dt_data_file *s, const char *label, dt_error *err)
{
    const dt_columns_info *y = dt_columns_get_info(s->y);
    char *end = NULL;
    if (!label)
        return DT_OK;
    s->ignores = true;
    s->ignored = (double)strtoll(label, &end, 10);
    if (end == label || *end)
        return dt_fail(err, DT_ERR_USAGE, "--ignore-label %s: expected a whole number", label);
    if (y->is_text || y->width > 1)
        return dt_fail(err, DT_ERR_USAGE,
                       "--ignore-label %s: \"%s\" has %s; expected one label a row, a number",
                       label, y->name, y->is_text ? "strings" : "several values a row");
    return DT_OK;
}

static dt_code open_columns(dt_data_file *s, const dt_world *world, const dt_data_spec *spec,
                            dt_error *err)
{
    dt_columns_spec x = {
        .option = "--x", .names = spec->x, .large = true, .transposed = spec->transposed};
    dt_columns_spec y = {
        .option = "--y", .names = spec->y, .text = true, .transposed = spec->transposed};
    if (find_files(&s->x_files, world, spec->path, err) ||
        dt_columns_open(&s->x, world, &s->x_files, &x, err))
        return err->code;
    if (spec->y && spec->y_path && find_files(&s->y_files, world, spec->y_path, err))
        return err->code;
    const dt_file_list *of_y = s->y_files.n > 0 ? &s->y_files : &s->x_files;
    if ((spec->y && dt_columns_open(&s->y, world, of_y, &y, err)) ||
        (spec->y && spec->weights && open_weights(s, world, of_y, spec, err)))
        return err->code;
    s->mask_y = spec->mask_y;
    s->drop_x = spec->drop_x;
    s->sequence = spec->sequence;
    s->drop_y = spec->y && spec->drop_y;
    if (spec->y && read_ignored(s, spec->ignore_label, err))
        return err->code; /* every rank has the same columns and options */
    note_info(s);
    choose_scale(s, spec->x_scale);
    if (spec->y)
        check_pair(s, spec, err);
    if (world ? dt_world_agree(world, err) : err->code)
        return err->code;
    if (s->info.y_is_text && dt_columns_words(s->y, world, &s->words, err))
        return err->code;
    if (s->drop_x || s->drop_y || s->sequence.length > 0)
        return dt_data_file_find_samples(s, world, err);
    return DT_OK;
}

static dt_code open_source(dt_data_file **file, const dt_world *world, const dt_data_spec *spec,
                           dt_error *err)
{
    dt_data_file *s = calloc(1, sizeof *s);
    *file = s;
    if (!s)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for opening %s", spec->path);
    if (world ? dt_world_agree(world, err) : err->code) {
        dt_data_file_close(s);
        *file = NULL;
        return err->code;
    }
    if (open_columns(s, world, spec, err)) {
        dt_data_file_close(s);
        *file = NULL;
    }
    return err->code;
}

dt_code dt_data_file_open(dt_data_file **file, const char *path, const char *x, const char *y,
                          dt_error *err)
{
    return open_source(file, NULL, &(dt_data_spec){.path = path, .x = x, .y = y}, err);
}

dt_code dt_data_file_open_alone(dt_data_file **file, const dt_data_spec *spec, dt_error *err)
{
    return open_source(file, NULL, spec, err);
}

dt_code dt_data_file_open_all(dt_data_file **file, const dt_world *world, const dt_data_spec *spec,
                              dt_error *err)
{
    return open_source(file, world, spec, err);
}

/* ---- What the columns mean ------------------------------------------------------------------ */

dt_code dt_data_file_schema(dt_data_file *s, dt_schema *schema, dt_error *err)
{
    *schema = (dt_schema){.units = s->units, .sequence = s->sequence};
    s->unused = (dt_schema_unused){0};
    if (dt_columns_names(s->x, &schema->columns, s->unused.line[0], err) || !s->y ||
        dt_columns_names(s->y, &schema->targets, s->unused.line[1], err))
        return err->code;
    if (s->info.y_is_text)
        return dt_names_copy(&schema->classes, &s->words, err);
    return dt_columns_classes(s->y, &schema->classes, s->unused.line[2], err);
}

/* On rank 0. */
static dt_code map_source(dt_data_file *s, const dt_schema *model, const char *whose,
                          dt_schema *own, dt_error *err)
{
    dt_mapping_sides sides = {.path = s->info.path,
                              .x = dt_columns_get_info(s->x)->name,
                              .y = s->y ? s->info.y_name : "",
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
    if (dt_mapping_broadcast(world, &s->mapping, s->width, s->info.y_width, err))
        return err->code;
    s->info.classes = s->mapping.model_classes;
    if (s->mapping.raw)
        s->info.x_is_bytes = false;
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
    return dt_columns_chunks_read(file->x);
}

const char *dt_data_file_path(const dt_data_file *s, int64_t i)
{
    if (i < s->x_files.n)
        return s->x_files.path[i];
    return i - s->x_files.n < s->y_files.n ? s->y_files.path[i - s->x_files.n] : NULL;
}

const int64_t *dt_data_file_begin(const dt_data_file *s, int64_t *files)
{
    if (s->samples.rows == 0)
        return dt_columns_begin(s->x, files);
    *files = s->samples.files;
    return s->samples.begin;
}

const int64_t *dt_data_file_row_begin(const dt_data_file *s, int64_t *files)
{
    return dt_columns_begin(s->x, files);
}

const dt_sample_map *dt_data_file_samples(const dt_data_file *s)
{
    return &s->samples;
}

dt_columns *dt_data_file_x(dt_data_file *s)
{
    return s->x;
}

dt_columns *dt_data_file_y(dt_data_file *s)
{
    return s->y;
}

const dt_names *dt_data_file_words(const dt_data_file *s)
{
    return &s->words;
}

const char *dt_data_file_find_common(const dt_data_file *a, const dt_data_file *b)
{
    return dt_file_list_find_common(&a->x_files, &b->x_files);
}

bool dt_data_file_share_columns(const dt_data_file *a, const dt_data_file *b)
{
    return dt_columns_overlap(a->x, b->x);
}

void dt_data_file_close(dt_data_file *s)
{
    if (!s)
        return;
    dt_columns_close(s->x);
    dt_columns_close(s->y);
    dt_columns_close(s->weights);
    dt_file_list_free(&s->x_files);
    dt_file_list_free(&s->y_files);
    dt_names_free(&s->words);
    dt_mapping_free(&s->mapping);
    dt_sample_map_free(&s->samples);
    free(s);
}

/* ---- Reading -------------------------------------------------------------------------------- */

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

dt_code dt_data_file_check_finite(const dt_data_file *s, const dt_columns *c, int64_t row,
                                  int64_t n, const float *values, bool gaps, bool samples,
                                  const char *advice, dt_error *err)
{
    const dt_columns_info *info = dt_columns_get_info(c);
    if (all_finite(values, n * info->width))
        return DT_OK;
    int64_t i = 0;
    while (i < n * info->width && (isfinite(values[i]) || (gaps && isnan(values[i]))))
        i++;
    if (i == n * info->width)
        return DT_OK;
    int64_t at_row = row + i / info->width;
    dt_columns_place at =
        dt_columns_find(c, samples ? dt_data_file_target_row(s, at_row) : at_row, i % info->width);
    return dt_fail(err, DT_ERR_DATA,
                   "%s: \"%s\" has %s in row %lld, column %lld (counted from 0); clean the data "
                   "first%s",
                   at.path, at.name,
                   !isnan(values[i])   ? "an infinite value (as float32)"
                   : info->has_missing ? "NaN or a missing value (see _FillValue)"
                                       : "NaN",
                   at.row, at.column, isnan(values[i]) ? advice : "");
}

/* Of a model that knows bytes divided by 255. */
static dt_code check_unit(const dt_data_file *s, int64_t row, int64_t n, const float *values,
                          dt_error *err)
{
    int64_t width = s->width;
    for (int64_t i = 0; i < n * width; i++) {
        if ((values[i] >= 0 && values[i] <= 1) || isnan(values[i]))
            continue;
        dt_columns_place at = dt_columns_find(s->x, row + i / width, i % width);
        return dt_fail(err, DT_ERR_DATA,
                       "%s: \"%s\" has %g in row %lld, column %lld (counted from 0), but the "
                       "training was on uint8 divided by 255, from 0 to 1: store it as "
                       "uint8, or divide it by 255",
                       at.path, at.name, (double)values[i], at.row, at.column);
    }
    return DT_OK;
}

/* Of a model that knows bytes too, but none above 1. To it a picture is 255 times too bright. */
static dt_code check_flags(const dt_data_file *s, int64_t row, int64_t n, const uint8_t *values,
                           dt_error *err)
{
    int64_t width = s->width;
    uint8_t largest = 0;
    for (int64_t i = 0; i < n * width; i++)
        largest = values[i] > largest ? values[i] : largest;
    for (int64_t i = 0; i < n * width && largest > 1; i++) {
        if (values[i] <= 1)
            continue;
        dt_columns_place at = dt_columns_find(s->x, row + i / width, i % width);
        return dt_fail(err, DT_ERR_DATA,
                       "%s: \"%s\" has %d in row %lld, column %lld (counted from 0), but the "
                       "training was on uint8 with no value above 1: on other data than this, "
                       "or on this divided by 255",
                       at.path, at.name, values[i], at.row, at.column);
    }
    return DT_OK;
}

void dt_data_file_accept_gaps(dt_data_file *s)
{
    s->accepts_gaps = true;
}

dt_code dt_data_file_read_x_rows(dt_data_file *s, int64_t row, int64_t n, void *out, dt_error *err)
{
    bool bytes = s->info.x_is_bytes;
    size_t row_bytes = (size_t)s->width * (bytes ? 1 : sizeof(float));
    float *values = out;
    if (dt_columns_read(s->x, row, n, bytes ? DT_VALUES_BYTES : DT_VALUES_FLOAT, out, err))
        return err->code;
    if (s->samples.rows > 0)
        dt_data_file_blank_unused(s, row, n, row_bytes, out);
    if ((!bytes && dt_data_file_check_finite(s, s->x, row, n, out, s->accepts_gaps, false,
                                             ", or train with --missing mean or drop", err)) ||
        (s->mapping.unit && check_unit(s, row, n, out, err)) ||
        (s->mapping.flags && check_flags(s, row, n, out, err)))
        return err->code;
    for (int64_t i = 0; s->divides && i < n * s->width; i++)
        values[i] /= 255.0f;
    return dt_mapping_order(s->mapping.column, s->width, bytes ? 1 : sizeof(float), n, out, err);
}

dt_code dt_data_file_read_x(dt_data_file *s, int64_t sample, int64_t n, void *out, dt_error *err)
{
    if (s->samples.rows == 0)
        return dt_data_file_read_x_rows(s, sample, n, out, err);
    return dt_data_file_read_x_samples(s, sample, n, out, err);
}

void dt_unit_from_bytes(const uint8_t *restrict bytes, int64_t n, float *restrict out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)bytes[i] / 255.0f;
}
