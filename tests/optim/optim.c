/* Optimizers against torch.optim, and what all of them have in common: groups, rates, clipping, bad
 * gradients. */
#include "optim/optims.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- against PyTorch: reference/optim.py, whose gradients and start these are */

enum { SIZE = 6, STEPS = 50 };

static const double start[SIZE] = { 0.5, -1.25, 2, 0.75, -0.5, 1.5 };
static const double steepness[SIZE] = { 1, 0.5, 2, 0.25, 1.5, 3 };

static const struct {
    const char *kind, *name; /* the columns' first words */
    optim_options o;
    bool groups, schedule;
} references[] = {
    { "sgd", "sgd", { .lr = 0.05 } },
    { "sgd", "sgd momentum", { .lr = 0.02, .momentum = 0.9 } },
    { "sgd", "sgd nesterov", { .lr = 0.02, .momentum = 0.9, .nesterov = true } },
    { "sgd", "sgd decay", { .lr = 0.05, .weight_decay = 0.1 } },
    { "sgd", "sgd all", { .lr = 0.03, .momentum = 0.8, .nesterov = true, .weight_decay = 0.05 } },
    { "sgd", "sgd groups", { .lr = 0.02, .momentum = 0.5, .weight_decay = 0.1 }, true },
    { "sgd", "sgd schedule", { .lr = 0.05 }, false, true },
    { "adam", "adam", { 0 } },
    { "adam", "adam betas", { .lr = 0.05, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-3 } },
    { "adam", "adam decay", { .lr = 0.05, .weight_decay = 0.1 } },
    { "adam", "adam groups", { .lr = 0.05, .weight_decay = 0.1 }, true },
    { "adam", "adam schedule", { .lr = 0.05 }, false, true },
    { "adamw", "adamw", { .lr = 0.05 } },
    { "adamw", "adamw decay", { .lr = 0.05, .weight_decay = 0.5, .beta1 = 0.8, .beta2 = 0.95 } },
    { "adamw", "adamw groups", { .lr = 0.05, .weight_decay = 0.1 }, true },
};

enum { N_REFERENCES = sizeof references / sizeof *references };

size_t optim_references(const char *kind)
{
    size_t n = 0;
    for (size_t i = 0; i < N_REFERENCES; i++)
        n += strcmp(references[i].kind, kind) == 0;
    return n;
}

/* six numbers in three parameters, at the start */
static tril_params *new_params(tril_ctx *ctx)
{
    tril_params *params = tril_params_new(ctx);
    tril_params_add(params, "a.x", TRIL_SHAPE(3));
    tril_params_add(params, "b.x", TRIL_SHAPE(1, 2));
    tril_params_add(params, "c.x", TRIL_SHAPE(1));
    for (size_t i = 0; i < SIZE; i++)
        tril_params_values(params)[i] = (tril_real)start[i];
    return params;
}

static void set_gradients(tril_params *params, size_t step)
{
    for (size_t i = 0; i < SIZE; i++) {
        double w = (double)tril_params_values(params)[i];
        tril_params_grads(params)[i] =
            (tril_real)(steepness[i] * (w - 0.25 * (double)i) + 0.5 * sin(3 * w + (double)step));
    }
}

static void compare(const char *name, size_t step, const tril_real *values)
{
    for (size_t i = 0; i < SIZE; i++) {
        char column[64];
        size_t rows;
        snprintf(column, sizeof column, "%s w%zu", name, i);
        double *wanted = reference("reference/optim.csv", column, &rows);
        double *steps = reference("reference/optim.csv", "step", &rows);
        for (size_t k = 0; k < rows; k++)
            if (steps[k] == (double)step) /* values are of order 1 and pass through 0 */
                ck_assert_msg(fabs((double)values[i] - wanted[k]) <=
                                  (IS_DOUBLE ? 1e-12 : 1e-5) * fmax(1, fabs(wanted[k])),
                              "%s: value %zu after step %zu is %.17g, PyTorch says %.17g", name, i,
                              step, (double)values[i], wanted[k]);
        ck_assert(steps[rows - 1] == STEPS);
        free(wanted);
        free(steps);
    }
}

START_TEST(test_pytorch)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = new_params(ctx);
    if (references[_i].groups) {
        tril_params_group(params, "b", "slow");
        tril_params_group(params, "c.", "frozen");
    }
    tril_optim *optim = make_optim(references[_i].kind, params, references[_i].o);
    if (references[_i].groups) {
        ck_assert(tril_optim_set_lr(optim, "slow", 0.01));
        ck_assert(tril_optim_set_weight_decay(optim, "slow", 0.3));
        ck_assert(tril_optim_set_lr(optim, "frozen", 0));
    }
    for (size_t step = 1; step <= STEPS; step++) {
        set_gradients(params, step);
        if (references[_i].schedule)
            ck_assert(tril_optim_set_lr_factor(optim, 1 - (double)(step - 1) / 64));
        ck_assert(tril_optim_step(optim));
        if (step <= 3 || step == 10 || step == 25 || step == STEPS)
            compare(references[_i].name, step, tril_params_values(params));
    }
    if (references[_i].groups)
        ck_assert(tril_params_values(params)[SIZE - 1] == (tril_real)start[SIZE - 1]);
    ck_fine(ctx);
    tril_optim_free(optim);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- a gradient that is no number: a sentence that says where, and the step has not been */

START_TEST(test_bad_gradient)
{
    static const struct {
        size_t at;
        double x;
        const char *text;
    } bad[] = {
        { 0, (double)NAN, "the gradient of a.x is nan at [0]" },
        { 2, HUGE_VAL, "the gradient of a.x is inf at [2]" },
        { 4, -HUGE_VAL, "the gradient of b.x is -inf at [0, 1]" },
        { 5, (double)NAN, "the gradient of c.x is nan at [0]" },
    };
    const char *kind = optim_rows[_i].kind;
    const optim_options o = { .lr = 0.1, .momentum = 0.9, .clip = { .value = 2, .norm = 1 } };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = new_params(ctx), *twin = new_params(ctx);
    tril_optim *optim = make_optim(kind, params, o), *twin_optim = make_optim(kind, twin, o);
    for (size_t step = 0; step < sizeof bad / sizeof *bad; step++) {
        tril_real before[SIZE];
        memcpy(before, tril_params_values(params), sizeof before);
        set_gradients(params, step);
        tril_params_grads(params)[bad[step].at] = (tril_real)bad[step].x;
        ck_assert(!tril_optim_step(optim));
        ck_failed(ctx, TRIL_NOT_FINITE, bad[step].text);
        ck_assert_mem_eq(before, tril_params_values(params), sizeof before);
        set_gradients(params, step);
        set_gradients(twin, step);
        ck_assert(tril_optim_step(optim) && tril_optim_step(twin_optim));
    }
    ck_assert_mem_eq(tril_params_values(twin), tril_params_values(params),
                     SIZE * sizeof(tril_real));
    ck_fine(ctx);
    tril_optim_free(optim);
    tril_optim_free(twin_optim);
    tril_params_free(params);
    tril_params_free(twin);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- the largest gradients that the library makes, several in a row: parameters stay finite, and
 * find their minimum afterwards */

START_TEST(test_huge_gradients)
{
    const bool sgd = strcmp(optim_rows[_i].kind, "sgd") == 0;
    for (int nesterov = 0; nesterov < 2; nesterov++) {
        tril_ctx *ctx = tril_ctx_new(NULL);
        tril_params *params = new_params(ctx);
        tril_optim *optim =
            make_optim(optim_rows[_i].kind, params,
                       (optim_options){ .lr = 0.1, .momentum = 0.9, .nesterov = nesterov });
        ck_assert(tril_optim_set_weight_decay(optim, NULL, 0));
        tril_real *w = tril_params_values(params), *g = tril_params_grads(params);
        for (size_t step = 0; step < 5; step++) {
            for (size_t i = 0; i < SIZE; i++)
                g[i] = i % 2 ? TRIL_REAL_MAX : -TRIL_REAL_MAX;
            ck_assert(tril_optim_step(optim));
            for (size_t i = 0; i < SIZE; i++)
                ck_assert(isfinite(w[i]));
        }
        /* the squares that Adam remembers are forgotten after log(1e28) / log(1 / 0.999) steps in
         * float, ten times as many in double */
        const size_t steps = sgd ? 20000 : IS_DOUBLE ? 900000 : 120000;
        for (size_t step = 0; step < steps; step++) {
            for (size_t i = 0; i < SIZE; i++)
                g[i] = (tril_real)((double)w[i] - 3);
            if (!tril_optim_step(optim))
                break;
        }
        ck_fine(ctx);
        for (size_t i = 0; i < SIZE; i++)
            ck_assert_double_lt(fabs((double)w[i] - 3), 0.01);
        tril_optim_free(optim);
        tril_params_free(params);
        tril_ctx_free(ctx);
    }
}
END_TEST

/* ---- rates */

/* a group that was frozen for long goes on as if it had not been: its state has followed */
START_TEST(test_thaw)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = new_params(ctx);
    tril_optim *optim = tril_adam_new(params, &(tril_adam_opts){ .lr = 0.1 });
    tril_real *w = tril_params_values(params), *g = tril_params_grads(params);
    tril_optim_set_lr(optim, NULL, 0);
    for (int step = 0; step < 2000; step++) {
        if (step == 1990)
            tril_optim_set_lr(optim, NULL, 0.1);
        double before = (double)w[0];
        for (size_t i = 0; i < SIZE; i++)
            g[i] = 1;
        ck_assert(tril_optim_step(optim));
        /* equal gradients: Adam's step is its rate */
        ck_close(before - (double)w[0], step < 1990 ? 0 : 0.1, IS_DOUBLE ? 1e-6 : 1e-4, 0.1);
    }
    tril_optim_free(optim);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_groups)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = new_params(ctx);
    tril_params_group(params, "b", "other");
    tril_optim *optim = make_optim(optim_rows[_i].kind, params, (optim_options){ .lr = 0.1 });
    tril_real *w = tril_params_values(params), before[SIZE];
    /* all frozen, then one group, then all moving; a factor of 0 freezes too */
    static const struct {
        const char *group;
        double lr, factor;
        bool a_moves, b_moves;
    } steps[] = {
        { NULL, 0, 1, false, false },      { "other", 0.1, 1, false, true },
        { "default", 0.1, 1, true, true }, { "default", 0.1, 0, false, false },
        { "other", 0, 0.5, true, false },
    };
    for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
        memcpy(before, w, sizeof before);
        ck_assert(tril_optim_set_lr(optim, steps[k].group, steps[k].lr));
        ck_assert(tril_optim_set_lr_factor(optim, steps[k].factor));
        set_gradients(params, k);
        ck_assert(tril_optim_step(optim));
        for (size_t i = 0; i < SIZE; i++)
            ck_assert_msg((w[i] != before[i]) ==
                              (i == 3 || i == 4 ? steps[k].b_moves : steps[k].a_moves),
                          "step %zu, value %zu", k, i);
    }
    ck_assert(!tril_optim_set_lr(optim, "none such", 0.1));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "no parameter is in a group named none such");
    ck_assert(!tril_optim_set_weight_decay(optim, "none such", 0.1));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "no parameter is in a group named none such");
    /* groups are read when the optimizer is made */
    ck_assert(!tril_params_group(params, "a", "late"));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "params: group late comes too late");
    tril_params_add(params, "d", TRIL_SHAPE(1));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "params: d comes too late");
    tril_optim_free(optim);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- bad numbers: one sentence each */

static const struct {
    const char *option;
    optim_options o;
} bad_options[] = {
    { "lr is -1, want 0 <= lr < inf", { .lr = -1 } },
    { "lr is nan", { .lr = (double)NAN } },
    { "lr is inf", { .lr = HUGE_VAL } },
    { "weight_decay is -0.5, want 0 <= weight_decay < inf", { .weight_decay = -0.5 } },
    { "clip.value is -1, want 0 <= clip.value < inf", { .clip = { .value = -1 } } },
    { "clip.norm is nan", { .clip = { .norm = (double)NAN } } },
};

START_TEST(test_bad_options)
{
    const char *kind = optim_rows[_i].kind;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = new_params(ctx);
    char text[128];
    for (size_t i = 0; i < sizeof bad_options / sizeof *bad_options; i++) {
        ck_assert_ptr_null(make_optim(kind, params, bad_options[i].o));
        snprintf(text, sizeof text, "%s: %s", kind, bad_options[i].option);
        ck_failed(ctx, TRIL_BAD_ARGUMENT, text);
    }
    /* none of them has taken the store into use */
    tril_params_add(params, "d", TRIL_SHAPE(1));
    tril_optim *optim = make_optim(kind, params, (optim_options){ 0 });
    ck_fine(ctx);
    ck_assert(!tril_optim_set_lr(optim, NULL, -0.1));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "lr is -0.1");
    ck_assert(!tril_optim_set_weight_decay(optim, NULL, (double)NAN));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "weight_decay is nan");
    ck_assert(!tril_optim_set_lr_factor(optim, -1));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "lr_factor is -1");
    tril_optim_free(optim);
    ck_assert_ptr_null(make_optim(kind, NULL, (optim_options){ 0 }));
    ck_assert(!tril_optim_step(NULL) && !tril_optim_set_lr(NULL, NULL, 1));
    ck_assert(!tril_optim_set_lr_factor(NULL, 1));
    tril_optim_free(NULL);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_optim_optim(void)
{
    Suite *suite = suite_create("optim/optim");
    TCase *tcase = tcase_create("optim");
    tcase_set_tags(tcase, "trains");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_pytorch, 0, N_REFERENCES);
    tcase_add_loop_test(tcase, test_bad_gradient, 0, N_ELEMENTWISE);
    tcase_add_loop_test(tcase, test_huge_gradients, 0, N_ELEMENTWISE);
    tcase_add_loop_test(tcase, test_groups, 0, N_ELEMENTWISE);
    tcase_add_test(tcase, test_thaw);
    tcase_add_loop_test(tcase, test_bad_options, 0, N_ELEMENTWISE);
    suite_add_tcase(suite, tcase);
    return suite;
}
