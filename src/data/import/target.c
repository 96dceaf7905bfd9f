#include "data/import/target.h"

#include "core/line.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MAX_WORDS = 1 << 20 /* more distinct words are names or free text, not classes */ };

/* ---- Noting --------------------------------------------------------------------------------- */

static dt_code add_word(dt_target *t, const char *text, const char *where, dt_error *err)
{
    if (t->words.n > MAX_WORDS)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: more than %d different words; that is text, not classes", where,
                       MAX_WORDS);
    return dt_word_set_add(&t->words, text, where, err);
}

static void note_whole(dt_target *t, int64_t whole, bool first)
{
    if (first)
        t->min = t->max = whole;
    if (whole < t->min)
        t->min = whole;
    if (whole > t->max)
        t->max = whole;
}

/* "none" and "nil" may well be classes, and are only warned of. */
static bool must_be_missing(const dt_cell_style *style, const char *text)
{
    return dt_cell_is_listed(style, text) ||
           (strcasecmp(text, "none") != 0 && strcasecmp(text, "nil") != 0);
}

static void note_missing(dt_target *t, const dt_cell_style *style, const char *text, int64_t line)
{
    bool must = must_be_missing(style, text);
    if (t->missing_count++ > 0 && (t->must_be_missing || !must))
        return;
    t->must_be_missing = must;
    t->missing_line = line;
    snprintf(t->first_missing, sizeof t->first_missing, "%s", text);
}

/* The words of gaps are kept too, for "None" may be a class among others. */
static dt_code note_text(dt_target *t, dt_cell_kind kind, const char *text, int64_t line,
                         const char *where, dt_error *err)
{
    if (kind == DT_CELL_EMPTY)
        return DT_OK;
    if (kind == DT_CELL_NONFINITE && t->line_of[kind] == line)
        snprintf(t->first_nonfinite, sizeof t->first_nonfinite, "%s", text);
    if (kind == DT_CELL_WORD && t->line_of[kind] == line)
        snprintf(t->first_word, sizeof t->first_word, "%s", text);
    return add_word(t, text, where, err);
}

dt_code dt_target_note(dt_target *t, const dt_cell_style *style, const char *text, int64_t line,
                       const char *where, dt_error *err)
{
    if (t->want == DT_TARGET_CLASSES)
        return DT_OK;
    dt_cell cell = dt_cell_parse(style, text);
    bool is_number = dt_cell_is_number(cell);
    bool is_gap = (!is_number || style->missing.n > 0) && dt_cell_is_gap(style, text);
    if (is_gap)
        t->gap_line = t->gaps++ ? t->gap_line : line;
    else if (!t->line_of[cell.kind])
        t->line_of[cell.kind] = line;
    if (is_number && !is_gap && cell.kind == DT_CELL_WHOLE)
        note_whole(t, cell.whole, t->line_of[DT_CELL_WHOLE] == line);
    if (is_gap || (!is_number && dt_cell_missing(text)))
        note_missing(t, style, text, line);
    return is_number ? DT_OK : note_text(t, cell.kind, text, line, where, err);
}

bool dt_target_is_numeric(const dt_target *t)
{
    return t->want != DT_TARGET_CLASSES && !t->line_of[DT_CELL_WORD];
}

/* ---- Choosing ------------------------------------------------------------------------------- */

static dt_code fail_mixed(const dt_target *t, int64_t number, const char *where, dt_error *err)
{
    if (t->want != DT_TARGET_ANY)
        return dt_fail(err, DT_ERR_DATA, "%s: line %lld: \"%s\" is not a number", where,
                       (long long)t->line_of[DT_CELL_WORD], t->first_word);
    return dt_fail(err, DT_ERR_DATA,
                   "%s: line %lld: \"%s\" is not a number, but line %lld has one; a target is all "
                   "numbers or all words (--missing-words names words that stand for no value)",
                   where, (long long)t->line_of[DT_CELL_WORD], t->first_word, (long long)number);
}

static dt_code check_kinds(const dt_target *t, const char *where, dt_error *err)
{
    int64_t word = t->line_of[DT_CELL_WORD], nonfinite = t->line_of[DT_CELL_NONFINITE];
    int64_t real = t->line_of[DT_CELL_REAL];
    int64_t number = t->line_of[DT_CELL_WHOLE] ? t->line_of[DT_CELL_WHOLE] : real;
    if (word && (number || t->want != DT_TARGET_ANY))
        return fail_mixed(t, number, where, err);
    if (word)
        return DT_OK;
    if (nonfinite)
        return dt_fail(err, DT_ERR_DATA, "%s: line %lld: \"%s\" is not a finite number", where,
                       (long long)nonfinite, t->first_nonfinite);
    if (t->want == DT_TARGET_WHOLE && (real || t->gaps))
        return dt_fail(err, DT_ERR_DATA, "%s: line %lld: expected a whole number, as y has them",
                       where, (long long)(real ? real : t->gap_line));
    if (!number)
        return dt_fail(err, DT_ERR_DATA, "%s: no cell has a value", where);
    return DT_OK;
}

static dt_code fail_missing(const dt_target *t, const char *where, dt_error *err)
{
    if (t->first_missing[strspn(t->first_missing, " \t\r\n")] == '\0')
        return dt_fail(err, DT_ERR_DATA, "%s: line %lld: the cell is empty", where,
                       (long long)t->missing_line);
    return dt_fail(err, DT_ERR_DATA,
                   "%s: line %lld: \"%s\" stands for a missing label (%lld such cell%s); leave "
                   "such rows out, or give the class another name",
                   where, (long long)t->missing_line, t->first_missing, (long long)t->missing_count,
                   dt_plural(t->missing_count));
}

static dt_code check_classes(const dt_target *t, int64_t rows, const char *where, dt_error *err)
{
    enum { FEW_ROWS = 20 };
    const char *odd = dt_word_set_odd_number(&t->words);
    if (odd)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: \"%.*s\" is a number in another writing; --decimal and --thousands say "
                       "how numbers are written, without them with a decimal point and nothing "
                       "else (1234.5). Names of classes have a letter",
                       where, dt_line_cut(odd, 47), odd);
    if (t->missing_count > 0 && t->must_be_missing)
        return fail_missing(t, where, err);
    if (rows >= FEW_ROWS && t->words.n > rows / 2)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: %lld different words in %lld rows (\"%.*s\", ...): names or text, not "
                       "classes; if they are classes, number them",
                       where, (long long)t->words.n, (long long)rows,
                       dt_line_cut(t->words.word[0], 47), t->words.word[0]);
    return DT_OK;
}

dt_code dt_target_choose_type(dt_target *t, int64_t rows, const char *where, dt_error *err)
{
    dt_word_set_sort(&t->words);
    t->has_classes = t->want == DT_TARGET_CLASSES || t->line_of[DT_CELL_WORD];
    dt_code code = t->want == DT_TARGET_CLASSES ? DT_OK : check_kinds(t, where, err);
    if (!code && t->has_classes && t->want != DT_TARGET_CLASSES)
        code = check_classes(t, rows, where, err);
    if (code)
        return code;
    bool small = t->min >= INT32_MIN && t->max <= INT32_MAX;
    t->element = (dt_element){'i', small ? 4 : 8, DT_ELEMENT_HOST_BIG};
    if (t->has_classes)
        t->element.size = 4;
    else if (t->line_of[DT_CELL_REAL] || t->gaps || t->want == DT_TARGET_FLOAT)
        t->element = (dt_element){'f', 4, DT_ELEMENT_HOST_BIG};
    return DT_OK;
}

/* ---- Values --------------------------------------------------------------------------------- */

static bool store_float(const dt_cell_style *style, const char *text, float *value)
{
    if (style->missing.n == 0 && dt_cell_float(style, text, value))
        return true;
    if (!dt_cell_is_gap(style, text))
        return dt_cell_float(style, text, value);
    *value = NAN;
    return true;
}

bool dt_target_store(const dt_target *t, const dt_cell_style *style, const char *text, void *values,
                     int64_t at)
{
    if (t->has_classes) {
        int64_t place = dt_word_set_find(&t->words, text);
        ((int32_t *)values)[at] = (int32_t)place;
        return place >= 0;
    }
    if (t->element.kind == 'f')
        return store_float(style, text, (float *)values + at);
    dt_cell cell = dt_cell_parse(style, text);
    if (cell.kind != DT_CELL_WHOLE)
        return false;
    if (t->element.size == 8)
        ((int64_t *)values)[at] = cell.whole;
    else
        ((int32_t *)values)[at] = (int32_t)cell.whole;
    return true;
}

void dt_target_clear(dt_target *t)
{
    dt_word_set_clear(&t->words);
    *t = (dt_target){0};
}
