/* The head of a normal by L of its covariance L L'. */
#include <string.h>

#include "distributions/dist.h"
#include "kernels/cholesky.h"
#include "nn/head_block.h"

size_t tril_head_full_width(size_t d, const tril_head_opts *opts)
{
    (void)opts;
    return d + d * (d + 1) / 2;
}

tril_dist tril_head_full_base(const tril_head_block *h, tril_var raw, tril_var loc, tril_var r)
{
    tril_var factor = tril_head_factor(raw, h);
    return tril_mvn(loc, r.tape ? tril_matmul(r, factor) : factor);
}

tril_var tril_head_full_entropy(const tril_head_block *h, tril_var raw, tril_var log_det)
{
    (void)raw;
    return tril_mvn_entropy_of(log_det, h->d);
}

bool tril_head_full_fit(tril_ctx *ctx, const tril_head_block *h, const double *covariance,
                        double *l, double *off, double *s)
{
    size_t d = h->d;
    memcpy(l, covariance, d * d * sizeof *l);
    size_t pivot = tril_cholesky_factor(d, l, h->floor * h->floor);
    if (pivot < d)
        return tril_head_degenerate(ctx, pivot, " or a combination of those before it",
                                    l[pivot * (d + 1)]);
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < i; j++)
            *off++ = l[i * d + j] / (h->lower == TRIL_LOWER_SCALED ? l[i * d + i] : 1);
        s[i] = tril_head_s_of(h, l[i * d + i]);
    }
    return true;
}

static const tril_head_form form = { .dist = &tril_dist_kind_head,
                                     .power = 1,
                                     .base = tril_head_full_base,
                                     .entropy = tril_head_full_entropy,
                                     .fit = tril_head_full_fit };

const tril_head_kind tril_head_full = { TRIL_HEAD_BLOCK("full", &form, TRIL_FRAME_LOWER),
                                        .width = tril_head_full_width, .natural = true,
                                        .normal = true };
