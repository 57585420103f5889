/* What a network has learned, in the data's units. */
#include "learned.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "text.h"

size_t learned_count(const dataset *set)
{
    return set->inputs.n ? LEARNED_MOST : 1;
}

static int by_value(const void *a, const void *b)
{
    tril_real x = *(const tril_real *)a, y = *(const tril_real *)b;
    return (x > y) - (x < y);
}

bool learned_inputs(const dataset *set, tril_real *x)
{
    static const double quantile[LEARNED_MOST] = { 0.1, 0.5, 0.9 };
    size_t n = set->train.n, width = set->input_width;
    tril_real *column = malloc(n * sizeof *column);
    for (size_t j = 0; column && j < width; j++) {
        for (size_t i = 0; i < n; i++)
            column[i] = set->train.x[i * width + j];
        qsort(column, n, sizeof *column, by_value);
        for (size_t k = 0; k < learned_count(set); k++)
            x[k * width + j] = column[(size_t)(quantile[k] * (double)(n - 1))];
    }
    free(column);
    return column != NULL;
}

bool learned_read(learned *out, const dataset *set, const tril_real *x, const tril_network *net)
{
    enum { MOST = DATASET_MAX_COLUMNS };
    size_t d = set->targets.n;
    double mean[LEARNED_MOST * MOST], covariance[LEARNED_MOST * MOST * MOST];
    if (!tril_judge(net, 1, (tril_rows){ x, NULL, learned_count(set) },
                    &(tril_verdict){ .mean = mean, .covariance = covariance }))
        return false;
    const double *m = set->y_scaler.mean, *s = set->y_scaler.scale;
    for (size_t k = 0; k < learned_count(set); k++) {
        for (size_t i = 0; i < set->inputs.n; i++)
            out[k].input[i] = set->x_scaler.mean[i] +
                              set->x_scaler.scale[i] * (double)x[k * set->input_width + i];
        for (size_t i = 0; i < d; i++) {
            out[k].mean[i] = m[i] + s[i] * mean[k * d + i];
            for (size_t j = 0; j < d; j++)
                out[k].covariance[i][j] = s[i] * s[j] * covariance[(k * d + i) * d + j];
        }
    }
    return true;
}

void learned_print(const learned *l, const dataset *set)
{
    printf("\nlearned");
    for (size_t i = 0; i < set->inputs.n; i++)
        printf("%s %s = %.3g", i ? "," : " at", text_shown(set->inputs.name[i]), l->input[i]);
    printf("\n%-12s %10s %10s   correlations\n", "", "mean", "sd");
    for (size_t i = 0; i < set->targets.n; i++) {
        double sd = sqrt(l->covariance[i][i]);
        printf("%-12s %10.4g %10.4g  ", text_shown(set->targets.name[i]), l->mean[i], sd);
        for (size_t j = 0; j <= i; j++)
            printf(" %6.3f", l->covariance[i][j] / sd / sqrt(l->covariance[j][j]));
        printf("\n");
    }
}
