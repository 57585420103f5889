/* Products, and solutions, in pieces; and where there is no room for a buffer of OpenBLAS, its
 * callers fail and it is not called. */
#include "kernels/blas.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

static void limit_memory(bool limited)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = limited ? 1 : limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
}

/* a thread without a buffer, where there is no room for one, and then there is */
static void *multiply(void *user)
{
    const tril_real values[4] = { 0 };
    tril_tape *tape = user;
    tril_ctx *ctx = tril_tape_ctx(tape);
    tril_var x = tril_input(tape, values, TRIL_SHAPE(2, 2));
    limit_memory(true);
    const bool failed = !tril_matmul(x, x).tape && tril_ctx_status(ctx) == TRIL_OUT_OF_MEMORY &&
                        strstr(tril_ctx_message(ctx), "matmul: out of memory for a buffer");
    limit_memory(false);
    tril_ctx_clear(ctx);
    return failed && tril_value(tril_matmul(x, x)) ? user : NULL;
}

/* one that comes after it */
static void *take_over(void *user)
{
    limit_memory(true);
    const bool ready = tril_blas_ready();
    limit_memory(false);
    return ready ? user : NULL;
}

static bool run(void *(*function)(void *), void *user)
{
    pthread_t thread;
    void *done = NULL;
    return pthread_create(&thread, NULL, function, user) == 0 && pthread_join(thread, &done) == 0 &&
           done;
}

/* products that are cut are the same ones; sizes on both sides of every limit */
static const size_t sizes[][3] = { { 2, 3, 4 },      { 1, 300, 100 },  { 1, 90, 9000 },
                                   { 1, 4, 9300 },   { 32, 128, 128 }, { 128, 32, 128 },
                                   { 129, 65, 77 },  { 5, 300, 999 },  { 3, 4, 50000 },
                                   { 170, 170, 170 } };

START_TEST(test_pieces)
{
    const size_t m = sizes[_i / 4][0], n = sizes[_i / 4][1], k = sizes[_i / 4][2];
    const bool ta = _i % 2 && m > 1, tb = _i / 2 % 2;
    tril_real *a = malloc(m * k * sizeof *a), *b = malloc(k * n * sizeof *b),
              *c = malloc(m * n * sizeof *c);
    tril_random random = tril_random_stream(1, 1);
    tril_random_normal(&random, a, m * k), tril_random_normal(&random, b, k * n);
    for (size_t i = 0; i < m * n; i++)
        c[i] = (tril_real)i;
    tril_gemm(ta, tb, m, n, k, a, b, 2, c);
    for (size_t i = 0; i < m * n; i++) {
        double sum = 2 * (double)i;
        for (size_t l = 0; l < k; l++)
            sum += (double)a[ta ? l * m + i / n : i / n * k + l] *
                   (double)b[tb ? i % n * k + l : l * n + i % n];
        ck_close(c[i], sum, 1e-5, sqrt((double)k));
    }
    free(a), free(b), free(c);
}
END_TEST

/* rows that are solved for in pieces, and at once: L, or L', times what they become is what they
 * were */
static const size_t triangles[][2] = { { 7, 9 }, { 20, 9 }, { 20, 300 } };

START_TEST(test_triangle)
{
    const size_t rows = triangles[_i / 2][0], d = triangles[_i / 2][1];
    const bool transpose = _i % 2;
    double *l = malloc(d * d * sizeof *l), *x = malloc(rows * d * sizeof *x);
    for (size_t i = 0; i < d * d; i++)
        l[i] = i % (d + 1) == 0 ? 2 : sin((double)i) / (double)d;
    for (size_t i = 0; i < rows * d; i++)
        x[i] = cos((double)i);
    tril_trsm_rows(transpose, rows, d, l, x);
    for (size_t i = 0; i < rows * d; i++) {
        const size_t at = i % d;
        double sum = 0;
        for (size_t k = transpose ? at : 0; k < (transpose ? d : at + 1); k++)
            sum += l[transpose ? k * d + at : at * d + k] * x[i - at + k];
        ck_close(sum, cos((double)i), 1e-12, 1);
    }
    free(l), free(x);
}
END_TEST

START_TEST(test_no_room)
{
    int status;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    const pid_t child = fork();
    if (child == 0)
        _exit(!(tril_blas_ready() && run(multiply, tape) && run(take_over, tape)));
    ck_assert(waitpid(child, &status, 0) == child && WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_kernels_blas(void)
{
    Suite *suite = suite_create("kernels/blas");
    TCase *tcase = tcase_create("memory");
    tcase_set_tags(tcase, "program"); /* its process ends with memory that nobody gave back */
    tcase_add_test(tcase, test_no_room);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("pieces");
    tcase_add_loop_test(tcase, test_pieces, 0, 4 * sizeof sizes / sizeof *sizes);
    tcase_add_loop_test(tcase, test_triangle, 0, 2 * sizeof triangles / sizeof *triangles);
    suite_add_tcase(suite, tcase);
    return suite;
}
