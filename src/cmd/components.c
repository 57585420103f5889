/* Distributions of rows by their parameters, as CSV. */
#include "cmd/components.h"

#include <math.h>
#include <stdlib.h>

#include "cmd/commands.h"
#include "cmd/csv.h"
#include "cmd/transforms.h"

static void print_header(FILE *to, const tril_model_info *about)
{
    const char *const *t = about->targets;
    fputs("row,component,weight,df", to);
    for (size_t i = 0; i < about->n_targets; i++) {
        fputs(",", to);
        const bool g = *transform_of(about, i);
        csv_text(to, (const char *[]){ "loc_", transform_of(about, i), g ? "(" : "", t[i],
                                       g ? ")" : "", NULL });
    }
    for (size_t i = 0; i < about->n_targets; i++)
        for (size_t j = 0; j <= i; j++) {
            fputs(",", to);
            const bool g = *transform_of(about, i), h = *transform_of(about, j);
            csv_text(to, (const char *[]){ "scale_tril_", transform_of(about, i), g ? "(" : "",
                                           t[i], g ? ")" : "", "_", transform_of(about, j),
                                           h ? "(" : "", t[j], h ? ")" : "", NULL });
        }
    fputs("\n", to);
}

static void print_next(FILE *to, double x)
{
    fputs(",", to);
    csv_number(to, x);
}

/* component i of these */
static void print_component(FILE *to, const tril_components *c, size_t i, size_t d)
{
    print_next(to, c->weight[i]);
    print_next(to, isinf(c->df[i]) ? (double)NAN : c->df[i]);
    for (size_t j = 0; j < d; j++)
        print_next(to, c->loc[i * d + j]);
    for (size_t j = 0; j < d * d; j++)
        if (j % d <= j / d)
            print_next(to, c->scale_tril[i * d * d + j]);
    fputs("\n", to);
}

bool components_print(FILE *to, const loaded *l)
{
    enum { AT_ONCE = 64 };
    const tril_model_info *about = tril_model_get_info(l->model);
    const size_t d = about->n_targets, k = tril_model_n_components(l->model), most = AT_ONCE * k;
    double *memory = command_alloc(most, (2 + d + d * d) * sizeof *memory);
    if (!memory)
        return false;
    const tril_components out = { .weight = memory,
                                  .df = memory + most,
                                  .loc = memory + 2 * most,
                                  .scale_tril = memory + (2 + d) * most };
    bool done = true;
    print_header(to, about);
    for (size_t first = 0; first < l->rows.n && done; first += AT_ONCE) {
        const size_t n = l->rows.n - first < AT_ONCE ? l->rows.n - first : AT_ONCE;
        const tril_batch some = { .x = l->rows.x + first * about->mlp.inputs, .n = n };
        done = tril_model_components(l->ctx, l->model, some, &out);
        for (size_t i = 0; i < n * k && done; i++) {
            fprintf(to, "%zu,%zu", l->rows.row[first + i / k], i % k);
            print_component(to, &out, i, d);
        }
    }
    free(memory);
    return done;
}
