/* Formats numbers for people. Not collective. */
#ifndef DT_REPORT_FORMAT_H
#define DT_REPORT_FORMAT_H

#include <stddef.h>
#include <stdint.h>

enum { DT_LOSS_TEXT = 32, DT_COUNT_TEXT = 64 };

/* Write a loss with four decimals; below 0.001 and from 1e6 on, with four significant digits.
 * Returns out. */
const char *dt_format_loss(char out[DT_LOSS_TEXT], double loss);

/* Write a float32 with the smallest number of digits, but at least six if it has so many, from
 * which the same float32 is read. Returns out. */
const char *dt_format_float(char out[DT_LOSS_TEXT], float value);

/* Write a count with its noun, like "1 step" and "2 steps". Returns out. */
const char *dt_format_count(char out[DT_COUNT_TEXT], int64_t n, const char *noun);

/* Write seconds as "4.2 ms", "0.02 s", "12.3 s", "5:07 min" or "2:05:07 h". Returns out. */
const char *dt_format_duration(char out[DT_COUNT_TEXT], double seconds);

#endif
