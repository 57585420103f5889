/* tril fit and tril search: from a CSV file to a model. */
#include <stdio.h>

#include "cmd/commands.h"
#include "cmd/csv.h"
#include "cmd/options.h"
#include "cmd/ranks.h"
#include "cmd/search.h"
#include "cmd/text.h"
#include "cmd/train.h"
#include "cmd/transforms.h"
#include "cmd/warnings.h"

static const char *const part_names[PARTS] = { "training", "validation", "calibration", "test" };

/* what cells were there that are no plain numbers or labels */
static void print_cells(const work *w)
{
    const tril_model_info *about = tril_model_get_info(w->model);
    size_t inputs = 0, targets = 0, unseen = 0, rows = 0;
    for (int k = 0; k < PARTS; k++) {
        inputs += w->cases[k].missing_inputs;
        targets += w->cases[k].missing_targets;
        unseen += w->cases[k].unseen;
        rows += (w->files[k] ? tril_table_rows(w->files[k]) : w->count[k]) - w->cases[k].n;
    }
    if (tril_table_units_line(w->table))
        printf("line %zu holds units and is no row\n", tril_table_units_line(w->table));
    for (size_t j = 0; j < about->n_inputs; j++)
        if (about->inputs[j].dates)
            printf("%s holds dates (%s): days, and the cycles%s%s%s%s\n",
                   text_shown(about->inputs[j].name), about->inputs[j].dates,
                   about->inputs[j].cycles & TRIL_YEAR ? " year" : "",
                   about->inputs[j].cycles & TRIL_WEEK ? " week" : "",
                   about->inputs[j].cycles & TRIL_DAY ? " day" : "",
                   about->inputs[j].cycles ? "" : " none");
    if (inputs + targets + unseen)
        printf("missing cells: %zu of inputs, %zu of targets; %zu labels not seen; %zu rows left "
               "out\n",
               inputs, targets, unseen, rows);
    figures_print_bounds(about, w->cases, PARTS);
}

static void print_work(const work *w, const training *t)
{
    const tril_model_info *about = tril_model_get_info(w->model);
    char rows[WORK_ROWS_TEXT];
    work_write_rows(w, " rows", rows);
    printf("%s: %s; targets", text_shown(w->plan->settings.data), rows);
    for (size_t j = 0; j < about->n_targets; j++)
        printf("%s%s", j ? ", " : " ", transform_shown(about, j));
    printf("; %s", about->n_inputs ? "inputs" : "no inputs");
    for (size_t j = 0; j < about->n_inputs; j++)
        printf("%s%s", j ? ", " : " ", text_shown(about->inputs[j].name));
    if (about->n_left_out)
        printf("; %zu left out, constant or empty:", about->n_left_out);
    for (size_t j = 0; j < about->n_left_out; j++)
        printf("%s%s", j ? ", " : " ", text_shown(about->left_out[j]));
    printf("\n");
    print_cells(w);
    printf("%zu epochs in %.1f s\n", t->epochs, t->seconds);
}

/* a table is read in passing; these ought not to be missed */
static void print_warnings(const warnings *found, bool csv)
{
    if (!csv && found->n)
        printf("\n");
    for (size_t i = 0; i < found->n; i++)
        if (csv)
            csv_figure("all", "warning", found->text[i], 0, (double)(i + 1));
        else
            printf("warning: %s\n", found->text[i]);
}

/* of the rows that say most */
static bool print_worst(const work *w)
{
    int k = PART_TEST;
    while (k > PART_TRAINING && w->cases[k].n == 0)
        k--;
    return !w->plan->worst ||
           figures_print_worst(w->model, part_names[k], w->files[k] ? w->files[k] : w->table,
                               &w->cases[k], w->plan->worst, w->plan->csv);
}

static bool report(const work *w, const training *t, const search *s)
{
    figures parts[PARTS];
    warnings found = { .n = 0 };
    size_t n = 0;
    bool done = true;
    for (int k = 0; k < PARTS && done; k++)
        if (w->cases[k].n)
            done = figures_of(w->model, part_names[k], &w->cases[k], &parts[n++]);
    done = done && warnings_find(w, parts, n, &found);
    if (done && w->plan->csv) {
        figures_print_csv(w->model, parts, n);
        search_print_csv(s);
        done = print_worst(w);
        print_warnings(&found, true);
    } else if (done) {
        print_work(w, t);
        search_print(s);
        figures_print(w->model, parts, n);
        done = print_worst(w);
        print_warnings(&found, false);
        printf("\nmodel: %s\n", text_shown(w->plan->output));
    }
    while (n--)
        figures_free(&parts[n]);
    return done;
}

static int run(plan *p)
{
    work w = { 0 };
    search s = { 0 };
    training t = { 0 };
    int status = STATUS_WRONG;
    if (work_read(&w, p) && search_begin(&s, &w)) {
        const bool chosen = search_run(&s);
        if (chosen && training_begin(&t, &w)) {
            status = STATUS_FAILED;
            if (training_run(&t) && (!ranks_first() || (training_end(&t) && report(&w, &t, &s))))
                status = STATUS_DONE;
        } else if (!chosen) {
            status = STATUS_FAILED;
        }
    }
    if (status == STATUS_DONE && p->search && ranks_first())
        remove(p->search);
    if (tril_ctx_failed(w.ctx)) {
        if (!command_lacked_memory()) /* which has been said */
            fprintf(stderr, "%s: %s\n", command_name(), tril_ctx_message(w.ctx));
        /* an option that training refuses, or a checkpoint that is of another run */
        if (tril_ctx_status(w.ctx) == TRIL_BAD_ARGUMENT || tril_ctx_status(w.ctx) == TRIL_BAD_DATA)
            status = STATUS_WRONG;
        if (tril_ctx_status(w.ctx) == TRIL_OUT_OF_MEMORY)
            status = STATUS_FAILED;
    }
    training_free(&t);
    search_free(&s);
    work_free(&w);
    return status;
}

static int command(bool searches, int argc, char **argv)
{
    plan p;
    int status;
    if (!ranks_begin())
        return STATUS_FAILED;
    if (plan_read(&p, searches, argc, argv, &status)) {
        ranks_keep(p.search, p.checkpoint);
        status = run(&p);
    }
    status = ranks_end(output_status(command_name(), status));
    plan_free(&p);
    return status;
}

int fit_command(int argc, char **argv)
{
    return command(false, argc, argv);
}

int search_command(int argc, char **argv)
{
    return command(true, argc, argv);
}
