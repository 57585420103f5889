/* `tril plot` as its users meet it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tril/tril.h>

#include "demos/demo.h"

enum { TEXT = 1 << 14, ROOM = 1 << 18 };

#define MODEL "tests/reference/model.safetensors"
#define TORCH "tests/reference/model_torch.safetensors"

/* one target and several, with a record and without, each kind of file */
static const struct {
    const char *fit, *plot, *picture, *magic;
    long least; /* bytes */
} cases[] = {
    { NULL, "plot " MODEL " data/iris.csv -o $/p.png", "p.png", "\x89PNG", 20000 },
    { NULL, "plot " MODEL " - --output $/p.svg < data/iris.csv", "p.svg", "<?xml", 20000 },
    { NULL, "plot " MODEL " data/iris.csv -o $/p.pdf --by sepal_width", "p.pdf", "%PDF", 5000 },
    { NULL, "plot " TORCH " data/faithful.csv -o $/p.png", "p.png", "\x89PNG", 20000 },
    { NULL, "evaluate " MODEL " data/iris.csv --plot $/p.png", "p.png", "\x89PNG", 20000 },
    { "fit data/quakes.csv --targets lat,long,depth,mag --epochs 2 -o $/m --ensemble 2",
      "plot $/m data/quakes.csv -o $/p.png", "p.png", "\x89PNG", 40000 },
    { "fit data/faithful.csv --targets waiting,eruptions --epochs 2 --validation 0 -o $/m",
      "plot $/m data/faithful.csv -o $/p.png", "p.png", "\x89PNG", 20000 },
    { "fit data/faithful.csv --targets waiting,eruptions --inputs '' --epochs 2 --conformal .2 -o "
      "$/m --ensemble 1 --head full",
      "plot $/m data/faithful.csv -o $/p.png", "p.png", "\x89PNG", 20000 },
    /* so few rows that regions of 90 % are everything */
    { "fit data/faithful.csv --targets waiting,eruptions --epochs 2 --conformal .02 -o $/m",
      "plot $/m data/faithful.csv -o $/p.png", "p.png", "\x89PNG", 20000 },
    { "fit data/faithful.csv --targets waiting --epochs 2 --conformal .02 -o $/m",
      "plot $/m data/faithful.csv -o $/p.png", "p.png", "\x89PNG", 20000 },
    { "fit data/iris.csv --targets petal_width --epochs 2 -o $/m --head mixture:2",
      "plot $/m data/iris.csv -o \"$/it's.png\"", "it's.png", "\x89PNG", 20000 },
};

START_TEST(test_pictures)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER], path[128], begin[8] = "";
    struct stat about;
    demo_folder(folder);
    if (cases[_i].fit)
        ck_assert_int_eq(demo_tril(folder, cases[_i].fit, text, TEXT), 0);
    int status = demo_tril(folder, cases[_i].plot, text, TEXT);
    ck_assert_msg(status == 0, "status %d: %s", status, text);
    ck_assert_msg(!strncmp(cases[_i].plot, "evaluate", 8) || !*text, "%s", text);
    snprintf(path, sizeof path, "%s/%s", folder, cases[_i].picture);
    ck_assert_msg(stat(path, &about) == 0 && about.st_size > cases[_i].least, "%s has %ld bytes",
                  path, (long)about.st_size);
    FILE *f = fopen(path, "rb");
    ck_assert_uint_eq(fread(begin, 1, 5, f), 5);
    fclose(f);
    ck_assert(!strncmp(begin, cases[_i].magic, strlen(cases[_i].magic)));
    demo_remove(folder);
}
END_TEST

static const struct {
    const char *arguments, *sentence;
    int status;
} wrong[] = {
    { "plot", "tril plot: want a model, a CSV file and -o PICTURE", 2 },
    { "plot " MODEL " data/iris.csv", "tril plot: want a model, a CSV file and -o PICTURE", 2 },
    { "plot --nonsense", "tril plot: there is no option --nonsense", 2 },
    { "plot " MODEL " data/iris.csv -o $/p.jpg", "$/p.jpg: want a name that ends in .png, .svg",
      2 },
    { "plot " MODEL " data/iris.csv -o $/p", "$/p: want a name that ends in .png, .svg or .pdf",
      2 },
    { "plot $/none data/iris.csv -o $/p.png", "tril plot: $/none: cannot be opened", 2 },
    { "plot " MODEL " $/none -o $/p.png", "tril plot: $/none: cannot be opened", 2 },
    { "plot " MODEL " data/points.csv -o $/p.png", "there is no column named sepal_length", 2 },
    { "plot " MODEL " data/iris.csv -o $/p.png --by x", "--by x: the model has no input of that",
      2 },
    { "plot " MODEL " data/iris.csv -o $/p.png --by species", "--by species: the model has no", 2 },
    { "plot " MODEL " data/iris.csv -o $/p.png --missing x", "tril plot: --missing wants error",
      2 },
    { "evaluate " MODEL " data/iris.csv --plot $/p.jpg", "tril evaluate: $/p.jpg: want a name", 2 },
};

START_TEST(test_wrong)
{
    char folder[DEMO_FOLDER], path[64];
    struct stat about;
    demo_folder(folder);
    demo_refused(folder, wrong[_i].arguments, wrong[_i].status, wrong[_i].sentence);
    snprintf(path, sizeof path, "%s/p.png", folder);
    ck_assert_int_ne(stat(path, &about), 0);
    demo_remove(folder);
}
END_TEST

/* Puts another gnuplot in front, a script in the folder; returns the PATH to go back to. */
static char *another_gnuplot(const char *folder, const char *script)
{
    char file[64], text[512], path[512];
    char *before = strdup(getenv("PATH"));
    snprintf(file, sizeof file, "%s/gnuplot", folder);
    snprintf(text, sizeof text, "#!/bin/sh\ncd %s\nPATH=%.300s\n%s\n", folder, before, script);
    demo_write(file, text);
    ck_assert_int_eq(chmod(file, 0700), 0);
    snprintf(path, sizeof path, "%s:%.400s", folder, before);
    setenv("PATH", path, 1);
    return before;
}

static void path_back(char *before)
{
    setenv("PATH", before, 1);
    free(before);
}

/* the commands that gnuplot gets */
static void plot_commands(const char *folder, const char *arguments, char *text, size_t size)
{
    char file[64];
    char *before = another_gnuplot(folder, "tee commands | gnuplot");
    ck_assert_int_eq(demo_tril(folder, arguments, text, size), 0);
    path_back(before);
    snprintf(file, sizeof file, "%s/commands", folder);
    FILE *f = fopen(file, "r");
    ck_assert_ptr_nonnull(f);
    text[fread(text, 1, size - 1, f)] = 0;
    fclose(f);
}

/* lines of two numbers behind the n-th end of data: the range of each */
static void ranges(const char *text, int n, double low[2], double high[2])
{
    double x[2];
    low[0] = low[1] = HUGE_VAL;
    high[0] = high[1] = -HUGE_VAL;
    for (; n--; text += 3)
        ck_assert_ptr_nonnull(text = strstr(text, "\ne\n"));
    for (; sscanf(text, "%lf %lf", &x[0], &x[1]) == 2; text = strchr(text, '\n') + 1)
        for (int k = 0; k < 2; k++) {
            low[k] = fmin(low[k], x[k]);
            high[k] = fmax(high[k], x[k]);
        }
}

/* a normal's ellipses are as wide as its mean and standard deviations say that predict gives */
START_TEST(test_ellipses)
{
    static char text[ROOM];
    char folder[DEMO_FOLDER];
    double low[2], high[2], mean[2], sd[2];
    demo_folder(folder);
    ck_assert_int_eq(demo_tril(folder,
                               "fit data/quakes.csv --targets lat,long --inputs '' --epochs 1 "
                               "--head full --ensemble 1 -o $/m",
                               text, ROOM),
                     0);
    ck_assert_int_eq(demo_tril(folder, "predict $/m data/quakes.csv --quantiles ''", text, ROOM),
                     0);
    ck_assert_int_eq(
        sscanf(strchr(text, '\n'), "%lf,%lf,%lf,%lf", &mean[0], &mean[1], &sd[0], &sd[1]), 4);
    plot_commands(folder, "plot $/m data/quakes.csv -o $/p.png", text, ROOM);
    ck_assert_ptr_nonnull(strstr(text, "title '50 %, dashed 90 %'"));
    for (int e = 0; e < 2; e++) {
        ranges(text, 1 + e, low, high);
        const double radius = sqrt(-2 * log(e ? 0.1 : 0.5));
        for (int k = 0; k < 2; k++) {
            ck_assert_double_eq_tol((high[k] + low[k]) / 2, mean[k], 1e-3 * sd[k]);
            ck_assert_double_eq_tol((high[k] - low[k]) / 2, radius * sd[k], 2e-3 * sd[k]);
        }
    }
    plot_commands(folder, "plot " MODEL " data/iris.csv -o $/p.png", text, ROOM);
    ck_assert_ptr_nonnull(strstr(text, "title '50 %, dashed 90 %, at mean of petal_length'"));
    demo_remove(folder);
}
END_TEST

/* ---- regions of models whose distributions are known, of three targets and no inputs */

enum { D = 3, DRAWS = 5000, LONGEST = 5000 };

static const struct {
    tril_head_opts head;
    tril_real raw[16]; /* laid out as the head says */
    double df;         /* of the one component, a large number for the normal; 0: there are two */
    size_t curves[D];  /* of either region of a pair */
} regions[] = {
    /* one normal; the first two targets are as good as proportional */
    { { .kind = &tril_head_mixture, .components = 1 },
      { 0, 1, -1, 0.5, 20, -1, 0.25, 0, -1, 0 },
      1e9,
      { 1, 1, 1 } },
    { { .kind = &tril_head_student },
      { 1, -1, 0.5, 20, -1, 0.25, 0, -1, 0, -6 },
      4.489,
      { 1, 1, 1 } },
    /* small and far from each other, but for the last target */
    { { .kind = &tril_head_mixture, .components = 2, .component = &tril_head_diagonal },
      { 0, 0, -2, -2, 0, -4, -4, 0, 3, 1, 0, -4, -4, 0 },
      0,
      { 2, 2, 2 } },
};

static void make_model(const char *folder, const tril_head_opts *head, const tril_real *raw)
{
    static const char *const targets[D] = { "lat", "long", "depth" };
    char path[64];
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_table *table = tril_table_read(ctx, "data/quakes.csv", NULL);
    tril_model *model = tril_model_new(
        table, NULL, 0,
        &(tril_model_opts){
            .targets = targets, .n_targets = D, .inputs = targets, .heads = head, .n_heads = 1 });
    ck_fine(ctx);
    const tril_mlp *mlp = tril_model_get_info(model)->networks->mlp;
    memcpy(tril_param_values(tril_dense_bias(tril_mlp_layer(mlp, tril_mlp_depth(mlp) - 1))), raw,
           tril_head_width(D, head) * sizeof *raw);
    tril_tensors *file = tril_tensors_new(ctx);
    snprintf(path, sizeof path, "%s/m", folder);
    ck_assert(tril_tensors_put_model(file, model) && tril_tensors_write(file, path));
    tril_tensors_free(file);
    tril_model_free(model);
    tril_table_free(table);
    tril_ctx_free(ctx);
}

/* closed curves, one behind the other; where each ends */
typedef struct outline {
    double at[LONGEST][2];
    size_t n_curves, end[8];
} outline;

/* the n-th data */
static void read_outline(const char *text, int n, outline *o)
{
    size_t n_points = 0, first = 0;
    o->n_curves = 0;
    for (; n--; text += 3)
        ck_assert_ptr_nonnull(text = strstr(text, "\ne\n"));
    for (; strncmp(text, "e\n", 2); text = strchr(text, '\n') + 1) {
        if (*text != '\n') {
            ck_assert_int_eq(sscanf(text, "%lf %lf", &o->at[n_points][0], &o->at[n_points][1]), 2);
            ck_assert_uint_lt(++n_points, LONGEST);
            continue;
        }
        ck_assert_uint_lt(o->n_curves, 8);
        ck_assert_uint_gt(n_points, first + 8);
        for (int k = 0; k < 2; k++)
            ck_assert_double_eq(o->at[first][k], o->at[n_points - 1][k]);
        first = o->end[o->n_curves++] = n_points;
    }
}

/* whether a line to the right of it meets the curves an odd number of times */
static bool is_within(const outline *o, double x, double y)
{
    bool within = false;
    for (size_t c = 0, i = 0; c < o->n_curves; i = o->end[c++])
        for (size_t k = i + 1; k < o->end[c]; k++) {
            const double *a = o->at[k - 1], *b = o->at[k];
            if ((a[1] > y) != (b[1] > y) && x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]))
                within = !within;
        }
    return within;
}

/* every point is as far as it should from the mean: the squared radius of a 2-D Student's t over 2
 * has an F distribution with 2 and df degrees of freedom */
static void check_ellipse(const outline *o, const double mean[2], const double sd[2], double r,
                          double df, double share)
{
    const double radius =
        sqrt(df < 1e6 ? (df - 2) * (pow(1 - share, -2 / df) - 1) : -2 * log(1 - share));
    for (size_t i = 0; i < o->end[0]; i++) {
        const double a = (o->at[i][0] - mean[0]) / sd[0], b = (o->at[i][1] - mean[1]) / sd[1];
        ck_assert_double_eq_tol(sqrt((a * a - 2 * r * a * b + b * b) / (1 - r * r)), radius,
                                0.06 * radius);
    }
}

/* regions hold their shares of draws that are not those which they were made by */
START_TEST(test_regions)
{
    static char text[ROOM];
    static outline o;
    char folder[DEMO_FOLDER];
    double mean[D], sd[D], r[D], (*draws)[D] = malloc(DRAWS * sizeof *draws);
    demo_folder(folder);
    make_model(folder, &regions[_i].head, regions[_i].raw);
    ck_assert_int_eq(demo_tril(folder, "predict $/m data/quakes.csv --quantiles ''", text, ROOM),
                     0);
    ck_assert_int_eq(sscanf(strchr(text, '\n'), "%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf", mean,
                            mean + 1, mean + 2, sd, sd + 1, sd + 2, r, r + 1, r + 2),
                     9);
    ck_assert_int_eq(demo_tril(folder, "predict $/m data/quakes.csv --sample 5", text, ROOM), 0);
    const char *line = strchr(text, '\n') + 1;
    for (size_t i = 0; i < DRAWS; i++, line = strchr(line, '\n') + 1)
        ck_assert_int_eq(sscanf(line, "%*d,%*d,%lf,%lf,%lf", draws[i], draws[i] + 1, draws[i] + 2),
                         3);
    plot_commands(folder, "plot $/m data/quakes.csv -o $/p.png", text, ROOM);
    for (int panel = 0; panel < D; panel++)
        for (int e = 0; e < 2; e++) {
            const int i = panel / 2, j = panel ? 2 : 1;
            const double share = e ? 0.9 : 0.5;
            double held = 0;
            read_outline(text, 3 * panel + 1 + e, &o);
            ck_assert_uint_eq(o.n_curves, regions[_i].curves[panel]);
            if (regions[_i].df > 0)
                check_ellipse(&o, (double[]){ mean[i], mean[j] }, (double[]){ sd[i], sd[j] },
                              r[panel], regions[_i].df, share);
            for (size_t k = 0; k < DRAWS; k++)
                held += is_within(&o, draws[k][i], draws[k][j]);
            ck_assert_double_eq_tol(held / DRAWS, share, 0.03);
        }
    free(draws);
    demo_remove(folder);
}
END_TEST

/* without inputs a band is as wide as the file is long, between the quantiles that predict says */
START_TEST(test_bands)
{
    static char text[ROOM];
    char folder[DEMO_FOLDER];
    double x, low, high, quantile[2];
    demo_folder(folder);
    ck_assert_int_eq(demo_tril(folder,
                               "fit data/quakes.csv --targets depth --inputs '' --epochs 1 -o $/m",
                               text, ROOM),
                     0);
    ck_assert_int_eq(
        demo_tril(folder, "predict $/m data/quakes.csv --quantiles 0.05,0.95", text, ROOM), 0);
    ck_assert_int_eq(sscanf(strchr(text, '\n'), "%*f,%*f,%lf,%lf", &quantile[0], &quantile[1]), 2);
    plot_commands(folder, "plot $/m data/quakes.csv -o $/p.png", text, ROOM);
    ck_assert_ptr_nonnull(strstr(text, "set xlabel 'row'\n"));
    const char *line = strstr(text, "notitle\n") + 8;
    for (int row = 0; row < 1000; row++, line = strchr(line, '\n') + 1) {
        ck_assert_int_eq(sscanf(line, "%lf %lf %lf", &x, &low, &high), 3);
        ck_assert_double_eq(x, row);
        ck_assert_double_eq_tol(low, quantile[0], 1e-4);
        ck_assert_double_eq_tol(high, quantile[1], 1e-4);
    }
    ck_assert(!strncmp(line, "e\n", 2));
    demo_remove(folder);
}
END_TEST

/* a file's name is no command, and one row no reason to warn */
START_TEST(test_odd)
{
    static char text[ROOM];
    char folder[DEMO_FOLDER], path[64];
    struct stat about;
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/d", folder);
    demo_write(path, "eruptions,waiting\n3,60\n");
    plot_commands(folder, "plot " TORCH " $/d -o '|x.png'", text, ROOM);
    ck_assert_int_eq(remove("|x.png"), 0);
    snprintf(path, sizeof path, "%s/gnuplot", folder);
    ck_assert_int_eq(remove(path), 0);
    ck_assert_int_eq(demo_tril(folder, "plot " TORCH " $/d -o $/p.png", text, ROOM), 0);
    ck_assert_str_eq(text, "");
    snprintf(path, sizeof path, "%s/p.png", folder);
    ck_assert(stat(path, &about) == 0 && about.st_size > 5000);
    demo_remove(folder);
}
END_TEST

/* without gnuplot, where it cannot begin, and where it cannot write */
START_TEST(test_no_gnuplot)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER], file[64];
    const char *path = getenv("PATH");
    char *before = malloc(strlen(path) + 1);
    strcpy(before, path);
    setenv("PATH", "/nowhere", 1);
    demo_refused("", "plot " MODEL " data/iris.csv -o p.png", 1,
                 "tril plot: gnuplot is not installed, so there is no picture");
    demo_folder(folder);
    snprintf(file, sizeof file, "%s/gnuplot", folder);
    demo_write(file, "#!/nowhere/sh\n");
    ck_assert_int_eq(chmod(file, 0700), 0);
    setenv("PATH", folder, 1);
    demo_refused(folder, "plot " MODEL " data/iris.csv -o $/p.png", 1,
                 "tril plot: gnuplot could not draw $/p.png: it ended with status 127");
    setenv("PATH", before, 1);
    demo_remove(folder);
    setenv("PATH", before, 1);
    free(before);
    ck_assert_int_eq(demo_tril("", "plot " MODEL " data/iris.csv -o /no/p.png", text, TEXT), 1);
    ck_assert_msg(strstr(text, "tril plot: /no/p.png: cannot be written: No such"), "%s", text);
}
END_TEST

/* whether a file of the folder is there */
static bool is_there(const char *folder, const char *name)
{
    char path[64];
    struct stat about;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return stat(path, &about) == 0;
}

/* a program that holds a lock with all that it starts */
#define HELD "exec 9>held; flock 9; "

/* ends once none of them is left */
static void all_gone(const char *folder)
{
    char line[64];
    snprintf(line, sizeof line, "flock -w 50 %s/held true", folder);
    ck_assert_int_eq(system(line), 0);
}

/* a sentence, and nothing is left: no picture, and no process */
static const struct {
    const char *gnuplot, *sentence;
} failing[] = {
    { HELD "sleep 100 & sleep 100", "it took more than 1 s; TRIL_PLOT_SECONDS=N gives it" },
    { HELD "sleep 100 & exit 3", "it ended with status 3" },
    { "kill -9 $$", "it ended with signal 9" },
    { "cat > /dev/null; printf 'one\\n  line 7: \\033[1mwhat\\n\\n' >&2; exit 1",
      "line 7: ?[1mwhat" },
    { "echo no picture", "the picture is not whole" },
};

START_TEST(test_failing)
{
    char folder[DEMO_FOLDER], sentence[128];
    demo_folder(folder);
    char *before = another_gnuplot(folder, failing[_i].gnuplot);
    if (strstr(failing[_i].sentence, "more than 1 s"))
        setenv("TRIL_PLOT_SECONDS", "1", 1);
    snprintf(sentence, sizeof sentence, "tril plot: gnuplot could not draw $/p.png: %s",
             failing[_i].sentence);
    demo_refused(folder, "plot " MODEL " data/iris.csv -o $/p.png", 1, sentence);
    unsetenv("TRIL_PLOT_SECONDS");
    path_back(before);
    ck_assert(!is_there(folder, "p.png") && !is_there(folder, "p.png.tmp"));
    if (is_there(folder, "held"))
        all_gone(folder);
    demo_remove(folder);
}
END_TEST

/* a signal ends gnuplot too */
START_TEST(test_interrupted)
{
    char folder[DEMO_FOLDER], command[256];
    const char *build = getenv("BUILD"), *run = getenv("RUN");
    demo_folder(folder);
    char *before = another_gnuplot(folder, HELD "echo > begun; sleep 100 & sleep 100");
    snprintf(command, sizeof command,
             "%s %s/tril plot " MODEL " data/iris.csv -o %s/p.png & pid=$!; "
             "while [ ! -e %s/begun ]; do sleep 0.01; done; kill $pid; wait $pid",
             run ? run : "", build ? build : "build", folder, folder);
    ck_assert_int_eq(WEXITSTATUS(system(command)), 128 + SIGTERM);
    path_back(before);
    all_gone(folder);
    ck_assert(!is_there(folder, "p.png") && !is_there(folder, "p.png.tmp"));
    demo_remove(folder);
}
END_TEST

/* a picture that does not fit on the disk leaves what was there */
START_TEST(test_full)
{
    static const char *const lines[][3] = {
        { "plot " MODEL " data/iris.csv -o $/p.png", "p.png",
          "could not draw $/p.png: the picture is not whole" },
        { "plot " MODEL " data/iris.csv -o $/p.svg", "p.svg",
          "could not draw $/p.svg: the picture is not whole" },
        { "plot " MODEL " data/iris.csv -o $/p.pdf", "p.pdf", "could not draw $/p.pdf: " },
    };
    demo_full(lines[_i][0], lines[_i][1], lines[_i][2]);
}
END_TEST

START_TEST(test_help)
{
    static char text[TEXT];
    ck_assert_int_eq(demo_tril("", "plot --help", text, TEXT), 0);
    ck_assert_msg(strstr(text, "50 % and 90 %") && strstr(text, "--by COLUMN"), "%s", text);
}
END_TEST

Suite *suite_cmd_plot(void)
{
    Suite *suite = suite_create("cmd/plot");
    TCase *tcase = tcase_create("plot");
    tcase_set_tags(tcase, "program");
    tcase_add_loop_test(tcase, test_pictures, 0, sizeof cases / sizeof *cases);
    tcase_add_loop_test(tcase, test_wrong, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(tcase, test_ellipses);
    tcase_add_loop_test(tcase, test_regions, 0, sizeof regions / sizeof *regions);
    tcase_add_test(tcase, test_bands);
    tcase_add_test(tcase, test_odd);
    tcase_add_test(tcase, test_no_gnuplot);
    tcase_add_loop_test(tcase, test_failing, 0, sizeof failing / sizeof *failing);
    tcase_add_test(tcase, test_interrupted);
    tcase_add_loop_test(tcase, test_full, 0, 3);
    tcase_add_test(tcase, test_help);
    suite_add_tcase(suite, tcase);
    return suite;
}
