/* Draws from a model. */
#include "cmd/draws.h"

#include <math.h>

/* the member of a draw: as often as its weight says, in an order without a pattern that rows or
 * draws could meet (multiples of the golden ratio) */
static size_t member_of(const tril_model_info *about, size_t row, size_t at)
{
    const double place =
        fmod(0.6180339887498949 * (double)at + 0.7548776662466927 * (double)row, 1);
    double sum = 0;
    for (size_t k = 0; k + 1 < about->n_networks; k++)
        if (place < (sum += about->weights[k]))
            return k;
    return about->n_networks - 1;
}

bool draws_make(const loaded *l, tril_tape *tape, size_t first, size_t n, size_t draws, double *out)
{
    const tril_model_info *about = tril_model_get_info(l->model);
    const size_t d = about->n_targets, width = about->mlp.inputs;
    const double *m = about->targets_scaler->mean, *s = about->targets_scaler->scale;
    tril_tape_reset(tape);
    tril_tape_record(tape, false);
    tril_var x = tril_input(tape, l->rows.x + first * width, TRIL_SHAPE(n, width));
    for (size_t k = 0; k < about->n_networks; k++) {
        const tril_network *net = &about->networks[k];
        const tril_real *y = tril_value(tril_sample(tril_network_dist(net, x), draws));
        for (size_t i = 0; y && i < draws * n; i++)
            for (size_t j = 0; j < d && member_of(about, first + i % n, i / n) == k; j++)
                out[i * d + j] = m[j] + s[j] * (double)y[i * d + j];
    }
    return !tril_ctx_failed(l->ctx);
}
