/* `tril export`: what the compiled file says is what the library says. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "demos/demo.h"

enum { ROWS = 1000, D = 3, INPUTS = 4, TEXT = 1 << 18 };

#define NUMBERS (D + D * D + 1) /* mean, covariance, log_prob */

/* rows as the exported file takes them; what is missing is NaN */
static double xs[ROWS][INPUTS], ys[ROWS][D];

static void put(FILE *to, const char *format, double x)
{
    if (!isnan(x))
        fprintf(to, format, x);
    fputc(',', to);
}

/* numbers, one far from 0, labels and a column name that want care in C, dates; holes in all */
static void make_rows(const char *path)
{
    static const char *const labels[] = { "*/ blue \?\?/", "\"green \"\"?\"\" \\n\"", "red" };
    static tril_real numbers[ROWS * 8];
    tril_random random = tril_random_stream(5, 1);
    tril_random_normal(&random, numbers, ROWS * 8);
    FILE *f = fopen(path, "w");
    fprintf(f, "near,far,\"colour, /*\",day,a,\"b, \"\"c\"\"\",d\n");
    for (size_t i = 0; i < ROWS; i++) {
        const tril_real *n = numbers + 8 * i;
        const int label = (int)(i * 7 % 3);
        const time_t seconds = (time_t)(10957 + i * 11 % 1200) * 86400;
        char day[32];
        double *x = xs[i], *y = ys[i];
        strftime(day, sizeof day, "%Y-%m-%d", gmtime(&seconds));
        x[0] = i % 17 == 3 ? (double)NAN : (double)n[0];
        x[1] = 4000 + 0.5 * round(10 * (double)n[1]);
        x[2] = i % 19 == 4 ? (double)NAN : label;
        x[3] = (double)seconds / 86400;
        y[0] = i % 23 == 5 ? (double)NAN : 100 + 3 * (double)n[2] + (double)n[0];
        y[1] = i % 29 == 5 ? (double)NAN : 1e-3 * ((double)n[3] + (double)n[2] * label);
        y[2] = (double)n[4] * exp(0.3 * (double)n[1]) + 2 * sin(x[3] / 50);
        put(f, "%.17g", x[0]);
        put(f, "%.17g", x[1]);
        fprintf(f, "%s,%s,", isnan(x[2]) ? "" : labels[label], day);
        put(f, "%.17g", y[0]);
        put(f, "%.17g", y[1]);
        fprintf(f, "%.17g\n", y[2]);
    }
    fclose(f);
}

/* ---- models: each kind of head by itself, mixtures of two more, and all kinds as one */

/* those that are exported come first */
static size_t kinds(void)
{
    size_t n = 0;
    while (tril_heads[n] && !tril_heads[n]->support)
        n++;
    return n;
}

static size_t count_models(void)
{
    return kinds() + 4;
}

static tril_head_opts head_at(size_t k)
{
    return (tril_head_opts){ .kind = tril_heads[k],
                             .rank = 2,
                             .components = 3,
                             .diagonal = (tril_diagonal_transform)(k % 4),
                             .relative_off_diagonal = k % 2 == 0,
                             .floor = k % 3 ? TRIL_NO_FLOOR : 0 };
}

static tril_model *model_at(tril_table *table, size_t k)
{
    static const tril_head_kind *const of_mixtures[] = { &tril_head_lowrank, &tril_head_diagonal,
                                                         &tril_head_precision };
    tril_head_opts heads[16] = { head_at(k) };
    const size_t n = kinds(), mixtures = 3;
    if (k >= n && k < n + mixtures) {
        heads[0] = head_at(1);
        heads[0].kind = &tril_head_mixture;
        heads[0].component = of_mixtures[k - n];
    }
    for (size_t j = 0; k == n + mixtures && j < n; j++)
        heads[j] = head_at(j);
    return tril_model_new(
        table, NULL, 0,
        &(tril_model_opts){
            .targets = (const char *[]){ "a", "b, \"c\"", "d" },
            .n_targets = D,
            .inputs = (const char *[]){ "near", "far", "colour, /*", "day" },
            .n_inputs = k == 2 ? 0 : INPUTS,
            .mlp = { .hidden = { k == 1 ? 0 : 11, 6 }, .activation = (tril_activation)(k % 8) },
            .heads = heads,
            .n_heads = k == n + mixtures ? n : 1,
            .members = k == n + mixtures ? n : 1,
            .missing = TRIL_MISSING_BOTH });
}

/* two epochs, then everything somewhere else */
static void train(tril_model *model, const tril_dataset *cases)
{
    const tril_model_info *about = tril_model_get_info(model);
    for (size_t k = 0; k < about->n_networks; k++) {
        const tril_network *net = &about->networks[k];
        tril_fit *fit = tril_fit_new(net, (tril_batch){ cases->x, cases->y, cases->n },
                                     &(tril_fit_opts){ .epochs = 2, .seed = k, .missing = true });
        tril_fit_run(fit, NULL, NULL);
        tril_fit_free(fit);
        tril_random random = tril_random_stream(k, 3);
        for (size_t i = 0; i < tril_mlp_depth(net->mlp); i++) {
            const tril_param w = tril_dense_weight(tril_mlp_layer(net->mlp, i));
            tril_real noise[1024];
            tril_random_normal(&random, noise, 1024);
            for (size_t j = 0; j < tril_shape_size(tril_param_shape(w)); j++)
                tril_param_values(w)[j] += (tril_real)0.2 * noise[j % 1024];
        }
    }
    if (about->n_networks > 1)
        ck_assert(tril_model_weigh(model, (tril_batch){ cases->x, cases->y, 200 }));
}

static void save(tril_ctx *ctx, const tril_model *model, const char *folder, size_t k)
{
    char path[128], arguments[128];
    static char text[TEXT];
    snprintf(path, sizeof path, "%s/m%zu.safetensors", folder, k);
    tril_tensors *file = tril_tensors_new(ctx);
    ck_assert(tril_tensors_put_model(file, model) && tril_tensors_write(file, path));
    tril_tensors_free(file);
    snprintf(arguments, sizeof arguments, "export $/m%zu.safetensors -o $/m%zu.c", k, k);
    ck_assert_msg(demo_tril(folder, arguments, text, TEXT) == 0, "%s", text);
}

/* ---- a program of all */

static const char strict[] = "-Wall -Wextra -pedantic -Wconversion -Werror";

static void compile(const char *folder, const char *options, const char *files)
{
    char line[600];
    const char *cc = getenv("CC");
    snprintf(line, sizeof line, "cd %s && %s %s %s %s 2>cc.err || { cat cc.err >&2; false; }",
             folder, cc ? cc : "cc", options, strict, files);
    ck_assert_msg(system(line) == 0, "%s", line);
}

static void write_program(const char *folder)
{
    char path[64];
    snprintf(path, sizeof path, "%s/all.c", folder);
    FILE *f = fopen(path, "w");
    fprintf(f, "#include <stdio.h>\n");
    for (size_t k = 0; k < count_models(); k++)
        fprintf(f, "#include \"m%zu.c\"\n", k);
    fprintf(f, "int main(void)\n{\n    double x[%d], y[%d], mean[%d], covariance[%d];\n", INPUTS, D,
            D, D * D);
    fprintf(f,
            "    while (scanf(\"%%lf%%lf%%lf%%lf%%lf%%lf%%lf\", x, x + 1, x + 2, x + 3, y, y + 1, "
            "y + 2) == 7) {\n");
    for (size_t k = 0; k < count_models(); k++) {
        fprintf(f,
                "        m%zu_component p%zu[m%zu_COMPONENTS];\n        m%zu_predict(x, p%zu);\n"
                "        m%zu_mean(p%zu, mean);\n        m%zu_covariance(p%zu, covariance);\n",
                k, k, k, k, k, k, k, k, k);
        fprintf(f,
                "        for (int i = 0; i < %d; i++)\n            printf(\"%%.17g \", mean[i]);\n"
                "        for (int i = 0; i < %d; i++)\n"
                "            printf(\"%%.17g \", covariance[i]);\n"
                "        printf(\"%%.17g\\n\", m%zu_log_prob(p%zu, y));\n",
                D, D * D, k, k);
    }
    fprintf(f, "    }\n    return 0;\n}\n");
    fclose(f);
}

static void run_program(const char *folder)
{
    char path[64], line[256];
    const char *run = getenv("RUN");
    snprintf(path, sizeof path, "%s/rows", folder);
    FILE *f = fopen(path, "w");
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < INPUTS; j++)
            fprintf(f, "%.17g ", xs[i][j]);
        for (size_t j = 0; j < D; j++)
            fprintf(f, "%.17g ", ys[i][j]);
    }
    fclose(f);
    snprintf(line, sizeof line, "cd %s && %s ./all < rows > numbers", folder, run ? run : "");
    ck_assert_int_eq(system(line), 0);
}

static void compare(const tril_model *model, const tril_dataset *cases, const double *numbers,
                    size_t k)
{
    static double mean[ROWS][D], covariance[ROWS][D][D], nll[ROWS];
    const tril_model_info *about = tril_model_get_info(model);
    const double tolerance = IS_DOUBLE ? 1e-10 : 1e-4;
    ck_assert(tril_model_evaluate(
        model, about->networks, about->n_networks, (tril_batch){ cases->x, cases->y, cases->n },
        &(tril_evaluation){ .mean = *mean, .covariance = **covariance, .nll = nll }));
    for (size_t i = 0; i < cases->n; i++) {
        const double *row = numbers + (cases->row[i] * count_models() + k) * NUMBERS;
        double sd[D];
        for (size_t j = 0; j < D; j++) {
            sd[j] = sqrt(covariance[i][j][j]);
            ck_close(row[j], mean[i][j], tolerance, sd[j]);
        }
        for (size_t j = 0; j < D * D; j++)
            ck_close(row[D + j], covariance[i][j / D][j % D], tolerance, sd[j / D] * sd[j % D]);
        ck_close(row[NUMBERS - 1], -nll[i], tolerance, 1);
    }
}

START_TEST(test_equal)
{
    char folder[DEMO_FOLDER], path[128];
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 3 });
    const size_t n = count_models();
    tril_model *models[32];
    tril_dataset cases[32] = { 0 };
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/rows.csv", folder);
    make_rows(path);
    tril_table *table = tril_table_read(ctx, path, NULL);
    for (size_t k = 0; k < n; k++) {
        models[k] = model_at(table, k);
        tril_model_dataset(models[k], table, NULL, 0,
                           &(tril_dataset_opts){ .missing = TRIL_MISSING_BOTH }, &cases[k]);
        ck_fine(ctx);
        train(models[k], &cases[k]);
        save(ctx, models[k], folder, k);
    }
    write_program(folder);
    compile(folder, "-std=c99 -O1", "all.c -o all -lm");
    run_program(folder);
    double *numbers = malloc(ROWS * n * NUMBERS * sizeof *numbers);
    snprintf(path, sizeof path, "%s/numbers", folder);
    FILE *f = fopen(path, "r");
    for (size_t i = 0; i < ROWS * n * NUMBERS; i++)
        ck_assert_int_eq(fscanf(f, "%lf", &numbers[i]), 1);
    fclose(f);
    for (size_t k = 0; k < n; k++) {
        compare(models[k], &cases[k], numbers, k);
        tril_dataset_free(&cases[k]);
        tril_model_free(models[k]);
    }
    free(numbers);
    tril_table_free(table);
    tril_ctx_free(ctx);
    demo_remove(folder);
}
END_TEST

/* ---- draws */

/* Draws of a mixture: of those that component k may have made its share is the component's weight;
 * and their mean is the mixture's. */
static const char draws[] =
    "#include <stdio.h>\n#include \"m.c\"\n"
    "int main(void)\n{\n"
    "    enum { N = 20000, K = m_COMPONENTS };\n"
    "    const double x[3] = { 5.8, 3.1, 1 };\n"
    "    m_component p[K];\n"
    "    double y[2], share[K] = { 0 }, sum[2] = { 0 }, mean[2], covariance[4], again[2];\n"
    "    m_predict(x, p);\n"
    "    m_mean(p, mean);\n"
    "    m_covariance(p, covariance);\n"
    "    for (int i = 0; i < N; i++) {\n"
    "        m_sample(p, 7, (uint64_t)i, y);\n"
    "        for (int j = 0; j < 2; j++)\n"
    "            sum[j] += (y[j] - mean[j]) / N;\n"
    "        const double all = m_log_prob(p, y);\n"
    "        for (int k = 0; k < K; k++)\n"
    "            share[k] += exp(p[k].log_weight + m_log_density(&p[k], y) - all) / N;\n"
    "    }\n"
    "    m_sample(p, 7, N - 1, again);\n"
    "    if (again[0] < y[0] || again[0] > y[0])\n"
    "        puts(\"the same draw is another\");\n"
    "    for (int k = 0; k < K; k++)\n"
    "        if (fabs(share[k] - exp(p[k].log_weight)) > 2.5 / sqrt(N))\n"
    "            printf(\"component %d: %g, not %g\\n\", k, share[k], exp(p[k].log_weight));\n"
    "    for (int j = 0; j < 2; j++)\n"
    "        if (fabs(sum[j]) > 5 * sqrt(covariance[3 * j] / N))\n"
    "            printf(\"mean %d: %g off\\n\", j, sum[j]);\n"
    "    return 0;\n}\n";

static void run(const char *folder, const char *arguments)
{
    static char text[TEXT];
    demo_must(folder, arguments, text, TEXT);
}

START_TEST(test_draws)
{
    char folder[DEMO_FOLDER], path[128];
    demo_begin(folder);
    run(folder, "fit data/iris.csv --targets petal_length,petal_width --epochs 20 --hidden 8 "
                "--head student,mixture:3,full --ensemble 3 -o $/m.safetensors");
    run(folder, "export $/m.safetensors -o $/m.c");
    snprintf(path, sizeof path, "%s/draws.c", folder);
    demo_write(path, draws);
    compile(folder, "-std=c99 -O1", "draws.c -o draws -lm");
    snprintf(path, sizeof path, "%s/draws", folder);
    ck_assert_int_eq(demo_shell("$RUN $d/draws > $d/out && ! cat $d/out | grep ."), 0);
    demo_remove(folder);
}
END_TEST

/* ---- the program */

static const struct {
    const char *model, *data;
} mains[] = { { "tests/reference/model.safetensors", "data/iris.csv" },
              { "tests/reference/model_torch.safetensors", "data/faithful.csv" } };

/* numbers as `tril predict` has them, in lines of as many; the header is the same to a byte */
START_TEST(test_main)
{
    char folder[DEMO_FOLDER], line[256], path[128], one[TEXT / 8], other[TEXT / 8];
    demo_begin(folder);
    snprintf(line, sizeof line, "export %s --main --name m -o $/m.c", mains[_i].model);
    run(folder, line);
    compile(folder, "-std=c99 -O1", "m.c -o m -lm");
    snprintf(line, sizeof line,
             "$RUN $d/m < %s > $d/one && $tril predict %s %s --quantiles '' > $d/other",
             mains[_i].data, mains[_i].model, mains[_i].data);
    ck_assert_int_eq(demo_shell(line), 0);
    snprintf(path, sizeof path, "%s/one", folder);
    FILE *a = fopen(path, "r");
    snprintf(path, sizeof path, "%s/other", folder);
    FILE *b = fopen(path, "r");
    size_t lines = 0;
    while (fgets(other, sizeof other, b)) {
        ck_assert_ptr_nonnull(fgets(one, sizeof one, a));
        char *p = one, *q = other;
        if (lines++ == 0)
            ck_assert_str_eq(one, other);
        for (size_t j = 0; lines > 1 && *q; j++, p += *p != 0, q += *q != 0)
            ck_close(strtod(p, &p), strtod(q, &q), 1e-4, 1);
        ck_assert(lines == 1 || (!*p && !*q));
    }
    ck_assert(!fgets(one, sizeof one, a) && lines > 100);
    fclose(a);
    fclose(b);
    demo_remove(folder);
}
END_TEST

/* what it makes of cells */
START_TEST(test_cells)
{
    char folder[DEMO_FOLDER];
    demo_begin(folder);
    run(folder, "export tests/reference/model.safetensors --main -o $/1-odd.c");
    compile(folder, "-std=c99", "1-odd.c -o m -lm");
    ck_assert_int_eq(demo_shell("grep -q 'm1_odd_predict' $d/1-odd.c"), 0);
    ck_assert_int_eq(demo_shell("printf '\\357\\273\\277\"species\",more,sepal_length , "
                                "sepal_width\r\n\"setosa\",x, 5.1,3.5\r\n\nrose,,NA,\n' | "
                                "$RUN $d/m | wc -l | grep -q '^3$'"),
                     0);
    ck_assert_int_eq(demo_shell("echo sepal_width,species | $RUN $d/m 2>$d/out"), 1);
    demo_said(folder, "line 1: there is no column 'sepal_length'");
    ck_assert_int_eq(
        demo_shell("printf 'sepal_length,sepal_width,species\n1,2,setosa\n1,two,setosa\n' "
                   "| $RUN $d/m 2>$d/out >$d/lines"),
        1);
    demo_said(folder, "line 3: this is no number: 'two'");
    ck_assert_int_eq(
        demo_shell(
            "printf 'sepal_length,sepal_width,species\n1,2\n' | $RUN $d/m 2>$d/out >$d/lines"),
        1);
    demo_said(folder, "line 2: not as many cells as the header has, the last one is '2'");
    demo_remove(folder);
}
END_TEST

/* ---- C++, other types, and what is refused */

START_TEST(test_languages)
{
    char folder[DEMO_FOLDER];
    demo_begin(folder);
    run(folder, "export tests/reference/model.safetensors --precision double -o $/a.c --main");
    run(folder, "export tests/reference/model.safetensors --precision float -o $/b.c");
    ck_assert_int_eq(demo_shell("grep -q 'typedef double a_real' $d/a.c && "
                                "grep -q 'typedef float b_real' $d/b.c"),
                     0);
    compile(folder, "-std=c99 -c", "a.c b.c");
    if (!getenv("CC") && demo_shell("command -v c++ > /dev/null") == 0)
        ck_assert_int_eq(demo_shell("cd $d && c++ -x c++ -Wall -Wextra -pedantic -Wconversion "
                                    "-Werror -c a.c b.c"),
                         0);
    demo_remove(folder);
}
END_TEST

#define MODEL "tests/reference/model.safetensors"

static const struct {
    const char *arguments, *sentence;
} wrong[] = {
    { "export", "tril export: want a model; --help says more" },
    { "export " MODEL " --precision half",
      "tril export: --precision wants float or double, not 'half'" },
    { "export " MODEL " --name 1a",
      "tril export: --name wants letters, digits and _, at most 63, not '1a'" },
    { "export $/none", "tril export: $/none: cannot be opened: " },
    { "export " MODEL " -o " MODEL, "tril export: " },
};

START_TEST(test_wrong)
{
    char folder[DEMO_FOLDER];
    demo_folder(folder);
    demo_refused(folder, wrong[_i].arguments, 2, wrong[_i].sentence);
    demo_remove(folder);
}
END_TEST

START_TEST(test_full)
{
    demo_full("export " MODEL " -o $/m.c", "m.c", "tril export: $/m.c: cannot be written: ");
}
END_TEST

/* a weight that is no number, or none of float */
START_TEST(test_not_finite)
{
    char folder[DEMO_FOLDER], path[128];
    demo_folder(folder);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tensors *file = tril_tensors_read(ctx, MODEL), *bad = tril_tensors_new(ctx);
    tril_model *model = tril_tensors_get_model(file, NULL);
    tril_param bias = tril_dense_bias(tril_mlp_last(tril_model_get_info(model)->networks->mlp));
    *tril_param_values(bias) = (tril_real)NAN;
    snprintf(path, sizeof path, "%s/bad", folder);
    ck_assert(tril_tensors_put_model(bad, model) && tril_tensors_write(bad, path));
    demo_refused(folder, "export $/bad -o $/m.c", 1,
                 "tril export: $/bad: it has numbers that are not finite");
    tril_tensors_free(file);
    tril_tensors_free(bad);
    tril_model_free(model);
    tril_ctx_free(ctx);
    demo_remove(folder);
}
END_TEST

START_TEST(test_help)
{
    static char text[TEXT];
    ck_assert_int_eq(demo_run("../tril", "export --help", text, TEXT), 0);
    for (size_t i = 0; i < 4; i++)
        ck_assert_ptr_nonnull(
            strstr(text, (const char *[]){ "--output", "--name", "--precision", "--main" }[i]));
    ck_assert_int_eq(demo_run("../tril", "export " MODEL " > /dev/full", text, TEXT), 1);
}
END_TEST

Suite *suite_cmd_export(void)
{
    Suite *suite = suite_create("cmd/export");
    TCase *tcase = tcase_create("export");
    tcase_set_tags(tcase, "program");
    tcase_add_test(tcase, test_equal);
    tcase_add_test(tcase, test_draws);
    tcase_add_loop_test(tcase, test_main, 0, 2);
    tcase_add_test(tcase, test_cells);
    tcase_add_test(tcase, test_languages);
    tcase_add_loop_test(tcase, test_wrong, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(tcase, test_full);
    tcase_add_test(tcase, test_not_finite);
    tcase_add_test(tcase, test_help);
    suite_add_tcase(suite, tcase);
    return suite;
}
