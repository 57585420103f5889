/* Names: many of them, and memory that runs out while one is added. */
#include "core/names.h"

#include <stdio.h>
#include <string.h>

#include "support.h"

static const char *name_of(size_t i)
{
    static char name[64];
    snprintf(name, sizeof name, "net.%zu.weight.%zx", i, i * i);
    return name;
}

START_TEST(test_thousands)
{
    enum { N = 5000 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_arena arena = { .ctx = ctx };
    tril_names names = { .arena = &arena };
    ck_assert_uint_eq(tril_names_find(&names, "x"), SIZE_MAX);
    for (size_t i = 0; i < N; i++) {
        const char *copy = tril_names_add(&names, name_of(i), 3 * i);
        ck_assert_str_eq(copy, name_of(i));
        ck_assert_ptr_ne(copy, name_of(i));
    }
    for (size_t i = 0; i < N; i++)
        ck_assert_uint_eq(tril_names_find(&names, name_of(i)), 3 * i);
    ck_assert_uint_eq(tril_names_find(&names, name_of(N)), SIZE_MAX);
    ck_assert_uint_eq(tril_names_find(&names, "net.1.weight."), SIZE_MAX);
    ck_assert_uint_eq(tril_names_find(&names, ""), SIZE_MAX);
    ck_fine(ctx);
    tril_arena_free(&arena);
    tril_ctx_free(ctx);
}
END_TEST

/* two maps at a time do not know of each other */
START_TEST(test_two_maps)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_arena arena = { .ctx = ctx };
    tril_names a = { .arena = &arena }, b = { .arena = &arena };
    for (size_t i = 0; i < 100; i++) {
        tril_names_add(&a, name_of(2 * i), i);
        tril_names_add(&b, name_of(2 * i + 1), i);
    }
    for (size_t i = 0; i < 100; i++) {
        ck_assert_uint_eq(tril_names_find(&a, name_of(2 * i)), i);
        ck_assert_uint_eq(tril_names_find(&a, name_of(2 * i + 1)), SIZE_MAX);
        ck_assert_uint_eq(tril_names_find(&b, name_of(2 * i + 1)), i);
    }
    tril_arena_free(&arena);
    tril_ctx_free(ctx);
}
END_TEST

/* a name whose adding failed is not there, those before it are */
static void add_many(tril_ctx *ctx)
{
    enum { N = 600 };
    tril_arena arena = { .ctx = ctx };
    tril_names names = { .arena = &arena };
    size_t added = 0;
    while (added < N && tril_names_add(&names, name_of(added), added))
        added++;
    ck_assert(tril_ctx_failed(ctx) == (added < N));
    for (size_t i = 0; i < added; i++)
        ck_assert_uint_eq(tril_names_find(&names, name_of(i)), i);
    ck_assert_uint_eq(tril_names_find(&names, name_of(added)), SIZE_MAX);
    tril_arena_free(&arena);
}

START_TEST(test_out_of_memory)
{
    ck_assert_uint_ge(exhaust(add_many), 3);
}
END_TEST

Suite *suite_core_names(void)
{
    Suite *suite = suite_create("core/names");
    TCase *tcase = tcase_create("names");
    tcase_add_test(tcase, test_thousands);
    tcase_add_test(tcase, test_two_maps);
    tcase_add_test(tcase, test_out_of_memory);
    suite_add_tcase(suite, tcase);
    return suite;
}
