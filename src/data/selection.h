/* NAMES, as options name columns:
 *
 *   x                      a dataset
 *   t,qv,pressure          datasets side by side
 *   table/age              a member of a compound dataset
 *   table[age,weight]      members
 *   data[0:5]  data[8]     columns, counted from 0; negative numbers count from the end
 *   data[:,2]  data[1,4:]  the same
 *
 * Not collective. */
#ifndef DT_DATA_SELECTION_H
#define DT_DATA_SELECTION_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char *name;          /* of a dataset, or of a member: "table/age"; owned */
    bool has_range;      /* or all columns are meant */
    int64_t first, last; /* the last one is included */
} dt_selected;

typedef struct {
    int n;
    dt_selected *item; /* [n]; owned */
} dt_selection;

/* DT_ERR_USAGE says what is wrong.
 *   option  in messages: "--x"
 * To be ended with dt_selection_free, also after an error. */
dt_code dt_selection_parse(dt_selection *selection, const char *option, const char *names,
                           dt_error *err);

/* A selection of one dataset, whatever its name is. */
dt_code dt_selection_of_dataset(dt_selection *selection, const char *name, dt_error *err);

/* Also for a selection that is all zero. */
void dt_selection_free(dt_selection *selection);

#endif
