/* A program's own head, loss, optimizer and KL pair do what the library's do: they train, go on
 * from a state, and are saved in a model file. */
#include <math.h>
#include <string.h>

#include <tril/extend.h>

#include "distributions/dist.h"
#include "train/fitting.h"

/* ---- a head: normals whose targets share one standard deviation */

static size_t round_width(size_t d, const tril_head_opts *opts)
{
    (void)opts;
    return d + 1;
}

static tril_var scale_of(const tril_head_layout *h, tril_var raw)
{
    return tril_exp(tril_slice(raw, -1, h->d, 1));
}

static tril_dist round_dist(const tril_head_layout *h, tril_var raw, tril_var natural)
{
    (void)natural;
    return tril_mvn_diag(tril_slice(raw, -1, 0, h->d), scale_of(h, raw));
}

static tril_dist round_transformed(const tril_head_layout *h, tril_var raw, tril_var r,
                                   tril_var shift)
{
    tril_var diagonal = tril_diagonal(r);
    tril_var loc = tril_mul(tril_slice(raw, -1, 0, h->d), diagonal);
    return tril_mvn_diag(shift.tape ? tril_add(loc, shift) : loc,
                         tril_mul(scale_of(h, raw), diagonal));
}

static bool round_init(tril_ctx *ctx, const tril_head_layout *h, const double *mean,
                       const double *covariance, double *raw)
{
    double variance = 0;
    for (size_t i = 0; i < h->d; i++) {
        raw[i] = mean[i];
        variance += covariance[i * (h->d + 1)] / (double)h->d;
    }
    raw[h->d] = 0.5 * log(variance);
    return variance > 0 || tril_ctx_fail(ctx, TRIL_BAD_DATA, "round: all targets are constant");
}

static const tril_head_kind round_head = { .name = "round",
                                           .width = round_width,
                                           .dist = round_dist,
                                           .transformed = round_transformed,
                                           .frame = TRIL_FRAME_DIAGONAL,
                                           .init = round_init,
                                           .normal = true };

/* only what must be there: no line, raw outputs begin at zero */
static const tril_head_kind plain_head = {
    .name = "plain", .width = round_width, .dist = round_dist, .normal = true
};

static const tril_head_kind *const own_heads[] = { &round_head, &plain_head, NULL };

/* ---- a loss: the NLL and the absolute error of the mean */

static tril_var absolute_value(const tril_loss_rows *rows, tril_var *log_prob)
{
    tril_dist p = tril_loss_dist(rows);
    *log_prob = tril_loss_log_prob(rows, p);
    return tril_sub(tril_mean(tril_abs(tril_sub(rows->y, tril_dist_mean(p)))),
                    tril_mean(*log_prob));
}

static const tril_loss absolute = { "absolute", absolute_value };

/* ---- an optimizer: steps along a running mean of the gradients' signs; `momentum` is its own */

static void signs_update(const tril_optim_update *u)
{
    const tril_optim_opts *o = u->opts;
    const tril_real keep = (tril_real)o->momentum;
    for (size_t i = 0; i < u->n; i++) {
        const tril_real sign = (tril_real)((u->g[i] > 0) - (u->g[i] < 0));
        u->state[0][i] = keep * u->state[0][i] + (1 - keep) * sign;
        u->w[i] -= (tril_real)u->lr * u->state[0][i];
    }
}

static const tril_optim_kind signs = { "signs", 1e-3, 1, signs_update };

/* ---- */

static const struct own_case {
    tril_head_opts head;
    tril_fit_opts fit;
} cases[] = {
    { { .kind = &round_head }, { .epochs = 12, .lr = 5e-3 } },
    { { .kind = &plain_head }, { .epochs = 12, .lr = 5e-3 } },
    { { .kind = &round_head }, { .epochs = 12, .lr = 5e-3, .loss = &tril_loss_beta } },
    { { .kind = &plain_head }, { .epochs = 12, .lr = 5e-3, .loss = &tril_loss_faithful } },
    { { .kind = &round_head }, { .epochs = 12, .lr = 5e-3, .loss = &tril_loss_warmup } },
    { { .kind = &tril_head_mixture, .components = 2, .component = &round_head },
      { .epochs = 12, .lr = 5e-3, .loss = &tril_loss_beta } },
    { { .kind = &tril_head_mixture, .components = 2, .component = &plain_head },
      { .epochs = 12, .lr = 5e-3 } },
    { { 0 }, { .epochs = 12, .lr = 5e-3, .loss = &absolute } },
    { { 0 }, { .epochs = 12, .optim = &signs, .momentum = 0.5 } },
    { { .kind = &round_head },
      { .epochs = 12, .loss = &absolute, .optim = &signs, .validation_share = 0.2 } },
};

enum { N_CASES = sizeof cases / sizeof *cases, ROWS = 200 };

/* the same network, with its line, every time */
static fitting begin(tril_ctx *ctx, const tril_head_opts *head, const tril_fit_opts *opts)
{
    fitting f = fitting_new(ctx, ROWS, 2, 8, NULL);
    tril_params_free(f.params);
    f.params = tril_params_new(ctx);
    *tril_ctx_random(ctx) = tril_random_stream(5, 1);
    f.net =
        tril_network_new(f.params, 2, &(tril_mlp_opts){ .inputs = INPUTS, .hidden = { 8 } }, head);
    f.fit = tril_fit_new(&f.net, (tril_batch){ f.x, f.y, ROWS }, opts);
    return f;
}

START_TEST(test_trains)
{
    const struct own_case *c = &cases[_i];
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = begin(ctx, &c->head, &c->fit);
    const double first = tril_fit_get_status(f.fit).train_nll;
    ck_assert(tril_fit_run(f.fit, NULL, NULL));
    const double last = tril_fit_get_status(f.fit).train_nll;
    ck_fine(ctx);
    ck_assert_msg(last < first, "NLL %g, in the end %g", first, last);
    const bool line = c->head.kind != &plain_head && c->head.component != &plain_head;
    ck_assert_int_eq(f.net.line.scale.params != NULL, line);
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* a run that is stopped, and goes on in another object, gives the bits of one that was left alone
 */
START_TEST(test_goes_on)
{
    const struct own_case *c = &cases[_i];
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting whole = begin(ctx, &c->head, &c->fit);
    fitting half = begin(ctx, &c->head, &c->fit);
    fitting rest = begin(ctx, &c->head, &c->fit);
    size_t n, same;
    ck_assert(tril_fit_run(whole.fit, NULL, NULL));
    for (int epoch = 0; epoch < 5; epoch++)
        ck_assert(tril_fit_epoch(half.fit));
    const tril_array *from = tril_fit_state(half.fit, &n), *to = tril_fit_state(rest.fit, &same);
    ck_assert_uint_eq(n, same);
    for (size_t i = 0; i < n; i++)
        memcpy(to[i].values, from[i].values,
               from[i].size * (from[i].type == TRIL_ARRAY_REAL ? sizeof(tril_real) : 8));
    ck_assert(tril_fit_run(rest.fit, NULL, NULL));
    for (size_t i = 0; i < tril_params_count(whole.params); i++) {
        const tril_param a = tril_params_at(whole.params, i), b = tril_params_at(rest.params, i);
        ck_assert_mem_eq(tril_param_values(a), tril_param_values(b),
                         tril_shape_size(tril_param_shape(a)) * sizeof(tril_real));
    }
    fitting_free(&whole);
    fitting_free(&half);
    fitting_free(&rest);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_is_saved)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = tril_table_read(ctx, "data/iris.csv", NULL);
    const tril_model_opts opts = { .targets = (const char *[]){ "petal_length", "petal_width" },
                                   .n_targets = 2,
                                   .mlp = { .hidden = { 4 } },
                                   .heads = &cases[_i].head,
                                   .n_heads = 1 };
    tril_model *model = tril_model_new(table, NULL, 0, &opts);
    tril_dataset rows = { 0 };
    ck_assert(tril_model_dataset(model, table, NULL, 0, &(tril_dataset_opts){ 0 }, &rows));
    const tril_batch batch = { rows.x, rows.y, rows.n };
    tril_fit *fit = tril_fit_new(tril_model_get_info(model)->networks, batch, &cases[_i].fit);
    ck_assert(tril_fit_run(fit, NULL, NULL));
    tril_tensors *file = tril_tensors_new(ctx);
    ck_assert(tril_tensors_put_model(file, model));
    tril_model *copy = tril_tensors_get_model(file, own_heads);
    ck_fine(ctx);
    double nll[2][150], pit[2][300];
    const tril_model *both[2] = { model, copy };
    for (size_t k = 0; k < 2; k++)
        ck_assert_msg(tril_model_evaluate(both[k], tril_model_get_info(both[k])->networks, 1, batch,
                                          &(tril_evaluation){ .nll = nll[k], .pit = pit[k] }),
                      "%s", tril_ctx_message(ctx));
    ck_assert_mem_eq(nll[0], nll[1], sizeof nll[0]);
    ck_assert_mem_eq(pit[0], pit[1], sizeof pit[0]);
    const bool ours = !cases[_i].head.kind; /* a file of the library's kinds needs no list */
    tril_model *unknown = tril_tensors_get_model(file, NULL);
    ck_assert(ours == (unknown != NULL));
    if (!ours)
        ck_assert_ptr_nonnull(strstr(tril_ctx_message(ctx), "which is not known"));
    tril_model_free(unknown);
    tril_model_free(copy);
    tril_tensors_free(file);
    tril_fit_free(fit);
    tril_dataset_free(&rows);
    tril_model_free(model);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- a distribution that brings its divergences */

static tril_var with_normal(const tril_dist *p, const tril_dist *q)
{
    return tril_scalar(p->param[0].tape, p->kind == q->kind ? 1 : p->event.rank == 0 ? 2 : 3);
}

static tril_dist_kind own_kind;
static tril_kl_pair own_pairs[4];

START_TEST(test_kl_pairs)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    const tril_dist normal = tril_normal(tril_scalar(tape, 0), tril_scalar(tape, 1));
    tril_dist own = normal;
    own_kind = (tril_dist_kind){ .name = "own", .kl = own_pairs };
    own_pairs[0] = (tril_kl_pair){ &own_kind, normal.kind, with_normal };
    own_pairs[1] = (tril_kl_pair){ normal.kind, &own_kind, with_normal };
    own.kind = &own_kind;
    ck_assert_double_eq((double)tril_item(tril_kl(own, normal)), 2);
    ck_assert_double_eq((double)tril_item(tril_kl(normal, own)), 2);
    ck_assert_double_eq((double)tril_item(tril_kl(normal, normal)), 0);
    ck_fine(ctx);
    ck_assert_ptr_null(tril_kl(own, own).tape);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "kl(own, own): there is no closed form");
    own_pairs[2] = (tril_kl_pair){ &own_kind, &own_kind, with_normal };
    ck_assert_double_eq((double)tril_item(tril_kl(own, own)), 1);
    ck_assert_ptr_null(tril_dist_covariance(own).tape);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "covariance(own): there is no closed form");
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* what an evaluation asks of a program's own distribution, which may not have it */
START_TEST(test_marginals)
{
    static const tril_real zeros[4], eye[4] = { 1, 0, 0, 1 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    const tril_var two = tril_input(tape, zeros, TRIL_SHAPE(2));
    tril_dist own = tril_mvt(tril_scalar(tape, 5), tril_input(tape, zeros, TRIL_SHAPE(2, 2)),
                             tril_input(tape, eye, TRIL_SHAPE(2, 2)));
    const tril_dist each = tril_dist_marginals(own);
    ck_assert_uint_eq(tril_dist_event_shape(each).rank, 0);
    ck_assert_uint_eq(tril_dist_batch_shape(each).rank, 2);
    ck_fine(ctx);
    ck_assert_ptr_null(tril_dist_marginals(tril_mixture(tril_categorical(two), own)).kind);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "marginals(mixture): there is no closed form");
    own_kind = (tril_dist_kind){ .name = "own" };
    own.kind = &own_kind;
    ck_assert_ptr_null(tril_dist_marginals(own).kind);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "marginals(own): there is no closed form");
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

static const tril_optim_kind idle = { "idle", 1e-3 };
static const tril_loss blind = { "blind" };
static const tril_head_kind headless = { .name = "headless", .width = round_width };
static const tril_optim_kind greedy = { "greedy", 1e-3, 9, signs_update };

static const struct refusal {
    const char *text;
    tril_head_opts head;
    tril_fit_opts fit;
} refusals[] = {
    { "fit: the optimizer has no name or no update", { 0 }, { .optim = &idle } },
    { "fit: the loss has no name or no value", { 0 }, { .loss = &blind } },
    { "head: the kind headless has no width or no dist", { .kind = &headless }, { 0 } },
    { "greedy: 9 blocks of state, there can be 2", { 0 }, { .optim = &greedy } },
    { "head: the form round has no natural gradient",
      { .kind = &round_head, .natural = true },
      { 0 } },
};

static tril_var forgetful_value(const tril_loss_rows *rows, tril_var *log_prob)
{
    *log_prob = tril_mean(tril_loss_log_prob(rows, tril_loss_dist(rows)));
    return tril_neg(*log_prob);
}

/* a loss that leaves one number for all rows */
START_TEST(test_loss_refused)
{
    static const tril_loss forgetful = { "forgetful", forgetful_value };
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = begin(ctx, NULL, &(tril_fit_opts){ .loss = &forgetful });
    ck_assert(!tril_fit_step(f.fit));
    ck_failed(ctx, TRIL_BAD_SHAPE, "forgetful: the loss leaves log_prob of 1 numbers for 50 rows");
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

/* a line under a head that cannot have one */
START_TEST(test_line_refused)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = begin(ctx, &(tril_head_opts){ .kind = &round_head }, NULL);
    tril_tape *tape = tril_tape_new(ctx);
    f.net.head.kind = &plain_head;
    tril_var x = tril_input(tape, f.x, TRIL_SHAPE(ROWS, INPUTS));
    ck_assert_ptr_null(tril_network_dist(&f.net, x).kind);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "head: the form plain cannot stand on a line");
    tril_tape_free(tape);
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_refused)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    fitting f = begin(ctx, &refusals[_i].head, &refusals[_i].fit);
    ck_assert_ptr_null(f.fit);
    ck_failed(ctx, TRIL_BAD_ARGUMENT, refusals[_i].text);
    fitting_free(&f);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_extend(void)
{
    Suite *suite = suite_create("extend");
    TCase *tcase = tcase_create("own kinds");
    tcase_add_loop_test(tcase, test_trains, 0, N_CASES);
    tcase_add_loop_test(tcase, test_goes_on, 0, N_CASES);
    tcase_add_loop_test(tcase, test_is_saved, 0, N_CASES);
    tcase_add_test(tcase, test_kl_pairs);
    tcase_add_test(tcase, test_marginals);
    tcase_add_test(tcase, test_line_refused);
    tcase_add_test(tcase, test_loss_refused);
    tcase_add_loop_test(tcase, test_refused, 0, sizeof refusals / sizeof *refusals);
    suite_add_tcase(suite, tcase);
    return suite;
}
