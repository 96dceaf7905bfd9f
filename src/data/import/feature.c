#include "data/import/feature.h"

#include "core/line.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_WORDS = 1000, /* more are names or free text, not categories */
    FEW_ROWS = 20,    /* so few may all be different */
};

/* ---- Categories ----------------------------------------------------------------------------- */

static dt_code add_word(dt_feature *f, const char *text, const char *where, dt_error *err)
{
    if (dt_word_set_add(&f->words, text, where, err))
        return err->code;
    if (f->words.n > MAX_WORDS && f->word_line)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: more than %d different words (\"%s\", ...): names or text, not "
                       "categories; --drop leaves the column out",
                       where, MAX_WORDS, f->first_word);
    return DT_OK;
}

/* "True" is a number in a column of numbers, and a word among words. */
dt_code dt_feature_note(dt_feature *f, const dt_cell_style *style, const char *text, int64_t line,
                        const char *where, dt_error *err)
{
    float flag;
    dt_cell cell = dt_cell_parse(style, text);
    bool is_number = dt_cell_is_number(cell);
    if (is_number && style->missing.n == 0) {
        f->number_line = f->number_line ? f->number_line : line;
        return DT_OK;
    }
    if (dt_cell_is_gap(style, text))
        return DT_OK;
    if (is_number) {
        f->number_line = f->number_line ? f->number_line : line;
        return DT_OK;
    }
    if (!dt_cell_flag(text, &flag) && !f->word_line && cell.kind == DT_CELL_WORD) {
        f->word_line = line;
        snprintf(f->first_word, sizeof f->first_word, "%s", text);
    }
    return add_word(f, text, where, err);
}

static dt_code check_words(const dt_feature *f, int64_t rows, const char *where, dt_error *err)
{
    const char *odd = dt_word_set_odd_number(&f->words);
    if (odd)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: \"%.*s\" is a number in another writing: see --decimal and "
                       "--thousands; categories have a letter",
                       where, dt_line_cut(odd, 47), odd);
    if (f->number_line)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: line %lld: \"%s\" is not a number, but line %lld has one; a feature is "
                       "all numbers or all words (--drop leaves it out, --missing-words makes a "
                       "word a gap)",
                       where, (long long)f->word_line, f->first_word, (long long)f->number_line);
    if (rows >= FEW_ROWS && f->words.n >= rows)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: as many different words as rows (\"%s\", ...): names or text, not "
                       "categories; --drop leaves the column out",
                       where, f->first_word);
    return DT_OK;
}

dt_code dt_feature_settle(dt_feature *f, int64_t rows, const char *where, dt_error *err)
{
    dt_word_set_sort(&f->words);
    if (f->word_line)
        return check_words(f, rows, where, err);
    dt_word_set_clear(&f->words);
    return DT_OK;
}

/* ---- Values --------------------------------------------------------------------------------- */

static void fill_columns(const dt_feature *f, float value, float *x)
{
    for (int64_t i = 0; i < dt_feature_width(f); i++)
        x[f->place + i] = value;
}

static bool store_word(const dt_feature *f, const char *text, float *x)
{
    int64_t place = dt_word_set_find(&f->words, text);
    if (place < 0)
        return false;
    fill_columns(f, 0, x);
    x[f->place + place] = 1;
    return true;
}

bool dt_feature_store(dt_feature *f, const dt_cell_style *style, const char *text, float *x)
{
    bool is_numeric = f->words.n == 0;
    if (is_numeric && style->missing.n == 0 && dt_cell_float(style, text, &x[f->place]))
        return true;
    if (dt_cell_is_gap(style, text)) {
        fill_columns(f, NAN, x);
        f->gaps++;
        return true;
    }
    if (!is_numeric)
        return store_word(f, text, x);
    return dt_cell_float(style, text, &x[f->place]) || dt_cell_flag(text, &x[f->place]);
}
