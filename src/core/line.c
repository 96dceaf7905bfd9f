#include "core/line.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char dots[] = "...";

enum { MIN_WORD = 80 }; /* bytes; a shorter one stays whole */

/* The longest stretch of text between such separators; returns its length. */
static size_t find_longest(const char *text, const char *separators, const char **longest)
{
    size_t max = 0;
    for (const char *word = text; *word;) {
        size_t length = strcspn(word, separators);
        if (length > max) {
            max = length;
            *longest = word;
        }
        word += length;
        word += strspn(word, separators);
    }
    return max;
}

/* Whether a byte goes on with a character of UTF-8 that others begin. */
static int goes_on(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

int dt_line_cut(const char *text, int bytes)
{
    int length = (int)strnlen(text, (size_t)bytes + 1), end = bytes;
    if (length <= bytes)
        return length;
    while (end > 0 && end > bytes - 3 && goes_on(text[end]))
        end--;
    return goes_on(text[end]) ? bytes : end; /* other bytes than UTF-8 are cut anywhere */
}

/* Take at least excess bytes out of the middle of a stretch, as far as enough is left of it. */
static void shorten_word(char *stretch, size_t length, size_t excess)
{
    size_t max = length - MIN_WORD / 2,
           out = excess + strlen(dots) < max ? excess + strlen(dots) : max;
    char *begin = stretch + (length - out) / 2, *end = begin + out;
    while (begin > stretch && goes_on(*begin))
        begin--;
    while (goes_on(*end))
        end++;
    memcpy(begin, dots, strlen(dots));
    memmove(begin + strlen(dots), end, strlen(end) + 1);
}

static void shorten_words(char *text, size_t size)
{
    const char *longest = text;
    for (size_t length; (length = strlen(text)) >= size;) {
        size_t found = find_longest(text, " \"", &longest);
        if (found < MIN_WORD) /* a path with blanks */
            found = find_longest(text, ":", &longest);
        if (found < MIN_WORD)
            return;
        shorten_word(text + (longest - text), found, length + 1 - size);
    }
}

void dt_line_format(char *line, size_t size, const char *format, va_list args)
{
    char *whole = NULL;
    va_list again;
    va_copy(again, args);
    int length = vasprintf(&whole, format, args);
    if (length < 0) {
        vsnprintf(line, size, format, again);
    } else {
        shorten_words(whole, size);
        snprintf(line, size, "%.*s", dt_line_cut(whole, (int)size - 1), whole);
        free(whole);
    }
    va_end(again);
    for (char *c = line; *c; c++)
        if (iscntrl((unsigned char)*c))
            *c = ' ';
}
