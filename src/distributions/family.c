/* What families of distributions of one number share. */
#include "distributions/family.h"

#include <math.h>

#include "core/shape.h"

static const tril_family *of(const tril_dist *p)
{
    return p->attrs;
}

bool tril_is_positive(double y)
{
    return y > 0 && y <= DBL_MAX;
}

bool tril_is_share(double y)
{
    return y > 0 && y < 1;
}

bool tril_is_count(double y)
{
    return y >= 0 && y <= DBL_MAX && y == floor(y);
}

const char *tril_no_count(const double *y)
{
    return tril_is_count(*y) ? NULL : "y is not a count, 0, 1, 2, ...";
}

/* ---- log_prob and cdf: inputs parameters, y */

static tril_var of_y(const tril_dist *p, const tril_op *op, tril_number_function *each, tril_var y,
                     bool missing)
{
    const size_t n = of(p)->n;
    tril_var inputs[3] = { p->param[0], n > 1 ? p->param[1] : y, y };
    return tril_numbers_apply(
        op, inputs, n + 1,
        (tril_numbers){ .each = each, .missing = missing, .wrong = of(p)->outside });
}

tril_var tril_family_log_prob(const tril_dist *p, tril_var y)
{
    return of_y(p, of(p)->log_prob_op, of(p)->log_prob, y, false);
}

tril_var tril_family_log_prob_missing(const tril_dist *p, tril_var y)
{
    return of_y(p, of(p)->log_prob_op, of(p)->log_prob, y, true);
}

tril_var tril_family_cdf(const tril_dist *p, tril_var y)
{
    return of_y(p, of(p)->cdf_op, of(p)->cdf, y, false);
}

/* ---- entropy and mode: inputs parameters */

const tril_op tril_op_family_value = { "value(family)", tril_numbers_shape, tril_numbers_forward,
                                       tril_numbers_backward };

static tril_var value(const tril_dist *p, const char *method, tril_number_function *each)
{
    tril_var x = tril_numbers_apply(&tril_op_family_value, p->param, of(p)->n,
                                    (tril_numbers){ .each = each });
    return tril_dist_stretch(p, method, x, 0);
}

tril_var tril_family_entropy(const tril_dist *p)
{
    return value(p, "entropy", of(p)->entropy);
}

tril_var tril_family_mode(const tril_dist *p)
{
    return value(p, "mode", of(p)->mode);
}

/* ---- draws: inputs parameters; memory: the key of streams, one for each row: how often one
 * rejects does not change the others */

typedef struct draws {
    size_t n;
    const tril_family *family;
} draws;

static size_t key_doubles(const tril_node *node)
{
    (void)node;
    return sizeof(uint64_t) / sizeof(double);
}

static size_t no_noise(const tril_node *node)
{
    (void)node;
    return 0;
}

static bool draw_row(tril_row_block *rows)
{
    const draws *own = rows->node->attrs;
    uint64_t *key = (uint64_t *)(void *)rows->memory;
    double x[2];
    bool valid = true; /* without validation they may be what no draw is ever accepted for */
    if (rows->index == 0)
        *key = tril_random_below(tril_ctx_random(tril_tape_ctx(rows->node->tape)), SIZE_MAX);
    tril_random random = tril_random_stream(*key, rows->index);
    for (size_t k = 0; k < own->family->n; k++) {
        x[k] = (double)*rows->x[k];
        valid &= isfinite(x[k]) && (x[k] > 0 || own->family->loc);
    }
    *rows->value = valid ? tril_saturate(own->family->draw(&random, x)) : (tril_real)NAN;
    return true;
}

static const tril_rowwise sample_op = { .op = { "sample(family)", tril_rowwise_shape,
                                                tril_rowwise_forward, NULL },
                                        .draws = true,
                                        .noise = no_noise,
                                        .kernel = { .forward = draw_row, .memory = key_doubles } };

tril_var tril_family_sample(const tril_dist *p, size_t n)
{
    const draws own = { n, p->attrs };
    return tril_op_apply(&sample_op.op, p->param, of(p)->n, &own, sizeof own);
}

/* ---- */

/* a concentration that may be 0 */
static bool is_valid(const char *what, const tril_family *family, size_t k, tril_var x)
{
    if (!tril_dist_valid(what, family->names[k], x, !family->loc))
        return false;
    const tril_real *values = tril_value(x);
    for (size_t i = 0; i < tril_size(x) && family->loc && k; i++)
        if (values[i] < 0 && tril_ctx_validates(tril_tape_ctx(x.tape)))
            return tril_var_fail(x.tape, what, TRIL_NOT_POSITIVE,
                                 "%s is %g%s: it must not be negative", family->names[k],
                                 (double)values[i],
                                 tril_shape_where(" at ", tril_shape_of(x), i).text),
                   false;
    return true;
}

tril_dist tril_family_dist(const tril_dist_kind *kind, const tril_family *family, tril_var a,
                           tril_var b)
{
    const tril_dist none = { 0 };
    const tril_var param[2] = { a, b };
    tril_shape shape, batch = { 0 };
    for (size_t k = 0; k < family->n; k++)
        if (!param[k].tape || param[k].tape != a.tape)
            return tril_var_fail(a.tape ? a.tape : b.tape, kind->name, TRIL_BAD_VAR,
                                 "%s is no var of its tape", family->names[k]),
                   none;
    for (size_t k = 0; k < family->n; k++) {
        if (!tril_var_shape(param[k], kind->name, &shape))
            return none;
        if (!tril_shape_broadcast(batch, shape, &batch))
            return tril_var_fail(a.tape, kind->name, TRIL_BAD_SHAPE,
                                 "%s is %s and %s %s: they do not broadcast", family->names[0],
                                 tril_shape_text(tril_shape_of(a)).text, family->names[1],
                                 tril_shape_text(shape).text),
                   none;
    }
    for (size_t k = 0; k < family->n; k++)
        if (!is_valid(kind->name, family, k, param[k]))
            return none;
    return (tril_dist){ kind, { a, b }, batch, { 0 }, family };
}
