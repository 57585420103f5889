/* Distributions over tensors. A distribution is a value like a var: its parameters are vars, it is
 * valid as long as they are. It has a batch shape (how many distributions, each with parameters of
 * its own) and an event shape (what one draw looks like). All logarithms are natural, all constants
 * included.
 *
 * Large and small numbers: of parameters and points that float can hold (up to 3.4e38, and those
 * that are not 0 at least 1.4e-45), no method is NaN, in float or in double; where a result leaves
 * the range of tril_real it is the largest finite number or, in moments, infinite. Gradients of
 * log_prob, cdf, kl, rsample and entropy are finite. In double, larger and smaller numbers are safe
 * in log_prob alone.
 *
 * Example: 2 normals in 3 dimensions, log-densities of a point each, and the gradient.
 *
 *     #include <stdio.h>
 *     #include <tril/tril.h>
 *
 *     int main(void)
 *     {
 *         tril_ctx *ctx = tril_ctx_new(NULL);
 *         tril_tape *tape = tril_tape_new(ctx);
 *         const tril_real loc[6] = { 0, 0, 0, 1, 1, 1 }, y[6] = { 1, 0, 0, 1, 1, 1 };
 *         const tril_real scale_tril[9] = { 1, 0, 0, .5f, 1, 0, 0, .25f, 2 }; // one for both
 *
 *         tril_var mu = tril_requires_grad(tril_input(tape, loc, TRIL_SHAPE(2, 3)));
 *         tril_dist p = tril_mvn(mu, tril_input(tape, scale_tril, TRIL_SHAPE(3, 3)));
 *         tril_var log_prob = tril_log_prob(p, tril_input(tape, y, TRIL_SHAPE(2, 3)));
 *         tril_backward(tril_sum(log_prob));
 *
 *         bool failed = tril_ctx_failed(ctx);
 *         for (int i = 0; i < 2 && !failed; i++)
 *             printf("%.4f\n", tril_value(log_prob)[i]); // -4.0769, then -3.4500
 *         tril_tape_free(tape);
 *         tril_ctx_free(ctx);
 *         return failed;
 *     }
 */
#ifndef TRIL_DISTRIBUTIONS_H
#define TRIL_DISTRIBUTIONS_H

#include <tril/tape.h>

TRIL_API_BEGIN

typedef struct tril_dist_kind tril_dist_kind;

/* Read-only for its users. kind is NULL in the inert distribution that a failed call returns. */
typedef struct tril_dist {
    const tril_dist_kind *kind;
    tril_var param[3];
    tril_shape batch, event;
    const void *attrs;
} tril_dist;

/* Multivariate normal N(loc, L L^T): loc [..., d], scale_tril L [..., d, d], lower triangular with
 * a positive diagonal; what stands above the diagonal is not read. Batch dimensions broadcast
 * against each other. A diagonal that is not positive, and numbers that are not finite, are an
 * error that names batch index, pivot and value. */
tril_dist tril_mvn(tril_var loc, tril_var scale_tril);

/* The same by its covariance [..., d, d], which is factored (tril_cholesky says how), never
 * inverted. */
tril_dist tril_mvn_covariance(tril_var loc, tril_var covariance);

/* The same by its precision [..., d, d], the inverse of the covariance, which is factored and never
 * inverted; and by the factor T of the precision T T', lower triangular with a positive diagonal.
 * log_prob solves and divides nothing: with z = T'(y - loc) it is -z'z/2 + sum log T_ii - d/2 log 2
 * pi, d/dloc = T z, d/dT = diag(1/T_ii) - tril((y - loc) z') (Williams 1996). Draws, variance and
 * covariance cost a triangular solve. */
tril_dist tril_mvn_precision(tril_var loc, tril_var precision);
tril_dist tril_mvn_precision_tril(tril_var loc, tril_var precision_tril);

/* The same with covariance W W' + diag(D): loc [..., d], factor W [..., d, r] and diag D [..., d],
 * positive, whose batch dimensions broadcast: what r factors common to all explain, and what is
 * each one's own. At a cost that grows with d r^2 and not with d^3. */
tril_dist tril_mvn_low_rank(tril_var loc, tril_var factor, tril_var diag);

/* Normals of one number each, N(loc, scale^2), scale > 0: loc and scale broadcast to the batch
 * shape, the event is a number. And the same with the last axis as the event: a multivariate normal
 * with a diagonal covariance, whose event shape is [d], at a cost that grows with d and not with
 * d^2. */
tril_dist tril_normal(tril_var loc, tril_var scale);
tril_dist tril_mvn_diag(tril_var loc, tril_var scale);

/* Student's t, for heavy tails: df > 0 degrees of freedom, of numbers and of vectors. Its density
 * falls with the power df + d of the distance, and as df grows it becomes that of tril_normal and
 * tril_mvn. df [...] has a number for each of the batch and broadcasts with the others' batch
 * dimensions. With z as at tril_log_prob, log p = log Gamma((df + d)/2) - log Gamma(df/2) - d/2
 * log(df pi) - sum log L_ii - (df + d)/2 log(1 + z'z/df). There is a mean where df > 1 and a
 * variance where df > 2, df/(df - 2) scale^2: to ask for them elsewhere is an error that names
 * batch index and df. Gradients flow to df through log_prob, entropy and variance, but neither
 * through draws nor through tril_cdf: a df that wants one is an error there, tril_sample excepted.
 */
tril_dist tril_student_t(tril_var df, tril_var loc, tril_var scale);
tril_dist tril_mvt(tril_var df, tril_var loc, tril_var scale_tril);

/* A class index 0, ..., k - 1, as a number: by logits [..., k], log w = log_softmax(logits), or by
 * probabilities, w = probs / sum(probs), none negative and with a sum of 1 up to 1e-5; gradients
 * are those of the quotient. The batch shape is [...]. log_prob of a number that is no class is an
 * error; that of a class of probability zero is the largest negative number. No gradient flows
 * through y or draws; there is no mean. */
tril_dist tril_categorical(tril_var logits);
tril_dist tril_categorical_probs(tril_var probs);

/* Families of numbers that are positive, between 0 and 1, counts, or directions; parameters
 * broadcast to the batch shape, the event is a number, and a parameter that is not positive is an
 * error. Gradients flow through log_prob (that in y, where y is no count) and entropy, but neither
 * through draws nor through tril_cdf. A y that has no density (a negative number, 0 or 1 for
 * shares, a half for counts) is an error that names it. Large parameters keep their digits: the
 * large common part of gamma functions and powers is never computed (Loader 2000).
 *
 * gamma: log p = a log b - log Gamma(a) + (a - 1) log y - b y, a the concentration, b the rate.
 * beta: log p = (a - 1) log y + (b - 1) log(1 - y) - log B(a, b), a = concentration1. poisson: the
 * count's probability is rate^y exp(-rate) / y!. negative_binomial: that of Poisson ones whose
 * rates have a gamma distribution of this mean m and concentration r = total_count: Gamma(y + r) /
 * (Gamma(r) y!) (r / (r + m))^r (m / (r + m))^y, of variance m + m^2 / r. Neither count has an
 * entropy in closed form. von_mises: a direction in radians, log p = k cos(y - loc) - log(2 pi
 * I_0(k)), k the concentration, which may be 0; y counts up to whole turns, draws and cdf are
 * within half a turn of loc. It has a mean, loc, and no variance. */
tril_dist tril_gamma(tril_var concentration, tril_var rate);
tril_dist tril_beta(tril_var concentration1, tril_var concentration0);
tril_dist tril_poisson(tril_var rate);
tril_dist tril_negative_binomial(tril_var mean, tril_var total_count);
tril_dist tril_von_mises(tril_var loc, tril_var concentration);

/* A mixture, p(y) = sum_j w_j p_j(y): categorical weights of k classes and batch shape [...],
 * components of any kind whose last batch axis is k and whose others broadcast with [...]; events
 * are those of a component. log_prob is log sum exp(log w_j + log p_j(y)): it does not underflow
 * where every density does, its gradient in log p_j(y) is the component's share of p(y), and
 * parameters of a component of weight zero have a gradient of exactly 0. Mean, variance (sum w_j
 * (v_j + (m_j - m)^2)), covariance and cdf are there if the components have them; entropy, mode and
 * rsample are not. sample draws one of each component and takes one of them, in the memory of one
 * draw, and in k times the time. A y of rank 4 has no room beside the components' axis. */
tril_dist tril_mixture(tril_dist weights, tril_dist components);

/* The last n axes of p's batch shape become the first of its event shape: log-densities and
 * entropies are summed over them, in the same node for tril_normal and tril_mvn_diag, in a node of
 * their own for others. */
tril_dist tril_independent(tril_dist p, size_t n);

/* log p(y), y [..., event]: [...], batch dimensions of distribution and y broadcast. One node; for
 * the normal, with z = L^-1 (y - loc) and a = L^-T z: log p = -z'z/2 - sum log L_ii - d/2 log 2 pi,
 * d/dloc = a, d/dy = -a, d/dL = tril(a z') - diag(1/L_ii). Sums are in double. A log-density beyond
 * the range of tril_real is its largest finite value, and so is a gradient. In double, a z beyond
 * 1e100 may count as 1e100 (as 1e150 where the event is a number). NaN or an infinity is an error
 * that names the row. */
tril_var tril_log_prob(tril_dist p, tril_var y);

/* The same of rows of which some numbers are missing, which y marks by NaN (tril_input_missing):
 * the exact log-density of those that are there, 0 where there are none; the gradient of what is
 * missing is 0. For any normal and tril_mvt, and for tril_independent and mixtures of
 * them. A normal row's
 * observed coordinates S are normal with the factor M of M Q = L_S, found by LQ; with z = M^-1 (y_S
 * - loc_S) and a = M^-T z: d/dloc_S = a, d/dL_S = M^-T (z (Q'z)' - Q). Those of Student's t have
 * the same factor and its degrees of freedom. */
tril_var tril_log_prob_missing(tril_dist p, tril_var y);

/* The same of rows of which some numbers are known by bounds only (censored): low and high [...,
 * event], both by tril_input_missing, in which NaN is no bound. A number is there where they are
 * equal, missing where both are NaN, and elsewhere somewhere from low to high: the density of what
 * is there, times the probability of the bounds given that. It keeps its digits as far as 1e8
 * scales out. For normals of numbers and diagonal ones with any number of bounds, for other normals
 * with bounds of up to two numbers in a row beside any that are there, more being an error that
 * names the row; and for tril_independent and mixtures of them. Gradients are the mean, over what
 * may be there, of those of tril_log_prob (Fisher's identity); none flows to bounds. */
tril_var tril_log_prob_censored(tril_dist p, tril_var low, tril_var high);

/* A draw from each distribution of the batch, [batch, event], and with n > 0 n draws, [n, batch,
 * event], from the context's random stream. No gradient flows through sample; through rsample it
 * does, because a draw is loc + L eps with eps ~ N(0, I) (the reparametrisation of Kingma and
 * Welling 2014). Do not train on the squared distance of such a draw to a label: its expectation is
 * |y - loc|^2 + tr(covariance), which is smallest where the covariance is zero. */
tril_var tril_sample(tril_dist p, size_t n);
tril_var tril_rsample(tril_dist p, size_t n);

/* Entropy [batch]: the differential one, d/2 (1 + log 2 pi) + sum log L_ii, for normals, -sum w log
 * w for classes. */
tril_var tril_entropy(tril_dist p);

/* Mean, variance and mode [batch, event], and covariance [batch, d, d] of an event of shape [d]. */
tril_var tril_dist_mean(tril_dist p);
tril_var tril_dist_variance(tril_dist p);
tril_var tril_dist_mode(tril_dist p);
tril_var tril_dist_covariance(tril_dist p);

/* P(Y <= y) where the event is one number: shape as log_prob's. A y that is NaN is an error. */
tril_var tril_cdf(tril_dist p, tril_var y);

/* The Kullback-Leibler divergence of p from q, E_p[log p - log q], for any two normals
 * (tril_normal, tril_mvn_diag, tril_mvn, tril_mvn_precision, tril_mvn_low_rank, heads) with equal
 * event shapes; batches broadcast. Of two tril_independent over the same axes it is the sum over
 * them. With A = L_q^-1 L_p and u = L_q^-1 (loc_q - loc_p) it is |A|^2/2 + u'u/2 - d/2 - sum log
 * A_ii, computed so that it is 0 for equal ones and keeps its digits near them. For two categorical
 * distributions of equally many classes it is sum w_p (log w_p - log w_q), to the same end. */
tril_var tril_kl(tril_dist p, tril_dist q);

/* Of any normal, tril_mvt and mixture of these over vectors [d]: that of the n coordinates with
 * these indices, in this order; and that of the other coordinates, in their own order, given that
 * those with these indices are y
 * [..., n], whose rows broadcast with the batch. No matrix is inverted: the factor of some rows of
 * L is that of their LQ factorisation (tril_lq). A diagonal normal stays one;
 * with z of the given ones, Student's t becomes one of df + n degrees of freedom, whose factor is
 * the normal's times the root of (df + z'z) / (df + n); the weights of a mixture become its
 * components' shares of the density of y. An index that is not
 * below d or stands twice is an error, and so is a conditional that leaves no coordinate. */
tril_dist tril_dist_marginal(tril_dist p, const size_t *index, size_t n);
tril_dist tril_dist_conditional(tril_dist p, const size_t *index, size_t n, tril_var y);

/* The same distributions in a larger batch: the batch shape is stretched to the given one, by the
 * rule of broadcasting. */
tril_dist tril_dist_expand(tril_dist p, tril_shape batch);

/* Batch and event shape; rank 0 where the distribution is inert. */
tril_shape tril_dist_batch_shape(tril_dist p);
tril_shape tril_dist_event_shape(tril_dist p);

TRIL_API_END
#endif
