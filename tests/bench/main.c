/* What Tril costs beside what the machine can do: `make bench`. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "bench/bench.h"

static void print_machine(void)
{
    char line[256], *name = NULL;
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f && !name && fgets(line, sizeof line, f))
        name = strncmp(line, "model name", 10) ? NULL : strchr(line, ':');
    if (f)
        fclose(f);
    printf("%s precision; %.*s; compiler " __VERSION__ "; OpenBLAS kernels %s\n\n",
           sizeof(tril_real) == sizeof(double) ? "double" : "single",
           name ? (int)strcspn(name + 2, "\n") : 17, name ? name + 2 : "unknown processor",
           limits_blas_kernels());
}

static void print_row(const bench_row *row, timing t)
{
    printf("%-22s %7zu %4zu %4zu %10.1f  %-10s %9.1f %6.2f", row->name, row->rows, row->d,
           row->threads, t.work, row->limit_is, t.limit, t.ratio);
    if (row->bound > 0)
        printf(" %6.2f  %s", row->bound, t.ratio <= row->bound ? "ok" : "over");
    putchar('\n');
    fflush(stdout);
}

static json_t *row_json(const bench_row *row, timing t)
{
    json_t *bound = row->bound > 0 ? json_real(row->bound) : json_null();
    return json_pack("{s:s, s:I, s:I, s:I, s:f, s:f, s:f, s:o}", "name", row->name, "rows",
                     (json_int_t)row->rows, "d", (json_int_t)row->d, "threads",
                     (json_int_t)row->threads, "us", t.work, "limit_us", t.limit, "ratio", t.ratio,
                     "bound", bound);
}

static bool measure_row(const bench_row *row, double seconds, json_t *rows)
{
    bench_bed bed;
    bed_make(&bed, row);
    timing t = { 0 };
    if (bed.step || bed.limit || bed.raw)
        t = row->share > 0 ? bench_measure_calls(&bed, seconds)
                           : bench_measure(&bed, row->work, row->limit, seconds);
    bool fine = t.work > 0 && !tril_ctx_failed(bed.ctx);
    if (!fine)
        fprintf(stderr, "bench: %s\n",
                tril_ctx_failed(bed.ctx) ? tril_ctx_message(bed.ctx) : "no memory for a limit");
    bed_free(&bed);
    if (!fine)
        return false;
    print_row(row, t);
    return json_array_append_new(rows, row_json(row, t)) == 0;
}

static bool measure(bool quick, const char *json)
{
    double apart = bench_difference();
    printf("what is written by hand and what the library computes: %.1e apart\n\n", apart);
    if (!(apart <= 1e-4))
        return fputs("bench: that is no limit of the same work\n", stderr), false;
    json_t *rows = json_array();
    bool fine = true;
    printf("%-22s %7s %4s %4s %10s  %-10s %9s %6s %6s\n", "work", "rows", "d", "thr.", "us",
           "limit", "us", "ratio", "bound");
    for (size_t i = 0; i < bench_n_rows && fine; i++)
        fine = measure_row(&bench_rows[i], quick ? 0 : 1.5, rows);
    fine = fine && bench_growth(quick);
    if (fine && json && json_dump_file(rows, json, JSON_INDENT(2))) {
        fprintf(stderr, "bench: %s cannot be written\n", json);
        fine = false;
    }
    json_decref(rows);
    return fine;
}

int main(int argc, char **argv)
{
    static const struct option options[] = { { "quick", no_argument, NULL, 'q' },
                                             { "json", required_argument, NULL, 'j' },
                                             { 0 } };
    bool quick = false;
    const char *json = NULL;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == '?')
            return fputs("usage: bench [--quick] [--json FILE]\n", stderr), 2;
        quick |= c == 'q';
        json = c == 'j' ? optarg : json;
    }
    print_machine();
    return !measure(quick, json);
}
