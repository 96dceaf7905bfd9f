/* Formats a message as one line of limited length. */
#ifndef DT_CORE_LINE_H
#define DT_CORE_LINE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Write a printf-style message into line [size]. Control characters become blanks. If the message
 * is too long, "..." replaces the middle of its longest words. These are paths, so the reason
 * stays. */
void dt_line_format(char *line, size_t size, const char *format, va_list args);

/* Return the ending of a noun after a number: "1 row", "2 rows". */
static inline const char *dt_plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

/* Return how many bytes of a text to print with "%.*s": at most `bytes`, and never a part of a
 * UTF-8 character. */
int dt_line_cut(const char *text, int bytes);

#endif
