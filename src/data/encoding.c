#include "data/encoding.h"

#include "core/memory.h"
#include "file/strings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_MISSING = 1000 };

/* ---- Reading -------------------------------------------------------------------------------- */

typedef struct {
    hid_t set, type;
    const char *path, *name; /* for messages */
} source;

static dt_code refuse_attribute(const source *s, const char *attribute, const char *why,
                                dt_error *err)
{
    return dt_fail(err, DT_ERR_DATA,
                   "%s: the attribute \"%s\" of dataset \"%s\" %s: correct it, or delete it",
                   s->path, attribute, s->name, why);
}

/* Append the numbers of an attribute to a list, if it exists. */
static dt_code append_numbers(const source *s, const char *attribute, int max, double **list,
                              int *n, dt_error *err)
{
    htri_t exists = H5Aexists(s->set, attribute);
    if (exists == 0)
        return DT_OK;
    hid_t a = exists < 0 ? -1 : H5Aopen(s->set, attribute, H5P_DEFAULT);
    if (a < 0)
        return refuse_attribute(s, attribute, "cannot be read", err);
    hid_t space = H5Aget_space(a), type = H5Aget_type(a);
    H5T_class_t class = H5Tget_class(type);
    int64_t values = H5Sget_simple_extent_npoints(space);
    if ((class != H5T_INTEGER && class != H5T_FLOAT) || values < 1 || values > max - *n) {
        refuse_attribute(s, attribute, max == 1 ? "is not a number" : "is not a list of numbers",
                         err);
    } else {
        double *longer = realloc(*list, (size_t)(*n + values) * sizeof **list);
        if (!longer)
            dt_fail(err, DT_ERR_MEMORY, "out of memory for the attributes of \"%s\"", s->name);
        else if (*list = longer, H5Aread(a, H5T_NATIVE_DOUBLE, *list + *n) < 0)
            refuse_attribute(s, attribute, "cannot be read", err);
        else
            *n += (int)values;
    }
    H5Tclose(type);
    H5Sclose(space);
    H5Aclose(a);
    return err->code;
}

/* A single number, if the attribute exists. */
static dt_code read_number(const source *s, const char *attribute, bool *exists, double *number,
                           dt_error *err)
{
    double *list = NULL;
    int n = 0;
    if (!append_numbers(s, attribute, 1, &list, &n, err) && n == 1) {
        *exists = true;
        *number = list[0];
        if (!isfinite(*number))
            refuse_attribute(s, attribute, "is not finite", err);
    }
    free(list);
    return err->code;
}

static dt_code read_unsigned(const source *s, bool *is_unsigned, dt_error *err)
{
    dt_names text;
    dt_error why = {0};
    if (dt_strings_read_attribute(s->set, "_Unsigned", &text, &why))
        dt_fail(err, why.code, "%s: dataset \"%s\": %s", s->path, s->name, why.text);
    *is_unsigned = !err->code && text.n == 1 && strcmp(text.name[0], "true") == 0 &&
                   H5Tget_class(s->type) == H5T_INTEGER;
    dt_names_free(&text);
    return err->code;
}

/* netCDF's fill value for a type of numbers; 0: it has none that is taken for missing. All values
 * of one byte may be in use, so Python's netCDF4 does not take their fill value for missing. */
static double default_fill(hid_t type)
{
    size_t size = H5Tget_size(type);
    if (H5Tget_class(type) == H5T_FLOAT)
        return 9.9692099683868690e+36;
    if (H5Tget_class(type) != H5T_INTEGER)
        return 0;
    if (H5Tget_sign(type) == H5T_SGN_NONE)
        return size == 2   ? 65535.0
               : size == 4 ? 4294967295.0
               : size == 8 ? 18446744073709551614.0
                           : 0;
    return size == 2   ? -32767.0
           : size == 4 ? -2147483647.0
           : size == 8 ? -9223372036854775806.0
                       : 0;
}

/* The fill value that the dataset was made with, if it is netCDF's. */
static dt_code add_default_fill(dt_encoding *e, const source *s, dt_error *err)
{
    H5D_fill_value_t defined = H5D_FILL_VALUE_UNDEFINED;
    double value = 0, fill = default_fill(s->type);
    hid_t plist = H5Dget_create_plist(s->set);
    bool is_own = fill != 0 && H5Pfill_value_defined(plist, &defined) >= 0 &&
                  defined == H5D_FILL_VALUE_USER_DEFINED &&
                  H5Pget_fill_value(plist, H5T_NATIVE_DOUBLE, &value) >= 0 && value == fill;
    H5Pclose(plist);
    if (!is_own)
        return DT_OK;
    e->missing = dt_alloc(1, sizeof *e->missing, "the fill value", err);
    if (e->missing)
        e->missing[e->n_missing++] = value;
    return err->code;
}

/* The number as the dataset has it: an attribute may be of a wider type (1e20 in float64 beside
 * float32), and is signed beside integers that _Unsigned makes unsigned. */
static dt_code convert_missing(dt_encoding *e, const source *s, dt_error *err)
{
    size_t size = H5Tget_size(s->type);
    bool is_float = H5Tget_class(s->type) == H5T_FLOAT && size < sizeof(double);
    if (is_float && e->n_missing > 0 &&
        (H5Tconvert(H5T_NATIVE_DOUBLE, s->type, (size_t)e->n_missing, e->missing, NULL,
                    H5P_DEFAULT) < 0 ||
         H5Tconvert(s->type, H5T_NATIVE_DOUBLE, (size_t)e->n_missing, e->missing, NULL,
                    H5P_DEFAULT) < 0))
        return refuse_attribute(s, "_FillValue", "has no value of the dataset's type", err);
    for (int i = 0; i < e->n_missing && e->is_unsigned; i++)
        if (e->missing[i] < 0)
            e->missing[i] += ldexp(1, 8 * (int)size);
    return DT_OK;
}

dt_code dt_encoding_read(dt_encoding *e, hid_t set, const char *path, const char *name,
                         dt_error *err)
{
    source s = {set, H5Dget_type(set), path, name};
    bool has_scale = false, has_offset = false;
    *e = (dt_encoding){.scale = 1};
    if (!read_unsigned(&s, &e->is_unsigned, err) &&
        !append_numbers(&s, "_FillValue", MAX_MISSING, &e->missing, &e->n_missing, err) &&
        !append_numbers(&s, "missing_value", MAX_MISSING, &e->missing, &e->n_missing, err) &&
        !read_number(&s, "scale_factor", &has_scale, &e->scale, err) &&
        !read_number(&s, "add_offset", &has_offset, &e->offset, err) &&
        (e->n_missing > 0 || !add_default_fill(e, &s, err)))
        convert_missing(e, &s, err);
    e->is_packed = has_scale || has_offset;
    H5Tclose(s.type);
    H5Eclear2(H5E_DEFAULT);
    return err->code;
}

/* ---- Use ------------------------------------------------------------------------------------ */

bool dt_encoding_is_used(const dt_encoding *e)
{
    return e->n_missing > 0 || e->is_packed;
}

static bool is_missing(const dt_encoding *e, double number)
{
    for (int i = 0; i < e->n_missing; i++)
        if (number == e->missing[i])
            return true;
    return false;
}

void dt_encoding_decode(const dt_encoding *e, int64_t n, double *values)
{
    for (int64_t i = 0; i < n; i++)
        values[i] = is_missing(e, values[i]) ? (double)NAN
                    : e->is_packed           ? values[i] * e->scale + e->offset
                                             : values[i];
}

void dt_encoding_mask(const dt_encoding *e, int64_t n, float *values)
{
    for (int m = 0; m < e->n_missing; m++) {
        double missing = e->missing[m];
        for (int64_t i = 0; i < n; i++)
            values[i] = (double)values[i] == missing ? NAN : values[i];
    }
}

void dt_encoding_print(const dt_encoding *e, FILE *to)
{
    enum { SHOWN = 3 };
    for (int i = 0; i < e->n_missing && i < SHOWN; i++)
        fprintf(to, "%s%.7g", i == 0 ? ", missing: " : ", ", e->missing[i]);
    if (e->n_missing > SHOWN)
        fputs(", ...", to);
    if (e->is_packed)
        fprintf(to, ", value: number * %.7g + %.7g", e->scale, e->offset);
}

void dt_encoding_free(dt_encoding *e)
{
    free(e->missing);
    e->missing = NULL;
    e->n_missing = 0;
}
