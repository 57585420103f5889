/* A network of two inputs emits nine numbers for each row, a normal in three dimensions; its NLL is
 * minimised. C, with an installed library: cc u1.c $(pkg-config --cflags --libs tril). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <tril/tril.h>

enum { N = 500, INPUTS = 2, TARGETS = 3 };

/* the numbers that all of these programs learn from, spread evenly on (0, 1) */
static double even(int i, int step)
{
    return (i * step % N + 0.5) / N;
}

int main(void)
{
    static tril_real x[N * INPUTS], y[N * TARGETS];
    static double nll[N];
    for (int i = 0; i < N; i++) {
        const double u = even(i, 1), v = even(i, 229);
        x[2 * i] = (tril_real)u, x[2 * i + 1] = (tril_real)v;
        y[3 * i] = (tril_real)(u * v + 0.2 * even(i, 63));
        y[3 * i + 1] = (tril_real)(u * u - v + (0.1 + u) * even(i, 137));
        y[3 * i + 2] = (tril_real)(y[3 * i + 1] + sin(6 * u) + 0.3 * even(i, 209));
    }

    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 7 });
    tril_scaler sx = { 0 }, sy = { 0 };
    tril_scaler_fit(ctx, &sx, x, NULL, N, INPUTS, NULL), tril_scaler_apply(&sx, x, N);
    tril_scaler_fit(ctx, &sy, y, NULL, N, TARGETS, NULL), tril_scaler_apply(&sy, y, N);
    tril_params *params = tril_params_new(ctx);
    tril_network net = tril_network_new(
        params, TARGETS, &(tril_mlp_opts){ .inputs = INPUTS, .hidden = { 32 } }, NULL);
    tril_batch rows = { .x = x, .y = y, .n = N };
    tril_fit *fit =
        tril_fit_new(&net, rows, &(tril_fit_opts){ .epochs = 50, .seed = 7, .lr = 1e-2 });
    tril_fit_run(fit, NULL, NULL);
    tril_evaluate(&net, 1, rows, &(tril_evaluation){ .nll = nll });

    const bool failed = tril_ctx_failed(ctx);
    if (failed)
        fprintf(stderr, "%s\n", tril_ctx_message(ctx));
    else
        printf("NLL %.3f\n", tril_mean_se_of(nll, 1, NULL, N).mean + tril_scaler_log_scale(&sy));
    tril_fit_free(fit), tril_params_free(params);
    tril_scaler_free(&sx), tril_scaler_free(&sy);
    tril_ctx_free(ctx);
    return failed;
}
