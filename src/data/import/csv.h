/* Reads a CSV table. */
#ifndef DT_DATA_IMPORT_CSV_H
#define DT_DATA_IMPORT_CSV_H

#include "data/import/request.h"
#include "data/import/writer.h"

#include <stdio.h>

/* Where to write what was taken from a table, and warnings about it, one a line. */
typedef struct {
    FILE *summary, *warnings;
} dt_csv_notes;

/* Read a table into the datasets x and y of a writer; only into x if no target is requested. Not
 * collective. */
dt_code dt_csv_copy(const char *path, const dt_table_request *request, dt_writer *writer,
                    const dt_csv_notes *notes, dt_error *err);

#endif
