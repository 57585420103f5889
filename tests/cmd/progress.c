/* The progress bar. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demos/demo.h"

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
    snprintf(command, sizeof command,
             "script -qec 'stty cols %d; %s %s/tril fit data/points.csv --targets x,y,z --epochs "
             "20 --ensemble 1 "
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

Suite *suite_cmd_progress(void)
{
    Suite *suite = suite_create("cmd/progress");
    TCase *tcase = tcase_create("progress");
    tcase_set_tags(tcase, "program");
    tcase_add_loop_test(tcase, test_progress, 0, 3);
    suite_add_tcase(suite, tcase);
    return suite;
}
