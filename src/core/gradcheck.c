/* Finite differences against the tape's gradients. */
#include <tril/gradcheck.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/params.h"
#include "core/shape.h"

typedef struct gradcheck {
    tril_ctx *ctx;
    tril_tape *tape;
    tril_arena arena;
    tril_function *f;
    void *user;
    tril_gradcheck_opts opts;
    size_t n_inputs, n_items;
    tril_gradcheck_input *items; /* copies of the inputs, and the parameters' own blocks */
    tril_real **grads;           /* a gradient for each of them */
    tril_var *vars;
    tril_real *weights; /* of the contraction to one number */
    size_t n_weights;
} gradcheck;

static tril_var evaluate(gradcheck *g)
{
    tril_tape_reset(g->tape);
    for (size_t k = 0; k < g->n_inputs; k++)
        g->vars[k] = tril_requires_grad(tril_input(g->tape, g->items[k].values, g->items[k].shape));
    return g->f(g->tape, g->vars, g->user);
}

static double contracted(gradcheck *g)
{
    tril_var y = evaluate(g);
    const tril_real *value = tril_value(y);
    double sum = 0;
    if (value && tril_size(y) == g->n_weights)
        for (size_t i = 0; i < g->n_weights; i++)
            sum += (double)g->weights[i] * (double)value[i];
    return sum;
}

/* copies of the inputs, because they are moved; parameters are moved in their store and put back */
static bool prepare(gradcheck *g, const tril_gradcheck_input *inputs)
{
    tril_params *params = g->opts.params;
    g->n_items = g->n_inputs + tril_params_count(params);
    g->items = tril_arena_take(&g->arena, "gradcheck", g->n_items, sizeof *g->items);
    g->grads = tril_arena_take(&g->arena, "gradcheck", g->n_items, sizeof *g->grads);
    g->vars = tril_arena_take(&g->arena, "gradcheck", g->n_items, sizeof *g->vars);
    if (!g->items || !g->grads || !g->vars)
        return false;
    for (size_t k = 0; k < g->n_items; k++) {
        tril_param param =
            k < g->n_inputs ? (tril_param){ 0 } : tril_params_at(params, k - g->n_inputs);
        g->items[k].shape = k < g->n_inputs ? inputs[k].shape : tril_param_shape(param);
        size_t size = tril_shape_size(g->items[k].shape);
        g->items[k].values = tril_param_values(param);
        if (k < g->n_inputs) {
            tril_real *copy = tril_arena_take(&g->arena, "gradcheck", size, sizeof *copy);
            if (!copy)
                return false;
            if (size)
                memcpy(copy, inputs[k].values, size * sizeof *copy);
            g->items[k].values = copy;
        }
        if (!(g->grads[k] = tril_arena_take(&g->arena, "gradcheck", size, sizeof *g->grads[k])))
            return false;
    }
    return true;
}

static bool analytic_gradients(gradcheck *g)
{
    tril_var y = evaluate(g);
    if (tril_ctx_failed(g->ctx))
        return false;
    if (!y.tape)
        return tril_ctx_fail(g->ctx, TRIL_BAD_VAR, "gradcheck: the function returned no var");
    g->n_weights = tril_size(y);
    g->weights = tril_arena_take(&g->arena, "gradcheck", g->n_weights, sizeof *g->weights);
    if (!g->weights)
        return false;
    /* away from zero, so that no element's gradient hides; of both signs, so that errors do not add
     * up to zero */
    tril_random random = tril_random_stream(0, 0x67726164);
    tril_random_uniform(&random, g->weights, g->n_weights);
    for (size_t i = 0; i < g->n_weights; i++)
        g->weights[i] += (tril_real)(g->weights[i] < (tril_real)0.5 ? -1.5 : 0.5);
    if (!tril_backward_with(y, &(tril_backward_opts){ .seed = g->weights }))
        return false;
    for (size_t k = 0; k < g->n_items; k++) {
        size_t size = tril_shape_size(g->items[k].shape);
        const tril_real *grad =
            k < g->n_inputs ? tril_grad(g->vars[k])
                            : tril_param_grads(tril_params_at(g->opts.params, k - g->n_inputs));
        if (grad)
            memcpy(g->grads[k], grad, size * sizeof *grad);
        else
            memset(g->grads[k], 0, size * sizeof *grad);
    }
    return true;
}

/* the six-point stencil; the steps are those that the type really takes */
static double numeric_derivative(gradcheck *g, tril_real *x)
{
    static const double weight[3] = { 45, -9, 1 };
    tril_real x0 = *x;
    double h = g->opts.step * fmax(1, fabs((double)x0)), sum = 0;
    volatile tril_real moved = (tril_real)((double)x0 + h);
    h = (double)moved - (double)x0;
    for (int k = 0; k < 3; k++) {
        *x = (tril_real)((double)x0 + (k + 1) * h);
        double above = contracted(g);
        *x = (tril_real)((double)x0 - (k + 1) * h);
        sum += weight[k] * (above - contracted(g));
    }
    *x = x0;
    return sum / (60 * h);
}

static void compare(gradcheck *g, tril_gradcheck_report *report)
{
    for (size_t k = 0; k < g->n_items && !tril_ctx_failed(g->ctx); k++) {
        tril_real *values =
            (tril_real *)(uintptr_t)g->items[k].values; /* our copies, or the store's block */
        for (size_t i = 0; i < tril_shape_size(g->items[k].shape); i++) {
            double analytic = (double)g->grads[k][i], numeric = numeric_derivative(g, &values[i]);
            double scale = fmax(g->opts.floor, fmax(fabs(analytic), fabs(numeric)));
            double error = fabs(analytic - numeric) / scale;
            bool wrong = !(error <= g->opts.tolerance); /* NaN is wrong */
            report->checked++;
            report->wrong += wrong;
            if (report->checked == 1 || error > report->error ||
                (isnan(error) && !isnan(report->error))) {
                report->error = error;
                report->analytic = analytic;
                report->numeric = numeric;
                report->input = k;
                report->element = i;
            }
        }
    }
}

static void describe(const gradcheck *g, tril_gradcheck_report *report)
{
    if (report->checked == 0) {
        snprintf(report->text, sizeof report->text, "gradcheck: no coordinate to check");
        return;
    }
    char name[64] = "";
    if (report->input >= g->n_inputs)
        snprintf(name, sizeof name, " (%s)",
                 tril_param_name(tril_params_at(g->opts.params, report->input - g->n_inputs)));
    snprintf(report->text, sizeof report->text,
             "gradcheck: %zu of %zu coordinates wrong; the worst is [%s] of input %zu%s: analytic "
             "%.12g, numeric %.12g, "
             "relative error %.2g",
             report->wrong, report->checked,
             tril_shape_index(g->items[report->input].shape, report->element).text, report->input,
             name, report->analytic, report->numeric, report->error);
}

bool tril_gradcheck(tril_ctx *ctx, tril_function *f, void *user, const tril_gradcheck_input *inputs,
                    size_t n_inputs, const tril_gradcheck_opts *opts, tril_gradcheck_report *report)
{
    const bool is_double = sizeof(tril_real) == sizeof(double);
    gradcheck g = {
        .ctx = ctx, .arena = { .ctx = ctx }, .f = f, .user = user, .n_inputs = n_inputs
    };
    if (opts)
        g.opts = *opts;
    g.opts.tolerance = g.opts.tolerance > 0 ? g.opts.tolerance : is_double ? 1e-8 : 5e-3;
    g.opts.step = g.opts.step > 0 ? g.opts.step : is_double ? 1e-3 : 2e-2;
    g.opts.floor = g.opts.floor > 0 ? g.opts.floor : 1e-2;
    tril_gradcheck_report unseen;
    report = report ? report : &unseen;
    *report = (tril_gradcheck_report){ 0 };

    g.tape = tril_tape_new(ctx);
    if (g.tape && prepare(&g, inputs) && analytic_gradients(&g)) {
        compare(&g, report);
        describe(&g, report);
    }
    tril_tape_free(g.tape);
    tril_arena_free(&g.arena);
    return !tril_ctx_failed(ctx) && report->wrong == 0;
}
