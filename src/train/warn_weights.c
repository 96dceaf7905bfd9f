#include "train/warnings.h"

#include "checkpoint/checkpoint.h"
#include "checkpoint/schema.h"
#include "file/h5.h"

static void warn_names(dt_warnings *w, const dt_train_options *o, const char *what,
                       const dt_names *then, const dt_names *now)
{
    char text[2][DT_NAMES_TEXT];
    if (then->n > 0 && now->n > 0 && !dt_names_equal(then, now))
        dt_warnings_add(
            w, "%s: its weights are for the %s %s, but %s has %s: they are taken by their position",
            o->init_from, what, dt_names_list(then, text[0]), o->data, dt_names_list(now, text[1]));
}

static bool is_divided(dt_x_units units)
{
    return units == DT_X_BYTES || units == DT_X_DIVIDED || units == DT_X_FLAGS;
}

static void warn_units(dt_warnings *w, const dt_train_options *o, dt_x_units then, dt_x_units now)
{
    if (then != DT_X_UNKNOWN && now != DT_X_UNKNOWN && is_divided(then) != is_divided(now))
        dt_warnings_add(w, "%s: its weights are for x that %s divided by 255, but \"%s\" of %s %s",
                        o->init_from, is_divided(then) ? "is" : "is not", o->x, o->data,
                        is_divided(now) ? "is" : "is not");
}

/* A checkpoint of another loss has other names, which say nothing here. */
dt_code dt_warn_weights(dt_warnings *w, const dt_train_options *o, const dt_model *model,
                        const dt_schema *now, dt_error *err)
{
    dt_schema then = {0};
    dt_error other = {0};
    hid_t file = dt_h5_open_trusted(o->init_from, err);
    if (file < 0)
        return err->code;
    if (dt_checkpoint_is_one(file) &&
        !dt_schema_load(&then, file, o->init_from, model->inputs, model->targets,
                        dt_loss_is_of_classes(model->loss), &other)) {
        warn_names(w, o, "columns", &then.columns, &now->columns);
        warn_names(w, o, "targets", &then.targets, &now->targets);
        warn_names(w, o, "classes", &then.classes, &now->classes);
        warn_units(w, o, then.units, now->units);
    }
    if (other.code == DT_ERR_MEMORY)
        *err = other;
    dt_schema_free(&then);
    H5Fclose(file);
    return err->code;
}
