#include "data/column_file.h"

#include "core/minmax.h"
#include "file/h5.h"

#include <stdlib.h>
#include <string.h>

/* ---- From names to datasets and members ----------------------------------------------------- */

bool dt_column_file_has(hid_t file, const char *name)
{
    hid_t object = H5Oopen(file, name, H5P_DEFAULT);
    bool is_dataset = object >= 0 && H5Iget_type(object) == H5I_DATASET;
    if (object >= 0)
        H5Oclose(object);
    H5Eclear2(H5E_DEFAULT);
    return is_dataset;
}

/* Whether a file has a dataset of this name with members. */
static bool has_compound(hid_t file, const char *name)
{
    hid_t set = dt_column_file_has(file, name) ? H5Dopen2(file, name, H5P_DEFAULT) : -1;
    if (set < 0)
        return false;
    hid_t type = H5Dget_type(set);
    bool is_compound = H5Tget_class(type) == H5T_COMPOUND;
    H5Tclose(type);
    H5Dclose(set);
    return is_compound;
}

/* Find an array by its name, or open it. NULL after an error. */
static dt_h5_array *find_array(dt_column_file *f, const dt_column_file_spec *spec, const char *name,
                               dt_error *err)
{
    dt_h5_array_options options = {spec->columns->large, spec->columns->transposed, spec->detached};
    for (int i = 0; i < f->arrays; i++)
        if (strcmp(f->array[i]->name, name) == 0)
            return f->array[i];
    dt_h5_array **longer = realloc(f->array, (size_t)(f->arrays + 1) * sizeof *longer);
    dt_h5_array *array = malloc(sizeof *array);
    if (longer)
        f->array = longer;
    if (!longer || !array) {
        free(array);
        dt_fail(err, DT_ERR_MEMORY, "out of memory for the names of datasets");
        return NULL;
    }
    f->array[f->arrays++] = array;
    return dt_h5_array_open(array, f->file, f->path, name, &options, err) ? NULL : array;
}

/* label: the dataset's name, or behind it the member's */
static dt_code append_view(dt_column_file *f, const dt_h5_array *array,
                           const dt_column_range *range, dt_error *err)
{
    const char *member = range->member;
    size_t length = strlen(array->name) + (member ? strlen(member) : 0) + 2;
    dt_column_view *views = realloc(f->view, (size_t)(f->views + 1) * sizeof *views);
    if (views)
        f->view = views;
    char **labels = realloc(f->label, (size_t)(f->views + 1) * sizeof *labels);
    if (labels)
        f->label = labels;
    char *label = malloc(length);
    if (!views || !labels || !label) {
        free(label);
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the names of datasets");
    }
    stpcpy(stpcpy(stpcpy(label, array->name), member ? "/" : ""), member ? member : "");
    f->label[f->views] = label;
    return dt_column_view_open(&f->view[f->views++], array, range, err);
}

/* Whether it is how h5py stores complex numbers. */
static bool is_complex(hid_t type)
{
    return H5Tget_nmembers(type) == 2 && H5Tget_member_index(type, "r") == 0 &&
           H5Tget_member_index(type, "i") == 1;
}

/* All members of a compound dataset that are numbers. */
static dt_code append_members(dt_column_file *f, const dt_h5_array *array, dt_error *err)
{
    int views = f->views;
    if (is_complex(array->type))
        return dt_fail(err, DT_ERR_DATA,
                       "%s: dataset \"%s\" holds complex numbers; take their parts: --x "
                       "%s/r,%s/i",
                       f->path, array->name, array->name, array->name);
    for (int i = 0; i < H5Tget_nmembers(array->type) && !err->code; i++) {
        hid_t type = H5Tget_member_type(array->type, (unsigned)i);
        H5T_class_t class = H5Tget_class(type);
        H5Tclose(type);
        if (class != H5T_INTEGER && class != H5T_FLOAT && class != H5T_ENUM &&
            class != H5T_BITFIELD && class != H5T_ARRAY)
            continue;
        char *name = H5Tget_member_name(array->type, (unsigned)i);
        append_view(f, array, &(dt_column_range){.member = name, .last = -1}, err);
        H5free_memory(name);
    }
    if (!err->code && views == f->views)
        dt_fail(err, DT_ERR_DATA, "%s: no member of dataset \"%s\" is a number", f->path,
                array->name);
    return err->code;
}

/* A dataset, or the dataset and the member of it that a name consists of. */
static dt_code append_selected(dt_column_file *f, const dt_column_file_spec *spec,
                               const dt_selected *item, dt_error *err)
{
    dt_column_range range = {.first = item->first, .last = item->last};
    range.text = spec->columns->text && spec->selection->n == 1;
    char *name = strdup(item->name), *slash = name ? strrchr(name, '/') : NULL;
    if (!name)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the names of datasets");
    if (slash && slash != name && !dt_column_file_has(f->file, name)) {
        *slash = '\0';
        if (has_compound(f->file, name))
            range.member = slash + 1;
        else
            *slash = '/';
    }
    const dt_h5_array *array = find_array(f, spec, name, err);
    if (array && !range.member && !item->has_range && H5Tget_class(array->type) == H5T_COMPOUND)
        append_members(f, array, err);
    else if (array)
        append_view(f, array, &range, err);
    free(name);
    return err->code;
}

/* ---- One file ------------------------------------------------------------------------------- */

static dt_code inspect_views(dt_column_file *f, dt_error *err)
{
    const dt_h5_array *first = f->array[0];
    f->rows = first->rows;
    f->is_integer = f->is_bytes = true;
    f->is_text = f->view[0].number.is_text;
    for (int i = 0; i < f->views; i++) {
        const dt_column_view *v = &f->view[i];
        if (v->array->rows != f->rows)
            return dt_fail(err, DT_ERR_SHAPE, "%s: \"%s\" has %lld rows but \"%s\" has %lld",
                           f->path, first->name, (long long)f->rows, v->array->name,
                           (long long)v->array->rows);
        f->width += v->width;
        f->chunk_rows = dt_max(f->chunk_rows, v->array->chunk_rows);
        f->is_integer = f->is_integer && v->number.is_integer;
        f->is_bytes = f->is_bytes && v->number.is_bytes;
        f->has_missing = f->has_missing || v->number.encoding.n_missing > 0;
    }
    if (f->is_text && f->width > 1)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: dataset \"%s\" has %lld strings a row; a class is one", f->path,
                       f->label[0], (long long)f->width);
    return DT_OK;
}

dt_code dt_column_file_open(dt_column_file *f, const char *path, const dt_column_file_spec *spec,
                            dt_error *err)
{
    *f = (dt_column_file){.path = path, .file = -1};
    f->file = spec->trusted ? dt_h5_open_trusted(path, err) : dt_h5_open(path, err);
    for (int i = 0; i < spec->selection->n && !err->code; i++)
        append_selected(f, spec, &spec->selection->item[i], err);
    return err->code ? err->code : inspect_views(f, err);
}

void dt_column_file_suspend(dt_column_file *f)
{
    for (int i = f->arrays - 1; i >= 0; i--) /* the first has the descriptor */
        dt_h5_array_suspend(f->array[i]);
    if (f->file >= 0)
        H5Fclose(f->file);
    f->file = -1;
}

/* Whether its rows can be read while HDF5 has it closed. */
static bool is_detached(const dt_column_file *f)
{
    for (int i = 0; i < f->arrays; i++)
        if (!dt_h5_array_is_detached(f->array[i]))
            return false;
    return true;
}

dt_code dt_column_file_resume(dt_column_file *f, dt_error *err)
{
    if (f->file < 0 && !is_detached(f))
        f->file = dt_h5_open_trusted(f->path, err);
    for (int i = 0; i < f->arrays && !err->code; i++) {
        dt_chunk_reader *first = f->array[0]->reader, *own = f->array[i]->reader;
        if (i == 0 || !first || !own || !dt_chunk_reader_share(own, first))
            dt_h5_array_resume(f->array[i], f->file, err);
    }
    return err->code;
}

void dt_column_file_close(dt_column_file *f)
{
    for (int i = 0; i < f->views; i++) {
        dt_column_view_close(&f->view[i]);
        free(f->label[i]);
    }
    for (int i = f->arrays - 1; i >= 0; i--) {
        dt_h5_array_close(f->array[i]);
        free(f->array[i]);
    }
    free(f->view);
    free(f->label);
    free(f->array);
    if (f->path && f->file >= 0)
        H5Fclose(f->file);
    *f = (dt_column_file){.file = -1};
}

dt_code dt_column_file_read(const dt_column_file *f, int64_t row, int64_t n, dt_values values,
                            void *out, dt_error *err)
{
    int64_t bytes = dt_values_bytes(values);
    char *to = out;
    for (int i = 0, same; i < f->views && !err->code; i += same) {
        int64_t width = 0;
        for (same = 0; i + same < f->views && f->view[i + same].array == f->view[i].array; same++)
            width += f->view[i + same].width;
        dt_column_views_read(&f->view[i], same, row, n, values, to, f->width, err);
        to += width * bytes;
    }
    return err->code;
}
