/* Limits that know nothing of densities: memory's own speed, and bare calls of BLAS. Each has
 * arrays of its own, and frees them with `free`. */
#ifndef TESTS_BENCH_LIMITS_H
#define TESTS_BENCH_LIMITS_H

#include <stddef.h>

/* BLAS stays on one thread from here on; the name of the kernels that it has chosen. */
const char *limits_pin_blas(void);

/* A copy that reads and writes `numbers` numbers together: half of them are copied. */
typedef struct copy_limit copy_limit;
copy_limit *copy_limit_new(size_t numbers);
void copy_limit_run(copy_limit *copy);

/* The products of matrices in a step of a network inputs-hidden-hidden-outputs: forward, gradients
 * of weights, gradients of all inputs but the first layer's. */
typedef struct gemm_limit gemm_limit;
gemm_limit *gemm_limit_new(size_t rows, size_t inputs, size_t hidden, size_t outputs);
void gemm_limit_run(gemm_limit *gemms);

/* What one factor for all rows needs: two triangular solves, z' = L^-1 r' and a' = L^-T z', and a'
 * z, the factor's gradient. */
typedef struct shared_limit shared_limit;
shared_limit *shared_limit_new(size_t rows, size_t d);
void shared_limit_run(shared_limit *shared);

#endif
