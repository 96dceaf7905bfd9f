#include "writer.h"

#include "file/output.h"

#include <stdlib.h>

struct dt_writer {
    dt_output output;
    hid_t sets[DT_WRITER_SETS]; /* < 0: not open */
};

static const char *const set_names[DT_WRITER_SETS] = {"x", "y"};

/* ---- Types ---------------------------------------------------------------------------------- */

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

/* ---- The file ------------------------------------------------------------------------------- */

dt_code dt_writer_create(dt_writer **result, const char *out, dt_error *err)
{
    dt_writer *writer = calloc(1, sizeof *writer);
    *result = writer; /* also after an error: destroy cleans up */
    if (!writer)
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", out);
    writer->sets[DT_WRITER_X] = writer->sets[DT_WRITER_Y] = -1;
    return dt_output_create(&writer->output, out, err);
}

dt_code dt_writer_shape(dt_writer *writer, int set, dt_element element, int rank,
                        const int64_t *dims, dt_error *err)
{
    hsize_t size[DT_ELEMENT_RANK];
    for (int i = 0; i < rank; i++)
        size[i] = (hsize_t)dims[i];
    element.big = false;
    hid_t type = make_type(element);
    hid_t space = H5Screate_simple(rank, size, NULL);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_alloc_time(create, H5D_ALLOC_TIME_EARLY); /* dt_writer_reserve needs the file's extent */
    H5Pset_fill_time(create, H5D_FILL_TIME_NEVER);
    writer->sets[set] = H5Dcreate2(writer->output.file, set_names[set], type, space, H5P_DEFAULT,
                                   create, H5P_DEFAULT);
    dt_code code = writer->sets[set] < 0 ? dt_output_failed(&writer->output, err) : DT_OK;
    H5Pclose(create);
    H5Sclose(space);
    H5Tclose(type);
    return code;
}

dt_code dt_writer_strings(dt_writer *writer, int set, const char *name, const char *const *strings,
                          int64_t n, dt_error *err)
{
    hsize_t size = (hsize_t)n;
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    hid_t space = H5Screate_simple(1, &size, NULL);
    hid_t attribute = H5Acreate2(writer->sets[set], name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    dt_code code = DT_OK;
    if (attribute < 0 || H5Awrite(attribute, type, strings) < 0)
        code = dt_output_failed(&writer->output, err);
    if (attribute >= 0)
        H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    return code;
}

dt_code dt_writer_reserve(dt_writer *writer, dt_error *err)
{
    return dt_output_reserve(&writer->output, err);
}

dt_code dt_writer_rows(dt_writer *writer, int set, dt_element from, int64_t first, int64_t count,
                       const void *data, dt_error *err)
{
    hsize_t begin[DT_ELEMENT_RANK] = {(hsize_t)first}, size[DT_ELEMENT_RANK];
    hid_t file_space = H5Dget_space(writer->sets[set]);
    int rank = H5Sget_simple_extent_dims(file_space, size, NULL);
    size[0] = (hsize_t)count;
    H5Sselect_hyperslab(file_space, H5S_SELECT_SET, begin, NULL, size, NULL);
    hid_t memory_space = H5Screate_simple(rank, size, NULL);
    hid_t type = make_type(from);
    dt_code code = DT_OK;
    if (H5Dwrite(writer->sets[set], type, memory_space, file_space, H5P_DEFAULT, data) < 0)
        code = dt_output_failed(&writer->output, err);
    H5Tclose(type);
    H5Sclose(memory_space);
    H5Sclose(file_space);
    return code;
}

/* ---- The end -------------------------------------------------------------------------------- */

static void close_sets(dt_writer *writer)
{
    for (int i = 0; i < DT_WRITER_SETS; i++) {
        if (writer->sets[i] >= 0)
            H5Dclose(writer->sets[i]);
        writer->sets[i] = -1;
    }
}

dt_code dt_writer_commit(dt_writer *writer, dt_error *err)
{
    close_sets(writer); /* what this leaves to be written, the commit writes or complains of */
    return dt_output_commit(&writer->output, err);
}

void dt_writer_destroy(dt_writer *writer)
{
    if (!writer)
        return;
    close_sets(writer);
    dt_output_close(&writer->output);
    free(writer);
}
