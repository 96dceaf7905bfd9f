#include "core/exact_sum.h"

#include "core/bug.h"

#include <math.h>
#include <string.h>

void dt_exact_add(dt_exact *sum, double term)
{
    uint64_t bits;
    memcpy(&bits, &term, sizeof bits);
    int exponent = (int)(bits >> 52 & 0x7ff);
    if (exponent == 0) /* 0 of either sign: what is smaller than 2^-1022 is no term */
        return;
    uint64_t mantissa = (bits & ((1ull << 52) - 1)) | 1ull << 52;
    int offset = exponent - 1075 - DT_EXACT_LOWEST; /* of the mantissa's lowest bit */
    if (offset < 0) { /* at least -52, and so many low bits are 0: see what a term may be */
        mantissa >>= -offset;
        offset = 0;
    }
    int i = offset / 32;
    DT_ASSERT(i + 2 < DT_EXACT_DIGITS);
    unsigned __int128 wide = (unsigned __int128)mantissa << (offset % 32);
    int64_t sign = bits >> 63 ? -1 : 1;
    sum->digit[i] += sign * (int64_t)(uint32_t)wide;
    sum->digit[i + 1] += sign * (int64_t)(uint32_t)(wide >> 32);
    sum->digit[i + 2] += sign * (int64_t)(uint32_t)(wide >> 64);
}

void dt_exact_carry(dt_exact *sum)
{
    for (int i = 0; i + 1 < DT_EXACT_DIGITS; i++) {
        int64_t carry = sum->digit[i] >> 32; /* towards minus infinity */
        sum->digit[i] -= carry * ((int64_t)1 << 32);
        sum->digit[i + 1] += carry;
    }
}

double dt_exact_value(const dt_exact *sum)
{
    dt_exact s = *sum;
    dt_exact_carry(&s);
    int negative = s.digit[DT_EXACT_DIGITS - 1] < 0;
    if (negative) { /* positive digits only, so that what follows a digit never cancels it */
        for (int i = 0; i < DT_EXACT_DIGITS; i++)
            s.digit[i] = -s.digit[i];
        dt_exact_carry(&s);
    }
    double value = 0;
    for (int i = DT_EXACT_DIGITS - 1; i >= 0; i--)
        value += ldexp((double)s.digit[i], 32 * i + DT_EXACT_LOWEST);
    return negative ? -value : value;
}
