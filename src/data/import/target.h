/* A column of a table that becomes y, or a column of y. First every cell is noted; then the type of
 * y is chosen; then cells become values of that type. Not collective. */
#ifndef DT_DATA_IMPORT_TARGET_H
#define DT_DATA_IMPORT_TARGET_H

#include "data/import/cell.h"
#include "data/import/element.h"
#include "data/import/word_set.h"

#include <dtrain/status.h>

enum { DT_TARGET_SAMPLE = 48 /* bytes of a cell that an error message shows, with the NUL */ };

/* What y has to be, because it has several columns or is to fit another file. */
typedef enum {
    DT_TARGET_ANY,
    DT_TARGET_FLOAT,   /* float32 */
    DT_TARGET_WHOLE,   /* whole numbers */
    DT_TARGET_CLASSES, /* the words that are there before the first cell is noted */
} dt_target_want;

typedef struct {
    dt_target_want want; /* set before the first cell is noted */
    dt_element element;  /* of y; from dt_target_choose_type on */

    dt_word_set words; /* of all cells that are no numbers; sorted once the type is chosen */
    bool has_classes;  /* the words are classes */
    int64_t min, max;  /* of the whole numbers */
    /* The line of the first cell of each kind, 0: there is none. */
    int64_t line_of[DT_CELL_NONFINITE + 1];
    char first_word[DT_TARGET_SAMPLE], first_nonfinite[DT_TARGET_SAMPLE];
    /* Cells without a value, which become NaN among numbers. */
    int64_t gaps, gap_line;
    /* Gaps and words that tables put where a value is missing; of the first that can be nothing
     * else, or, if there is none, of the first: its line and text. */
    int64_t missing_count, missing_line;
    bool must_be_missing;
    char first_missing[DT_TARGET_SAMPLE];
} dt_target;

/* Note the cell in a line of the file.
 *   where  the file and the column, with which messages begin */
dt_code dt_target_note(dt_target *target, const dt_cell_style *style, const char *text,
                       int64_t line, const char *where, dt_error *err);

/* Whether all cells noted are numbers or gaps. */
bool dt_target_is_numeric(const dt_target *target);

/* Choose the type: int32 or int64 if every cell is a whole number; int32 classes if all are words;
 * float32 if all are numbers or gaps. Anything else is an error, and so are words that are hardly
 * names of classes: numbers in another writing, what stands for a missing label, names that hardly
 * repeat.
 *   rows  the number of cells noted */
dt_code dt_target_choose_type(dt_target *target, int64_t rows, const char *where, dt_error *err);

/* Store the value of a cell as element values[at]. Returns false if the cell was never noted (the
 * file has changed), is none of the classes, or is not a finite float32. */
bool dt_target_store(const dt_target *target, const dt_cell_style *style, const char *text,
                     void *values, int64_t at);

/* Also for a target that is all zero. */
void dt_target_clear(dt_target *target);

#endif
