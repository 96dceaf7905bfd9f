#include "data/import/target.h"

#include "core/line.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_WORDS = 1 << 20 /* more distinct words are names or free text, not classes */ };

/* ---- The distinct words --------------------------------------------------------------------- */

static int compare_words(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int compare_places(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void keep_word(void *word)
{
    (void)word; /* the list owns it */
}

/* The list has room. Returns false without memory. */
static bool insert_word(dt_target *t, const char *text)
{
    char *word = strdup(text);
    if (!word || !tsearch(word, &t->tree, compare_words)) {
        free(word);
        return false;
    }
    t->words[t->word_count++] = word;
    return true;
}

static dt_code add_word(dt_target *t, const char *text, const char *where, dt_error *err)
{
    if (tfind(text, &t->tree, compare_words))
        return DT_OK;
    if (t->word_count == MAX_WORDS)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: more than %d different words; that is text, not classes", where,
                       MAX_WORDS);
    if (t->word_count == t->word_capacity) {
        int64_t room = t->word_capacity ? t->word_capacity * 2 : 64;
        char **larger = realloc(t->words, (size_t)room * sizeof *larger);
        if (!larger)
            return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", where);
        t->words = larger;
        t->word_capacity = room;
    }
    return insert_word(t, text) ? DT_OK : dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", where);
}

/* ---- Noting and settling -------------------------------------------------------------------- */

static void note_whole(dt_target *t, int64_t whole)
{
    if (!t->line_of[DT_CELL_WHOLE])
        t->min = t->max = whole;
    if (whole < t->min)
        t->min = whole;
    if (whole > t->max)
        t->max = whole;
}

static void note_missing(dt_target *t, const char *text, int64_t line)
{
    if (!dt_cell_missing(text))
        return;
    if (t->missing_count++ == 0) {
        t->missing_line = line;
        snprintf(t->first_missing, sizeof t->first_missing, "%s", text);
    }
}

dt_code dt_target_note(dt_target *t, const char *text, int64_t line, const char *where,
                       dt_error *err)
{
    dt_cell cell = dt_cell_parse(text);
    dt_code code = DT_OK;
    bool first = !t->line_of[cell.kind];
    switch (cell.kind) {
    case DT_CELL_EMPTY:
        return dt_fail(err, DT_ERR_DATA, "%s: line %lld: the cell is empty", where,
                       (long long)line);
    case DT_CELL_WHOLE:
        note_whole(t, cell.whole);
        break;
    case DT_CELL_REAL:
        break;
    case DT_CELL_NONFINITE: /* a number in a column of numbers, a word in one of words */
        if (first)
            snprintf(t->first_nonfinite, sizeof t->first_nonfinite, "%s", text);
        code = add_word(t, text, where, err);
        break;
    case DT_CELL_WORD:
        if (first)
            snprintf(t->first_word, sizeof t->first_word, "%s", text);
        code = add_word(t, text, where, err);
    }
    if (first)
        t->line_of[cell.kind] = line;
    note_missing(t, text, line);
    return code;
}

bool dt_target_is_numeric(const dt_target *t)
{
    return !t->line_of[DT_CELL_WORD];
}

static dt_code check_kinds(const dt_target *t, const char *where, dt_error *err)
{
    int64_t word = t->line_of[DT_CELL_WORD], nonfinite = t->line_of[DT_CELL_NONFINITE];
    int64_t number =
        t->line_of[DT_CELL_WHOLE] ? t->line_of[DT_CELL_WHOLE] : t->line_of[DT_CELL_REAL];
    if (word && number)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: line %lld: \"%s\" is not a number, but line %lld has one; a target is "
                       "all numbers or all words",
                       where, (long long)word, t->first_word, (long long)number);
    if (nonfinite && !word)
        return dt_fail(err, DT_ERR_DATA, "%s: line %lld: \"%s\" is not a finite number", where,
                       (long long)nonfinite, t->first_nonfinite);
    return DT_OK;
}

/* The first of the words that is a number in another writing; NULL where most are names. */
static const char *find_odd_number(const dt_target *t)
{
    const char *odd = NULL;
    int64_t n = 0;
    for (int64_t i = 0; i < t->word_count; i++)
        if (dt_cell_is_odd_number(t->words[i])) {
            odd = odd ? odd : t->words[i];
            n++;
        }
    return 2 * n > t->word_count ? odd : NULL;
}

/* "none" and "nil" may well be classes, and are only warned of. */
static bool must_be_missing(const char *text)
{
    return strcasecmp(text, "none") != 0 && strcasecmp(text, "nil") != 0;
}

static dt_code check_classes(const dt_target *t, int64_t rows, const char *where, dt_error *err)
{
    enum { FEW_ROWS = 20 };
    const char *odd = find_odd_number(t);
    if (odd)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: \"%.*s\" is a number in another writing; write numbers with a decimal "
                       "point and nothing else (1234.5). Names of classes have a letter",
                       where, dt_line_cut(odd, 47), odd);
    if (t->missing_count > 0 && must_be_missing(t->first_missing))
        return dt_fail(err, DT_ERR_DATA,
                       "%s: line %lld: \"%s\" stands for a missing label (%lld such cell%s); leave "
                       "such rows out, or give the class another name",
                       where, (long long)t->missing_line, t->first_missing,
                       (long long)t->missing_count, t->missing_count == 1 ? "" : "s");
    if (rows >= FEW_ROWS && t->word_count > rows / 2)
        return dt_fail(err, DT_ERR_DATA,
                       "%s: %lld different words in %lld rows (\"%.*s\", ...): names or text, not "
                       "classes; if they are classes, number them",
                       where, (long long)t->word_count, (long long)rows,
                       dt_line_cut(t->words[0], 47), t->words[0]);
    return DT_OK;
}

dt_code dt_target_choose_type(dt_target *t, int64_t rows, const char *where, dt_error *err)
{
    dt_code code = check_kinds(t, where, err);
    if (!code && t->line_of[DT_CELL_WORD])
        code = check_classes(t, rows, where, err);
    if (code)
        return code;
    bool small = t->min >= INT32_MIN && t->max <= INT32_MAX;
    t->element = (dt_element){'i', small ? 4 : 8, DT_ELEMENT_HOST_BIG};
    if (t->line_of[DT_CELL_WORD])
        t->element.size = 4;
    else if (t->line_of[DT_CELL_REAL])
        t->element = (dt_element){'f', 4, DT_ELEMENT_HOST_BIG};
    if (t->word_count > 0)
        qsort(t->words, (size_t)t->word_count, sizeof *t->words, compare_places);
    tdestroy(t->tree, keep_word);
    t->tree = NULL;
    return DT_OK;
}

/* ---- Values --------------------------------------------------------------------------------- */

static bool store_class(const dt_target *t, const char *text, int32_t *value)
{
    char **place =
        bsearch(&text, t->words, (size_t)t->word_count, sizeof *t->words, compare_places);
    if (place)
        *value = (int32_t)(place - t->words);
    return place != NULL;
}

bool dt_target_store(const dt_target *t, const char *text, void *values, int64_t row)
{
    if (t->word_count > 0)
        return store_class(t, text, (int32_t *)values + row);
    if (t->element.kind == 'f')
        return dt_cell_float(text, (float *)values + row);
    dt_cell cell = dt_cell_parse(text);
    if (cell.kind != DT_CELL_WHOLE)
        return false;
    if (t->element.size == 8)
        ((int64_t *)values)[row] = cell.whole;
    else
        ((int32_t *)values)[row] = (int32_t)cell.whole;
    return true;
}

void dt_target_clear(dt_target *t)
{
    tdestroy(t->tree, keep_word);
    for (int64_t i = 0; i < t->word_count; i++)
        free(t->words[i]);
    free(t->words);
    *t = (dt_target){0};
}
