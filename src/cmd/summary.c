/* How good a model is on some rows. */
#include "cmd/summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/csv.h"
#include "cmd/text.h"

static bool judge(const tril_model *model, const tril_network *networks, size_t n_networks,
                  const tril_dataset *rows, double *nll, double *mean, tril_mean_se *average)
{
    *average = (tril_mean_se){ (double)NAN, (double)NAN };
    if (!networks->mlp)
        return true;
    if (!tril_model_evaluate(model, networks, n_networks, (tril_batch){ rows->x, rows->y, rows->n },
                             &(tril_evaluation){ .nll = nll, .mean = mean }))
        return false;
    *average = tril_mean_se_of(nll, 1, rows->n);
    return true;
}

bool figures_of(const tril_model *model, const char *name, const tril_dataset *rows, figures *out)
{
    const tril_model_info *about = tril_model_get_info(model);
    const size_t d = about->n_targets;
    *out = (figures){ name, rows->n, { { 0 } }, command_alloc(d, sizeof *out->rmse) };
    double *nll = command_alloc(rows->n, (1 + d) * sizeof *nll);
    tril_real *y = command_alloc(rows->n, d * sizeof *y); /* in the targets' units */
    bool done = out->rmse && nll && y;
    for (size_t i = 0; i < TRIL_BASELINES && done; i++)
        done = judge(model, &about->baselines[i], 1, rows, nll, NULL, &out->nll[i]);
    done = done && judge(model, about->networks, about->n_networks, rows, nll, nll + rows->n,
                         &out->nll[TRIL_BASELINES]);
    if (done) {
        memcpy(y, rows->y, rows->n * d * sizeof *y);
        tril_scaler_undo(about->targets_scaler, y, rows->n);
        tril_rmse(nll + rows->n, (tril_batch){ rows->x, y, rows->n }, d, out->rmse);
    }
    free(nll);
    free(y);
    return done;
}

void figures_free(figures *f)
{
    free(f->rmse);
    f->rmse = NULL;
}

static void write_model(char text[40], const tril_model_info *about)
{
    if (about->n_networks > 1)
        snprintf(text, 40, "ensemble of %zu", about->n_networks);
    else
        strcpy(text, "network");
}

void figures_print(const tril_model *model, const figures *parts, size_t n)
{
    static const char *const baselines[] = { "diagonal normal", "full normal",
                                             "linear mean, one normal" };
    const tril_model_info *about = tril_model_get_info(model);
    const size_t d = about->n_targets;
    char own[40];
    write_model(own, about);
    printf("\nNLL, nats per row         ");
    for (size_t k = 0; k < n; k++)
        printf(" %21s", parts[k].name);
    for (size_t i = 0; i < JUDGED; i++) {
        if (isnan(parts[0].nll[i].mean) || (d == 1 && i == TRIL_BASELINE_FULL))
            continue; /* not in the file, or the same as the diagonal one */
        printf("\n%-26s", i < TRIL_BASELINES ? baselines[i] : own);
        for (size_t k = 0; k < n; k++)
            printf(" %11.4f +- %.4f", parts[k].nll[i].mean, parts[k].nll[i].error);
    }
    printf("\n\nRMSE of the %-14s", about->n_networks > 1 ? "ensemble" : "network");
    for (size_t k = 0; k < n; k++)
        printf(" %21s", parts[k].name);
    for (size_t j = 0; j < d; j++) {
        printf("\n%-26s", text_shown(about->targets[j]));
        for (size_t k = 0; k < n; k++)
            printf(" %21.4g", parts[k].rmse[j]);
    }
    printf("\n");
}

void figures_line(const char *rows, const char *measure, const char *of, double number,
                  double value)
{
    if (isnan(value))
        return;
    printf("%s,%s,", rows, measure);
    if (of)
        csv_text(stdout, (const char *[]){ of, NULL });
    else
        csv_number(stdout, number);
    printf(",");
    csv_number(stdout, value);
    printf("\n");
}

void figures_print_csv(const tril_model *model, const figures *parts, size_t n)
{
    static const char *const names[] = { "diagonal", "full", "linear", "model" };
    const tril_model_info *about = tril_model_get_info(model);
    const size_t d = about->n_targets;
    printf("rows,measure,of,value\n");
    for (size_t k = 0; k < n; k++) {
        figures_line(parts[k].name, "count", "", 0, (double)parts[k].n);
        for (size_t i = 0; i < JUDGED; i++) {
            figures_line(parts[k].name, "nll", names[i], 0, parts[k].nll[i].mean);
            figures_line(parts[k].name, "nll_error", names[i], 0, parts[k].nll[i].error);
        }
        for (size_t j = 0; j < d; j++)
            figures_line(parts[k].name, "rmse", about->targets[j], 0, parts[k].rmse[j]);
    }
}
