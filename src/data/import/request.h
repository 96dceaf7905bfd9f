/* The wishes of the caller about a table, with the lists of columns as lists. Not collective. */
#ifndef DT_DATA_IMPORT_REQUEST_H
#define DT_DATA_IMPORT_REQUEST_H

#include "core/names.h"
#include "data/import/cell.h"
#include "data/import/like.h"

#include <dtrain/convert.h>

typedef struct {
    dt_names target, drop, columns; /* n is 0: none was given */
    bool one_hot;
    dt_like like; /* path is NULL: the columns are those of the lists */
    dt_convert_header header;
    char separator; /* '\0': to be found */
    dt_cell_style style;
} dt_table_request;

/* DT_ERR_USAGE for options that do not go together. To be ended with dt_table_request_free, also
 * after an error. */
dt_code dt_table_request_init(dt_table_request *request, const dt_convert_options *options,
                              dt_error *err);
void dt_table_request_free(dt_table_request *request);

#endif
