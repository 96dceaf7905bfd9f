#include "cli/suggest.h"

#include <ctype.h>
#include <string.h>

static size_t min_of_three(size_t a, size_t b, size_t c)
{
    size_t smaller = a < b ? a : b;
    return smaller < c ? smaller : c;
}

/* How many letters must be put in, taken out, changed or exchanged with the next one to make b of a
 * (the optimal string alignment distance). */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][DT_SUGGEST_NAME + 1], lb = strlen(b);
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= lb; j++)
        last[j] = j;
    for (size_t i = 0; a[i]; i++) {
        row[0] = i + 1;
        for (size_t j = 0; j < lb; j++) {
            row[j + 1] = min_of_three(last[j] + (a[i] != b[j]), row[j] + 1, last[j + 1] + 1);
            if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j])
                row[j + 1] = min_of_three(row[j + 1], before[j - 1] + 1, row[j + 1]);
        }
        size_t *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[lb];
}

void dt_suggest_begin(dt_suggestion *n, const char *name)
{
    size_t length = strlen(name);
    *n = (dt_suggestion){.beyond = 3}; /* what is further is no slip */
    if (length < 5)
        n->beyond = length < 2 ? 0 : 2;
    for (size_t i = 0; length < sizeof n->name && i < length; i++)
        n->name[i] = name[i] == '_' ? '-' : (char)tolower((unsigned char)name[i]);
}

void dt_suggest_try(dt_suggestion *n, const char *candidate)
{
    if (!n->name[0] || strlen(candidate) >= sizeof n->name)
        return;
    size_t distance = edit_distance(n->name, candidate);
    if (distance < n->beyond) {
        n->best = candidate;
        n->beyond = distance;
    }
}

/* ---- Other programs' names ------------------------------------------------------------------ */

enum { MAX_MEANINGS = 3 };

static const struct {
    const char *theirs, *ours[MAX_MEANINGS];
} options[] = {
    {"act", {"activation"}},
    {"adam-beta1", {"beta1"}},
    {"adam-beta2", {"beta2"}},
    {"adam-epsilon", {"eps"}},
    {"batch", {"batch-size"}},
    {"betas", {"beta1"}},
    {"bs", {"batch-size"}},
    {"checkpoint", {"model"}},
    {"checkpoint-dir", {"checkpoint", "model"}},
    {"ckpt", {"checkpoint", "model"}},
    {"class-weight", {"class-weights"}},
    {"clip", {"clip-norm"}},
    {"clip-grad-norm", {"clip-norm"}},
    {"criterion", {"loss"}},
    {"data-path", {"data"}},
    {"dataset", {"data"}},
    {"decay", {"weight-decay"}},
    {"drop", {"dropout"}},
    {"dropout-rate", {"dropout"}},
    {"early-stopping", {"patience"}},
    {"early-stopping-patience", {"patience"}},
    {"ep", {"epochs"}},
    {"epsilon", {"eps"}},
    {"features", {"x"}},
    {"file", {"data"}},
    {"global-batch-size", {"batch-size"}},
    {"grad-clip", {"clip-norm"}},
    {"gradient-clip-val", {"clip-norm"}},
    {"hidden-dim", {"hidden"}},
    {"hidden-layers", {"hidden"}},
    {"hidden-layer-sizes", {"hidden"}},
    {"hidden-size", {"hidden"}},
    {"hidden-sizes", {"hidden"}},
    {"init", {"init-from"}},
    {"input", {"data"}},
    {"inputs", {"x"}},
    {"iterations", {"max-steps"}},
    {"l2", {"weight-decay"}},
    {"label", {"y", "target"}},
    {"labels", {"y", "target"}},
    {"layers", {"hidden"}},
    {"learning-rate", {"lr"}},
    {"load", {"init-from", "model"}},
    {"log-file", {"log"}},
    {"log-interval", {"log-every"}},
    {"loss-fn", {"loss"}},
    {"loss-function", {"loss"}},
    {"lr-decay", {"schedule"}},
    {"lr-scheduler", {"schedule"}},
    {"lr-scheduler-type", {"schedule"}},
    {"max-epochs", {"epochs"}},
    {"max-grad-norm", {"clip-norm"}},
    {"max-iter", {"max-steps"}},
    {"max-iters", {"max-steps"}},
    {"mini-batch-size", {"batch-size"}},
    {"n-epochs", {"epochs"}},
    {"nb-epoch", {"epochs"}},
    {"num-epochs", {"epochs"}},
    {"num-steps", {"max-steps"}},
    {"num-threads", {"threads"}},
    {"num-train-epochs", {"epochs"}},
    {"num-warmup-steps", {"warmup"}},
    {"num-workers", {"threads"}},
    {"opt", {"optimizer"}},
    {"optim", {"optimizer"}},
    {"output", {"out", "checkpoint"}},
    {"output-dir", {"checkpoint", "out"}},
    {"per-device-train-batch-size", {"batch-size"}},
    {"pretrained", {"init-from"}},
    {"print-freq", {"log-every"}},
    {"random-seed", {"seed"}},
    {"random-state", {"seed"}},
    {"resume-from", {"resume"}},
    {"resume-from-checkpoint", {"resume"}},
    {"rho", {"beta2"}},
    {"save-dir", {"checkpoint"}},
    {"save-every", {"checkpoint-every"}},
    {"save-freq", {"checkpoint-every"}},
    {"save-interval", {"checkpoint-every"}},
    {"save-steps", {"checkpoint-every"}},
    {"save-total-limit", {"keep"}},
    {"scheduler", {"schedule"}},
    {"silent", {"quiet"}},
    {"solver", {"optimizer"}},
    {"standardize", {"normalize"}},
    {"steps", {"max-steps"}},
    {"target", {"y"}},
    {"targets", {"y", "target"}},
    {"test-data", {"val-data", "data"}},
    {"time-limit", {"max-time"}},
    {"train", {"data"}},
    {"train-batch-size", {"batch-size"}},
    {"train-data", {"data"}},
    {"train-file", {"data"}},
    {"val", {"val-data"}},
    {"val-split", {"val-fraction"}},
    {"valid-data", {"val-data"}},
    {"validation-data", {"val-data"}},
    {"validation-fraction", {"val-fraction"}},
    {"validation-split", {"val-fraction"}},
    {"walltime", {"max-time"}},
    {"warmup-steps", {"warmup"}},
    {"wd", {"weight-decay"}},
    {"weights", {"init-from", "model"}},
    {"workers", {"threads"}},
};

static const struct {
    const char *theirs, *ours;
} commands[] = {
    {"check", "info"},   {"describe", "info"},     {"eval", "evaluate"},
    {"fit", "train"},    {"import", "convert"},    {"infer", "predict"},
    {"inspect", "info"}, {"run", "train"},         {"score", "evaluate"},
    {"show", "info"},    {"test", "evaluate"},     {"training", "train"},
    {"val", "evaluate"}, {"validate", "evaluate"}, {"version", "--version"},
};

const char *const *dt_suggest_option(const char *name)
{
    dt_suggestion n;
    dt_suggest_begin(&n, name);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strcmp(n.name, options[i].theirs) == 0)
            return options[i].ours;
    return NULL;
}

const char *dt_suggest_command(const char *name)
{
    dt_suggestion n;
    dt_suggest_begin(&n, name);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(n.name, commands[i].theirs) == 0)
            return commands[i].ours;
    return NULL;
}
