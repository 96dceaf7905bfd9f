#include "train/footprint.h"

#include "core/line.h"
#include "core/memory.h"
#include "data/batch.h"
#include "engine/engine.h"

static const double NODE_SHARE = 0.9; /* the rest is the program's, and the system's */

dt_footprint dt_footprint_of(const dt_footprint_facts *f)
{
    const dt_model *m = f->model;
    double parameters = (double)m->parameters;
    double own = 1 + (f->saves ? 1 + f->vectors : 0) + f->several_nodes; /* and its gradient */
    double together = (1 + f->vectors) * parameters + (double)dt_engine_panels(m);
    double row = (double)m->inputs * sizeof(float) +
                 (double)dt_target_bytes(m->loss, m->targets, m->criterion.weighted);
    double batch = (double)dt_batch_max_per_rank(f->batch_size, f->block, f->ranks) * row;
    int64_t kept = dt_batch_rows_kept(f->batch_size, f->block, f->ranks);
    return (dt_footprint){.weights = (own * parameters + together / f->numa_group) * sizeof(float),
                          .activations = dt_engine_bytes(m, f->threads, kept),
                          .data = f->data + f->under_way + (f->collects ? batch : 0)};
}

dt_code dt_footprint_check(const dt_footprint *f, const dt_model *m, int64_t part, dt_error *err)
{
    double model = f->weights + f->activations, max_bytes = NODE_SHARE * (double)part;
    char text[4][16];
    if (model + f->data <= max_bytes)
        return DT_OK;
    if (model > max_bytes)
        return dt_fail(
            err, DT_ERR_MEMORY,
            "the model does not fit into memory: with %lld input%s and %lld output%s its "
            "training takes %s a rank, and a rank's part of the node is %s",
            (long long)m->inputs, dt_plural(m->inputs), (long long)m->outputs,
            dt_plural(m->outputs), dt_format_bytes(model, text[0]),
            dt_format_bytes((double)part, text[1]));
    return dt_fail(err, DT_ERR_MEMORY,
                   "data and model do not fit into memory together: a rank takes %s for rows of "
                   "data, %s for the weights and %s for activations, and its part of the node is "
                   "%s; use a smaller --memory, a smaller --batch-size, or more nodes",
                   dt_format_bytes(f->data, text[0]), dt_format_bytes(f->weights, text[1]),
                   dt_format_bytes(f->activations, text[2]),
                   dt_format_bytes((double)part, text[3]));
}
