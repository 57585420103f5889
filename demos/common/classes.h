/* Rows of numbers, each of one of a few categories: from a CSV file, or drawn. */
#ifndef DEMOS_CLASSES_H
#define DEMOS_CLASSES_H

#include "dataset.h"

enum { CLASSES_MAX = 8 };

typedef struct classes {
    column_list columns;
    size_t n, d, k; /* rows, columns, categories */
    tril_real *x;   /* [n, d] */
    size_t *of_row; /* category of each row, 0 .. k-1 */
    size_t size[CLASSES_MAX];
    tril_table *table; /* holds the columns' names; NULL for a set that was drawn */
} classes;

/* Mean [d] and covariance [d, d] of a normal. */
typedef struct moments {
    tril_real mean[DATASET_MAX_COLUMNS];
    tril_real covariance[DATASET_MAX_COLUMNS * DATASET_MAX_COLUMNS];
} moments;

/* Reads a file whose last column is the category, a text or a number, and whose other columns are
 * numbers, at least two. False on failure, which the context or a sentence on standard error
 * explains; classes_free is right in either case. */
bool classes_read(classes *set, tril_ctx *ctx, const char *path);

/* Draws n rows of each of k normals in two dimensions, from streams of their own. False when memory
 * ran out. */
bool classes_draw(classes *set, const moments *normals, size_t k, size_t n, uint64_t seed);
void classes_free(classes *set);

/* The moments of one category's rows, or with category k of all rows; divisor: rows. */
void classes_moments(const classes *set, size_t category, moments *out);

#endif
