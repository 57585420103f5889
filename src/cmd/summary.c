/* How good a model is on some rows. */
#include "cmd/summary.h"

#include <tril/extend.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/classes.h"
#include "cmd/commands.h"
#include "cmd/csv.h"
#include "cmd/text.h"
#include "cmd/transforms.h"

static bool is_bounded(const tril_dataset *rows, size_t at)
{
    return rows->bounds && isnan(rows->y[at]) &&
           (isfinite(rows->bounds->low[at]) || isfinite(rows->bounds->high[at]));
}

/* how many targets of a row are known by bounds only, at most */
static size_t most_bounds(const tril_dataset *rows, size_t d)
{
    size_t most = 0;
    for (size_t i = 0, own = 0; i < rows->n * d; i++) {
        own = (i % d ? own : 0) + is_bounded(rows, i);
        most = own > most ? own : most;
    }
    return most;
}

void figures_print_bounds(const tril_model_info *about, const tril_dataset *parts, size_t n)
{
    const size_t d = about->n_targets;
    bool any = false;
    for (size_t j = 0; j < d; j++) {
        size_t count = 0;
        for (size_t k = 0; k < n; k++)
            for (size_t i = 0; i < parts[k].n; i++)
                count += is_bounded(&parts[k], i * d + j);
        if (count)
            printf("%s %zu cell%s of %s", any ? "," : "known by bounds only:", count,
                   count > 1 ? "s" : "", text_shown(about->targets[j]));
        any |= count > 0;
    }
    if (any)
        printf("; errors and regions are of rows without these\n");
}

static bool judge(const tril_model *model, const tril_network *networks, size_t n_networks,
                  const tril_dataset *rows, const tril_evaluation *out, tril_mean_se *average)
{
    tril_evaluation whole = *out;
    whole.bounds = rows->bounds;
    *average = (tril_mean_se){ (double)NAN, (double)NAN };
    if (!networks->mlp ||
        most_bounds(rows, networks->targets) > tril_head_bounds(&networks->head, networks->targets))
        return true;
    if (!tril_model_evaluate(model, networks, n_networks, (tril_batch){ rows->x, rows->y, rows->n },
                             &whole))
        return false;
    *average = tril_mean_se_of(out->nll, 1, rows->w, rows->n);
    return true;
}

/* RMSE of n means, or medians, and of targets that have them in all rows; y is in their units */
static void put_rmse(const double *centre, tril_batch rows, size_t d, double *out)
{
    tril_rmse(centre, rows, d, out);
    for (size_t i = 0; i < rows.n * d; i++)
        out[i % d] = isnan(centre[i]) ? (double)NAN : out[i % d];
}

bool figures_of(const tril_model *model, const char *name, const tril_dataset *rows, figures *out)
{
    const tril_model_info *about = tril_model_get_info(model);
    const size_t n = rows->n, d = about->n_targets;
    static const double half = 0.5, none = (double)NAN;
    *out = (figures){ .name = name,
                      .n = n,
                      .rmse = command_alloc(d, 3 * sizeof *out->rmse),
                      .energy = none,
                      .accuracy = none,
                      .brier = none };
    double *nll = command_alloc(n, (2 + 4 * d) * sizeof *nll);
    tril_real *y = command_alloc(n, d * sizeof *y); /* in the targets' units */
    bool done = out->rmse && nll && y;
    for (size_t i = 0; i < TRIL_BASELINES && done; i++)
        done = judge(model, &about->baselines[i], 1, rows, &(tril_evaluation){ .nll = nll },
                     &out->nll[i]);
    tril_evaluation whole = { .nll = nll };
    if (done) {
        out->crps = out->rmse + d;
        out->rmse_median = out->crps + d;
        for (size_t j = 0; j < 3 * d; j++)
            out->rmse[j] = none;
    }
    if (done && about->labels) {
        done = classes_judge(model, rows, nll, out);
        free(nll);
        free(y);
        return done;
    }
    if (done) {
        whole.energy = nll + n;
        whole.mean = whole.energy + n;
        whole.crps = whole.mean + d * n;
        whole.levels = &half;
        whole.n_levels = about->transforms != NULL;
        whole.quantile = whole.crps + d * n;
    }
    done = done && judge(model, about->networks, about->n_networks, rows, &whole,
                         &out->nll[TRIL_BASELINES]);
    if (done) {
        double *there = whole.quantile + d * n;
        tril_model_targets_undo(model, rows->y, n, there);
        for (size_t i = 0; i < n * d; i++)
            y[i] = (tril_real)there[i];
        const tril_batch judged = { rows->x, y, n, rows->w };
        put_rmse(whole.mean, judged, d, out->rmse);
        for (size_t j = 0; j < d; j++)
            out->crps[j] =
                isnan(out->rmse[j]) ? none : tril_mean_se_of(whole.crps + j, d, rows->w, n).mean;
        if (whole.n_levels)
            put_rmse(whole.quantile, judged, d, out->rmse_median);
        out->energy = tril_mean_se_of(whole.energy, 1, rows->w, n).mean;
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

static void print_number(double x)
{
    if (isnan(x))
        printf(" %21s", "-");
    else
        printf(" %21.4g", x);
}

/* where means are infinite, or rare draws of a mixture make most of them */
static void print_medians(const tril_model_info *about, const figures *parts, size_t n)
{
    const char *before = "\n";
    for (size_t j = 0; j < about->n_targets && about->transforms; j++) {
        const char *name = text_shown(about->targets[j]), *learned = transform_shown(about, j);
        const figures *worst = parts;
        for (const figures *f = parts; f < parts + n && !isnan(worst->rmse[j]); f++)
            if (!(f->rmse[j] <= 1.5 * f->rmse_median[j]))
                worst = f;
        if (isnan(worst->rmse[j]))
            printf("%s%s has no finite mean in some rows, since %s has the tails of a Student's t "
                   "there: its RMSE is that of medians\n",
                   before, name, learned);
        else if (worst->rmse[j] > 1.5 * worst->rmse_median[j])
            printf("%sthe means of %s are far off, since rare tails of %s make most of them: the "
                   "RMSE of its medians is %.4g (%s)\n",
                   before, name, learned, worst->rmse_median[j], worst->name);
        else
            continue;
        before = "";
    }
}

static void print_scores(const tril_model_info *about, const figures *parts, size_t n)
{
    const size_t d = about->n_targets;
    for (int crps = 0; crps < 2; crps++) {
        printf("\n\n%s of the %-14s", crps ? "CRPS" : "RMSE",
               about->n_networks > 1 ? "ensemble" : "network");
        for (size_t k = 0; k < n; k++)
            printf(" %21s", parts[k].name);
        for (size_t j = 0; j < d; j++) {
            printf("\n%-26s", text_shown(about->targets[j]));
            for (size_t k = 0; k < n; k++)
                print_number(crps                      ? parts[k].crps[j]
                             : isnan(parts[k].rmse[j]) ? parts[k].rmse_median[j]
                                                       : parts[k].rmse[j]);
        }
    }
    if (d > 1)
        printf("\n%-26s", "energy score, in sd");
    for (size_t k = 0; k < n && d > 1; k++)
        print_number(parts[k].energy);
    printf("\n");
    print_medians(about, parts, n);
}

void figures_print(const tril_model *model, const figures *parts, size_t n)
{
    static const char *const baselines[] = { "diagonal normal", "full normal",
                                             "linear mean, one normal" };
    const tril_model_info *about = tril_model_get_info(model);
    const size_t d = about->n_targets;
    const tril_head_kind *kind = about->networks->head.kind;
    char own[40], start[40];
    snprintf(start, sizeof start, "one %.35s", kind->name);
    write_model(own, about);
    printf("\nNLL, nats per row         ");
    for (size_t k = 0; k < n; k++)
        printf(" %21s", parts[k].name);
    for (size_t i = 0; i < JUDGED; i++) {
        if (isnan(parts[0].nll[i].mean) || (d == 1 && i == TRIL_BASELINE_FULL && !kind->support))
            continue; /* not in the file, or the same as the diagonal one */
        printf("\n%-26s", i == TRIL_BASELINES ? own : kind->support ? start : baselines[i]);
        for (size_t k = 0; k < n; k++)
            printf(" %11.4f +- %.4f", parts[k].nll[i].mean, parts[k].nll[i].error);
    }
    if (kind->support == &tril_support_count || about->labels)
        printf("\n\nThe NLL is that of the %s' probabilities.",
               about->labels ? "classes" : "counts");
    if (about->labels)
        classes_print(about, parts, n);
    else
        print_scores(about, parts, n);
}

void figures_print_csv(const tril_model *model, const figures *parts, size_t n)
{
    const tril_model_info *about = tril_model_get_info(model);
    const char *const judged[] = { "diagonal",
                                   about->networks->head.kind->support ? "start" : "full", "linear",
                                   "model" };
    const size_t d = about->n_targets;
    printf("rows,measure,of,value\n");
    for (size_t k = 0; k < n; k++) {
        csv_figure(parts[k].name, "count", "", 0, (double)parts[k].n);
        for (size_t i = 0; i < JUDGED; i++) {
            csv_figure(parts[k].name, "nll", judged[i], 0, parts[k].nll[i].mean);
            csv_figure(parts[k].name, "nll_error", judged[i], 0, parts[k].nll[i].error);
        }
        for (size_t j = 0; j < d; j++)
            csv_figure(parts[k].name, "rmse", about->targets[j], 0, parts[k].rmse[j]);
        for (size_t j = 0; j < d; j++)
            csv_figure(parts[k].name, "rmse_median", about->targets[j], 0, parts[k].rmse_median[j]);
        for (size_t j = 0; j < d; j++)
            csv_figure(parts[k].name, "crps", about->targets[j], 0, parts[k].crps[j]);
        csv_figure(parts[k].name, "energy", "", 0, parts[k].energy);
        csv_figure(parts[k].name, "accuracy", *about->targets, 0, parts[k].accuracy);
        csv_figure(parts[k].name, "brier", *about->targets, 0, parts[k].brier);
    }
}

typedef struct judged {
    double nll;
    size_t line;
} judged;

static int by_nll(const void *a, const void *b)
{
    const judged *x = a, *y = b;
    if (x->nll == y->nll)
        return x->line < y->line ? -1 : x->line > y->line;
    return x->nll > y->nll ? -1 : 1;
}

bool figures_print_worst(const tril_model *model, const char *name, const tril_table *table,
                         const tril_dataset *of, size_t most, bool csv)
{
    const tril_model_info *about = tril_model_get_info(model);
    const size_t n = of->n;
    double *nll = command_alloc(n, sizeof *nll);
    judged *rows = command_alloc(n, sizeof *rows);
    char heading[64];
    snprintf(heading, sizeof heading, "least likely%s%s rows: line", name ? " " : "",
             name ? name : "");
    bool done = nll && rows &&
                tril_model_evaluate(model, about->networks, about->n_networks,
                                    (tril_batch){ of->x, of->y, n },
                                    &(tril_evaluation){ .nll = nll, .bounds = of->bounds });
    for (size_t i = 0; i < n && done; i++)
        rows[i] = (judged){ nll[i], tril_table_line(table, of->row[i]) };
    if (done)
        qsort(rows, n, sizeof *rows, by_nll);
    if (done && !csv)
        printf("\n%-26s %12s\n", heading, "NLL");
    for (size_t i = 0; i < n && i < most && done; i++) {
        if (csv)
            csv_figure(name ? name : "all", "worst_nll", NULL, (double)rows[i].line, rows[i].nll);
        else
            printf("%-26zu %12.4f\n", rows[i].line, rows[i].nll);
    }
    free(nll);
    free(rows);
    return done;
}
