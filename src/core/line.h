/* A message as one line of limited length. */
#ifndef DT_CORE_LINE_H
#define DT_CORE_LINE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Write a printf-style message into line [size]. Control characters become blanks. In a message
 * that is too long, "..." replaces the middle of the longest words, which are paths, so that the
 * reason stays. */
void dt_line_format(char *line, size_t size, const char *format, va_list args);

/* The ending of a noun behind a number: "1 row", "2 rows". */
static inline const char *dt_plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

/* For "%.*s": the length of a text, or of its beginning of at most `bytes` bytes that does not end
 * within a character of UTF-8. */
int dt_line_cut(const char *text, int bytes);

#endif
