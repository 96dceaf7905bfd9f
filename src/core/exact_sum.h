/* Sums of doubles that do not depend on the order of the terms: each term is cut into integers, and
 * only integers are added. Terms must be multiples of 2^-320 below 2^300, as differences of floats
 * and their squares are; at most 2^30 terms over all ranks, or any number if dt_exact_settle is
 * called each 2^30. The sum over ranks is a plain sum of the digits as int64. */
#ifndef DT_CORE_EXACT_SUM_H
#define DT_CORE_EXACT_SUM_H

#include <stdint.h>

enum { DT_EXACT_DIGITS = 21, DT_EXACT_LOWEST = -320 };

/* Digit i counts 2^(32 i - 320). All zero: the sum of nothing. */
typedef struct {
    int64_t digit[DT_EXACT_DIGITS];
} dt_exact;

void dt_exact_add(dt_exact *sum, double term);

/* Carry, so that every digit but the last lies in [0, 2^32): the same digits for the same sum. To
 * be called before digits of several ranks are added. */
void dt_exact_settle(dt_exact *sum);

/* The sum, rounded once... to within a unit of the last place. */
double dt_exact_value(const dt_exact *sum);

#endif
