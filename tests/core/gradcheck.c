/* The checker of gradients, checked with gradients that are wrong. */
#include <math.h>
#include <string.h>

#include "support.h"

/* ---- y = a a b + a, elementwise, and what can be wrong with its backward */

typedef enum fault {
    RIGHT,
    SIGN_FLIPPED,
    ONE_PERCENT_OFF,
    TERM_DROPPED,  /* that of + a */
    USE_DROPPED,   /* one of the two a */
    INPUT_DROPPED, /* all of b */
    ONE_ELEMENT,   /* a's last */
    NOT_A_NUMBER
} fault;

static bool cubic_shape(tril_node *node)
{
    node->shape = node->in[0]->shape;
    return true;
}

static bool cubic_forward(tril_node *node)
{
    const tril_real *a = node->in[0]->value, *b = node->in[1]->value;
    for (size_t i = 0; i < node->size; i++)
        node->value[i] = a[i] * a[i] * b[i] + a[i];
    return true;
}

static void cubic_backward(tril_node *node, tril_real *const *grad_in)
{
    const fault f = *(const fault *)node->attrs;
    const tril_real *a = node->in[0]->value, *b = node->in[1]->value;
    for (size_t i = 0; i < node->size; i++) {
        double g = (double)node->grad[i], ab = (double)(a[i] * b[i]);
        double da = g * ((f == USE_DROPPED ? ab : 2 * ab) + (f == TERM_DROPPED ? 0 : 1));
        if (f == SIGN_FLIPPED)
            da = -da;
        if (f == ONE_PERCENT_OFF)
            da *= 1.01;
        if (f == ONE_ELEMENT && i == node->size - 1)
            da += 1;
        if (f == NOT_A_NUMBER && i == 1)
            da = (double)NAN;
        grad_in[0][i] = (tril_real)da;
        grad_in[1][i] = f == INPUT_DROPPED ? 0 : (tril_real)g * a[i] * a[i];
    }
}

static const tril_op cubic_op = { "cubic", cubic_shape, cubic_forward, cubic_backward };

static tril_var cubic(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape;
    return tril_op_apply(&cubic_op, in, 2, user, sizeof(fault));
}

static const tril_real as[6] = { 1, -2, 0.5, 0.25, -1, 1.5 }, bs[6] = { 2, 1, -2, 3, 1, 1 };
static const tril_gradcheck_input pair[2] = { { as, { 2, { 2, 3 } } }, { bs, { 2, { 2, 3 } } } };

START_TEST(test_faults)
{
    static const struct {
        fault fault;
        size_t wrong; /* how many coordinates; the worst is in this input, */
        size_t input;
        const char *text; /* and the sentence has this */
    } cases[] = {
        { RIGHT, 0, 0, "0 of 12 coordinates wrong" },
        { SIGN_FLIPPED, 6, 0, "6 of 12 coordinates wrong" },
        { ONE_PERCENT_OFF, 6, 0, "6 of 12 coordinates wrong" },
        { TERM_DROPPED, 6, 0, "of input 0" },
        { USE_DROPPED, 6, 0, "of input 0" },
        { INPUT_DROPPED, 6, 1, "of input 1: analytic 0, numeric" },
        { ONE_ELEMENT, 1, 0, "1 of 12 coordinates wrong; the worst is [1, 2] of input 0" },
        { NOT_A_NUMBER, 1, 0, "the worst is [0, 1] of input 0: analytic nan" },
    };
    fault f = cases[_i].fault;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_gradcheck_report report;
    bool right = tril_gradcheck(ctx, cubic, &f, pair, 2, NULL, &report);
    ck_fine(ctx);
    ck_assert_msg(right == (f == RIGHT), "%s", report.text);
    ck_assert(right == tril_gradcheck(ctx, cubic, &f, pair, 2, NULL, NULL));
    ck_assert_uint_eq(report.checked, 12);
    ck_assert_msg(report.wrong == cases[_i].wrong, "%s", report.text);
    ck_assert_msg(f == RIGHT || report.input == cases[_i].input, "%s", report.text);
    ck_assert_msg(strstr(report.text, cases[_i].text), "%s", report.text);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_report)
{
    fault f = ONE_ELEMENT;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_gradcheck_report report;
    ck_assert(!tril_gradcheck(ctx, cubic, &f, pair, 2, NULL, &report));
    ck_assert_uint_eq(report.element, 5);
    /* dy/da = 2 a b + 1 = 4, times the contraction's number there; the fault is 1 beside it */
    ck_close(report.analytic - report.numeric, 1., 1e-3, 1.);
    double larger = fmax(fabs(report.analytic), fabs(report.numeric));
    ck_close(report.error, 1 / larger, 1e-2, 0.);
    /* what is tolerated passes */
    tril_gradcheck_opts opts = { .tolerance = 1.5 * report.error };
    ck_assert(tril_gradcheck(ctx, cubic, &f, pair, 2, &opts, NULL));
    opts = (tril_gradcheck_opts){ .floor = 1e3, .tolerance = 2e-3 };
    ck_assert(tril_gradcheck(ctx, cubic, &f, pair, 2, &opts, NULL));
    opts = (tril_gradcheck_opts){ .floor = 1e3, .tolerance = 5e-4 };
    ck_assert(!tril_gradcheck(ctx, cubic, &f, pair, 2, &opts, NULL));
    tril_ctx_free(ctx);
}
END_TEST

/* ---- y = A x with the gradient of x by A in place of A' */

static bool times_shape(tril_node *node)
{
    node->shape = node->in[1]->shape;
    return true;
}

static bool times_forward(tril_node *node)
{
    const tril_real *a = node->in[0]->value, *x = node->in[1]->value;
    for (size_t i = 0; i < 3; i++)
        node->value[i] = a[3 * i] * x[0] + a[3 * i + 1] * x[1] + a[3 * i + 2] * x[2];
    return true;
}

static void times_backward(tril_node *node, tril_real *const *grad_in)
{
    const bool transposed = *(const bool *)node->attrs;
    const tril_real *a = node->in[0]->value, *x = node->in[1]->value, *g = node->grad;
    for (size_t i = 0; i < 3; i++) {
        grad_in[1][i] = 0;
        for (size_t j = 0; j < 3; j++) {
            grad_in[0][3 * i + j] = g[i] * x[j];
            grad_in[1][i] += (transposed ? a[3 * j + i] : a[3 * i + j]) * g[j];
        }
    }
}

static tril_var times(tril_tape *tape, const tril_var *in, void *user)
{
    static const tril_op op = { "times", times_shape, times_forward, times_backward };
    (void)tape;
    return tril_op_apply(&op, in, 2, user, sizeof(bool));
}

START_TEST(test_not_transposed)
{
    static const tril_real a[9] = { 1, 2, 3, 4, 5, 6, 7, 8, 10 }, x[3] = { 1, -1, 2 };
    const tril_gradcheck_input in[2] = { { a, TRIL_SHAPE(3, 3) }, { x, TRIL_SHAPE(3) } };
    bool transposed = true;
    tril_gradcheck_report report;
    tril_ctx *ctx = tril_ctx_new(NULL);
    ck_assert(tril_gradcheck(ctx, times, &transposed, in, 2, NULL, NULL));
    transposed = false;
    ck_assert(!tril_gradcheck(ctx, times, &transposed, in, 2, NULL, &report));
    ck_assert(report.input == 1 && report.wrong == 3);
    ck_fine(ctx);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- parameters, and functions that fail */

typedef struct with_params {
    tril_params *params;
    fault fault;
} with_params;

static tril_var of_params(tril_tape *tape, const tril_var *in, void *user)
{
    with_params *w = user;
    tril_var all[2] = { tril_param_var(tape, tril_params_at(w->params, 0)),
                        tril_param_var(tape, tril_params_at(w->params, 1)) };
    tril_var y = cubic(tape, all, &w->fault);
    return tril_mul(y, in[0]);
}

START_TEST(test_params)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    with_params w = { .params = tril_params_new(ctx) };
    tril_params_add(w.params, "net.a", TRIL_SHAPE(2, 3));
    tril_params_add(w.params, "net.b", TRIL_SHAPE(2, 3));
    memcpy(tril_params_values(w.params), as, sizeof as);
    memcpy(tril_params_values(w.params) + 6, bs, sizeof bs);
    const tril_gradcheck_opts opts = { .params = w.params };
    tril_gradcheck_report report;
    ck_assert(tril_gradcheck(ctx, of_params, &w, pair, 1, &opts, &report));
    ck_assert_uint_eq(report.checked, 18);
    w.fault = INPUT_DROPPED;
    ck_assert(!tril_gradcheck(ctx, of_params, &w, pair, 1, &opts, &report));
    ck_assert_uint_eq(report.input, 2);
    ck_assert_ptr_nonnull(strstr(report.text, "of input 2 (net.b): analytic 0, numeric"));
    /* they are where they were */
    ck_assert_mem_eq(tril_params_values(w.params), as, sizeof as);
    ck_assert_mem_eq(tril_params_values(w.params) + 6, bs, sizeof bs);
    ck_fine(ctx);
    tril_params_free(w.params);
    tril_ctx_free(ctx);
}
END_TEST

static tril_var does_not_fit(tril_tape *tape, const tril_var *in, void *user)
{
    (void)user;
    return tril_add(in[0], tril_input(tape, as, TRIL_SHAPE(5)));
}

static tril_var no_var(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape, (void)in, (void)user;
    return (tril_var){ 0 };
}

static tril_var constant(tril_tape *tape, const tril_var *in, void *user)
{
    (void)in, (void)user;
    return tril_scalar(tape, 1);
}

/* fails when it is called for the fifth time */
static tril_var fails_later(tril_tape *tape, const tril_var *in, void *user)
{
    int *calls = user;
    return ++*calls < 5 ? tril_square(in[0]) : does_not_fit(tape, in, NULL);
}

START_TEST(test_failing_function)
{
    static const struct {
        tril_function *f;
        tril_status status;
        const char *message;
    } cases[] = {
        { does_not_fit, TRIL_BAD_SHAPE, "add: 2x3 and 5 do not broadcast" },
        { no_var, TRIL_BAD_VAR, "gradcheck: the function returned no var" },
        { constant, TRIL_BAD_ARGUMENT, "backward: the result of input depends on no parameter" },
        { fails_later, TRIL_BAD_SHAPE, "add: 2x3 and 5 do not broadcast" },
    };
    int calls = 0;
    tril_ctx *ctx = tril_ctx_new(NULL);
    ck_assert(!tril_gradcheck(ctx, cases[_i].f, &calls, pair, 1, NULL, NULL));
    ck_failed(ctx, cases[_i].status, cases[_i].message);
    tril_ctx_free(ctx);
}
END_TEST

/* beyond the square root's domain numbers are NaN: wrong, not right */
static tril_var root(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape, (void)user;
    return tril_sqrt(in[0]);
}

START_TEST(test_nan_is_wrong)
{
    static const tril_real x[3] = { 1, (tril_real)1e-6, 2 };
    const tril_gradcheck_input in = { x, TRIL_SHAPE(3) };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_gradcheck_report report;
    ck_assert(!tril_gradcheck(ctx, root, NULL, &in, 1, NULL, &report));
    ck_fine(ctx);
    ck_assert(report.wrong == 1 && report.element == 1 && isnan(report.error));
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_nothing_to_check)
{
    const tril_gradcheck_input in = { NULL, TRIL_SHAPE(0, 2) };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_gradcheck_report report;
    ck_assert(tril_gradcheck(ctx, root, NULL, &in, 1, NULL, &report));
    ck_fine(ctx);
    ck_assert_uint_eq(report.checked, 0);
    ck_assert_str_eq(report.text, "gradcheck: no coordinate to check");
    tril_ctx_free(ctx);
}
END_TEST

static tril_var square_of_first(tril_tape *tape, const tril_var *in, void *user)
{
    (void)tape, (void)user;
    return tril_square(in[0]);
}

/* an input that the function leaves alone has the gradient 0 */
START_TEST(test_unused)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_gradcheck_report report;
    ck_assert(tril_gradcheck(ctx, square_of_first, NULL, pair, 2, NULL, &report));
    ck_assert_uint_eq(report.checked, 12);
    ck_fine(ctx);
    tril_ctx_free(ctx);
}
END_TEST

static void check_cubic(tril_ctx *ctx)
{
    fault f = RIGHT;
    ck_assert(tril_gradcheck(ctx, cubic, &f, pair, 2, NULL, NULL) == !tril_ctx_failed(ctx));
}

START_TEST(test_out_of_memory)
{
    ck_assert_uint_ge(exhaust(check_cubic), 4);
}
END_TEST

Suite *suite_core_gradcheck(void)
{
    Suite *suite = suite_create("core/gradcheck");
    TCase *tcase = tcase_create("gradcheck");
    tcase_add_loop_test(tcase, test_faults, 0, 8);
    tcase_add_test(tcase, test_report);
    tcase_add_test(tcase, test_not_transposed);
    tcase_add_test(tcase, test_params);
    tcase_add_loop_test(tcase, test_failing_function, 0, 4);
    tcase_add_test(tcase, test_nan_is_wrong);
    tcase_add_test(tcase, test_nothing_to_check);
    tcase_add_test(tcase, test_unused);
    tcase_add_test(tcase, test_out_of_memory);
    suite_add_tcase(suite, tcase);
    return suite;
}
