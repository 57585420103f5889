/* What a model says of rows, in the units of its table: of rows that are scaled, and of raw ones.
 */
#include <math.h>

#include <tril/extend.h>

#include "core/ctx.h"
#include "model/evaluate.h"
#include "model/model.h"

/* the geometric mean of the scales of the targets of row i that are not known */
static double size_of(const tril_model *model, tril_batch rows, size_t i, const bool *given)
{
    const size_t d = model->about.n_targets;
    double sum = 0, n = 0;
    for (size_t j = 0; j < d; j++)
        if (!given || !given[j] || isnan(rows.y[i * d + j])) {
            sum += log(model->map[j].unit);
            n++;
        }
    return exp(sum / n);
}

static bool evaluate(tril_ctx *ctx, const tril_model *model, const tril_network *networks, size_t n,
                     tril_batch rows, const tril_evaluation *out)
{
    const tril_target *map = model->map;
    const bool members = networks == model->members && n == model->about.n_networks;
    const size_t d = model->about.n_targets, bounds = out->probability ? 2 * out->n_events * d : 0,
                 levels = members && out->quantile && !out->given ? out->n_levels * d : 0;
    if (tril_ctx_failed(ctx) || !tril_events_check(ctx, d, out))
        return false;
    tril_evaluation scaled = *out;
    double *events =
        bounds || levels ? tril_ctx_alloc(ctx, "evaluate", bounds + levels, sizeof *events) : NULL;
    for (size_t i = 0; i < bounds && events; i++)
        events[i] = (tril_transform_forward(&map[i % d].g, out->events[i]) - map[i % d].mean) /
                    map[i % d].scale;
    for (size_t i = 0; i < levels && events; i++)
        events[bounds + i] = tril_model_quantile_level(model, i % d, out->levels[i / d]);
    scaled.events = events;
    if (members)
        scaled.weight = model->weights;
    const bool done = (events || !(bounds + levels)) &&
                      tril_evaluate_with(ctx, networks, n, rows, levels ? events + bounds : NULL,
                                         model->about.transforms ? map : NULL, &scaled);
    tril_ctx_release(ctx, events);
    if (!done)
        return false;
    if (out->nll)
        tril_model_targets_add_log_scale(model, rows.y, rows.n, out->given, out->nll);
    for (size_t i = 0; i < rows.n * d; i++) {
        const tril_target *t = &map[i % d];
        if (out->mean)
            out->mean[i] = (t->g.kind ? 0 : t->mean) + t->unit * out->mean[i];
        if (out->sd)
            out->sd[i] *= t->unit;
        if (out->crps)
            out->crps[i] *= t->unit;
        for (size_t j = 0; j < d && out->covariance; j++)
            out->covariance[i * d + j] *= t->unit * map[j].unit;
    }
    for (size_t i = 0; i < rows.n * out->n_levels * d && out->quantile; i++)
        out->quantile[i] = tril_transform_inverse(
            &map[i % d].g, map[i % d].mean + map[i % d].scale * out->quantile[i]);
    for (size_t i = 0; i < rows.n && out->spread; i++)
        out->spread[i] *= size_of(model, rows, i, out->given);
    return true;
}

bool tril_model_evaluate(const tril_model *model, const tril_network *networks, size_t n,
                         tril_batch rows, const tril_evaluation *out)
{
    return model && networks && n && networks->mlp &&
           evaluate(model->ctx, model, networks, n, rows, out);
}

/* ---- draws */

/* the member of a draw: as often as its weight says, in an order without a pattern that rows or
 * draws could meet (multiples of the golden ratio) */
static size_t member_of(const tril_model_info *about, size_t row, size_t at)
{
    const double place =
        fmod(0.6180339887498949 * (double)at + 0.7548776662466927 * (double)row, 1);
    double sum = 0;
    for (size_t k = 0; k + 1 < about->n_networks; k++)
        if (place < (sum += about->weights[k]))
            return k;
    return about->n_networks - 1;
}

/* of rows number first .. first + n - 1 of all, where x begins with the first of these */
static bool draw_some(tril_tape *tape, const tril_model *model, const tril_real *x, size_t first,
                      size_t n, size_t all, size_t draws, double *out)
{
    const tril_model_info *about = &model->about;
    const size_t d = about->n_targets;
    tril_tape_reset(tape);
    tril_tape_record(tape, false);
    const tril_var input = tril_input(tape, x, TRIL_SHAPE(n, about->mlp.inputs));
    for (size_t k = 0; k < about->n_networks; k++) {
        const tril_real *y =
            tril_value(tril_sample(tril_network_dist(&about->networks[k], input), draws));
        for (size_t i = 0; y && i < draws * n; i++)
            if (member_of(about, first + i % n, i / n) == k)
                tril_model_targets_undo(model, y + i * d, 1, out + (i / n * all + i % n) * d);
    }
    return !tril_ctx_failed(tril_tape_ctx(tape));
}

bool tril_model_sample(tril_ctx *ctx, const tril_model *model, tril_batch rows, size_t first,
                       size_t draws, double *out)
{
    enum { AT_ONCE = 1 << 13 };
    if (!model || draws == 0 || rows.n == 0)
        return model && !tril_ctx_failed(ctx);
    const size_t inputs = model->about.mlp.inputs, d = model->about.n_targets;
    const size_t most = (AT_ONCE - 1) / draws + 1;
    tril_tape *tape = tril_tape_new(ctx);
    bool done = tape;
    for (size_t i = 0; i < rows.n && done; i += most)
        done = draw_some(tape, model, rows.x + i * inputs, first + i,
                         rows.n - i < most ? rows.n - i : most, rows.n, draws, out + i * d);
    tril_tape_free(tape);
    return done;
}

/* ---- raw rows */

/* the numbers of a column, from one as tril_model_predict takes it; false: no label has it */
static bool put_column(const tril_column *c, double x, double origin, tril_real *to)
{
    if (!c->labels)
        *to = (tril_real)(x - origin);
    if (c->dates)
        tril_model_put_cycles(c, x, to + 1);
    for (size_t l = 0; l < c->n_labels; l++)
        to[l] = isnan(x) ? (tril_real)NAN : (tril_real)(x == (double)l);
    return !c->labels || isnan(x) || (x >= 0 && x < (double)c->n_labels && x == floor(x));
}

static bool put_rows(tril_ctx *ctx, const tril_model *model, const double *x, const double *y,
                     tril_dataset *rows)
{
    const tril_model_info *about = &model->about;
    const size_t width = about->mlp.inputs, d = about->n_targets;
    for (size_t i = 0; i < rows->n; i++) {
        tril_real *to = rows->x + i * width;
        *to = 0; /* without columns */
        for (size_t j = 0, at = 0; j < about->n_inputs;
             at += tril_column_width(&about->inputs[j++]))
            if (!put_column(&about->inputs[j], x[i * about->n_inputs + j], model->origin[at],
                            to + at))
                return tril_ctx_fail(ctx, TRIL_BAD_DATA,
                                     "predict: x: row %zu, column %s: %g is no label: want a whole "
                                     "number below %zu, or NaN",
                                     i, about->inputs[j].name, x[i * about->n_inputs + j],
                                     about->inputs[j].n_labels);
        for (size_t j = 0; y && j < d; j++) {
            const double z = tril_transform_forward(&model->transforms[j], y[i * d + j]);
            if (isinf(z) && isfinite(y[i * d + j]))
                return tril_ctx_fail(ctx, TRIL_BAD_DATA,
                                     "predict: y: row %zu, column %s: %g is beyond what %s takes, "
                                     "%s: NaN leaves it out",
                                     i, about->targets[j], y[i * d + j], about->transforms[j],
                                     model->transforms[j].kind->takes);
            rows->y[i * d + j] = (tril_real)(z - model->origin[width + j]);
        }
    }
    return true;
}

/* log_prob [n] holds the NLL so far: NaN where no target is there, which is written as 0 */
static void put_log_prob(const double *y, size_t n, size_t d, double *log_prob)
{
    for (size_t i = 0; i < n; i++) {
        size_t there = 0;
        for (size_t j = 0; j < d; j++)
            there += !isnan(y[i * d + j]);
        log_prob[i] = there ? -log_prob[i] : (double)NAN;
    }
}

static bool predict(tril_ctx *ctx, const tril_model *model, const double *x, const double *y,
                    const tril_prediction *out, tril_dataset *rows)
{
    const size_t n = rows->n, d = model->about.n_targets;
    if (!put_rows(ctx, model, x, y, rows))
        return false;
    tril_model_bound(model, rows);
    tril_model_scale_all(model, rows);
    for (size_t i = 0; i < n && y; i++) {
        bool none = true;
        for (size_t j = 0; j < d; j++)
            none &= isnan(y[i * d + j]);
        rows->y[i * d] = none ? 0 : rows->y[i * d];
    }
    const tril_batch batch = { .x = rows->x, .y = rows->y, .n = n };
    if (!evaluate(ctx, model, model->members, model->about.n_networks, batch,
                  &(tril_evaluation){ .mean = out->mean,
                                      .sd = out->sd,
                                      .covariance = out->covariance,
                                      .levels = out->levels,
                                      .n_levels = out->n_levels,
                                      .quantile = out->quantile,
                                      .nll = out->log_prob,
                                      .classes = out->classes }))
        return false;
    if (out->log_prob)
        put_log_prob(y, n, d, out->log_prob);
    return !out->draws || tril_model_sample(ctx, model, batch, 0, out->n_draws, out->draws);
}

bool tril_model_predict(tril_ctx *ctx, const tril_model *model, const double *x, const double *y,
                        size_t n, const tril_prediction *out)
{
    if (!model || tril_ctx_failed(ctx))
        return false;
    const tril_model_info *about = &model->about;
    if ((!x && about->n_inputs) || (!y && out->log_prob))
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "predict: there are no %s",
                             y || !out->log_prob ? "inputs" : "targets, which log_prob needs");
    if (!out->log_prob)
        y = NULL;
    tril_dataset rows = { .ctx = ctx, .n = n };
    rows.x = tril_ctx_alloc(ctx, "predict", n, about->mlp.inputs * sizeof *rows.x);
    rows.y = y ? tril_ctx_alloc(ctx, "predict", n, about->n_targets * sizeof *rows.y) : NULL;
    bool done = n == 0 || (!tril_ctx_failed(ctx) && predict(ctx, model, x, y, out, &rows));
    tril_dataset_free(&rows);
    return done && !tril_ctx_failed(ctx);
}
