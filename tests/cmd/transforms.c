/* `--transform` as users of the command meet it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demos/demo.h"

enum { TEXT = 1 << 17, ROWS = 600 };

/* A log-normal pair whose correlation depends on x, and a share; returns the pair's mean NLL. */
static double write_rows(const char *folder, const char *name, uint64_t seed)
{
    char path[64];
    double nll = 0;
    tril_random random = tril_random_stream(seed, 1);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    fputs("x,y,\"a, b\",share\n", f);
    for (int i = 0; i < ROWS; i++) {
        tril_real n[4];
        tril_random_normal(&random, n, 4);
        const double x = (double)n[0], r = tanh(x), s = sqrt(1 - r * r), u = (double)n[1],
                     v = r * u + s * (double)n[2], y = 1 + 0.5 * x + 0.4 * u, z = 0.6 * v - 2;
        fprintf(f, "%.17g,%.17g,%.17g,%.17g\n", x, exp(y), exp(z),
                1 / (1 + exp(-x - (double)n[3])));
        nll += (0.5 * (u * u + (double)(n[2] * n[2])) + 2 * 0.91893853320467267 +
                log(0.4 * 0.6 * s) + y + z) /
               ROWS;
    }
    fclose(f);
    return nll;
}

#define FEW " --ensemble 1 --head full --hidden 16 --epochs 120 --threads 1 -o $/m "
#define PAIR "fit $/d --targets 'y,\"a, b\"' --exclude share --transform 'y=log,\"a, b\"=log' " FEW

/* nearer to the truth than a line of the logarithms is, with the same normal about it everywhere */
START_TEST(test_truth)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER];
    demo_folder(folder);
    write_rows(folder, "d", 1);
    const double truth = write_rows(folder, "t", 2);
    ck_assert_msg(demo_tril(folder, PAIR "--test $/t --csv", text, TEXT) == 0, "%s", text);
    const double nll = demo_figure(text, "test,nll,model"),
                 linear = demo_figure(text, "test,nll,linear");
    ck_assert_msg(nll < truth + 0.3, "%g, the truth's is %g", nll, truth);
    ck_assert_msg(nll < linear - 0.15, "%g, the line's is %g", nll, linear);
    ck_assert(demo_figure(text, "test,rmse,y") > 0.5 && demo_figure(text, "test,rmse,y") < 4);
    ck_assert_int_eq(demo_tril(folder, "info $/m", text, TEXT), 0);
    ck_assert_ptr_nonnull(strstr(text, "\nlog(y) "));
    ck_assert_ptr_nonnull(strstr(text, "\nlog(a, b) "));
    ck_assert_int_eq(demo_tril(folder, "predict $/m $/t --components", text, TEXT), 0);
    ck_assert_ptr_nonnull(strstr(text, "row,component,weight,df,loc_log(y),\"loc_log(a, b)\","
                                       "scale_tril_log(y)_log(y),\"scale_tril_log(a, b)_log(y)\""));
    demo_refused(folder, "export $/m", 1,
                 "it learned log(y), and exported C has no transforms: fit without --transform");
    demo_remove(folder);
}
END_TEST

/* every kind, in all that commands say; rows that a transform does not take */
START_TEST(test_commands)
{
    static char text[TEXT], other[TEXT];
    char folder[DEMO_FOLDER], path[64];
    demo_folder(folder);
    write_rows(folder, "d", 1);
    ck_assert_msg(demo_tril(folder,
                            "fit $/d --targets 'y,share,\"a, b\"' "
                            "--transform 'y=auto,share=logit(0,1),\"a, b\"=yeo-johnson'" FEW,
                            text, TEXT) == 0,
                  "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "; targets log(y), logit(0,1)(share), yeo-johnson(0"));
    ck_assert_int_eq(demo_tril(folder, "evaluate $/m $/d --worst 3", text, TEXT), 0);
    ck_assert_ptr_null(strstr(text, "nan"));
    snprintf(path, sizeof path, "%s/e", folder);
    demo_write(path, "x,y,share,\"a, b\"\n1,3,0.5,\n1,3,1,0.1\n1,,,\n");
    ck_assert_int_eq(demo_tril(folder,
                               "predict $/m $/e --quantiles 0.5 --probability 'y > 3' -o $/out",
                               text, TEXT),
                     0);
    ck_assert_msg(strstr(text, "/e: 1 row has numbers that the model does not take and is left "
                               "empty; --strict makes that an error\n"),
                  "%s", text);
    demo_refused(folder, "predict $/m $/e --strict", 2,
                 "line 3, column share: 1 is beyond what logit(0,1) takes, numbers between its "
                 "bounds: leave the cell empty, or choose another transform (--transform)");
    demo_refused(folder, "evaluate $/m $/e", 2,
                 "line 3, column share: 1 is beyond what logit(0,1)");
    demo_write(path, "x,y,share,\"a, b\"\n1,3,0.5,\n1,2,0.25,0.1\n");
    ck_assert_int_eq(demo_tril(folder, "predict $/m $/e --given share", text, TEXT), 0);
    ck_assert_ptr_null(strstr(text, "mean_share"));
    ck_assert_int_eq(demo_tril(folder, "predict $/m $/e --impute", text, TEXT), 0);
    ck_assert(strncmp(text, "y,share,\"a, b\"\n3,0.5,0.", 23) == 0);
    ck_assert_ptr_nonnull(strstr(text, "\n2,0.25,0.1\n"));
    ck_assert_int_eq(demo_tril(folder, "predict $/m $/e --sample 3", text, TEXT), 0);
    ck_assert_int_eq(demo_tril(folder, "predict $/m $/e --sample 3", other, TEXT), 0);
    ck_assert_str_eq(text, other);
    demo_remove(folder);
}
END_TEST

/* exp of a Student's t: no mean, a sentence, and the median instead */
START_TEST(test_no_mean)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER], path[64];
    demo_folder(folder);
    write_rows(folder, "d", 1);
    ck_assert_int_eq(demo_tril(folder,
                               "fit $/d --targets y --exclude share,'\"a, b\"' --transform log" FEW
                               "--head student --epochs 20",
                               text, TEXT),
                     0);
    ck_assert_msg(strstr(text,
                         "\ny has no finite mean in some rows, since log(y) has the tails of a "
                         "Student's t there: its RMSE is that of medians\n"),
                  "%s", text);
    snprintf(path, sizeof path, "%s/e", folder);
    demo_write(path, "x,y\n1,\n");
    ck_assert_int_eq(demo_tril(folder, "predict $/m $/e", text, TEXT), 0);
    ck_assert_msg(strstr(text, "mean_y,sd_y,q0.05_y,q0.5_y,q0.95_y,log_prob\n,,"), "%s", text);
    ck_assert_ptr_nonnull(strstr(text,
                                 ": y has no finite mean in 1 row, since log(y) has the tails "
                                 "of a Student's t there: those cells are empty"));
    ck_assert_int_eq(demo_tril(folder, "predict $/m $/e --impute", text, TEXT), 0);
    ck_assert_ptr_nonnull(strstr(text, "there: its median fills cells\n"));
    /* the heads by default have means */
    ck_assert_int_eq(demo_tril(folder,
                               "fit $/d --targets y --exclude share,'\"a, b\"' --transform log "
                               "--hidden 4 --epochs 2 -o $/n --csv",
                               text, TEXT),
                     0);
    ck_assert(isfinite(demo_figure(text, "test,rmse,y")));
    ck_assert(isfinite(demo_figure(text, "test,rmse_median,y")));
    ck_assert(isfinite(demo_figure(text, "test,crps,y")));
    demo_remove(folder);
}
END_TEST

/* a run that was stopped goes on with the transform that it began with; so does a search */
START_TEST(test_resumed)
{
    char folder[DEMO_FOLDER];
    static const char run[] = "run() { $tril $1 $d/d --targets y,share --exclude '\"a, b\"' "
                              "--transform auto --ensemble 1 "
                              "--hidden 8 --patience 0 --checkpoint-every 1 --epochs $2 $3; }; ";
    char line[1024];
    demo_begin(folder);
    write_rows(folder, "d", 1);
    snprintf(line, sizeof line,
             "%s run fit 300 '-o '$d/alone > $d/out && { run fit 300 '-o '$d/m > $d/out & pid=$!; "
             "while [ ! -e $d/m.checkpoint -a ! -e $d/m ]; do sleep 0.01; done; "
             "kill -INT $pid; wait $pid; run fit 300 '--resume -o '$d/m > $d/out 2>&1; "
             "cmp $d/alone $d/m; }",
             run);
    ck_assert_int_eq(demo_shell(line), 0);
    snprintf(line, sizeof line,
             "%s run search 3 '--folds 2 --head full/student --hidden 4 --activation tanh "
             "--input-noise 1 --weight-decay 0.003 -o '$d/s > $d/out",
             run);
    ck_assert_int_eq(demo_shell(line), 0);
    demo_remove(folder);
}
END_TEST

START_TEST(test_plot)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER];
    demo_folder(folder);
    write_rows(folder, "d", 1);
    ck_assert_int_eq(demo_tril(folder, PAIR "--epochs 5", text, TEXT), 0);
    ck_assert_msg(demo_tril(folder, "plot $/m $/d -o $/p.svg", text, TEXT) == 0, "%s", text);
    demo_remove(folder);
}
END_TEST

static const struct {
    const char *transform, *sentence;
} refused[] = {
    { "y=lug", "target y: 'lug' is no transform: want log, logit(LOW,HIGH) with LOW below HIGH, "
               "yeo-johnson, yeo-johnson(P) with P from 0 to 2, or auto" },
    { "x=log", "--transform wants TARGET=KIND, and 'x' is no target" },
    { "y=log,=log", "--transform wants TARGET=KIND, and '' is no target" },
    { "share=logit(0,0.5)", "column share: " },
    { "y=", "--transform wants TARGET=KIND, and '' is no kind" },
};

START_TEST(test_refused)
{
    char folder[DEMO_FOLDER], line[256];
    demo_folder(folder);
    write_rows(folder, "d", 1);
    snprintf(line, sizeof line, "fit $/d --targets y,share -o $/m --transform '%s'",
             refused[_i].transform);
    demo_refused(folder, line, 2, refused[_i].sentence);
    demo_remove(folder);
}
END_TEST

Suite *suite_cmd_transforms(void)
{
    Suite *suite = suite_create("cmd/transforms");
    TCase *tcase = tcase_create("transforms");
    tcase_set_tags(tcase, "program");
    tcase_add_test(tcase, test_truth);
    tcase_add_test(tcase, test_commands);
    tcase_add_test(tcase, test_no_mean);
    tcase_add_test(tcase, test_resumed);
    tcase_add_test(tcase, test_plot);
    tcase_add_loop_test(tcase, test_refused, 0, sizeof refused / sizeof *refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
