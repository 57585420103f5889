/* Warnings about columns and parts, and what those about rows need. */
#include "cmd/warnings.h"

#include <math.h>
#include <stdlib.h>

#include "cmd/commands.h"
#include "cmd/text.h"
#include "cmd/transforms.h"

/* ---- targets */

/* how number j follows from those before it, with coefficients in the targets' units */
static void write_relation(const survey *s, size_t j, const double *mean, const double *factor,
                           char text[256])
{
    const tril_model_info *about = tril_model_get_info(s->work->model);
    const tril_scaler *t = about->targets_scaler;
    double constant = t->mean[j] + t->scale[j] * mean[j];
    size_t at = 0;
    for (size_t k = 0; k < j; k++)
        constant -= factor[k] * t->scale[j] / t->scale[k] * (t->mean[k] + t->scale[k] * mean[k]);
    at += (size_t)snprintf(text, 256, "%s = %.3g", transform_shown(about, j), constant);
    for (size_t k = 0; k < j && at < 200; k++) {
        const double own = factor[k] * t->scale[j] / t->scale[k];
        if (fabs(factor[k]) < 1e-2)
            continue;
        at += (size_t)snprintf(text + at, 256 - at, own < 0 ? " - " : " + ");
        if (fabs(fabs(own) - 1) > 5e-3)
            at += (size_t)snprintf(text + at, 256 - at, "%.3g ", fabs(own));
        at += (size_t)snprintf(text + at, 256 - at, "%.30s", transform_shown(about, k));
    }
}

/* means and covariances over the rows of which no target is missing; how many there are */
static size_t find_moments(const survey *s, double *mean, double *covariance)
{
    const size_t d = s->d;
    size_t n = 0;
    for (size_t i = 0; i < s->rows; i++) {
        const double *y = s->y + i * d;
        double sum = 0;
        for (size_t j = 0; j < d; j++)
            sum += y[j];
        if (isnan(sum))
            continue;
        n++;
        for (size_t j = 0; j < d; j++) { /* Welford 1962 */
            const double apart = y[j] - mean[j];
            mean[j] += apart / (double)n;
            for (size_t k = 0; k <= j; k++)
                covariance[j * d + k] += apart * (y[k] - mean[k]);
        }
    }
    return n;
}

/* The Cholesky factor row by row: a target of which nothing is left follows from those before. */
static bool find_dependent(const survey *s, warnings *out)
{
    const size_t d = s->d;
    double *mean = command_alloc(d, (2 + d) * sizeof *mean);
    if (!mean)
        return false;
    double *l = mean + d, *factor = l + d * d;
    for (size_t j = 0; j < d * (1 + d); j++)
        mean[j] = 0;
    const size_t n = find_moments(s, mean, l);
    bool found = false;
    for (size_t j = 0; j < d && n > 2 * d + 2 && !found; j++) {
        const double whole = l[j * d + j];
        for (size_t k = 0; k < j; k++) {
            for (size_t m = 0; m < k; m++)
                l[j * d + k] -= l[j * d + m] * l[k * d + m];
            l[j * d + k] /= l[k * d + k];
            l[j * d + j] -= l[j * d + k] * l[j * d + k];
        }
        found = l[j * d + j] < 1e-5 * whole;
        if (found) {
            char relation[256];
            for (size_t k = j; k-- > 0;) {
                factor[k] = l[j * d + k];
                for (size_t m = k + 1; m < j; m++)
                    factor[k] -= l[m * d + k] * factor[m];
                factor[k] /= l[k * d + k];
            }
            write_relation(s, j, mean, factor, relation);
            warnings_add(out,
                         "the targets are linearly dependent, %s, so that their density has no "
                         "bound: leave one of them out of --targets",
                         relation);
        }
        l[j * d + j] = sqrt(fmax(l[j * d + j], 0));
    }
    free(mean);
    return true;
}

/* a value that most rows have */
static bool find_spikes(const survey *s, warnings *out)
{
    const tril_model_info *about = tril_model_get_info(s->work->model);
    const tril_scaler *t = about->targets_scaler;
    double *sorted = command_alloc(s->rows, sizeof *sorted);
    for (size_t j = 0; j < s->d && sorted; j++) {
        size_t n = 0, most = 0, run = 0;
        double value = 0;
        for (size_t i = 0; i < s->rows; i++)
            if (!isnan(s->y[i * s->d + j]))
                sorted[n++] = s->y[i * s->d + j];
        qsort(sorted, n, sizeof *sorted, command_by_first);
        for (size_t i = 0; i < n; i++) {
            run = i && sorted[i] == sorted[i - 1] ? run + 1 : 1;
            value = run > most ? sorted[i] : value;
            most = run > most ? run : most;
        }
        const double there = t->mean[j] + t->scale[j] * value;
        if (2 * most > n) /* of the transform, if it has one, as all that is said of errors */
            warnings_add(
                out,
                "%.0f %% of the rows have one value of %s, %.4g, which no normal fits: try "
                "--head mixture:3, or learn the other rows apart",
                100.0 * (double)most / (double)n, transform_shown(about, j),
                fabs(there) < 1e-6 * t->scale[j] ? 0.0 : there);
    }
    free(sorted);
    return sorted;
}

/* ---- inputs */

static bool counts_rows(const double *x, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (fabs(x[i] - x[i - 1]) != 1 || x[i] - x[i - 1] != x[1] - x[0])
            return false;
    return n >= 20;
}

static double correlation(const double *x, const double *y, size_t step, size_t n)
{
    double count = 0, mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < n; i++) {
        const double a = x[i] - mx, b = y[i * step] - my;
        if (isnan(a) || isnan(b))
            continue;
        count++;
        mx += a / count;
        my += b / count;
        xx += a * (x[i] - mx);
        yy += b * (y[i * step] - my);
        xy += a * (y[i * step] - my);
    }
    return count < 20 ? 0 : xy / sqrt(xx * yy);
}

static bool check_inputs(const survey *s, warnings *out)
{
    const tril_model_info *about = tril_model_get_info(s->work->model);
    double *x = command_alloc(s->rows, sizeof *x), most = 0;
    const char *input = NULL, *target = NULL;
    bool done = x;
    for (size_t k = 0; k < about->n_inputs && done; k++) {
        const tril_column *c = &about->inputs[k];
        if (c->labels || c->dates)
            continue;
        done = tril_table_doubles(s->work->table, c->name, x);
        if (done && counts_rows(x, s->rows))
            warnings_add(out,
                         "column %s counts the rows, and new rows have no place in this file: "
                         "leave it out with --exclude %s",
                         *c->name ? text_shown(c->name) : "'' (without a name)",
                         *c->name ? text_shown(c->name) : "'\"\"'");
        for (size_t j = 0; j < s->d && done; j++) {
            const double r = correlation(x, s->y + j, s->d, s->rows);
            if (fabs(r) > fabs(most)) {
                most = r;
                input = c->name;
                target = about->targets[j];
            }
        }
    }
    if (done && most * most > 0.999)
        warnings_add(out,
                     "column %s is almost the target %s (correlation %.5f): if it is not known "
                     "before that is, leave it out with --exclude",
                     text_shown(input), text_shown(target), most);
    free(x);
    return done;
}

/* numbers are the first labels of a column */
static void check_labels(const survey *s, warnings *out)
{
    const tril_model_info *about = tril_model_get_info(s->work->model);
    for (size_t k = 0; k < about->n_inputs; k++) {
        const tril_column *c = &about->inputs[k];
        char *end;
        size_t numbers = 0;
        while (numbers < c->n_labels && (strtod(c->labels[numbers], &end), !*end))
            numbers++;
        if (2 * numbers > c->n_labels)
            warnings_add(out,
                         "column %s has cells that are no numbers, %s for one, so that its %zu "
                         "different cells are labels: --missing-values counts words as missing",
                         text_shown(c->name), text_shown(c->labels[numbers]), c->n_labels);
    }
}

/* ---- parts */

static void check_parts(const work *w, const figures *parts, size_t n, warnings *out)
{
    enum { FEW = 10, ENOUGH = 19 }; /* ENOUGH: of 19 and a new row 95 % are 19 */
    const size_t validation = w->cases[PART_VALIDATION].n, test = w->cases[PART_TEST].n;
    if ((validation && validation < FEW) || (test && test < FEW))
        warnings_add(out,
                     "%zu rows to validate and %zu to test are too few to stop or judge by: get "
                     "more rows, or train on all with --validation 0 --test 0",
                     validation, test);
    const tril_dataset *c = &w->cases[PART_CALIBRATION];
    double calibration = 0;
    for (size_t i = 0; i < c->n; i++)
        calibration += tril_weight_of(c->w, i);
    if (c->n && calibration < ENOUGH)
        warnings_add(
            out,
            "%g rows to calibrate by are too few for regions and intervals of 95 %%, which "
            "are everything: get more rows, or say a larger share",
            calibration);
    const figures *last = &parts[n - 1], *before = validation && test ? &parts[1] : last;
    const tril_mean_se a = before->nll[TRIL_BASELINES], b = last->nll[TRIL_BASELINES];
    const double apart = fabs(a.mean - b.mean), error = hypot(a.error, b.error);
    if (apart > 5 * error && apart > 0.1)
        warnings_add(out,
                     "validation and test rows are %.2f nats apart, %.0f times the error of that: "
                     "they are of different kinds, so deal them by --group or --order",
                     apart, apart / error);
    const tril_mean_se line = last->nll[TRIL_BASELINE_LINEAR];
    if (b.mean > line.mean + 0.1 + b.error / 2)
        warnings_add(out,
                     "on %s rows the network is worse than a linear mean: these data may want "
                     "fewer units, another head, or more rows",
                     last->name);
}

/* ---- all */

/* errors of one part's rows by some networks, in standard deviations, of what is learned: of
 * transformed targets by medians, which stay medians */
static bool survey_part(survey *s, const tril_dataset *c, const tril_network *networks, size_t n,
                        double *errors)
{
    static const double half = 0.5;
    const bool medians = tril_model_get_info(s->work->model)->transforms;
    const size_t d = s->d;
    double *centre = command_alloc(c->n, d * sizeof *centre);
    tril_real *scaled = command_alloc(c->n, d * sizeof *scaled);
    const tril_evaluation out = {
        .mean = medians ? NULL : centre, .levels = &half, .n_levels = medians, .quantile = centre
    };
    const bool done =
        centre && scaled &&
        tril_model_evaluate(s->work->model, networks, n, (tril_batch){ c->x, NULL, c->n }, &out);
    if (done)
        tril_model_targets_apply(s->work->model, centre, c->n, scaled);
    for (size_t i = 0; i < c->n * d && done; i++) {
        const size_t at = c->row[i / d] * d + i % d;
        s->y[at] = (double)c->y[i];
        errors[at] = (double)c->y[i] - (double)scaled[i];
    }
    free(centre);
    free(scaled);
    return done;
}

bool warnings_find(const work *w, const figures *parts, size_t n, warnings *out)
{
    const tril_model_info *about = tril_model_get_info(w->model);
    survey s = { w, tril_table_rows(w->table), about->n_targets, NULL, NULL, NULL };
    const size_t size = s.rows * s.d;
    if (about->labels) { /* of which no number says more */
        check_labels(&s, out);
        check_parts(w, parts, n, out);
        return true;
    }
    s.y = command_alloc(size, 3 * sizeof *s.y);
    if (!s.y)
        return false;
    s.network = s.y + size;
    s.linear = s.network + size;
    for (size_t i = 0; i < 3 * size; i++)
        s.y[i] = (double)NAN;
    bool done = true;
    const tril_network *linear = &about->baselines[TRIL_BASELINE_LINEAR];
    if (!linear->mlp) /* a head in its targets' units has no line */
        linear = &about->baselines[TRIL_BASELINE_FULL];
    for (int k = 0; k < PARTS && done; k++)
        if (w->cases[k].n && !w->files[k])
            done = survey_part(&s, &w->cases[k], about->networks, about->n_networks, s.network) &&
                   survey_part(&s, &w->cases[k], linear, 1, s.linear);
    done = done && find_dependent(&s, out) && check_inputs(&s, out) && find_spikes(&s, out);
    if (done) {
        check_labels(&s, out);
        done = warnings_of_rows(&s, out);
        check_parts(w, parts, n, out);
    }
    free(s.y);
    return done;
}
