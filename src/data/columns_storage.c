/* What the columns take up in their files. */
#include "data/columns.h"

#include "data/columns_internal.h"
#include "file/h5.h"

/* HDF5 would make up terabytes of fill values. */
static bool is_never_written(const dt_h5_array *a)
{
    H5D_space_status_t status = H5D_SPACE_STATUS_ALLOCATED;
    hid_t plist = H5Dget_create_plist(a->id);
    H5D_layout_t layout = H5Pget_layout(plist);
    if (layout == H5D_CHUNKED || layout == H5D_CONTIGUOUS)
        H5Dget_space_status(a->id, &status);
    H5Pclose(plist);
    return status == H5D_SPACE_STATUS_NOT_ALLOCATED;
}

/* Of values in other files HDF5 does not say what they take up. */
static void add_array(dt_columns_storage *s, const dt_h5_array *a)
{
    int64_t bytes = a->rows * a->elements * a->element_bytes, stored = bytes;
    bool never_written = false;
    if (a->id >= 0) {
        never_written = is_never_written(a);
        stored = (int64_t)H5Dget_storage_size(a->id);
    }
    s->bytes += bytes;
    s->file_bytes += stored > 0 || never_written ? stored : bytes;
    s->never_written = s->never_written && never_written;
}

dt_code dt_columns_measure(dt_columns *c, dt_columns_storage *s, dt_error *err)
{
    *s = (dt_columns_storage){.never_written = true};
    for (int64_t i = 0; i < c->files->n && !err->code; i++) {
        const dt_column_file *f = dt_columns_take(c, i, err);
        for (int k = 0; f && k < f->arrays; k++)
            add_array(s, f->array[k]);
        if (f)
            dt_columns_give_back(c, i);
    }
    return err->code;
}
