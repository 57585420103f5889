/* Steps that several processes share, here threads with pipes between them: the bits of one alone,
 * for any number of them and of their threads; failures. */
#include "train/group.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "train/fitting.h"

enum { MOST = 5, ROWS = 1900 };

typedef struct process {
    struct team *team;
    size_t rank;
    fitting f;
    tril_fit_status status;
    size_t first, n; /* rows of its own */
    double mean;
    tril_status failed;
    char message[512];
} process;

typedef struct team {
    size_t size, threads;
    int pipes[MOST][MOST][2]; /* from, to */
    size_t bad;               /* the loss fails from this row on */
    process of[MOST];
} team;

static bool pass(bool sends, int file, char *bytes, size_t n)
{
    while (n) {
        const ssize_t done = sends ? write(file, bytes, n) : read(file, bytes, n);
        if (done <= 0)
            return false;
        bytes += done;
        n -= (size_t)done;
    }
    return true;
}

static bool put(void *user, size_t to, const void *bytes, size_t n)
{
    const process *p = user;
    return pass(true, p->team->pipes[p->rank][to][1], (char *)(uintptr_t)bytes, n);
}

static bool take(void *user, size_t from, void *bytes, size_t n)
{
    const process *p = user;
    return pass(false, p->team->pipes[from][p->rank][0], bytes, n);
}

static tril_group group_of(process *p)
{
    return (tril_group){ p->rank, p->team->size, put, take, p };
}

/* all processes at once */
static void run(team *t, size_t size, size_t threads, bool (*process_run)(void *data, size_t k))
{
    t->size = size;
    t->threads = threads;
    for (size_t i = 0; i < size; i++) {
        t->of[i] = (process){ .team = t, .rank = i };
        for (size_t j = 0; j < size; j++)
            ck_assert_int_eq(pipe(t->pipes[i][j]), 0);
    }
    ck_assert(tril_tasks_run(size, size, process_run, t));
    for (size_t i = 0; i < size * size; i++) {
        close(t->pipes[i / size][i % size][0]);
        close(t->pipes[i / size][i % size][1]);
    }
}

static bool fit(void *data, size_t k)
{
    process *p = &((team *)data)->of[k];
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 8 });
    const tril_group group = group_of(p);
    p->f = fitting_begin(ctx, ROWS, 2, NULL,
                         &(tril_fit_opts){ .batch = 900,
                                           .epochs = 4,
                                           .validation_share = 0.4,
                                           .threads = p->team->threads,
                                           .processes = &group });
    const bool done = tril_fit_run(p->f.fit, NULL, NULL);
    p->status = tril_fit_get_status(p->f.fit);
    p->status.seconds = p->status.rows_per_second = 0;
    tril_fit_free(p->f.fit);
    p->f.fit = NULL;
    return done;
}

static void end(team *t)
{
    for (size_t i = 0; i < t->size; i++) {
        tril_ctx *ctx = t->of[i].f.ctx;
        fitting_free(&t->of[i].f);
        tril_ctx_free(ctx);
    }
}

START_TEST(test_fit)
{
    team alone, many;
    run(&alone, 1, 1, fit);
    run(&many, 1 + (size_t)_i % MOST, 1 + (size_t)_i / MOST, fit);
    for (size_t i = 0; i < many.size; i++) {
        ck_assert_mem_eq(&alone.of[0].status, &many.of[i].status, sizeof alone.of[0].status);
        ck_assert_mem_eq(tril_params_values(alone.of[0].f.params),
                         tril_params_values(many.of[i].f.params),
                         tril_params_size(alone.of[0].f.params) * sizeof(tril_real));
    }
    end(&alone), end(&many);
}
END_TEST

/* fails in the shards of and behind a row; no process sees what is not its own */
static tril_var spoilt(tril_tape *tape, size_t first, size_t n, void *user)
{
    const process *p = user;
    static const tril_real zeros[5];
    if (first < p->first || first + n > p->first + p->n)
        return (tril_var){ 0 };
    tril_var x = tril_input(tape, zeros, TRIL_SHAPE(2));
    return first + n > p->team->bad ? tril_add(x, tril_input(tape, zeros, TRIL_SHAPE(3)))
                                    : tril_scalar(tape, (tril_real)first);
}

static bool mean(void *data, size_t k)
{
    process *p = &((team *)data)->of[k];
    const tril_group group = group_of(p);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_shards *shards = tril_shards_new(
        params, &(tril_shards_opts){ .threads = 2, .rows = 100, .processes = &group });
    tril_group_rows(&group, 100, 950, &p->first, &p->n);
    tril_shards_mean(shards, 950, spoilt, p, &p->mean);
    p->failed = tril_ctx_status(ctx);
    snprintf(p->message, sizeof p->message, "%s", tril_ctx_message(ctx));
    tril_shards_free(shards);
    tril_params_free(params);
    tril_ctx_free(ctx);
    return true;
}

/* all fail of the first shard that does, whoever has it */
START_TEST(test_failure)
{
    static const size_t bad[] = { 0, 250, 940 };
    team t = { .bad = bad[_i % 3] };
    char wanted[64];
    run(&t, 1 + (size_t)_i / 3, 1, mean);
    const size_t first = t.bad / 100 * 100, last = first < 900 ? first + 99 : 949;
    snprintf(wanted, sizeof wanted, "rows %zu to %zu: ", first, last);
    for (size_t i = 0; i < t.size; i++) {
        ck_assert_int_eq(t.of[i].failed, TRIL_BAD_SHAPE);
        ck_assert_msg(strstr(t.of[i].message, wanted) == t.of[i].message, "%s", t.of[i].message);
    }
}
END_TEST

/* each row is one process's, in their order; and more of them than shards do no harm */
START_TEST(test_own)
{
    team t = { .bad = 950 };
    run(&t, 1 + (size_t)_i, 1, mean);
    size_t rows = 0;
    for (size_t i = 0; i < t.size; i++) {
        ck_assert_msg(!t.of[i].failed, "%s", t.of[i].message);
        ck_assert(t.of[i].first == rows && t.of[i].first % 50 == 0);
        ck_assert_double_eq(t.of[i].mean, t.of[0].mean);
        rows += t.of[i].n;
    }
    ck_assert_uint_eq(rows, 950);
    const tril_group_part part = tril_group_part_of(&(tril_group){ .rank = 4, .size = 5 }, 3);
    ck_assert(part.first == 3 && part.last == 3 && part.ranks == 3);
}
END_TEST

static bool gone(void *user, size_t to, const void *bytes, size_t n)
{
    (void)user, (void)to, (void)bytes, (void)n;
    return false;
}

static bool nobody(void *user, size_t from, void *bytes, size_t n)
{
    (void)user, (void)from, (void)bytes, (void)n;
    return false;
}

START_TEST(test_gone)
{
    const tril_group group = { (size_t)_i, 2, gone, nobody, NULL },
                     none = { 2, 2, gone, nobody, NULL }, mute = { 0, 2, gone, NULL, NULL };
    team t = { .bad = 950 };
    process p = { .team = &t, .n = 950 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_shards *shards = tril_shards_new(params, &(tril_shards_opts){ .processes = &group });
    ck_assert(!tril_shards_mean(shards, 950, spoilt, &p, NULL));
    ck_failed(ctx, TRIL_NO_THREAD, "shards: a process of the group is gone");
    ck_assert_ptr_null(tril_shards_new(params, &(tril_shards_opts){ .processes = &none }));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "shards: a group of 2 processes has no rank 2");
    ck_assert_ptr_null(tril_shards_new(params, &(tril_shards_opts){ .processes = &mute }));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "shards: the group has no function to receive");
    size_t first = 1, rows = 1;
    tril_group_rows(&(tril_group){ 0 }, 0, 950, &first, &rows);
    ck_assert(first == 0 && rows == 0);
    tril_shards_free(shards);
    tril_params_free(params);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_train_group(void)
{
    Suite *suite = suite_create("train/group");
    TCase *tcase = tcase_create("group");
    tcase_set_tags(tcase, "trains");
    tcase_add_loop_test(tcase, test_fit, 0, 2 * MOST);
    tcase_add_loop_test(tcase, test_failure, 0, 3 * MOST);
    tcase_add_loop_test(tcase, test_own, 0, MOST);
    tcase_add_loop_test(tcase, test_gone, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
