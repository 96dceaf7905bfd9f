/* The plan of a table: which row is the header, which column the target, and what kind of cells the
 * target has. A first reading of the table finds it, and a second one uses it. Not collective. */
#ifndef DT_DATA_IMPORT_PLAN_H
#define DT_DATA_IMPORT_PLAN_H

#include "data/column_stats.h"
#include "data/import/table.h"
#include "data/import/target.h"

typedef enum {
    DT_HEADER_NO,
    DT_HEADER_YES,
    DT_HEADER_OPEN, /* the cells of the target column decide */
} dt_header;

typedef struct {
    dt_table table;
    const char *wanted; /* the target, as the caller named it; NULL: no target */
    dt_header header;
    /* Without a header: the first row's numbers count up by one step (1, 2, 3), or rise, and those
     * of no other row do so far. */
    bool first_counts, first_rises;
    bool compared;   /* there is another row of numbers */
    bool fractions;  /* and not only of whole ones */
    char **first;    /* [columns] the cells of the first row; owned */
    int64_t columns; /* features and target */
    int64_t target;  /* the target's column, from 0; -1: none */
    int64_t rows;    /* of data */
    dt_target y;
    dt_column_stats x; /* the look of the features, after the second reading */
} dt_plan;

enum { DT_PLAN_PLACE = 400 /* bytes of a place in a message: file and column */ };

/* "t.csv: column 3 (width)" */
void dt_plan_place(const dt_plan *plan, int64_t column, char where[DT_PLAN_PLACE]);

/* Decide, by the first two rows, whether the first is a header, and find the target.
 *   second  whether there is a second row; it is then the table's current row */
dt_code dt_plan_find_header(dt_plan *plan, bool second, dt_error *err);

/* Compare the current row, from the second on, with the first: a first row like others is no
 * header. */
void dt_plan_compare_row(dt_plan *plan);

/* Decide after the last row. DT_ERR_DATA if the first row may as well be a header as a row. */
dt_code dt_plan_decide_header(dt_plan *plan, dt_error *err);

/* Whether the first row was taken for a row but may be a header. */
bool dt_plan_header_is_doubtful(const dt_plan *plan);

/* Print what was taken from the table, and warnings about it, one a line. */
void dt_plan_print(const dt_plan *plan, FILE *to);
void dt_plan_warn(const dt_plan *plan, FILE *to);

#endif
