/* Writes the two synthetic data sets of this folder to standard output:
 *
 *     generate points > data/points.csv
 *     generate categories > data/categories.csv
 *
 * Seeds are fixed, so every run draws the same numbers. Built with TRIL_DOUBLE. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tril/random.h>

#ifndef TRIL_DOUBLE
#error "compile with -DTRIL_DOUBLE: in float the draws, and so the files, would differ"
#endif

enum { POINTS_SEED = 1, CATEGORIES_SEED = 2 };
enum { POINTS_ROWS = 5000, CATEGORY_ROWS = 200 };

/* The normal of (x, y, z) given (u, v): its mean, and the lower triangular L with covariance L L'.
 * All functions are slow in u and v, so that a few thousand rows are enough to learn them. */
static void points_density(double u, double v, double loc[3], double scale_tril[3][3])
{
    loc[0] = sin(1.5 * u);
    loc[1] = cos(1.5 * v);
    loc[2] = u * v;

    memset(scale_tril, 0, sizeof(double[3][3]));
    scale_tril[0][0] = exp(-0.5 + v / 2);
    scale_tril[1][0] = 0.5 * sin(v);
    scale_tril[1][1] = exp(-0.5 + u / 2);
    scale_tril[2][0] = 0.4 * u;
    scale_tril[2][1] = 0.4 * sin(u - v);
    scale_tril[2][2] = exp(-0.5 - v / 2);
}

/* -3/2 log(2 pi) - sum of log L_ii - |e|^2 / 2, where L e = event - loc is solved from the top */
static double points_log_prob(const double input[2], const double event[3])
{
    const double half_log_two_pi = 0.9189385332046727;
    double loc[3], scale_tril[3][3], e[3], log_prob = 0;

    points_density(input[0], input[1], loc, scale_tril);
    for (int i = 0; i < 3; i++) {
        e[i] = event[i] - loc[i];
        for (int j = 0; j < i; j++)
            e[i] -= scale_tril[i][j] * e[j];
        e[i] /= scale_tril[i][i];
        log_prob -= half_log_two_pi + log(scale_tril[i][i]) + e[i] * e[i] / 2;
    }
    return log_prob;
}

/* The number that a reader of the file gets: six significant digits. */
static double as_written(double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.6g", value);
    return strtod(text, NULL);
}

static void write_points(void)
{
    tril_random inputs = tril_random_stream(POINTS_SEED, 0);
    tril_random noise = tril_random_stream(POINTS_SEED, 1);

    puts("u,v,x,y,z,log_prob");
    for (int row = 0; row < POINTS_ROWS; row++) {
        double input[2], event[3], e[3], loc[3], scale_tril[3][3];

        /* rounded before use: the density is that of the numbers in the file */
        tril_random_uniform(&inputs, input, 2);
        for (int i = 0; i < 2; i++)
            input[i] = as_written(2 * input[i] - 1);

        tril_random_normal(&noise, e, 3);
        points_density(input[0], input[1], loc, scale_tril);
        for (int i = 0; i < 3; i++) {
            event[i] = loc[i];
            for (int j = 0; j <= i; j++)
                event[i] += scale_tril[i][j] * e[j];
            event[i] = as_written(event[i]);
        }
        printf("%.6g,%.6g,%.6g,%.6g,%.6g,%.6g\n", input[0], input[1], event[0], event[1], event[2],
               points_log_prob(input, event));
    }
}

static void write_categories(void)
{
    static const struct {
        double loc[2], covariance[2][2];
    } normals[2] = {
        { { -0.5, 0.25 }, { { 0.0185, -0.005 }, { -0.005, 0.065 } } },
        { { -0.25, -0.6 }, { { 0.0125, 0.005 }, { 0.005, 0.005 } } },
    };

    puts("x,y,category");
    for (int category = 0; category < 2; category++) {
        tril_random noise = tril_random_stream(CATEGORIES_SEED, (uint64_t)category);
        const double *loc = normals[category].loc;
        const double(*covariance)[2] = normals[category].covariance;
        double l00 = sqrt(covariance[0][0]), l10 = covariance[1][0] / l00;
        double l11 = sqrt(covariance[1][1] - l10 * l10);

        for (int row = 0; row < CATEGORY_ROWS; row++) {
            double e[2];
            tril_random_normal(&noise, e, 2);
            printf("%.6g,%.6g,%d\n", loc[0] + l00 * e[0], loc[1] + l10 * e[0] + l11 * e[1],
                   category);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "points") == 0) {
        write_points();
    } else if (argc == 2 && strcmp(argv[1], "categories") == 0) {
        write_categories();
    } else {
        fputs("Usage: generate points or generate categories, written to standard output.\n",
              stderr);
        return 2;
    }
    /* a full disk shows up here at the latest */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("generate: the output cannot be written\n", stderr);
        return 1;
    }
    return 0;
}
