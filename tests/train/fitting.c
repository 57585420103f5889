/* A small network and rows for it to learn. */
#include "train/fitting.h"

#include <math.h>
#include <stdlib.h>

fitting fitting_new(tril_ctx *ctx, size_t rows, size_t targets, size_t hidden,
                    const tril_head_opts *head)
{
    fitting f = { .ctx = ctx, .rows = rows, .net = { .targets = targets } };
    f.x = malloc(rows * INPUTS * sizeof *f.x);
    f.y = malloc(rows * targets * sizeof *f.y);
    ck_assert(f.x && f.y);
    tril_random random = tril_random_stream(3, 1);
    tril_random_normal(&random, f.x, rows * INPUTS);
    tril_random_normal(&random, f.y, rows * targets);
    for (size_t i = 0; i < rows; i++) {
        const double a = (double)f.x[i * INPUTS], b = (double)f.x[i * INPUTS + 1];
        tril_real *y = f.y + i * targets;
        for (size_t j = targets; j-- > 0;)
            y[j] = (tril_real)(sin(2 * a) + (double)j * b +
                               0.5 * exp(0.5 * b) * ((double)y[j] + 0.7 * (double)y[0]));
    }
    f.params = tril_params_new(ctx);
    if (head)
        f.net.head = *head;
    if (f.net.head.kind == &tril_head_shared)
        f.net.head.shared = tril_head_shared_new(f.params, "covariance", targets);
    f.net.mlp = tril_mlp_new(f.params, "net",
                             &(tril_mlp_opts){ .inputs = INPUTS,
                                               .hidden = { hidden, hidden },
                                               .outputs = tril_head_width(targets, &f.net.head) });
    return f;
}

fitting fitting_begin(tril_ctx *ctx, size_t rows, size_t targets, const tril_head_opts *head,
                      const tril_fit_opts *opts)
{
    fitting f = fitting_new(ctx, rows, targets, 8, head);
    f.fit = tril_fit_new(&f.net, (tril_batch){ f.x, f.y, rows }, opts);
    return f;
}

void fitting_free(fitting *f)
{
    tril_fit_free(f->fit);
    tril_params_free(f->params);
    free(f->x);
    free(f->y);
}

tril_real *fitting_bias(const fitting *f, size_t i)
{
    return tril_param_values(tril_dense_bias(tril_mlp_last(f->net.mlp))) + i;
}
