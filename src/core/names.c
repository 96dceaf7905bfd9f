#include "core/names.h"

#include "core/line.h"
#include "core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dt_code dt_names_init(dt_names *names, int64_t n, dt_error *err)
{
    *names = (dt_names){.name = dt_alloc(n, sizeof *names->name, "names", err)};
    if (!names->name)
        return err->code;
    names->n = n;
    for (int64_t i = 0; i < n; i++)
        names->name[i] = NULL;
    return DT_OK;
}

dt_code dt_names_copy(dt_names *to, const dt_names *from, dt_error *err)
{
    if (dt_names_init(to, from->n, err))
        return err->code;
    for (int64_t i = 0; i < from->n; i++) {
        to->name[i] = strdup(from->name[i]);
        if (!to->name[i])
            return dt_fail(err, DT_ERR_MEMORY, "out of memory for names");
    }
    return DT_OK;
}

void dt_names_free(dt_names *names)
{
    for (int64_t i = 0; i < names->n; i++)
        free(names->name[i]);
    free(names->name);
    *names = (dt_names){0};
}

bool dt_names_equal(const dt_names *a, const dt_names *b)
{
    if (a->n != b->n)
        return false;
    for (int64_t i = 0; i < a->n; i++)
        if (strcmp(a->name[i], b->name[i]) != 0)
            return false;
    return true;
}

/* ---- Finding -------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    int64_t at;
} entry;

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const entry *)a)->name, ((const entry *)b)->name);
}

static int compare_name(const void *name, const void *in)
{
    return strcmp(name, ((const entry *)in)->name);
}

dt_code dt_names_find(const dt_names *names, const dt_names *in, int64_t *place, const char **twice,
                      dt_error *err)
{
    entry *sorted = dt_alloc(in->n, sizeof *sorted, "names", err);
    *twice = NULL;
    if (!sorted)
        return err->code;
    for (int64_t i = 0; i < in->n; i++)
        sorted[i] = (entry){in->name[i], i};
    qsort(sorted, (size_t)in->n, sizeof *sorted, compare_entries);
    for (int64_t i = 1; i < in->n && !*twice; i++)
        if (compare_entries(&sorted[i - 1], &sorted[i]) == 0)
            *twice = sorted[i].name;
    for (int64_t i = 0; i < names->n; i++) {
        const entry *e =
            bsearch(names->name[i], sorted, (size_t)in->n, sizeof *sorted, compare_name);
        place[i] = e ? e->at : -1;
    }
    free(sorted);
    return DT_OK;
}

int64_t dt_names_search(const dt_names *sorted, const char *name, bool *found)
{
    int64_t low = 0, high = sorted->n;
    *found = false;
    while (low < high && !*found) {
        int64_t middle = low + (high - low) / 2;
        int order = strcmp(sorted->name[middle], name);
        *found = order == 0;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return *found ? high : low;
}

/* ---- In messages ---------------------------------------------------------------------------- */

const char *dt_names_list(const dt_names *names, char text[DT_NAMES_TEXT])
{
    enum { END = 32, LONGEST = 60 }; /* room for the last words; of a name what is shown */
    size_t used = 0;
    text[0] = '\0';
    for (int64_t i = 0; i < names->n; i++) {
        char word[LONGEST + 8];
        int length = snprintf(word, sizeof word, "%s\"%.*s\"", i ? ", " : "",
                              dt_line_cut(names->name[i], LONGEST), names->name[i]);
        if (used + (size_t)length + END > DT_NAMES_TEXT) {
            snprintf(text + used, DT_NAMES_TEXT - used, ", ... (%lld in all)", (long long)names->n);
            break;
        }
        memcpy(text + used, word, (size_t)length + 1);
        used += (size_t)length;
    }
    return text;
}
