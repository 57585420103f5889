/* The stopwatch. */
#include <stdlib.h>
#include <time.h>

#include "bench/bench.h"

enum { SAMPLES = 2000, CALLS = 1 << 17, FEWEST = 3 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double run(bench_bed *bed, void (*function)(bench_bed *), size_t times)
{
    double begin = now();
    for (size_t i = 0; i < times; i++)
        function(bed);
    return (now() - begin) / (double)times;
}

/* how often, so that a sample is long beside a look at the clock; the first run takes memory */
static size_t repetitions(bench_bed *bed, void (*function)(bench_bed *))
{
    run(bed, function, 1);
    double wanted = 5e-5 / run(bed, function, 1);
    return wanted > 1 ? (size_t)wanted : 1;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *samples, size_t n)
{
    qsort(samples, n, sizeof *samples, by_size);
    return n % 2 ? samples[n / 2] : (samples[n / 2 - 1] + samples[n / 2]) / 2;
}

timing bench_measure(bench_bed *bed, void (*work)(bench_bed *), void (*limit)(bench_bed *),
                     double seconds)
{
    static double works[SAMPLES], limits[SAMPLES], ratios[SAMPLES];
    size_t times = repetitions(bed, work), limit_times = limit ? repetitions(bed, limit) : 0, n = 0;
    for (double end = now() + seconds; n < FEWEST || (now() < end && n < SAMPLES); n++) {
        works[n] = run(bed, work, times);
        limits[n] = limit ? run(bed, limit, limit_times) : works[n];
        ratios[n] = works[n] / limits[n];
    }
    return (timing){ 1e6 * median(works, n), 1e6 * median(limits, n), median(ratios, n) };
}

timing bench_measure_calls(bench_bed *bed, double seconds)
{
    static double works[CALLS], limits[CALLS];
    const bench_row *row = bed->row;
    size_t n = 0;
    row->work(bed), row->limit(bed); /* the first takes memory */
    for (double end = now() + seconds; n < FEWEST || (now() < end && n < CALLS); n++) {
        works[n] = run(bed, row->work, 1);
        limits[n] = run(bed, row->limit, 1);
    }
    qsort(works, n, sizeof *works, by_size);
    qsort(limits, n, sizeof *limits, by_size);
    const size_t at = (size_t)(row->share * (double)n);
    return (timing){ 1e6 * works[at], 1e6 * limits[at], works[at] / limits[at] };
}
