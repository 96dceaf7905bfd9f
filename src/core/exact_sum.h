/* Sums of doubles that do not depend on the order of the terms: each term is cut into integers, and
 * only integers are added. Every term must be a multiple of 2^-320 and smaller than 2^300 in
 * magnitude; differences of floats and their squares are. At most 2^30 terms may be added between
 * two calls of dt_exact_carry. Not collective. */
#ifndef DT_CORE_EXACT_SUM_H
#define DT_CORE_EXACT_SUM_H

#include <stdint.h>

enum { DT_EXACT_DIGITS = 21, DT_EXACT_LOWEST = -320 };

/* The sum is the total of digit[i] 2^(32 i - 320). A struct of zeros is the sum of no terms. */
typedef struct {
    int64_t digit[DT_EXACT_DIGITS];
} dt_exact;

void dt_exact_add(dt_exact *sum, double term);

/* Carry, so that every digit except the last is in [0, 2^32). Then equal sums have equal digits,
 * and up to 2^30 sums can be added digit by digit, as int64_t. */
void dt_exact_carry(dt_exact *sum);

/* Return the value of the sum, with an error of at most one unit in the last place. Equal sums give
 * the same bits. */
double dt_exact_value(const dt_exact *sum);

#endif
