/* How good a model is on some rows. */
#include "figures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "csv.h"

static bool judge(const tril_model *model, const tril_network *networks, size_t n_networks,
                  const tril_cases *rows, const tril_real *y, double *memory, figures *out,
                  size_t which)
{
    const size_t d = tril_model_about(model)->n_targets;
    double *nll = memory, *mean = nll + rows->n;
    if (!networks->mlp) {
        out->nll[which] = (tril_average){ (double)NAN, (double)NAN };
        for (size_t j = 0; j < d; j++)
            out->rmse[which * d + j] = (double)NAN;
        return true;
    }
    if (!tril_model_judge(model, networks, n_networks, (tril_rows){ rows->x, rows->y, rows->n },
                          &(tril_verdict){ .nll = nll, .mean = mean }))
        return false;
    out->nll[which] = tril_average_of(nll, 1, rows->n);
    tril_rmse(mean, (tril_rows){ rows->x, y, rows->n }, d, out->rmse + which * d);
    return true;
}

bool figures_of(const tril_model *model, const char *name, const tril_cases *rows, figures *out)
{
    const tril_model_parts *about = tril_model_about(model);
    const size_t d = about->n_targets;
    *out = (figures){ name, rows->n, { { 0 } }, command_alloc(JUDGED * d, sizeof *out->rmse) };
    double *memory = command_alloc(rows->n, (1 + d) * sizeof *memory);
    tril_real *y = command_alloc(rows->n, d * sizeof *y); /* in the targets' units */
    bool done = out->rmse && memory && y;
    if (done) {
        memcpy(y, rows->y, rows->n * d * sizeof *y);
        tril_scaler_undo(about->targets_scaler, y, rows->n);
    }
    for (size_t i = 0; i < TRIL_BASELINES && done; i++)
        done = judge(model, &about->baselines[i], 1, rows, y, memory, out, i);
    done = done &&
           judge(model, about->networks, about->n_networks, rows, y, memory, out, TRIL_BASELINES);
    free(memory);
    free(y);
    return done;
}

void figures_free(figures *f)
{
    free(f->rmse);
    f->rmse = NULL;
}

static void write_model(char text[40], const tril_model_parts *about)
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
    const tril_model_parts *about = tril_model_about(model);
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
        printf("\n%-26s", about->targets[j]);
        for (size_t k = 0; k < n; k++)
            printf(" %21.4g", parts[k].rmse[TRIL_BASELINES * d + j]);
    }
    printf("\n");
}

void figures_print_csv(const tril_model *model, const figures *parts, size_t n)
{
    static const char *const names[] = { "diagonal", "full", "linear", "model" };
    const tril_model_parts *about = tril_model_about(model);
    printf("rows,model,count,nll,nll_error");
    for (size_t j = 0; j < about->n_targets; j++) {
        printf(",");
        csv_text(stdout, "rmse_", about->targets[j], "");
    }
    printf("\n");
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < JUDGED; i++) {
            printf("%s,%s,%zu,", parts[k].name, names[i], parts[k].n);
            csv_number(stdout, parts[k].nll[i].mean);
            printf(",");
            csv_number(stdout, parts[k].nll[i].error);
            for (size_t j = 0; j < about->n_targets; j++) {
                printf(",");
                csv_number(stdout, parts[k].rmse[i * about->n_targets + j]);
            }
            printf("\n");
        }
}
