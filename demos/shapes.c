/* One density written three ways: as independent normals, as a normal with a diagonal covariance,
 * as one with a full covariance. Prints batch and event shapes and what they mean, log-densities
 * and divergences, which agree, and the time that each takes. `shapes --help` says how to use it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tril/tril.h>

#include "common/options.h"

enum { POINTS = 5, D = 2, FORMS = 3 };

/* ---- the three forms: loc [..., d], and scale [..., d] or scale_tril [..., d, d] */

static tril_dist independent(tril_var loc, tril_var scale)
{
    return tril_independent(tril_normal(loc, scale), 1);
}

static const struct form {
    const char *name, *code;
    tril_dist (*make)(tril_var loc, tril_var scale);
    bool matrix; /* wants scale_tril */
} forms[FORMS] = {
    { "independent normals", "tril_independent(tril_normal(loc, scale), 1)", independent, false },
    { "diagonal normal", "tril_mvn_diag(loc, scale)", tril_mvn_diag, false },
    { "full normal", "tril_mvn(loc, tril_diag_embed(scale))", tril_mvn, true },
};

/* a var for each form: the third reads a matrix */
static tril_dist form_of(size_t i, tril_var loc, tril_var scale)
{
    return forms[i].make(loc, forms[i].matrix ? tril_diag_embed(scale) : scale);
}

/* ---- shapes */

static void print_shape(tril_shape shape, int width)
{
    const char *text = shape.rank ? tril_shape_text(shape).text : "";
    printf(" [%s]%*s", text, width - (int)strlen(text), "");
}

static void print_shapes(const char *code, tril_dist p, tril_var log_prob)
{
    printf("%-46s", code);
    print_shape(tril_dist_batch_shape(p), 6);
    print_shape(tril_dist_event_shape(p), 6);
    printf(" [%s]\n", tril_shape_text(tril_shape_of(log_prob)).text);
}

static void print_row(const char *what, const char *form, const tril_real *x)
{
    printf("%-21s %-20s", what, form);
    for (size_t i = 0; i < POINTS; i++)
        printf(" %8.6g", (double)x[i]);
    puts("");
}

/* the sentence that a failure has left, of which the context is then rid */
static void print_refusal(tril_ctx *ctx, const char *code)
{
    printf("  %s\n    %s\n", code, tril_ctx_message(ctx));
    tril_ctx_clear(ctx);
}

static void show_refusals(tril_ctx *ctx, tril_tape *tape, tril_dist numbers, tril_dist vectors)
{
    static const tril_real y[POINTS * 3];
    puts("\nWhat does not fit is refused, and both shapes are named:");
    tril_log_prob(vectors, tril_input(tape, y, TRIL_SHAPE(POINTS, 3)));
    print_refusal(ctx, "tril_log_prob(diagonal normal, y [5x3])");
    tril_log_prob(vectors, tril_input(tape, y, TRIL_SHAPE(4, 2)));
    print_refusal(ctx, "tril_log_prob(diagonal normal, y [4x2])");
    tril_kl(numbers, vectors);
    print_refusal(ctx, "tril_kl(tril_normal(loc, scale), diagonal normal)");
}

static const char meaning[] =
    "\n"
    "The batch shape counts distributions, the event shape is that of one draw of each. There is "
    "one\n"
    "log-density per distribution: tril_normal makes 5 x 2 distributions of numbers, and so 10\n"
    "log-densities, whose mean is half of that per point. Nothing warns, because nothing is wrong\n"
    "with ten normals. tril_independent(p, 1) makes the last batch axis part of the event: 5\n"
    "distributions of vectors, whose log-densities are sums over their coordinates.\n";

/* five points in two dimensions */
static bool show_shapes(tril_ctx *ctx, tril_tape *tape)
{
    static const tril_real locs[POINTS * D] = { 0, 0, 1, -1, 2, (tril_real)0.5, -1, 3, 0, 1 };
    static const tril_real scales[D] = { (tril_real)0.5, 2 }, ys[D] = { (tril_real)0.5, 1 };
    tril_var loc = tril_input(tape, locs, TRIL_SHAPE(POINTS, D));
    tril_var scale = tril_input(tape, scales, TRIL_SHAPE(D));
    tril_var y = tril_input(tape, ys, TRIL_SHAPE(D)), log_prob[FORMS], kl[FORMS];
    tril_dist numbers = tril_normal(loc, scale), p[FORMS];
    for (size_t i = 0; i < FORMS; i++) {
        p[i] = form_of(i, loc, scale);
        log_prob[i] = tril_log_prob(p[i], y);
        kl[i] = tril_kl(p[0], p[i]);
    }
    tril_var of_numbers = tril_log_prob(numbers, y);
    if (tril_ctx_failed(ctx))
        return false;
    printf("%-46s %-8s %-8s %s\n", "loc [5x2], scale [2], y [2]", "batch", "event", "log_prob");
    print_shapes("tril_normal(loc, scale)", numbers, of_numbers);
    for (size_t i = 0; i < FORMS; i++)
        print_shapes(forms[i].code, p[i], log_prob[i]);
    puts(meaning);
    for (size_t i = 0; i < FORMS; i++)
        print_row("log_prob", forms[i].name, tril_value(log_prob[i]));
    for (size_t i = 1; i < FORMS; i++)
        print_row("KL, independent from", forms[i].name, tril_value(kl[i]));
    show_refusals(ctx, tape, numbers, p[1]);
    return true;
}

/* ---- time */

enum { MOST_NUMBERS = 1 << 27 }; /* of all factors together */

typedef struct options {
    bool csv;
    size_t rows, d, runs;
} options;

/* loc, y [rows, d]; scales [rows, d] and the same on the diagonals of factors [rows, d, d]: the
 * first serves where all rows share one */
typedef struct numbers {
    tril_real *loc, *y, *scale, *factor;
} numbers;

static bool numbers_new(numbers *x, const options *o)
{
    size_t n = o->rows * o->d;
    *x = (numbers){ malloc(n * sizeof *x->loc), malloc(n * sizeof *x->y),
                    malloc(n * sizeof *x->scale), calloc(n, o->d * sizeof *x->factor) };
    if (!x->loc || !x->y || !x->scale || !x->factor)
        return false;
    tril_random random = tril_random_stream(7, 0);
    tril_random_normal(&random, x->loc, n);
    tril_random_normal(&random, x->y, n);
    for (size_t i = 0; i < n; i++) {
        x->scale[i] = (tril_real)(0.5 + (double)(i % o->d) / (double)o->d);
        x->factor[i * o->d + i % o->d] = x->scale[i];
    }
    return true;
}

static void numbers_free(numbers *x)
{
    free(x->loc);
    free(x->y);
    free(x->scale);
    free(x->factor);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* one pass over all rows: the mean log-density, and if wanted its gradient with respect to loc and
 * scale; the seconds it took */
static double pass(tril_tape *tape, const numbers *x, const options *o, const struct form *form,
                   bool shared, bool gradient, double *mean)
{
    tril_tape_reset(tape);
    tril_tape_record(tape, gradient);
    const size_t n = o->rows, m = shared ? 1 : n, d = o->d;
    tril_shape shape = form->matrix ? TRIL_SHAPE(m, d, d) : TRIL_SHAPE(m, d);
    tril_var y = tril_input(tape, x->y, TRIL_SHAPE(n, d));
    tril_var loc = tril_requires_grad(tril_input(tape, x->loc, TRIL_SHAPE(n, d)));
    tril_var scale =
        tril_requires_grad(tril_input(tape, form->matrix ? x->factor : x->scale, shape));
    double begun = seconds();
    tril_var result = tril_mean(tril_log_prob(form->make(loc, scale), y));
    if (gradient)
        tril_backward(result);
    double took = seconds() - begun;
    *mean = (double)tril_item(result);
    return took;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* in milliseconds, after a pass that fills caches and the tape's memory */
static double median(tril_tape *tape, const numbers *x, const options *o, const struct form *form,
                     bool shared, bool gradient, double *mean)
{
    double took[99];
    for (size_t i = 0; i <= o->runs; i++)
        took[i ? i - 1 : 0] = pass(tape, x, o, form, shared, gradient, mean);
    qsort(took, o->runs, sizeof *took, by_size);
    return 1e3 * took[o->runs / 2];
}

static void print_head(const options *o)
{
    if (o->csv)
        puts("form,scales,rows,d,value_ms,gradient_ms,mean_log_prob");
    else
        printf("\n%zu rows of %zu numbers: milliseconds, median of %zu runs\n%-20s %-10s %8s %20s "
               "%16s\n",
               o->rows, o->d, o->runs, "", "scale", "value", "value and gradient", "mean log_prob");
}

static void print_time(const options *o, const char *form, const char *scales, double value,
                       double gradient, double mean)
{
    if (o->csv)
        printf("%s,%s,%zu,%zu,%.4f,%.4f,%.6f\n", form, scales, o->rows, o->d, value, gradient,
               mean);
    else
        printf("%-20s %-10s %8.2f %20.2f %16.6f\n", form, scales, value, gradient, mean);
}

/* each form with one scale for all rows, and with one each */
static bool show_times(tril_ctx *ctx, tril_tape *tape, const numbers *x, const options *o)
{
    double first = 0, mean = 0;
    print_head(o);
    for (int i = 0; i < 2 * FORMS; i++) {
        const struct form *form = &forms[i / 2];
        bool shared = i % 2 == 0;
        double value = median(tape, x, o, form, shared, false, &mean);
        double gradient = median(tape, x, o, form, shared, true, &mean);
        if (tril_ctx_failed(ctx))
            return false;
        print_time(o, form->name, shared ? "one" : "one each", value, gradient, mean);
        first = i ? first : mean;
        if (fabs(mean - first) > 1e-5 * fmax(1, fabs(first)))
            return fprintf(stderr, "shapes: the forms do not agree\n"), false;
    }
    return true;
}

/* ---- the program */

static int usage(FILE *to, int status)
{
    fputs("usage: shapes [--csv] [--rows N] [--dim D] [--runs N]\n"
          "One density as independent normals, as a diagonal and as a full normal: shapes, values, "
          "times.\n"
          "  --csv     print the times alone, as lines of comma-separated values\n"
          "  --rows N  to time (default 100000; fewer where d is above 36, so that factors fit in "
          "memory)\n"
          "  --dim D   numbers in a row (default 2)\n"
          "  --runs N  of which the median is taken (default 9)\n"
          "Exit status: 0, 1 for a failure, 2 for wrong use.\n",
          to);
    return status;
}

static bool parse_option(options *o, int which)
{
    unsigned long long number = 0;
    switch (which) {
    case 'c':
        return o->csv = true;
    case 'n':
        return option_number("shapes", "rows", optarg, 1, 1 << 24, &number) &&
               (o->rows = (size_t)number);
    case 'd':
        return option_number("shapes", "dim", optarg, 1, 256, &number) && (o->d = (size_t)number);
    case 'r':
        return option_number("shapes", "runs", optarg, 1, 99, &number) &&
               (o->runs = (size_t)number);
    default:
        usage(stderr, 2);
        return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option known[] = {
        { "csv", no_argument, NULL, 'c' },       { "rows", required_argument, NULL, 'n' },
        { "dim", required_argument, NULL, 'd' }, { "runs", required_argument, NULL, 'r' },
        { "help", no_argument, NULL, 'h' },      { 0 }
    };
    options o = { .d = 2, .runs = 9 };
    for (int which; (which = option_next("shapes", argc, argv, ":", known)) != -1;) {
        if (which == 'h')
            return usage(stdout, 0);
        if (!parse_option(&o, which))
            return 2;
    }
    if (optind < argc)
        return usage(stderr, 2);
    size_t most = MOST_NUMBERS / (o.d * o.d);
    if (!o.rows)
        o.rows = most < 100000 ? most : 100000;
    numbers x = { 0 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    bool room = numbers_new(&x, &o),
         done = room && (o.csv || show_shapes(ctx, tape)) && show_times(ctx, tape, &x, &o);
    if (!room)
        fprintf(stderr, "shapes: no memory for %zu rows of %zu numbers\n", o.rows, o.d);
    else if (tril_ctx_failed(ctx))
        fprintf(stderr, "shapes: %s\n", tril_ctx_message(ctx));
    numbers_free(&x);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
    return output_status("shapes", !done);
}
