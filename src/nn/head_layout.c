/* Heads: options with their defaults, and the layout of a row. */
#include <float.h>
#include <math.h>

#include "core/params.h"
#include "nn/head.h"

typedef tril_head_layout head;

const char *const tril_head_form_names[] = { "full",   "diagonal", "precision", "low rank",
                                             "shared", "mixture",  "student",   NULL };

/* with half the bits of a size_t, less one, widths fit */
static bool fits(size_t n)
{
    return n >> (4 * sizeof n - 1) == 0;
}

static size_t width_of(size_t d, tril_head_form form, size_t rank)
{
    switch (form) {
    case TRIL_HEAD_FULL:
    case TRIL_HEAD_PRECISION:
        return d + d * (d + 1) / 2;
    case TRIL_HEAD_DIAGONAL:
        return 2 * d;
    case TRIL_HEAD_LOW_RANK:
        return d * (rank + 2);
    case TRIL_HEAD_SHARED:
        return d;
    case TRIL_HEAD_STUDENT:
        return d + d * (d + 1) / 2 + 1;
    case TRIL_HEAD_MIXTURE:
        break;
    }
    return SIZE_MAX;
}

/* whether there is a row at all, of any length */
static bool is_possible(size_t d, tril_head_form form, size_t rank)
{
    return d > 0 && fits(d) && form <= TRIL_HEAD_STUDENT && form != TRIL_HEAD_MIXTURE &&
           (form != TRIL_HEAD_LOW_RANK || (rank > 0 && fits(rank)));
}

size_t tril_head_width(size_t d, const tril_head_opts *opts)
{
    const tril_head_opts defaults = { 0 };
    opts = opts ? opts : &defaults;
    if (opts->form != TRIL_HEAD_MIXTURE)
        return is_possible(d, opts->form, opts->rank) ? width_of(d, opts->form, opts->rank)
                                                      : SIZE_MAX;
    if (!is_possible(d, opts->component, opts->rank) || opts->component > TRIL_HEAD_LOW_RANK)
        return SIZE_MAX;
    size_t width = width_of(d, opts->component, opts->rank);
    return fits(width) && opts->components > 0 && fits(opts->components)
               ? opts->components * (1 + width)
               : SIZE_MAX;
}

tril_head_opts tril_head_component(const tril_head_opts *opts)
{
    tril_head_opts component = *opts;
    component.form = opts->component;
    return component;
}

static bool check(tril_ctx *ctx, size_t d, const tril_head_opts *opts, double floor)
{
    const tril_head_form form = opts->form == TRIL_HEAD_MIXTURE ? opts->component : opts->form;
    if (form > TRIL_HEAD_STUDENT)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "head: there is no form number %d", (int)form);
    if (opts->form == TRIL_HEAD_MIXTURE && opts->component > TRIL_HEAD_LOW_RANK)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                             "head: no mixture has components of the form %s",
                             tril_head_form_names[opts->component]);
    if (opts->form == TRIL_HEAD_MIXTURE && opts->components == 0)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "head: a mixture of 0 components");
    if (form == TRIL_HEAD_LOW_RANK && opts->rank == 0)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "head: a rank of 0, want at least 1");
    if (opts->natural && opts->form != TRIL_HEAD_FULL && opts->form != TRIL_HEAD_DIAGONAL &&
        opts->form != TRIL_HEAD_LOW_RANK)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "head: the form %s has no natural gradient",
                             tril_head_form_names[opts->form]);
    if (d == 0 || !fits(d))
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "head: no network has %zu targets", d);
    if (tril_head_width(d, opts) == SIZE_MAX)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                             "head: no row is as long as %zu targets, rank %zu and %zu components "
                             "want",
                             d, opts->rank, opts->components);
    if (opts->diagonal > TRIL_DIAGONAL_SOFTPLUS)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "head: there is no diagonal number %d",
                             (int)opts->diagonal);
    if (!(floor >= 0 && isfinite(floor)))
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                             "head: a floor of %g, want a positive number or TRIL_NO_FLOOR",
                             opts->floor);
    size_t shared = width_of(d, TRIL_HEAD_FULL, 0) - d;
    if (opts->form == TRIL_HEAD_SHARED &&
        (!opts->shared.params ||
         !tril_shape_equal(tril_param_shape(opts->shared), TRIL_SHAPE(shared))))
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT,
                             "head: a covariance shared by rows of %zu targets needs a parameter "
                             "of %zu numbers",
                             d, shared);
    return true;
}

bool tril_head_layout_of(tril_ctx *ctx, size_t d, const tril_head_opts *opts, head *h)
{
    static const tril_positive_transform *const diagonals[] = {
        &tril_positive_elu, &tril_positive_elu, &tril_positive_exp, &tril_positive_softplus
    };
    static const tril_head_rows *const rows[] = {
        [TRIL_HEAD_PRECISION] = &tril_head_precision_rows,
        [TRIL_HEAD_LOW_RANK] = &tril_head_low_rank_rows,
        [TRIL_HEAD_STUDENT] = NULL,
    };
    const tril_head_opts defaults = { 0 };
    opts = opts ? opts : &defaults;
    double floor = opts->floor == 0 ? 1e-6 : opts->floor == TRIL_NO_FLOOR ? 0 : opts->floor;
    if (!check(ctx, d, opts, floor))
        return false;
    *h = (head){ .rows = rows[opts->form],
                 .form = opts->form,
                 .d = d,
                 .rank = opts->rank,
                 .begin = d,
                 .width = tril_head_width(d, opts),
                 .diagonal = diagonals[opts->diagonal],
                 .floor = floor,
                 .lower = opts->form == TRIL_HEAD_DIAGONAL ? TRIL_LOWER_NONE
                          : opts->relative_off_diagonal    ? TRIL_LOWER_SCALED
                                                           : TRIL_LOWER_PACKED };
    return true;
}

bool tril_head_load(const head *h, const tril_real *raw, double *v, double *log_v, double *slope)
{
    const tril_real *s = raw + tril_head_s(h);
    bool finite = true;
    for (const tril_real *p = raw + h->begin; p < s; p++)
        finite &= isfinite(*p);
    for (size_t i = 0; i < h->d; i++) {
        tril_positive x = h->diagonal->of((double)s[i], h->floor);
        finite &= isfinite(s[i]);
        v[i] = x.value;
        log_v[i] = x.log;
        slope[i] = x.slope;
    }
    return finite;
}

double tril_head_reach(const head *h, double s, double slope)
{
    return tril_within(1 / fmax(slope, 0.1 * h->diagonal->of(s, 0).slope), DBL_MAX);
}

head tril_head_block(const head *h)
{
    head block = *h;
    block.form = TRIL_HEAD_FULL;
    block.width = width_of(h->d, TRIL_HEAD_FULL, 0);
    return block;
}

tril_param tril_head_shared_new(tril_params *params, const char *name, size_t d)
{
    if (!params || tril_ctx_failed(params->ctx))
        return (tril_param){ 0 };
    if (d == 0 || !fits(d))
        return tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT,
                             "head_shared: no covariance has %zu targets", d),
               (tril_param){ 0 };
    return tril_params_add(params, name, TRIL_SHAPE(d * (d + 1) / 2));
}
