#include <dtrain/info.h>

#include "checkpoint/checkpoint.h"
#include "core/memory.h"
#include "core/wrap.h"
#include "data/data_file.h"
#include "data/describe.h"
#include "data/scan.h"
#include "file/h5.h"
#include "report/format.h"

#include <string.h>

enum {
    CLASSES_SHOWN = 20,
    COLUMNS_SHOWN = 60,
    MANY_CLASSES = 100,
    TARGET_TEXT = 512,
    INDENT = 2 /* columns, of a line that goes on */
};

static const char hardly[] = "probably no classes;", wants_mse[] = "numbers want --loss mse";

/* How training would take y. */
typedef struct {
    bool y_is_label; /* integers, one a row */
    bool named;      /* its classes have names */
} use;

/* ---- Values --------------------------------------------------------------------------------- */

/* named: the classes have names */
static void print_classes(const dt_scan *s, const char *name, bool named, FILE *to)
{
    int64_t empty = 0;
    for (int64_t i = 0; i < s->classes; i++)
        empty += s->count[i] == 0;
    int at = fprintf(to, "%s: classes 0 to %lld", name, (long long)s->classes - 1);
    if (empty)
        at += fprintf(to, ", %lld of them without a sample", (long long)empty);
    char text[CLASSES_SHOWN * 24] = "; samples of each:";
    size_t used = strlen(text);
    for (int64_t c = 0; c < s->classes && c < CLASSES_SHOWN; c++)
        used += (size_t)snprintf(text + used, sizeof text - used, " %lld", (long long)s->count[c]);
    dt_print_wrapped(text, NULL, at, INDENT, DT_WRAP_COLUMNS, to);
    fputs(s->classes > CLASSES_SHOWN ? " ...\n" : "\n", to);
    if (!named && (empty || s->classes > MANY_CLASSES))
        fprintf(to, "%s: %s %s\n", name, hardly, wants_mse);
}

static void print_range(const dt_scan *s, const char *name, FILE *to)
{
    if (s->never_written) {
        fprintf(to, "%s: never written: each value is the fill value\n", name);
        return;
    }
    char text[2][DT_LOSS_TEXT];
    if (s->low <= s->high)
        fprintf(to, "%s: from %s to %s; ", name, dt_format_float(text[0], (float)s->low),
                dt_format_float(text[1], (float)s->high));
    else
        fprintf(to, "%s: no finite value; ", name);
    if (s->low <= s->high && s->is_bytes)
        fprintf(to, "divided by 255 from %.4g to %.4g; ", s->low / 255, s->high / 255);
    if (s->nan + s->infinite == 0)
        fputs("none is NaN or infinite\n", to);
    else
        fprintf(to, "%lld NaN, %lld infinite (as float32) of %lld: training refuses them\n",
                (long long)s->nan, (long long)s->infinite, (long long)s->values);
}

static void print_cost(const dt_scan *x, const dt_scan *y, FILE *to)
{
    char text[3][16];
    double seconds = x->seconds + y->seconds, file = (double)(x->file_bytes + y->file_bytes);
    double bytes = (double)(x->bytes + y->bytes);
    char line[256], part[64] = "", speed[48] = "", time[32] = "under 0.01 s";
    if (bytes > file * 1.01)
        snprintf(part, sizeof part, ", %s unpacked", dt_format_bytes(bytes, text[1]));
    if (seconds >= 0.01)
        snprintf(time, sizeof time, seconds < 10 ? "%.2f s" : "%.0f s", seconds);
    if (seconds > 0)
        snprintf(speed, sizeof speed, " (%s/s)", dt_format_bytes(bytes / seconds, text[2]));
    snprintf(line, sizeof line,
             "An epoch from the file: %s to read%s; %s%s here and now in one process. Data that "
             "fits into memory is read once",
             dt_format_bytes(file, text[0]), part, time, speed);
    dt_print_wrapped(line, NULL, 0, INDENT, DT_WRAP_COLUMNS, to);
    fputc('\n', to);
}

static void print_y(const dt_scan *s, const char *name, const use *u, FILE *to)
{
    if (s->is_labels && !s->never_written)
        print_classes(s, name, u->named, to);
    else
        print_range(s, name, to);
    if (u->y_is_label && !s->is_labels && s->low <= s->high)
        fprintf(to, "%s: %s %s\n", name,
                s->low < 0 ? "no classes, which are 0, 1, 2, ...;" : hardly, wants_mse);
}

/* The columns of x, a line for each, if there are not too many. */
static void print_columns(const dt_scan *s, const dt_names *names, FILE *to)
{
    char text[3][DT_LOSS_TEXT];
    if (s->columns < 2 || s->columns > COLUMNS_SHOWN || s->is_bytes)
        return;
    fprintf(to, "%12s %12s %12s %12s  column\n", "min", "max", "mean", "missing");
    for (int64_t c = 0; c < s->columns; c++) {
        const dt_scan_column *k = &s->column[c];
        if (k->n > 0)
            fprintf(to, "%12s %12s %12s %12lld  ", dt_format_float(text[0], (float)k->low),
                    dt_format_float(text[1], (float)k->high),
                    dt_format_float(text[2], (float)(k->sum / (double)k->n)),
                    (long long)k->missing);
        else
            fprintf(to, "%12s %12s %12s %12lld  ", "", "", "", (long long)k->missing);
        if (c < names->n)
            fprintf(to, "%s\n", names->name[c]);
        else
            fprintf(to, "%lld\n", (long long)c);
    }
}

static dt_code print_values(dt_data_file *file, const use *u, FILE *to, dt_error *err)
{
    dt_scan of_x, of_y = {0};
    dt_columns *x = dt_data_file_x(file), *y = dt_data_file_y(file);
    dt_schema schema = {0};
    fflush(to); /* a large file takes a while */
    if (!dt_scan_columns(&of_x, x, false, NULL, err) && !dt_data_file_schema(file, &schema, err)) {
        print_range(&of_x, dt_columns_get_info(x)->name, to);
        print_columns(&of_x, &schema.columns, to);
        if (y && !dt_scan_columns(&of_y, y, true, dt_data_file_words(file), err))
            print_y(&of_y, dt_columns_get_info(y)->name, u, to);
        if (!err->code)
            print_cost(&of_x, &of_y, to);
    }
    dt_schema_free(&schema);
    dt_scan_free(&of_x);
    dt_scan_free(&of_y);
    return err->code;
}

/* ---- A data set ----------------------------------------------------------------------------- */

/* How training would take y, as the end of a line; y: NULL: there is none. */
static void target_text(char text[TARGET_TEXT], const dt_data_file_info *f, const char *y)
{
    if (!y)
        snprintf(text, TARGET_TEXT, "no target, which only predict does without");
    else if (f->y_is_text)
        snprintf(text, TARGET_TEXT, "%s is strings: classes", y);
    else if (!f->y_is_integer)
        snprintf(text, TARGET_TEXT, "%s is float: regression", y);
    else if (f->y_width == 1)
        snprintf(text, TARGET_TEXT, "%s is integer: classes", y);
    else
        snprintf(text, TARGET_TEXT,
                 "%s is integer, %lld values a row: classes if one of them is 1; %s, yes and no "
                 "--loss bce",
                 y, (long long)f->y_width, wants_mse);
}

/* How training would take the file; y: NULL: there is none. */
static dt_code print_use(dt_data_file *source, const char *y, use *u, FILE *to, dt_error *err)
{
    const dt_data_file_info *f = dt_data_file_get_info(source);
    char rows[DT_COUNT_TEXT], features[DT_COUNT_TEXT];
    *u = (use){.y_is_label = f->y_is_integer && f->y_width == 1,
               .named = f->classes > 0 || f->y_is_text};
    char target[TARGET_TEXT], line[TARGET_TEXT + 256];
    target_text(target, f, y);
    snprintf(line, sizeof line, "Data set: %s of %s%s; %s",
             dt_format_count(rows, f->rows, "sample"),
             dt_format_count(features, f->features, "feature"),
             f->x_is_bytes ? " (uint8, divided by 255)" : "", target);
    dt_print_wrapped(line, ";", 0, INDENT, DT_WRAP_COLUMNS, to);
    fputc('\n', to);
    dt_schema schema;
    if (!dt_data_file_schema(source, &schema, err))
        dt_schema_print(&schema, 0, to);
    for (int i = 0; i < DT_SCHEMA_LISTS; i++)
        if (dt_data_file_unused(source, i)[0])
            fprintf(to, "Warning: %s\n", dt_data_file_unused(source, i));
    dt_schema_free(&schema);
    return err->code;
}

static dt_code describe_data(hid_t file, const char *path, const dt_file_list *list,
                             const dt_info_options *o, FILE *to, dt_error *err)
{
    const char *x = o->x ? o->x : "x", *y = o->y ? o->y : "y";
    dt_error unfit = {0};
    use u = {0};
    dt_data_file *source = NULL;
    if (!o->y && !o->y_data && H5Lexists(file, y, H5P_DEFAULT) == 0 &&
        (o->x || H5Lexists(file, x, H5P_DEFAULT) > 0))
        y = NULL;
    dt_data_spec spec = {
        .path = list->text, .x = x, .y = y, .y_path = o->y_data, .transposed = o->transpose};
    if (!dt_data_file_open_alone(&source, &spec, &unfit))
        print_use(source, y, &u, to, &unfit);
    if (unfit.code && (o->x || o->y))
        dt_fail(err, unfit.code, "%s", unfit.text);
    else if (unfit.code)
        fprintf(to, "Not to be trained on as it is: %s\n", unfit.text);
    if (list->n > 1 && !err->code)
        fprintf(to, "%lld files; the first of them is %s:\n", (long long)list->n, path);
    if (!err->code && !dt_describe_data(file, path, to, err) && !unfit.code && !o->no_values)
        print_values(source, &u, to, err);
    dt_data_file_close(source);
    return err->code;
}

dt_code dt_info(const char *path, const dt_info_options *options, FILE *to, dt_error *err)
{
    dt_file_list list;
    hid_t file = -1;
    if (!dt_file_list_find(&list, path, err))
        file = dt_h5_open(list.path[0], err);
    if (file >= 0 && dt_checkpoint_is_one(file))
        dt_checkpoint_describe(file, list.path[0], to, err);
    else if (file >= 0)
        describe_data(file, list.path[0], &list, options, to, err);
    if (file >= 0)
        H5Fclose(file);
    dt_file_list_free(&list);
    dt_h5_restore();
    return err->code;
}
