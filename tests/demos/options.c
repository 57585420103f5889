/* What the demos have in common on their command lines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demos/demo.h"

/* what could not be written is no success */
START_TEST(test_full_disk)
{
    static const char *const program[] = { "categories", "shapes", "points" };
    static const char *const arguments[] = { "--sweep --seeds 1 >/dev/full",
                                             "--csv --rows 10 --runs 1 >/dev/full",
                                             "--csv --epochs 1 data/quakes.csv >/dev/full" };
    char text[64];
    ck_assert_int_eq(demo_run(program[_i], arguments[_i], text, sizeof text), 1);
}
END_TEST

/* the bar on a terminal: it leaves room for the rate, and is as long as there is room */
START_TEST(test_progress)
{
    static char text[1 << 16];
    static const int columns[] = { 72, 80, 200 };
    char command[400], folder[DEMO_FOLDER];
    const char *build = getenv("BUILD"), *run = getenv("RUN");
    size_t longest = 0;
    if (system("script -qec true /dev/null </dev/null >/dev/null 2>&1"))
        return; /* some containers have no pseudo-terminals */
    demo_folder(folder);
    snprintf(
        command, sizeof command,
        "script -qec 'stty cols %d; %s %s/tril fit data/points.csv --targets x,y,z --epochs 20 "
        "-o %s/m > %s/out' /dev/null < /dev/null",
        columns[_i], run ? run : "", build ? build : "build", folder, folder);
    FILE *out = popen(command, "r");
    ck_assert_ptr_nonnull(out);
    text[fread(text, 1, sizeof text - 1, out)] = 0;
    ck_assert_int_eq(pclose(out), 0);
    ck_assert_msg(strstr(text, " s left: NLL ") && strstr(text, " rows/s\033[K"), "%s", text);
    for (char *line = strtok(text, "\r\n"); line; line = strtok(NULL, "\r\n")) {
        static const char begin[] = "\033[?7l";
        const char *bar = line + strlen(begin);
        size_t n = strcspn(bar, "\033");
        if (!strncmp(line, begin, strlen(begin)) && n > longest)
            longest = n;
    }
    ck_assert_uint_gt(longest, 60);
    ck_assert_uint_le(longest, columns[_i] - 3);
    demo_remove(folder);
}
END_TEST

Suite *suite_demos_options(void)
{
    Suite *suite = suite_create("demos/options");
    TCase *tcase = tcase_create("options");
    tcase_set_tags(tcase, "program");
    tcase_add_loop_test(tcase, test_full_disk, 0, 3);
    tcase_add_loop_test(tcase, test_progress, 0, 3);
    suite_add_tcase(suite, tcase);
    return suite;
}
