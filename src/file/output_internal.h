/* What the files of an output share. */
#ifndef DT_FILE_OUTPUT_INTERNAL_H
#define DT_FILE_OUTPUT_INTERNAL_H

#include "file/output.h"

/* Put an errno, after a failed write to a file, into err. Returns err->code. */
dt_code dt_output_write_failed(const char *path, int number, dt_error *err);

/* End the layout, and learn the size of the file. */
dt_code dt_output_end_layout(dt_output *output, dt_error *err);

#endif
