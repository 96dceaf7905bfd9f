#ifndef DT_DATA_IMPORT_CSV_H
#define DT_DATA_IMPORT_CSV_H

#include "data/import/writer.h"

/* Read the table at path into datasets x and y of a writer. Not collective. */
dt_code dt_csv_copy(const char *path, const char *target, dt_writer *writer, dt_error *err);

#endif
