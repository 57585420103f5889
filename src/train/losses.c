/* The losses: what is minimised over rows, and which gradients do not flow. */
#include <math.h>

#include <tril/extend.h>

#include "distributions/dist.h"
#include "nn/head.h"
#include "train/network.h"

/* the network in the coordinates of y */
static tril_network network_of(const tril_loss_rows *r)
{
    tril_network net = *r->net;
    net.line = r->missing ? net.line : (tril_line){ 0 };
    return net;
}

tril_dist tril_loss_dist(const tril_loss_rows *r)
{
    const tril_network net = network_of(r);
    return net.line.scale.params
               ? tril_network_dist_of(&net, tril_mlp_apply(net.mlp, r->x), (tril_var){ 0 })
               : tril_mlp_head(net.mlp, r->x, net.targets, &net.head);
}

/* y is that of r, in another shape if need be */
static tril_var log_prob_of(const tril_loss_rows *r, tril_dist p, tril_var y)
{
    if (r->low.tape) {
        const tril_shape shape = tril_shape_of(y);
        return tril_log_prob_censored(p, tril_reshape(r->low, shape), tril_reshape(r->high, shape));
    }
    return r->missing ? tril_log_prob_missing(p, y) : tril_log_prob(p, y);
}

tril_var tril_loss_log_prob(const tril_loss_rows *r, tril_dist p)
{
    return log_prob_of(r, p, r->y);
}

tril_var tril_loss_mean(const tril_loss_rows *r, tril_var of_rows)
{
    return tril_mean(r->w.tape ? tril_mul(r->w, of_rows) : of_rows);
}

static tril_var of_mean(const tril_loss_rows *r, tril_var of_rows)
{
    return tril_neg(tril_loss_mean(r, of_rows));
}

static tril_var nll(const tril_loss_rows *r, tril_var *log_prob)
{
    *log_prob = tril_loss_log_prob(r, tril_loss_dist(r));
    return of_mean(r, *log_prob);
}

/* ---- mixtures: the gradient of log sum_j w_j p_j is that of log w_j + log p_j, times its share */

typedef struct parts {
    tril_var y, log_weight, log_prob, share; /* [n, 1, d], and [n, K] each */
    tril_dist each;
} parts;

/* whether the distribution is one */
static bool has_parts(const tril_loss_rows *r, tril_dist of, parts *p, tril_var *log_prob)
{
    const tril_shape s = tril_shape_of(r->y);
    tril_var logits;
    if (!tril_mixture_parts(&of, &logits, &p->each))
        return false;
    p->y = tril_reshape(r->y, TRIL_SHAPE(s.dim[0], 1, s.dim[1]));
    p->log_prob = log_prob_of(r, p->each, p->y);
    p->log_weight = tril_log_softmax(logits, -1);
    tril_var joint = tril_add(p->log_weight, p->log_prob);
    p->share = tril_detach(tril_softmax(joint, -1));
    *log_prob = tril_logsumexp_axis(joint, -1, false);
    return true;
}

/* minus the mean over rows of the sum over components */
static tril_var of_shares(const tril_loss_rows *r, const parts *p, tril_var of_components)
{
    return of_mean(r, tril_sum_axis(tril_mul(p->share, of_components), -1, false));
}

/* ---- beta */

/* det(L)^(2 beta / d), in the network's own coordinates */
static tril_var weight_of(const tril_loss_rows *r, const tril_dist *p)
{
    const double power = 2 * r->beta / (double)r->net->targets;
    const double known = r->missing ? tril_line_log_scale(r->net) : 0;
    tril_var scale = tril_detach(tril_head_log_scale(p));
    scale = tril_sub(scale, tril_scalar(scale.tape, (tril_real)known));
    return tril_exp(tril_mul(scale, tril_scalar(scale.tape, (tril_real)power)));
}

static tril_var beta(const tril_loss_rows *r, tril_var *log_prob)
{
    const tril_dist p = tril_loss_dist(r);
    parts of;
    if (has_parts(r, p, &of, log_prob)) {
        tril_var weighted = tril_mul(weight_of(r, &of.each), of.log_prob);
        return of_shares(r, &of, tril_add(of.log_weight, weighted));
    }
    *log_prob = tril_loss_log_prob(r, p);
    return of_mean(r, tril_mul(weight_of(r, &p), *log_prob));
}

/* ---- the mean by itself */

/* 1 for each raw output that is one of a mean, 0 for others */
static tril_var mean_mask(const tril_loss_rows *r)
{
    tril_head_layout h;
    tril_tape *tape = r->x.tape;
    tril_real *mask = tril_head_layout_of(tril_tape_ctx(tape), r->net->targets, &r->net->head, &h)
                          ? tril_tape_take(tape, h.width, sizeof *mask)
                          : NULL;
    for (size_t i = 0; mask && i < h.width; i++)
        mask[i] = tril_head_is_mean(&h, i);
    return mask ? tril_input(tape, mask, TRIL_SHAPE(h.width)) : (tril_var){ 0 };
}

/* log-densities of what is there of y, up to a constant, of unit normals about some means */
static tril_var squares(const tril_loss_rows *r, tril_var loc, tril_var y)
{
    const tril_dist p = tril_mvn_diag(loc, tril_scalar(loc.tape, 1));
    return r->missing ? tril_log_prob_missing(p, y) : tril_log_prob(p, y);
}

static tril_var faithful(const tril_loss_rows *r, tril_var *log_prob)
{
    const tril_mlp *mlp = r->net->mlp;
    tril_var x = r->x, mask = mean_mask(r);
    for (size_t i = 0; i + 1 < tril_mlp_depth(mlp); i++)
        x = tril_dense_apply(tril_mlp_layer(mlp, i), x);
    tril_var raw = tril_dense_apply(tril_mlp_last(mlp), x);
    tril_var apart = tril_dense_apply(tril_mlp_last(mlp), tril_detach(x));
    /* the same numbers, of which the means have no gradient and the others none beyond the layer */
    tril_var others = tril_mul(tril_sub(tril_scalar(x.tape, 1), mask), apart);
    others = tril_add(others, tril_mul(mask, tril_detach(raw)));
    const tril_network net = network_of(r);
    const tril_dist p = tril_network_dist_of(&net, others, (tril_var){ 0 });
    const tril_dist of_means = tril_network_dist_of(&net, raw, (tril_var){ 0 });
    parts of, means;
    tril_var ignored;
    if (has_parts(r, p, &of, log_prob) && has_parts(r, of_means, &means, &ignored))
        return tril_add(of_mean(r, *log_prob),
                        of_shares(r, &of, squares(r, tril_dist_mean(means.each), means.y)));
    *log_prob = tril_loss_log_prob(r, p);
    return tril_add(of_mean(r, *log_prob), of_mean(r, squares(r, tril_dist_mean(of_means), r->y)));
}

static tril_var mse(const tril_loss_rows *r, tril_var *log_prob)
{
    tril_dist p = tril_loss_dist(r);
    *log_prob = tril_loss_log_prob(r, p);
    return of_mean(r, squares(r, tril_dist_mean(p), r->y));
}

const tril_loss tril_loss_nll = { "nll", nll };
const tril_loss tril_loss_beta = { "beta", beta, .all_numbers = true };
const tril_loss tril_loss_faithful = { "faithful", faithful, .all_numbers = true,
                                       .no_bounds = true };
const tril_loss tril_loss_mse = { "mse", mse, .all_numbers = true, .no_bounds = true };
const tril_loss tril_loss_warmup = { "warmup", nll, .mean_first = true, .all_numbers = true };

const tril_loss *tril_head_loss(const tril_head_kind *kind)
{
    return kind && kind->plain_nll ? &tril_loss_nll : &tril_loss_beta;
}

const tril_loss *const tril_losses[TRIL_LIST_SIZE] = { &tril_loss_nll,      &tril_loss_beta,
                                                       &tril_loss_faithful, &tril_loss_mse,
                                                       &tril_loss_warmup,   NULL };
