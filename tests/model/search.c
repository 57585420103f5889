/* Networks that are trained side by side, and the choice among candidates by what they say of rows
 * that are held out. */
#include "train/fitting.h"

#include <math.h>
#include <string.h>

enum { CANDIDATES = 3, HELD = 4 };

/* ---- the choice */

static const struct {
    double nll[CANDIDATES][HELD];
    size_t n, targets, taken;
    double above, error; /* of the first */
} choices[] = {
    /* differences 1, 1.2, .8, 1: the error is .0816, the last is the best */
    { { { 2, 3.2, 1.8, 1 }, { 1.5, 2.5, 1.5, 0.5 }, { 1, 2, 1, 0 } }, 4, 1, 2, 1, 0.08164966 },
    /* differences 1, -.8, 1, -.8: within one error, .52 */
    { { { 2, 1.2, 2, -.8 }, { 5, 5, 5, 5 }, { 1, 2, 1, 0 } }, 4, 1, 0, 0.1, 0.51961524 },
    /* always by .07, which four rows do not say of a target: .0707; by .14 of two */
    { { { 1.07, 2.07, 1.07, 0.07 }, { 1, 2, 1, 0 }, { 5, 5, 5, 5 } }, 4, 1, 0, 0.07, 0 },
    { { { 1.14, 2.14, 1.14, 0.14 }, { 1, 2, 1, 0 }, { 5, 5, 5, 5 } }, 4, 2, 0, 0.14, 0 },
    { { { 1.14, 2.14, 1.14, 0.14 }, { 1, 2, 1, 0 }, { 5, 5, 5, 5 } }, 4, 1, 1, 0.14, 0 },
    /* one row says nothing */
    { { { 3 }, { 1 }, { 2 } }, 1, 1, 0, 2, HUGE_VAL },
    /* what is not finite is nothing to begin with */
    { { { 0, HUGE_VAL, 0, 0 }, { 1, 2, 1, 0 }, { 1, 2, 1, (double)NAN } }, 4, 1, 1, HUGE_VAL, 0 },
    { { { 0, HUGE_VAL, 0, 0 }, { 0, 0, 0, HUGE_VAL }, { HUGE_VAL } }, 4, 1, 0, HUGE_VAL, 0 },
};

START_TEST(test_choose)
{
    double nll[CANDIDATES * HELD];
    tril_mean_se above[CANDIDATES];
    const size_t n = choices[_i].n;
    for (size_t k = 0; k < CANDIDATES * n; k++)
        nll[k] = choices[_i].nll[k / n][k % n];
    ck_assert_uint_eq(tril_choose(nll, CANDIDATES, NULL, n, choices[_i].targets, above),
                      choices[_i].taken);
    ck_assert_uint_eq(tril_choose(nll, CANDIDATES, NULL, n, choices[_i].targets, NULL),
                      choices[_i].taken);
    if (isinf(choices[_i].above)) {
        ck_assert(isinf(above[0].mean) && isnan(above[0].error));
        return;
    }
    ck_close(above[0].mean, choices[_i].above, 1e-7, 0);
    if (isinf(choices[_i].error))
        ck_assert(isinf(above[0].error));
    else
        ck_close(above[0].error, choices[_i].error, 1e-7, 1e-9);
}
END_TEST

/* ---- trials */

enum { ROWS = 60, TRIALS = 5, STOP = 20, TARGETS = 2 };

typedef struct search {
    fitting f; /* rows */
    tril_trial trials[TRIALS];
    double nll[TRIALS * (STOP + HELD)];
    size_t asked, over;
    bool stop;
} search;

static search *search_new(tril_ctx *ctx)
{
    static search s;
    s = (search){ .f = fitting_new(ctx, ROWS, TARGETS, 0, NULL) };
    for (size_t k = 0; k < TRIALS && s.f.x; k++) {
        tril_trial *t = &s.trials[k];
        *t = (tril_trial){ .targets = TARGETS,
                           .mlp = { .inputs = INPUTS, .hidden = { 3 + k } },
                           .head = { .kind = k == 1   ? &tril_head_shared
                                             : k == 2 ? &tril_head_student
                                                      : NULL },
                           .fit = { .epochs = 3, .lr = 1e-2, .patience = k, .seed = k },
                           .rows = { s.f.x, s.f.y, ROWS - STOP - HELD },
                           .held = { s.f.x + (ROWS - HELD) * INPUTS,
                                     s.f.y + (ROWS - HELD) * TARGETS, HELD },
                           .nll = s.nll + k * (STOP + HELD) };
        t->fit.validation = (tril_batch){ s.f.x + (ROWS - STOP - HELD) * INPUTS,
                                          s.f.y + (ROWS - STOP - HELD) * TARGETS, STOP };
    }
    return &s;
}

static void search_free(search *s)
{
    fitting_free(&s->f);
}

/* what a fit in a context of its own gives, for any number of threads */
START_TEST(test_bits)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    search *s = search_new(ctx);
    const tril_trial *t = &s->trials[3];
    ck_assert(tril_trials_run(ctx, s->trials, TRIALS, NULL));
    double alone[HELD], got[TRIALS * (STOP + HELD)];
    tril_ctx *own = tril_ctx_new(&(tril_ctx_opts){ .seed = t->fit.seed });
    tril_params *params = tril_params_new(own);
    tril_network net = tril_network_new(params, TARGETS, &t->mlp, &t->head);
    tril_fit *fit = tril_fit_new(&net, t->rows, &t->fit);
    ck_assert(tril_fit_run(fit, NULL, NULL));
    ck_assert(tril_evaluate(&net, 1, t->held, &(tril_evaluation){ .nll = alone }));
    ck_assert(memcmp(alone, t->nll + STOP, sizeof alone) == 0);
    ck_assert_double_eq(t->epochs, (double)tril_fit_get_status(fit).epoch);
    tril_fit_free(fit);
    tril_params_free(params);
    tril_ctx_free(own);
    memcpy(got, s->nll, sizeof got);
    for (size_t threads = 2; threads <= 3; threads++) {
        memset(s->nll, 0, sizeof s->nll);
        for (size_t k = 0; k < TRIALS; k++) {
            ck_assert(s->trials[k].done);
            s->trials[k].done = k == 4; /* which is left alone */
        }
        ck_assert(
            tril_trials_run(ctx, s->trials, TRIALS, &(tril_trials_opts){ .threads = threads }));
        ck_assert(memcmp(got, s->nll, 4 * (STOP + HELD) * sizeof *got) == 0);
        ck_assert_double_eq(s->nll[4 * (STOP + HELD)], 0);
    }
    search_free(s);
    tril_ctx_free(ctx);
}
END_TEST

static bool go_on(void *user)
{
    search *s = user;
    s->asked++;
    return !s->stop || s->asked < 2;
}

static bool after(const tril_trial *trial, void *user)
{
    search *s = user;
    ck_assert(trial->done);
    return ++s->over < 2 || s->stop;
}

/* given up within a trial, or after one: no failure, and what is done is done */
START_TEST(test_given_up)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    search *s = search_new(ctx);
    const tril_trials_opts opts = { .go_on = go_on, .after = after, .user = s };
    ck_assert(!tril_trials_run(ctx, s->trials, TRIALS, &opts));
    ck_assert(!tril_ctx_failed(ctx) && s->over == 2 && s->trials[1].done && !s->trials[2].done);
    s->stop = true;
    s->asked = 0;
    ck_assert(!tril_trials_run(ctx, s->trials, TRIALS, &opts));
    ck_assert(!tril_ctx_failed(ctx) && s->asked == 2 && s->over == 2 && !s->trials[2].done);
    s->stop = false;
    ck_assert(tril_trials_run(ctx, s->trials, TRIALS, NULL));
    search_free(s);
    tril_ctx_free(ctx);
}
END_TEST

/* the sentence of the first in the list that fails, on any number of threads */
START_TEST(test_failed)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    search *s = search_new(ctx);
    s->trials[3].fit.lr = -3;
    s->trials[2].fit.lr = -2;
    ck_assert(
        !tril_trials_run(ctx, s->trials, TRIALS, &(tril_trials_opts){ .threads = 1 + (size_t)_i }));
    ck_assert_int_eq(tril_ctx_status(ctx), TRIL_BAD_ARGUMENT);
    ck_assert_msg(strstr(tril_ctx_message(ctx), "-2"), "%s", tril_ctx_message(ctx));
    ck_assert(!tril_trials_run(ctx, s->trials, TRIALS, NULL)); /* a context that has failed */
    tril_ctx_clear(ctx);
    search_free(s);
    tril_ctx_free(ctx);
}
END_TEST

/* context and group of a candidate's own fit are the run's */
START_TEST(test_own)
{
    tril_ctx *ctx = tril_ctx_new(NULL), *other = tril_ctx_new(NULL);
    const tril_group group = { .rank = 7, .size = 2 };
    search *s = search_new(ctx);
    s->trials[0].fit.ctx = other;
    s->trials[0].fit.processes = &group;
    ck_assert(tril_trials_run(ctx, s->trials, 1, NULL));
    search_free(s);
    tril_ctx_free(ctx), tril_ctx_free(other);
}
END_TEST

static void whole(tril_ctx *ctx)
{
    search *s = search_new(ctx);
    tril_trials_run(ctx, s->trials, 2, NULL);
    search_free(s);
}

START_TEST(test_out_of_memory)
{
    ck_assert_uint_ge(exhaust(whole), 20);
}
END_TEST

Suite *suite_model_search(void)
{
    Suite *suite = suite_create("model/search");
    TCase *tcase = tcase_create("search");
    tcase_add_loop_test(tcase, test_choose, 0, sizeof choices / sizeof *choices);
    tcase_add_test(tcase, test_bits);
    tcase_add_test(tcase, test_given_up);
    tcase_add_loop_test(tcase, test_failed, 0, 3);
    tcase_add_test(tcase, test_own);
    tcase_add_test(tcase, test_out_of_memory);
    suite_add_tcase(suite, tcase);
    return suite;
}
