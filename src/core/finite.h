/* A look through many numbers. */
#ifndef TRIL_CORE_FINITE_H
#define TRIL_CORE_FINITE_H

#include <stddef.h>

#include <tril/real.h>

/* The index of the first that is NaN or infinite; n if none is. */
size_t tril_first_not_finite(const tril_real *x, size_t n);

/* The same, among finite ones, of the first that is not above zero. */
size_t tril_first_not_positive(const tril_real *x, size_t n);

#endif
