/* Limits that know nothing of densities: memory's own speed, bare calls of BLAS, a loop. Those
 * that have arrays free them with `free`. */
#ifndef TESTS_BENCH_LIMITS_H
#define TESTS_BENCH_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

/* BLAS on one thread, or on as many as it had before the first such call. */
void limits_single_blas(bool single);

/* The name of the kernels that it has chosen. */
const char *limits_blas_kernels(void);

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

/* So many multiplications and additions, each of which waits for the one before. */
void loop_limit_run(size_t times);

#endif
