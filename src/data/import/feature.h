/* A column of a table that becomes one column of x, or, if it has words and these become 0/1
 * columns (one-hot), one for each word. Not collective. */
#ifndef DT_DATA_IMPORT_FEATURE_H
#define DT_DATA_IMPORT_FEATURE_H

#include "data/import/cell.h"
#include "data/import/word_set.h"

enum { DT_FEATURE_SAMPLE = 48 /* bytes of a cell that an error message shows, with the NUL */ };

typedef struct {
    int64_t column;    /* of the table, from 0 */
    int64_t place;     /* its first column of x */
    dt_word_set words; /* none: the column has numbers */
    int64_t gaps;      /* cells without a value; all its columns of x are NaN there */
    /* While cells are noted: lines of the first word and of the first number, 0: there is none. */
    int64_t word_line, number_line;
    char first_word[DT_FEATURE_SAMPLE];
} dt_feature;

/* The columns of x that it takes. */
static inline int64_t dt_feature_width(const dt_feature *feature)
{
    return feature->words.n > 0 ? feature->words.n : 1;
}

/* Note the cell in a line of the file, for one-hot columns.
 *   where  the file and the column, with which messages begin */
dt_code dt_feature_note(dt_feature *feature, const dt_cell_style *style, const char *text,
                        int64_t line, const char *where, dt_error *err);

/* After the last cell: settle whether the column has words or numbers. Words and numbers together
 * are an error, and so are words that are hardly categories.
 *   rows  the number of cells noted */
dt_code dt_feature_settle(dt_feature *feature, int64_t rows, const char *where, dt_error *err);

/* Store a cell into a row of x [width of x]. Returns false if it is no finite float32 number, or
 * none of the words. */
bool dt_feature_store(dt_feature *feature, const dt_cell_style *style, const char *text, float *x);

#endif
