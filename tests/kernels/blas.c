/* Where there is no room for a buffer of OpenBLAS, its callers fail and it is not called. */
#include "kernels/blas.h"

#include <pthread.h>
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
    return suite;
}
