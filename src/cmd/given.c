/* Targets that are known already, and cells that are filled by them. */
#include "cmd/given.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/csv.h"
#include "cmd/text.h"
#include "cmd/transforms.h"

bool *given_of(const tril_model_info *about, const char *program, const names *given)
{
    const size_t d = about->n_targets;
    size_t n = 0;
    if (!load_has_normals(about, program, given->n ? "--given" : "--impute"))
        return NULL;
    bool *known = command_alloc(d, sizeof *known);
    for (size_t j = 0; known && j < d; j++)
        n += known[j] = names_hold(given, about->targets[j]);
    for (size_t i = 0; known && i < given->n; i++) {
        size_t j = 0;
        while (j < d && strcmp(given->name[i], about->targets[j]))
            j++;
        if (j < d)
            continue;
        fprintf(stderr, "%s: --given wants targets of the model, and %s is none\n", program,
                text_shown(given->name[i]));
        free(known);
        return NULL;
    }
    if (!known || n < d)
        return known;
    fprintf(stderr, "%s: --given names all targets and leaves none to predict\n", program);
    free(known);
    return NULL;
}

bool given_are_numbers(const loaded *l, const bool *known)
{
    const tril_model_info *about = tril_model_get_info(l->model);
    double *column = command_alloc(tril_table_rows(l->table), sizeof *column);
    bool done = column;
    for (size_t j = 0; j < about->n_targets && done; j++)
        done = !known[j] || !tril_table_has(l->table, about->targets[j]) ||
               tril_table_doubles(l->table, about->targets[j], column);
    free(column);
    return done;
}

static void print_targets(FILE *to, const loaded *l, const double *there, const double *mean)
{
    const tril_model_info *about = tril_model_get_info(l->model);
    const size_t d = about->n_targets, rows = tril_table_rows(l->table);
    for (size_t j = 0; j < d; j++) {
        fputs(j ? "," : "", to);
        csv_text(to, (const char *[]){ about->targets[j], NULL });
    }
    fputs("\n", to);
    for (size_t row = 0, i = 0; row < rows; row++) {
        const bool judged = i < l->rows.n && l->rows.row[i] == row;
        for (size_t j = 0; j < d; j++) {
            const double own = there[j * rows + row];
            fputs(j ? "," : "", to);
            csv_number(to, isnan(own) && judged ? mean[i * d + j] : own);
        }
        fputs("\n", to);
        i += judged;
    }
}

/* Medians, quantile [n, d], for means that are none. */
static void fill_medians(const tril_model_info *about, const char *program, size_t n,
                         const double *median, double *mean)
{
    transforms_warn(program, about, mean, n, "its median fills cells");
    for (size_t i = 0; i < n * about->n_targets; i++)
        mean[i] = isnan(mean[i]) ? median[i] : mean[i];
}

bool given_impute(FILE *to, const loaded *l, const char *program)
{
    static const double half = 0.5;
    const tril_model_info *about = tril_model_get_info(l->model);
    const size_t d = about->n_targets, rows = tril_table_rows(l->table);
    double *there = command_alloc(rows, d * sizeof *there),
           *mean = command_alloc(l->rows.n, 2 * d * sizeof *mean);
    bool *given = command_alloc(d, sizeof *given), done = there && mean && given;
    for (size_t j = 0; j < d && done; j++) {
        given[j] = true;
        for (size_t row = 0; row < rows; row++)
            there[j * rows + row] = (double)NAN;
        done = !tril_table_has(l->table, about->targets[j]) ||
               tril_table_doubles(l->table, about->targets[j], there + j * rows);
    }
    done = done && load_judge(l, &(tril_evaluation){ .mean = mean,
                                                     .levels = &half,
                                                     .n_levels = about->transforms != NULL,
                                                     .quantile = mean + l->rows.n * d,
                                                     .given = given });
    if (done && about->transforms)
        fill_medians(about, program, l->rows.n, mean + l->rows.n * d, mean);
    if (done)
        print_targets(to, l, there, mean);
    free(there);
    free(mean);
    free(given);
    return done;
}
