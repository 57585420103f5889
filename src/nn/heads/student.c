/* The head of Student's t by L, with degrees of freedom of its own for each row. */
#include <math.h>

#include "distributions/student.h"
#include "nn/head_block.h"

static size_t width(size_t d, const tril_head_opts *opts)
{
    return tril_head_full_width(d, opts) + 1;
}

static tril_var df_of(const tril_head_block *h, tril_var raw)
{
    tril_var t = tril_sum_axis(tril_slice(raw, -1, h->width - 1, 1), -1, false);
    tril_var more = tril_mul(tril_sigmoid(t), tril_scalar(raw.tape, (tril_real)TRIL_HEAD_MORE_DF));
    return tril_add(more, tril_scalar(raw.tape, (tril_real)TRIL_HEAD_LEAST_DF));
}

static tril_dist base(const tril_head_block *h, tril_var raw, tril_var loc, tril_var r)
{
    tril_var factor = tril_head_factor(raw, h);
    return tril_mvt(df_of(h, raw), loc, r.tape ? tril_matmul(r, factor) : factor);
}

static tril_var entropy(const tril_head_block *h, tril_var raw, tril_var log_det)
{
    return tril_add(tril_student_entropy_of(df_of(h, raw), h->d), log_det);
}

/* L of the full form, and ten degrees of freedom */
static bool fit(tril_ctx *ctx, const tril_head_block *h, const double *covariance, double *memory,
                double *off, double *s)
{
    const double more_df = 10 - TRIL_HEAD_LEAST_DF;
    s[h->d] = log(more_df / (TRIL_HEAD_MORE_DF - more_df));
    return tril_head_full_fit(ctx, h, covariance, memory, off, s);
}

static const tril_head_form form = { .dist = &tril_dist_kind_head_student,
                                     .power = 1,
                                     .df = true,
                                     .base = base,
                                     .entropy = entropy,
                                     .fit = fit };

const tril_head_kind tril_head_student = { TRIL_HEAD_BLOCK("student", &form, TRIL_FRAME_LOWER),
                                           .width = width };
