/* How good a model of classes is, and what it says of rows. */
#include "cmd/classes.h"

#include <math.h>
#include <stdlib.h>

#include "cmd/commands.h"
#include "cmd/csv.h"
#include "cmd/text.h"

static size_t likeliest(const tril_model_info *about, const double *p)
{
    size_t best = 0;
    for (size_t k = 1; k < about->n_labels; k++)
        best = p[k] > p[best] ? k : best;
    return best;
}

bool classes_judge(const tril_model *model, const tril_dataset *rows, double *nll, figures *out)
{
    const tril_model_info *about = tril_model_get_info(model);
    const size_t n = rows->n, k = about->n_labels;
    double *p = command_alloc(n, (k + 2) * sizeof *p);
    if (!p)
        return false;
    double *right = p + n * k, *brier = right + n;
    const bool done = tril_model_evaluate(model, about->networks, about->n_networks,
                                          (tril_batch){ rows->x, rows->y, n },
                                          &(tril_evaluation){ .nll = nll, .classes = p });
    for (size_t i = 0; i < n && done; i++) {
        const size_t y = (size_t)rows->y[i]; /* no row to judge lacks its only target */
        right[i] = likeliest(about, p + i * k) == y;
        brier[i] = 0;
        for (size_t j = 0; j < k; j++)
            brier[i] += pow(p[i * k + j] - (j == y), 2);
    }
    if (done) {
        out->nll[TRIL_BASELINES] = tril_mean_se_of(nll, 1, rows->w, n);
        out->accuracy = tril_mean_se_of(right, 1, rows->w, n).mean;
        out->brier = tril_mean_se_of(brier, 1, rows->w, n).mean;
    }
    free(p);
    return done;
}

void classes_print(const tril_model_info *about, const figures *parts, size_t n)
{
    printf("\n\n%-26s", about->n_networks > 1 ? "of the ensemble" : "of the network");
    for (size_t k = 0; k < n; k++)
        printf(" %21s", parts[k].name);
    printf("\n%-26s", "accuracy of the likeliest");
    for (size_t k = 0; k < n; k++)
        printf(" %19.2f %%", 100 * parts[k].accuracy);
    printf("\n%-26s", "Brier score");
    for (size_t k = 0; k < n; k++)
        printf(" %21.4g", parts[k].brier);
    printf("\n");
}

bool classes_print_shares(const loaded *l, bool csv)
{
    const tril_model_info *about = tril_model_get_info(l->model);
    const size_t n = l->rows.n, k = about->n_labels;
    double *p = command_alloc(n, (k + 1) * sizeof *p);
    const bool done = p && load_judge(l, &(tril_evaluation){ .classes = p });
    if (done && !csv)
        printf("\n%-26s %12s %16s\n", text_shown(*about->targets), "of the rows",
               "mean probability");
    for (size_t j = 0; j < k && done; j++) {
        for (size_t i = 0; i < n; i++)
            p[n * k + i] = (size_t)l->rows.y[i] == j;
        const double share = tril_mean_se_of(p + n * k, 1, l->rows.w, n).mean,
                     mean = tril_mean_se_of(p + j, k, l->rows.w, n).mean;
        if (csv) {
            csv_figure("all", "share", about->labels[j], 0, share);
            csv_figure("all", "probability", about->labels[j], 0, mean);
        } else {
            printf("%-26s %10.1f %% %14.1f %%\n", text_shown(about->labels[j]), 100 * share,
                   100 * mean);
        }
    }
    free(p);
    return done;
}

void classes_print_header(FILE *to, const tril_model_info *about)
{
    for (size_t k = 0; k < about->n_labels; k++) {
        csv_text(to, (const char *[]){ "p_", about->labels[k], NULL });
        fputs(",", to);
    }
    csv_text(to, (const char *[]){ *about->targets, NULL });
}

void classes_print_row(FILE *to, const tril_model_info *about, const double *p)
{
    for (size_t k = 0; k < about->n_labels; k++) {
        csv_number(to, p ? p[k] : (double)NAN);
        fputs(",", to);
    }
    if (p)
        csv_text(to, (const char *[]){ about->labels[likeliest(about, p)], NULL });
}
