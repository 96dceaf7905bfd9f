#include "data/import/word_set.h"

#include "data/import/cell.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

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
static bool insert_word(dt_word_set *w, const char *text)
{
    char *word = strdup(text);
    if (!word || !tsearch(word, &w->tree, compare_words)) {
        free(word);
        return false;
    }
    w->word[w->n++] = word;
    return true;
}

dt_code dt_word_set_add(dt_word_set *w, const char *text, const char *where, dt_error *err)
{
    if (tfind(text, &w->tree, compare_words))
        return DT_OK;
    if (w->n == w->capacity) {
        int64_t room = w->capacity ? w->capacity * 2 : 64;
        char **larger = realloc(w->word, (size_t)room * sizeof *larger);
        if (!larger)
            return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", where);
        w->word = larger;
        w->capacity = room;
    }
    return insert_word(w, text) ? DT_OK : dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", where);
}

void dt_word_set_sort(dt_word_set *w)
{
    if (w->n > 0)
        qsort(w->word, (size_t)w->n, sizeof *w->word, compare_places);
    tdestroy(w->tree, keep_word);
    w->tree = NULL;
}

int64_t dt_word_set_find(const dt_word_set *w, const char *text)
{
    char **place =
        w->n ? bsearch(&text, w->word, (size_t)w->n, sizeof *w->word, compare_places) : NULL;
    return place ? place - w->word : -1;
}

const char *dt_word_set_odd_number(const dt_word_set *w)
{
    const char *odd = NULL;
    int64_t n = 0;
    for (int64_t i = 0; i < w->n; i++)
        if (dt_cell_is_odd_number(w->word[i])) {
            odd = odd ? odd : w->word[i];
            n++;
        }
    return 2 * n > w->n ? odd : NULL;
}

void dt_word_set_clear(dt_word_set *w)
{
    tdestroy(w->tree, keep_word);
    for (int64_t i = 0; i < w->n; i++)
        free(w->word[i]);
    free(w->word);
    *w = (dt_word_set){0};
}
