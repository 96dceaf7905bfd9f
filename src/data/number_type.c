#include "data/number_type.h"

#include "file/strings.h"

#include <string.h>

enum { MAX_VALUE_BYTES = 16 /* bytes of a number */ };

static const char *type_name(H5T_class_t class)
{
    switch (class) {
    case H5T_STRING:
        return "strings";
    case H5T_COMPOUND:
        return "a compound type";
    case H5T_VLEN:
        return "variable-length lists";
    case H5T_REFERENCE:
        return "references";
    default:
        return "neither integers nor floats";
    }
}

/* MATLAB stores its logical values as uint8. */
static bool is_logical(hid_t set, dt_error *err)
{
    dt_names class;
    dt_strings_read_attribute(set, "MATLAB_class", &class, err);
    bool logical = !err->code && class.n == 1 && strcmp(class.name[0], "logical") == 0;
    dt_names_free(&class);
    return logical;
}

static void replace_type(hid_t *type, hid_t by)
{
    H5Tclose(*type);
    *type = by;
}

/* An unsigned integer that looks like a bit field in memory. */
static hid_t integer_of_bits(hid_t bits)
{
    hid_t type = H5Tcopy(H5T_NATIVE_UINT8);
    H5Tset_size(type, H5Tget_size(bits));
    H5Tset_order(type, H5Tget_order(bits) == H5T_ORDER_BE ? H5T_ORDER_BE : H5T_ORDER_LE);
    H5Tset_precision(type, H5Tget_precision(bits));
    H5Tset_offset(type, (size_t)H5Tget_offset(bits));
    return type;
}

/* How many numbers an array type has; 0: too many. */
static int64_t count_items(hid_t type)
{
    hsize_t dim[H5S_MAX_RANK];
    int dims = H5Tget_array_dims2(type, dim);
    int64_t n = 1;
    for (int i = 0; i < dims; i++)
        if (dim[i] > INT32_MAX || __builtin_mul_overflow(n, (int64_t)dim[i], &n) || n > INT32_MAX)
            return 0;
    return dims > 0 ? n : 0;
}

/* Go from arrays, enumerations and bit fields to the numbers that they consist of.
 *   flags  [out] they are not plain numbers, so never a picture */
static void unwrap_type(dt_number_type *number, bool *flags)
{
    number->count = 1;
    for (;;) {
        H5T_class_t class = H5Tget_class(number->type);
        if (class == H5T_ARRAY) {
            number->count *= count_items(number->type);
            replace_type(&number->type, H5Tget_super(number->type));
        } else if (class == H5T_ENUM) {
            *flags = true;
            replace_type(&number->type, H5Tget_super(number->type));
        } else if (class == H5T_BITFIELD) {
            *flags = true;
            replace_type(&number->type, integer_of_bits(number->type));
        } else {
            return;
        }
    }
}

/* The type of a member, or of the dataset. */
static dt_code find_type(dt_number_type *number, const dt_number_place *p, dt_error *err)
{
    hid_t type = H5Dget_type(p->id);
    int member = p->member ? H5Tget_member_index(type, p->member) : -1;
    if (p->member && (H5Tget_class(type) != H5T_COMPOUND || member < 0)) {
        dt_fail(err, DT_ERR_DATA, "%s: dataset \"%s\" has no member \"%s\"", p->path, p->name,
                p->member);
    } else if (p->member) {
        number->offset = (int64_t)H5Tget_member_offset(type, (unsigned)member);
        number->type = H5Tget_member_type(type, (unsigned)member);
    } else {
        number->type = H5Tcopy(type);
    }
    H5Tclose(type);
    H5Eclear2(H5E_DEFAULT);
    return err->code;
}

static dt_code check_type(const dt_number_type *number, const dt_number_place *p, bool text,
                          dt_error *err)
{
    H5T_class_t class = H5Tget_class(number->type);
    const char *slash = p->member ? "/" : "", *member = p->member ? p->member : "";
    if (number->is_text && text)
        return DT_OK;
    if (class == H5T_COMPOUND)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: dataset \"%s%s%s\" holds a compound type; integers or floats are "
                       "needed: take members of it, as --x %s/NAME",
                       p->path, p->name, slash, member, p->name);
    if (class != H5T_INTEGER && class != H5T_FLOAT)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: dataset \"%s%s%s\" holds %s; integers or floats are needed", p->path,
                       p->name, slash, member, type_name(class));
    if (number->bytes > MAX_VALUE_BYTES)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: dataset \"%s%s%s\" holds numbers of %lld bytes; up to %d can be read",
                       p->path, p->name, slash, member, (long long)number->bytes, MAX_VALUE_BYTES);
    if (number->count < 1)
        return dt_fail(err, DT_ERR_DATA, "%s: dataset \"%s%s%s\" holds arrays that are too large",
                       p->path, p->name, slash, member);
    return DT_OK;
}

dt_code dt_number_type_read(dt_number_type *number, const dt_number_place *p, bool text,
                            dt_error *err)
{
    *number = (dt_number_type){.type = -1, .encoding = {.scale = 1}};
    if (find_type(number, p, err))
        return err->code;
    bool flags = !p->member && is_logical(p->id, err);
    unwrap_type(number, &flags);
    H5T_class_t class = H5Tget_class(number->type);
    number->is_text = class == H5T_STRING;
    if (err->code || (!p->member && !number->is_text &&
                      dt_encoding_read(&number->encoding, p->id, p->path, p->name, err)))
        return err->code;
    if (number->encoding.is_unsigned)
        H5Tset_sign(number->type, H5T_SGN_NONE);
    number->bytes = (int64_t)H5Tget_size(number->type);
    number->is_integer = class == H5T_INTEGER && !number->encoding.is_packed;
    number->is_bytes = number->is_integer && !flags && !dt_encoding_is_used(&number->encoding) &&
                       number->bytes == 1 && H5Tget_sign(number->type) == H5T_SGN_NONE;
    number->is_native_float = H5Tequal(number->type, H5T_NATIVE_FLOAT) > 0;
    number->is_native_double = H5Tequal(number->type, H5T_NATIVE_DOUBLE) > 0;
    number->is_native_byte = H5Tequal(number->type, H5T_NATIVE_UINT8) > 0;
    return check_type(number, p, text, err);
}

void dt_number_type_free(dt_number_type *number)
{
    dt_encoding_free(&number->encoding);
    if (number->type >= 0)
        H5Tclose(number->type);
    *number = (dt_number_type){.type = -1};
}
