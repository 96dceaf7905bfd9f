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

static dt_cell parse_plain(const char *text)
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

/* ---- Numbers in another writing ------------------------------------------------------------- */

/* The bytes of a thousands separator that stands here; 0: none does. A blank may be one that breaks
 * no line (U+00A0, U+202F). */
static size_t separator_at(const char *text, char thousands)
{
    if (*text == thousands)
        return 1;
    if (thousands != ' ')
        return 0;
    return strncmp(text, "\xC2\xA0", 2) == 0 ? 2 : strncmp(text, "\xE2\x80\xAF", 3) == 0 ? 3 : 0;
}

static size_t count_digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* Copy the digits before the decimal sign, without separators. These stand behind one to three
 * digits and before each three, so that 1.16 is not taken for 116. Returns the text behind the
 * digits, or NULL if a separator stands elsewhere, or there is no room. */
static const char *copy_digits(const char *text, char thousands, char **to, const char *end)
{
    size_t n = count_digits(text), width = n;
    for (;;) {
        if (n >= (size_t)(end - *to))
            return NULL;
        memcpy(*to, text, n);
        *to += n;
        text += n;
        size_t skip = thousands && n > 0 ? separator_at(text, thousands) : 0;
        if (skip == 0 || only_space(text))
            return text;
        text += skip;
        n = count_digits(text);
        if (width > 3 || n != 3)
            return NULL;
    }
}

/* Rewrite a number with a decimal point and no thousands separators. Returns false for a text that
 * is no number of this style. */
static bool rewrite_number(const dt_cell_style *style, const char *text, char *to, size_t size)
{
    const char *end = to + size;
    char decimal = style->decimal ? style->decimal : '.';
    while (isspace((unsigned char)*text))
        text++;
    if (*text == '+' || *text == '-')
        *to++ = *text++;
    text = copy_digits(text, style->thousands, &to, end);
    if (!text || strlen(text) >= (size_t)(end - to) || (decimal != '.' && strchr(text, '.')))
        return false;
    strcpy(to, text);
    if (*to == decimal)
        *to = '.';
    return true;
}

dt_cell dt_cell_parse(const dt_cell_style *style, const char *text)
{
    char plain[128];
    if (style->thousands == '\0' && (style->decimal == '\0' || style->decimal == '.'))
        return parse_plain(text);
    if (only_space(text))
        return (dt_cell){.kind = DT_CELL_EMPTY};
    if (!rewrite_number(style, text, plain, sizeof plain))
        return (dt_cell){.kind = DT_CELL_WORD};
    return parse_plain(plain);
}

bool dt_cell_float(const dt_cell_style *style, const char *text, float *value)
{
    dt_cell cell = dt_cell_parse(style, text);
    if (!dt_cell_is_number(cell) || fabs(cell.real) > FLT_MAX)
        return false;
    *value = (float)cell.real;
    return true;
}

bool dt_cell_flag(const char *text, float *value)
{
    *value = strcasecmp(text, "true") == 0;
    return *value != 0 || strcasecmp(text, "false") == 0;
}

/* ---- Missing values ------------------------------------------------------------------------- */

/* A number is equal however it is written, so that -999 stands for -999.0 too. */
bool dt_cell_is_listed(const dt_cell_style *style, const char *text)
{
    for (int64_t i = 0; i < style->missing.n; i++) {
        if (strcmp(text, style->missing.name[i]) == 0)
            return true;
        dt_cell listed = dt_cell_parse(style, style->missing.name[i]);
        dt_cell cell = dt_cell_parse(style, text);
        if (dt_cell_is_number(listed) && dt_cell_is_number(cell) && listed.real == cell.real)
            return true;
    }
    return false;
}

bool dt_cell_is_gap(const dt_cell_style *style, const char *text)
{
    static const char *const words[] = {
        "#N/A", "#N/A N/A", "#NA",  "-1.#IND", "-1.#QNAN", "1.#IND", "1.#QNAN", "<NA>",
        "N/A",  "NA",       "NULL", "None",    "Null",     "n/a",    "null",    "?"};
    dt_cell cell = parse_plain(text);
    if (cell.kind == DT_CELL_EMPTY || (cell.kind == DT_CELL_NONFINITE && isnan(cell.real)))
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return dt_cell_is_listed(style, text);
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
