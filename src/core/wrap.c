#include "core/wrap.h"

#include <string.h>

/* The columns that n bytes of a text take. */
static int count_columns(const char *text, int n)
{
    int columns = 0;
    for (int i = 0; i < n; i++)
        columns += ((unsigned char)text[i] & 0xC0) != 0x80;
    return columns;
}

/* The length of a text's beginning, without blanks, that stays in one line. */
static int measure_part(const char *text, const char *ends)
{
    int length = (int)strcspn(text, " ");
    while (ends && text[length] && !(length > 0 && strchr(ends, text[length - 1]))) {
        length += (int)strspn(text + length, " ");
        length += (int)strcspn(text + length, " ");
    }
    return length;
}

bool dt_print_wrapped(const char *text, const char *ends, int at, int indent, int width, FILE *to)
{
    bool failed = false;
    for (const char *part = text; *part;) {
        int blanks = (int)strspn(part, " "), length = measure_part(part + blanks, ends);
        int columns = count_columns(part + blanks, length);
        if (part != text && at + blanks + columns > width) {
            failed |= fprintf(to, "\n%*s", indent, "") < 0;
            at = indent;
        } else {
            failed |= fprintf(to, "%*s", blanks, "") < 0;
            at += blanks;
        }
        failed |= fprintf(to, "%.*s", length, part + blanks) < 0;
        at += columns;
        part += blanks + length;
    }
    return !failed;
}
