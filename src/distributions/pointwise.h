/* Ops over numbers: up to four operands broadcast against each other, a function of each set of
 * numbers, sums over the last axes (the event). The function is given many sets at once, so that
 * its loop can be vectorised. */
#ifndef TRIL_DISTRIBUTIONS_POINTWISE_H
#define TRIL_DISTRIBUTIONS_POINTWISE_H

#include "core/shape.h"
#include "kernels/block.h"
#include "kernels/mvn.h"
#include "ops/rowwise.h"

enum { TRIL_NUMBERS = TRIL_WALK_OPERANDS };

/* Of events * size sets of numbers, x[k][i] that of operand k: the sum over each event, NaN where
 * something is wrong with a set. At most TRIL_CHUNK sets at once, so that there may be one event
 * only, and a part of it. */
typedef void tril_numbers_values(size_t events, size_t size, const tril_real *const *x,
                                 double *value);

/* Of n sets: the slopes slope[k][i] in each operand. */
typedef void tril_numbers_slopes(size_t n, const tril_real *const *x, double (*slope)[TRIL_CHUNK]);

/* NULL, or what is wrong with one set: "y is not finite". */
typedef const char *tril_number_check(const double *x);

/* Of one set: the value; where slope is not NULL and nobody asks for the value, its slope in each
 * of x. */
typedef double tril_number_function(const double *x, double *slope);

/* An op's attributes. */
typedef struct tril_numbers {
    tril_numbers_values *values;
    tril_numbers_slopes *slopes;
    tril_number_function *each; /* in place of both, for what takes long anyway */
    bool missing;               /* then a set whose last number is NaN adds nothing */
    tril_number_check *wrong;   /* none: nothing can be */
    size_t event_rank;          /* how many of the last axes are summed */
    size_t event_size; /* set by the shape rule, as is the shape of all operands together: */
    tril_shape full;
} tril_numbers;

tril_var tril_numbers_apply(const tril_op *op, const tril_var *inputs, size_t n,
                            tril_numbers attrs);
bool tril_numbers_shape(tril_node *node);
bool tril_numbers_forward(tril_node *node);
void tril_numbers_backward(tril_node *node, tril_real *const *grad_in);

/* Of rows that are numbers: loc + scale eps, where loc and scale are the first two operands. */
bool tril_normal_rsample_row(tril_row_block *rows);
void tril_normal_rsample_put(tril_row_block *rows);

/* TRIL_NUMBERS_BY defines values and slopes of many sets, OF_values and OF_slopes, by a function of
 * one; always_inline makes a loop of each, where a call per set would take twice as long. */
static inline __attribute__((always_inline)) void
tril_numbers_values_by(tril_number_function of, size_t n_in, size_t events, size_t size,
                       const tril_real *const *x, double *value)
{
    double set[TRIL_NUMBERS];
    for (size_t e = 0, i = 0; e < events; e++) {
        value[e] = 0;
        for (size_t end = i + size; i < end; i++) {
            for (size_t k = 0; k < n_in; k++)
                set[k] = (double)x[k][i];
            value[e] += of(set, NULL);
        }
    }
}

static inline __attribute__((always_inline)) void
tril_numbers_slopes_by(tril_number_function of, size_t n_in, size_t n, const tril_real *const *x,
                       double (*slope)[TRIL_CHUNK])
{
    double set[TRIL_NUMBERS], slopes[TRIL_NUMBERS];
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n_in; k++)
            set[k] = (double)x[k][i];
        of(set, slopes);
        for (size_t k = 0; k < n_in; k++)
            slope[k][i] = slopes[k];
    }
}

#define TRIL_NUMBERS_BY(of, n_in)                                                                  \
    static void of##_values(size_t events, size_t size, const tril_real *const *x, double *value)  \
    {                                                                                              \
        tril_numbers_values_by(of, n_in, events, size, x, value);                                  \
    }                                                                                              \
    static void of##_slopes(size_t n, const tril_real *const *x, double(*slope)[TRIL_CHUNK])       \
    {                                                                                              \
        tril_numbers_slopes_by(of, n_in, n, x, slope);                                             \
    }

#endif
