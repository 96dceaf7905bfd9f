#include <dtrain/evaluate.h>

#include "apply/scorer.h"
#include "comm/comm.h"
#include "core/line.h"
#include "core/split.h"
#include "model/metrics.h"

#include <stdio.h>
#include <stdlib.h>

static dt_code start_metrics(dt_metrics *metrics, const dt_scorer *s, dt_error *err)
{
    void *first = dt_data_file_first_y(s->file, dt_y_kind_of(s->model.loss), err);
    if (first)
        dt_metrics_init(metrics, s->model.loss, &s->model.criterion.quantiles, s->model.outputs,
                        first, err);
    const dt_data_file_info *info = dt_data_file_get_info(s->file);
    dt_metrics_count(metrics, info->weighted, info->masked);
    if (s->y_normalizer)
        dt_metrics_unscale(metrics, s->y_normalizer->mean, s->y_normalizer->scale);
    free(first);
    return err->code;
}

/* This rank's share of the rows, piece by piece. */
static dt_code score_share(dt_scorer *s, const dt_world *world, dt_metrics *metrics, dt_error *err)
{
    dt_split pieces = {.n = s->rows, .granule = s->piece_rows, .parts = world->size};
    if (dt_split_granules(&pieces) < world->size)
        pieces.granule = 1;
    int64_t begin = dt_split_begin(&pieces, world->rank);
    int64_t end = dt_split_begin(&pieces, world->rank + 1);
    for (int64_t row = begin; row < end; row += s->piece_rows) {
        int64_t n = end - row < s->piece_rows ? end - row : s->piece_rows;
        if (dt_scorer_run(s, row, n, err))
            return err->code;
        dt_metrics_add(metrics, s->output, s->y, n);
    }
    return DT_OK;
}

/* Collective. */
static void name_class(dt_evaluate_result *result, const dt_scorer *s, const dt_world *world)
{
    const dt_names *classes = &s->schema.classes; /* rank 0's */
    const char *name = result->has_f1 && classes->n == 2 ? classes->name[1] : "";
    snprintf(result->f1_class, sizeof result->f1_class, "%.*s",
             dt_line_cut(name, sizeof result->f1_class - 1), name);
    dt_broadcast(world, result->f1_class, sizeof result->f1_class);
}

/* Collective. */
static void name_targets(dt_evaluate_result *result, const dt_scorer *s, const dt_world *world)
{
    const dt_names *names = &s->schema.targets; /* rank 0's */
    for (int64_t k = 0; k < result->targets && k < names->n; k++) {
        dt_target_scores *t = &result->target[k];
        snprintf(t->name, sizeof t->name, "%.*s", dt_line_cut(names->name[k], sizeof t->name - 1),
                 names->name[k]);
    }
    dt_broadcast(world, result->target, sizeof result->target);
}

dt_code dt_evaluate(const dt_world *world, const dt_evaluate_options *options,
                    dt_evaluate_result *result, dt_error *err)
{
    dt_scorer s;
    dt_metrics metrics = {0};
    dt_scorer_options scoring = {.model = options->model,
                                 .data = options->data,
                                 .x = options->x,
                                 .y = options->y,
                                 .reads_y = true,
                                 .y_data = options->y_data,
                                 .weights = options->weights,
                                 .mask_y = options->missing_y == DT_MISSING_Y_MASK,
                                 .drop_x = options->missing == DT_MISSING_DROP,
                                 .drop_y = options->missing_y == DT_MISSING_Y_DROP,
                                 .ignore_label = options->ignore_label,
                                 .transpose = options->transpose,
                                 .threads = options->threads,
                                 .keep_binding = options->bind == DT_BIND_KEEP,
                                 .warn = options->warn,
                                 .chosen = options->chosen};
    if (!dt_scorer_open(&s, world, &scoring, err)) {
        if (!start_metrics(&metrics, &s, err))
            score_share(&s, world, &metrics, err);
        if (!dt_world_agree(world, err)) {
            dt_sum_int64(world, dt_metrics_sums(&metrics), metrics.words);
            *result = dt_metrics_scores(&metrics);
            name_class(result, &s, world);
            name_targets(result, &s, world);
            if (world->rank == 0 && options->warn && result->has_r2 && result->samples == 1)
                options->warn("R^2 is not defined for a single row");
        }
    }
    dt_metrics_free(&metrics);
    dt_scorer_close(&s);
    return err->code;
}
