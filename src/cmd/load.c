/* A model and rows for it. */
#include "cmd/load.h"

#include <tril/extend.h>

#include <stdio.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/options.h"
#include "cmd/text.h"

bool load_model(loaded *l, const char *model, uint64_t seed)
{
    l->ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = seed });
    l->file = tril_tensors_read(l->ctx, model);
    l->model = tril_tensors_get_model(l->file, NULL);
    return l->model;
}

bool load_option(load_opts *o, int which, const char *argument)
{
    o->missing = which == 'm' ? argument : o->missing;
    o->delimiter = which == 'd' ? argument : o->delimiter;
    o->words = which == 'w' ? argument : o->words;
    o->weight = which == 'e' ? argument : o->weight;
    o->strict |= which == 't';
    return which == 'm' || which == 'd' || which == 'w' || which == 't' || which == 'e';
}

bool load_rows(loaded *l, const char *data, const load_opts *o)
{
    const tril_model_info *about = tril_model_get_info(l->model);
    int policy = (int)about->missing;
    tril_dialect dialect = about->dialect;
    if ((o->missing && !option_missing(o->program, o->missing, &policy)) ||
        !option_dialect(o->program, o->delimiter, o->words, &l->words, &dialect))
        return false;
    const tril_dataset_opts opts = { .missing = (tril_missing)policy,
                                     .weight = o->weight,
                                     .predict = o->predict,
                                     .needed = o->needed,
                                     .leave_out_extreme = o->predict && !o->strict,
                                     .unseen = !o->strict };
    l->table = tril_table_read(l->ctx, data, &dialect);
    if (!tril_model_dataset(l->model, l->table, NULL, 0, &opts, &l->rows))
        return false;
    const size_t n = l->rows.unseen;
    if (n)
        fprintf(stderr,
                "%s: %s: %zu cell%s a label that the model has not seen and count%s as the "
                "training rows' shares; --strict makes that an error\n",
                o->program, text_shown(data), n, n > 1 ? "s have" : " has", n > 1 ? "" : "s");
    return true;
}

void load_free(loaded *l)
{
    tril_dataset_free(&l->rows);
    tril_table_free(l->table);
    tril_model_free(l->model);
    tril_tensors_free(l->file);
    tril_ctx_free(l->ctx);
    names_free(&l->words);
}

int load_status(const loaded *l, const char *program, bool done)
{
    if (done)
        return STATUS_DONE;
    if (!tril_ctx_failed(l->ctx))
        return l->rows.n ? STATUS_FAILED : STATUS_WRONG;
    if (!command_lacked_memory()) /* which has been said */
        fprintf(stderr, "%s: %s\n", program, tril_ctx_message(l->ctx));
    return tril_ctx_status(l->ctx) == TRIL_OUT_OF_MEMORY || l->rows.n ? STATUS_FAILED
                                                                      : STATUS_WRONG;
}

const char *output_path(const char *path)
{
    return path && strcmp(path, "-") == 0 ? NULL : path;
}

bool load_output(const loaded *l, const char *path, tril_file **file, FILE **to)
{
    *file = path ? tril_file_new(l->ctx, path) : NULL;
    *to = path ? tril_file_stream(*file) : stdout;
    return *to;
}

bool load_output_end(tril_file *file, bool done)
{
    done = done && (!file || tril_file_keep(file));
    tril_file_free(file);
    return done;
}

bool load_has_normals(const tril_model_info *about, const char *program, const char *what)
{
    const tril_head_kind *kind = about->networks->head.kind;
    if (kind->support)
        fprintf(stderr,
                "%s: %s is for heads of normals and Student's t, and the model's head is %s\n",
                program, what, kind->name);
    return !kind->support;
}

double load_count(const loaded *l)
{
    double sum = 0;
    for (size_t i = 0; i < l->rows.n; i++)
        sum += tril_weight_of(l->rows.w, i);
    return sum;
}

bool load_judge(const loaded *l, const tril_evaluation *out)
{
    const tril_model_info *about = tril_model_get_info(l->model);
    return tril_model_evaluate(l->model, about->networks, about->n_networks,
                               (tril_batch){ l->rows.x, l->rows.y, l->rows.n }, out);
}
