/* Declarations that only the files of dt_output use. Not collective. */
#ifndef DT_FILE_OUTPUT_INTERNAL_H
#define DT_FILE_OUTPUT_INTERNAL_H

#include "file/output.h"

/* Put the error of a failed write to a file into err. Returns err->code.
 *   number  the errno of the write */
dt_code dt_output_write_failed(const char *path, int number, dt_error *err);

/* End the layout, and set output->size to the size of the file. */
dt_code dt_output_end_layout(dt_output *output, dt_error *err);

#endif
