#include "checkpoint/contents.h"

#include "checkpoint/attribute.h"
#include "checkpoint/numbers.h"
#include "checkpoint/store.h"
#include "checkpoint/tensor.h"
#include "core/memory.h"
#include "engine/scales.h"
#include "file/footer.h"
#include "file/h5.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- One file ------------------------------------------------------------------------------- */

static dt_code read_vector(dt_contents *s, hid_t optimizer, dt_error *err)
{
    dt_contents_vector *v = &s->vector[s->n_vectors - 1];
    hid_t group = H5Gopen2(optimizer, v->name, H5P_DEFAULT);
    H5Eclear2(H5E_DEFAULT);
    if (group < 0)
        return dt_fail(err, DT_ERR_DATA, "%s: cannot read \"/optimizer/%s\"", s->path, v->name);
    v->values = dt_alloc(s->model.parameters, sizeof *v->values, "the optimizer's state", err);
    if (v->values)
        dt_tensors_read(group, s->path, &s->model, v->values, err);
    H5Gclose(group);
    return err->code;
}

static dt_code read_optimizer(dt_contents *s, hid_t file, dt_error *err)
{
    hsize_t members = 0;
    hid_t group = H5Gopen2(file, "optimizer", H5P_DEFAULT);
    H5Eclear2(H5E_DEFAULT);
    if (group < 0)
        return DT_OK; /* weights for --init-from need none */
    s->optimizer_steps = dt_attribute_integer(group, "step", -1);
    H5Gget_num_objs(group, &members);
    if (members > DT_OPTIMIZER_VECTORS)
        dt_fail(err, DT_ERR_DATA, "%s: \"/optimizer\" is of an optimizer that is not known here",
                s->path);
    for (hsize_t i = 0; i < members && !err->code; i++) {
        dt_contents_vector *v = &s->vector[s->n_vectors++];
        H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, v->name, sizeof v->name,
                           H5P_DEFAULT);
        read_vector(s, group, err);
    }
    H5Gclose(group);
    return err->code;
}

/* Older programs left "/run/scales", which are measured anew. */
static dt_code read_rounding(dt_contents *s, hid_t run, dt_error *err)
{
    if (err->code || run < 0 || H5Lexists(run, "rounding", H5P_DEFAULT) <= 0)
        return err->code;
    s->n_rounding = dt_scales_numbers(&s->model);
    s->rounding = dt_alloc(s->n_rounding, sizeof *s->rounding, "the scales", err);
    if (err->code || dt_vector_read(run, s->path, "rounding", s->n_rounding, s->rounding, err))
        return err->code;
    s->is_edited = !dt_scales_are_sound(&s->model, s->rounding, s->n_rounding);
    if (s->is_edited)
        dt_fail(err, DT_ERR_DATA,
                "%s: it was edited: \"/run/rounding\" has numbers that no run has", s->path);
    return err->code;
}

dt_code dt_contents_read(dt_contents *s, hid_t file, const char *path, dt_error *err)
{
    *s = (dt_contents){.path = strdup(path), .optimizer_steps = -1};
    if (!s->path)
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", path);
    if (dt_checkpoint_read(file, path, &s->model, &s->parameters, &s->normalizer, &s->y_normalizer,
                           &s->schema, err) ||
        read_optimizer(s, file, err))
        return err->code;
    hid_t run = H5Gopen2(file, "run", H5P_DEFAULT);
    H5Eclear2(H5E_DEFAULT);
    s->options = dt_attribute_text(file, "options", err);
    if (!err->code) {
        s->is_edited = dt_numbers_read(s, file, run, err) == DT_ERR_DATA;
        read_rounding(s, run, err);
    }
    s->can_go_on = run >= 0 && s->options;
    if (run >= 0)
        H5Gclose(run);
    return err->code;
}

const float *dt_contents_values(const dt_contents *s, const char *name)
{
    for (int i = 0; i < s->n_vectors; i++)
        if (strcmp(s->vector[i].name, name) == 0)
            return s->vector[i].values;
    return NULL;
}

void dt_contents_drop_values(dt_contents *s)
{
    for (int i = 0; i < s->n_vectors; i++)
        free(s->vector[i].values);
    s->n_vectors = 0;
    free(s->parameters);
    s->parameters = NULL;
}

void dt_contents_free(dt_contents *s)
{
    dt_contents_drop_values(s);
    dt_model_free(&s->model);
    dt_normalizer_destroy(s->normalizer);
    dt_normalizer_destroy(s->y_normalizer);
    dt_schema_free(&s->schema);
    free(s->rounding);
    free(s->options);
    free(s->path);
    *s = (dt_contents){0};
}

/* ---- The newest of a folder ----------------------------------------------------------------- */

/* Whether what is wrong with an open file is no damage: it is whole, but of a later version, of
 * another program, or edited. A footer that holds leaves no other reason; that of a later version may
 * not be known here. */
static bool is_whole(const dt_contents *s, hid_t file, const char *path, dt_code code)
{
    bool ours = dt_checkpoint_is_one(file);
    int64_t version = dt_attribute_integer(file, "version", 0);
    if (ours && version > DT_CHECKPOINT_VERSION)
        return true;
    return dt_h5_is_whole(file, path) &&
           (!ours || version != DT_CHECKPOINT_VERSION || s->is_edited || code == DT_ERR_SHAPE ||
            dt_footer_exists(path));
}

/* *whole [out] after an error: whether it is that of a file that is not damaged. */
static dt_code read_whole(dt_contents *s, const char *path, bool *whole, dt_error *err)
{
    *s = (dt_contents){0};
    *whole = false;
    hid_t file = dt_h5_open(path, err);
    if (file < 0)
        return err->code;
    if (!dt_checkpoint_is_one(file))
        dt_fail(err, DT_ERR_DATA, "%s: not a checkpoint of dtrain", path);
    else if (!dt_contents_read(s, file, path, err) && !s->can_go_on) {
        s->is_edited = true;
        dt_fail(err, DT_ERR_DATA, "%s: no \"/run\", so a run cannot go on from it", path);
    }
    *whole = err->code && is_whole(s, file, path, err->code);
    H5Fclose(file);
    return err->code;
}

/* Whether the system gives every byte of a file. Returns 0 or an errno. */
static int read_through(const char *path)
{
    enum { PIECE = 1 << 18 };
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), number = 0; /* no wait for a pipe */
    char *piece = fd < 0 ? NULL : malloc(PIECE);
    if (!piece)
        number = errno;
    for (ssize_t got = 1; piece && got != 0 && !number;) {
        got = read(fd, piece, PIECE);
        if (got < 0 && errno != EINTR)
            number = errno;
    }
    free(piece);
    if (fd >= 0)
        close(fd);
    return number;
}

/* Read a file of the folder. What the system did not give is never taken for damage: it would be
 * written over in the end. If it gives the file now, the error may have been a passing one.
 *   damage  [out] the file is damaged: err is what bad is told */
static dt_code read_step(dt_contents *s, const char *path, bool *damage, dt_error *err)
{
    bool whole;
    *damage = false;
    if (!read_whole(s, path, &whole, err) || whole || err->code == DT_ERR_MEMORY)
        return err->code;
    dt_contents_free(s);
    *err = (dt_error){0};
    int number = read_through(path);
    if (number)
        return dt_fail(err, number == ENOMEM ? DT_ERR_MEMORY : DT_ERR_FILE,
                       "%s: cannot be read: %s", path, strerror(number));
    *damage = read_whole(s, path, &whole, err) && !whole && err->code != DT_ERR_MEMORY;
    return err->code;
}

/* Find the newest that is not damaged.
 *   damage  [n] [out] of the damaged ones, the newest first
 *   n_damaged  [out] */
static dt_code find_good(dt_contents *s, const char *folder, const int64_t *steps, int n,
                         dt_error *damage, int *n_damaged, dt_error *err)
{
    while (n-- > 0 && !err->code && !s->path) {
        bool damaged = false;
        char *path = dt_store_step_path(folder, steps[n], err);
        if (path && read_step(s, path, &damaged, err))
            dt_contents_free(s);
        if (damaged) {
            damage[(*n_damaged)++] = *err;
            *err = (dt_error){0};
        }
        free(path);
    }
    return err->code;
}

dt_code dt_contents_find_newest(dt_contents *s, const char *folder, void (*bad)(const char *text),
                                dt_error *err)
{
    int64_t *steps;
    int n, n_damaged = 0;
    dt_error *damage = NULL;
    *s = (dt_contents){0};
    if (!dt_store_list(folder, &steps, &n, err) && n > 0) {
        damage = dt_alloc(n, sizeof *damage, "the list of checkpoints", err);
        if (damage)
            find_good(s, folder, steps, n, damage, &n_damaged, err);
        for (int i = 0; s->path && i < n_damaged; i++)
            bad(damage[i].text);
        if (!err->code && !s->path)
            dt_fail(err, DT_ERR_DATA,
                    "%s (no checkpoint in %s can be used, of %d; --overwrite deletes them and "
                    "begins a new run)",
                    damage[0].text, folder, n);
    }
    free(damage);
    free(steps);
    return err->code;
}
