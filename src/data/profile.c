#include "data/profile.h"

#include "comm/comm.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

dt_code dt_profile_init(dt_profile *l, const dt_data_file_info *info, dt_y_kind kind, dt_error *err)
{
    *l = (dt_profile){.kind = kind, .y_stride = 1 + info->weighted};
    if (!info->x_is_bytes && dt_column_stats_init(&l->x, info->features, err))
        return err->code;
    if (kind == DT_Y_TARGETS && !info->weighted && !info->masked)
        return dt_column_stats_init(&l->y, info->y_width, err);
    if (kind != DT_Y_LABELS)
        return DT_OK;
    l->class_count = dt_alloc(DT_PROFILE_CLASSES, sizeof *l->class_count, "counts of classes", err);
    if (l->class_count)
        memset(l->class_count, 0, DT_PROFILE_CLASSES * sizeof *l->class_count);
    return err->code;
}

void dt_profile_add(dt_profile *l, int64_t row, int64_t n, const void *x, const void *y,
                    const bool *held)
{
    const int32_t *label = y;
    if (x && l->x.n > 0)
        dt_column_stats_add(&l->x, row, n, x);
    if (y && l->y.n > 0)
        dt_column_stats_add(&l->y, row, n, y);
    for (int64_t i = 0; i < n && label && l->class_count; i++) {
        int32_t class = label[i * l->y_stride];
        if (class >= 0 && class < DT_PROFILE_CLASSES && !(held && held[i]))
            l->class_count[class]++;
    }
}

dt_code dt_profile_sum(const dt_world *world, dt_profile *l, int64_t outputs, dt_error *err)
{
    if ((l->x.n > 0 && dt_column_stats_sum(world, &l->x, err)) ||
        (l->y.n > 0 && dt_column_stats_sum(world, &l->y, err)))
        return err->code;
    if (l->class_count)
        dt_sum_int64(world, l->class_count,
                     outputs < DT_PROFILE_CLASSES ? outputs : DT_PROFILE_CLASSES);
    return DT_OK;
}

void dt_profile_free(dt_profile *l)
{
    dt_column_stats_free(&l->x);
    dt_column_stats_free(&l->y);
    free(l->class_count);
    *l = (dt_profile){0};
}
