/* Rows of numbers, each of one of a few categories. */
#include "classes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* the number of a category's name; CLASSES_MAX where there is no room for a new one */
static size_t category_of(classes *set, const char *name)
{
    size_t c = 0;
    while (c < set->k && strcmp(set->name[c], name) != 0)
        c++;
    if (c == set->k && c < CLASSES_MAX)
        strcpy(set->name[set->k++], name);
    return c;
}

/* The last cell of a line: commas inside quotes are part of it, blanks around it are not. */
static char *last_cell(char *line)
{
    char *cell = line;
    bool quoted = false;
    for (char *p = line; *p; p++) {
        quoted ^= *p == '"';
        cell = *p == ',' && !quoted ? p + 1 : cell;
    }
    cell += strspn(cell, " \t");
    size_t length = strcspn(cell, "\r\n");
    while (length && strchr(" \t", cell[length - 1]))
        length--;
    if (length > 1 && *cell == '"')
        cell++, length -= 2;
    cell[length] = 0;
    return cell;
}

static bool read_category(classes *set, const char *path, const char *name, size_t row)
{
    if (strlen(name) >= sizeof set->name[0])
        return fprintf(stderr, "categories: %s: row %zu: a category's name is longer than %zu\n",
                       path, row + 1, sizeof set->name[0] - 1),
               false;
    size_t c = category_of(set, name);
    if (c == CLASSES_MAX)
        return fprintf(stderr, "categories: %s: more than %d categories in the last column\n", path,
                       CLASSES_MAX),
               false;
    set->of_row[row] = c;
    set->size[c]++;
    return true;
}

/* A table has numbers only, so that its last column is read here; it has seen to it that rows have
 * as many cells as the header. */
static bool read_categories(classes *set, const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0, lines = 0; /* that are not blank, the header included */
    bool fine = file != NULL;
    while (fine && getline(&line, &room, file) >= 0)
        if (line[strspn(line, " \t\r\n")] && lines++ > 0 && lines <= set->n + 1)
            fine = read_category(set, path, last_cell(line), lines - 2);
    if (fine && lines != set->n + 1)
        fine = (fprintf(stderr, "categories: %s: want one row a line\n", path), false);
    if (fine && set->k < 2)
        fine = (fprintf(stderr, "categories: %s: only one category in the last column\n", path),
                false);
    if (file)
        fclose(file);
    free(line);
    return fine;
}

static bool allocate(classes *set)
{
    set->x = malloc(set->n * set->d * sizeof *set->x);
    set->of_row = calloc(set->n, sizeof *set->of_row);
    if (!set->x || !set->of_row)
        fprintf(stderr, "out of memory\n");
    return set->x && set->of_row;
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
                       path, DATASET_MAX_COLUMNS - 1),
               false;
    set->n = tril_table_rows(set->table);
    set->d = set->columns.n = width - 1;
    for (size_t j = 0; j < set->d; j++)
        set->columns.name[j] = tril_table_name(set->table, j);
    return allocate(set) && read_categories(set, path) &&
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
