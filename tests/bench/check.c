/* The bench's own check: a quick run succeeds, which it does not when a limit written by hand does
 * other work than the library, and what it writes is complete. Times are not looked at. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

static int bench_run(const char *arguments, char *text, size_t size)
{
    char command[512];
    const char *build = getenv("BUILD"), *run = getenv("RUN"); /* run: an emulator */
    snprintf(command, sizeof command, "%s %s/bench %s 2>&1", run ? run : "",
             build ? build : "build", arguments);
    FILE *out = popen(command, "r");
    ck_assert_ptr_nonnull(out);
    text[fread(text, 1, size - 1, out)] = 0;
    int status = pclose(out);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(test_quick)
{
    static char text[16384];
    char path[] = "/tmp/tril-bench-XXXXXX", arguments[64];
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    close(file);
    snprintf(arguments, sizeof arguments, "--quick --json %s", path);
    ck_assert_msg(bench_run(arguments, text, sizeof text) == 0, "%s", text);
    json_t *rows = json_load_file(path, 0, NULL), *row;
    ck_assert_uint_eq(json_array_size(rows), 28);
    size_t i;
    json_array_foreach(rows, i, row)
    {
        const char *name;
        json_int_t n, d, threads;
        double work, limit, ratio;
        json_t *bound;
        ck_assert_int_eq(json_unpack(row, "{s:s, s:I, s:I, s:I, s:f, s:f, s:f, s:o !}", "name",
                                     &name, "rows", &n, "d", &d, "threads", &threads, "us", &work,
                                     "limit_us", &limit, "ratio", &ratio, "bound", &bound),
                         0);
        ck_assert_msg(strstr(text, name), "the table lacks %s", name);
        ck_assert(n > 0 && d > 0 && threads > 0 && work > 0 && limit > 0 && ratio > 0);
        ck_assert(json_is_real(bound) || json_is_null(bound));
    }
    json_decref(rows);
    unlink(path);
}
END_TEST

START_TEST(test_use)
{
    static char text[1024];
    ck_assert_int_eq(bench_run("--nonsense", text, sizeof text), 2);
    ck_assert_msg(strstr(text, "usage: bench"), "%s", text);
}
END_TEST

Suite *suite_bench_check(void)
{
    Suite *suite = suite_create("bench/check");
    TCase *tcase = tcase_create("check");
    tcase_set_tags(tcase, "program");
    tcase_add_test(tcase, test_quick);
    tcase_add_test(tcase, test_use);
    suite_add_tcase(suite, tcase);
    return suite;
}
