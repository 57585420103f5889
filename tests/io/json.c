/* Jansson reads without memory of its own. */
#include "io/json.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "io/files.h"
#include "support.h"

static size_t allocations;

static void *count_malloc(size_t size)
{
    allocations++;
    return malloc(size);
}

/* texts that take much memory for their length: a part that is repeated between two others, with
 * its number in the place of each $ */
static const struct {
    const char *begin, *part, *end;
    size_t n;
} texts[] = {
    { "", "{}", "", 1 },
    { "{", "\"$\":{},", "\"\":0}", 3000 },
    { "[", "{},", "0]", 3000 },
    { "[", "{\"a\":{\"b\":{}}},", "0]", 1000 },
    { "[", "0,", "0]", 3000 },
    { "[", "\"\",", "0]", 3000 },
    { "[", "1e9,", "0]", 3000 },
    { "[[[[[[[[[[[[[[[[", "", "]]]]]]]]]]]]]]]]", 0 },
    { "[\"", "long", "\"]", 3000 },
    { "{\"", "\\u20ac", "\":\"long\"}", 3000 },
    { "[\"", "broken", "", 3000 },
    { "[", "[", "", 3000 },
};

static void write_text(growing *text, size_t i)
{
    text_print(text, "%s", texts[i].begin);
    for (size_t k = 0; k < texts[i].n; k++)
        for (const char *p = texts[i].part; *p; p++) {
            if (*p == '$')
                text_print(text, "%zu", k);
            else
                text_add(text, p, 1);
        }
    text_print(text, "%s", texts[i].end);
}

START_TEST(test_no_allocation)
{
    json_malloc_t before_malloc, present_malloc;
    json_free_t before_free, present_free;
    growing text = { 0 };
    tril_json json;
    json_t *a, *b;
    tril_ctx *ctx = tril_ctx_new(NULL);
    write_text(&text, (size_t)_i);
    json_get_alloc_funcs(&before_malloc, &before_free);
    json_set_alloc_funcs(count_malloc, free);
    allocations = 0;
    ck_assert(tril_json_begin(&json, ctx, "text", text.bytes, text.size));
    json_t *read = json_loadb(text.bytes, text.size, JSON_REJECT_DUPLICATES, NULL);
    ck_assert(!read == (texts[_i].end[0] == 0 && texts[_i].n > 1));
    json_unpack(read, "{s?o, s?o!}", "a", &a, "b", &b); /* takes memory too */
    json_decref(read);
    tril_json_end(&json);
    ck_assert_uint_eq(allocations, 0);
    /* what a program has set is there again, and in use */
    json_get_alloc_funcs(&present_malloc, &present_free);
    ck_assert(present_malloc == count_malloc && present_free == free);
    json_set_alloc_funcs(before_malloc, before_free);
    free(text.bytes);
    ck_fine(ctx);
    tril_ctx_free(ctx);
}
END_TEST

/* the sum of a text's numbers */
static void *read_text(void *sum)
{
    json_t *read = json_loads("[1,2,{\"a\":3}]", 0, NULL);
    *(json_int_t *)sum = json_integer_value(json_array_get(read, 0)) +
                         json_integer_value(json_array_get(read, 1)) +
                         json_integer_value(json_object_get(json_array_get(read, 2), "a"));
    json_decref(read);
    return NULL;
}

/* meanwhile threads that read none, and what is longer than the text, take memory as before */
START_TEST(test_others)
{
    static char longer[1 << 16];
    json_malloc_t before_malloc;
    json_free_t before_free;
    tril_json json;
    pthread_t other;
    json_int_t sums[2] = { 0 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    memset(longer, 'x', sizeof longer - 1);
    json_get_alloc_funcs(&before_malloc, &before_free);
    json_set_alloc_funcs(count_malloc, free);
    allocations = 0;
    ck_assert(tril_json_begin(&json, ctx, "text", "[1,2]", 5));
    ck_assert_int_eq(pthread_create(&other, NULL, read_text, &sums[0]), 0);
    ck_assert_int_eq(pthread_join(other, NULL), 0);
    ck_assert(sums[0] == 6 && allocations > 0);
    allocations = 0;
    json_t *text = json_string(longer);
    ck_assert_uint_eq(allocations, 1);
    ck_assert_uint_eq(json_string_length(text), sizeof longer - 1);
    read_text(&sums[1]);
    ck_assert(sums[1] == 6 && allocations == 1);
    json_decref(text);
    tril_json_end(&json);
    json_set_alloc_funcs(before_malloc, before_free);
    ck_fine(ctx);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_io_json(void)
{
    Suite *suite = suite_create("io/json");
    TCase *tcase = tcase_create("json");
    tcase_add_loop_test(tcase, test_no_allocation, 0, sizeof texts / sizeof *texts);
    tcase_add_test(tcase, test_others);
    suite_add_tcase(suite, tcase);
    return suite;
}
