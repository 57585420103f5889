/* Reference values, one tensor behind the other. */
#include "distributions/cursor.h"

#include <math.h>
#include <stdlib.h>

cursor cursor_begin(const char *file)
{
    cursor c = { .at = 0 };
    c.values = reference(file, "value", &c.rows);
    return c;
}

void cursor_end(cursor *file)
{
    ck_assert_uint_eq(file->at, file->rows);
    free(file->values);
}

const double *cursor_take(cursor *file, size_t n)
{
    ck_assert_uint_le(file->at + n, file->rows);
    file->at += n;
    return file->values + file->at - n;
}

/* as the type has them */
static tril_real *numbers(cursor *file, tril_tape *tape, size_t n)
{
    const double *x = cursor_take(file, n);
    tril_real *memory = tril_tape_take(tape, n, sizeof *memory);
    ck_assert_ptr_nonnull(memory);
    for (size_t i = 0; i < n; i++)
        memory[i] = (tril_real)x[i];
    return memory;
}

tril_var cursor_input(cursor *file, tril_tape *tape, tril_shape shape)
{
    const tril_real *x = numbers(file, tape, tril_shape_size(shape));
    return tril_requires_grad(tril_input(tape, x, shape));
}

static void compare(const tril_real *x, const double *wanted, size_t n, size_t row,
                    const char *what)
{
    double largest = 1e-3;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(wanted[i]));
    ck_assert_msg(x || n == 0, "case %zu: no %s", row, what);
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs((double)x[i] - wanted[i]) <= (IS_DOUBLE ? 1e-12 : 1e-5) * largest,
                      "case %zu: %s is %.17g at %zu, PyTorch says %.17g", row, what, (double)x[i],
                      i, wanted[i]);
}

void cursor_check(cursor *file, tril_var y, const tril_var *inputs, size_t n, size_t row,
                  const char *what)
{
    const tril_real *seed = numbers(file, y.tape, tril_size(y));
    compare(tril_value(y), cursor_take(file, tril_size(y)), tril_size(y), row, what);
    ck_assert(tril_backward_with(y, &(tril_backward_opts){ .seed = seed }));
    for (size_t k = 0; k < n; k++)
        compare(tril_grad(inputs[k]), cursor_take(file, tril_size(inputs[k])), tril_size(inputs[k]),
                row, what);
}
