/* Single-precision matrix products, row-major, on the calling thread alone. */
#ifndef DT_ENGINE_GEMM_H
#define DT_ENGINE_GEMM_H

#include <stdint.h>

/* C = A B (+ C if accumulate): C [m,n] with rows ldc apart; A [m,k] with rows lda apart, or stored
 * as its transpose [k,m]; B [k,n] likewise. */
typedef struct {
    int64_t m, n, k;
    const float *a;
    int64_t lda;
    int a_transposed;
    const float *b;
    int64_t ldb;
    int b_transposed;
    float *c;
    int64_t ldc;
    int accumulate;
} dt_product;

void dt_gemm(const dt_product *p);

#endif
