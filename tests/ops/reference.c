/* Values and gradients of src/ops against those of PyTorch: reference/ops.py writes
 * reference/ops.csv. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ops/cases.h"

enum { MAX_NUMBERS = 64 };

/* Errors are relative to max(|wanted|, floor). Where a formula takes the difference of numbers near
 * 1 the floor is their size; elsewhere all digits count, however small the number. */
static const struct {
    const char *op;
    double value, gradient;
} floors[] = {
    { "expm1", 1e-30, 1 },   { "elu", 1e-30, 1 },       { "tanh", 1e-30, 1 },
    { "sigmoid", 1e-30, 1 }, { "logsumexp", 1, 1e-30 }, { "softmax", 1e-30, 1 },
    { "log_softmax", 1, 1 }, { "cross_entropy", 1, 1 }, { "matmul", 1, 1 },
    { "affine", 1, 1 },      { "sum", 1, 1 },           { "mean", 1, 1 },
    { NULL, 1e-30, 1e-30 },
};

/* the numbers of one block of an op, in the order of the file */
static size_t block_of(const char *op, const char *block, double *numbers)
{
    char line[128], line_op[32], line_block[4];
    double number;
    size_t n = 0;
    FILE *f = fopen("tests/reference/ops.csv", "r");
    ck_assert_ptr_nonnull(f);
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "%31[^,],%3[^,],%lf", line_op, line_block, &number) == 3 &&
            strcmp(line_op, op) == 0 && strcmp(line_block, block) == 0) {
            ck_assert_uint_lt(n, MAX_NUMBERS);
            numbers[n++] = number;
        }
    fclose(f);
    return n;
}

static void compare(const char *op, const char *block, const tril_real *x, size_t size)
{
    double wanted[MAX_NUMBERS];
    size_t row = 0;
    while (floors[row].op && strcmp(floors[row].op, op) != 0)
        row++;
    double floor = *block == 'd' ? floors[row].gradient : floors[row].value;
    ck_assert_msg(block_of(op, block, wanted) == size, "%s: %s does not have %zu numbers", op,
                  block, size);
    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < size; i++)
        ck_assert_msg(fabs((double)x[i] - wanted[i]) <=
                          (IS_DOUBLE ? 1e-12 : 1e-5) * fmax(fabs(wanted[i]), floor),
                      "%s: %s[%zu] is %.17g, wanted %.17g", op, block, i, (double)x[i], wanted[i]);
}

static size_t read_block(const char *op, const char *block, tril_real *values)
{
    double numbers[MAX_NUMBERS];
    size_t n = block_of(op, block, numbers);
    for (size_t i = 0; i < n; i++)
        values[i] = (tril_real)numbers[i];
    return n;
}

static const op_case *reference_row(int index)
{
    const op_case *row;
    for (int i = 0; (row = ops_case_at(i)); i++)
        if (row->reference && index-- == 0)
            return row;
    return NULL;
}

START_TEST(test_reference)
{
    static const char *const names[] = { "a", "b", "c" }, *const grads[] = { "da", "db", "dc" };
    static tril_real values[3][MAX_NUMBERS], weights[MAX_NUMBERS];
    const op_case *row = reference_row(_i);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_var in[3];
    for (size_t k = 0; k < row->n_inputs; k++) {
        ck_assert_uint_eq(read_block(row->op, names[k], values[k]), tril_shape_size(row->in[k]));
        in[k] = tril_requires_grad(tril_input(tape, values[k], row->in[k]));
    }
    tril_var y = row->f(tape, in, (void *)row);
    ck_fine(ctx);
    compare(row->op, "y", tril_value(y), tril_size(y));
    ck_assert_uint_eq(read_block(row->op, "w", weights), tril_size(y));
    ck_assert(tril_backward_with(y, &(tril_backward_opts){ .seed = weights }));
    for (size_t k = 0; k < row->n_inputs; k++)
        compare(row->op, grads[k], tril_grad(in[k]), tril_size(in[k]));
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

/* every op of src/ops has exactly one row of reference values */
START_TEST(test_all_have_references)
{
    const op_case *row, *other;
    for (int i = 0; (row = ops_case_at(i)); i++) {
        int references = 0;
        for (int j = 0; (other = ops_case_at(j)); j++)
            references += other->reference && strcmp(other->op, row->op) == 0;
        ck_assert_msg(references == 1, "%s has %d rows of reference values", row->op, references);
    }
}
END_TEST

Suite *suite_ops_reference(void)
{
    Suite *suite = suite_create("ops/reference");
    TCase *tcase = tcase_create("reference");
    int n = 0;
    while (reference_row(n))
        n++;
    tcase_add_loop_test(tcase, test_reference, 0, n);
    tcase_add_test(tcase, test_all_have_references);
    suite_add_tcase(suite, tcase);
    return suite;
}
