#include "data/data_file.h"

#include "core/memory.h"
#include "data/columns.h"
#include "data/mapping.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct dt_data_file {
    dt_file_list x_files, y_files; /* y_files: empty if they are those of x */
    dt_columns *x, *y;             /* y: NULL if it is not read */
    dt_columns *weights;           /* NULL: there are none */
    bool accepts_gaps;             /* NaN in x is no error */
    bool mask_y, ignores;          /* missing values do not count, nor does a label: */
    double ignored;
    dt_names words;   /* the classes, if y is strings */
    dt_x_units units; /* of x, before it is known what a model takes */
    bool divides;     /* x is not bytes, and is divided by 255 */
    dt_data_file_info info;
    dt_mapping mapping;
    dt_schema_unused unused;
};

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
    s->info = (dt_data_file_info){.path = s->x_files.text,
                                  .y_path = of_y->text,
                                  .y_name = y ? y->name : NULL,
                                  .rows = x->rows,
                                  .features = x->width,
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
    if (s->y_files.n == 0 && dt_columns_overlap(s->x, s->y))
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
    s->ignores = spec->ignore_label != NULL;
    s->ignored = s->ignores ? strtod(spec->ignore_label, NULL) : 0;
    note_info(s);
    choose_scale(s, spec->x_scale);
    if (spec->y)
        check_pair(s, spec, err);
    if (world ? dt_world_agree(world, err) : err->code)
        return err->code;
    return s->info.y_is_text ? dt_columns_words(s->y, world, &s->words, err) : DT_OK;
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
    *schema = (dt_schema){.units = s->units};
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
    if (dt_mapping_broadcast(world, &s->mapping, s->info.features, s->info.y_width, err))
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
    return dt_columns_begin(s->x, files);
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

/* A file, by what the system calls it. */
typedef struct {
    dev_t device;
    ino_t number;
    const char *path;
} file_id;

static int compare_ids(const void *first, const void *second)
{
    const file_id *a = first, *b = second;
    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

const char *dt_data_file_find_common(const dt_data_file *a, const dt_data_file *b)
{
    struct stat info;
    dt_error none = {0};
    int64_t n = 0;
    const char *found = NULL;
    file_id *ids = dt_alloc(a->x_files.n, sizeof *ids, "the names of files", &none);
    for (int64_t i = 0; ids && i < a->x_files.n; i++)
        if (stat(a->x_files.path[i], &info) == 0)
            ids[n++] = (file_id){info.st_dev, info.st_ino, a->x_files.path[i]};
    if (n > 0)
        qsort(ids, (size_t)n, sizeof *ids, compare_ids);
    for (int64_t i = 0; n > 0 && i < b->x_files.n && !found; i++) {
        if (stat(b->x_files.path[i], &info))
            continue;
        file_id key = {info.st_dev, info.st_ino, NULL};
        const file_id *same = bsearch(&key, ids, (size_t)n, sizeof *ids, compare_ids);
        found = same ? b->x_files.path[i] : NULL;
    }
    free(ids);
    return found;
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

/* gaps: NaN is accepted; advice: what else can be done with it */
static dt_code check_finite(const dt_columns *c, int64_t row, int64_t n, const float *values,
                            bool gaps, const char *advice, dt_error *err)
{
    const dt_columns_info *info = dt_columns_get_info(c);
    if (all_finite(values, n * info->width))
        return DT_OK;
    int64_t i = 0;
    while (i < n * info->width && (isfinite(values[i]) || (gaps && isnan(values[i]))))
        i++;
    if (i == n * info->width)
        return DT_OK;
    dt_columns_place at = dt_columns_find(c, row + i / info->width, i % info->width);
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
    int64_t width = s->info.features;
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
    int64_t width = s->info.features;
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

dt_code dt_data_file_read_x(dt_data_file *s, int64_t row, int64_t n, void *out, dt_error *err)
{
    bool bytes = s->info.x_is_bytes;
    float *values = out;
    if (dt_columns_read(s->x, row, n, bytes ? DT_VALUES_BYTES : DT_VALUES_FLOAT, out, err) ||
        (!bytes &&
         check_finite(s->x, row, n, out, s->accepts_gaps, ", or train with --missing mean", err)) ||
        (s->mapping.unit && check_unit(s, row, n, out, err)) ||
        (s->mapping.flags && check_flags(s, row, n, out, err)))
        return err->code;
    for (int64_t i = 0; s->divides && i < n * s->info.features; i++)
        values[i] /= 255.0f;
    return dt_mapping_order(s->mapping.column, s->info.features, bytes ? 1 : sizeof(float), n, out,
                            err);
}

static dt_code no_such_class(const dt_data_file *s, int64_t row, double label, dt_error *err)
{
    dt_columns_place at = dt_columns_find(s->y, row, 0);
    return dt_fail(err, DT_ERR_DATA,
                   "%s: \"%s\" has %g in row %lld (counted from 0), but its attribute \"classes\" "
                   "names %lld classes, from 0",
                   at.path, at.name, label, at.row, (long long)s->mapping.classes);
}

/* Numbers of classes become the model's. */
static dt_code map_numbers(const dt_data_file *s, int64_t row, int64_t n, float *out, dt_error *err)
{
    const dt_mapping *m = &s->mapping;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(out[i]))
            continue;
        if (out[i] < 0 || out[i] >= (float)m->classes || out[i] != floorf(out[i]))
            return no_such_class(s, row + i, (double)out[i], err);
        if (m->label)
            out[i] = (float)m->label[(int64_t)out[i]];
    }
    return DT_OK;
}

/* Strings become the numbers of their classes. */
typedef struct {
    const dt_data_file *s;
    int64_t row; /* of label[0] */
    int32_t *label;
    int64_t unknown; /* the first row with a string that was not there before; -1: none */
} word_reader;

static int compare_words(const void *key, const void *entry)
{
    return strcmp(key, *(char *const *)entry);
}

static void take_word(int64_t row, const char *word, void *data)
{
    word_reader *r = data;
    char *const *found = bsearch(word, r->s->words.name, (size_t)r->s->words.n,
                                 sizeof *r->s->words.name, compare_words);
    if (!found && r->unknown < 0)
        r->unknown = row;
    r->label[row - r->row] = found ? (int32_t)(found - r->s->words.name) : 0;
}

static dt_code read_words(dt_data_file *s, int64_t row, int64_t n, int32_t *label, dt_error *err)
{
    word_reader r = {s, row, label, -1};
    if (dt_columns_visit(s->y, row, n, take_word, &r, err))
        return err->code;
    if (r.unknown >= 0) {
        dt_columns_place at = dt_columns_find(s->y, r.unknown, 0);
        return dt_fail(err, DT_ERR_DATA, "%s: \"%s\" has changed since it was opened (row %lld)",
                       at.path, at.name, at.row);
    }
    for (int64_t i = 0; i < n && s->mapping.label; i++)
        label[i] = (int32_t)s->mapping.label[label[i]];
    return DT_OK;
}

static dt_code read_targets(dt_data_file *s, int64_t row, int64_t n, float *out, dt_error *err)
{
    if (s->info.y_is_text) {
        dt_columns_place at = dt_columns_find(s->y, row, 0);
        return dt_fail(
            err, DT_ERR_DATA,
            "%s: dataset \"%s\" holds strings, which are classes: integers or floats are "
            "needed for this loss",
            at.path, at.name);
    }
    if (dt_columns_read(s->y, row, n, DT_VALUES_FLOAT, out, err) ||
        check_finite(s->y, row, n, out, s->mask_y, ", or --missing-y mask leaves it out", err))
        return err->code;
    if (s->mapping.classes > 0 && s->info.y_is_integer)
        return map_numbers(s, row, n, out, err);
    return dt_mapping_order(s->mapping.target, s->info.y_width, sizeof(float), n, out, err);
}

static dt_code read_probabilities(dt_data_file *s, int64_t row, int64_t n, float *out,
                                  dt_error *err)
{
    int64_t width = s->info.y_width;
    if (read_targets(s, row, n, out, err))
        return err->code;
    for (int64_t i = 0; i < n * width; i++) {
        if ((out[i] >= 0 && out[i] <= 1) || isnan(out[i]))
            continue;
        dt_columns_place at = dt_columns_find(s->y, row + i / width, i % width);
        return dt_fail(err, DT_ERR_DATA,
                       "%s: \"%s\" has %g in row %lld, column %lld (counted from 0): the loss "
                       "bce takes 0 and 1",
                       at.path, at.name, (double)out[i], at.row, at.column);
    }
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
    dt_columns_place at = dt_columns_find(s->y, row, 0);
    snprintf(text, sizeof text, label == floor(label) && fabs(label) < 1e20 ? "%.0f" : "%.9g",
             label);
    return dt_fail(err, DT_ERR_DATA,
                   "%s: \"%s\" has the class label %s in row %lld (counted "
                   "from 0): %s; classes are 0, 1, 2, ...",
                   at.path, at.name, text, at.row, wrong);
}

/* Which of the values of a one-hot row is 1. */
static dt_code find_one(const dt_data_file *s, int64_t row, const double *values, double *label,
                        dt_error *err)
{
    int64_t ones = 0, zeros = 0, width = s->info.y_width;
    for (int64_t c = 0; c < width; c++) {
        if (values[c] == 1)
            *label = (double)c;
        ones += values[c] == 1;
        zeros += values[c] == 0;
    }
    if (ones == 1 && zeros == width - 1)
        return DT_OK;
    dt_columns_place at = dt_columns_find(s->y, row, 0);
    return dt_fail(
        err, DT_ERR_DATA,
        "%s: \"%s\" has %lld values a row, and row %lld (counted from 0) is not one 1 "
        "among zeros, as a class is: --loss bce answers %lld questions by yes or no, and "
        "--loss mse takes numbers",
        at.path, at.name, (long long)width, at.row, (long long)width);
}

static dt_code check_labels(dt_data_file *s, int64_t row, int64_t n, const double *value,
                            int32_t *out, dt_error *err)
{
    const int64_t *class_of = s->mapping.label;
    int64_t width = s->info.y_width;
    for (int64_t k = 0; k < n && !err->code; k++) {
        double label = value[k * width];
        if ((s->mask_y && isnan(label)) || (s->ignores && width == 1 && label == s->ignored)) {
            out[k] = -1;
        } else if (!isfinite(label)) {
            dt_columns_place at = dt_columns_find(s->y, row + k, 0);
            dt_fail(err, DT_ERR_DATA,
                    "%s: \"%s\" has NaN%s or an infinite value in row %lld "
                    "(counted from 0)",
                    at.path, at.name,
                    dt_columns_get_info(s->y)->has_missing ? ", a missing value (see _FillValue)"
                                                           : "",
                    at.row);
        } else if (!(width > 1 && find_one(s, row + k, value + k * width, &label, err)) &&
                   !check_label(s, row + k, label, err)) {
            out[k] = (int32_t)(class_of ? class_of[(int64_t)label] : (int64_t)label);
        }
    }
    return err->code;
}

/* Through float64: it holds every label that can be accepted, and what it rounds is refused. */
static dt_code read_labels(dt_data_file *s, int64_t row, int64_t n, int32_t *out, dt_error *err)
{
    enum { PIECE = 65536 };
    if (s->info.y_is_text)
        return read_words(s, row, n, out, err);
    double *label =
        dt_alloc((n < PIECE ? n : PIECE) * s->info.y_width, sizeof *label, "class labels", err);
    for (int64_t i = 0; i < n && !err->code; i += PIECE) {
        int64_t piece = n - i < PIECE ? n - i : PIECE;
        if (!dt_columns_read(s->y, row + i, piece, DT_VALUES_DOUBLE, label, err))
            check_labels(s, row + i, piece, label, out + i, err);
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

static dt_code read_values(dt_data_file *s, dt_y_kind kind, int64_t row, int64_t n, void *out,
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

/* Put a weight behind each row of y, which lie one behind the other.
 *   width  values of 4 bytes in a row of y */
static dt_code append_weights(dt_data_file *s, int64_t row, int64_t n, int64_t width, float *out,
                              dt_error *err)
{
    float *weight = dt_alloc(n, sizeof *weight, "weights", err);
    if (weight && !dt_columns_read(s->weights, row, n, DT_VALUES_FLOAT, weight, err) &&
        !check_finite(s->weights, row, n, weight, false, "", err))
        for (int64_t i = n - 1; i >= 0; i--) {
            memmove(out + i * (width + 1), out + i * width, (size_t)width * sizeof *out);
            out[i * (width + 1) + width] = weight[i];
        }
    free(weight);
    return err->code;
}

dt_code dt_data_file_read_y(dt_data_file *s, dt_y_kind kind, int64_t row, int64_t n, void *out,
                            dt_error *err)
{
    if (read_values(s, kind, row, n, out, err) || !s->weights)
        return err->code;
    return append_weights(s, row, n, kind == DT_Y_LABELS ? 1 : s->info.y_width, out, err);
}

void *dt_data_file_first_y(dt_data_file *s, dt_y_kind kind, dt_error *err)
{
    void *y = dt_alloc(s->info.y_width + 1, sizeof(float), "a row of y", err);
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
