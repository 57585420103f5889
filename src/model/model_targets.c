/* Targets between the units of the data and those of the networks: transforms, then scalers. */
#include <math.h>

#include "io/message.h"
#include "io/number.h"
#include "io/table.h"
#include "model/model.h"

bool tril_model_read_transforms(tril_model *model, tril_status status, const char *what,
                                const char *const *texts)
{
    const size_t d = model->about.n_targets;
    char room[2][TRIL_SHOWN_ROOM];
    tril_c_locale locale;
    model->transforms = tril_arena_take(&model->arena, "model", d, sizeof *model->transforms);
    if (!model->transforms || !tril_c_locale_begin(&locale, model->ctx, what))
        return false;
    bool done = true;
    for (size_t j = 0; j < d && done; j++)
        done = tril_transform_read(texts ? texts[j] : NULL, &model->transforms[j]) ||
               tril_ctx_fail(model->ctx, status,
                             "%s: target %s: '%s' is no transform: want log, logit(LOW,HIGH) with "
                             "LOW below HIGH, yeo-johnson, yeo-johnson(P) with P from 0 to 2, or "
                             "auto",
                             what, tril_shown(room[0], model->about.targets[j]),
                             tril_shown(room[1], texts[j]));
    tril_c_locale_end(&locale);
    return done;
}

bool tril_model_set_targets(tril_model *model)
{
    tril_model_info *about = &model->about;
    const size_t d = about->n_targets;
    const tril_scaler *s = &model->targets;
    tril_target *map = tril_arena_take(&model->arena, "model", d, sizeof *map);
    const char **texts = tril_arena_take(&model->arena, "model", d, sizeof *texts);
    tril_transform_text *text = tril_arena_take(&model->arena, "model", d, sizeof *text);
    tril_c_locale locale;
    if (!map || !texts || !text || !tril_c_locale_begin(&locale, model->ctx, "model"))
        return false;
    bool any = false;
    for (size_t j = 0; j < d; j++) {
        const tril_transform *g = &model->transforms[j];
        const double unit = s->scale[j] * exp(-tril_transform_log_slope(g, s->mean[j]));
        map[j] = (tril_target){ *g, s->mean[j], s->scale[j],
                                unit > 0 && isfinite(unit) ? unit : s->scale[j] };
        text[j] = tril_transform_write(g);
        texts[j] = text[j].text;
        any |= g->kind != NULL;
    }
    tril_c_locale_end(&locale);
    model->map = map;
    about->transforms = any ? texts : NULL;
    return true;
}

/* ---- cells */

bool tril_model_fail_target(const tril_model *model, const tril_table *table, size_t j, size_t row,
                            size_t k)
{
    tril_c_locale locale;
    const tril_transform *g = &model->transforms[j];
    if (!tril_c_locale_begin(&locale, table->ctx, table->path))
        return false;
    tril_table_fail_cell(table, row, k,
                         "%g is beyond what %s takes, %s: leave the cell empty, or choose another "
                         "transform (--transform)",
                         table->cells[row * table->width + k], tril_transform_write(g).text,
                         g->kind->takes);
    tril_c_locale_end(&locale);
    return false;
}

bool tril_model_put_target(const tril_model *model, const tril_table *table, size_t j, bool fresh,
                           bool extreme, tril_dataset *cases)
{
    const size_t d = model->about.n_targets;
    const tril_transform *g = &model->transforms[j];
    double *origin = &model->origin[model->about.mlp.inputs + j];
    size_t k;
    if (!tril_table_find(table, model->about.targets[j], &k))
        return false;
    if (!g->kind || g->open)
        return tril_model_put_limits(model, table, j, k, cases);
    if (fresh)
        *origin = tril_model_find_origin(table, k, TRIL_NO_DATE, g, cases);
    for (size_t i = 0; i < cases->n; i++) {
        const double z =
            tril_transform_forward(g, tril_table_number(table, cases->row[i], k, TRIL_NO_DATE));
        if (isinf(z) && !extreme)
            return tril_model_fail_target(model, table, j, cases->row[i], k);
        cases->y[i * d + j] = (tril_real)(z - *origin);
    }
    return tril_model_put_limits(model, table, j, k, cases);
}

/* ---- numbers */

void tril_model_targets_apply(const tril_model *model, const double *y, size_t n, tril_real *out)
{
    const size_t d = model->about.n_targets;
    for (size_t i = 0; i < n * d; i++) {
        const tril_target *t = &model->map[i % d];
        out[i] = (tril_real)((tril_transform_forward(&t->g, y[i]) - t->mean) / t->scale);
    }
}

void tril_model_targets_undo(const tril_model *model, const tril_real *y, size_t n, double *out)
{
    const size_t d = model->about.n_targets;
    for (size_t i = 0; i < n * d; i++) {
        const tril_target *t = &model->map[i % d];
        out[i] = tril_transform_inverse(&t->g, t->mean + t->scale * (double)y[i]);
    }
}

void tril_model_targets_add_log_scale(const tril_model *model, const tril_real *y, size_t n,
                                      const bool *given, double *nll)
{
    const size_t d = model->about.n_targets;
    for (size_t i = 0; i < n * d; i++) {
        const tril_target *t = &model->map[i % d];
        if (!isnan(y[i]) && !(given && given[i % d]))
            nll[i / d] +=
                log(t->scale) - tril_transform_log_slope(&t->g, t->mean + t->scale * (double)y[i]);
    }
}
