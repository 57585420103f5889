/* Rows of numbers, each of one of a few categories. */
#include "classes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "text.h"

static bool allocate(classes *set)
{
    set->x = malloc(set->n * set->d * sizeof *set->x);
    set->of_row = calloc(set->n, sizeof *set->of_row);
    if (!set->x || !set->of_row)
        fprintf(stderr, "out of memory\n");
    return set->x && set->of_row;
}

static bool read_categories(classes *set, const char *path, const char *column)
{
    const char *const *labels = tril_table_labels(set->table, column, &set->k);
    if (!labels || !tril_table_classes(set->table, column, labels, set->k, set->of_row))
        return false;
    if (set->k < 2)
        return fprintf(stderr, "categories: %s: only one category in the last column\n",
                       text_shown(path)),
               false;
    if (set->k > CLASSES_MAX)
        return fprintf(stderr, "categories: %s: more than %d categories in the last column\n",
                       text_shown(path), CLASSES_MAX),
               false;
    for (size_t i = 0; i < set->n; i++)
        set->size[set->of_row[i]]++;
    return true;
}

bool classes_read(classes *set, tril_ctx *ctx, const char *path)
{
    *set = (classes){ .table = tril_table_read(ctx, path) };
    if (!set->table)
        return false;
    size_t width = tril_table_width(set->table);
    if (width < 3 || width > DATASET_MAX_COLUMNS)
        return fprintf(stderr,
                       "categories: %s: want from 2 to %d columns of numbers, and the category\n",
                       text_shown(path), DATASET_MAX_COLUMNS - 1),
               false;
    set->n = tril_table_rows(set->table);
    set->d = set->columns.n = width - 1;
    for (size_t j = 0; j < set->d; j++)
        set->columns.name[j] = tril_table_name(set->table, j);
    return allocate(set) && read_categories(set, path, tril_table_name(set->table, set->d)) &&
           tril_table_columns(set->table, set->columns.name, set->d, set->x);
}

bool classes_draw(classes *set, const moments *normals, size_t k, size_t n, uint64_t seed)
{
    *set = (classes){ .n = n * k, .d = 2, .k = k };
    if (!allocate(set))
        return false;
    for (size_t c = 0; c < k; c++) {
        const tril_real *mean = normals[c].mean, *covariance = normals[c].covariance;
        double l00 = sqrt((double)covariance[0]), l10 = (double)covariance[2] / l00;
        double l11 = sqrt((double)covariance[3] - l10 * l10);
        tril_random noise = tril_random_stream(seed, 10 + c);
        set->size[c] = n;
        for (size_t i = c * n; i < (c + 1) * n; i++) {
            tril_real e[2];
            tril_random_normal(&noise, e, 2);
            set->of_row[i] = c;
            set->x[2 * i] = (tril_real)((double)mean[0] + l00 * (double)e[0]);
            set->x[2 * i + 1] =
                (tril_real)((double)mean[1] + l10 * (double)e[0] + l11 * (double)e[1]);
        }
    }
    return true;
}

void classes_free(classes *set)
{
    free(set->x);
    free(set->of_row);
    tril_table_free(set->table);
}

void classes_moments(const classes *set, size_t category, moments *out)
{
    size_t d = set->d, n = category < set->k ? set->size[category] : set->n;
    double mean[DATASET_MAX_COLUMNS] = { 0 };
    double covariance[DATASET_MAX_COLUMNS * DATASET_MAX_COLUMNS] = { 0 };
    for (size_t i = 0; i < set->n; i++)
        for (size_t a = 0; a < d && (category == set->k || set->of_row[i] == category); a++)
            mean[a] += (double)set->x[i * d + a] / (double)n;
    for (size_t i = 0; i < set->n; i++)
        for (size_t a = 0; a < d && (category == set->k || set->of_row[i] == category); a++)
            for (size_t b = 0; b < d; b++)
                covariance[a * d + b] += ((double)set->x[i * d + a] - mean[a]) *
                                         ((double)set->x[i * d + b] - mean[b]) / (double)n;
    for (size_t a = 0; a < d; a++)
        out->mean[a] = (tril_real)mean[a];
    for (size_t i = 0; i < d * d; i++)
        out->covariance[i] = (tril_real)covariance[i];
}
