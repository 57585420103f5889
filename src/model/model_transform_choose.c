/* Which transform a target gets, and with which parameter, where rows are to say it: by the profile
 * likelihood of a line in the inputs with normal errors (Box and Cox 1964), since what is to be
 * normal is not the target but what the inputs leave over of it.
 *
 * auto chooses among none, log where all numbers are above 0, and yeo-johnson. A parameter costs
 * half the logarithm of the rows (BIC), and none is left only for what is better by 3 nats more:
 * units that are no longer the data's should have a reason that is more than chance. */
#include <math.h>
#include <string.h>

#include "io/table.h"
#include "model/model.h"
#include "train/linear_fit.h"

enum { MOST_ROWS = 10000, GRID = 21, COLUMNS = GRID + 2 };

static const double reason = 3;

/* Training rows that have the target, of very many some. */
typedef struct sample {
    tril_ctx *ctx;
    size_t n, inputs;
    double total, *t;
    tril_real *x, *y, *w; /* y: of each candidate */
} sample;

/* columns of mean 0 and standard deviation 1, what is missing and what does not vary 0 */
static void standardise(const sample *s)
{
    for (size_t j = 0; j < s->inputs; j++) {
        double n = 0, mean = 0, squares = 0;
        for (size_t i = 0; i < s->n; i++) {
            const double x = (double)s->x[i * s->inputs + j], apart = x - mean;
            if (isnan(x))
                continue;
            mean += apart / ++n;
            squares += apart * (x - mean);
        }
        for (size_t i = 0; i < s->n; i++) {
            tril_real *x = &s->x[i * s->inputs + j];
            const double z = ((double)*x - mean) / sqrt(squares / n);
            *x = isfinite(z) ? (tril_real)z : 0;
        }
    }
}

/* false where memory ran out */
static bool take_rows(sample *s, const tril_table *table, size_t k, const tril_dataset *cases)
{
    const size_t step = cases->n / MOST_ROWS + 1;
    s->t = tril_ctx_alloc(s->ctx, "model", cases->n, sizeof *s->t);
    s->x = tril_ctx_alloc(s->ctx, "model", cases->n, (s->inputs + 1 + COLUMNS) * sizeof *s->x);
    if (!s->t || !s->x)
        return false;
    s->w = s->x + cases->n * s->inputs;
    s->y = s->w + cases->n;
    for (size_t i = 0; i < cases->n; i += step) {
        const double t = tril_table_number(table, cases->row[i], k, TRIL_NO_DATE);
        if (isnan(t))
            continue;
        memcpy(s->x + s->n * s->inputs, cases->x + i * s->inputs, s->inputs * sizeof *s->x);
        s->t[s->n] = t;
        s->w[s->n] = (tril_real)tril_weight_of(cases->w, i);
        s->total += (double)s->w[s->n++];
    }
    standardise(s);
    return true;
}

/* numbers of one candidate, of mean 0 and standard deviation 1; what that adds to its likelihood */
static double put_column(const sample *s, const tril_transform *g, size_t k, size_t columns)
{
    double n = 0, mean = 0, squares = 0, slopes = 0;
    for (size_t i = 0; i < s->n; i++) {
        const double w = (double)s->w[i], z = tril_transform_forward(g, s->t[i]), apart = z - mean;
        n += w;
        mean += w * apart / n;
        squares += w * apart * (z - mean);
        slopes += w * tril_transform_log_slope(g, z);
    }
    const double sd = sqrt(squares / n);
    const bool good = sd > 0 && isfinite(sd) && isfinite(slopes);
    for (size_t i = 0; i < s->n; i++)
        s->y[i * columns + k] =
            good ? (tril_real)((tril_transform_forward(g, s->t[i]) - mean) / sd) : 0;
    return good ? slopes - n * log(sd) : -HUGE_VAL;
}

/* the log-likelihoods of n candidates, but for what they share */
static bool judge(const sample *s, const tril_transform *of, size_t n, double *out)
{
    tril_linear_fit fit;
    for (size_t k = 0; k < n; k++)
        out[k] = put_column(s, &of[k], k, n);
    if (!tril_linear_fit_rows(s->ctx, (tril_batch){ s->x, s->y, s->n, s->w }, (tril_bounds){ 0 },
                              NULL, s->inputs, n, false, &fit))
        return false;
    for (size_t k = 0; k < n; k++)
        if (out[k] > -HUGE_VAL)
            out[k] -= 0.5 * s->total * log(fmax(fit.covariance[k * (n + 1)], 1e-14));
    tril_ctx_release(s->ctx, fit.weight);
    return true;
}

/* where a parabola through three points, `step` apart, the second of which is at x, is highest */
static double top_of(double x, double step, const double y[3])
{
    const double bend = y[0] - 2 * y[1] + y[2], shift = 0.5 * (y[0] - y[2]) / bend;
    return bend < 0 && fabs(shift) <= 1 ? x + step * shift : x;
}

/* the best parameter of yeo-johnson: by a grid over all, and by one around the best of these */
static bool fit_power(const sample *s, tril_transform *out, double *likelihood)
{
    tril_transform of[GRID];
    double value[GRID], centre = 1, step = 2.0 / (GRID - 1);
    size_t best = 0;
    for (int pass = 0; pass < 2; pass++, step = 0.01) {
        for (int k = 0; k < GRID; k++)
            of[k] =
                (tril_transform){ .kind = &tril_transform_yeo_johnson,
                                  .param = { fmax(0, fmin(2, centre + step * (k - GRID / 2))) } };
        if (!judge(s, of, GRID, value))
            return false;
        for (size_t k = best = 0; k < GRID; k++)
            best = value[k] > value[best] ? k : best;
        centre = of[best].param[0];
    }
    *out = of[best];
    *likelihood = value[best];
    if (best > 0 && best < GRID - 1)
        out->param[0] = fmax(0, fmin(2, top_of(centre, 0.01, value + best - 1)));
    out->param[0] = round(1e4 * out->param[0]) / 1e4; /* more is noise, and unwieldy */
    return true;
}

static bool choose(const sample *s, tril_transform *g)
{
    const bool any = !g->kind;
    tril_transform of[] = { { 0 }, { .kind = &tril_transform_log } }, power;
    double value[2], of_power;
    if (!fit_power(s, &power, &of_power) || (any && !judge(s, of, 2, value)))
        return false;
    *g = power;
    if (!any)
        return true;
    value[0] += reason;
    of_power -= 0.5 * log(s->total);
    if (!(of_power > fmax(value[0], value[1])))
        *g = of[value[1] > value[0]];
    return true;
}

bool tril_model_choose_transforms(tril_model *model, const tril_table *table, tril_dataset *cases)
{
    const tril_model_info *about = &model->about;
    bool done = true;
    for (size_t j = 0, k; j < about->n_targets && done; j++) {
        sample s = { .ctx = model->ctx, .inputs = about->mlp.inputs };
        if (!model->transforms[j].open)
            continue;
        done = tril_table_find(table, about->targets[j], &k) && take_rows(&s, table, k, cases);
        if (done && s.n == 0)
            model->transforms[j] = (tril_transform){ 0 }; /* that it is missing is said later */
        else
            done = done && choose(&s, &model->transforms[j]);
        tril_ctx_release(model->ctx, s.t);
        tril_ctx_release(model->ctx, s.x);
        done = done && tril_model_put_target(model, table, j, true, false, cases);
    }
    return done;
}
