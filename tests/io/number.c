/* Numbers in text against the C library's. */
#include "io/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static void check(const char *text)
{
    double x = tril_number_read(text, strlen(text)), wanted = strtod(text, NULL);
    if (x != wanted || signbit(x) != signbit(wanted))
        ck_abort_msg("%s is read as %.17g, wanted %.17g", text, x, wanted);
}

/* digits and a point among them, as printf does not write them */
static void random_text(tril_random *random, char *text)
{
    size_t digits = 1 + tril_random_below(random, 32), point = tril_random_below(random, 24);
    char *p = text;
    if (tril_random_below(random, 2))
        *p++ = '-';
    for (size_t i = 0; i < digits; i++) {
        if (i == point)
            *p++ = '.';
        *p++ = (char)('0' + tril_random_below(random, tril_random_below(random, 2) ? 10 : 2));
    }
    *p = 0;
}

/* the last bit is right, whatever is written: numbers of each precision, and digits at random */
START_TEST(test_last_bit)
{
    tril_random random = tril_random_stream(3, _i);
    for (int i = 0; i < 100000; i++) {
        char text[64];
        uint64_t bits = (uint64_t)tril_random_below(&random, 1u << 31) << 22 ^
                        tril_random_below(&random, 1u << 31);
        double x = ldexp((double)bits, -(int)tril_random_below(&random, 80));
        snprintf(text, sizeof text, _i & 1 ? "%.*f" : "%.*g",
                 (int)(1 + tril_random_below(&random, 18)), x);
        check(text);
        random_text(&random, text);
        check(text);
    }
}
END_TEST

/* halfway between two numbers, and next to it */
START_TEST(test_ties)
{
    static const char *const forms[] = { "%llu", "-%llu", "%llu.0", "%llu.1", "0%llu.00" };
    static const char *const halves[] = { "%llu.5", "-%llu.50", "%llu.49", "%llu.51", "+%llu.5" };
    tril_random random = tril_random_stream(4, 0);
    for (int i = 0; i < 30000; i++) {
        unsigned long long whole = (1ull << 53) + 1 + 2 * tril_random_below(&random, 1u << 31);
        for (int k = 0; k < 5; k++) {
            char text[64];
            snprintf(text, sizeof text, forms[k], whole);
            check(text);
            snprintf(text, sizeof text, halves[k], whole - (1ull << 52));
            check(text);
        }
    }
}
END_TEST

/* what is written is the shortest that reads back */
START_TEST(test_write)
{
    static const struct {
        double x;
        const char *text;
    } cases[] = {
        { 0, "0" },
        { -0., "-0" },
        { 1, "1" },
        { -2.5, "-2.5" },
        { 0.1, "0.1" },
        { 1e22, "1e+22" },
        { 1. / 3, "0.3333333333333333" },
        { 0.1 + 0.2, "0.30000000000000004" },
        { 123456789, "123456789" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_str_eq(tril_number_write(cases[i].x).text, cases[i].text);
}
END_TEST

/* a thread's own locale comes back */
START_TEST(test_locale)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_c_locale c;
    locale_t own = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0), before = uselocale(own);
    ck_assert(tril_c_locale_begin(&c, ctx, "a test"));
    ck_assert(uselocale((locale_t)0) != own);
    tril_c_locale_end(&c);
    ck_assert(uselocale((locale_t)0) == own);
    uselocale(before);
    freelocale(own);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_io_number(void)
{
    Suite *suite = suite_create("io/number");
    TCase *tcase = tcase_create("number");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_ties);
    tcase_add_test(tcase, test_write);
    tcase_add_test(tcase, test_locale);
    suite_add_tcase(suite, tcase);
    TCase *last = tcase_create("last bits");
    tcase_set_timeout(last, 120);
    tcase_set_tags(last, "long");
    tcase_add_loop_test(last, test_last_bit, 0, 4);
    suite_add_tcase(suite, last);
    return suite;
}
