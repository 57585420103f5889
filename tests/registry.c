/* Walks what the library registers: every operation has cases, and every case has right gradients.
 * */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/tape.h"
#include "ops/cases.h"

#define X_DIST(name)
#define X_OPTIM(name)
#define X_OP(name) extern const tril_op tril_op_##name;
#include "registry.h"
#undef X_OP

static const struct {
    const char *name;
    const tril_op *op;
} registry[] = {
#define X_OP(name) { #name, &tril_op_##name },
#include "registry.h"
#undef X_OP
};

enum { N_OPS = sizeof registry / sizeof *registry, MAX_ELEMENTS = 256 };

#define TABLE(name) name,
static const op_case *const tables[] = { OP_CASE_TABLES(TABLE) };

#define COUNT(name) +1
enum { N_TABLES = sizeof tables / sizeof *tables, N_OPS_TABLES = 0 OPS_CASE_TABLES(COUNT) };

static const op_case *row_of(size_t n_tables, bool refused, int index)
{
    for (size_t t = 0; t < n_tables; t++)
        for (const op_case *row = tables[t]; row->op; row++)
            if ((row->status != TRIL_OK) == refused && index-- == 0)
                return row;
    return NULL;
}

const op_case *op_case_at(int index)
{
    return row_of(N_TABLES, false, index);
}

const op_case *ops_case_at(int index)
{
    return row_of(N_OPS_TABLES, false, index);
}

const op_case *op_refusal_at(int index)
{
    return row_of(N_TABLES, true, index);
}

/* new memory holds NaN */
static void *poisoned(void *user, void *ptr, size_t size)
{
    (void)user;
    if (!size) {
        free(ptr);
        return NULL;
    }
    void *block = realloc(ptr, size);
    return ptr || !block ? block : memset(block, 0xff, size);
}

static tril_ctx *poisoned_ctx(void)
{
    return tril_ctx_new(&(tril_ctx_opts){ .allocator = { poisoned, NULL } });
}

typedef struct inputs {
    const op_case *row;
    size_t alone; /* the one input that wants a gradient */
    tril_real values[OP_CASE_INPUTS][MAX_ELEMENTS];
} inputs;

/* Numbers apart from each other (the golden ratio's multiples), and from 0, where abs and relu have
 * their kinks. */
static inputs inputs_of(const op_case *row)
{
    inputs in = { .row = row };
    double low = row->low, high = row->high;
    if (low == 0 && high == 0)
        low = -1.5, high = 1.5;
    for (size_t k = 0; k < row->n_inputs; k++) {
        size_t size = tril_shape_size(row->in[k]);
        ck_assert_uint_le(size, MAX_ELEMENTS);
        for (size_t i = 0; i < size; i++) {
            double u = fmod(0.5 + (double)(i + 7 * k + 1) * 0.6180339887498949, 1);
            double x = low + (high - low) * u;
            if (low < 0 && high > 0 && fabs(x) < 0.1)
                x += x < 0 ? -0.1 : 0.1;
            in.values[k][i] = (tril_real)x;
        }
    }
    return in;
}

static tril_var as_it_is(tril_tape *tape, const tril_var *vars, void *user)
{
    const op_case *row = ((inputs *)user)->row;
    return row->f(tape, vars, (void *)row);
}

static tril_var used_twice(tril_tape *tape, const tril_var *vars, void *user)
{
    return tril_mul(as_it_is(tape, vars, user), as_it_is(tape, vars, user));
}

static tril_var one_alone(tril_tape *tape, const tril_var *vars, void *user)
{
    inputs *in = user;
    tril_var all[OP_CASE_INPUTS];
    for (size_t k = 0; k < in->row->n_inputs; k++)
        all[k] = k == in->alone ? vars[0] : tril_input(tape, in->values[k], in->row->in[k]);
    return as_it_is(tape, all, user);
}

static void check_gradients(inputs *in, tril_function *f, const char *how, size_t first, size_t n)
{
    tril_ctx *ctx = poisoned_ctx();
    tril_gradcheck_input items[OP_CASE_INPUTS];
    tril_gradcheck_report report;
    size_t coordinates = 0;
    for (size_t k = 0; k < n; k++) {
        items[k] = (tril_gradcheck_input){ in->values[first + k], in->row->in[first + k] };
        coordinates += tril_shape_size(in->row->in[first + k]);
    }
    bool right = tril_gradcheck(ctx, f, in, items, n, NULL, &report);
    ck_assert_msg(right, "%s, %s, %s: %s", in->row->op, in->row->what, how,
                  tril_ctx_failed(ctx) ? tril_ctx_message(ctx) : report.text);
    ck_assert_uint_eq(report.checked, coordinates);
    tril_ctx_free(ctx);
}

START_TEST(test_gradients)
{
    inputs in = inputs_of(op_case_at(_i));
    check_gradients(&in, as_it_is, "as it is", 0, in.row->n_inputs);
    check_gradients(&in, used_twice, "used twice", 0, in.row->n_inputs);
    for (in.alone = 0; in.alone < in.row->n_inputs; in.alone++)
        check_gradients(&in, one_alone, "one input alone", in.alone, 1);
}
END_TEST

/* A second sweep over the same tape finds what the first has found: backward leaves alone what
 * forward has saved. */
START_TEST(test_backward_again)
{
    inputs in = inputs_of(op_case_at(_i));
    const op_case *row = in.row;
    tril_ctx *ctx = poisoned_ctx();
    tril_tape *tape = tril_tape_new(ctx);
    tril_var vars[OP_CASE_INPUTS];
    static tril_real first[OP_CASE_INPUTS][MAX_ELEMENTS], seed[4096];
    for (size_t k = 0; k < row->n_inputs; k++)
        vars[k] = tril_requires_grad(tril_input(tape, in.values[k], row->in[k]));
    tril_var y = row->f(tape, vars, (void *)row);
    ck_assert_uint_le(tril_size(y), sizeof seed / sizeof *seed);
    for (size_t i = 0; i < tril_size(y); i++)
        seed[i] = (tril_real)(1 + i);
    for (int sweep = 0; sweep < 2; sweep++) {
        ck_assert(tril_backward_with(y, &(tril_backward_opts){ .seed = seed }));
        for (size_t k = 0; k < row->n_inputs; k++) {
            size_t bytes = tril_size(vars[k]) * sizeof(tril_real);
            if (sweep == 0)
                memcpy(first[k], tril_grad(vars[k]), bytes);
            ck_assert_msg(memcmp(first[k], tril_grad(vars[k]), bytes) == 0,
                          "%s, %s: another gradient of input %zu the second time", row->op,
                          row->what, k);
        }
    }
    ck_fine(ctx);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

static const op_case *exhausted;

static void run_case(tril_ctx *ctx)
{
    inputs in = inputs_of(exhausted);
    tril_tape *tape = tril_tape_new(ctx);
    if (!tape)
        return;
    tril_var vars[OP_CASE_INPUTS];
    for (size_t k = 0; k < exhausted->n_inputs; k++)
        vars[k] = tril_requires_grad(tril_input(tape, in.values[k], exhausted->in[k]));
    tril_var y = exhausted->f(tape, vars, (void *)exhausted);
    ck_assert(tril_ctx_failed(ctx) == !y.tape);
    tril_tape_free(tape);
}

/* Whichever allocation fails, the result is no var and nothing of it is read. Sanitizers' builds
 * have one for each piece of memory. */
START_TEST(test_out_of_memory)
{
    exhausted = op_case_at(_i);
    ck_assert_uint_gt(exhaust(run_case), 2);
}
END_TEST

/* a case is one of the op it is named for, and the shape rule says what the table says */
START_TEST(test_case_runs_its_op)
{
    inputs in = inputs_of(op_case_at(_i));
    const op_case *row = in.row;
    const tril_op *op = NULL;
    for (size_t i = 0; i < N_OPS; i++)
        if (strcmp(registry[i].name, row->op) == 0)
            op = registry[i].op;
    ck_assert_msg(op, "there is no op %s", row->op);
    tril_ctx *ctx = poisoned_ctx();
    tril_tape *tape = tril_tape_new(ctx);
    tril_var vars[OP_CASE_INPUTS];
    for (size_t k = 0; k < row->n_inputs; k++)
        vars[k] = tril_input(tape, in.values[k], row->in[k]);
    tril_var y = row->f(tape, vars, (void *)row);
    ck_fine(ctx);
    bool ran = false;
    for (uint32_t i = 0; i < tape->count; i++)
        ran |= tape->nodes[i]->node.op == op;
    ck_assert_msg(ran, "%s, %s: no node of that op", row->op, row->what);
    ck_assert_msg(tril_shape_equal(tril_shape_of(y), row->out), "%s, %s: result is %s, wanted %s",
                  row->op, row->what, tril_shape_text(tril_shape_of(y)).text,
                  tril_shape_text(row->out).text);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_op_has_cases)
{
    size_t cases = 0, empty = 0;
    const op_case *row;
    for (int i = 0; (row = op_case_at(i)); i++) {
        if (strcmp(row->op, registry[_i].name) != 0)
            continue;
        cases++;
        for (size_t k = 0; k < row->n_inputs; k++)
            empty += tril_shape_size(row->in[k]) == 0;
    }
    ck_assert_msg(cases, "%s has no case: add a row to a table in tests/ops/cases.h",
                  registry[_i].name);
    ck_assert_msg(empty, "%s has no case with an input of zero rows", registry[_i].name);
}
END_TEST

Suite *suite_registry(void)
{
    Suite *suite = suite_create("registry");
    TCase *tcase = tcase_create("ops");
    int n_cases = 0;
    while (op_case_at(n_cases))
        n_cases++;
    tcase_add_loop_test(tcase, test_op_has_cases, 0, N_OPS);
    tcase_add_loop_test(tcase, test_case_runs_its_op, 0, n_cases);
    tcase_add_loop_test(tcase, test_gradients, 0, n_cases);
    tcase_add_loop_test(tcase, test_out_of_memory, 0, n_cases);
    tcase_add_loop_test(tcase, test_backward_again, 0, n_cases);
    suite_add_tcase(suite, tcase);
    return suite;
}
