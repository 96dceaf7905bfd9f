/* Reads a CSV table. */
#ifndef DT_DATA_IMPORT_CSV_H
#define DT_DATA_IMPORT_CSV_H

#include "data/import/writer.h"

#include <stdio.h>

/* Where to write what was taken from a table, and warnings about it, one a line. */
typedef struct {
    FILE *summary, *warnings;
} dt_csv_notes;

/* Read a table into the datasets x and y of a writer; only into x if target is NULL. Not
 * collective. */
dt_code dt_csv_copy(const char *path, const char *target, dt_writer *writer,
                    const dt_csv_notes *notes, dt_error *err);

#endif
