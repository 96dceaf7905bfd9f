#include <dtrain/convert.h>

#include "core/line.h"
#include "data/import/array.h"
#include "data/import/csv.h"
#include "data/import/writer.h"
#include "file/h5.h"
#include "file/output.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dt_code finish_file(dt_writer *writer, dt_code code, dt_error *err)
{
    if (!code)
        code = dt_writer_commit(writer, err);
    dt_writer_close(writer);
    dt_h5_restore();
    return code;
}

/* ---- Tables --------------------------------------------------------------------------------- */

/* Text that is written while a table is read, and told when the data set is there. */
typedef struct {
    char *text;
    size_t length;
    FILE *file;
} note;

static bool open_notes(note *summary, note *warnings)
{
    *summary = *warnings = (note){.text = NULL};
    summary->file = open_memstream(&summary->text, &summary->length);
    warnings->file = open_memstream(&warnings->text, &warnings->length);
    return summary->file && warnings->file;
}

static void close_note(note *n)
{
    if (n->file)
        fclose(n->file);
    free(n->text);
}

static void print_notes(note *summary, note *warnings, const dt_convert_notes *notes)
{
    if (fflush(summary->file) == 0 && notes && notes->to)
        fputs(summary->text, notes->to);
    if (fflush(warnings->file) != 0 || !notes || !notes->warn)
        return;
    char *rest = NULL;
    for (char *line = strtok_r(warnings->text, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest))
        notes->warn(line);
}

static dt_code convert_table(const char *table, const char *out, const dt_table_request *request,
                             const dt_convert_notes *notes, dt_error *err)
{
    dt_writer writer = {0};
    note summary, warnings;
    dt_code code = open_notes(&summary, &warnings)
                       ? DT_OK
                       : dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", table);
    if (!code)
        code = dt_writer_create(&writer, out, err);
    if (!code)
        code =
            dt_csv_copy(table, request, &writer,
                        &(dt_csv_notes){.summary = summary.file, .warnings = warnings.file}, err);
    code = finish_file(&writer, code, err);
    if (!code)
        print_notes(&summary, &warnings, notes);
    close_note(&summary);
    close_note(&warnings);
    return code;
}

static dt_code convert_with(const char *table, const char *out, const dt_table_request *request,
                            const dt_convert_notes *notes, dt_error *err)
{
    dt_code code = dt_output_check_input(out, table, err);
    if (code)
        return code;
    /* Numbers in files have a point, whatever the user's language; for this thread only. */
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!plain)
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", table);
    locale_t before = uselocale(plain);
    code = convert_table(table, out, request, notes, err);
    uselocale(before);
    freelocale(plain);
    return code;
}

dt_code dt_convert_table_with(const char *table, const char *out, const dt_convert_options *options,
                              const dt_convert_notes *notes, dt_error *err)
{
    dt_table_request request;
    dt_convert_options defaults = {0};
    dt_code code = dt_table_request_init(&request, options ? options : &defaults, err);
    if (!code && request.like.path)
        code = dt_output_check_input(out, request.like.path, err);
    if (!code)
        code = convert_with(table, out, &request, notes, err);
    dt_table_request_free(&request);
    return code;
}

dt_code dt_convert_table(const char *table, const char *out, const char *target,
                         const dt_convert_notes *notes, dt_error *err)
{
    char *name = (char *)target; /* a list of one name, which is not changed */
    dt_table_request request = {.target = {.n = target != NULL, .name = &name}};
    return convert_with(table, out, &request, notes, err);
}

dt_code dt_convert_csv(const char *table, const char *out, const char *target, dt_error *err)
{
    return dt_convert_table(table, out, target, NULL, err);
}

/* ---- Arrays --------------------------------------------------------------------------------- */

static dt_code open_both(dt_array arrays[DT_WRITER_SETS], const char *x, const char *y,
                         dt_error *err)
{
    dt_code code = dt_array_open(&arrays[DT_WRITER_X], x, err);
    if (code || !y)
        return code;
    code = dt_array_open(&arrays[DT_WRITER_Y], y, err);
    if (!code && arrays[DT_WRITER_X].dims[0] != arrays[DT_WRITER_Y].dims[0])
        code =
            dt_fail(err, DT_ERR_SHAPE, "%s has %lld row%s, but %s has %lld", x,
                    (long long)arrays[DT_WRITER_X].dims[0], dt_plural(arrays[DT_WRITER_X].dims[0]),
                    y, (long long)arrays[DT_WRITER_Y].dims[0]);
    return code;
}

static dt_code copy_slabs(dt_array *array, int64_t slab, void *data, dt_writer *writer, int set,
                          dt_error *err)
{
    dt_code code = DT_OK;
    for (int64_t first = 0; first < array->dims[0] && !code; first += slab) {
        int64_t n = array->dims[0] - first < slab ? array->dims[0] - first : slab;
        code = dt_array_read(array, first, n, data, err);
        if (!code)
            code = dt_writer_rows(writer, set, array->element, first, n, data, err);
    }
    return code ? code : dt_array_finish(array, err);
}

static dt_code copy_array(dt_array *array, dt_writer *writer, int set, dt_error *err)
{
    int64_t slab = dt_array_slab(array);
    void *data = malloc((size_t)(slab * array->row * array->element.size));
    if (!data)
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", array->source.path);
    dt_code code = copy_slabs(array, slab, data, writer, set, err);
    free(data);
    return code;
}

static dt_code copy_all(dt_array arrays[DT_WRITER_SETS], int n, dt_writer *writer, dt_error *err)
{
    dt_code code = DT_OK;
    for (int i = 0; i < n && !code; i++)
        code = dt_writer_shape(writer, i, arrays[i].element, arrays[i].rank, arrays[i].dims, err);
    if (!code)
        code = dt_writer_layout(writer, err);
    for (int i = 0; i < n && !code; i++)
        code = copy_array(&arrays[i], writer, i, err);
    return code;
}

dt_code dt_convert_arrays(const char *x, const char *y, const char *out, dt_error *err)
{
    dt_array arrays[DT_WRITER_SETS] = {0};
    dt_writer writer = {0};
    dt_code code = dt_output_check_input(out, x, err);
    if (!code && y)
        code = dt_output_check_input(out, y, err);
    if (!code)
        code = open_both(arrays, x, y, err);
    if (!code)
        code = dt_writer_create(&writer, out, err);
    if (!code)
        code = copy_all(arrays, y ? DT_WRITER_SETS : 1, &writer, err);
    code = finish_file(&writer, code, err);
    for (int i = 0; i < DT_WRITER_SETS; i++)
        dt_array_close(&arrays[i]);
    return code;
}
