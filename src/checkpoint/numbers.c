#include "checkpoint/numbers.h"

#include "checkpoint/attribute.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

/* Runs whose checkpoints do not name an offset had their seed moved by this one. */
enum { OLD_SEED_OFFSET = 97 };

/* Of steps and rows: sums and products by one of them and a batch or a row's bytes stay in an
 * int64_t where they are checked. */
static const int64_t MAX_WHOLE = (int64_t)1 << 53;

/* Rows of a window, whose bytes an int64_t must hold. */
static const int64_t MAX_WINDOW = (int64_t)1 << 40;

typedef struct {
    const char *name;
    int64_t *value;
    int64_t min, max;
    bool optional; /* value is what it is without */
} whole_number;

typedef struct {
    const char *name;
    double *value;
    double min, max;
} real_number;

/* The attribute's owner, for messages. */
typedef struct {
    hid_t object;
    const char *path, *name;
} owner;

static dt_code read_whole(const owner *from, const whole_number *n, dt_error *err)
{
    int64_t value;
    if (!dt_attribute_get_integer(from->object, n->name, &value)) {
        if (n->optional && H5Aexists(from->object, n->name) == 0)
            return DT_OK;
        return dt_fail(err, DT_ERR_DATA,
                       "%s: \"%s\" has no attribute \"%s\" that is a whole number", from->path,
                       from->name, n->name);
    }
    if (value < n->min || value > n->max)
        return dt_fail(err, DT_ERR_DATA, "%s: \"%s\" has %s %lld; a run has one from %lld to %lld",
                       from->path, from->name, n->name, (long long)value, (long long)n->min,
                       (long long)n->max);
    *n->value = value;
    return DT_OK;
}

static dt_code read_real(const owner *from, const real_number *n, dt_error *err)
{
    double value;
    if (!dt_attribute_get_real(from->object, n->name, &value))
        return dt_fail(err, DT_ERR_DATA, "%s: \"%s\" has no attribute \"%s\" that is a real number",
                       from->path, from->name, n->name);
    if (!(value >= n->min && value <= n->max))
        return dt_fail(err, DT_ERR_DATA, "%s: \"%s\" has %s %g, which no run has", from->path,
                       from->name, n->name, value);
    *n->value = value;
    return DT_OK;
}

static dt_code read_wholes(const owner *from, const whole_number *n, dt_error *err)
{
    for (; n->name && !err->code; n++)
        read_whole(from, n, err);
    return err->code;
}

static dt_code read_reals(const owner *from, const real_number *n, dt_error *err)
{
    for (; n->name && !err->code; n++)
        read_real(from, n, err);
    return err->code;
}

/* ---- Attribute by attribute ----------------------------------------------------------------- */

static dt_code read_file(dt_contents *s, hid_t file, bool optional, dt_error *err)
{
    dt_run_progress *c = &s->progress;
    const whole_number numbers[] = {{"global_step", &c->global_step, 0, MAX_WHOLE, optional},
                                    {"epoch", &c->epoch, 0, MAX_WHOLE, optional},
                                    {"step", &c->step, 0, MAX_WHOLE, optional},
                                    {"seed", &s->seed, INT64_MIN, INT64_MAX, optional},
                                    {0}};
    return read_wholes(&(owner){file, s->path, "/"}, numbers, err);
}

static dt_code read_run(dt_contents *s, hid_t run, dt_error *err)
{
    dt_run_progress *c = &s->progress;
    dt_run_data *d = &s->data;
    const owner from = {run, s->path, "/run"};
    const whole_number wholes[] = {
        {"epoch_samples", &c->samples, 0, MAX_WHOLE, false},
        {"best_epoch", &c->best_epoch, 0, MAX_WHOLE, false},
        {"epochs_since_best", &c->epochs_since_best, 0, MAX_WHOLE, false},
        {"samples", &d->samples, 1, MAX_WHOLE, false},
        {"features", &d->features, 1, MAX_WHOLE, false},
        {"outputs", &d->outputs, 1, MAX_WHOLE, false},
        {"block_rows", &d->block_rows, 0, MAX_WINDOW, false},
        {"window_blocks", &d->window_blocks, 0, MAX_WINDOW, false},
        {"seed_offset", &d->seed_offset, 0, OLD_SEED_OFFSET, true},
        {0}};
    const real_number reals[] = {{"epoch_loss", &c->loss, -HUGE_VAL, HUGE_VAL},
                                 {"epoch_weight", &c->weight, 0, HUGE_VAL},
                                 {"best_loss", &c->best_loss, -HUGE_VAL, HUGE_VAL},
                                 {"lr", &s->lr, 0, HUGE_VAL},
                                 {0}};
    d->seed_offset = OLD_SEED_OFFSET;
    return read_wholes(&from, wholes, err) ? err->code : read_reals(&from, reals, err);
}

/* ---- Together ------------------------------------------------------------------------------- */

/* Why these numbers are of no run, or NULL. */
static const char *find_contradiction(const dt_contents *s)
{
    const dt_run_progress *c = &s->progress;
    const dt_run_data *d = &s->data;
    const bool streamed = d->block_rows > 0 || d->window_blocks > 0;
    if (c->step > c->global_step || c->epoch > c->global_step)
        return "\"step\" and \"epoch\" are more than \"global_step\" has room for";
    if (c->samples > d->samples)
        return "\"epoch_samples\" is more than \"samples\"";
    if (c->best_epoch > c->epoch || c->epochs_since_best > c->epoch - c->best_epoch)
        return "\"best_epoch\" and \"epochs_since_best\" are more than \"epoch\" has room for";
    if (c->best_epoch > 0 ? !isfinite(c->best_loss) : c->best_loss != (double)INFINITY)
        return "\"best_loss\" does not fit \"best_epoch\"";
    if (!isfinite(c->loss) || !isfinite(c->weight) || !isfinite(s->lr))
        return "\"epoch_loss\", \"epoch_weight\" or \"lr\" is infinite";
    if (streamed && (d->block_rows == 0 || d->window_blocks == 0 ||
                     d->window_blocks > MAX_WINDOW / d->block_rows))
        return "\"block_rows\" and \"window_blocks\" make no window of rows";
    if (d->features != s->model.inputs || d->outputs != s->model.targets)
        return "\"features\" and \"outputs\" are not those of the model";
    if (s->optimizer_steps != c->global_step)
        return "the optimizer's \"step\" is missing, or not \"global_step\"";
    if (d->seed_offset != 0 && d->seed_offset != OLD_SEED_OFFSET)
        return "\"seed_offset\" is of no program";
    if (!dt_normalizer_divides(s->normalizer))
        return "the \"scale\" in \"/normalization\" of a feature is not above 0";
    if (!dt_normalizer_divides(s->y_normalizer))
        return "the \"scale\" in \"/target_normalization\" of a target is not above 0";
    return NULL;
}

dt_code dt_numbers_read(dt_contents *s, hid_t file, hid_t run, dt_error *err)
{
    s->progress = (dt_run_progress){.best_loss = INFINITY};
    if (read_file(s, file, run < 0, err) || run < 0 || read_run(s, run, err))
        return err->code;
    const char *why = find_contradiction(s);
    return why ? dt_fail(err, DT_ERR_DATA, "%s: it was edited: %s", s->path, why) : DT_OK;
}
