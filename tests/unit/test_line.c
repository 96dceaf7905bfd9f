/* Messages that are too long lose the middle of a path, never the reason. */
#include <dtrain/status.h>

#include "core/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A path of so many bytes, of a repeated part. */
static const char *path_of(size_t bytes, const char *part)
{
    static char path[3][8192];
    static int turn;
    char *p = path[turn++ % 3];
    for (size_t i = 0; i < bytes; i++)
        p[i] = part[i % strlen(part)];
    p[bytes] = '\0';
    return p;
}

static bool ends_with(const char *text, const char *end)
{
    return strlen(text) > strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

/* UTF-8 in which no character is cut. */
static bool is_whole(const char *text)
{
    for (int left = 0; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (((c & 0xC0) == 0x80) != (left > 0))
            return false;
        left = left > 0 ? left - 1 : c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
    }
    return true;
}

static void fits(void **state)
{
    (void)state;
    dt_error err = {0};
    const char *path = path_of(990, "folder/");
    char expected[1100];
    dt_fail(&err, DT_ERR_FILE, "%s: no such file", path);
    snprintf(expected, sizeof expected, "%s: no such file", path);
    assert_string_equal(err.text, expected);
}

static void keeps_the_reason(void **state)
{
    (void)state;
    static const char *const parts[] = {"folder/", "a folder/", "\xc3\xa4\xe2\x82\xac/",
                                        "\xf0\x9f\x98\x80", "x"};
    static const size_t lengths[] = {1000, 1010, 1024, 2000, 4095, 8000};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            size_t bytes = lengths[k] / strlen(parts[i]) * strlen(parts[i]);
            const char *path = path_of(bytes, parts[i]);
            dt_error err = {0};
            dt_fail(&err, DT_ERR_FILE, "%s: the reason why it is not read", path);
            assert_true(ends_with(err.text, ": the reason why it is not read"));
            assert_memory_equal(err.text, path, 200);
            assert_true(strlen(err.text) < sizeof err.text && strlen(err.text) > 900);
            assert_non_null(strstr(err.text, "..."));
            assert_true(is_whole(err.text));
        }
}

static void several(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_fail(&err, DT_ERR_FILE, "%s: \"x\" is in %s, which is gone: %s", path_of(4000, "a/"),
            path_of(4000, "b/"), "no such file");
    assert_non_null(strstr(err.text, ": \"x\" is in b/b/"));
    assert_true(ends_with(err.text, ", which is gone: no such file"));
    assert_true(strlen(err.text) < sizeof err.text);
}

/* No word that could be left out. */
static void all_words(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_fail(&err, DT_ERR_FILE, "%s", path_of(3000, "word: "));
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    dt_error lines = {0};
    dt_fail(&lines, DT_ERR_FILE, "two\nlines\tof %s", "a \x7f file");
    assert_string_equal(lines.text, "two lines of a   file");
}

/* A line that has to be cut at its end, and names that are shown in part. */
static void whole_characters(void **state)
{
    (void)state;
    static const char *const parts[] = {"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (int ascii = 0; ascii < 5; ascii++) {
            char text[256];
            int width = (int)strlen(parts[i]);
            snprintf(text, sizeof text, "%.*s%s", ascii, "words", path_of(200, parts[i]));
            for (int bytes = 8; bytes < 40; bytes++) {
                int cut = dt_line_cut(text, bytes);
                assert_int_equal(cut, ascii + (bytes - ascii) / width * width);
            }
            dt_error err = {0};
            dt_fail(&err, DT_ERR_FILE, "%.*s%s", ascii, "words", path_of(1200, ": \xe2\x82\xac"));
            assert_true(is_whole(err.text));
            assert_true(strlen(err.text) >= sizeof err.text - 3);
        }
    assert_int_equal(dt_line_cut("", 5), 0);
    assert_int_equal(dt_line_cut("\xc3\xa4", 2), 2);
    assert_int_equal(dt_line_cut("\x80\x80\x80\x80\x80\x80", 5), 5); /* no UTF-8 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fits), cmocka_unit_test(keeps_the_reason),
                                       cmocka_unit_test(several), cmocka_unit_test(all_words),
                                       cmocka_unit_test(whole_characters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
