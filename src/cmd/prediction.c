/* Distributions of rows as lines of CSV. */
#include "cmd/prediction.h"

#include <math.h>

#include "cmd/classes.h"
#include "cmd/commands.h"
#include "cmd/csv.h"
#include "cmd/transforms.h"

static void print_header(FILE *to, const tril_model_info *about, const names *levels,
                         const prediction *p)
{
    const char *const *t = about->targets, *comma = "";
    const size_t d = about->labels ? 0 : p->n_shown;
    if (about->labels)
        classes_print_header(to, about);
    for (size_t j = 0; j < d; j++, comma = ",") {
        fputs(comma, to);
        csv_text(to, (const char *[]){ "mean_", t[p->shown[j]], NULL });
    }
    for (size_t j = 0; j < d; j++) {
        fputs(",", to);
        csv_text(to, (const char *[]){ "sd_", t[p->shown[j]], NULL });
    }
    for (size_t i = 0; i < d; i++)
        for (size_t j = i + 1; j < d; j++) {
            fputs(",", to);
            csv_text(to, (const char *[]){ "corr_", t[p->shown[i]], "_", t[p->shown[j]], NULL });
        }
    for (size_t l = 0; l < levels->n; l++)
        for (size_t j = 0; j < d; j++) {
            fputs(",", to);
            csv_text(to, (const char *[]){ "q", levels->name[l], "_", t[p->shown[j]], NULL });
        }
    fputs(p->nll ? ",log_prob" : "", to);
    for (size_t e = 0; e < p->events->n; e++)
        for (int se = 0; se <= p->events->drawn[e]; se++) {
            fputs(",", to);
            csv_text(to, (const char *[]){ p->events->text[e], se ? "_se" : "", NULL });
        }
    fputs("\n", to);
}

/* a line for a row that is there, or empty cells for one that was left out */
static void print_row(FILE *to, const tril_model_info *about, size_t levels, const prediction *p,
                      size_t i, bool there)
{
    const double none = (double)NAN;
    const size_t *k = p->shown, n = about->labels ? 0 : p->n_shown, d = about->n_targets;
    if (about->labels)
        classes_print_row(to, about, there ? p->classes + i * about->n_labels : NULL);
    for (size_t j = 0; j < n; j++) {
        fputs(j ? "," : "", to);
        csv_number(to, there ? p->mean[i * d + k[j]] : none);
    }
    for (size_t j = 0; j < n; j++) {
        fputs(",", to);
        csv_number(to, there ? p->sd[i * d + k[j]] : none);
    }
    for (size_t j = 0; j < n; j++)
        for (size_t m = j + 1; m < n; m++) {
            fputs(",", to);
            csv_number(to, there ? p->correlation[(i * d + k[j]) * d + k[m]] : none);
        }
    for (size_t j = 0; j < levels * n; j++) {
        fputs(",", to);
        csv_number(to, there ? p->quantile[(i * levels + j / n) * d + k[j % n]] : none);
    }
    if (p->nll) {
        fputs(",", to);
        csv_number(to, there ? -p->nll[i] : none);
    }
    for (size_t e = 0; e < p->events->n; e++)
        for (int se = 0; se <= p->events->drawn[e]; se++) {
            fputs(",", to);
            csv_number(to, !there
                               ? none
                               : (se ? p->probability_se : p->probability)[i * p->events->n + e]);
        }
    fputs("\n", to);
}

void prediction_print(FILE *to, const loaded *l, const names *levels, const prediction *p)
{
    const tril_model_info *about = tril_model_get_info(l->model);
    const size_t n = l->rows.n;
    print_header(to, about, levels, p);
    for (size_t row = 0, i = 0; row < tril_table_rows(l->table); row++) {
        const bool there = i < n && l->rows.row[i] == row;
        print_row(to, about, levels->n, p, there ? i : 0, there);
        i += there;
    }
    transforms_warn(command_name(), about, p->mean, n,
                    "those cells are empty, and --quantiles has its median, 0.5");
}

void prediction_print_draws(FILE *to, const loaded *l, size_t first, size_t n, size_t each,
                            const double *draws)
{
    const tril_model_info *about = tril_model_get_info(l->model);
    const size_t d = about->n_targets;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < each; k++) {
            fprintf(to, "%zu,%zu", l->rows.row[first + i], k);
            for (size_t j = 0; j < d; j++) {
                const double own = draws[(k * n + i) * d + j];
                fputs(",", to);
                if (about->labels)
                    csv_text(to, (const char *[]){ about->labels[(size_t)own], NULL });
                else
                    csv_number(to, own);
            }
            fputs("\n", to);
        }
}

void prediction_print_draw_header(FILE *to, const tril_model_info *about)
{
    fputs("row,draw", to);
    for (size_t j = 0; j < about->n_targets; j++) {
        fputs(",", to);
        csv_text(to, (const char *[]){ about->targets[j], NULL });
    }
    fputs("\n", to);
}
