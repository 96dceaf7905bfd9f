#include "data/import/cell.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool only_space(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return *text == '\0';
}

/* strtod reads more than a table means: 0x10 is a word here. */
static bool is_hexadecimal(const char *text)
{
    text += *text == '+' || *text == '-';
    return text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

dt_cell dt_cell_parse(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    if (*text == '\0')
        return (dt_cell){.kind = DT_CELL_EMPTY};
    char *end;
    errno = 0;
    int64_t whole = strtoll(text, &end, 10);
    if (end != text && errno == 0 && only_space(end))
        return (dt_cell){.kind = DT_CELL_WHOLE, .real = (double)whole, .whole = whole};
    double real = strtod(text, &end);
    if (end == text || !only_space(end) || is_hexadecimal(text))
        return (dt_cell){.kind = DT_CELL_WORD};
    return (dt_cell){.kind = isfinite(real) ? DT_CELL_REAL : DT_CELL_NONFINITE, .real = real};
}

bool dt_cell_float(const char *text, float *value)
{
    dt_cell cell = dt_cell_parse(text);
    if ((cell.kind != DT_CELL_WHOLE && cell.kind != DT_CELL_REAL) || fabs(cell.real) > FLT_MAX)
        return false;
    *value = (float)cell.real;
    return true;
}

bool dt_cell_missing(const char *text)
{
    static const char *const words[] = {"",     "?",   "-",   ".",    "na",  "n/a",
                                        "#n/a", "nan", "nil", "none", "null"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

/* Digits, what parts them, and what may stand beside them; signs within, as in 20-29, are of names.
 */
bool dt_cell_is_odd_number(const char *text)
{
    bool digits = false;
    for (const char *c = text; *c; c++) {
        unsigned char sign = (unsigned char)*c;
        bool inside = c > text && isdigit((unsigned char)c[-1]) && c[1];
        bool is_exponent =
            inside && strchr("eEdD", sign) && (isdigit((unsigned char)c[1]) || strchr("+-", c[1]));
        bool is_sign = strchr("+-", sign) && (!digits || strchr("eEdD", c[-1]));
        if (isdigit(sign))
            digits = true;
        else if (!is_exponent && !is_sign && !strchr(" .,'_%$", sign) && sign < 0x80)
            return false;
    }
    return digits;
}
