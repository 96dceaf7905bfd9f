/* Columns and classes that have names: the same rows spelled in another order are the same rows, to
 * evaluate, predict, validate and go on with; what does not fit is refused. And the units of x:
 * bytes that are divided by 255. */
#include "mpi/support.h"

#include "checkpoint/contents.h"
#include "comm/comm.h"
#include "core/names.h"
#include "file/h5.h"
#include "file/strings.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 611, WIDTH = 3, CLASSES = 4, TARGETS = 2 };

/* ---- Data ----------------------------------------------------------------------------------- */

/* A file's spelling of the same rows. */
typedef struct {
    const char *columns[WIDTH], *classes[CLASSES];
    int column[WIDTH];  /* of the rows that each of the file's columns is */
    int class[CLASSES]; /* number that each class has in the file; -1: its rows are left out */
    int columns_n, classes_n; /* names that are written; 0: none */
} spelling;

static const spelling plain = {
    {"a", "b", "c"}, {"ant", "bee", "cat", "dog"}, {0, 1, 2}, {0, 1, 2, 3}, 3, 4};
static const spelling other = {
    {"c", "a", "b"}, {"dog", "cat", "ant", "bee"}, {2, 0, 1}, {2, 3, 1, 0}, 3, 4};
/* What words in a table become where there are no ants. */
static const spelling fewer = {
    {"b", "c", "a"}, {"bee", "cat", "dog"}, {1, 2, 0}, {-1, 0, 1, 2}, 3, 3};
static const spelling fewer_by_number = {{"a", "b", "c"}, {"ant"}, {0, 1, 2}, {-1, 1, 2, 3}, 0, 0};
static const spelling nameless = {{""}, {""}, {0, 1, 2}, {0, 1, 2, 3}, 0, 0};

static float value_of(int row, int column)
{
    return (float)((row * (7 + 4 * column) + column) % 19) / 9 - 1;
}

static int class_of(int row)
{
    float a = value_of(row, 0), b = value_of(row, 1), c = value_of(row, 2);
    return (a > b) + 2 * (b + c > 0);
}

static void put(hid_t file, const char *name, hid_t type, int dims, const hsize_t *dim,
                const void *values, const char *attribute, int n, const char *const *names)
{
    hid_t space = H5Screate_simple(dims, dim, NULL);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    if (n > 0)
        dt_strings_put_attribute(set, attribute, n, names);
    H5Dclose(set);
    H5Sclose(space);
}

/* Returns the path on every rank. */
static char *write_classes(const char *name, const spelling *s)
{
    static float x[ROWS][WIDTH];
    static int32_t y[ROWS];
    char *path = test_path(name);
    dt_error err = {0};
    int n = 0;
    for (int r = 0; r < ROWS; r++) {
        if (s->class[class_of(r)] < 0)
            continue;
        for (int c = 0; c < WIDTH; c++)
            x[n][c] = value_of(r, s->column[c]);
        y[n++] = s->class[class_of(r)];
    }
    hsize_t dim[2] = {(hsize_t)n, WIDTH};
    if (world.rank == 0) {
        hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        put(file, "x", H5T_NATIVE_FLOAT, 2, dim, x, "columns", s->columns_n, s->columns);
        put(file, "y", H5T_NATIVE_INT32, 1, dim, y, "classes", s->classes_n, s->classes);
        H5Fclose(file);
    }
    dt_world_agree(&world, &err);
    return path;
}

/* y of two numbers a row, in this order. */
static char *write_numbers(const char *name, const spelling *s, const char *const *targets)
{
    static float x[ROWS][WIDTH], y[ROWS][TARGETS];
    char *path = test_path(name);
    dt_error err = {0};
    for (int r = 0; r < ROWS; r++) {
        int first = targets[0][0] == 'q';
        for (int c = 0; c < WIDTH; c++)
            x[r][c] = value_of(r, s->column[c]);
        y[r][first] = 2 * value_of(r, 0) - value_of(r, 1);
        y[r][1 - first] = value_of(r, 2) + 3;
    }
    if (world.rank == 0) {
        hsize_t x_dim[2] = {ROWS, WIDTH}, y_dim[2] = {ROWS, TARGETS};
        hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        put(file, "x", H5T_NATIVE_FLOAT, 2, x_dim, x, "columns", s->columns_n, s->columns);
        put(file, "y", H5T_NATIVE_FLOAT, 2, y_dim, y, "columns", TARGETS, targets);
        H5Fclose(file);
    }
    dt_world_agree(&world, &err);
    return path;
}

/* ---- Runs ----------------------------------------------------------------------------------- */

/* Train, with more options by name and value.
 *   left  [out] the newest checkpoint, on rank 0; elsewhere all zero */
static void train(dt_contents *left, const char *folder, const char *data, const char *const *more,
                  dt_error *err)
{
    dt_train_options o;
    *left = (dt_contents){0};
    dt_train_options_init(&o, err);
    dt_train_options_set(&o, "data", data, err);
    dt_train_options_set(&o, "checkpoint", folder, err);
    dt_train_options_set(&o, "batch-size", "50", err);
    dt_train_options_set(&o, "lr", "0.2", err);
    dt_train_options_set(&o, "hidden", "5", err);
    dt_train_options_set(&o, "quiet", NULL, err);
    for (; *more; more += 2)
        dt_train_options_set(&o, more[0], more[1][0] ? more[1] : NULL, err);
    if (!err->code)
        dt_train(&world, &o, err);
    dt_train_options_free(&o);
    if (!err->code && world.rank == 0)
        dt_contents_find_newest(left, folder, NULL, err);
    dt_world_agree(&world, err);
}

/* A new folder for each run. */
static char *new_folder(void)
{
    static int number;
    char name[32];
    snprintf(name, sizeof name, "run-%d", number++);
    return test_path(name);
}

static void remove_folder(char *folder)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf -- ./%s", folder);
    dt_error none = {0};
    dt_world_agree(&world, &none);
    if (world.rank == 0 && system(command) != 0)
        print_error("%s stays\n", folder);
    free(folder);
}

/* The same weights, and the same losses of validation. */
static bool same_run(const dt_contents *a, const dt_contents *b)
{
    if (world.rank != 0)
        return true;
    return a->path && b->path && a->model.parameters == b->model.parameters &&
           memcmp(a->parameters, b->parameters, (size_t)a->model.parameters * sizeof(float)) == 0 &&
           memcmp(&a->progress.best_loss, &b->progress.best_loss, sizeof(double)) == 0;
}

static char *checkpoint_of(const char *folder, int steps)
{
    char *path;
    if (asprintf(&path, "%s/step-%010d.h5", folder, steps) < 0)
        abort();
    return path;
}

static dt_code evaluate(const char *model, const char *data, dt_evaluate_result *result,
                        dt_error *err)
{
    dt_evaluate_options options = {.model = model, .data = data, .x = "x", .y = "y"};
    *err = (dt_error){0};
    return dt_evaluate(&world, &options, result, err);
}

static bool same_scores(const dt_evaluate_result *a, const dt_evaluate_result *b)
{
    return a->samples == b->samples && a->loss == b->loss &&
           (a->has_accuracy ? a->accuracy == b->accuracy : a->r2 == b->r2);
}

enum { STEPS = 26 }; /* of two epochs */

/* A model trained on the plain spelling: its folder. */
static char *train_plain(const char *data)
{
    char *folder = new_folder();
    dt_error err = {0};
    dt_contents r;
    train(&r, folder, data, (const char *const[]){"epochs", "2", NULL}, &err);
    CHECK_NO_ERROR(&err);
    dt_contents_free(&r);
    return folder;
}

/* ---- Names ---------------------------------------------------------------------------------- */

static void evaluates_by_name(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_evaluate_result first, second;
    char *a = write_classes("a.h5", &plain), *b = write_classes("b.h5", &other);
    char *part = write_classes("part.h5", &fewer), *n = write_classes("n.h5", &nameless);
    char *number = write_classes("number.h5", &fewer_by_number);
    char *folder = train_plain(a), *model = checkpoint_of(folder, STEPS);
    evaluate(model, a, &first, &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(first.accuracy > 0.5);
    evaluate(model, b, &second, &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(same_scores(&first, &second));
    evaluate(model, n, &second, &err); /* by position */
    CHECK_ALL(!err.code && same_scores(&first, &second));
    evaluate(model, number, &first, &err);
    CHECK_NO_ERROR(&err);
    evaluate(model, part, &second, &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(same_scores(&first, &second) && second.samples < ROWS);
    free(model);
    remove_folder(folder);
    remove_file(number);
    remove_file(n);
    remove_file(part);
    remove_file(b);
    remove_file(a);
}

static void targets_by_name(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_evaluate_result first, second;
    const char *const pq[] = {"p", "q"}, *const qp[] = {"q", "p"}, *const pr[] = {"p", "r"};
    char *a = write_numbers("a.h5", &plain, pq), *b = write_numbers("b.h5", &other, qp);
    char *wrong = write_numbers("wrong.h5", &plain, pr);
    char *folder = train_plain(a), *model = checkpoint_of(folder, STEPS);
    evaluate(model, a, &first, &err);
    CHECK_NO_ERROR(&err);
    evaluate(model, b, &second, &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(same_scores(&first, &second) && first.r2 > 0.5);
    evaluate(model, wrong, &second, &err);
    CHECK_ALL(err.code == DT_ERR_SHAPE &&
              strstr(err.text, "the columns of \"y\" are not those of ") &&
              strstr(err.text, ": missing \"q\", unknown \"r\"; "));
    free(model);
    remove_folder(folder);
    remove_file(wrong);
    remove_file(b);
    remove_file(a);
}

static const char *const in_memory[] = {"epochs", "2", NULL};
static const char *const streamed[] = {"epochs", "2", "memory", "6k", NULL};
static const char *const normalized[] = {"epochs", "2", "normalize", "standard", NULL};
static const char *const *const ways[] = {in_memory, streamed, normalized};
enum { WAYS = 3, OPTIONS = 12 };

/* The options of a way, and more. */
static void add_options(const char *to[OPTIONS], const char *const *way, const char *const *more)
{
    int n = 0;
    for (; *way; way++)
        to[n++] = *way;
    for (; *more; more++)
        to[n++] = *more;
    to[n] = NULL;
}

static void validates_by_name(void **state)
{
    (void)state;
    char *a = write_classes("a.h5", &plain), *copy = write_classes("copy.h5", &plain);
    char *b = write_classes("b.h5", &other);
    for (int w = 0; w < WAYS; w++) {
        const char *options[OPTIONS];
        char *folder[] = {new_folder(), new_folder()};
        dt_error err = {0};
        dt_contents first, second;
        add_options(options, ways[w], (const char *const[]){"val-data", copy, NULL});
        train(&first, folder[0], a, options, &err);
        add_options(options, ways[w], (const char *const[]){"val-data", b, NULL});
        train(&second, folder[1], a, options, &err);
        CHECK_NO_ERROR(&err);
        CHECK_ALL(same_run(&first, &second));
        CHECK_ALL(world.rank != 0 || first.progress.best_epoch > 0);
        dt_contents_free(&first);
        dt_contents_free(&second);
        remove_folder(folder[0]);
        remove_folder(folder[1]);
    }
    remove_file(b);
    remove_file(copy);
    remove_file(a);
}

static void goes_on_by_name(void **state)
{
    (void)state;
    char *a = write_classes("a.h5", &plain), *b = write_classes("b.h5", &other);
    for (int w = 0; w < WAYS; w++) {
        const char *options[OPTIONS];
        char *folder[] = {new_folder(), new_folder()};
        dt_error err = {0};
        dt_contents whole, part;
        train(&whole, folder[0], a, ways[w], &err);
        add_options(options, ways[w], (const char *const[]){"max-steps", "13", NULL});
        train(&part, folder[1], a, options, &err);
        dt_contents_free(&part);
        add_options(options, ways[w], (const char *const[]){"resume", "", NULL});
        train(&part, folder[1], b, options, &err);
        CHECK_NO_ERROR(&err);
        CHECK_ALL(same_run(&whole, &part));
        const dt_schema *s = &part.schema;
        CHECK_ALL(world.rank != 0 ||
                  (s->columns.n == WIDTH && s->classes.n == CLASSES &&
                   strcmp(s->columns.name[0], "a") == 0 && strcmp(s->classes.name[3], "dog") == 0));
        dt_contents_free(&whole);
        dt_contents_free(&part);
        remove_folder(folder[0]);
        remove_folder(folder[1]);
    }
    remove_file(b);
    remove_file(a);
}

static void refuses(const char *model, const spelling *s, const char *first, const char *second)
{
    dt_error err = {0};
    dt_evaluate_result result;
    char *data = write_classes("wrong.h5", s);
    evaluate(model, data, &result, &err);
    if (err.code != DT_ERR_SHAPE && world.rank == 0)
        print_error("%s\n", err.text);
    CHECK_ALL(err.code == DT_ERR_SHAPE && strstr(err.text, first) && strstr(err.text, second));
    remove_file(data);
}

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    char *a = write_classes("a.h5", &plain);
    char *folder = train_plain(a), *model = checkpoint_of(folder, STEPS);
    spelling s = plain;
    s.columns[2] = "d";
    refuses(model, &s,
            ": missing \"c\", unknown \"d\"; they are \"a\", \"b\", \"d\", but it has "
            "\"a\", \"b\", \"c\"",
            "the columns of \"x\" are not those of the model in ");
    s.columns[2] = "b";
    refuses(model, &s, "\"a\", \"b\", \"b\"", "\"b\" is there twice");
    s = plain;
    s.classes[1] = "elk";
    refuses(model, &s,
            ": unknown \"elk\"; they are \"ant\", \"elk\", \"cat\", \"dog\", but it has \"ant\", "
            "\"bee\", \"cat\", \"dog\"",
            "the classes of \"y\" are not those of the model in ");
    free(model);
    remove_folder(folder);
    remove_file(a);
}

/* Precision and recall are of the second of two classes. */
static void scores_name_the_class(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_evaluate_result scores;
    spelling s = {{"a", "b", "c"}, {"no", "yes"}, {0, 1, 2}, {0, 1, 0, 1}, 3, 2};
    char *data = write_classes("two.h5", &s), *folder = train_plain(data);
    char *model = checkpoint_of(folder, STEPS);
    evaluate(model, data, &scores, &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(scores.has_f1 && strcmp(scores.f1_class, "yes") == 0);
    free(model);
    remove_folder(folder);
    remove_file(data);
}

/* A label that its own file has no name for. */
static void labels_have_names(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_contents r;
    spelling s = plain;
    s.classes_n = 3;
    char *data = write_classes("three.h5", &s), *folder = new_folder();
    train(&r, folder, data, in_memory, &err);
    CHECK_ALL(err.code == DT_ERR_DATA && strstr(err.text, "names 3 classes"));
    dt_contents_free(&r);
    remove_folder(folder);
    remove_file(data);
}

/* Whether two files have the same predictions. */
static bool same_predictions(const char *a, const char *b)
{
    static float value[2][ROWS * CLASSES];
    const char *const path[] = {a, b};
    dt_error err = {0};
    for (int i = 0; i < 2; i++) {
        hid_t file = dt_h5_open(path[i], &err), set = H5Dopen2(file, "prediction", H5P_DEFAULT);
        H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, value[i]);
        H5Dclose(set);
        H5Fclose(file);
    }
    return !err.code && value[0][0] > 0 && memcmp(value[0], value[1], sizeof value[0]) == 0;
}

static bool has_classes(const char *path)
{
    dt_error err = {0};
    dt_names names;
    hid_t file = dt_h5_open(path, &err), label = H5Dopen2(file, "label", H5P_DEFAULT);
    dt_strings_read_attribute(label, "classes", &names, &err);
    bool right = !err.code && names.n == CLASSES && strcmp(names.name[3], "dog") == 0;
    dt_names_free(&names);
    H5Dclose(label);
    H5Fclose(file);
    return right;
}

static void predictions_have_names(void **state)
{
    (void)state;
    dt_error err = {0};
    char *a = write_classes("a.h5", &plain), *out = test_path("prediction.h5");
    char *folder = train_plain(a), *model = checkpoint_of(folder, STEPS);
    dt_predict_options options = {.model = model, .data = a, .x = "x", .out = out};
    dt_predict(&world, &options, &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(world.rank != 0 || has_classes(out));
    char *b = write_classes("b.h5", &other), *same = test_path("same.h5");
    options.data = b;
    options.out = same;
    dt_predict(&world, &options, &err);
    CHECK_NO_ERROR(&err);
    CHECK_ALL(world.rank != 0 || same_predictions(out, same));
    free(model);
    remove_folder(folder);
    remove_file(same);
    remove_file(b);
    remove_file(out);
    remove_file(a);
}

/* ---- The units of x ------------------------------------------------------------------------- */

/* x as bytes up to max_byte, or as floats that are so many times them; y is their mean. */
static char *write_units(const char *name, bool bytes, int max_byte, float times)
{
    static uint8_t b[ROWS][WIDTH];
    static float x[ROWS][WIDTH], y[ROWS];
    char *path = test_path(name);
    dt_error err = {0};
    for (int r = 0; r < ROWS; r++) {
        y[r] = 0;
        for (int c = 0; c < WIDTH; c++) {
            b[r][c] = (uint8_t)((r * (11 + 2 * c) + c) % (max_byte + 1));
            x[r][c] = times == 1 ? (float)b[r][c] : (float)b[r][c] / 255.0f;
            y[r] += (float)b[r][c] / 300;
        }
    }
    test_data data = {.rows = ROWS,
                      .width = WIDTH,
                      .y_width = 1,
                      .x_is_bytes = bytes,
                      .x = bytes ? (const void *)b : x,
                      .y = y};
    if (world.rank == 0)
        write_data(path, &data);
    dt_world_agree(&world, &err);
    return path;
}

static void bytes_stay_bytes(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_evaluate_result first, second;
    char *bytes = write_units("bytes.h5", true, 255, 1);
    char *unit = write_units("unit.h5", false, 255, 0), *raw = write_units("raw.h5", false, 255, 1);
    char *folder = train_plain(bytes), *model = checkpoint_of(folder, STEPS);
    evaluate(model, bytes, &first, &err);
    CHECK_NO_ERROR(&err);
    evaluate(model, unit, &second, &err); /* divided by whoever made the file */
    CHECK_NO_ERROR(&err);
    CHECK_ALL(same_scores(&first, &second));
    evaluate(model, raw, &second, &err);
    CHECK_ALL(err.code == DT_ERR_DATA && strstr(err.text, "raw.h5") &&
              strstr(err.text, "training was on uint8 divided by 255"));
    free(model);
    remove_folder(folder);
    folder = train_plain(unit);
    model = checkpoint_of(folder, STEPS);
    evaluate(model, bytes, &second, &err);
    CHECK_ALL(err.code == DT_ERR_DATA && strstr(err.text, "\"x\" is uint8"));
    free(model);
    remove_folder(folder);
    remove_file(raw);
    remove_file(unit);
    remove_file(bytes);
}

/* With --x-scale none or 255 bytes and the same numbers in floats train alike, as the type does for
 * which that is the default, and a model takes both. */
static void scale_is_chosen(void **state)
{
    (void)state;
    dt_error err = {0};
    char *file[2] = {write_units("bytes.h5", true, 255, 1), write_units("raw.h5", false, 255, 1)};
    for (int divided = 0; divided < 2; divided++) {
        const char *lr = divided ? "0.1" : "1e-6";
        const char *const automatic[] = {"epochs", "2", "lr", lr, NULL};
        const char *const chosen[] = {"epochs", "2", "lr", lr, "x-scale", divided ? "255" : "none",
                                      NULL};
        dt_evaluate_result expected, got;
        char *usual = file[divided ? 0 : 1];
        for (int trained = -1; trained < 2; trained++) { /* -1: without the option */
            char *folder = new_folder();
            dt_contents r;
            train(&r, folder, trained < 0 ? usual : file[trained], trained < 0 ? automatic : chosen,
                  &err);
            CHECK_NO_ERROR(&err);
            dt_contents_free(&r);
            char *model = checkpoint_of(folder, STEPS);
            for (int used = 0; used < 2 && trained >= 0; used++) {
                evaluate(model, file[used], &got, &err);
                CHECK_NO_ERROR(&err);
                CHECK_ALL(same_scores(&expected, &got));
            }
            if (trained < 0)
                evaluate(model, usual, &expected, &err);
            CHECK_NO_ERROR(&err);
            free(model);
            remove_folder(folder);
        }
    }
    for (int i = 0; i < 2; i++)
        remove_file(file[i]);
}

static void validation_has_the_units(void **state)
{
    (void)state;
    char *bytes = write_units("bytes.h5", true, 255, 1),
         *raw = write_units("raw.h5", false, 255, 1);
    for (int w = 0; w < 2; w++) {
        const char *options[OPTIONS];
        char *folder = new_folder();
        dt_error err = {0};
        dt_contents r;
        add_options(options, ways[w], (const char *const[]){"val-data", raw, NULL});
        train(&r, folder, bytes, options, &err);
        CHECK_ALL(err.code == DT_ERR_DATA &&
                  strstr(err.text, "training was on uint8 divided by 255"));
        dt_contents_free(&r);
        remove_folder(folder);
    }
    remove_file(raw);
    remove_file(bytes);
}

/* Bytes of 0 and 1 were divided too, which nobody may have meant: floats of 0 and 1 are not them,
 * and pictures are not. */
static void flags_are_not_pictures(void **state)
{
    (void)state;
    dt_evaluate_result result_of;
    char *flags = write_units("flags.h5", true, 1, 1);
    char *floats = write_units("floats.h5", false, 1, 1);
    char *picture = write_units("picture.h5", true, 255, 1);
    for (int w = 0; w < 2; w++) {
        const char *options[OPTIONS];
        char *folder = new_folder(), *model = checkpoint_of(folder, STEPS);
        dt_error err = {0};
        dt_contents r;
        train(&r, folder, flags, ways[w], &err);
        CHECK_NO_ERROR(&err);
        evaluate(model, flags, &result_of, &err);
        CHECK_NO_ERROR(&err);
        evaluate(model, floats, &result_of, &err);
        CHECK_ALL(err.code == DT_ERR_DATA && strstr(err.text, "no value above 1"));
        err = (dt_error){0};
        evaluate(model, picture, &result_of, &err);
        CHECK_ALL(err.code == DT_ERR_DATA && strstr(err.text, "\"x\" has 2 in row 0, column 2 ") &&
                  strstr(err.text, "no value above 1"));
        dt_contents_free(&r);
        free(model);
        remove_folder(folder);
        folder = new_folder();
        err = (dt_error){0};
        add_options(options, ways[w], (const char *const[]){"val-data", picture, NULL});
        train(&r, folder, flags, options, &err);
        CHECK_ALL(err.code == DT_ERR_DATA && strstr(err.text, "no value above 1"));
        dt_contents_free(&r);
        remove_folder(folder);
    }
    remove_file(picture);
    remove_file(floats);
    remove_file(flags);
}

int main(int argc, char **argv)
{
    dt_error err = {0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evaluates_by_name),         cmocka_unit_test(targets_by_name),
        cmocka_unit_test(validates_by_name),         cmocka_unit_test(goes_on_by_name),
        cmocka_unit_test(refuses_what_does_not_fit), cmocka_unit_test(scores_name_the_class),
        cmocka_unit_test(labels_have_names),         cmocka_unit_test(predictions_have_names),
        cmocka_unit_test(bytes_stay_bytes),          cmocka_unit_test(scale_is_chosen),
        cmocka_unit_test(validation_has_the_units),  cmocka_unit_test(flags_are_not_pictures),
    };
    if (dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dt_world_end(&world);
    return failed;
}
