/* Checks gradients against finite differences, sign included: for the author of an operation or of
 * a loss.
 *
 * The function is contracted with random numbers r to one number, sum_i r_i f_i(x), and each
 * coordinate of each input (and of each parameter, if a store is given) is moved by h = step max(1,
 * |x|): f' = (45 (f(x+h) - f(x-h)) - 9 (f(x+2h) - f(x-2h)) + f(x+3h) - f(x-3h)) / 60 h. Run it in
 * the double build; in the float build the default tolerance is as coarse as the rounding makes it.
 * tape.h shows tapes, extend.h a complete program.
 */
#ifndef TRIL_GRADCHECK_H
#define TRIL_GRADCHECK_H

#include <tril/tape.h>

TRIL_API_BEGIN

/* The function under test: reads its inputs, one var each, and returns a var of any shape on the
 * same tape. It must return the same numbers each time it is called. */
typedef tril_var tril_function(tril_tape *tape, const tril_var *inputs, void *user);

typedef struct tril_gradcheck_input {
    const tril_real *values;
    tril_shape shape;
} tril_gradcheck_input;

typedef struct tril_gradcheck_opts {
    double tolerance; /* largest relative error that passes; default 1e-8 (double), 5e-3 (float) */
    double step;      /* default 1e-3 (double), 2e-2 (float) */
    double floor;     /* errors are relative to max(|analytic|, |numeric|, floor); default 1e-2 */
    tril_params *params; /* parameters to be checked with the inputs; default: none */
    TRIL_RESERVED(4);
} tril_gradcheck_opts;

/* What was found; worst is the coordinate with the largest error. */
typedef struct tril_gradcheck_report {
    size_t checked, wrong;    /* coordinates in all, and those beyond the tolerance */
    double error;             /* the worst coordinate's error */
    double analytic, numeric; /* its two derivatives */
    size_t input,
        element; /* where it is: which input (inputs first, then parameters), which element of it */
    char text[384]; /* all this in a sentence; empty where f failed */
    TRIL_RESERVED(4);
} tril_gradcheck_report;

/* True when every coordinate is within the tolerance. report and opts may be NULL. A wrong gradient
 * does not fail the context; an error inside f does, and then the result is false. */
bool tril_gradcheck(tril_ctx *ctx, tril_function *f, void *user, const tril_gradcheck_input *inputs,
                    size_t n_inputs, const tril_gradcheck_opts *opts,
                    tril_gradcheck_report *report);

TRIL_API_END
#endif
