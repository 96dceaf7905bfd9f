#include <dtrain/info.h>

#include "checkpoint/checkpoint.h"
#include "data/describe.h"
#include "data/source.h"
#include "file/h5.h"

/* How training would take the file, if it has the usual names. */
static void print_use(const char *path, FILE *to)
{
    dt_source *source;
    dt_error no_x_and_y = {0};
    if (dt_source_open(&source, path, "x", "y", &no_x_and_y)) {
        fprintf(to, "Not to be trained on without --x and --y: %s\n", no_x_and_y.text);
        return;
    }
    const dt_source_facts *f = dt_source_look(source);
    fprintf(to, "Data set: %lld samples of %lld features%s; y is %s\n", (long long)f->rows,
            (long long)f->features, f->x_is_bytes ? " (uint8, taken as 0 to 1)" : "",
            f->y_is_integer ? "integer: classes" : "float: regression");
    dt_source_close(source);
}

dt_code dt_info(const char *path, FILE *to, dt_error *err)
{
    hid_t file = dt_h5_open(path, err);
    if (file < 0)
        return err->code;
    if (dt_checkpoint_is_one(file)) {
        dt_checkpoint_describe(file, path, to, err);
    } else {
        print_use(path, to);
        dt_describe_data(file, path, to, err);
    }
    H5Fclose(file);
    return err->code;
}
