/* Whether two runs are the same one: same CHECKPOINT LOG CHECKPOINT LOG TOLERANCE. The checkpoints'
 * /model and /optimizer, and in the logs each step and each epoch once and in order, with the same
 * losses; all to a tolerance relative to the largest value, 0 for the same bits. Prints the largest
 * difference. */
#include "file/h5.h"

#include <hdf5.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_STEPS = 1 << 20 };

static double worst;
static bool other;

static void differ(const char *what)
{
    printf("differ: %s\n", what);
    other = true;
}

static void compare(const char *what, const double *a, const double *b, long n)
{
    double largest = 0, difference = 0;
    for (long i = 0; i < n; i++) {
        largest = fmax(largest, fabs(a[i]));
        difference = a[i] == b[i] || (isnan(a[i]) && isnan(b[i]))
                         ? difference
                         : fmax(difference, fabs(a[i] - b[i]));
        if (isnan(a[i]) != isnan(b[i]))
            differ(what);
    }
    if (largest > 0 && difference / largest > worst)
        worst = difference / largest;
}

/* ---- Checkpoints ---------------------------------------------------------------------------- */

static herr_t compare_set(hid_t a, const char *name, void *b)
{
    hid_t sets[2] = {H5Dopen2(a, name, H5P_DEFAULT), H5Dopen2(*(hid_t *)b, name, H5P_DEFAULT)};
    double *values[2] = {NULL, NULL};
    long n[2] = {0, -1};
    for (int i = 0; i < 2 && sets[i] >= 0; i++) {
        hid_t space = H5Dget_space(sets[i]);
        n[i] = (long)H5Sget_simple_extent_npoints(space);
        values[i] = calloc((size_t)n[i], sizeof(double));
        H5Dread(sets[i], H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values[i]);
        H5Sclose(space);
        H5Dclose(sets[i]);
    }
    if (n[0] == n[1])
        compare(name, values[0], values[1], n[0]);
    else
        differ(name);
    free(values[0]);
    free(values[1]);
    return 0;
}

static void compare_checkpoints(const char *a, const char *b)
{
    hid_t files[2] = {H5Fopen(a, H5F_ACC_RDONLY, H5P_DEFAULT),
                      H5Fopen(b, H5F_ACC_RDONLY, H5P_DEFAULT)};
    if (files[0] < 0 || files[1] < 0)
        differ("a checkpoint is missing");
    else
        dt_h5_visit_datasets(files[0], compare_set, &files[1]);
}

/* ---- Logs ----------------------------------------------------------------------------------- */

typedef struct {
    long steps, epochs, ends;
    double loss[MAX_STEPS], train_loss[1024], val_loss[1024];
} history;

static double real(const json_t *event, const char *key)
{
    const json_t *value = json_object_get(event, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static void add(history *h, const json_t *event, const char *path)
{
    const char *kind = json_string_value(json_object_get(event, "event"));
    if (!kind)
        differ(path);
    else if (strcmp(kind, "step") == 0) {
        if (real(event, "global_step") != (double)(h->steps + 1))
            differ("a step is missing, or there twice");
        h->loss[h->steps++ % MAX_STEPS] = real(event, "loss");
    } else if (strcmp(kind, "epoch") == 0) {
        if (real(event, "epoch") != (double)(h->epochs + 1))
            differ("an epoch is missing, or there twice");
        h->val_loss[h->epochs % 1024] = real(event, "val_loss");
        h->train_loss[h->epochs++ % 1024] = real(event, "train_loss");
    } else if (strcmp(kind, "end") == 0)
        h->ends++;
}

static history *read_log(const char *path)
{
    char line[16384];
    FILE *file = fopen(path, "r");
    history *h = calloc(1, sizeof *h);
    while (file && fgets(line, sizeof line, file)) {
        json_t *event = json_loads(line, 0, NULL);
        add(h, event, path);
        json_decref(event);
    }
    if (file)
        fclose(file);
    return h;
}

static void compare_logs(const char *a, const char *b)
{
    history *x = read_log(a), *y = read_log(b);
    if (x->steps == 0 || x->steps != y->steps || x->epochs != y->epochs || y->ends != 1) {
        differ("numbers of events in the logs");
    } else {
        compare("losses", x->loss, y->loss, x->steps);
        compare("epochs' losses", x->train_loss, y->train_loss, x->epochs);
        compare("validation losses", x->val_loss, y->val_loss, x->epochs);
    }
    free(x);
    free(y);
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    compare_checkpoints(argv[1], argv[3]);
    compare_logs(argv[2], argv[4]);
    printf("%.3g\n", worst);
    return other || !(worst <= strtod(argv[5], NULL));
}
