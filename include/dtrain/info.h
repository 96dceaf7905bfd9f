/* Say what a file holds. */
#ifndef DTRAIN_INFO_H
#define DTRAIN_INFO_H

#include <dtrain/status.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Print, in plain words, what a data set or a checkpoint holds, and what about its layout will be
 * slow to read. Not collective: one process calls it.
 *   to  [in] stream for the text; the caller checks and flushes it
 * Returns DT_OK, DT_ERR_FILE, DT_ERR_DATA or DT_ERR_MEMORY. */
dt_code dt_info(const char *file, FILE *to, dt_error *err);

#ifdef __cplusplus
}
#endif

#endif
