/* What is to be made of a table: which row is the header, which column the target, what the cells
 * of that are. Found in a first reading, used in the second. Not collective. */
#ifndef DT_DATA_IMPORT_PLAN_H
#define DT_DATA_IMPORT_PLAN_H

#include "data/column_stats.h"
#include "data/import/table.h"
#include "data/import/target.h"

typedef enum {
    DT_HEADER_NO,
    DT_HEADER_YES,
    DT_HEADER_OPEN, /* the target column will tell */
} dt_header;

typedef struct {
    dt_table table;
    const char *wanted; /* the target as the caller named it; NULL: there is none */
    dt_header header;
    /* Without a header: the first row's numbers count up by one step (1, 2, 3), or rise, and those
     * of no other row do so far. */
    bool first_counts, first_rises;
    bool compared;   /* there is another row of numbers */
    bool fractions;  /* and not only of whole ones */
    char **first;    /* [columns] the cells of the first row; owned */
    int64_t columns; /* features and target */
    int64_t target;  /* its column, from 0; -1: none */
    int64_t rows;    /* of data */
    dt_target y;
    dt_column_stats x; /* the look of the features, after the second reading */
} dt_plan;

enum { DT_PLAN_PLACE = 400 /* bytes of a place in a message: file and column */ };

/* "t.csv: column 3 (width)" */
void dt_plan_place(const dt_plan *plan, int64_t column, char where[DT_PLAN_PLACE]);

/* Decide whether the first row is a header, and on the target, from the first two rows.
 *   second  there is a second row, which is the table's current one */
dt_code dt_plan_find_header(dt_plan *plan, bool second, dt_error *err);

/* Every further row, the second one among them: a first row that is like others is no header. */
void dt_plan_compare_row(dt_plan *plan);

/* After the last row. DT_ERR_DATA if nobody can know whether the first row is a header. */
dt_code dt_plan_decide_header(dt_plan *plan, dt_error *err);

/* It was taken for a row, and might be a header. */
bool dt_plan_header_is_doubtful(const dt_plan *plan);

/* What was taken, in words; and what looks odd in it, a line each. */
void dt_plan_print(const dt_plan *plan, FILE *to);
void dt_plan_warn(const dt_plan *plan, FILE *to);

#endif
