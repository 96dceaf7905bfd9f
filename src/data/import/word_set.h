/* The distinct words of a column of a table: classes of a target, categories of a feature. First
 * words are added in any order; then they are sorted, and found by their place. Not collective. */
#ifndef DT_DATA_IMPORT_WORD_SET_H
#define DT_DATA_IMPORT_WORD_SET_H

#include <dtrain/status.h>

#include <stdint.h>

typedef struct {
    int64_t n;
    char **word; /* [n] in the order of their bytes once they are sorted; owned */
    int64_t capacity;
    void *tree; /* of tsearch, over the words, until they are sorted */
} dt_word_set;

/* Add a word, unless it is there.
 *   where  the file and the column, with which messages begin */
dt_code dt_word_set_add(dt_word_set *words, const char *text, const char *where, dt_error *err);

/* Sort the words by their bytes; none is added afterwards. */
void dt_word_set_sort(dt_word_set *words);

/* The place of a word among the sorted ones; -1: it is none of them. */
int64_t dt_word_set_find(const dt_word_set *words, const char *text);

/* A word that is a number in another writing, if most are; NULL: most are names. */
const char *dt_word_set_odd_number(const dt_word_set *words);

/* Also for a set that is all zero. */
void dt_word_set_clear(dt_word_set *words);

#endif
