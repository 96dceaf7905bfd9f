/* dt_convert_table_with: what its options do. The expected numbers are those that pandas reads from
 * the same texts (read_csv, get_dummies), but for the rules that pandas does not have. */
#include "unit/convert_fixture.h"

static char told[4096], warned[4096];

static void keep_warning(const char *text)
{
    size_t n = strlen(warned);
    snprintf(warned + n, sizeof warned - n, "%s\n", text);
}

/* Convert t.csv; what is told and warned of is kept. */
static dt_code run(const char *text, dt_convert_options options, dt_error *err)
{
    FILE *to = fmemopen(told, sizeof told, "w");
    *told = *warned = '\0';
    put_text("t.csv", text);
    dt_code code = dt_convert_table_with("t.csv", "out.h5", &options,
                                         &(dt_convert_notes){.to = to, .warn = keep_warning}, err);
    fclose(to);
    return code;
}

static void good(const char *text, dt_convert_options options)
{
    dt_error err = {0};
    if (run(text, options, &err))
        fail_msg("%s", err.text);
}

static void bad(const char *text, dt_convert_options options, dt_code code, const char *message)
{
    dt_error err = {0};
    unlink("out.h5");
    assert_int_equal(run(text, options, &err), code);
    assert_string_equal(err.text, message);
    assert_int_equal(access("out.h5", F_OK), -1);
}

static void check_part(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

#define GOOD(text, ...) good(text, (dt_convert_options){__VA_ARGS__})
#define BAD(text, code, message, ...) bad(text, (dt_convert_options){__VA_ARGS__}, code, message)

/* ---- Columns -------------------------------------------------------------------------------- */

#define FOUR "a,b,c,y\n1,2,3,4\n5,6,7,8\n"

static void several_targets(void **state)
{
    (void)state;
    GOOD(FOUR, .target = "y,b");
    check_set("y", "2x2", H5T_IEEE_F32LE);
    CHECK("y", 4, 2, 8, 6);
    CHECK("x", 1, 3, 5, 7);
    check_strings("x", "columns", "a|c");
    check_strings("y", "columns", "y|b");
    check_part(told, "y: column 4 (y), column 2 (b), numbers\n");
    GOOD("1,2,3\n4,5,6\n", .target = "-1,1");
    CHECK("y", 3, 1, 6, 4);
    check_strings("y", "columns", NULL);
    GOOD("\"a,b\",y\n1,2\n", .target = "\"a,b\""); /* one target is y [N], of its own type */
    check_set("y", "1", H5T_STD_I32LE);
    CHECK("x", 2);
    BAD("a,b,k\n1,2,cat\n3,4,dog\n", DT_ERR_DATA,
        "t.csv: column 3 (k): line 2: \"cat\" is not a number", .target = "b,k");
    BAD(FOUR, DT_ERR_DATA, "t.csv: column 4 (y): is named twice by --target", .target = "y,-1");
    BAD(FOUR, DT_ERR_DATA, "t.csv: no column \"z\" (it has 4: \"a\", \"b\", \"c\", \"y\")",
        .target = "y,z");
    BAD(FOUR, DT_ERR_USAGE,
        "--target \"y: expected names, separated by commas; a name with a comma stands in double "
        "quotes",
        .target = "\"y");
}

static void chosen_columns(void **state)
{
    (void)state;
    GOOD(FOUR, .target = "y", .drop = "1,c");
    CHECK("x", 2, 6);
    check_strings("x", "columns", "b");
    check_part(told, "left out: \"a\", \"c\"\n");
    GOOD(FOUR, .target = "y", .columns = "c,1"); /* in this order */
    CHECK("x", 3, 1, 7, 5);
    check_strings("x", "columns", "c|a");
    GOOD("id,a,y\nx7,1,2\nx8,3,4\n", .target = "y", .drop = "id"); /* words that are left out */
    CHECK("x", 1, 3);
    BAD(FOUR, DT_ERR_DATA, "t.csv: column 4 (y): is named by --target and by --drop", .target = "y",
        .drop = "y");
    BAD(FOUR, DT_ERR_DATA, "t.csv: column 2 (b): is named twice by --columns", .columns = "b,a,2");
    BAD(FOUR, DT_ERR_DATA, "t.csv: no column \"5\" (it has 4: \"a\", \"b\", \"c\", \"y\")",
        .drop = "5");
    BAD(FOUR, DT_ERR_DATA, "t.csv: no column is left for x", .target = "y", .drop = "a,b,c");
}

static void header_told(void **state)
{
    (void)state;
    GOOD("0,1,2,3,4\n0.5,-0.25,0.5,0.125,1\n", .target = "5", .header = DT_CONVERT_HEADER_YES);
    check_strings("x", "columns", "0|1|2|3");
    CHECK("x", 0.5, -0.25, 0.5, 0.125);
    GOOD("0,1,2,3,4\n0.5,-0.25,0.5,0.125,1\n", .target = "1", .header = DT_CONVERT_HEADER_NO);
    check_strings("x", "columns", NULL);
    CHECK("x", 1, 2, 3, 4, -0.25, 0.5, 0.125, 1); /* 1 is a number here, not a name */
    assert_string_equal(warned, "");
    GOOD("2,1\nNA,3\n5,4\n", .target = "1", .header = DT_CONVERT_HEADER_YES);
    CHECK("y", 3, 4);
    GOOD("a,b\n,\nNA,?\n3,4\n"); /* the first value below a name may stand further below */
    check_strings("x", "columns", "a|b");
    CHECK("x", NAN, NAN, NAN, NAN, 3, 4);
    GOOD("f,g\nTrue,False\n");
    check_strings("x", "columns", "f|g");
}

/* ---- Cells ---------------------------------------------------------------------------------- */

static void gaps(void **state)
{
    (void)state;
    GOOD("a,b,c,d,y\n1,,NA,2.5,1\nnan,NaN,null,None,2\nN/A,7,<NA>,-1,3\n?,8,n/a,4,4\n",
         .target = "y");
    CHECK("x", 1, NAN, NAN, 2.5, NAN, NAN, NAN, NAN, NAN, 7, NAN, -1, NAN, 8, NAN, 4);
    check_set("y", "4", H5T_STD_I32LE);
    check_part(told,
               "gaps: 3 in \"a\", 2 in \"b\", 4 in \"c\", 1 in \"d\" (NaN in x; train refuses "
               "gaps unless --missing mean)\n");
    check_part(warned, "t.csv: column 3 (c): no cell has a value: --drop 3 leaves it out\n");
    GOOD("a,y\n1,2\n2,\n3,NA\n", .target = "y");
    check_set("y", "3", H5T_IEEE_F32LE);
    CHECK("y", 2, NAN, NAN);
    check_part(warned, "t.csv: column 2 (y): 2 cells without a value, the first in line 3: NaN");
    GOOD("a,b,y\n-999,x,1\n5,-999.0,2\n6,7,3\n", .target = "y", .missing_words = "-999,x");
    CHECK("x", NAN, NAN, 5, NAN, 6, 7);
    BAD("a,y\n1,cat\n2,none\n", DT_ERR_DATA,
        "t.csv: column 2 (y): line 3: \"none\" stands for a missing label (1 such cell); leave "
        "such "
        "rows out, or give the class another name",
        .target = "y", .missing_words = "none");
    BAD("a,y\n1,2\n-,3\n", DT_ERR_DATA,
        "t.csv: column 1 (a): line 3: \"-\" is not a number (--one-hot makes 0/1 columns of words, "
        "--drop leaves the column out, --missing-words makes a word a gap)",
        .target = "y");
    BAD("a,y\n1,2\n-inf,3\n", DT_ERR_DATA,
        "t.csv: column 1 (a): line 3: \"-inf\" is not a finite float32 number", .target = "y");
}

static void flags(void **state)
{
    (void)state;
    GOOD("f,g,y\nTrue,1,1\nFALSE,0,2\ntrue,1,3\n", .target = "y");
    CHECK("x", 1, 1, 0, 0, 1, 1);
    GOOD("a,y\n1,True\n2,False\n3,True\n", .target = "y"); /* classes, as before */
    check_strings("y", "classes", "False|True");
}

static void number_styles(void **state)
{
    (void)state;
    GOOD("a;b\n1,5;-2.000,25\n1.234.567,125;3e2\n", .decimal = ',', .thousands = '.');
    CHECK("x", 1.5, -2000.25, 1234567.125, 300);
    GOOD("a;b\n\"1,234.5\";2\n-12,345;1,000,000\n", .thousands = ',');
    CHECK("x", 1234.5, 2, -12345, 1000000);
    GOOD("a;y\n1 000;2 500,5\n12\xC2\xA0"
         "345;1\xE2\x80\xAF"
         "000\n",
         .target = "y", .decimal = ',', .thousands = ' ');
    CHECK("x", 1000, 12345);
    CHECK("y", 2500.5, 1000);
    BAD("a;b\n1,5;2\n1.5;3\n", DT_ERR_DATA,
        "t.csv: column 1 (a): line 3: \"1.5\" is not a number (see --decimal and --thousands)",
        .decimal = ',');
    BAD("a;b\n1,5;2\n1.16;3\n", DT_ERR_DATA, /* 116 to pandas */
        "t.csv: column 1 (a): line 3: \"1.16\" is not a number (see --decimal and --thousands)",
        .decimal = ',', .thousands = '.');
    BAD("a,b\n1,5\n", DT_ERR_USAGE, "--decimal ;: expected a point or a comma", .decimal = ';');
    BAD("a,b\n1,5\n", DT_ERR_USAGE, "--thousands .: is the decimal sign already (see --decimal)",
        .thousands = '.');
}

static void separators(void **state)
{
    (void)state;
    static const char blanks[] = "  a   b\ty\n 1 2\t3 \n   \n4\t  5 6\n";
    GOOD(blanks, .target = "y", .separator = ' ');
    CHECK("x", 1, 2, 4, 5);
    check_part(told, "t.csv: separated by blanks, a header in line 1, 2 rows of 3 columns\n");
    GOOD("  a b  y\n1 2 3\n 4 5   6\n", .target = "y"); /* found by itself */
    CHECK("y", 3, 6);
    GOOD("k  y\n\"one two\" 1\n\"\" 2\n", .columns = "y", .separator = ' ');
    CHECK("x", 1, 2);
    GOOD("a|b|y\n1,5|2|3\n", .target = "y", .decimal = ',');
    CHECK("x", 1.5, 2);
    check_part(told, "separated by bars");
    GOOD("a:b\n1:2\n", .separator = ':');
    CHECK("x", 1, 2);
    check_part(told, "separated by \":\"");
    GOOD("a,b\n1,2\n", .separator = ',', .decimal = ',');
    CHECK("x", 1, 2);
    BAD("1 2 3\n4 5\n", DT_ERR_DATA, "t.csv: line 2 has 2 columns, line 1 has 3", .separator = ' ');
    BAD("a,b\n1,2\n", DT_ERR_USAGE, "--separator: expected another sign than a quote or a line end",
        .separator = '"');
}

/* ---- One-hot -------------------------------------------------------------------------------- */

#define COLORS "color,n,size,y\nred,1,S,1\nblue,2,L,2\nred,,M,3\n,4,S,4\nTrue,5,S,5\n"

/* As pandas.get_dummies(..., prefix_sep="=") of each column in its place, but for the gap. */
static void words_become_columns(void **state)
{
    (void)state;
    GOOD(COLORS, .target = "y", .one_hot = true);
    check_strings("x", "columns", "color=True|color=blue|color=red|n|size=L|size=M|size=S");
    check_set("x", "5x7", H5T_IEEE_F32LE);
    CHECK("x", 0, 0, 1, 1, 0, 0, 1, 0, 1, 0, 2, 1, 0, 0, 0, 0, 1, NAN, 0, 1, 0, NAN, NAN, NAN, 4, 0,
          0, 1, 1, 0, 0, 5, 0, 0, 1);
    check_part(told, "x: color=True, color=blue, color=red, n, size=L, size=M, size=S\n");
    check_part(told, "gaps: 1 in \"color\", 1 in \"n\"");
    GOOD("1,red,2\n3,blue,4\n5,red,6\n", .target = "3", .one_hot = true);
    check_strings("x", "columns", "1|2=blue|2=red");
    CHECK("x", 1, 0, 1, 3, 1, 0, 5, 0, 1);
    GOOD("f,g,y\nTrue,1,1\nFALSE,0,2\n", .target = "y", .one_hot = true);
    check_strings("x", "columns", "f|g"); /* numbers already */
    GOOD("k\na\nb\n", .one_hot = true, .header = DT_CONVERT_HEADER_YES);
    CHECK("x", 1, 0, 0, 1);
}

static void words_refused(void **state)
{
    (void)state;
    BAD("a,y\n1,2\n2,3\n3x,4\n", DT_ERR_DATA,
        "t.csv: column 1 (a): line 4: \"3x\" is not a number, but line 2 has one; a feature is all "
        "numbers or all words (--drop leaves it out, --missing-words makes a word a gap)",
        .target = "y", .one_hot = true);
    BAD("a;y\n1,5;2\n2,5;3\n", DT_ERR_DATA,
        "t.csv: column 1 (a): \"1,5\" is a number in another writing: see --decimal and "
        "--thousands; categories have a letter",
        .target = "y", .one_hot = true);
    BAD("color,kind\nred,cat\nblue,dog\n", DT_ERR_DATA,
        "t.csv: line 1 has words only, as have other lines: header or row? --header yes or no says "
        "it",
        .target = "2", .one_hot = true);
    char text[1 << 15] = "a,y\n";
    for (int i = 0; i < 20; i++)
        sprintf(text + strlen(text), "name%d,1\n", i);
    BAD(text, DT_ERR_DATA,
        "t.csv: column 1 (a): as many different words as rows (\"name0\", ...): names or text, not "
        "categories; --drop leaves the column out",
        .target = "y", .one_hot = true);
    strcat(text, "name0,1\n");
    GOOD(text, .target = "y", .one_hot = true);
    check_set("x", "21x20", H5T_IEEE_F32LE);
    for (int i = 20; i < 1001; i++)
        sprintf(text + strlen(text), "name%d,1\n", i);
    BAD(text, DT_ERR_DATA,
        "t.csv: column 1 (a): more than 1000 different words (\"name0\", ...): names or text, not "
        "categories; --drop leaves the column out",
        .target = "y", .one_hot = true);
}

/* ---- Like another data set ------------------------------------------------------------------ */

/* The table with these options becomes like.h5. */
static void put_like(const char *text, dt_convert_options options)
{
    good(text, options);
    assert_int_equal(rename("out.h5", "like.h5"), 0);
}

#define PUT_LIKE(text, ...) put_like(text, (dt_convert_options){__VA_ARGS__})
#define PETS "id,size,color,kind\n7,1.5,red,cat\n8,2.5,blue,dog\n9,3,red,owl\n"

static void like_other(void **state)
{
    (void)state;
    PUT_LIKE(PETS, .target = "kind", .drop = "id", .one_hot = true);
    GOOD("kind,color,more,size\nowl,red,x,4\ncat,red,y,NA\n", .like = "like.h5");
    check_strings("x", "columns", "size|color=blue|color=red");
    CHECK("x", 4, 0, 1, NAN, 0, 1); /* blue stays, though it does not occur */
    check_strings("y", "classes", "cat|dog|owl");
    check_strings("y", "columns", "kind");
    CHECK("y", 2, 0);
    check_part(told, "left out: \"more\"\n");
    GOOD("size,color\n4,\n5,blue\n", .like = "like.h5", .one_hot = true);
    CHECK("x", 4, NAN, NAN, 5, 1, 0);
    check_part(told, "no y: the table has no column \"kind\"\n");
    hid_t file = H5Fopen("out.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(H5Lexists(file, "y", H5P_DEFAULT) == 0);
    H5Fclose(file);
    GOOD("color,size\nblue,blue\n", .like = "like.h5", .columns = NULL, .missing_words = "blue");
    CHECK("x", NAN, NAN, NAN);
}

static void like_without_names(void **state)
{
    (void)state;
    PUT_LIKE("1,red,2\n3,blue,4\n5,red,6\n", .target = "3", .one_hot = true);
    GOOD("1,blue,2\n4,red,2\n", .like = "like.h5", .target = "-1");
    CHECK("x", 1, 1, 0, 4, 0, 1);
    PUT_LIKE("1,2,0\n3,4,1\n", .target = "3");
    GOOD("9,5,6\n8,7,8\n", .like = "like.h5", .target = "1");
    CHECK("x", 5, 6, 7, 8);
    CHECK("y", 9, 8);
    BAD("5,6,7,8\n", DT_ERR_DATA,
        "t.csv: has 4 columns for x, but x of like.h5 has 2, without names", .like = "like.h5");
}

/* y of numbers keeps its type. */
static void like_numbers(void **state)
{
    (void)state;
    PUT_LIKE("a,y\n1,2.5\n", .target = "y");
    GOOD("a,y\n1,2\n", .like = "like.h5");
    check_set("y", "1", H5T_IEEE_F32LE);
    BAD("a,y\n1,cat\n", DT_ERR_DATA, "t.csv: column 2 (y): line 2: \"cat\" is not a number",
        .like = "like.h5");
    PUT_LIKE("a,y\n1,2\n", .target = "y");
    BAD("a,y\n1,2\n2,2.5\n", DT_ERR_DATA,
        "t.csv: column 2 (y): line 3: expected a whole number, as y has them", .like = "like.h5");
    PUT_LIKE("a,b,c\n1,2,3\n", .target = "c,a");
    GOOD("c,b,a\n3,2,1\n", .like = "like.h5");
    CHECK("y", 3, 1);
    BAD("a,b\n1,2\n", DT_ERR_DATA, "t.csv: no column \"c\" (it has 2: \"a\", \"b\")",
        .like = "like.h5");
}

static void like_refused(void **state)
{
    (void)state;
    PUT_LIKE(PETS, .target = "kind", .drop = "id", .one_hot = true);
    BAD("size,kind\n1,cat\n", DT_ERR_DATA,
        "t.csv: column \"color=blue\" of x in like.h5: the table has no such column",
        .like = "like.h5");
    BAD("size,color\n1,red\n2,teal\n", DT_ERR_DATA,
        "t.csv: column 2 (color): line 3: \"teal\" is none of the words of like.h5",
        .like = "like.h5");
    BAD("size,color,kind\n1,red,cat\n2,red,cow\n", DT_ERR_DATA,
        "t.csv: column 3 (kind): line 3: \"cow\" is none of the words of like.h5",
        .like = "like.h5");
    BAD("size,color,kind\n1,red,\n", DT_ERR_DATA,
        "t.csv: column 3 (kind): line 2: \"\" is none of the words of like.h5", .like = "like.h5");
    BAD("size,color,kind\n1,red,2\n", DT_ERR_DATA,
        "t.csv: the target is not that of like.h5: \"kind\"", .like = "like.h5", .target = "size");
    BAD("a,b\n1,2\n", DT_ERR_USAGE,
        "--like like.h5: the columns are those of that file, so --columns and --drop do not go "
        "with "
        "it",
        .like = "like.h5", .drop = "a");
    BAD("a,b\n1,2\n", DT_ERR_FILE, "none.h5: no such file", .like = "none.h5");
    PUT_LIKE("a=b,a=c\n1,2\n", .target = NULL); /* names, no words */
    GOOD("a=c,a=b,a\n1,2,x\n", .like = "like.h5");
    CHECK("x", 2, 1);
}

static void index_without_name(void **state)
{
    (void)state;
    GOOD(",a,y\n0,5,6\n1,5,6\n", .target = "y");
    check_part(warned,
               "t.csv: column 1 has no name: is it an index (pandas writes one)? It is now a "
               "feature: --drop 1 leaves it out\n");
    GOOD(",a,y\n0,5,6\n1,5,6\n", .target = "y", .drop = "1");
    CHECK("x", 5, 5);
    assert_string_equal(warned, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, empty_folder)
    const struct CMUnitTest tests[] = {
        TEST(several_targets),
        TEST(chosen_columns),
        TEST(header_told),
        TEST(gaps),
        TEST(flags),
        TEST(number_styles),
        TEST(separators),
        TEST(index_without_name),
        TEST(words_become_columns),
        TEST(words_refused),
        TEST(like_other),
        TEST(like_without_names),
        TEST(like_numbers),
        TEST(like_refused),
    };
    H5open(); /* H5T_STD_..._g have their values from here on */
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
