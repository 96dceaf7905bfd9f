#include "apply/prediction_columns.h"

#include "core/quantiles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PART_TEXT = DT_QUANTILE_TEXT + 1 };

/* Which column of its target it is: "q0.1", "mean" or "std". */
static void write_part(char text[PART_TEXT], const dt_model *m, int64_t part)
{
    char level[DT_QUANTILE_TEXT];
    if (m->loss == DT_LOSS_QUANTILE)
        snprintf(text, PART_TEXT, "q%s",
                 dt_quantile_format(level, m->criterion.quantiles.level[part]));
    else
        snprintf(text, PART_TEXT, "%s", part == 0 ? "mean" : "std");
}

/* NULL when memory runs out. */
static char *name_column(const dt_model *m, const dt_names *targets, int64_t target, int64_t part)
{
    char text[PART_TEXT], *name = NULL;
    size_t size;
    write_part(text, m, part);
    if (m->targets == 1)
        return strdup(text);
    FILE *out = open_memstream(&name, &size);
    if (!out)
        return NULL;
    if (targets->n > 0)
        fprintf(out, "%s:%s", targets->name[target], text);
    else
        fprintf(out, "%lld:%s", (long long)target, text);
    fclose(out);
    return name;
}

dt_code dt_prediction_columns_init(dt_names *columns, const dt_model *m, const dt_names *targets,
                                   dt_error *err)
{
    bool in_parts = m->loss == DT_LOSS_QUANTILE || m->loss == DT_LOSS_GAUSSIAN_NLL;
    int64_t parts = dt_outputs_per_target(m->loss, &m->criterion.quantiles);
    *columns = (dt_names){0};
    if (dt_loss_is_of_classes(m->loss) || (!in_parts && targets->n == 0))
        return DT_OK;
    if (!in_parts)
        return dt_names_copy(columns, targets, err);
    if (dt_names_init(columns, m->outputs, err))
        return err->code;
    for (int64_t i = 0; i < m->outputs; i++) {
        columns->name[i] = name_column(m, targets, i / parts, i % parts);
        if (!columns->name[i])
            return dt_fail(err, DT_ERR_MEMORY, "out of memory for names");
    }
    return DT_OK;
}
