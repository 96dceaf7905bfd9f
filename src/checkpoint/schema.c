#include "checkpoint/schema.h"

#include "checkpoint/attribute.h"
#include "core/line.h"
#include "file/h5.h"
#include "file/output.h"
#include "file/strings.h"

static const double DIVISOR = 255;

/* ---- Writing -------------------------------------------------------------------------------- */

static herr_t put_names(hid_t group, const char *name, const dt_names *names)
{
    if (names->n == 0)
        return 0;
    return dt_strings_put_dataset(group, name, names->n, (const char *const *)names->name);
}

static herr_t put_units(hid_t group, dt_x_units units)
{
    if (units == DT_X_UNKNOWN)
        return 0;
    if ((units == DT_X_AS_IS || units == DT_X_DIVIDED) &&
        dt_attribute_put_integer(group, "x_scale_given", 1) < 0)
        return -1;
    if (units == DT_X_NUMBERS || units == DT_X_AS_IS)
        return dt_attribute_put_real(group, "x_divisor", 1);
    if (dt_attribute_put_real(group, "x_divisor", DIVISOR) < 0)
        return -1;
    return dt_attribute_put_integer(group, "x_above_one", units != DT_X_FLAGS);
}

static herr_t put_sequence(hid_t group, const dt_sequence *s)
{
    if (s->length == 0)
        return 0;
    if (dt_attribute_put_integer(group, "window", s->length) < 0 ||
        dt_attribute_put_integer(group, "horizon", s->horizon) < 0)
        return -1;
    return dt_attribute_put_integer(group, "stride", s->stride);
}

herr_t dt_schema_put(hid_t file, const dt_schema *s)
{
    if (!s)
        return 0;
    hid_t group = dt_output_add_group(file, "data");
    if (put_names(group, "columns", &s->columns) < 0 ||
        put_names(group, "targets", &s->targets) < 0 ||
        put_names(group, "classes", &s->classes) < 0 || put_units(group, s->units) < 0 ||
        put_sequence(group, &s->sequence) < 0)
        return -1;
    return H5Gclose(group);
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* expected  negative: any number */
static dt_code load_names(hid_t group, const char *path, const char *name, int64_t expected,
                          dt_names *names, dt_error *err)
{
    dt_error why = {0};
    if (dt_strings_read_dataset(group, name, names, &why))
        return dt_fail(err, why.code, "%s: in \"/data\" %s", path, why.text);
    if (names->n > 0 && expected >= 0 && names->n != expected)
        return dt_fail(err, DT_ERR_DATA, "%s: \"/data/%s\" has %lld name%s, the model has %lld",
                       path, name, (long long)names->n, dt_plural(names->n), (long long)expected);
    return DT_OK;
}

/* y of classes is a label, or a probability of each. */
static dt_code check_targets(const char *path, bool labels, int64_t targets, const dt_names *names,
                             dt_error *err)
{
    if (!labels || names->n <= 1 || names->n == targets)
        return DT_OK;
    return dt_fail(err, DT_ERR_DATA, "%s: \"/data/targets\" has %lld names, the model has %lld",
                   path, (long long)names->n, (long long)targets);
}

static dt_code load_units(hid_t group, const char *path, dt_x_units *units, dt_error *err)
{
    double divisor = dt_attribute_real(group, "x_divisor", 0);
    bool given = dt_attribute_integer(group, "x_scale_given", 0) != 0;
    if (divisor == DIVISOR && given)
        *units = DT_X_DIVIDED;
    else if (divisor == DIVISOR)
        *units = dt_attribute_integer(group, "x_above_one", 1) ? DT_X_BYTES : DT_X_FLAGS;
    else if (divisor == 1)
        *units = given ? DT_X_AS_IS : DT_X_NUMBERS;
    else if (divisor != 0)
        return dt_fail(err, DT_ERR_DATA, "%s: \"/data\" has x_divisor %g; expected 1 or 255", path,
                       divisor);
    return DT_OK;
}

static dt_code load_sequence(hid_t group, const char *path, int64_t inputs, dt_sequence *s,
                             dt_error *err)
{
    enum { MAX_ROWS = 1 << 30 };
    dt_sequence read = {.length = dt_attribute_integer(group, "window", 0),
                        .horizon = dt_attribute_integer(group, "horizon", 0),
                        .stride = dt_attribute_integer(group, "stride", 0)};
    if (read.length == 0)
        return DT_OK;
    if (read.length < 0 || inputs % read.length != 0 || read.horizon < 0 ||
        read.horizon > MAX_ROWS || read.stride < 1 || read.stride > MAX_ROWS)
        return dt_fail(
            err, DT_ERR_DATA,
            "%s: \"/data\" has window %lld, horizon %lld, stride %lld, but the model has "
            "%lld inputs",
            path, (long long)read.length, (long long)read.horizon, (long long)read.stride,
            (long long)inputs);
    *s = read;
    return DT_OK;
}

dt_code dt_schema_load(dt_schema *s, hid_t file, const char *path, int64_t inputs, int64_t targets,
                       bool labels, dt_error *err)
{
    *s = (dt_schema){0};
    if (H5Lexists(file, "data", H5P_DEFAULT) <= 0)
        return DT_OK;
    hid_t group = H5Gopen2(file, "data", H5P_DEFAULT);
    H5Eclear2(H5E_DEFAULT);
    if (group < 0)
        return dt_fail(err, DT_ERR_DATA, "%s: cannot read \"/data\"", path);
    if (!load_sequence(group, path, inputs, &s->sequence, err) &&
        !load_names(group, path, "columns", inputs / dt_sequence_rows(&s->sequence), &s->columns,
                    err) &&
        !load_names(group, path, "targets", labels ? -1 : targets, &s->targets, err) &&
        !check_targets(path, labels, targets, &s->targets, err) &&
        !load_names(group, path, "classes", labels ? targets : -1, &s->classes, err))
        load_units(group, path, &s->units, err);
    H5Gclose(group);
    return err->code;
}
