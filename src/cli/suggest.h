/* Suggests the name that a user meant: the name with the fewest different letters, or dtrain's name
 * for an option of another program. Not collective. */
#ifndef DT_CLI_SUGGEST_H
#define DT_CLI_SUGGEST_H

#include <stddef.h>

enum { DT_SUGGEST_NAME = 64 }; /* bytes, with the NUL; a longer name gets no suggestion */

typedef struct {
    char name[DT_SUGGEST_NAME]; /* lower case, with dashes; empty: too long */
    const char *best;           /* the nearest name so far; NULL: no name is near */
    size_t beyond;              /* a nearer name has fewer different letters than this */
} dt_suggestion;

/* Begin the search for the name that a user meant.
 *   name  the name that the user wrote */
void dt_suggest_begin(dt_suggestion *nearest, const char *name);

/* Compare with one more existing name.
 *   candidate  borrowed */
void dt_suggest_try(dt_suggestion *nearest, const char *candidate);

/* Return dtrain's names for an option of other programs, the most likely first, NULL-terminated; or
 * dtrain's name for a command of other programs. NULL: unknown. */
const char *const *dt_suggest_option(const char *name);
const char *dt_suggest_command(const char *name);

#endif
