/* The head of a normal whose L is a parameter, the same for all rows: loc is the row. */
#include "nn/head_block.h"

static size_t width(size_t d, const tril_head_opts *opts)
{
    (void)opts;
    return d;
}

static size_t shared(size_t d)
{
    return d * (d + 1) / 2;
}

/* the row and the parameter behind one another are a row of the full form */
static tril_head_layout as_full(const tril_head_layout *h)
{
    tril_head_layout full = *h;
    full.opts.kind = &tril_head_full;
    full.width = h->width + shared(h->d);
    return full;
}

static tril_dist with_factor(const tril_head_layout *h, tril_var loc, tril_var r)
{
    const tril_head_layout full = as_full(h);
    tril_head_block block = tril_head_block_of(&full);
    block.begin -= h->d;
    block.s -= h->d;
    block.width -= h->d;
    return tril_head_full_base(&block, tril_param_var(loc.tape, h->opts.shared), loc, r);
}

static tril_dist dist(const tril_head_layout *h, tril_var raw, tril_var natural)
{
    (void)natural;
    return with_factor(h, raw, (tril_var){ 0 });
}

static tril_dist transformed(const tril_head_layout *h, tril_var raw, tril_var r, tril_var shift)
{
    return with_factor(h, tril_head_loc(h, raw, r, shift), r);
}

static bool init(tril_ctx *ctx, const tril_head_layout *h, const double *mean,
                 const double *covariance, double *raw)
{
    const tril_head_layout full = as_full(h);
    return tril_head_block_init(ctx, &full, mean, covariance, raw);
}

const tril_head_kind tril_head_shared = { .name = "shared",
                                          .frame = TRIL_FRAME_LOWER,
                                          .width = width,
                                          .dist = dist,
                                          .transformed = transformed,
                                          .init = init,
                                          .shared = shared,
                                          .normal = true };
