/* Warnings about rows that tell of each other. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/text.h"
#include "cmd/transforms.h"
#include "cmd/warnings.h"

void warnings_add(warnings *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (out->n < MOST_WARNINGS)
        vsnprintf(out->text[out->n++], LONGEST_WARNING, format, args);
    va_end(args);
}

/* ---- groups: blocks of rows with one cell in some column, each in one place of the file */

/* whether no cell comes back later */
static bool is_in_blocks(const size_t *first, size_t n)
{
    for (size_t i = 0, begin = 0; i < n; i++) {
        begin = first[i] == i ? i : begin;
        if (first[i] != begin)
            return false;
    }
    return true;
}

/* The share of the variance of target j's errors that is between blocks, by analysis of variance.
 */
static double share_between(const survey *s, const size_t *first, size_t j)
{
    double n = 0, blocks = 0, all = 0, within = 0, mean = 0, own_n = 0, own = 0;
    for (size_t i = 0; i < s->rows; i++) {
        const double e = s->linear[i * s->d + j];
        own_n = first[i] == i ? 0 : own_n;
        own = first[i] == i ? 0 : own;
        if (isnan(e))
            continue;
        blocks += own_n == 0;
        const double apart = e - mean, own_apart = e - own;
        mean += apart / ++n;
        own += own_apart / ++own_n;
        all += apart * (e - mean);
        within += own_apart * (e - own);
    }
    const double inside = within / (n - blocks), between = (all - within) / (blocks - 1);
    return n > blocks && blocks > 1 ? (between - inside) / (between + (n / blocks - 1) * inside)
                                    : 0;
}

static bool is_twice(const tril_table *table, const char *name)
{
    size_t n = 0;
    for (size_t k = 0; k < tril_table_width(table); k++)
        n += strcmp(tril_table_name(table, k), name) == 0;
    return n > 1;
}

static bool check_groups(const survey *s, warnings *out)
{
    const plan *p = s->work->plan;
    size_t *first = command_alloc(s->rows, sizeof *first);
    bool done = first, found = false;
    for (size_t k = 0; k < tril_table_width(s->work->table) && done && !found; k++) {
        const char *name = tril_table_name(s->work->table, k);
        if (names_hold(&p->targets, name) || is_twice(s->work->table, name))
            continue;
        const size_t blocks = tril_table_runs(s->work->table, name);
        if (blocks < 10 || 2 * blocks > s->rows)
            continue;
        done = tril_table_equals(s->work->table, &name, 1, first);
        double most = 0;
        for (size_t j = 0; j < s->d && done && is_in_blocks(first, s->rows); j++)
            most = fmax(most, share_between(s, first, j));
        found = most > 0.5;
        if (found)
            warnings_add(out,
                         "rows with the same %s are much alike, so test rows are no new ones: "
                         "--group %s keeps them together",
                         text_shown(name), text_shown(name));
    }
    free(first);
    return done;
}

/* ---- rows with near inputs */

/* The nearest row of another in the inputs, among every step-th; copies of a row do not count.
 * SIZE_MAX where there is none. */
static size_t nearest(const tril_dataset *c, size_t width, size_t d, size_t i, size_t step)
{
    size_t best = SIZE_MAX;
    double least = HUGE_VAL;
    for (size_t k = 0; k < c->n; k += step) {
        double square = 0;
        bool copy = true;
        for (size_t m = 0; m < width && square < least; m++) {
            const double apart = (double)(c->x[i * width + m] - c->x[k * width + m]);
            square += apart * apart;
        }
        for (size_t j = 0; j < d; j++)
            copy &= c->y[i * d + j] == c->y[k * d + j];
        if (k != i && square < least && !(copy && square == 0)) {
            least = square;
            best = k;
        }
    }
    return best;
}

/* Rows near each other differ by noise alone; where the network errs by far more it has missed what
 * the inputs say. */
static bool check_near(const survey *s, warnings *out)
{
    enum { ASKED = 200, AMONG = 5000, LEAST = 100 };
    const tril_model_info *about = tril_model_get_info(s->work->model);
    const tril_dataset *c = &s->work->cases[PART_TRAINING];
    const size_t width = about->mlp.inputs, d = s->d, step = c->n / AMONG + 1;
    if (c->n < LEAST || about->n_inputs == 0 || s->work->files[PART_TRAINING])
        return false;
    for (size_t j = 0; j < d; j++) {
        double apart = 0, error = 0, n = 0;
        for (size_t a = 0; a < ASKED; a++) {
            const size_t i = a * c->n / ASKED, k = nearest(c, width, d, i, step);
            const double own =
                k == SIZE_MAX ? (double)NAN : (double)(c->y[i * d + j] - c->y[k * d + j]);
            const double e = s->network[c->row[i] * d + j];
            if (isnan(own) || isnan(e))
                continue;
            apart += own * own / 2;
            error += e * e;
            n++;
        }
        if (n < LEAST / 2 || apart > 0.25 * error)
            continue;
        const double sd = about->targets_scaler->scale[j];
        warnings_add(
            out,
            "rows with near inputs are alike in %s to within %.3g, but the network errs by "
            "%.3g: try --activation silu, wider layers with --hidden, or columns of what "
            "repeats, the hour of the day for one",
            transform_shown(about, j), sd * sqrt(apart / n), sd * sqrt(error / n));
        return true;
    }
    return false;
}

/* ---- rows next to each other */

static void check_neighbours(const survey *s, warnings *out)
{
    const size_t d = s->d;
    double most = 0;
    for (size_t j = 0; j < d && s->rows >= 100; j++) {
        double product = 0, square = 0;
        for (size_t i = 1; i < s->rows; i++) {
            const double a = s->network[(i - 1) * d + j], b = s->network[i * d + j];
            if (isnan(a) || isnan(b))
                continue;
            product += a * b;
            square += (a * a + b * b) / 2;
        }
        most = fmax(most, square > 0 ? product / square : 0);
    }
    if (most > 0.5)
        warnings_add(
            out,
            "the network errs much alike in rows next to each other (correlation %.2f), so "
            "test rows are no new ones: deal them by --order COLUMN or --group COLUMN",
            most);
}

bool warnings_of_rows(const survey *s, warnings *out)
{
    const plan *p = s->work->plan;
    const size_t before = out->n;
    const bool dealt = p->group || p->order || p->split;
    if (!dealt && !check_groups(s, out))
        return false;
    if (!check_near(s, out) && !dealt && out->n == before)
        check_neighbours(s, out);
    return true;
}
