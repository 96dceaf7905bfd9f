/* The plan of a table: which row is the header, which columns become x and y, and what kind of
 * cells they have. A first reading of the table finds it, and a second one uses it. Not collective.
 */
#ifndef DT_DATA_IMPORT_PLAN_H
#define DT_DATA_IMPORT_PLAN_H

#include "data/column_stats.h"
#include "data/import/feature.h"
#include "data/import/request.h"
#include "data/import/table.h"
#include "data/import/target.h"

typedef enum {
    DT_HEADER_NO,
    DT_HEADER_YES,
    DT_HEADER_OPEN, /* the cells of the target column decide */
} dt_header;

typedef enum {
    DT_ROLE_LEFT_OUT,
    DT_ROLE_FEATURE,
    DT_ROLE_TARGET,
} dt_role;

typedef struct {
    dt_table table;
    const dt_table_request *request; /* borrowed */
    dt_header header;
    /* Without a header: the first row's numbers count up by one step (1, 2, 3), or rise, and those
     * of no other row do so far. */
    bool first_counts, first_rises;
    bool compared;  /* there is another row of numbers */
    bool fractions; /* and not only of whole ones */

    int64_t columns; /* of the table */
    char **first;    /* [columns] the cells of the first row; owned */
    dt_role *role;   /* [columns] */
    char **where;    /* [columns] the places of columns whose cells are noted, else NULL; owned */
    int64_t rows;    /* of data */

    dt_feature *features; /* [feature_count] in the order of x */
    int64_t feature_count;
    int64_t width;    /* columns of x */
    int64_t *targets; /* [target_count] the columns of the table that become y, from 0 */
    dt_target *y;     /* [target_count] */
    int64_t target_count;
    dt_column_stats x; /* the look of x, after the second reading */
} dt_plan;

enum { DT_PLAN_PLACE = 400 /* bytes of a place in a message: file and column */ };

/* "t.csv: column 3 (width)" */
void dt_plan_place(const dt_plan *plan, int64_t column, char where[DT_PLAN_PLACE]);

dt_code dt_plan_no_memory(const dt_plan *plan, dt_error *err);

/* The column that the first row names so; -1: none, -2: several. */
int64_t dt_plan_find_name(const dt_plan *plan, const char *name);

/* "3" -> 2, "-1" -> the last; -1 if there is no such column. False if text is no number. */
bool dt_plan_find_number(const dt_plan *plan, const char *text, int64_t *column);

/* ---- header.c ------------------------------------------------------------------------------- */

/* Decide, by the first rows, whether the first is a header. The table is at its first row, and some
 * rows further afterwards. */
dt_code dt_plan_find_header(dt_plan *plan, dt_error *err);

/* Compare the current row, from the second on, with the first: a first row like others is no
 * header. */
void dt_plan_compare_row(dt_plan *plan);

/* Decide after the last row. DT_ERR_DATA if the first row may as well be a header as a row. */
dt_code dt_plan_decide_header(dt_plan *plan, dt_error *err);

/* Whether the first row was taken for a row but may be a header. */
bool dt_plan_header_is_doubtful(const dt_plan *plan);

/* ---- columns.c ------------------------------------------------------------------------------ */

/* Find the columns that the request names: features, targets, and the role of every column. */
dt_code dt_plan_find_columns(dt_plan *plan, dt_error *err);

/* Whether words of features are found, to become 0/1 columns. */
static inline bool dt_plan_finds_words(const dt_plan *plan)
{
    return plan->request->one_hot && !plan->request->like.path;
}

/* Give each feature its place in x, after the words of all are known. */
void dt_plan_place_features(dt_plan *plan);

/* The names of the columns of x: "width", "color=red". */
dt_code dt_plan_name_features(const dt_plan *plan, dt_names *names, dt_error *err);

/* ---- match.c -------------------------------------------------------------------------------- */

/* Whether the first row has a name of a column of x in the file that the table is to be like. */
bool dt_plan_looks_alike(const dt_plan *plan);

/* The targets that the request names, or else those of that file if the table has one of them. */
const dt_names *dt_plan_wanted_targets(const dt_plan *plan);

/* Make the targets like those of that file: the same names, classes and kind of numbers. */
dt_code dt_plan_match_targets(dt_plan *plan, dt_error *err);

/* Take the columns of x of that file, in its order; the targets are known. */
dt_code dt_plan_match_features(dt_plan *plan, dt_error *err);

/* ---- summary.c ------------------------------------------------------------------------------ */

/* Print what was taken from the table, and warnings about it, one a line. */
void dt_plan_print(const dt_plan *plan, FILE *to);
void dt_plan_warn(const dt_plan *plan, FILE *to);

#endif
