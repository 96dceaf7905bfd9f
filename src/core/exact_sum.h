/* Sums of doubles that do not depend on the order of the terms: each term is cut into integers, and
 * only integers are added. The terms must be multiples of 2^-320 below 2^300 in size, as
 * differences of floats and their squares are. At most 2^30 of them between two calls of
 * dt_exact_carry. */
#ifndef DT_CORE_EXACT_SUM_H
#define DT_CORE_EXACT_SUM_H

#include <stdint.h>

enum { DT_EXACT_DIGITS = 21, DT_EXACT_LOWEST = -320 };

/* Digit i counts 2^(32 i - 320). All zero is the sum of no terms. */
typedef struct {
    int64_t digit[DT_EXACT_DIGITS];
} dt_exact;

void dt_exact_add(dt_exact *sum, double term);

/* Carry, so that every digit except the last is in [0, 2^32). Then equal sums have equal digits.
 * After it, up to 2^30 sums can be added digit by digit, as int64. */
void dt_exact_carry(dt_exact *sum);

/* The value of the sum, to a unit in the last place; equal sums give the same bits. */
double dt_exact_value(const dt_exact *sum);

#endif
