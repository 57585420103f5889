/* The second part of what `tril export` writes: what can be asked of the distribution of a row. */
#ifndef model_DECLARATIONS

/* ---- the distribution */

void model_mean(const model_component *p, double *mean)
{
    for (int i = 0; i < model_TARGETS; i++) {
        mean[i] = 0;
        for (int k = 0; k < model_COMPONENTS; k++)
            mean[i] += exp(p[k].log_weight) * p[k].loc[i];
    }
}

void model_covariance(const model_component *p, double *covariance)
{
    enum { d = model_TARGETS };
    double mean[d];
    model_mean(p, mean);
    for (int i = 0; i < d * d; i++)
        covariance[i] = 0;
    for (int k = 0; k < model_COMPONENTS; k++, p++)
        for (int i = 0; i < d; i++)
            for (int j = 0; j < d; j++) {
                double own = 0;
                for (int a = 0; a <= i && a <= j; a++)
                    own += p->scale_tril[i][a] * p->scale_tril[j][a];
                own *= p->df > 0 ? p->df / (p->df - 2) : 1;
                own += (p->loc[i] - mean[i]) * (p->loc[j] - mean[j]);
                covariance[i * d + j] += exp(p->log_weight) * own;
            }
}

/* by Stirling's series, from where it is exact */
static double model_log_gamma(double x)
{
    double below = 1;
    for (; x < 15; x++)
        below *= x;
    const double s = 1 / (x * x);
    const double series = (1. / 12 - s * (1. / 360 - s * (1. / 1260 - s * (1. / 1680)))) / x;
    return (x - 0.5) * log(x) - x + 0.9189385332046727 + series - log(below);
}

static double model_log_density(const model_component *p, const double *y)
{
    enum { d = model_TARGETS };
    double l[d][d], z[d], w[d], sum = 0, log_det = 0;
    int n = 0, at[d];
    for (int i = 0; i < d; i++)
        if (!isnan(y[i]))
            at[n++] = i;
    model_clear(l);
    for (int j = 0; j < d; j++) { /* the rows that are there, and lower triangular again */
        for (int i = 0; i < n; i++)
            w[i] = p->scale_tril[at[i]][j];
        for (int i = 0; i < n && n == d; i++)
            l[i][j] = w[i];
        if (n < d)
            model_add_column(l, n, w);
    }
    for (int i = 0; i < n; i++) {
        z[i] = y[at[i]] - p->loc[at[i]];
        for (int j = 0; j < i; j++)
            z[i] -= l[i][j] * z[j];
        z[i] /= l[i][i];
        sum += z[i] * z[i];
        log_det += log(l[i][i]);
    }
    if (!(p->df > 0))
        return -0.5 * sum - log_det - 0.9189385332046727 * n;
    return model_log_gamma(0.5 * (p->df + n)) - model_log_gamma(0.5 * p->df) - log_det -
           0.5 * n * log(3.141592653589793 * p->df) - 0.5 * (p->df + n) * log1p(sum / p->df);
}

double model_log_prob(const model_component *p, const double *y)
{
    double log_p[model_COMPONENTS];
    for (int k = 0; k < model_COMPONENTS; k++)
        log_p[k] = p[k].log_weight + model_log_density(&p[k], y);
    return model_log_sum(log_p, model_COMPONENTS);
}

/* ---- draws */

/* SplitMix64 (Steele, Lea and Flood 2014) */
static uint64_t model_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static double model_uniform(uint64_t *state) /* above 0, below 1 */
{
    return ((double)(model_next(state) >> 12) + 0.5) / 4503599627370496.;
}

static double model_normal(uint64_t *state)
{
    const double r = sqrt(-2 * log(model_uniform(state)));
    return r * cos(6.283185307179586 * model_uniform(state));
}

/* of shape a >= 1 (Marsaglia and Tsang 2000) */
static double model_gamma(uint64_t *state, double a)
{
    const double least = a - 1. / 3;
    for (;;) {
        const double z = model_normal(state), root = 1 + z / sqrt(9 * least);
        const double v = root * root * root;
        if (v > 0 && log(model_uniform(state)) < 0.5 * z * z + least * (1 - v + log(v)))
            return least * v;
    }
}

void model_sample(const model_component *p, uint64_t stream, uint64_t index, double *y)
{
    enum { d = model_TARGETS };
    uint64_t state = model_next(&stream) ^ index;
    state = model_next(&state);
    double left = model_uniform(&state), z[d];
    for (int k = 0; k + 1 < model_COMPONENTS && left > exp(p->log_weight); k++, p++)
        left -= exp(p->log_weight);
    for (int i = 0; i < d; i++)
        z[i] = model_normal(&state);
    const double scale = p->df > 0 ? sqrt(0.5 * p->df / model_gamma(&state, 0.5 * p->df)) : 1;
    for (int i = 0; i < d; i++) {
        y[i] = p->loc[i];
        for (int j = 0; j <= i; j++)
            y[i] += scale * p->scale_tril[i][j] * z[j];
    }
}
#endif
