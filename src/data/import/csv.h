#ifndef DT_DATA_IMPORT_CSV_H
#define DT_DATA_IMPORT_CSV_H

#include "data/import/writer.h"

#include <stdio.h>

/* Where to write what was taken of a table, in words, and what is odd in it, a line each. */
typedef struct {
    FILE *summary, *warnings;
} dt_csv_notes;

/* Read the table at path into datasets x and y of a writer; only x if target is NULL. Not
 * collective. */
dt_code dt_csv_copy(const char *path, const char *target, dt_writer *writer,
                    const dt_csv_notes *notes, dt_error *err);

#endif
