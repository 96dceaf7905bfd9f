/* Lines that fit a terminal: broken at blanks, or only where a part of the sentence ends. */
#include "core/wrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check(const char *text, const char *ends, int at, int indent, int width,
                  const char *expected)
{
    char *printed = NULL;
    size_t n;
    FILE *to = open_memstream(&printed, &n);
    assert_true(dt_print_wrapped(text, ends, at, indent, width, to));
    fclose(to);
    assert_string_equal(printed, expected);
    free(printed);
}

static void at_blanks(void **state)
{
    (void)state;
    check("", NULL, 0, 2, 10, "");
    check("one two", NULL, 0, 2, 10, "one two");
    check("one two three four", NULL, 0, 2, 10, "one two\n  three\n  four");
    check("one two th", NULL, 0, 2, 10, "one two th"); /* as wide as a line */
    check("one two thr", NULL, 0, 2, 10, "one two\n  thr");
    check("one two", NULL, 7, 2, 10, "one\n  two"); /* the line has begun */
    check("  one two", NULL, 0, 4, 7, "  one\n    two");
    check("a-long-word b", NULL, 0, 2, 5, "a-long-word\n  b"); /* no word is cut */
}

static void at_ends(void **state)
{
    (void)state;
    check("1 sample, 2 features; in memory", ",;", 0, 2, 20,
          "1 sample,\n  2 features;\n  in memory");
    check("1 sample, 2 features; in memory", ";", 0, 2, 21, "1 sample, 2 features;\n  in memory");
    check("1 sample, 2 features", ",", 0, 2, 80, "1 sample, 2 features");
    check("no end at all", ",", 0, 2, 5, "no end at all");
    check("1,000 x, 2", ",", 0, 2, 8, "1,000 x,\n  2");
}

/* Characters count, not bytes. */
static void other_letters(void **state)
{
    (void)state;
    check("\xc3\xa4\xc3\xb6\xc3\xbc \xe2\x82\xac\xe2\x82\xac", NULL, 0, 0, 6,
          "\xc3\xa4\xc3\xb6\xc3\xbc \xe2\x82\xac\xe2\x82\xac");
    check("\xc3\xa4\xc3\xb6\xc3\xbc \xe2\x82\xac\xe2\x82\xac", NULL, 0, 0, 5,
          "\xc3\xa4\xc3\xb6\xc3\xbc\n\xe2\x82\xac\xe2\x82\xac");
}

static void failed_write(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    setvbuf(full, NULL, _IONBF, 0);
    assert_false(dt_print_wrapped("one two", NULL, 0, 0, 4, full));
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(at_blanks), cmocka_unit_test(at_ends),
                                       cmocka_unit_test(other_letters),
                                       cmocka_unit_test(failed_write)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
