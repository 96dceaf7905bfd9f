/* What the files of columns*.c share. */
#ifndef DT_DATA_COLUMNS_INTERNAL_H
#define DT_DATA_COLUMNS_INTERNAL_H

#include "data/column_file.h"

#include <pthread.h>

/* A file of the list, as far as this rank knows it. */
typedef struct {
    dt_column_file file; /* all zero: it was never opened here */
    bool is_known;       /* it was opened here before */
    bool is_open;
    int users;    /* threads that read it now */
    int64_t used; /* when it was used last */
} dt_listed_file;

struct dt_columns {
    dt_columns_spec spec; /* its texts are owned */
    char *names, *option;
    dt_columns_info info;
    dt_selection selection;
    const dt_file_list *files; /* borrowed */
    dt_listed_file *file;      /* [files->n] */
    int64_t *begin;            /* [files->n + 1] the first row of each file */
    pthread_mutex_t lock;      /* of what says which files are open */
    int64_t clock;             /* counts uses of files */
    int64_t open, max_open;    /* files that are open, and may be */
    int64_t *opened;           /* [open] the numbers of those that are open */
    int64_t opened_capacity;
};

/* Take a file that is open, or opened now, and give it back. Several threads may do so. The file is
 * NULL after an error. */
const dt_column_file *dt_columns_take(dt_columns *columns, int64_t i, dt_error *err);
void dt_columns_give_back(dt_columns *columns, int64_t i);

/* Compare the names of a file with those of the first one. DT_ERR_SHAPE names both files. */
dt_code dt_columns_compare_names(dt_columns *columns, const dt_column_file *file, dt_error *err);

#endif
