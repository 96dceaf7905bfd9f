/* dt_convert_csv: every fixture is written here byte by byte, every expected number by hand. */
#include "unit/convert_fixture.h"

#include <locale.h>

/* ---- Tables: what is read ------------------------------------------------------------------- */

static void table_with_header(void **state)
{
    (void)state;
    convert_text("a,b,y\n1,2,0.5\n-3.25,4e2,1\n", "y");
    check_set("x", "2x2", H5T_IEEE_F32LE);
    check_set("y", "2", H5T_IEEE_F32LE);
    CHECK("x", 1, 2, -3.25, 400);
    CHECK("y", 0.5, 1);
    check_strings("x", "columns", "a|b");
    check_strings("y", "classes", NULL);
}

static void table_without_header(void **state)
{
    (void)state;
    convert_text("1,2,3\n4,5,6\n", "1");
    CHECK("x", 2, 3, 5, 6);
    CHECK("y", 1, 4);
    check_set("y", "2", H5T_STD_I32LE);
    check_strings("x", "columns", NULL);
    convert_text("1,2,3\n4,5,6\n", "-2");
    CHECK("x", 1, 3, 4, 6);
    CHECK("y", 2, 5);
    convert_text("7,8\n", "2"); /* one row */
    CHECK("x", 7);
    CHECK("y", 8);
}

static void table_separators(void **state)
{
    (void)state;
    convert_text("a;b;y\n1;2;3\n", "y");
    CHECK("x", 1, 2);
    convert_text("a\tb\ty\n1\t2\t3\n", "y");
    CHECK("x", 1, 2);
    convert_text("a;k;y\n1;2;one, two\n3;4;three, four\n", "y"); /* as many commas in each row */
    check_strings("y", "classes", "one, two|three, four");
    convert_text("1 , 2 ,3\n", "3"); /* space around cells is none of theirs */
    CHECK("x", 1, 2);
    convert_text("\"1\",\" 2 \",3\n", "3");
    CHECK("x", 1, 2);
}

static void table_lines(void **state)
{
    (void)state;
    convert_text("\xEF\xBB\xBFy,a\r\n1,2\r\n\r\n  \r\n3,4", "y"); /* mark, CRLF, blanks, no end */
    CHECK("x", 2, 4);
    CHECK("y", 1, 3);
    check_strings("x", "columns", "a");
    convert_text("y,a\r1,2\r3,4\r", "y");
    CHECK("x", 2, 4);
    convert_text("\n\ny,a\n1,2\n", "y");
    CHECK("x", 2);
}

static void table_quotes(void **state)
{
    (void)state;
    convert_text("\"a, \"\"b\"\"\",\"k\nl\",y\n1,2,\"red, \"\"or\"\" so\"\n3,4,blue\n", "y");
    check_strings("x", "columns", "a, \"b\"|k\nl");
    check_strings("y", "classes", "blue|red, \"or\" so");
    CHECK("y", 1, 0);
}

static void table_packed(void **state)
{
    (void)state;
    static const char text[] = "a,y\n1,2\n3,4\n";
    put_packed("t.csv", text, sizeof text - 1); /* known by its contents */
    convert_ok("t.csv", "a");
    CHECK("x", 2, 4);
    CHECK("y", 1, 3);
}

/* Parts that were packed one by one are one table; one that cannot be read is no end. */
static void table_parts(void **state)
{
    (void)state;
    dt_error err = {0};
    put_packed("t.csv", "a,y\n1,2\n", 8);
    put_packed("part", "3,4\n", 4);
    assert_int_equal(system("cat part >>t.csv; cp t.csv junk.csv; printf junk >>junk.csv"), 0);
    unlink("part");
    convert_ok("t.csv", "y");
    CHECK("x", 1, 3);
    assert_int_equal(dt_convert_csv("junk.csv", "junk.h5", "y", &err), DT_ERR_DATA);
    assert_string_equal(err.text,
                        "junk.csv: its gzip stream is damaged: other bytes follow where it "
                        "could end or a further part begin");
}

/* More than one slab of 8 MiB and more than one buffer of 1 MiB: row r is r, r/2, ..., class r
 * mod 3. */
static void table_long(void **state)
{
    (void)state;
    enum { ROWS = 700000, COLUMNS = 4 };
    FILE *f = fopen("t.csv", "w");
    for (int r = 0; r < ROWS; r++)
        fprintf(f, "%d,%d.5,-%d,%de1,%s\r\n", r, r, r, r, &"zero\0one\0\0two\0"[r % 3 * 5]);
    fclose(f);
    convert_ok("t.csv", "5");
    check_set("x", "700000x4", H5T_IEEE_F32LE);
    check_strings("y", "classes", "one|two|zero");
    float *x = malloc(sizeof *x * ROWS * COLUMNS);
    int *y = malloc(sizeof *y * ROWS);
    hid_t file, data = open_set("x", &file);
    H5Dread(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, x);
    H5Dclose(data);
    data = H5Dopen2(file, "y", H5P_DEFAULT);
    H5Dread(data, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, y);
    H5Dclose(data);
    H5Fclose(file);
    int wrong = 0;
    for (int r = 0; r < ROWS; r++) {
        const float *row = x + (size_t)r * COLUMNS;
        wrong += row[0] != (float)r || row[1] != (float)(r + 0.5) || row[2] != (float)-r ||
                 row[3] != (float)(r * 10.0) || y[r] != (r + 2) % 3;
    }
    assert_int_equal(wrong, 0);
    free(x);
    free(y);
}

/* More names than an attribute of HDF5's older format can hold. */
static void table_wide(void **state)
{
    (void)state;
    enum { COLUMNS = 5000 };
    FILE *f = fopen("t.csv", "w");
    for (int c = 0; c < COLUMNS; c++)
        fprintf(f, "column%d,", c);
    fprintf(f, "y\n");
    for (int c = 0; c < COLUMNS; c++)
        fprintf(f, "%d,", c);
    fprintf(f, "1\n");
    fclose(f);
    convert_ok("t.csv", "y");
    check_set("x", "1x5000", H5T_IEEE_F32LE);
    hid_t file, data = open_set("x", &file);
    hid_t attribute = H5Aopen(data, "columns", H5P_DEFAULT);
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    char **names = calloc(COLUMNS, sizeof *names);
    assert_int_equal(H5Sget_simple_extent_npoints(space), COLUMNS);
    assert_true(H5Aread(attribute, type, names) >= 0);
    assert_string_equal(names[4999], "column4999");
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, names);
    free(names);
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
    H5Dclose(data);
    H5Fclose(file);
}

/* ---- Tables: header, target, its type ------------------------------------------------------- */

static void header_found(void **state)
{
    (void)state;
    convert_text("width,kind\n1,a\n2,b\n", "2"); /* words below words: the other column tells */
    check_strings("x", "columns", "width");
    check_strings("y", "classes", "a|b");
    convert_text("1,a\n2,b\n", "2"); /* no header, though a word stands in the first row */
    check_strings("x", "columns", NULL);
    CHECK("x", 1, 2);
    CHECK("y", 0, 1);
    convert_text("0,1,label\n1,2,x\n3,4,y\n", "label"); /* numbers as names */
    check_strings("x", "columns", "0|1");
    CHECK("y", 0, 1);
    convert_text("0,1,label\n1,2,5\n3,4,6\n", "3"); /* only over the target */
    check_strings("x", "columns", "0|1");
    CHECK("y", 5, 6);
    convert_text("0,1,cat\n1,2,dog\n3,4,owl\n", "3"); /* the same with words below is data */
    check_strings("x", "columns", NULL);
    CHECK("x", 0, 1, 1, 2, 3, 4);
    convert_text(",a,y\n0,1,2\n", "y"); /* a frame's index has no name */
    check_strings("x", "columns", "|a");
}

static void target_chosen(void **state)
{
    (void)state;
    convert_text("2,1,a\n5,6,7\n", "1"); /* the name wins over the number */
    CHECK("y", 6);
    convert_text("2,1,a\n5,6,7\n", "3");
    CHECK("y", 7);
    convert_text("b,c,a\n5,6,7\n", "-3");
    CHECK("y", 5);
    check_strings("x", "columns", "c|a");
    convert_text("1,2\n1,3\n", "1"); /* two cells that equal the number are no names */
    CHECK("y", 1, 1);
}

static void target_types(void **state)
{
    (void)state;
    convert_text("1,2147483647\n1,-2147483648\n1,+7\n", "2");
    check_set("y", "3", H5T_STD_I32LE);
    CHECK("y", 2147483647.0, -2147483648.0, 7);
    convert_text("1,2147483648\n1,0\n", "2");
    check_set("y", "2", H5T_STD_I64LE);
    CHECK("y", 2147483648.0, 0);
    convert_text("1,1.0\n1,0\n", "2"); /* not written as a whole number */
    check_set("y", "2", H5T_IEEE_F32LE);
    CHECK("y", 1, 0);
    convert_text("1,99999999999999999999\n1,0\n", "2"); /* beyond int64 */
    check_set("y", "2", H5T_IEEE_F32LE);
    CHECK("y", 99999999999999999999.0f, 0);
    convert_text("1,0.1\n", "2"); /* rounded to float32 */
    CHECK("y", 0.1f);
    convert_text("1,b\n1,\xC3\xA4\n1,B\n1,b\n1,inf\n", "2"); /* sorted by bytes */
    check_set("y", "5", H5T_STD_I32LE);
    check_strings("y", "classes", "B|b|inf|\xC3\xA4");
    CHECK("y", 1, 3, 0, 1, 2);
}

static void other_locale(void **state)
{
    (void)state;
    /* Where the machine has such a locale, 1.5 must still be 1.5, and the locale must come back. */
    const char *set = setlocale(LC_ALL, "de_DE.UTF-8");
    convert_text("a,y\n1.5,2.5\n", "y");
    CHECK("x", 1.5);
    if (set) {
        char text[8];
        snprintf(text, sizeof text, "%.1f", 1.5);
        assert_string_equal(text, "1,5");
    }
    setlocale(LC_ALL, "C");
}

/* ---- Tables: what is refused ---------------------------------------------------------------- */

static void bad_rows(void **state)
{
    (void)state;
    refused("a,b,y\n1,2,3\n\n1,2\n", "y", "t.csv: line 4 has 2 columns, line 1 has 3");
    refused("\na,b,y\r\n1,2,3,4\r\n", "y", "t.csv: line 3 has 4 columns, line 2 has 3");
    refused("", "y", "t.csv: no rows");
    refused("\n \n", "y", "t.csv: no rows");
    refused("a,b,y\n", "y", "t.csv: no rows");
    refused("a,b,y\n", "3", "t.csv: no rows");
    refused("a\n1\n2\n", "a",
            "t.csv: only one column (cells are separated by a comma, a semicolon, a tab, a bar or "
            "blanks; --separator names another sign)");
    refused("a,y\n1,2\n\"3,4\n5,6\n", "y", "t.csv: a quote in the row of line 3 is not closed");
    refused("\xFF\xFE"
            "a",
            "y", "t.csv: is UTF-16 text; save it as UTF-8");
}

#define HINT                                                                                       \
    " (--one-hot makes 0/1 columns of words, --drop leaves the column out, --missing-words makes " \
    "a "                                                                                           \
    "word a gap)"
#define HINT_LINE_1                                                                                \
    " (if the line is a header: --header yes; --one-hot makes 0/1 columns of words, --drop "       \
    "leaves "                                                                                      \
    "the column out)"

static void bad_cells(void **state)
{
    (void)state;
    refused("a,b,y\n1,2,3\n4,x1,6\n", "y",
            "t.csv: column 2 (b): line 3: \"x1\" is not a number" HINT);
    refused("1,2,3\n4,5x,6\n", "1", "t.csv: column 2: line 2: \"5x\" is not a number" HINT);
    refused("1,x,3\n4,x,6\n", "1", "t.csv: column 2: line 1: \"x\" is not a number" HINT_LINE_1);
    refused("a,y\n1,2\n\"1,5\",6\n", "y",
            "t.csv: column 1 (a): line 3: \"1,5\" is not a number (see --decimal and --thousands)");
}

static void bad_numbers(void **state)
{
    (void)state;
    refused("a,y\n1,2\n-inf,3\n", "y",
            "t.csv: column 1 (a): line 3: \"-inf\" is not a finite float32 number");
    refused("a,y\n1,2\n1e39,3\n", "y",
            "t.csv: column 1 (a): line 3: \"1e39\" is not a finite float32 number");
    refused("a,y\n1,2\n0x10,3\n", "y",
            "t.csv: column 1 (a): line 3: \"0x10\" is not a number" HINT);
    refused("a,y\n\"a\nb\",2\n1,3\n", "y",
            "t.csv: column 1 (a): line 2: \"a b\" is not a number" HINT);
    refused("a,b,y\n1,\"k\n\",3\n4,5,6\n", "y",
            "t.csv: column 2 (b): line 2: \"k \" is not a number" HINT);
}

static void bad_line_after_quotes(void **state)
{
    (void)state; /* a row of two lines: the next one is line 4 of the file, not row 3 */
    refused("a,y\n1,\"p\nq\"\nz,r\n", "y",
            "t.csv: column 1 (a): line 4: \"z\" is not a number" HINT);
}

static void bad_target(void **state)
{
    (void)state;
    refused("a,b,y\n1,2,3\n", "z", "t.csv: no column \"z\" (it has 3: \"a\", \"b\", \"y\")");
    refused("a,b,y\n1,2,3\n", "4", "t.csv: no column \"4\" (it has 3: \"a\", \"b\", \"y\")");
    refused("a,b,y\n1,2,3\n", "0", "t.csv: no column \"0\" (it has 3: \"a\", \"b\", \"y\")");
    refused("1,2,3\n", "-4",
            "t.csv: no column \"-4\" (it has no header, and 3 columns, numbered from 1)");
    refused("1,2,3\n", "y",
            "t.csv: no column \"y\" (it has no header, and 3 columns, numbered from 1)");
    refused("y,y,b\n1,2,3\n", "y",
            "t.csv: several columns are called \"y\"; give the column's number");
    refused("a,y\n1,cat\n3,\n", "y", "t.csv: column 2 (y): line 3: the cell is empty");
    refused("a,y\n1,\n3,NA\n", "y", "t.csv: column 2 (y): no cell has a value");
    refused("a,y\n1,inf\n3,1\n", "y",
            "t.csv: column 2 (y): line 2: \"inf\" is not a finite number");
    refused("a,y\n1,2\n3,low\n", "y",
            "t.csv: column 2 (y): line 3: \"low\" is not a number, but line 2 has one; a target is "
            "all numbers or all words (--missing-words names words that stand for no value)");
    refused("a,y\n1,1e39\n3,1\n", "y",
            "t.csv: column 2 (y): line 2: \"1e39\" is not a finite float32 number");
}

/* ---- What is hardly meant so ---------------------------------------------------------------- */

static void check_summary(const char *text, const char *target, const char *part)
{
    dt_error err = {0};
    put_text("t.csv", text);
    assert_int_equal(dt_convert_csv("t.csv", "out.h5", target, &err), DT_ERR_DATA);
    if (!strstr(err.text, part))
        fail_msg("\"%s\" does not say \"%s\"", err.text, part);
    assert_int_equal(access("out.h5", F_OK), -1);
}

static int warnings;
static char warned[1024];

static void keep_warning(const char *text)
{
    warnings++;
    snprintf(warned, sizeof warned, "%s", text);
}

/* Convert, and check what was taken and how often something was warned of. */
static void check_told(const char *text, const char *target, const char *told, int expected)
{
    char *summary = NULL;
    size_t length = 0;
    dt_error err = {0};
    FILE *to = open_memstream(&summary, &length);
    warnings = 0;
    put_text("t.csv", text);
    if (dt_convert_table("t.csv", "out.h5", target,
                         &(dt_convert_notes){.to = to, .warn = keep_warning}, &err))
        fail_msg("%s", err.text);
    fclose(to);
    assert_string_equal(summary, told);
    if (warnings != expected)
        fail_msg("%d warnings, the last of them \"%s\"", warnings, warned);
    free(summary);
    unlink("out.h5");
}

#define NO_CLASSES ": classes are 0, 1, 2, ...; numbers want --loss mse\n"

/* pandas writes 0, 1, 2, ... above a frame made of an array. */
static void headers_of_numbers(void **state)
{
    (void)state;
    check_summary("0,1,2,3,4\n0.126,-0.132,0.64,0.105,1\n.5,.25,.125,.75,0\n", "5",
                  "header or row");
    check_summary("0,1,2,3,4\n0.126,-0.132,0.64,0.105,1\n", "4", "header or row");
    check_summary(",0,1,2\n0,.5,.25,1\n1,.25,.5,0\n", "4", "begins with an empty cell");
    check_summary("2001,2002,2003\n7,5,1\n4,4,8\n", "-1", "header or row");
    check_summary("400.5,401,401.5,402\n.5,.25,1,2\n", "-1", "header or row"); /* wavelengths */
    check_summary("0,1,2\n3,4,cat\n5,7,dog\n", "3", "header or row");
    /* as the message says */
    check_told("x0,x1,x2\n.5,.25,1\n", "3",
               "t.csv: separated by commas, a header in line 1, 1 row of 3 columns\nx: x0, x1\n"
               "y: column 3 (x2), whole numbers from 1 to 1" NO_CLASSES,
               0);
    check_told("a,b,c\n0,1,2\n.5,.25,1\n", "3",
               "t.csv: separated by commas, a header in line 1, 2 rows of 3 columns\nx: a, b\n"
               "y: column 3 (c), whole numbers from 1 to 2" NO_CLASSES,
               0);
    /* rows like others, and too few to tell */
    check_told("1,2,3\n4,5,6\n9,9,9\n", "3",
               "t.csv: separated by commas, no header, 3 rows of 3 columns\n"
               "y: column 3, whole numbers from 3 to 9" NO_CLASSES,
               0);
    check_told("0;1\n0.5;0.25\n", "2",
               "t.csv: separated by semicolons, no header, 2 rows of 2 columns\n"
               "y: column 2, numbers\n",
               0);
    check_told("1,2,3\n4,8,6\n", "3",
               "t.csv: separated by commas, no header, 2 rows of 3 columns\n"
               "y: column 3, whole numbers from 3 to 6" NO_CLASSES,
               1);
    /* it rises, and nothing else does */
    check_told("1,2,4,8,9,12\n5,4,3,2,1,0\n", "6",
               "t.csv: separated by commas, no header, 2 rows of 6 columns\n"
               "y: column 6, whole numbers\n",
               1);
    check_told("1,2,4,8,9,12\n1,2,4,8,9,13\n", "6",
               "t.csv: separated by commas, no header, 2 rows of 6 columns\n"
               "y: column 6, whole numbers from 12 to 13" NO_CLASSES,
               0);
    check_told(
        ",a,y\n0,5,6\n1,5,6\n", "y", /* an index among the features */
        "t.csv: separated by commas, a header in line 1, 2 rows of 3 columns\nx: (no name), a\n"
        "y: column 3 (y), whole numbers from 6 to 6" NO_CLASSES,
        1);
    check_told("a,y\n.5,-1\n.25,1\n", "y",
               "t.csv: separated by commas, a header in line 1, 2 rows of 2 columns\nx: a\n"
               "y: column 2 (y), whole numbers from -1 to 1" NO_CLASSES,
               0);
    check_told("a,y\n.5,0\n.25,99\n", "y",
               "t.csv: separated by commas, a header in line 1, 2 rows of 2 columns\nx: a\n"
               "y: column 2 (y), whole numbers\n",
               0);
    check_told("a,y\n.5,0\n.25,100\n", "y",
               "t.csv: separated by commas, a header in line 1, 2 rows of 2 columns\nx: a\n"
               "y: column 2 (y), whole numbers from 0 to 100" NO_CLASSES,
               0);
}

/* Convert a table of 12 rows with a number from 5 on between two texts, but for one row. */
static void convert_counted(const char *header, const char *before, const char *after, int broken,
                            const char *target)
{
    char text[512];
    int n = snprintf(text, sizeof text, "%s\n", header);
    for (int r = 1; r <= 12; r++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s%d%s\n", before,
                      r == broken ? 99 : r + 4, after);
    dt_error err = {0};
    warnings = 0;
    put_text("t.csv", text);
    dt_convert_table("t.csv", "out.h5", target, &(dt_convert_notes){.warn = keep_warning}, &err);
    assert_string_equal(err.text, "");
    unlink("out.h5");
}

/* A column that only counts, on either side of the target. */
static void ids(void **state)
{
    (void)state;
    static const struct {
        const char *header, *before, *after, *target;
        int broken;
        const char *warning; /* how it begins; NULL: there is none */
    } tries[] = {
        {"id,a,y", "", ",.5,7", "y", 0, "t.csv: column 1 (id): only counts the rows (5, 6, 7, "},
        {"y,a,id", "7,.5,", "", "y", 0, "t.csv: column 3 (id): only counts the rows (5, 6, 7, "},
        {",a,y", "", ",.5,7", "y", 0, "t.csv: column 1: only counts the rows (5, 6, 7, ...)"},
        {"\"row\nid\",a,y", "", ",.5,7", "y", 0, "t.csv: column 1 (row id): only counts the rows"},
        {"id,a,y", "", ",.5,7", "y", 12, NULL},
        {"id,a,y", "", ",.5,7", "id", 0, NULL},
        {"id,y", "", ",7", "y", 0, NULL}, /* nothing would be left */
    };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        convert_counted(tries[i].header, tries[i].before, tries[i].after, tries[i].broken,
                        tries[i].target);
        assert_int_equal(warnings, tries[i].warning != NULL);
        if (tries[i].warning)
            assert_memory_equal(warned, tries[i].warning, strlen(tries[i].warning));
    }
}

static void odd_numbers(void **state)
{
    (void)state;
    static const char *const odd[] = {"199,5", "2,349.65", "1 000", "1.163,74", "5%",
                                      "$12",   "1'000",    "-3,5",  "1,5e3",    "\xE2\x82\xAC 7"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        char text[128];
        snprintf(text, sizeof text, "a;y\n1;%s\n2;%s\n", odd[i], odd[i]);
        check_summary(text, "y", "number in another writing");
    }
    check_told("a;y\n1;20-29\n2;T1\n3;v2.0\n4;3rd\n", "y", /* names with digits */
               "t.csv: separated by semicolons, a header in line 1, 4 rows of 2 columns\nx: a\n"
               "y: column 2 (y), 4 classes: 20-29, 3rd, T1, v2.0\n",
               0);
}

static void missing_labels(void **state)
{
    (void)state;
    static const char *const missing[] = {"NA", "N/A", "nan", "NaN", "null", "?", "-", ".", "#N/A"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        char text[128];
        snprintf(text, sizeof text, "a,y\n1,cat\n2,dog\n3,%s\n4,cat\n", missing[i]);
        check_summary(text, "y", "column 2 (y): line 4: \"");
        check_summary(text, "y", "stands for a missing label (1 such cell)");
    }
    check_summary("a,y\n1,mild\n2,none\n3,NA\n", "y", "line 4: \"NA\" stands for");
    check_told("a,y\n1,mild\n2,none\n3,none\n", "y", /* may well be a class */
               "t.csv: separated by commas, a header in line 1, 3 rows of 2 columns\nx: a\n"
               "y: column 2 (y), 2 classes: mild, none\n",
               1);
    assert_string_equal(warned, "t.csv: \"none\" in line 3 is taken for a class, not for a missing "
                                "label (2 such cells)");
}

static void names_as_classes(void **state)
{
    (void)state;
    char text[2048] = "a,y\n";
    for (int i = 0; i < 40; i++)
        sprintf(text + strlen(text), "%d,name%d\n", i, i % 21);
    check_summary(text, "y", "21 different words in 40 rows (\"name0\", ...): names or text");
    text[strlen("a,y\n")] = '\0';
    for (int i = 0; i < 42; i++)
        sprintf(text + strlen(text), "%d,name%d\n", i, i % 21);
    convert_text(text, "y");
}

/* Without a target every column is one of x. */
static void no_target(void **state)
{
    (void)state;
    convert_text("a,b\n1,2\n3,4\n", NULL);
    check_set("x", "2x2", H5T_IEEE_F32LE);
    CHECK("x", 1, 2, 3, 4);
    check_strings("x", "columns", "a|b");
    convert_text("7\n8\n", NULL);
    CHECK("x", 7, 8);
    hid_t file = H5Fopen("out.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(H5Lexists(file, "y", H5P_DEFAULT) == 0);
    H5Fclose(file);
}

static void other_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *part;
    } kind[] = {
#define KIND(bytes, part) {bytes, sizeof(bytes) - 1, part}
        KIND("\xfd\x37zXZ\0\0\4", "compressed with xz; unpack it first (unxz)"),
        KIND("BZh91AY&SY\0\1", "compressed with bzip2"),
        KIND("\x28\xb5\x2f\xfd\4\0", "compressed with Zstandard"),
        KIND("PK\3\4\24\0", "ZIP archive, as are NPZ and XLSX files"),
        KIND("PAR1\25\4\25", "Parquet"),
        KIND("\x89HDF\r\n\x1a\n\0", "HDF5 file; it needs no conversion"),
        KIND("\x93NUMPY\1\0", "NPY file; give it to --x or --y"),
        KIND("\0\0\x08\1\0\0\0\1\1", "IDX"),
        KIND("[{\"a\": 1}, {\"a\": 2}]\n", "JSON"),
        KIND("{\n  \"a\": 1}\n", "JSON"),
        KIND("<!DOCTYPE html>\n", "HTML"),
        KIND("a,b\n1,\0002\n", "bytes that are 0"),
    };
    for (size_t i = 0; i < sizeof kind / sizeof *kind; i++) {
        dt_error err = {0};
        put_bytes("t.csv", kind[i].bytes, kind[i].n);
        assert_int_equal(dt_convert_csv("t.csv", "out.h5", "1", &err), DT_ERR_DATA);
        if (!strstr(err.text, kind[i].part))
            fail_msg("\"%s\" does not say \"%s\"", err.text, kind[i].part);
    }
    convert_text("PAR1,BZh\n1,2\n", "1"); /* names like those bytes */
    convert_text("[a],<b\n1,2\n", "1");
    check_strings("x", "columns", "<b");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, empty_folder)
    const struct CMUnitTest tests[] = {
        TEST(table_with_header),  TEST(table_without_header),
        TEST(table_separators),   TEST(table_lines),
        TEST(table_quotes),       TEST(table_packed),
        TEST(headers_of_numbers), TEST(ids),
        TEST(odd_numbers),        TEST(missing_labels),
        TEST(names_as_classes),   TEST(no_target),
        TEST(other_kinds),        TEST(table_parts),
        TEST(table_long),         TEST(table_wide),
        TEST(header_found),       TEST(target_chosen),
        TEST(target_types),       TEST(other_locale),
        TEST(bad_rows),           TEST(bad_cells),
        TEST(bad_numbers),        TEST(bad_line_after_quotes),
        TEST(bad_target),
    };
    H5open(); /* H5T_STD_..._g have their values from here on */
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
