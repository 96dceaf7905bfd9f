#include "cli/unknown.h"

#include "cli/suggest.h"
#include "core/line.h"

#include <stdbool.h>
#include <string.h>

/* The option that other programs call so; else the one with the fewest other letters.
 *   dashed  on a command line, not in a file */
static const char *find_meant(const dt_option *table, const char *name, bool dashed)
{
    static const char *const everywhere[] = {"help", "version", NULL};
    if (dt_options_find(table, name)) /* with one dash */
        return name;
    const char *const *ours = dt_suggest_option(name);
    for (int i = 0; ours && ours[i]; i++)
        if (dt_options_find(table, ours[i]))
            return ours[i];
    dt_suggestion nearest;
    dt_suggest_begin(&nearest, name);
    for (const dt_option *option = table; option->name; option++)
        dt_suggest_try(&nearest, option->name);
    for (int i = 0; dashed && everywhere[i]; i++)
        dt_suggest_try(&nearest, everywhere[i]);
    return nearest.best;
}

/* To those who look for an option that there is not. */
static const char *find_answer(const char *name)
{
    static const struct {
        const char *name, *answer;
    } known[] = {
        {"device", "it trains on processors only"},
        {"gpu", "it trains on processors only"},
        {"gpus", "it trains on processors only"},
        {"cuda", "it trains on processors only"},
        {"np", "ranks are the launcher's: mpirun -np 4 dtrain ..."},
        {"ranks", "ranks are the launcher's: mpirun -np 4 dtrain ..."},
        {"world-size", "ranks are the launcher's: mpirun -np 4 dtrain ..."},
        {"nproc-per-node", "ranks are the launcher's: mpirun -np 4 dtrain ..."},
        {"shuffle", "samples are shuffled unless --no-shuffle is given"},
        {"verbose", "all is printed without --quiet; more steps with --log-every 1"},
    };
    dt_suggestion n;
    dt_suggest_begin(&n, name);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(n.name, known[i].name) == 0)
            return known[i].answer;
    return NULL;
}

dt_code dt_unknown_option(const dt_arguments_form *form, const char *dashes, const char *name,
                          dt_error *err)
{
    size_t length = strcspn(name, "=");
    int shown = dt_line_cut(name, length < 80 ? (int)length : 80);
    char bare[DT_SUGGEST_NAME] = "";
    if (length < sizeof bare)
        memcpy(bare, name, length);
    const char *other = find_answer(bare),
               *near = other ? NULL : find_meant(form->table, bare, *dashes);
    if (near)
        return dt_fail(err, DT_ERR_USAGE,
                       "unknown option %s%.*s (did you mean %s%s? see dtrain %s --help)", dashes,
                       shown, name, *dashes ? "--" : "", near, form->command);
    return dt_fail(err, DT_ERR_USAGE, "unknown option %s%.*s (%s%ssee dtrain %s --help)", dashes,
                   shown, name, other ? other : "", other ? "; " : "", form->command);
}
