/* One program with both precisions: compiled twice, with and without TRIL_DOUBLE, and linked with
 * both libraries. */
#include <math.h>
#include <stdio.h>
#include <tril/tril.h>

#ifdef TRIL_DOUBLE
#define HERE in_double
#else
#define HERE in_float
#endif

/* The log-density of a normal in two dimensions and its gradient in the first of y, by a tape. */
int HERE(double out[2])
{
    const tril_real loc[2] = { 0.1f, -0.2f }, scale_tril[4] = { 0.7f, 0, 0.3f, 1.1f },
                    y[2] = { 1, 2 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var at = tril_requires_grad(tril_input(tape, y, TRIL_SHAPE(2)));
    tril_dist p = tril_mvn(tril_input(tape, loc, TRIL_SHAPE(2)),
                           tril_input(tape, scale_tril, TRIL_SHAPE(2, 2)));
    tril_var log_prob = tril_log_prob(p, at);
    tril_backward(log_prob);
    const int failed = tril_ctx_failed(ctx);
    if (!failed)
        out[0] = (double)tril_item(log_prob), out[1] = (double)tril_grad(at)[0];
    tril_tape_free(tape), tril_ctx_free(ctx);
    return failed;
}

#ifndef TRIL_DOUBLE
int in_double(double out[2]);

int main(void)
{
    double single[2], twice[2];
    if (in_float(single) || in_double(twice))
        return 1;
    const double z0 = (1 - (double)0.1f) / (double)0.7f,
                 z1 = (2 + (double)0.2f - (double)0.3f * z0) / (double)1.1f;
    const double right[2] = { -(z0 * z0 + z1 * z1) / 2 - log((double)0.7f * (double)1.1f) -
                                  log(2 * acos(-1)),
                              -(z0 - (double)0.3f / (double)1.1f * z1) / (double)0.7f };
    int failed = 0;
    for (int i = 0; i < 2; i++) {
        printf("%.15g: float %.2g, double %.2g beside it\n", right[i], single[i] - right[i],
               twice[i] - right[i]);
        failed |= !(fabs(single[i] - right[i]) < 1e-5) || !(fabs(twice[i] - right[i]) < 1e-13);
    }
    return failed;
}
#endif
