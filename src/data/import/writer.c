#include "data/import/writer.h"

#include "file/overwrite.h"
#include "file/strings.h"

static hid_t standard_type(dt_element e)
{
    if (e.kind == 'f')
        return e.size == 8 ? H5T_IEEE_F64LE : H5T_IEEE_F32LE;
    bool sign = e.kind == 'i';
    switch (e.size) {
    case 1:
        return sign ? H5T_STD_I8LE : H5T_STD_U8LE;
    case 2:
        return sign ? H5T_STD_I16LE : H5T_STD_U16LE;
    case 4:
        return sign ? H5T_STD_I32LE : H5T_STD_U32LE;
    default:
        return sign ? H5T_STD_I64LE : H5T_STD_U64LE;
    }
}

/* The caller closes it. */
static hid_t make_type(dt_element e)
{
    hid_t type = H5Tcopy(standard_type(e));
    if (e.kind == 'f' && e.size == 2) { /* IEEE half: sign, 5 bits of exponent, 10 of mantissa */
        H5Tset_fields(type, 15, 10, 5, 0, 10);
        H5Tset_size(type, 2);
        H5Tset_ebias(type, 15);
    }
    if (e.big && e.size > 1)
        H5Tset_order(type, H5T_ORDER_BE);
    return type;
}

dt_code dt_writer_create(dt_writer *w, const char *out, dt_error *err)
{
    *w = (dt_writer){.handle = {-1, -1}, .set = {-1, -1}};
    if (dt_overwrite_check_name(out, err) || dt_overwrite_check(out, "x", err))
        return err->code;
    return dt_output_create_through(&w->output, out, err);
}

dt_code dt_writer_shape(dt_writer *w, int set, dt_element element, int rank, const int64_t *dims,
                        dt_error *err)
{
    static const char *const name[DT_WRITER_SETS] = {"x", "y"};
    hsize_t size[DT_ELEMENT_RANK] = {0};
    w->row_bytes[set] = element.size;
    for (int i = 0; i < rank; i++) {
        size[i] = (hsize_t)dims[i];
        w->row_bytes[set] *= i > 0 ? dims[i] : 1;
    }
    element.big = false;
    hid_t type = make_type(element);
    w->set[set] =
        dt_output_add(&w->output, w->output.file, name[set], type, rank, size, &w->handle[set]);
    H5Tclose(type);
    return w->set[set] < 0 ? dt_output_layout_failed(&w->output, err) : DT_OK;
}

dt_code dt_writer_strings(dt_writer *w, int set, const char *name, const char *const *strings,
                          int64_t n, dt_error *err)
{
    if (dt_strings_put_attribute(w->handle[set], name, n, strings) < 0)
        dt_output_layout_failed(&w->output, err);
    return err->code;
}

dt_code dt_writer_layout(dt_writer *w, dt_error *err)
{
    return dt_output_begin_values(&w->output, err);
}

static dt_code to_little_endian(dt_writer *w, dt_element from, int64_t n, void *data, dt_error *err)
{
    hid_t big = make_type(from);
    from.big = false;
    hid_t little = make_type(from);
    if (H5Tconvert(big, little, (size_t)n, data, NULL, H5P_DEFAULT) < 0)
        dt_output_layout_failed(&w->output, err);
    H5Tclose(little);
    H5Tclose(big);
    return err->code;
}

dt_code dt_writer_rows(dt_writer *w, int set, dt_element from, int64_t first, int64_t count,
                       void *data, dt_error *err)
{
    int64_t bytes = count * w->row_bytes[set];
    if (from.big && from.size > 1 && to_little_endian(w, from, bytes / from.size, data, err))
        return err->code;
    return dt_output_write(&w->output, w->set[set], first * w->row_bytes[set], data, bytes, err);
}

dt_code dt_writer_commit(dt_writer *w, dt_error *err)
{
    return dt_output_commit(&w->output, err);
}

void dt_writer_close(dt_writer *w)
{
    dt_output_close(&w->output);
}
