/* How operations refuse arguments: every op the same way for vars that are none, and each its own
 * shapes. */
#include <stdio.h>
#include <string.h>

#include "ops/cases.h"

enum { MAX_ELEMENTS = 256 };

static tril_real ones[MAX_ELEMENTS];

static void set_ones(void)
{
    for (size_t i = 0; i < MAX_ELEMENTS; i++)
        ones[i] = 1;
}

/* a row's inputs on a tape */
static void make_inputs(tril_tape *tape, const op_case *row, tril_var *in)
{
    for (size_t k = 0; k < row->n_inputs; k++)
        in[k] = tril_input(tape, ones, row->in[k]);
}

START_TEST(test_refusal)
{
    const op_case *row = op_refusal_at(_i);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var in[OP_CASE_INPUTS];
    make_inputs(tape, row, in);
    ck_fine(ctx);
    tril_var y = row->f(tape, in, (void *)row);
    ck_assert_ptr_null(y.tape);
    ck_assert_str_eq(tril_ctx_message(ctx), row->message);
    ck_failed(ctx, row->status, row->message);
    /* nothing is left of the call */
    ck_assert_uint_eq(tril_exp(in[0]).index, row->n_inputs);
    ck_fine(ctx);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* each input in turn is a var of the epoch before */
START_TEST(test_stale_var)
{
    const op_case *row = ops_case_at(_i);
    tril_ctx *ctx = tril_ctx_new(NULL);
    char wanted[128];
    for (size_t k = 0; k < row->n_inputs; k++) {
        tril_tape *tape = tril_tape_new(ctx);
        tril_var stale = tril_input(tape, ones, row->in[k]), in[OP_CASE_INPUTS];
        tril_tape_reset(tape);
        make_inputs(tape, row, in);
        in[k] = stale;
        ck_assert_ptr_null(row->f(tape, in, (void *)row).tape);
        snprintf(wanted, sizeof wanted, "%s: a var from before the tape's last reset", row->op);
        ck_failed(ctx, TRIL_BAD_VAR, wanted);
        tril_tape_free(tape);
    }
    tril_ctx_free(ctx);
}
END_TEST

/* each input but the first, which says what the tape is, in turn is of another tape, and none at
 * all */
START_TEST(test_wrong_var)
{
    const op_case *row = ops_case_at(_i);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx), *other = tril_tape_new(ctx);
    tril_var in[OP_CASE_INPUTS];
    char wanted[128];
    for (size_t k = 1; k < row->n_inputs; k++) {
        make_inputs(tape, row, in);
        in[k] = tril_input(other, ones, row->in[k]);
        ck_assert_ptr_null(row->f(tape, in, (void *)row).tape);
        snprintf(wanted, sizeof wanted, "%s: argument %zu is a var of another tape", row->op,
                 k + 1);
        ck_failed(ctx, TRIL_BAD_VAR, wanted);
        in[k] = (tril_var){ 0 };
        bool optional = strcmp(row->op, "affine") == 0 && k == 2;
        ck_assert(!row->f(tape, in, (void *)row).tape == !optional);
        snprintf(wanted, sizeof wanted, "%s: argument %zu is no var", row->op, k + 1);
        if (!optional)
            ck_failed(ctx, TRIL_BAD_VAR, wanted);
        ck_fine(ctx);
    }
    tril_tape_free(other);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* whatever can be wrong with the shapes of an op of src/ops has its row; an elementwise op takes
 * any one tensor */
START_TEST(test_all_have_refusals)
{
    const op_case *row, *refusal;
    for (int i = 0; (row = ops_case_at(i)); i++) {
        bool found = false, elementwise = false;
        for (const op_case *unary = unary_cases; unary->op; unary++)
            elementwise |= strcmp(unary->op, row->op) == 0;
        for (int j = 0; (refusal = op_refusal_at(j)); j++)
            found |= strcmp(refusal->op, row->op) == 0;
        ck_assert_msg(found != elementwise, "%s has no row that is refused", row->op);
    }
}
END_TEST

Suite *suite_ops_ops(void)
{
    Suite *suite = suite_create("ops/ops");
    TCase *tcase = tcase_create("refusals");
    int n_refusals = 0, n_cases = 0;
    while (op_refusal_at(n_refusals))
        n_refusals++;
    while (ops_case_at(n_cases))
        n_cases++;
    tcase_add_unchecked_fixture(tcase, set_ones, NULL);
    tcase_add_loop_test(tcase, test_refusal, 0, n_refusals);
    tcase_add_loop_test(tcase, test_stale_var, 0, n_cases);
    tcase_add_loop_test(tcase, test_wrong_var, 0, n_cases);
    tcase_add_test(tcase, test_all_have_refusals);
    suite_add_tcase(suite, tcase);
    return suite;
}
