/* `tril search` and `tril fit --folds`: what is chosen, from what, and runs that are stopped. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "demos/demo.h"

enum { TEXT = 8192, LINE = 600 };

/* 160 rows in which y bends with x, and z is a line beside it; or both are lines */
static void write_rows(const char *folder, const char *name, double bend)
{
    static char text[TEXT];
    char path[64];
    tril_real noise[320];
    tril_random random = tril_random_stream(11, 1);
    tril_random_normal(&random, noise, 320);
    size_t at = (size_t)sprintf(text, "x,y,z\n");
    for (int i = 0; i < 160; i++) {
        const double x = (i * 37 % 160) / 40. - 2;
        at += (size_t)snprintf(text + at, TEXT - at, "%g,%.3f,%.3f\n", x,
                               bend * x * x + x + 0.2 * (double)noise[2 * i],
                               x + 0.2 * (double)noise[2 * i + 1]);
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    demo_write(path, text);
}

#define TARGETS " --targets y,z --epochs 60 --batch 8 --lr 0.01 --average 0 --ensemble 1 "
#define FEW                                                                                        \
    TARGETS "--head linear/full --hidden 16 --activation tanh --input-noise 1/0.5 "                \
            "--weight-decay 0.003 "

/* a line is kept where there is no more to learn; otherwise the network is taken */
START_TEST(test_chosen)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER];
    demo_folder(folder);
    write_rows(folder, "bend.csv", 1);
    write_rows(folder, "line.csv", 0);
    ck_assert_int_eq(demo_tril(folder, "search $/bend.csv --csv -o $/m --folds 2" FEW, text, TEXT),
                     0);
    ck_assert_double_eq(demo_figure(text, "held,taken,head linear"), 0);
    ck_assert_double_eq(demo_figure(text, "held,taken,head full"), 1);
    ck_assert_double_gt(demo_figure(text, "held,above_best,head linear"), 0.3);
    ck_assert_double_gt(demo_figure(text, "held,above_best_error,head linear"), 0);
    ck_assert_double_eq(demo_figure(text, "held,above_best,head full"), 0);
    ck_assert_double_gt(demo_figure(text, "held,nll_error,input-noise 0.5"), 0);
    ck_assert_int_eq(demo_tril(folder, "search $/line.csv -o $/m" FEW, text, TEXT), 0);
    const char *line = strstr(text, "head          linear");
    ck_assert_msg(line && strstr(line, "taken") < strchr(line, '\n'), "%s", text);
    ck_assert_int_eq(demo_tril(folder, "info $/m", text, TEXT), 0);
    ck_assert_msg(strstr(text, "--head shared") && strstr(text, "--hidden 0"), "%s", text);
    demo_remove(folder);
}
END_TEST

/* what is chosen is what `tril fit` trains with these settings, on any number of threads */
START_TEST(test_same_as_fit)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER];
    demo_begin(folder);
    write_rows(folder, "d", 1);
    ck_assert_int_eq(demo_shell("$tril search $d/d -o $d/1 --folds 3" FEW " >$d/out1"), 0);
    ck_assert_int_eq(demo_shell("$tril search $d/d -o $d/1 --folds 3" FEW " --threads 3 >$d/out3"),
                     0);
    ck_assert_int_eq(demo_shell("grep -v epochs $d/out1 >$d/a; grep -v epochs $d/out3 >$d/b; "
                                "cmp $d/a $d/b"),
                     0);
    ck_assert_int_eq(demo_shell("noise=$(sed -n 's/^input-noise *\\([0-9.]*\\) .*taken/\\1/p; "
                                "s/^  *\\([0-9.]*\\) .*taken/\\1/p' $d/a | tail -n 1); "
                                "$tril fit $d/d -o $d/2" TARGETS
                                "--head full --hidden 16 --input-noise $noise >$d/c; "
                                "sed -n '/^NLL.*test/,/^model/p' $d/a | grep -v model >$d/e; "
                                "sed -n '/^NLL.*test/,/^model/p' $d/c | grep -v model | "
                                "cmp - $d/e"),
                     0);
    ck_assert_int_eq(demo_tril(folder, "fit $/d --csv -o $/2 --folds 3" TARGETS, text, TEXT), 0);
    ck_assert_double_gt(demo_figure(text, "held,nll_error,"), 0);
    ck_assert_ptr_null(strstr(text, "head"));
    demo_remove(folder);
}
END_TEST

/* rows to test change nothing of what is said before them */
START_TEST(test_rows_to_test)
{
    char folder[DEMO_FOLDER];
    demo_begin(folder);
    write_rows(folder, "d", 1);
    write_rows(folder, "t", 3);
    ck_assert_int_eq(demo_shell("$tril search $d/d --test $d/d -o $d/1 --csv" FEW ">$d/a && "
                                "$tril search $d/d --test $d/t -o $d/2 --csv" FEW ">$d/b; "
                                "! cmp -s $d/a $d/b && grep held $d/a >$d/c && "
                                "grep held $d/b | cmp - $d/c"),
                     0);
    demo_remove(folder);
}
END_TEST

/* beyond the budget there is the first candidate; what is later is not tried */
START_TEST(test_budget)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER];
    demo_folder(folder);
    write_rows(folder, "d", 1);
    ck_assert_int_eq(
        demo_tril(folder, "search $/d -o $/m --budget 0 --folds 2" TARGETS, text, TEXT), 0);
    ck_assert_msg(strstr(text, "auto ") && strstr(text, "mixture:3          not tried"), "%s",
                  text);
    ck_assert_int_eq(
        demo_tril(folder, "search $/d -o $/m --order x --folds 2 --csv" FEW, text, TEXT), 0);
    ck_assert_double_gt(demo_figure(text, "held,nll_error,head linear"), 0);
    demo_remove(folder);
}
END_TEST

/* stopped at any moments, in any way, a search ends with the bytes of one left alone */
START_TEST(test_stopped)
{
    char folder[DEMO_FOLDER], line[LINE];
    tril_random random = tril_random_stream(7, 1);
    demo_begin(folder);
    write_rows(folder, "d", 1);
    ck_assert_int_eq(demo_shell("$tril search $d/d --csv -o $d/alone --folds 2" FEW ">$d/a"), 0);
    for (int i = 0; i < 8; i++) {
        tril_real moment;
        tril_random_uniform(&random, &moment, 1);
        snprintf(line, sizeof line, "$tril search $d/d -o $d/m --folds 2 --resume --threads %d" FEW,
                 1 + i % 2);
        pid_t child = demo_start(line);
        const double seconds = 0.005 + 0.1 * (double)moment;
        nanosleep(&(struct timespec){ .tv_nsec = (long)(1e9 * seconds) }, NULL);
        kill(child, demo_signals[i % DEMO_SIGNALS]);
        const int status = demo_wait_for(child);
        ck_assert_msg(WIFSIGNALED(status) || WEXITSTATUS(status) < 2, "run %d, status %d", i,
                      status);
    }
    ck_assert_int_eq(demo_shell("$tril search $d/d --csv -o $d/m --folds 2 --resume" FEW
                                ">$d/b 2>$d/out && cmp $d/m $d/alone && cmp $d/a $d/b"),
                     0);
    ck_assert_int_eq(demo_shell("test \"$(echo $(ls $d))\" = 'a alone b d m out'"), 0);
    demo_remove(folder);
}
END_TEST

static const struct {
    const char *arguments, *sentence;
} refused[] = {
    { "search $/d --targets y", "tril search: $/m.search is there, of a run that was stopped" },
    { "search $/d --targets y --resume", "$/m.search was begun with --targets y,z" },
    { "search $/d -o $/n --targets y --validation 0 --test 0",
      "no row is left to judge by: say --validation or --folds" },
    { "search $/d -o $/n --targets y --folds 1", "--folds wants" },
    { "search $/d -o $/n --targets y --folds 500", "136 rows cannot make 500 folds" },
    { "search $/d -o $/n --targets y --order z --folds 130", "too few for 130 folds" },
    { "search $/d -o $/n --targets y --head ''", "--head wants 1 to 16 texts between /, not ''" },
    { "search $/d -o $/n --targets y --head full/bad", "--head wants full, diagonal" },
    { "search $/d -o $/n --targets y --budget x", "--budget wants a number" },
    { "fit $/d -o $/n --targets y --budget 1", "tril fit: " },
};

START_TEST(test_refused)
{
    char folder[DEMO_FOLDER], line[LINE];
    demo_begin(folder);
    write_rows(folder, "d", 1);
    ck_assert_int_eq(demo_shell("$tril search $d/d -o $d/m" FEW
                                "--epochs 1000000 --patience 0 & pid=$!; "
                                "while [ ! -e $d/m.search ]; do sleep 0.01; done; "
                                "kill -9 $pid; wait $pid; test -e $d/m.search"),
                     0);
    snprintf(line, sizeof line, "%s%s", refused[_i].arguments,
             strstr(refused[_i].arguments, "-o") ? "" : " -o $/m");
    demo_refused(folder, line, 2, refused[_i].sentence);
    demo_remove(folder);
}
END_TEST

Suite *suite_cmd_search(void)
{
    Suite *suite = suite_create("cmd/search");
    TCase *tcase = tcase_create("search");
    tcase_set_tags(tcase, "program");
    tcase_add_test(tcase, test_chosen);
    tcase_add_test(tcase, test_same_as_fit);
    tcase_add_test(tcase, test_rows_to_test);
    tcase_add_test(tcase, test_budget);
    tcase_add_test(tcase, test_stopped);
    tcase_add_loop_test(tcase, test_refused, 0, sizeof refused / sizeof *refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
