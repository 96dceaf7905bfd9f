/* Whether the units of x in a file fit those that a model knows: every pair of both. */
#include "data/mapping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { PLAIN, RAW, DIVIDE, UNIT, FLAGS, REFUSED };

static int try_units(dt_x_units model, dt_x_units data, dt_error *err)
{
    dt_schema of_model = {.units = model}, of_data = {.units = data};
    dt_mapping m;
    dt_mapping_sides sides = {.path = "d.h5",
                              .x = "x",
                              .y = "y",
                              .data = &of_data,
                              .whose = "the model in m.h5",
                              .model = &of_model};
    *err = (dt_error){0};
    int result = dt_mapping_make(&m, &sides, err) ? REFUSED
                 : m.raw                          ? RAW
                 : m.divide                       ? DIVIDE
                 : m.unit                         ? UNIT
                 : m.flags                        ? FLAGS
                                                  : PLAIN;
    assert_true(m.raw + m.divide + m.unit + m.flags <= 1);
    dt_mapping_free(&m);
    return result;
}

static void units(void **state)
{
    (void)state;
    static const struct {
        dt_x_units model;
        int numbers, bytes, as_is, divided; /* by the units of the data */
    } rows[] = {
        {DT_X_UNKNOWN, PLAIN, PLAIN, PLAIN, PLAIN},
        {DT_X_NUMBERS, PLAIN, REFUSED, REFUSED, REFUSED},
        {DT_X_BYTES, UNIT, PLAIN, REFUSED, REFUSED},
        {DT_X_FLAGS, REFUSED, FLAGS, REFUSED, REFUSED},
        {DT_X_AS_IS, PLAIN, RAW, PLAIN, REFUSED},
        {DT_X_DIVIDED, DIVIDE, PLAIN, REFUSED, PLAIN},
    };
    dt_error err;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(try_units(rows[i].model, DT_X_NUMBERS, &err), rows[i].numbers);
        assert_int_equal(try_units(rows[i].model, DT_X_BYTES, &err), rows[i].bytes);
        assert_int_equal(try_units(rows[i].model, DT_X_AS_IS, &err), rows[i].as_is);
        assert_int_equal(try_units(rows[i].model, DT_X_DIVIDED, &err), rows[i].divided);
    }
}

static void message(void **state)
{
    (void)state;
    dt_error err;
    try_units(DT_X_BYTES, DT_X_AS_IS, &err);
    assert_int_equal(err.code, DT_ERR_USAGE);
    assert_non_null(strstr(err.text, "--x-scale none"));
    assert_non_null(strstr(err.text, "d.h5"));
    assert_non_null(strstr(err.text, "m.h5"));
    try_units(DT_X_NUMBERS, DT_X_DIVIDED, &err);
    assert_non_null(strstr(err.text, "--x-scale 255"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units),
        cmocka_unit_test(message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
