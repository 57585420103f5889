/* A model and rows for it. */
#include "cmd/load.h"

#include <stdio.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/text.h"

bool load_model(loaded *l, const char *model, uint64_t seed)
{
    l->ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = seed });
    l->file = tril_tensors_read(l->ctx, model);
    l->model = tril_tensors_get_model(l->file, NULL);
    return l->model;
}

bool load_rows(loaded *l, const char *program, const char *data, const char *missing, bool predict,
               bool strict)
{
    static const char *const names[] = { "error", "drop", "mean", "marginal" };
    size_t policy = tril_model_get_info(l->model)->missing;
    if (missing)
        for (policy = 0; policy < 4 && strcmp(names[policy], missing); policy++)
            ;
    if (policy == 4)
        return fprintf(stderr, "%s: --missing wants error, drop, mean, marginal, not '%s'\n",
                       program, text_shown(missing)),
               false;
    const tril_dataset_opts opts = { .missing = (tril_missing)policy,
                                     .predict = predict,
                                     .leave_out_extreme = !strict };
    l->table = tril_table_read(l->ctx, data);
    return tril_model_dataset(l->model, l->table, NULL, 0, &opts, &l->rows);
}

void load_free(loaded *l)
{
    tril_dataset_free(&l->rows);
    tril_table_free(l->table);
    tril_model_free(l->model);
    tril_tensors_free(l->file);
    tril_ctx_free(l->ctx);
}

int load_status(const loaded *l, const char *program, bool done)
{
    if (done)
        return STATUS_DONE;
    if (!tril_ctx_failed(l->ctx))
        return l->rows.n ? STATUS_FAILED : STATUS_WRONG;
    fprintf(stderr, "%s: %s\n", program, tril_ctx_message(l->ctx));
    return tril_ctx_status(l->ctx) == TRIL_OUT_OF_MEMORY || l->rows.n ? STATUS_FAILED
                                                                      : STATUS_WRONG;
}

bool load_judge(const loaded *l, const tril_evaluation *out)
{
    const tril_model_info *about = tril_model_get_info(l->model);
    return tril_model_evaluate(l->model, about->networks, about->n_networks,
                               (tril_batch){ l->rows.x, l->rows.y, l->rows.n }, out);
}
