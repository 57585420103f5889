/* The state of a run through a file: taken over from there it ends with the bits of the run left
 * alone. */
#include "train/fitting.h"

#include <stdio.h>
#include <string.h>

#include "io/files.h"

enum { ROWS = 300 };

/* with best parameters and without, each optimizer */
static const struct {
    tril_head_opts head;
    tril_fit_opts opts;
} cases[] = {
    { { 0 }, { .epochs = 4, .batch = 100 } },
    { { .kind = &tril_head_shared },
      { .epochs = 4, .batch = 100, .validation_share = 0.2, .weight_decay = 0.01 } },
    { { .kind = &tril_head_diagonal },
      { .epochs = 4, .batch = 100, .optim = &tril_optim_sgd, .momentum = 0.9 } },
};

static fitting begin(size_t which, uint64_t seed)
{
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = seed });
    fitting f = fitting_begin(ctx, ROWS, 2, &cases[which].head, &cases[which].opts);
    ck_fine(ctx);
    return f;
}

static void end(fitting *f)
{
    tril_ctx *ctx = f->ctx;
    fitting_free(f);
    tril_ctx_free(ctx);
}

static void keep(const fitting *f)
{
    tril_tensors *t = tril_tensors_new(f->ctx);
    ck_assert(tril_tensors_put_fit(t, "", f->fit) && tril_tensors_write(t, file_path()));
    tril_tensors_free(t);
}

START_TEST(test_taken_over)
{
    fitting alone = begin((size_t)_i, 5);
    ck_assert(tril_fit_run(alone.fit, NULL, NULL));
    for (size_t k = 0; k <= 12; k += 2) {
        fitting first = begin((size_t)_i, 5), second = begin((size_t)_i, 6);
        for (size_t i = 0; i < k; i++)
            tril_fit_step(first.fit);
        keep(&first);
        tril_tensors *t = tril_tensors_read(second.ctx, file_path());
        ck_assert(tril_tensors_get_fit(t, "", second.fit));
        tril_tensors_free(t);
        ck_assert(tril_fit_run(second.fit, NULL, NULL));
        ck_assert_mem_eq(tril_params_values(alone.params), tril_params_values(second.params),
                         tril_params_size(alone.params) * sizeof(tril_real));
        ck_assert_double_eq(tril_fit_get_status(alone.fit).best_nll,
                            tril_fit_get_status(second.fit).best_nll);
        end(&first), end(&second);
    }
    ck_assert_int_eq(remove(file_path()), 0);
    end(&alone);
}
END_TEST

/* tensor number k of the state is not there, or another: the fit stays as it is */
START_TEST(test_wrong)
{
    fitting f = begin(1, 5), other = begin(1, 6);
    size_t n;
    const tril_array *state = tril_fit_state(f.fit, &n);
    tril_fit_step(f.fit);
    size_t size = tril_params_size(other.params) * sizeof(tril_real);
    tril_real before[400];
    memcpy(before, tril_params_values(other.params), size);
    for (size_t k = 0; k < n; k++) {
        tril_tensors *t = tril_tensors_new(other.ctx);
        for (size_t i = 0; i < n; i++) {
            const size_t count = state[i].size;
            const tril_dtype types[] = { TRIL_REAL_DTYPE, TRIL_F64, TRIL_U64 };
            const tril_dtype others[] = { IS_DOUBLE ? TRIL_F32 : TRIL_F64, TRIL_F32, TRIL_I64 };
            static const double zeros[400];
            if (i != k)
                tril_tensors_put(t, state[i].name, types[state[i].type], TRIL_SHAPE(count),
                                 state[i].values);
            else if (_i > 0)
                tril_tensors_put(t, state[i].name, (_i == 1 ? types : others)[state[i].type],
                                 TRIL_SHAPE(count + (_i == 1)), zeros);
        }
        ck_fine(other.ctx);
        ck_assert(!tril_tensors_get_fit(t, "", other.fit));
        ck_assert(strstr(tril_ctx_message(other.ctx), state[k].name));
        ck_failed(other.ctx, TRIL_BAD_DATA,
                  _i == 0   ? "there is no tensor"
                  : _i == 1 ? "has the shape"
                            : ", wanted is ");
        ck_assert_mem_eq(before, tril_params_values(other.params), size);
        ck_assert_uint_eq(tril_fit_get_status(other.fit).steps, 0);
        tril_tensors_free(t);
    }
    end(&f), end(&other);
}
END_TEST

static void put_and_get(tril_ctx *ctx)
{
    fitting f = fitting_begin(ctx, ROWS, 2, &cases[1].head, &cases[1].opts);
    tril_tensors *t = tril_tensors_new(ctx);
    tril_tensors_put_fit(t, "", f.fit);
    tril_tensors_get_fit(t, "", f.fit);
    tril_tensors_free(t);
    fitting_free(&f);
}

START_TEST(test_exhaust)
{
    ck_assert_uint_gt(exhaust(put_and_get), 15);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tensors *t = tril_tensors_new(ctx);
    ck_assert(!tril_tensors_put_fit(t, "", NULL) && !tril_tensors_get_fit(t, "", NULL));
    tril_tensors_free(t);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_model_tensors_fit(void)
{
    Suite *suite = suite_create("model/tensors_fit");
    TCase *tcase = tcase_create("runs in files");
    tcase_set_tags(tcase, "trains");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_taken_over, 0, sizeof cases / sizeof *cases);
    tcase_add_loop_test(tcase, test_wrong, 0, 3);
    tcase_add_test(tcase, test_exhaust);
    suite_add_tcase(suite, tcase);
    return suite;
}
