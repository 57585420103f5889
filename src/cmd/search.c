/* Which settings are tried, which are taken, and the table of them. One setting is tried after the
 * other, the others being as they were chosen so far. */
#include "cmd/search.h"

#include <tril/extend.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/csv.h"
#include "cmd/summary.h"
#include "cmd/text.h"

/* ---- what is tried */

static bool is_head(const char *text, const tril_head_kind *kind)
{
    return strncmp(text, kind->name, strlen(kind->name)) == 0;
}

/* low rank is full where there are few targets, and Student's t takes no bounds of these */
static bool is_wanted(const plan *p, size_t tried, const char *text)
{
    return p->asked[tried] != settings_tried[tried].ways ||
           ((p->targets.n > 2 || !is_head(text, &tril_head_lowrank)) &&
            (!p->bounds || !is_head(text, &tril_head_student)));
}

/* what is left of the budget, as a number of candidates */
static size_t room_for(const search *s, double each)
{
    const double room = floor((s->work->plan->budget - (s->spent - each)) / each);
    return room < 0 ? 0 : room < MOST_WAYS ? (size_t)room : MOST_WAYS;
}

/* The texts of one setting, the one so far first. Of those for which the budget has room candidates
 * [MOST_WAYS] gets plans; the others' numbers are NaN. */
static bool list_ways(search *s, size_t tried, const char *now, size_t room, plan *candidates,
                      size_t *n)
{
    const plan *p = s->work->plan;
    const tril_mean_se unknown = { (double)NAN, (double)NAN };
    *n = 0;
    s->way[s->n_ways++] = (way){ tried, now, unknown, unknown, false };
    for (size_t i = 0; i < p->ways[tried].n; i++) {
        const char *text = p->ways[tried].name[i];
        if (strcmp(text, now) == 0 || !is_wanted(p, tried, text))
            continue;
        way *own = &s->way[s->n_ways++];
        *own = (way){ tried, text, unknown, unknown, false };
        candidates[*n] = *p;
        if (!plan_try(&candidates[*n], tried, text))
            return false;
        if (*n < room) {
            own->nll.mean = 0;
            ++*n;
        }
    }
    return true;
}

/* nll [1 + n, rows]: that of the plan so far first; then it is that of the one that is taken */
static void choose(search *s, size_t first, size_t n, double *nll)
{
    tril_mean_se above[MOST_WAYS + 1];
    const size_t targets = s->work->plan->targets.n;
    const size_t taken = tril_choose(nll, n + 1, s->weight, s->rows, targets, above);
    for (size_t i = first, k = 0; i < s->n_ways; i++) {
        way *w = &s->way[i];
        if (i > first && isnan(w->nll.mean))
            continue;
        w->nll = tril_mean_se_of(nll + k * s->rows, 1, s->weight, s->rows);
        w->above = above[k];
        w->taken = k++ == taken;
    }
    memmove(nll, nll + taken * s->rows, s->rows * sizeof *nll);
}

static bool try_setting(search *s, size_t tried, double each, double *nll, plan *candidates)
{
    plan *p = s->work->plan;
    const size_t first = s->n_ways;
    /* the first setting is as it was said, linear too */
    const char *now = tried ? p->settings.text[settings_tried[tried].which] : *p->ways->name;
    size_t n;
    const bool done = list_ways(s, tried, now, room_for(s, each), candidates, &n) &&
                      search_judge(s, candidates, n, nll + s->rows);
    if (done)
        choose(s, first, n, nll);
    for (size_t i = first + 1; i < s->n_ways && done; i++)
        if (s->way[i].taken)
            return plan_try(p, tried, s->way[i].text);
    return done;
}

bool search_run(search *s)
{
    const work *w = s->work;
    const plan *p = w->plan;
    if (!p->search)
        return true;
    plan *candidates = command_alloc(MOST_WAYS, sizeof *candidates);
    double *nll = candidates ? command_alloc(s->rows, (MOST_WAYS + 1) * sizeof *nll) : NULL;
    bool done = nll && search_judge(s, p, 1, nll);
    const double each = s->spent;
    /* without inputs all but the head is one */
    for (size_t i = 0; i < (w->inputs.n ? N_TRIED : 1) && done; i++)
        if (p->ways[i].n > 1)
            done = try_setting(s, i, each, nll, candidates);
    if (done && s->n_ways == 0) { /* nothing but the plan itself */
        s->way[s->n_ways++] = (way){ .text = "", .taken = true };
        choose(s, 0, 0, nll);
    }
    free(nll);
    free(candidates);
    return done;
}

/* ---- the table */

void search_print(const search *s)
{
    if (s->n_ways == 0)
        return;
    const plan *p = s->work->plan;
    printf("\nNLL, nats per row: %zu rows ", s->rows);
    if (p->folds)
        printf("held out in %zu folds", p->folds);
    else
        printf("to validate");
    if (p->ways->n == 0) {
        printf("\n%-26s %11.4f +- %.4f\n", "networks", s->way->nll.mean, s->way->nll.error);
        return;
    }
    printf("\n%-14s%-18s %19s %19s", "", "", "", "above the best");
    for (size_t i = 0; i < s->n_ways; i++) {
        const way *w = &s->way[i];
        const char *name = setting_name(settings_tried[w->tried].which);
        printf("\n%-14s%-18s", i && w[-1].tried == w->tried ? "" : name, text_shown(w->text));
        if (isnan(w->nll.mean))
            printf(" not tried");
        else
            printf(" %9.4f +- %.4f %9.4f +- %.4f%s", w->nll.mean, w->nll.error, w->above.mean,
                   w->above.error, w->taken ? "  taken" : "");
    }
    printf("\n");
}

void search_print_csv(const search *s)
{
    for (size_t i = 0; i < s->n_ways; i++) {
        const way *w = &s->way[i];
        char name[512] = "";
        if (s->work->plan->ways->n)
            snprintf(name, sizeof name, "%s %s", setting_name(settings_tried[w->tried].which),
                     w->text);
        csv_figure("held", "nll", name, 0, w->nll.mean);
        csv_figure("held", "nll_error", name, 0, w->nll.error);
        csv_figure("held", "above_best", name, 0, w->above.mean);
        csv_figure("held", "above_best_error", name, 0, w->above.error);
        csv_figure("held", "taken", name, 0, w->taken);
    }
}
