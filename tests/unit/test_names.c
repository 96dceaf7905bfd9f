/* Lists of names: where those of one stand in another, and how a message shows them. */
#include "core/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static dt_names borrow(char **name, int64_t n)
{
    return (dt_names){.n = n, .name = name};
}

static void found(void **state)
{
    (void)state;
    dt_error err = {0};
    int64_t place[4];
    const char *twice;
    dt_names in = borrow((char *[]){"pear", "apple", "fig", "", "Fig"}, 5);
    dt_names names = borrow((char *[]){"fig", "pear", "plum", ""}, 4);
    assert_int_equal(dt_names_find(&names, &in, place, &twice, &err), DT_OK);
    assert_null(twice);
    assert_memory_equal(place, ((int64_t[]){2, 0, -1, 3}), sizeof place);
    in = borrow((char *[]){"a", "b", "a"}, 3);
    assert_int_equal(dt_names_find(&names, &in, place, &twice, &err), DT_OK);
    assert_string_equal(twice, "a");
}

static void listed(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    static char text[MANY][96];
    static char *name[MANY];
    char list[DT_NAMES_TEXT];
    for (int i = 0; i < MANY; i++) {
        snprintf(text[i], sizeof text[i], "name %d", i);
        name[i] = text[i];
    }
    dt_names names = borrow(name, 3);
    assert_string_equal(dt_names_list(&names, list), "\"name 0\", \"name 1\", \"name 2\"");
    names.n = MANY;
    dt_names_list(&names, list);
    assert_true(strlen(list) < sizeof list);
    assert_string_equal(list + strlen(list) - strlen("\", ... (1000 in all)"),
                        "\", ... (1000 in all)");
    memset(text[0], 'x', sizeof text[0] - 1); /* one long name */
    dt_names_list(&names, list);
    assert_non_null(strstr(list, "xxx\", \"name 1\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(found), cmocka_unit_test(listed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
