#include <dtrain/evaluate.h>

#include "apply/scorer.h"
#include "comm/comm.h"
#include "core/split.h"
#include "model/loss.h"

#include <math.h>

/* This rank's share of the rows, piece by piece. */
static dt_code score_share(dt_scorer *s, const dt_world *world, double sum[2], dt_error *err)
{
    dt_split pieces = {.n = s->rows, .granule = s->piece_rows, .parts = world->size};
    if (dt_split_granules(&pieces) < world->size)
        pieces.granule = 1;
    int64_t begin = dt_split_begin(&pieces, world->rank);
    int64_t end = dt_split_begin(&pieces, world->rank + 1);
    for (int64_t row = begin; row < end; row += s->piece_rows) {
        int64_t n = end - row < s->piece_rows ? end - row : s->piece_rows;
        double loss;
        if (dt_scorer_run(s, row, n, &loss, err))
            return err->code;
        sum[0] += loss;
        if (s->model.loss == DT_LOSS_CROSS_ENTROPY)
            sum[1] += (double)dt_count_correct(n, s->model.outputs, s->output, s->y);
    }
    return DT_OK;
}

dt_code dt_evaluate(const dt_world *world, const dt_evaluate_options *options,
                    dt_evaluate_result *result, dt_error *err)
{
    dt_scorer s;
    dt_scorer_options scoring = {.model = options->model,
                                 .data = options->data,
                                 .x = options->x,
                                 .y = options->y,
                                 .threads = options->threads,
                                 .keep_binding = options->bind == DT_BIND_KEEP};
    double sum[2] = {0}; /* loss, rows whose class was found */
    if (!dt_scorer_open(&s, world, &scoring, err)) {
        score_share(&s, world, sum, err);
        if (!dt_world_agree(world, err)) {
            dt_sum_double(world, sum, 2);
            result->samples = s.rows;
            result->loss = sum[0] / (double)s.rows;
            result->has_accuracy = s.model.loss == DT_LOSS_CROSS_ENTROPY;
            result->accuracy = result->has_accuracy ? sum[1] / (double)s.rows : NAN;
        }
    }
    dt_scorer_close(&s);
    return err->code;
}
