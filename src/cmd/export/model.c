/* What `tril export` writes around the numbers of a model: "model" becomes its name, lines with an
 * @ what is said there. C99 and C++11. */
#ifndef model_H
#define model_H
#include <math.h>
#include <stdint.h>

/* @sizes */

/* A part of the distribution of a row. */
typedef struct model_component {
    double log_weight; /* of weights whose sum is 1 */
    double loc[model_TARGETS];
    double scale_tril[model_TARGETS][model_TARGETS]; /* L, lower triangular */
    double df; /* degrees of freedom of Student's t; 0: normal, its covariance is L L' */
} model_component;

#ifdef __cplusplus
extern "C" {
#endif
/* The distribution of a row x [model_INPUTS], a mixture p [model_COMPONENTS]. A number that is NaN,
 * and a label that there is not, counts as the mean of the rows that the model learned from. */
void model_predict(const double *x, model_component *p);

/* Of such a mixture: mean [model_TARGETS] and covariance [model_TARGETS, model_TARGETS]; */
void model_mean(const model_component *p, double *mean);
void model_covariance(const model_component *p, double *covariance);

/* the logarithm of the density of y [model_TARGETS]: of those of its numbers that are not NaN; */
double model_log_prob(const model_component *p, const double *y);

/* draw number `index` of a stream, the same for the same numbers: y [model_TARGETS]. */
void model_sample(const model_component *p, uint64_t stream, uint64_t index, double *y);
#ifdef __cplusplus
}
#endif
#endif
#ifndef model_DECLARATIONS

/* @real */

/* An input: a number; n labels, each a feature that is 0 or 1; or days since 1970-01-01, with sine
 * and cosine of their cycles of so many days. */
typedef struct model_input {
    int labels, features;
    double days[3];
} model_input;

typedef struct model_feature {
    double mean, scale, low, high;
} model_feature;

typedef struct model_layer {
    int inputs, outputs;
    const model_real *weight, *bias; /* [inputs, outputs], [outputs] */
} model_layer;

enum { model_FULL, model_DIAGONAL, model_LOW_RANK, model_PRECISION };
enum { model_EXP, model_ELU, model_SOFTPLUS };
enum {
    model_NONE,
    model_TANH,
    model_RELU,
    model_SIGMOID,
    model_SILU,
    model_AS_ELU,
    model_AS_SOFTPLUS
};

/* What turns scaled features into components: layers, a head, a line. */
typedef struct model_member {
    model_layer layers[model_DEPTH];
    int components, logits, width; /* logits of weights first; then each component's raw numbers */
    int form, positive, relative, rank, is_t;
    double floor, log_weight;
    const model_real *shared;         /* instead of raw numbers behind loc; NULL: none */
    const model_real *slope, *at, *r; /* y = slope x + at + r y'; NULL: y = y' */
} model_member;

/* @tables */

/* ---- inputs */

/* beyond its bounds a number counts less and less */
static double model_bounded(double x, double low, double high)
{
    const double w = high - low;
    return x > high ? high + w / (1 + w / (x - high)) : x < low ? low - w / (1 + w / (low - x)) : x;
}

static double model_raw_feature(const model_input *in, double x, int k)
{
    if (in->labels)
        return x >= 0 && x < in->labels ? (k == (int)x ? 1 : 0) : (double)NAN;
    if (k == 0)
        return x;
    const double turns = x / in->days[(k - 1) / 2];
    const double angle = 6.283185307179586 * (turns - floor(turns));
    return k % 2 ? sin(angle) : cos(angle);
}

static void model_scale(const double *x, model_real *to)
{
    int at = 0;
    to[0] = 0;
    for (int j = 0; j < model_INPUTS; j++)
        for (int k = 0; k < model_inputs[j].features; k++, at++) {
            const model_feature *f = &model_features[at];
            const double raw = model_raw_feature(&model_inputs[j], x[j], k);
            const double scaled = (model_bounded(raw, f->low, f->high) - f->mean) / f->scale;
            to[at] = (model_real)(isnan(scaled) ? 0 : scaled);
        }
}

/* ---- the network */

/* tanh 2a, of tanh a */
static model_real model_twice(model_real t)
{
    return 2 * t / (1 + t * t);
}

/* Lambert's continued fraction near 0, and from there by doubling */
static model_real model_tanh(model_real x)
{
    const model_real a = (x > 20 ? 20 : x < -20 ? -20 : x) / 16, s = a * a;
    const model_real t =
        a * (135135 + s * (17325 + s * (378 + s))) / (135135 + s * (62370 + s * (3150 + s * 28)));
    return model_twice(model_twice(model_twice(model_twice(t))));
}

static model_real model_activated(model_real x)
{
    switch ((int)model_ACTIVATION) {
    case model_TANH:
        return model_tanh(x);
    case model_RELU:
        return x > 0 ? x : 0;
    case model_SIGMOID:
        return (1 + model_tanh(x / 2)) / 2;
    case model_SILU:
        return x * (1 + model_tanh(x / 2)) / 2;
    case model_AS_ELU:
        return x > 0 ? x : (model_real)expm1((double)x);
    case model_AS_SOFTPLUS:
        return (x > 0 ? x : 0) + (model_real)log1p(exp(-fabs((double)x)));
    default:
        return x;
    }
}

static void model_apply(const model_layer *layer, const model_real *x, model_real *y)
{
    const int n = layer->outputs;
    const model_real *w = layer->weight;
    int i = 0;
    for (int j = 0; j < n; j++)
        y[j] = layer->bias[j];
    for (; i + 4 <= layer->inputs; i += 4, w += 4 * n) {
        const model_real a = x[i], b = x[i + 1], c = x[i + 2], d = x[i + 3];
        for (int j = 0; j < n; j++)
            y[j] += a * w[j] + b * w[n + j] + (c * w[2 * n + j] + d * w[3 * n + j]);
    }
    for (; i < layer->inputs; i++, w += n) {
        const model_real a = x[i];
        for (int j = 0; j < n; j++)
            y[j] += a * w[j];
    }
}

/* ---- components */

/* L L' + w w' of an L, by rotations; w is used up */
static void model_add_column(double l[][model_TARGETS], int n, double *w)
{
    for (int k = 0; k < n; k++) {
        const double r = hypot(l[k][k], w[k]);
        if (!(r > 0))
            continue;
        const double c = l[k][k] / r, s = w[k] / r;
        for (int i = k; i < n; i++) {
            const double a = l[i][k], b = w[i];
            l[i][k] = c * a + s * b;
            w[i] = c * b - s * a;
        }
    }
}

static void model_clear(double l[][model_TARGETS])
{
    for (int i = 0; i < model_TARGETS; i++)
        for (int j = 0; j < model_TARGETS; j++)
            l[i][j] = 0;
}

static double model_positive(const model_member *m, double s)
{
    const double e = exp(m->positive == model_SOFTPLUS ? -fabs(s) : s);
    const double f = m->positive == model_SOFTPLUS       ? (s > 0 ? s : 0) + log1p(e)
                     : m->positive == model_ELU && s > 0 ? 1 + s
                                                         : e;
    return fmin(fmax(f + m->floor, 1e-300), 1e300);
}

/* L of the raw numbers behind loc */
static void model_factor(const model_member *m, const model_real *raw, double l[][model_TARGETS])
{
    enum { d = model_TARGETS };
    const int off = m->form == model_DIAGONAL   ? 0
                    : m->form == model_LOW_RANK ? d * m->rank
                                                : d * (d - 1) / 2;
    double v[d], w[d];
    model_clear(l);
    for (int i = 0; i < d; i++)
        v[i] = model_positive(m, (double)raw[off + i]);
    for (int i = 0; i < d && m->form != model_PRECISION; i++) {
        l[i][i] = v[i];
        for (int j = 0; j < i && m->form == model_FULL; j++)
            l[i][j] = (double)raw[i * (i - 1) / 2 + j] * (m->relative ? v[i] : 1);
    }
    for (int a = 0; a < m->rank; a++) {
        for (int i = 0; i < d; i++)
            w[i] = (double)raw[i * m->rank + a];
        model_add_column(l, d, w);
    }
    for (int j = 0; j < d && m->form == model_PRECISION; j++) { /* columns of the inverse of T' */
        for (int i = 0; i < d; i++)
            w[i] = i == j;
        for (int i = j; i >= 0; i--) {
            for (int k = i + 1; k <= j; k++)
                w[i] -= (double)raw[k * (k - 1) / 2 + i] * (m->relative ? 1 / v[i] : 1) * w[k];
            w[i] *= v[i];
        }
        model_add_column(l, d, w);
    }
}

/* a component of r y' and of the line, from one of y' */
static void model_on_line(const model_member *m, const model_real *x, model_component *p)
{
    enum { d = model_TARGETS };
    double l[d][d], loc[d], w[d];
    model_clear(l);
    for (int j = 0; j < d; j++) {
        for (int i = 0; i < d; i++) {
            w[i] = 0;
            for (int k = 0; k < d; k++)
                w[i] += (double)m->r[i * d + k] * p->scale_tril[k][j];
        }
        model_add_column(l, d, w);
    }
    for (int i = 0; i < d; i++) {
        loc[i] = (double)m->at[i];
        for (int k = 0; k < d; k++)
            loc[i] += (double)m->r[i * d + k] * p->loc[k];
        for (int k = 0; k < model_FEATURES; k++)
            loc[i] += (double)m->slope[i * model_FEATURES + k] * (double)x[k];
    }
    for (int i = 0; i < d; i++) {
        p->loc[i] = loc[i];
        for (int j = 0; j < d; j++)
            p->scale_tril[i][j] = l[i][j];
    }
}

static void model_component_of(const model_member *m, const model_real *x, const model_real *raw,
                               model_component *p)
{
    enum { d = model_TARGETS };
    for (int i = 0; i < d; i++)
        p->loc[i] = (double)raw[i];
    p->df = m->is_t ? 2.01 + 1000 / (1 + exp(-(double)raw[m->width - 1])) : 0;
    model_factor(m, m->shared ? m->shared : raw + d, p->scale_tril);
    if (m->r)
        model_on_line(m, x, p);
    for (int i = 0; i < d; i++) {
        p->loc[i] = model_targets[i].mean + model_targets[i].scale * p->loc[i];
        for (int j = 0; j <= i; j++)
            p->scale_tril[i][j] *= model_targets[i].scale;
    }
}

static double model_log_sum(const double *x, int n)
{
    double most = x[0], sum = 0;
    for (int i = 1; i < n; i++)
        most = fmax(most, x[i]);
    for (int i = 0; i < n; i++)
        sum += exp(x[i] - most);
    return most + log(sum);
}

void model_predict(const double *x, model_component *p)
{
    model_real scaled[model_FEATURES], memory[2][model_WIDEST];
    double logits[model_COMPONENTS];
    model_scale(x, scaled);
    for (int k = 0; k < model_MEMBERS; k++) {
        const model_member *m = &model_members[k];
        const model_real *raw = scaled;
        for (int i = 0; i < model_DEPTH; i++) {
            model_real *y = memory[i % 2];
            model_apply(&m->layers[i], raw, y);
            for (int j = 0; i + 1 < model_DEPTH && j < m->layers[i].outputs; j++)
                y[j] = model_activated(y[j]);
            raw = y;
        }
        for (int i = 0; i < m->components; i++)
            logits[i] = m->logits ? (double)raw[i] : 0;
        const double sum = model_log_sum(logits, m->components);
        for (int i = 0; i < m->components; i++, p++) {
            p->log_weight = m->log_weight + logits[i] - sum;
            model_component_of(m, scaled, raw + m->logits + i * m->width, p);
        }
    }
}
#endif
