/* One density written three ways: as independent normals, as a normal with a diagonal covariance,
 * and as one with a full covariance. Prints batch and event shapes and what they mean,
 * log-densities and divergences, which agree, and the time that each takes. Usage: shapes [ROWS
 * [DIM]] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <tril/tril.h>

enum { POINTS = 5, D = 2, FORMS = 3, RUNS = 9 };

static tril_dist independent(tril_var loc, tril_var scale)
{
    return tril_independent(tril_normal(loc, scale), 1);
}

static tril_dist full(tril_var loc, tril_var scale)
{
    return tril_mvn(loc, tril_diag_embed(scale));
}

/* loc [..., d] and scale [..., d] */
static const struct form {
    const char *name, *code;
    tril_dist (*make)(tril_var loc, tril_var scale);
} forms[FORMS] = {
    { "independent normals", "tril_independent(tril_normal(loc, scale), 1)", independent },
    { "diagonal normal", "tril_mvn_diag(loc, scale)", tril_mvn_diag },
    { "full normal", "tril_mvn(loc, tril_diag_embed(scale))", full },
};

static void print_shapes(const char *code, tril_dist p, tril_var log_prob)
{
    printf("%-46s %-8s %-8s %s\n", code, tril_shape_text(tril_dist_batch_shape(p)).text,
           tril_shape_text(tril_dist_event_shape(p)).text,
           tril_shape_text(tril_shape_of(log_prob)).text);
}

static void print_row(const char *what, const char *form, tril_var x)
{
    printf("%-21s %-20s", what, form);
    for (size_t i = 0; i < POINTS; i++)
        printf(" %8.6g", (double)tril_value(x)[i]);
    puts("");
}

static void show_errors(tril_ctx *ctx, tril_tape *tape, tril_dist numbers, tril_dist vectors)
{
    static const char *const code[] = { "tril_log_prob(diagonal normal, y [5x3])",
                                        "tril_log_prob(diagonal normal, y [4x2])",
                                        "tril_kl(tril_normal(loc, scale), diagonal normal)" };
    static const tril_real y[POINTS * 3];
    puts("\nArguments that do not fit are an error, and both shapes are named:");
    for (int i = 0; i < 3; i++) {
        if (i < 2)
            tril_log_prob(vectors, tril_input(tape, y, TRIL_SHAPE(5 - i, 3 - i)));
        else
            tril_kl(numbers, vectors);
        printf("  %s\n    %s\n", code[i], tril_ctx_message(ctx));
        tril_ctx_clear(ctx); /* which can be used again */
    }
}

static const char meaning[] =
    "\n"
    "The batch shape counts distributions. The event shape is the shape of one draw. There is one\n"
    "log-density per distribution: tril_normal makes 5 x 2 distributions of numbers, and so 10\n"
    "log-densities, whose mean is half of that per point. Nothing warns, because ten normals are\n"
    "legal. tril_independent(p, 1) makes the last batch axis part of the event: 5 distributions\n"
    "of vectors, whose log-densities are sums over their coordinates.\n";

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
        p[i] = forms[i].make(loc, scale);
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
        print_row("log_prob", forms[i].name, log_prob[i]);
    for (size_t i = 1; i < FORMS; i++)
        print_row("KL, independent from", forms[i].name, kl[i]);
    show_errors(ctx, tape, numbers, p[1]);
    return true;
}

/* The fastest of some passes, in milliseconds of processor time: mean log-density of n rows and its
 * gradient with respect to loc and to one scale for all rows. */
static double fastest(tril_tape *tape, const struct form *form, const tril_real *numbers, size_t n,
                      size_t d, double *mean)
{
    double best = HUGE_VAL;
    for (int run = 0; run < RUNS; run++) {
        tril_tape_reset(tape);
        tril_var loc = tril_requires_grad(tril_input(tape, numbers, TRIL_SHAPE(n, d)));
        tril_var scale = tril_requires_grad(tril_input(tape, numbers + 2 * n * d, TRIL_SHAPE(d)));
        clock_t begin = clock();
        tril_var y = tril_input(tape, numbers + n * d, TRIL_SHAPE(n, d));
        tril_var result = tril_mean(tril_log_prob(form->make(loc, scale), y));
        tril_backward(result);
        best = fmin(best, (double)(clock() - begin));
        *mean = (double)tril_item(result);
    }
    return 1e3 * best / CLOCKS_PER_SEC;
}

int main(int argc, char **argv)
{
    const size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
    const size_t d = argc > 2 ? strtoul(argv[2], NULL, 10) : D;
    if (argc > 3 || n < 1 || n > 1 << 24 || d < 1 || d > 256)
        return fputs("usage: shapes [ROWS [DIM]], to 16777216 rows of 256\n", stderr), 2;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tape *tape = tril_tape_new(ctx);
    tril_real *numbers = malloc((2 * n + 1) * d * sizeof *numbers); /* loc, y, scale */
    if (numbers && show_shapes(ctx, tape)) {
        tril_random_normal(tril_ctx_random(ctx), numbers, 2 * n * d);
        tril_random_uniform(tril_ctx_random(ctx), numbers + 2 * n * d, d);
        printf("\n%zu rows of %zu numbers, one scale for all rows\n%-20s %16s %16s\n", n, d, "",
               "milliseconds", "mean log_prob");
        for (size_t i = 0; i < FORMS; i++) {
            double mean, time = fastest(tape, &forms[i], numbers, n, d, &mean);
            printf("%-20s %16.2f %16.6f\n", forms[i].name, time, mean);
        }
    }
    const bool failed = !numbers || tril_ctx_failed(ctx);
    if (failed)
        fprintf(stderr, "shapes: %s\n", numbers ? tril_ctx_message(ctx) : "out of memory");
    free(numbers);
    tril_tape_free(tape);
    tril_ctx_free(ctx);
    return failed || fflush(stdout);
}
