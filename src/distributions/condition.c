/* Some coordinates of a vector: by themselves, and given the others; of normals, and of the kinds
 * that say how. */
#include <math.h>
#include <string.h>

#include "distributions/mvn.h"

/* whether p, whose kind has the method of its own or is a normal, is over vectors and the n
 * coordinates are some of its own, each once */
static bool has_coordinates(const tril_dist *p, const char *method, bool own, const size_t *index,
                            size_t n)
{
    tril_shape unused;
    if (!p->kind || !tril_var_shape(p->param[0], method, &unused))
        return false;
    if (p->event.rank != 1 || !(p->kind->as_mvn || own))
        return tril_dist_fail(p, method, TRIL_BAD_ARGUMENT, "there is no closed form"), false;
    size_t d = p->event.dim[0];
    if (n == 0 || !index)
        return tril_dist_fail(p, method, TRIL_BAD_ARGUMENT, "there are no indices"), false;
    for (size_t i = 0; i < n; i++) {
        if (index[i] >= d)
            return tril_dist_fail(p, method, TRIL_BAD_ARGUMENT,
                                  "index %zu is %zu, but the event has shape [%zu]", i, index[i],
                                  d),
                   false;
        for (size_t j = 0; j < i; j++)
            if (index[j] == index[i])
                return tril_dist_fail(p, method, TRIL_BAD_ARGUMENT,
                                      "indices %zu and %zu are both %zu", j, i, index[i]),
                       false;
    }
    return true;
}

static bool is_diagonal(const tril_dist *p)
{
    return p->kind == &tril_dist_kind_normal || p->kind == &tril_dist_kind_mvn_diag;
}

/* coordinates of loc or scale, which may be shared within the event */
static tril_var select_within(tril_var x, size_t d, const size_t *index, size_t n)
{
    tril_shape shape;
    if (!tril_var_shape(x, "select", &shape))
        return (tril_var){ 0 };
    bool own = shape.rank > 0 && shape.dim[shape.rank - 1] == d;
    return own ? tril_select(x, -1, index, n) : x;
}

/* N(loc, L L') of coordinates S has the covariance L_S L_S', L_S the rows of L with these indices;
 * its factor is that of L_S by LQ. */
static tril_dist select_from(const tril_dist *p, const char *what, const size_t *index, size_t n)
{
    size_t d = p->event.dim[0];
    tril_dist q = *p;
    q.event.dim[0] = n;
    if (is_diagonal(p)) {
        for (size_t k = 0; k < 2; k++)
            q.param[k] = select_within(p->param[k], d, index, n);
        return q.param[1].tape ? q : (tril_dist){ 0 };
    }
    q = p->kind->as_mvn(p);
    tril_var rows = tril_select(tril_tril(q.param[1]), -2, index, n);
    return tril_mvn_by_factor(&tril_dist_kind_mvn, what, "scale_tril",
                              tril_select(q.param[0], -1, index, n), tril_lq(rows));
}

tril_dist tril_dist_marginals(tril_dist p)
{
    if (!p.kind || p.kind->marginals)
        return p.kind ? p.kind->marginals(&p) : p;
    if (!p.kind->as_mvn)
        return tril_dist_fail(&p, "marginals", TRIL_BAD_ARGUMENT, "there is no closed form"),
               (tril_dist){ 0 };
    return tril_normal(tril_dist_mean(p), tril_sqrt(tril_dist_variance(p)));
}

tril_dist tril_dist_marginal(tril_dist p, const size_t *index, size_t n)
{
    if (!has_coordinates(&p, "marginal", p.kind && p.kind->marginal, index, n))
        return (tril_dist){ 0 };
    return p.kind->marginal ? p.kind->marginal(&p, index, n)
                            : select_from(&p, "marginal", index, n);
}

/* whether y gives n coordinates, and the batch shape together with its rows */
static bool takes(const tril_dist *p, tril_var y, size_t n, tril_shape *batch)
{
    tril_shape shape;
    if (y.tape != p->param[0].tape)
        return tril_dist_fail(p, "conditional", TRIL_BAD_VAR, "y is no var of its tape"), false;
    if (!tril_var_shape(y, "conditional", &shape))
        return false;
    if (shape.rank == 0 || shape.dim[shape.rank - 1] != n)
        return tril_dist_fail(p, "conditional", TRIL_BAD_SHAPE, "y is %s but there are %zu indices",
                              tril_shape_text(shape).text, n),
               false;
    if (!tril_shape_broadcast(tril_shape_leading(shape, 1), p->batch, batch))
        return tril_dist_fail(p, "conditional", TRIL_BAD_SHAPE,
                              "y is %s, whose rows do not broadcast with the distribution's batch "
                              "shape [%s]",
                              tril_shape_text(shape).text, tril_shape_text(p->batch).text),
               false;
    if (!tril_dist_has_room(p, "conditional", *batch))
        return false;
    const tril_real *values = tril_value(y);
    for (size_t i = 0; i < tril_size(y); i++)
        if (!isfinite(values[i]))
            return tril_dist_fail(p, "conditional", TRIL_NOT_FINITE, "y is %g at [%s]",
                                  (double)values[i], tril_shape_index(shape, i).text),
                   false;
    return true;
}

/* the indices, then those of the d that are not among them; NULL without memory */
static size_t *with_rest(tril_tape *tape, const size_t *index, size_t n, size_t d)
{
    size_t *order = tril_tape_take(tape, d, sizeof *order), count = n;
    for (size_t i = 0; i < n && order; i++)
        order[i] = index[i];
    for (size_t i = 0; i < d && order; i++) {
        size_t k = 0;
        while (k < n && index[k] != i)
            k++;
        if (k == n)
            order[count++] = i;
    }
    return order;
}

static tril_var block(tril_var x, size_t row, size_t rows, size_t column, size_t columns)
{
    return tril_slice(tril_slice(x, -2, row, rows), -1, column, columns);
}

/* r [..., n] times a matrix [..., n, m]; rank 4 has room for the product's batch */
static tril_var times(tril_var r, tril_var matrix, size_t n, size_t m)
{
    tril_shape row;
    if (!tril_var_shape(r, "conditional", &row))
        return (tril_var){ 0 };
    row.dim[row.rank - 1] = 1;
    tril_shape_append(&row, n);
    tril_var product = tril_matmul(tril_reshape(r, row), matrix);
    if (!tril_var_shape(product, "conditional", &row))
        return (tril_var){ 0 };
    row = tril_shape_leading(row, 2);
    tril_shape_append(&row, m);
    return tril_reshape(product, row);
}

/* With the rows of L put in order and their LQ factor [A 0; B C]: the rest has the mean loc + B
 * A^-1 (y - loc) and the factor C. */
static tril_dist full_conditional(const tril_dist *p, const size_t *order, size_t n, tril_var y)
{
    size_t d = p->event.dim[0], m = d - n;
    tril_dist q = p->kind->as_mvn(p);
    tril_var factor = tril_lq(tril_select(tril_tril(q.param[1]), -2, order, d));
    tril_var a = block(factor, 0, n, 0, n), b = block(factor, n, m, 0, n);
    tril_var slopes = tril_solve_tril(a, tril_transpose(b, -2, -1), true);
    tril_var r = tril_sub(y, tril_select(q.param[0], -1, order, n));
    tril_var loc = tril_add(tril_select(q.param[0], -1, order + n, m), times(r, slopes, n, m));
    return tril_mvn_by_factor(&tril_dist_kind_mvn, "conditional", "scale_tril", loc,
                              block(factor, n, m, n, m));
}

tril_dist tril_dist_conditional(tril_dist p, const size_t *index, size_t n, tril_var y)
{
    const tril_dist none = { 0 };
    tril_shape batch;
    if (!has_coordinates(&p, "conditional", p.kind && p.kind->conditional, index, n) ||
        !takes(&p, y, n, &batch))
        return none;
    size_t d = p.event.dim[0];
    if (n == d)
        return tril_dist_fail(&p, "conditional", TRIL_BAD_ARGUMENT,
                              "no coordinate is left where all %zu are given", n),
               none;
    size_t *order = with_rest(y.tape, index, n, d);
    if (!order)
        return none;
    if (p.kind->conditional)
        return p.kind->conditional(&p, order, n, y);
    if (!is_diagonal(&p))
        return full_conditional(&p, order, n, y);
    tril_dist rest = select_from(&p, "conditional", order + n, d - n);
    return rest.kind ? tril_dist_expand(rest, batch) : none;
}
