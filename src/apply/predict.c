#include <dtrain/predict.h>

#include "apply/scorer.h"
#include "comm/comm.h"
#include "core/memory.h"
#include "core/split.h"
#include "file/output.h"
#include "model/loss.h"

#include <stdlib.h>

/* The file in the making, on rank 0. */
typedef struct {
    dt_output output;
    hid_t prediction, label; /* label < 0: the model has no classes */
    float *rows;             /* [ranks * piece,outputs] of a round */
    int32_t *labels;         /* [ranks * piece] */
} sheet;

static hid_t create_set(hid_t file, const char *name, hid_t type, int dims, hsize_t rows,
                        hsize_t width)
{
    hsize_t dim[2] = {rows, width};
    hid_t space = H5Screate_simple(dims, dim, NULL);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Sclose(space);
    return set;
}

static dt_code create_sheet(sheet *sh, const dt_scorer *s, int ranks,
                            const dt_predict_options *options, dt_error *err)
{
    bool classes = s->model.loss == DT_LOSS_CROSS_ENTROPY;
    int64_t most = ranks * s->piece_rows;
    if (dt_output_refuse(options->out, options->data, err) ||
        dt_output_refuse(options->out, options->model, err) ||
        dt_output_create(&sh->output, options->out, err))
        return err->code;
    sh->prediction = create_set(sh->output.file, "prediction", H5T_IEEE_F32LE, 2, (hsize_t)s->rows,
                                (hsize_t)s->model.outputs);
    if (classes)
        sh->label = create_set(sh->output.file, "label", H5T_STD_I32LE, 1, (hsize_t)s->rows, 1);
    if (sh->prediction < 0 || (classes && sh->label < 0))
        return dt_output_failed(&sh->output, err);
    sh->rows = dt_alloc(most * s->model.outputs, sizeof *sh->rows, "predictions", err);
    sh->labels = dt_alloc(most, sizeof *sh->labels, "predictions", err);
    return err->code;
}

static herr_t write_rows(hid_t set, hid_t type, int dims, int64_t row, int64_t n, int64_t width,
                         const void *values)
{
    hsize_t start[2] = {(hsize_t)row, 0}, count[2] = {(hsize_t)n, (hsize_t)width};
    hid_t in_file = H5Dget_space(set), in_memory = H5Screate_simple(dims, count, NULL);
    H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, NULL, count, NULL);
    herr_t status = H5Dwrite(set, type, in_memory, in_file, H5P_DEFAULT, values);
    H5Sclose(in_memory);
    H5Sclose(in_file);
    return status;
}

static dt_code write_round(sheet *sh, const dt_scorer *s, int64_t row, int64_t n, dt_error *err)
{
    int64_t K = s->model.outputs;
    if (sh->label >= 0) {
        for (int64_t i = 0; i < n; i++)
            sh->labels[i] = (int32_t)dt_argmax(K, sh->rows + i * K);
        dt_softmax(n, K, sh->rows);
    }
    if (write_rows(sh->prediction, H5T_NATIVE_FLOAT, 2, row, n, K, sh->rows) < 0 ||
        (sh->label >= 0 && write_rows(sh->label, H5T_NATIVE_INT32, 1, row, n, 1, sh->labels) < 0))
        return dt_output_failed(&sh->output, err);
    return DT_OK;
}

/* Rounds of one piece a rank, in row order: each rank scores its piece, rank 0 writes the round. */
static dt_code score_rounds(sheet *sh, dt_scorer *s, const dt_world *world, dt_error *err)
{
    int64_t most = world->size * s->piece_rows;
    for (int64_t row = 0; row < s->rows; row += most) {
        dt_split round = {
            .n = s->rows - row < most ? s->rows - row : most, .granule = 1, .parts = world->size};
        int64_t n = dt_split_count(&round, world->rank);
        double loss;
        dt_scorer_run(s, row + dt_split_begin(&round, world->rank), n, &loss, err);
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
    sheet sh = {.output = {.file = -1}, .prediction = -1, .label = -1};
    dt_scorer_options scoring = {.model = options->model,
                                 .data = options->data,
                                 .x = options->x,
                                 .threads = options->threads,
                                 .keep_binding = options->bind == DT_BIND_KEEP};
    if (!dt_scorer_open(&s, world, &scoring, err)) {
        if (world->rank == 0)
            create_sheet(&sh, &s, world->size, options, err);
        if (!dt_world_agree(world, err) && !score_rounds(&sh, &s, world, err) && world->rank == 0)
            dt_output_commit(&sh.output, err);
        dt_world_agree(world, err);
    }
    dt_output_close(&sh.output);
    dt_scorer_close(&s);
    free(sh.rows);
    free(sh.labels);
    return err->code;
}
