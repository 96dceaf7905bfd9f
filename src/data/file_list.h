/* DATA, as options name it: an HDF5 file, a list "a.h5,b.h5", a pattern "run_*.h5", or "@FILE", a
 * text file with the path of a file in each line. The rows of all files count as the rows of one
 * file, in this order. */
#ifndef DT_DATA_FILE_LIST_H
#define DT_DATA_FILE_LIST_H

#include <dtrain/status.h>
#include <dtrain/world.h>
#include <stdint.h>

typedef struct {
    char *text; /* as it was named, for messages; owned */
    int64_t n;
    char **path; /* [n]; owned, as are the paths */
} dt_file_list;

/* Find the files. The files of a pattern are in the order of their names, in which numbers count by
 * their value. A name that is a file is taken as it is, also with a comma or a star in it. Not
 * collective. DT_ERR_FILE if a pattern fits no file, or a list is empty. To be ended with
 * dt_file_list_free, also after an error. */
dt_code dt_file_list_find(dt_file_list *list, const char *data, dt_error *err);

/* The same for all ranks: rank 0 finds the files. Collective. An error is every rank's. */
dt_code dt_file_list_find_all(dt_file_list *list, const dt_world *world, const char *data,
                              dt_error *err);

/* A file that is in both lists, under whatever path, as the second one has it; NULL: there is none.
 * Not collective. */
const char *dt_file_list_find_common(const dt_file_list *a, const dt_file_list *b);

/* Also for a list that is all zero. */
void dt_file_list_free(dt_file_list *list);

#endif
