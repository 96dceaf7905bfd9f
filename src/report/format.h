/* Formats numbers for people. */
#ifndef DT_REPORT_FORMAT_H
#define DT_REPORT_FORMAT_H

#include <stddef.h>
#include <stdint.h>

enum { DT_LOSS_TEXT = 32, DT_COUNT_TEXT = 64 };

/* A loss with four decimals, or with four significant digits where those would show nothing (below
 * 0.001) or no end (from 1e6 on). Returns out. */
const char *dt_format_loss(char out[DT_LOSS_TEXT], double loss);

/* A float32 with the fewest digits, at least six where it has them, that read back to it. Returns
 * out. */
const char *dt_format_float(char out[DT_LOSS_TEXT], float value);

/* A count with its noun, as "1 step" and "2 steps". Returns out. */
const char *dt_format_count(char out[DT_COUNT_TEXT], int64_t n, const char *noun);

/* Seconds as "4.2 ms", "0.02 s", "12.3 s", "5:07 min" or "2:05:07 h". Returns out. */
const char *dt_format_duration(char out[DT_COUNT_TEXT], double seconds);

#endif
