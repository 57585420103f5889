/* The head of a normal with independent targets. */
#include "nn/head_block.h"

static size_t width(size_t d, const tril_head_opts *opts)
{
    (void)opts;
    return 2 * d;
}

static tril_dist base(const tril_head_block *h, tril_var raw, tril_var loc, tril_var r)
{
    tril_var scale = tril_head_factor(raw, h);
    return tril_mvn_diag(loc, r.tape ? tril_mul(scale, tril_diagonal(r)) : scale);
}

static bool fit(tril_ctx *ctx, const tril_head_block *h, const double *covariance, double *sd,
                double *off, double *s)
{
    (void)off;
    bool done = tril_head_deviations(ctx, h, covariance, sd);
    for (size_t i = 0; i < h->d && done; i++)
        s[i] = tril_head_s_of(h, sd[i]);
    return done;
}

static const tril_head_form form = { .dist = &tril_dist_kind_head,
                                     .diagonal = true,
                                     .power = 1,
                                     .base = base,
                                     .entropy = tril_head_full_entropy,
                                     .fit = fit };

const tril_head_kind tril_head_diagonal = { TRIL_HEAD_BLOCK("diagonal", &form, TRIL_FRAME_DIAGONAL),
                                            .width = width, .natural = true, .normal = true };
