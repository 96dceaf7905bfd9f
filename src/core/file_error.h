/* The error code for a write that the system refused. */
#ifndef DT_CORE_FILE_ERROR_H
#define DT_CORE_FILE_ERROR_H

#include <dtrain/status.h>
#include <errno.h>

/* Return the code for this errno. */
static inline dt_code dt_file_error(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: /* ulimit -f, or the file system */
        return DT_ERR_SPACE;
    case ENOMEM:
        return DT_ERR_MEMORY;
    default:
        return DT_ERR_FILE;
    }
}

#endif
