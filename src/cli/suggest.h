/* The name that was meant: by the fewest letters that differ, or by what other programs call it. */
#ifndef DT_CLI_SUGGEST_H
#define DT_CLI_SUGGEST_H

#include <stddef.h>

enum { DT_SUGGEST_NAME = 64 }; /* bytes, with the NUL; no longer name is looked for */

typedef struct {
    char name[DT_SUGGEST_NAME]; /* lower case, with dashes; empty: too long to be meant */
    const char *best;           /* of the names tried; NULL: none is near */
    size_t beyond;              /* a nearer one has fewer letters that differ */
} dt_suggestion;

void dt_suggest_begin(dt_suggestion *nearest, const char *name);

/* candidate: a name that there is, borrowed */
void dt_suggest_try(dt_suggestion *nearest, const char *candidate);

/* The names that dtrain has for an option, or a command, of other programs: NULL-terminated, from
 * the likeliest on; NULL: none is known. */
const char *const *dt_suggest_option(const char *name);
const char *dt_suggest_command(const char *name);

#endif
