/* Some columns of a dataset, read as numbers: all of them, a range, or a member of a compound
 * dataset. Not collective. */
#ifndef DT_DATA_COLUMN_VIEW_H
#define DT_DATA_COLUMN_VIEW_H

#include "data/h5_array.h"
#include "data/number_type.h"

typedef struct {
    const dt_h5_array *array; /* borrowed */
    dt_number_type number;
    int64_t first, width; /* of the numbers of a row */
} dt_column_view;

/* Which columns are wanted. */
typedef struct {
    const char *member;  /* NULL: the dataset itself */
    int64_t first, last; /* both count from the end if they are negative; last is included */
    bool text;           /* strings are accepted */
} dt_column_range;

static const dt_column_range dt_all_columns = {.first = 0, .last = -1};

/* Make a view of an open array. DT_ERR_DATA if it has no such columns, or they are not numbers. To
 * be ended with dt_column_view_close, also after an error. */
dt_code dt_column_view_open(dt_column_view *view, const dt_h5_array *array,
                            const dt_column_range *range, dt_error *err);
void dt_column_view_close(dt_column_view *view);

/* The type of values in memory. It is not an hid_t, since HDF5's names of types are calls of HDF5,
 * which need the lock (file/h5.h). */
typedef enum { DT_VALUES_FLOAT, DT_VALUES_DOUBLE, DT_VALUES_BYTES } dt_values;

static inline int64_t dt_values_bytes(dt_values values)
{
    return values == DT_VALUES_BYTES ? 1 : values == DT_VALUES_FLOAT ? 4 : 8;
}

/* Read the columns of rows [row, row + n) as values of this type, decoded; a missing value is NaN.
 * Several threads may call it at the same time.
 *   view    [views] of one array, which is read once; their columns stand side by side in `out`
 *   out     the value c of row i goes to out[i * stride + c]
 *   stride  at least the sum of the widths */
dt_code dt_column_views_read(const dt_column_view *view, int views, int64_t row, int64_t n,
                             dt_values values, void *out, int64_t stride, dt_error *err);

/* Called with each string of a column of strings, which is ended by a NUL. */
typedef void dt_text_visitor(int64_t row, const char *text, void *data);

/* Read rows [row, row + n) of strings. */
dt_code dt_column_view_visit(const dt_column_view *view, int64_t row, int64_t n,
                             dt_text_visitor *visit, void *data, dt_error *err);

#endif
