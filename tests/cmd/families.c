/* Heads of positive numbers, shares and counts as users of the command meet them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "demos/demo.h"

enum { ROOM = 1 << 16, ROWS = 120 };

static char folder[DEMO_FOLDER], text[ROOM];

/* columns x, count, size, share, whose means grow with x */
static void set_up(void)
{
    static char csv[ROOM];
    int n = snprintf(csv, sizeof csv, "x,count,size,share\n");
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 11 });
    tril_tape *tape = tril_tape_new(ctx);
    tril_real mean[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        mean[i] = (tril_real)exp((double)(i % 12) / 4);
    tril_var m = tril_input(tape, mean, TRIL_SHAPE(ROWS)), two = tril_scalar(tape, 2);
    const tril_real *count = tril_value(tril_sample(tril_negative_binomial(m, two), 0));
    const tril_real *size = tril_value(tril_sample(tril_gamma(two, tril_div(two, m)), 0));
    const tril_real *share = tril_value(tril_sample(tril_beta(m, two), 0));
    ck_fine(ctx);
    for (size_t i = 0; i < ROWS; i++)
        n += snprintf(csv + n, sizeof csv - (size_t)n, "%zu,%g,%g,%g\n", i % 12, (double)count[i],
                      (double)size[i], fmin((double)share[i], 0.999));
    tril_tape_free(tape);
    tril_ctx_free(ctx);
    demo_folder(folder);
    char path[64];
    snprintf(path, sizeof path, "%s/d.csv", folder);
    demo_write(path, csv);
}

static void tear_down(void)
{
    demo_remove(folder);
}

static void run(const char *arguments)
{
    demo_must(folder, arguments, text, sizeof text);
}

static const struct {
    const char *fit, *baseline, *support;
    bool counts;
} heads[] = {
    { "--ensemble 1 --targets count --head poisson", "\none poisson ",
      "count: a count, 0, 1, 2, ...", true },
    { "--ensemble 1 --targets count --head negative-binomial", "\none negative-binomial ",
      "count: a count, 0, 1, 2, ...", true },
    { "--targets count --head poisson,negative-binomial --ensemble 2", "\none poisson ", "count: a",
      true },
    { "--ensemble 1 --targets size --head gamma", "\none gamma ", "size: a positive number",
      false },
    { "--ensemble 1 --targets share --head beta", "\none beta ", "share: between 0 and 1", false },
    { "--targets size,count --head gamma", NULL, NULL, false },
};

enum { HEADS = sizeof heads / sizeof *heads };

static void fit(int i)
{
    char line[256];
    snprintf(line, sizeof line,
             "fit $/d.csv -o $/m %s --hidden 8 --epochs 40 --validation 0.2 --test 0.2",
             heads[i].fit);
    if (heads[i].baseline)
        run(line);
    else /* a count of 0 is no positive number */
        demo_refused(folder, line, 2, "but each target of the head gamma is a positive number");
}

START_TEST(test_head)
{
    fit(_i);
    if (!heads[_i].baseline)
        return;
    ck_assert_msg(strstr(text, heads[_i].baseline) && !strstr(text, "linear mean"), "%s", text);
    ck_assert(!strstr(text, "counts' probabilities") == !heads[_i].counts);
    run("info $/m");
    ck_assert_msg(strstr(text, heads[_i].support), "%s", text);
    run("evaluate $/m $/d.csv --csv");
    const double start = demo_figure(text, "all,nll,start");
    ck_assert_msg(demo_figure(text, "all,nll,model") < start, "%s", text);
    run("plot $/m $/d.csv -o $/p.png");
    run("predict $/m $/d.csv --quantiles 0.1,0.9 -o $/out");
    run("predict $/m $/d.csv --sample 3 -o $/out");
    demo_refused(folder, "export $/m -o $/m.c", 1, "export to C is for heads of normals");
    demo_refused(folder, "predict $/m $/d.csv --components", 1, "--components is for heads of");
    demo_refused(folder, "predict $/m $/d.csv --impute", 2, "--impute is for heads of normals");
}
END_TEST

/* quantiles are counts; events of counts tell < from <= */
START_TEST(test_counts)
{
    double q[3], above, at_least, exactly, rest[3];
    fit(1);
    run("predict $/m $/d.csv --quantiles 0.05,0.5,0.95 --probability 'count>2' --probability "
        "'count>=3' --probability 'count>=3 & count<=3' --probability 'count>=4'");
    const char *row = strchr(text, '\n') + 1;
    ck_assert_int_eq(sscanf(row, "%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf", &rest[0], &rest[1],
                            &q[0], &q[1], &q[2], &rest[2], &above, &at_least, &exactly, &rest[0]),
                     10);
    for (int i = 0; i < 3; i++)
        ck_assert_msg(q[i] == floor(q[i]), "%s", text);
    ck_assert(q[0] <= q[1] && q[1] < q[2]);
    ck_assert(above == at_least && exactly > 0);
    ck_close(exactly + rest[0], at_least, 1e-5, 1);
}
END_TEST

static const struct {
    const char *line, *sentence;
} refused[] = {
    { "fit $/d.csv --targets x --head gamma -o $/m",
      ", column x: 0, but each target of the head gamma is a positive number: correct it" },
    { "fit $/d.csv --targets size --head poisson -o $/m", "is a count, 0, 1, 2, ...: correct it" },
    { "fit $/d.csv --targets size --head gamma,full --ensemble 2 -o $/m",
      "model: the heads gamma and full are for different kinds of targets" },
    { "fit $/d.csv --targets size --head gamma --target-noise 0.1 -o $/m",
      "fit: a target noise of 0.1 is not for the head gamma" },
    { "fit $/d.csv --targets size --head gamma --loss beta -o $/m",
      "fit: the loss beta is not for the head gamma, whose loss is nll" },
    { "fit $/d.csv --targets size --head gamma --transform log -o $/m",
      "model: the head gamma takes targets in their own units, without transforms" },
    { "fit $/d.csv --targets share --head beta --transform 'logit(0,1)' -o $/m",
      "model: the head beta takes targets in their own units, without transforms" },
    { "fit $/d.csv --targets count --head poisson --transform auto -o $/m",
      "model: the head poisson takes targets in their own units, without transforms" },
    { "fit $/d.csv --targets count:count --transform count=yeo-johnson -o $/m",
      "model: the head negative-binomial takes targets in their own units, without transforms" },
    { "search $/d.csv --targets count --head full/poisson -o $/m",
      "the NLL of counts and classes is that of probabilities, which cannot be compared" },
};

START_TEST(test_refused)
{
    demo_refused(folder, refused[_i].line, 2, refused[_i].sentence);
}
END_TEST

Suite *suite_cmd_families(void)
{
    Suite *suite = suite_create("cmd/families");
    TCase *tcase = tcase_create("families");
    tcase_set_tags(tcase, "program");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, test_head, 0, HEADS);
    tcase_add_test(tcase, test_counts);
    tcase_add_loop_test(tcase, test_refused, 0, sizeof refused / sizeof *refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
