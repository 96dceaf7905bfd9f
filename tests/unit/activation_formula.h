/* The activations as PyTorch's documentation defines them, in double. */
#ifndef TESTS_UNIT_ACTIVATION_FORMULA_H
#define TESTS_UNIT_ACTIVATION_FORMULA_H

#include "model/activation.h"

#include <math.h>

static inline double activation_formula(dt_activation f, double v)
{
    switch (f) {
    case DT_ACT_TANH:
        return tanh(v);
    case DT_ACT_SIGMOID:
        return 1 / (1 + exp(-v));
    case DT_ACT_GELU:
        return v * 0.5 * erfc(-v * M_SQRT1_2);
    default:
        return v > 0 ? v : 0;
    }
}

#endif
