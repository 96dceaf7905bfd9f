/* Sums of doubles that do not depend on the order of the terms: each term is cut into integers, and
 * only integers are added. The terms must be multiples of 2^-320 below 2^300 in size, as
 * differences of floats and their squares are. At most 2^30 of them between two calls of
 * dt_exact_carry. */
#ifndef DT_CORE_EXACT_SUM_H
#define DT_CORE_EXACT_SUM_H

#include <stdint.h>

enum { DT_EXACT_DIGITS = 21, DT_EXACT_LOWEST = -320 };

/* Digit i counts 2^(32 i - 320). All zero: the sum of nothing. */
typedef struct {
    int64_t digit[DT_EXACT_DIGITS];
} dt_exact;

void dt_exact_add(dt_exact *sum, double term);

/* Carry, so that every digit but the last lies in [0, 2^32): the same digits for the same sum. The
 * digits of up to 2^30 settled sums can be added one by one, as int64: that is the sum of sums. */
void dt_exact_carry(dt_exact *sum);

/* The sum to within a unit of its last place; the same bits for the same sum. */
double dt_exact_value(const dt_exact *sum);

#endif
