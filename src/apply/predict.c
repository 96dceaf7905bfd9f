#include <dtrain/predict.h>

#include "apply/prediction_columns.h"
#include "apply/scorer.h"
#include "comm/comm.h"
#include "core/memory.h"
#include "core/split.h"
#include "file/output.h"
#include "file/overwrite.h"
#include "file/strings.h"
#include "model/loss.h"

#include <stdlib.h>
#include <string.h>

/* The file in the making, on rank 0. */
typedef struct {
    dt_output output;
    int64_t labels_a_row;  /* 1 for classes, one of each output for bce, 0 for numbers */
    int prediction, label; /* numbers of the datasets */
    float *rows;           /* [ranks * piece,outputs] of a round */
    float *pairs;          /* [targets,2] of a row of gaussian-nll */
    int32_t *labels;       /* [ranks * piece,labels_a_row] */
} prediction_writer;

static int64_t labels_a_row(const dt_model *m)
{
    return m->loss == DT_LOSS_CROSS_ENTROPY ? 1 : m->loss == DT_LOSS_BCE ? m->outputs : 0;
}

/* What the classes, and the columns of numbers, are called. A negative number is HDF5's failure. */
static herr_t put_names(hid_t prediction, hid_t label, const dt_scorer *s, const dt_names *columns)
{
    const dt_names *classes = &s->schema.classes, *targets = &s->schema.targets;
    if (classes->n == 0 && targets->n == s->model.outputs) /* y was a probability of each */
        classes = targets;
    if (label >= 0 && classes->n > 0)
        return dt_strings_put_attribute(label, "classes", classes->n,
                                        (const char *const *)classes->name);
    if (columns->n > 0)
        return dt_strings_put_attribute(prediction, "columns", columns->n,
                                        (const char *const *)columns->name);
    return 0;
}

/* The datasets and their names. */
static dt_code lay_out(prediction_writer *sh, const dt_scorer *s, dt_error *err)
{
    hsize_t dim[2] = {(hsize_t)s->rows, (hsize_t)s->model.outputs};
    hsize_t labels[2] = {dim[0], (hsize_t)labels_a_row(&s->model)};
    hid_t file = sh->output.file, prediction, label = -1;
    dt_names columns;
    sh->labels_a_row = labels_a_row(&s->model);
    sh->prediction =
        dt_output_add(&sh->output, file, "prediction", H5T_IEEE_F32LE, 2, dim, &prediction);
    if (sh->labels_a_row)
        sh->label = dt_output_add(&sh->output, file, "label", H5T_STD_I32LE,
                                  sh->labels_a_row > 1 ? 2 : 1, labels, &label);
    if (!dt_prediction_columns_init(&columns, &s->model, &s->schema.targets, err) &&
        (sh->prediction < 0 || sh->label < 0 || put_names(prediction, label, s, &columns) < 0))
        dt_output_layout_failed(&sh->output, err);
    dt_names_free(&columns);
    return err->code;
}

static dt_code create_writer(prediction_writer *sh, const dt_scorer *s, int ranks,
                             const dt_predict_options *options, dt_error *err)
{
    int64_t max_rows = ranks * s->piece_rows;
    const char *path;
    for (int64_t i = 0; (path = dt_data_file_path(s->file, i)); i++)
        if (dt_output_check_input(options->out, path, err))
            return err->code;
    if (dt_output_check_input(options->out, options->model, err) ||
        dt_overwrite_check(options->out, "prediction", err) ||
        dt_output_create_through(&sh->output, options->out, err) || lay_out(sh, s, err))
        return err->code;
    sh->rows = dt_alloc(max_rows * s->model.outputs, sizeof *sh->rows, "predictions", err);
    sh->pairs = dt_alloc(2 * s->model.targets, sizeof *sh->pairs, "predictions", err);
    sh->labels = dt_alloc(max_rows * sh->labels_a_row, sizeof *sh->labels, "predictions", err);
    return err->code ? err->code : dt_output_begin_values(&sh->output, err);
}

/* Labels of n rows, and their outputs made probabilities, or means and deviations. */
static void make_predictions(prediction_writer *sh, const dt_model *m, int64_t n)
{
    int64_t K = m->outputs;
    if (m->loss == DT_LOSS_CROSS_ENTROPY) {
        for (int64_t i = 0; i < n; i++)
            sh->labels[i] = (int32_t)dt_argmax(K, sh->rows + i * K);
        dt_softmax(n, K, sh->rows);
    } else if (m->loss == DT_LOSS_BCE) {
        for (int64_t i = 0; i < n * K; i++)
            sh->labels[i] = sh->rows[i] > 0;
        dt_sigmoid(n * K, sh->rows);
    } else if (m->loss == DT_LOSS_GAUSSIAN_NLL) {
        for (int64_t i = 0; i < n; i++) {
            dt_means_and_deviations(m->targets, sh->rows + i * K, sh->pairs);
            memcpy(sh->rows + i * K, sh->pairs, (size_t)K * sizeof *sh->rows);
        }
    }
}

/* Predictions of a model whose targets were scaled become values. The columns of a target stand side
 * by side; a deviation has no offset. */
static void undo_scaling(const dt_scorer *s, int64_t n, float *rows)
{
    const dt_normalizer *y = s->y_normalizer;
    int64_t K = s->model.outputs, columns = K / s->model.targets;
    bool pairs = s->model.loss == DT_LOSS_GAUSSIAN_NLL;
    for (int64_t i = 0; i < n * K && y; i++) {
        int64_t target = i % K / columns;
        rows[i] = pairs && i % 2 == 1 ? (float)((double)rows[i] / y->scale[target])
                                      : (float)dt_normalizer_undo(y, target, (double)rows[i]);
    }
}

static dt_code write_round(prediction_writer *sh, const dt_scorer *s, int64_t row, int64_t n,
                           dt_error *err)
{
    int64_t K = s->model.outputs, bytes = (int64_t)sizeof(float);
    int64_t label_bytes = sh->labels_a_row * (int64_t)sizeof *sh->labels;
    make_predictions(sh, &s->model, n);
    undo_scaling(s, n, sh->rows);
    if (sh->labels_a_row)
        dt_output_write(&sh->output, sh->label, row * label_bytes, sh->labels, n * label_bytes,
                        err);
    return dt_output_write(&sh->output, sh->prediction, row * K * bytes, sh->rows, n * K * bytes,
                           err);
}

/* Rounds of one piece a rank, in row order: each rank scores its piece, rank 0 writes the round. */
static dt_code score_rounds(prediction_writer *sh, dt_scorer *s, const dt_world *world,
                            dt_error *err)
{
    int64_t max_rows = world->size * s->piece_rows;
    for (int64_t row = 0; row < s->rows; row += max_rows) {
        dt_split round = {.n = s->rows - row < max_rows ? s->rows - row : max_rows,
                          .granule = 1,
                          .parts = world->size};
        int64_t n = dt_split_count(&round, world->rank);
        dt_scorer_run(s, row + dt_split_begin(&round, world->rank), n, err);
        if (dt_world_agree(world, err)) /* also what rank 0 had to say of the round before */
            return err->code;
        dt_gather(world, s->output, n, (size_t)s->model.outputs * sizeof *s->output, sh->rows);
        if (world->rank == 0)
            write_round(sh, s, row, round.n, err);
    }
    return dt_world_agree(world, err);
}

dt_code dt_predict(const dt_world *world, const dt_predict_options *options, dt_error *err)
{
    dt_scorer s;
    prediction_writer sh = {0};
    dt_scorer_options scoring = {.model = options->model,
                                 .data = options->data,
                                 .x = options->x,
                                 .transpose = options->transpose,
                                 .threads = options->threads,
                                 .keep_binding = options->bind == DT_BIND_KEEP,
                                 .warn = options->warn,
                                 .chosen = options->chosen};
    if (dt_overwrite_check_name(options->out, err)) /* on every rank alike */
        return err->code;
    if (!dt_scorer_open(&s, world, &scoring, err)) {
        if (world->rank == 0)
            create_writer(&sh, &s, world->size, options, err);
        if (!dt_world_agree(world, err) && !score_rounds(&sh, &s, world, err) && world->rank == 0)
            dt_output_commit(&sh.output, err);
        dt_world_agree(world, err);
    }
    dt_output_close(&sh.output);
    dt_scorer_close(&s);
    free(sh.rows);
    free(sh.pairs);
    free(sh.labels);
    return err->code;
}
