/* How cost grows with rows, width, d and threads. */
#include <stdio.h>

#include "bench/bench.h"

static void prepare_step(bench_bed *bed)
{
    bed_step(bed, STEP_HIDDEN, BENCH_STILL);
}

/* the hidden layers' width stands in the place of d */
static void prepare_wide(bench_bed *bed)
{
    bed_step(bed, bed->row->d, BENCH_STILL);
}

static bench_row by_rows(size_t rows, bool quick)
{
    (void)quick;
    return (bench_row){ .rows = rows, .threads = 1, .prepare = prepare_step };
}

static bench_row by_width(size_t width, bool quick)
{
    (void)quick;
    return (bench_row){ .rows = 256, .d = width, .threads = 1, .prepare = prepare_wide };
}

static bench_row by_threads(size_t threads, bool quick)
{
    return (bench_row){ .rows = quick ? 1024 : 65536, .threads = threads, .prepare = prepare_step };
}

/* as many rows as there is room for the factors of */
static bench_row by_d(size_t d, bool quick)
{
    size_t rows = (quick ? 1 << 18 : 1 << 22) / d / d;
    return (bench_row){
        .rows = rows < 100000 ? rows : 100000, .d = d, .threads = 1, .prepare = bed_normals
    };
}

static double per_row(const bench_row *row, double us)
{
    return us / (double)row->rows;
}

static double gigaflops(const bench_row *row, double us)
{
    double w = (double)row->d, sizes = 2 * STEP_INPUTS * w + 3 * w * w + 3 * STEP_OUTPUTS * w;
    return 2e-3 * (double)row->rows * sizes / us;
}

static double per_number(const bench_row *row, double us)
{
    return 1e3 * us / (double)(row->rows * row->d * row->d);
}

static const struct axis {
    const char *title, *unit;
    size_t from, to, quick_to, by;
    bench_row (*row)(size_t value, bool quick);
    void (*work)(bench_bed *bed);
    double (*in_unit)(const bench_row *row, double us);
} axes[] = {
    { "training step, rows", "us a row", 1, 1 << 20, 1024, 4, by_rows, bed_step_work, per_row },
    { "of 256 rows, width", "GFLOP/s", 16, 1024, 64, 2, by_width, bed_step_work, gigaflops },
    { "of 65536 rows, threads", "us a row", 1, 4, 4, 2, by_threads, bed_step_work, per_row },
    { "normals, d", "ns a number", 1, 512, 512, 2, by_d, bed_gradients, per_number },
};

static bool grow(const struct axis *axis, bool quick)
{
    printf("\n%-22s %12s %12s\n", axis->title, "us", axis->unit);
    bool fine = true;
    for (size_t value = axis->from; value <= (quick ? axis->quick_to : axis->to) && fine;
         value *= axis->by) {
        const bench_row row = axis->row(value, quick);
        bench_bed bed;
        bed_make(&bed, &row);
        double us = bench_measure(&bed, axis->work, NULL, quick ? 0 : 0.4).work;
        fine = !tril_ctx_failed(bed.ctx);
        if (fine)
            printf("%22zu %12.1f %12.4g\n", value, us, axis->in_unit(&row, us));
        else
            fprintf(stderr, "bench: %s\n", tril_ctx_message(bed.ctx));
        bed_free(&bed);
    }
    return fine;
}

bool bench_growth(bool quick)
{
    bool fine = true;
    for (size_t i = 0; i < sizeof axes / sizeof *axes && fine; i++)
        fine = grow(&axes[i], quick);
    return fine;
}
