/* IDX, the format of MNIST: 0, 0, a type code, the rank, then each dimension as a big-endian
 * uint32, then the values, big-endian. */
#include "data/import/array.h"

static bool find_element(uint8_t type, dt_element *element)
{
    static const struct {
        uint8_t type;
        dt_element element;
    } known[] = {
        {0x08, {'u', 1, true}}, {0x09, {'i', 1, true}}, {0x0B, {'i', 2, true}},
        {0x0C, {'i', 4, true}}, {0x0D, {'f', 4, true}}, {0x0E, {'f', 8, true}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].type == type) {
            *element = known[i].element;
            return true;
        }
    }
    return false;
}

dt_code dt_idx_header(dt_array *array, const uint8_t magic[DT_ARRAY_MAGIC], dt_error *err)
{
    const char *path = array->source.path;
    if (!find_element(magic[2], &array->element))
        return dt_fail(err, DT_ERR_DATA,
                       "%s: IDX type code 0x%02X is unknown (08, 09, 0B, 0C, 0D and 0E are known)",
                       path, magic[2]);
    if (magic[3] > DT_ELEMENT_RANK)
        return dt_fail(err, DT_ERR_DATA, "%s: %d dimensions; HDF5 has at most %d", path, magic[3],
                       DT_ELEMENT_RANK);
    array->rank = magic[3];
    for (int i = 0; i < array->rank; i++) {
        uint8_t b[4];
        dt_code code = dt_array_header_bytes(array, b, sizeof b, err);
        if (code)
            return code;
        array->dims[i] = (int64_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
    }
    return DT_OK;
}
