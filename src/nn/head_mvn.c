/* Heads of a full and of a diagonal normal and of Student's t: rows side by side. */
#include <math.h>

#include "kernels/mvn_lanes.h"
#include "kernels/special.h"
#include "nn/head.h"

typedef tril_head_layout head;

/* in lanes: s, its slopes, the normal's arrays; raw outputs and y */
static size_t doubles(const head *h)
{
    size_t reals = (h->width + h->d) * TRIL_LANES * sizeof(tril_real) / sizeof(double);
    return 2 * h->d * TRIL_LANES + tril_mvn_lanes_doubles(h->d) + reals;
}

/* natural gradients: of s, how far it has to go for its share of log v */
static void natural(const head *h, const tril_mvn_lanes *m, double *s, double *slope, double *g)
{
    const size_t array = h->d * TRIL_LANES, lanes = tril_lanes_for(m->n);
    for (size_t i = 0; i < array; i += TRIL_LANES)
        for (size_t l = 0; l < lanes; l++)
            slope[i + l] = tril_head_reach(h, s[i + l], slope[i + l]);
    tril_mvn_lanes_natural(m, slope, g, g + array, g + tril_head_s(h) * TRIL_LANES);
}

/* ---- Student's t: from the normal's z and log_diag what is its own */

typedef struct student {
    double df, df_slope; /* degrees of freedom, and their derivative in t */
    double squares;      /* z'z */
} student;

static student student_at(const tril_mvn_lanes *m, const tril_real *t, size_t lane)
{
    double e = exp(-fabs((double)t[lane])), rest = 1 / (1 + e);
    student x = { .df = TRIL_HEAD_LEAST_DF + TRIL_HEAD_MORE_DF * (t[lane] > 0 ? 1 : e) * rest,
                  .df_slope = TRIL_HEAD_MORE_DF * e * rest * rest };
    for (size_t k = lane; k < m->d * TRIL_LANES; k += TRIL_LANES)
        x.squares += m->z[k] * m->z[k];
    return x;
}

/* in place of the normal's log-density, which is NaN where a number is not finite */
static void student_log_prob(const tril_mvn_lanes *m, const tril_real *t, double *log_prob)
{
    for (size_t l = 0; l < m->n; l++) {
        student x = student_at(m, t, l);
        double log_det = 0;
        for (size_t k = l; k < m->d * TRIL_LANES; k += TRIL_LANES)
            log_det += m->log_diag[k];
        if (!isnan(log_prob[l]))
            log_prob[l] = tril_student_log(x.squares, x.df, m->d) - log_det -
                          0.5 * (double)m->d * TRIL_LOG_2PI + 0 * (double)t[l];
    }
}

/* With w = (df + d) / (df + z'z) its gradients in L are the normal's at sqrt(w) z, which is never
 * far off, and that in loc is this normal's times sqrt(w). Writes that of t, and sqrt(w). */
static void student_begin_gradient(const tril_mvn_lanes *m, const tril_real *t, double *dt,
                                   double *root)
{
    for (size_t l = 0; l < tril_lanes_for(m->n); l++) {
        student x = student_at(m, t, l);
        dt[l] = l < m->n ? tril_student_log_slope(x.squares, x.df, m->d) * x.df_slope : 0;
        root[l] = sqrt((x.df + (double)m->d) / (x.df + x.squares));
        for (size_t k = l; k < m->d * TRIL_LANES; k += TRIL_LANES) {
            m->z[k] *= root[l];
            m->r[k] *= root[l];
        }
    }
}

/* ---- */

static void transform(const head *h, const tril_mvn_lanes *m, const tril_real *raw, double *s,
                      double *slope)
{
    const size_t lanes = tril_lanes_for(m->n);
    for (size_t i = 0, k = 0; i < h->d; i++, k += TRIL_LANES) {
        double v[TRIL_LANES];
        for (size_t l = 0; l < lanes; l++)
            s[k + l] = (double)raw[k + l];
        h->diagonal->of_all(lanes, h->floor, s + k, v, m->log_diag + k, slope + k);
        for (size_t l = 0; l < lanes; l++)
            m->inverse[k + l] = 1 / v[l];
    }
}

static void run(const head *h, double *memory, tril_head_tile *tile)
{
    const size_t array = h->d * TRIL_LANES, last = tril_head_s(h) * TRIL_LANES;
    double *s = memory, *slope = s + array, *arrays = slope + array;
    tril_real *raw = (tril_real *)(void *)(arrays + tril_mvn_lanes_doubles(h->d));
    tril_real *y = raw + h->width * TRIL_LANES;
    const tril_real *t = raw + (h->width - 1) * TRIL_LANES;
    const bool is_student = h->form == TRIL_HEAD_STUDENT;
    double root[TRIL_LANES];
    tril_mvn_lanes m = tril_mvn_lanes_at(arrays, h->d, h->lower, raw + array);
    m.n = tile->n;
    tril_lanes_load(m.n, h->width, tile->raw, tile->raw_at, raw);
    tril_lanes_load(m.n, h->d, tile->y, tile->y_at, y);
    transform(h, &m, raw + last, s, slope);
    tril_mvn_lanes_log_prob(&m, y, raw, raw + last, TRIL_LANES, tile->log_prob);
    if (is_student)
        student_log_prob(&m, t, tile->log_prob);
    if (!tile->g)
        return;
    if (is_student)
        student_begin_gradient(&m, t, tile->g + (h->width - 1) * TRIL_LANES, root);
    tril_mvn_lanes_gradient(&m, slope, tile->g, tile->g + array, tile->g + last, TRIL_LANES);
    for (size_t k = 0; k < array && is_student; k++)
        tile->g[k] *= root[k % TRIL_LANES];
    if (tile->natural)
        natural(h, &m, s, slope, tile->natural);
}

const tril_head_rows tril_head_mvn_rows = { .doubles = doubles, .run = run };
