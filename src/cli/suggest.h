/* Suggests the name that a user meant: the one with the fewest different letters, or dtrain's name
 * for an option of another program. */
#ifndef DT_CLI_SUGGEST_H
#define DT_CLI_SUGGEST_H

#include <stddef.h>

enum { DT_SUGGEST_NAME = 64 }; /* bytes, with the NUL; a longer name gets no suggestion */

typedef struct {
    char name[DT_SUGGEST_NAME]; /* lower case, with dashes; empty: too long */
    const char *best;           /* the nearest of the names tried; NULL: none is near */
    size_t beyond;              /* a nearer name has fewer letters that differ */
} dt_suggestion;

void dt_suggest_begin(dt_suggestion *nearest, const char *name);

/* Try a name that exists.
 *   candidate  borrowed */
void dt_suggest_try(dt_suggestion *nearest, const char *candidate);

/* dtrain's names for an option, or for a command, of other programs: the likeliest first,
 * NULL-terminated; NULL: unknown. */
const char *const *dt_suggest_option(const char *name);
const char *dt_suggest_command(const char *name);

#endif
