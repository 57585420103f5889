/* log_prob of a multivariate normal whose factor is one for all rows: rows are solved for together,
 * a tile at a time, by BLAS. Inputs loc, factor [d, d], y; attributes: a pointer to the form. A row
 * whose numbers leave the range in which products are finite goes the way of mvn.c, alone. */
#include <string.h>

#include "dist/mvn.h"
#include "kernels/blas.h"
#include "ops/ops.h"

/* TILE rows of a few hundred numbers stay in the cache; below FEW rows BLAS does not pay */
enum { TILE = 64, FEW = 8 };

/* |r|^2, |z|^2, |a|^2 and the square of what comes down the tape are below this, so that no product
 * of theirs overflows */
static const double most = 1e200;

/* saved, in doubles: L, or its inverse where that pays: a product is faster than a solution; or T,
 * which is the transpose of an inverse of L; a tile of gradients, a sum for the factor's, z of all
 * rows, or of a tile if nobody needs gradients; whether a row goes alone; a row's arrays and
 * slopes; then sums of shared gradients */
typedef struct shared {
    const tril_mvn_form *form;
    size_t d, rows, next, in_line; /* next row, and where it stands in the walk's line */
    bool inverted;
    tril_walk walk;
    double *l, *tile, *dl, *z;
    tril_mvn_row row;
    tril_mvn_slopes slopes;
    double constant; /* what all log-densities share */
    double *alone;   /* of each row, 0 or 1 */
    char *sums;
    size_t n, loc[TILE], y[TILE]; /* the tile's rows, and where their loc and y stand */
    bool apart[TILE];             /* whether a row's gradients are put alone */
} shared;

/* how many rows' z are kept */
static size_t kept(const tril_node *node, size_t rows)
{
    return node->needs_grad ? rows : TILE;
}

static size_t saved_doubles(const tril_node *node, size_t rows, size_t d)
{
    const tril_mvn_form *form = *(const tril_mvn_form **)node->attrs;
    return 2 * d * d + TILE * d + kept(node, rows) * d + rows + tril_mvn_row_doubles(d) +
           tril_mvn_slopes_doubles(d, form->of_precision);
}

static bool shared_shape(tril_node *node)
{
    size_t d = tril_mvn_dim(node);
    if (!tril_mvn_log_prob_shape(node))
        return false;
    node->saved_bytes -= tril_mvn_row_doubles(d) * sizeof(double);
    node->saved_bytes += saved_doubles(node, tril_shape_size(node->shape), d) * sizeof(double);
    return tril_ops_blas(node);
}

static shared shared_of(const tril_node *node)
{
    size_t d = tril_mvn_dim(node);
    shared s = { *(const tril_mvn_form **)node->attrs, .d = d, .rows = node->size };
    s.walk = tril_mvn_walk(node, node->shape);
    s.l = node->saved;
    s.tile = s.l + d * d;
    s.dl = s.tile + TILE * d;
    s.z = s.dl + d * d;
    s.alone = s.z + kept(node, s.rows) * d;
    double *of_row = s.alone + s.rows, *of_slopes = of_row + tril_mvn_row_doubles(d);
    s.row = tril_mvn_row_at(of_row, d, TRIL_LOWER_FULL);
    s.slopes = tril_mvn_slopes_at(of_slopes, d, s.form->of_precision);
    s.sums = (char *)(of_slopes + tril_mvn_slopes_doubles(d, s.form->of_precision));
    tril_mvn_row_load(&s.row, node->in[1]->value);
    s.constant = -0.5 * (double)d * TRIL_LOG_2PI;
    for (size_t i = 0; i < d; i++)
        s.constant += s.form->of_precision ? s.row.log_diag[i] : -s.row.log_diag[i];
    s.inverted = s.rows / 4 >= d && !s.form->of_precision;
    for (size_t i = 0; i < d * d; i++) {
        double l = i % d > i / d ? 0 : (double)node->in[1]->value[i];
        s.l[i] = s.inverted ? i % d == i / d : l;
        s.dl[i] = l;
    }
    if (s.inverted)
        tril_trsm_rows(true, d, d, s.dl, s.l); /* X L = I */
    return s;
}

/* L^-1 x of each of the tile's rows, or L^-T x; with T they are T'x and T x */
static void solve(const shared *s, bool transpose, const double *x, double *to)
{
    if (s->inverted || s->form->of_precision) {
        tril_trmm_rows(transpose != s->form->of_precision, s->n, s->d, s->l, x, to);
        return;
    }
    memcpy(to, x, s->n * s->d * sizeof *to);
    tril_trsm_rows(transpose, s->n, s->d, s->l, to);
}

/* the next rows; false after the last */
static bool next_tile(shared *s)
{
    for (s->n = 0; s->n < TILE && s->next < s->rows; s->n++, s->next++) {
        if (s->in_line == s->walk.dim[0]) {
            tril_walk_next(&s->walk);
            s->in_line = 0;
        }
        s->loc[s->n] = (s->walk.offset[0] + s->in_line * s->walk.stride[0][0]) * s->d;
        s->y[s->n] = (s->walk.offset[2] + s->in_line * s->walk.stride[0][2]) * s->d;
        s->in_line++;
    }
    return s->n > 0;
}

static bool residual_of(const tril_node *node, shared *s, size_t i)
{
    return tril_mvn_row_residual(&s->row, node->in[2]->value + s->y[i],
                                 node->in[0]->value + s->loc[i]);
}

static double squares_of(const double *x, size_t d)
{
    double sum = 0;
    for (size_t i = 0; i < d; i++)
        sum += x[i] * x[i];
    return sum;
}

/* y - loc of the tile's rows; what is not finite shows in z */
static void residuals(const tril_node *node, const shared *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const tril_real *loc = node->in[0]->value + s->loc[i], *y = node->in[2]->value + s->y[i];
        for (size_t j = 0; j < s->d; j++)
            s->tile[i * s->d + j] = (double)y[j] - (double)loc[j];
    }
}

/* The log-density of row i of the tile from its z, which becomes 0 where the row goes alone; false
 * where y or loc are not finite. */
static bool row_log_prob(const tril_node *node, shared *s, size_t i, double *z, double *out)
{
    double squares = squares_of(z, s->d);
    bool good =
        squares < most && (!s->form->of_precision || squares_of(s->tile + i * s->d, s->d) < most);
    s->alone[s->next - s->n + i] = !good;
    *out = s->constant - 0.5 * squares;
    if (good)
        return true;
    memset(z, 0, s->d * sizeof *z);
    bool finite = residual_of(node, s, i);
    *out = s->form->log_prob(&s->row);
    return finite;
}

static bool shared_forward(tril_node *node)
{
    if (node->size == 0)
        return true;
    shared s = shared_of(node);
    while (next_tile(&s)) {
        size_t first = s.next - s.n;
        double *z = node->needs_grad ? s.z + first * s.d : s.z, log_prob;
        residuals(node, &s);
        solve(&s, false, s.tile, z);
        for (size_t i = 0; i < s.n; i++) {
            if (!row_log_prob(node, &s, i, z + i * s.d, &log_prob))
                return tril_op_fail(node, TRIL_NOT_FINITE, "y or loc%s is not finite",
                                    tril_shape_where(" of row ", node->shape, first + i).text);
            node->value[first + i] = tril_saturate(log_prob);
        }
    }
    return true;
}

/* the gradients of one row on its own */
static void put_alone(const tril_node *node, shared *s, size_t i, double g, tril_row_grad grads[3])
{
    residual_of(node, s, i);
    s->form->log_prob(&s->row);
    s->form->slopes(&s->row, &s->slopes);
    tril_mvn_put_row(s->d, &s->slopes, g, grads, (size_t[]){ s->loc[i], 0, s->y[i] });
}

/* What the factor's gradient has of z on the other side: in a tile that holds g a for L, -g r for
 * T; nothing of rows that have gone alone. */
static void put_factor(const tril_node *node, shared *s)
{
    size_t first = s->next - s->n, d = s->d;
    for (size_t i = 0; i < s->n && s->form->of_precision; i++) {
        residual_of(node, s, i);
        for (size_t j = 0; j < d; j++)
            s->tile[i * d + j] = s->apart[i] ? 0 : -s->row.r[j] * (double)node->grad[first + i];
    }
    tril_add_gram(s->n, d, d, s->tile, s->z + first * d, s->dl);
}

/* The tile's rows: a = L^-T z times the gradient of their log-densities is that of loc. Returns the
 * sum of those gradients, but of rows that go alone. */
static double put_tile(const tril_node *node, shared *s, tril_row_grad grads[3])
{
    size_t first = s->next - s->n, d = s->d;
    double total = 0;
    solve(s, true, s->z + first * d, s->tile);
    for (size_t i = 0; i < s->n; i++) {
        double *a = s->tile + i * d, g = (double)node->grad[first + i];
        s->apart[i] = s->alone[first + i] != 0 || !(squares_of(a, d) < most && g * g < most);
        if (s->apart[i]) {
            put_alone(node, s, i, g, grads);
            memset(a, 0, d * sizeof *a);
            continue;
        }
        total += g;
        for (size_t j = 0; j < d; j++)
            a[j] *= g;
        for (size_t j = 0; j < d; j++)
            tril_row_grad_put(&grads[0], s->loc[i] + j, 1, a[j]);
        for (size_t j = 0; j < d; j++)
            tril_row_grad_put(&grads[2], s->y[i] + j, 1, -a[j]);
    }
    if (grads[1].grad)
        put_factor(node, s);
    return total;
}

static void shared_backward(tril_node *node, tril_real *const *grad_in)
{
    shared s = shared_of(node);
    tril_row_grad grads[3];
    double total = 0;
    for (size_t k = 0; k < 3; k++)
        grads[k] =
            tril_row_grad_begin(node, k, node->size, tril_mvn_event(k, s.d), grad_in[k], &s.sums);
    memset(s.dl, 0, s.d * s.d * sizeof *s.dl);
    while (next_tile(&s))
        total += put_tile(node, &s, grads);
    total = s.form->of_precision ? -total : total;
    for (size_t i = 0; i < s.d; i++)
        for (size_t j = 0; j <= i; j++)
            tril_row_grad_put(&grads[1], i * s.d + j, 1,
                              s.dl[i * s.d + j] - (i == j ? total / s.row.diag[i] : 0));
    for (size_t k = 0; k < 3; k++)
        tril_row_grad_end(&grads[k]);
}

const tril_op tril_op_mvn_shared_log_prob = { "log_prob(mvn)", shared_shape, shared_forward,
                                              shared_backward };
const tril_op tril_op_mvn_precision_shared_log_prob = { "log_prob(mvn_precision)", shared_shape,
                                                        shared_forward, shared_backward };

bool tril_mvn_is_shared(const tril_dist *p, tril_var y)
{
    tril_shape rows, factor = tril_shape_of(p->param[1]);
    size_t d = p->event.dim[0];
    if (!tril_shape_broadcast(p->batch, tril_shape_leading(tril_shape_of(y), 1), &rows))
        return false; /* tril_log_prob has looked */
    size_t n = tril_shape_size(rows);
    return tril_shape_size(factor) == d * d && tril_blas_fits(d) && (n == 0 || n >= FEW);
}

tril_var tril_mvn_shared_log_prob(const tril_mvn_form *form, const tril_dist *p, tril_var y)
{
    const tril_op *op =
        form->of_precision ? &tril_op_mvn_precision_shared_log_prob : &tril_op_mvn_shared_log_prob;
    return tril_op_apply(op, (tril_var[]){ p->param[0], p->param[1], y }, 3, &form, sizeof form);
}
