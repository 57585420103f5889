/* What optimizers share. */
#include "optim/optim.h"

#include <math.h>
#include <string.h>

#include "core/finite.h"
#include "core/shape.h"

bool tril_optim_check(tril_params *params, const char *optim, const char *option, double x,
                      double low, double high)
{
    if (!params || tril_ctx_failed(params->ctx))
        return false;
    return (x >= low && x < high) ||
           tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT, "%s: %s is %g, want %g <= %s < %g", optim,
                         option, x, low, option, high);
}

tril_optim_span tril_optim_span_of(const tril_param_entry *entry, double lr, double weight_decay)
{
    return (tril_optim_span){ entry->group, entry->offset, entry->size, lr, weight_decay };
}

/* neighbours of one group make one span */
static void find_spans(tril_optim *optim, double lr, double weight_decay)
{
    const tril_params *params = optim->params;
    for (size_t i = 0; i < params->count; i++) {
        const tril_param_entry *entry = &params->entries[i];
        tril_optim_span *last = optim->n_spans ? &optim->spans[optim->n_spans - 1] : NULL;
        if (last && strcmp(last->group, entry->group) == 0)
            last->size += entry->size;
        else
            optim->spans[optim->n_spans++] = tril_optim_span_of(entry, lr, weight_decay);
    }
}

tril_optim *tril_optim_new(const tril_optim_kind *kind, tril_params *params,
                           const tril_optim_opts *opts, const void *own, size_t own_size)
{
    const double lr = opts->lr == 0 ? kind->lr : opts->lr;
    if (params && kind->n_states > TRIL_OPTIM_MAX_STATES)
        return tril_ctx_fail(params->ctx, TRIL_BAD_ARGUMENT,
                             "%s: %zu blocks of state, there can be %d", kind->name, kind->n_states,
                             TRIL_OPTIM_MAX_STATES),
               NULL;
    if (!tril_optim_check(params, kind->name, "lr", lr, 0, HUGE_VAL) ||
        !tril_optim_check(params, kind->name, "weight_decay", opts->weight_decay, 0, HUGE_VAL) ||
        !tril_optim_check(params, kind->name, "clip.value", opts->clip.value, 0, HUGE_VAL) ||
        !tril_optim_check(params, kind->name, "clip.norm", opts->clip.norm, 0, HUGE_VAL))
        return NULL;
    tril_optim *optim = tril_ctx_alloc(params->ctx, kind->name, 1, sizeof *optim);
    if (!optim)
        return NULL;
    *optim = (tril_optim){ .kind = kind,
                           .params = params,
                           .arena = { .ctx = params->ctx },
                           .clip = opts->clip,
                           .lr_factor = 1 };
    optim->spans = tril_arena_take(&optim->arena, kind->name, params->count, sizeof *optim->spans);
    optim->own = tril_arena_take(&optim->arena, kind->name, 1, own_size);
    for (size_t k = 0; k < kind->n_states && optim->spans; k++) {
        optim->state[k] =
            tril_arena_take(&optim->arena, kind->name, params->size, sizeof(tril_real));
        if (optim->state[k])
            memset(optim->state[k], 0, params->size * sizeof(tril_real));
    }
    if (tril_ctx_failed(params->ctx)) {
        tril_optim_free(optim);
        return NULL;
    }
    memcpy(optim->own, own, own_size);
    find_spans(optim, lr, opts->weight_decay);
    params->in_use = params->grouped = true;
    return optim;
}

void tril_optim_free(tril_optim *optim)
{
    if (!optim)
        return;
    tril_arena_free(&optim->arena);
    tril_ctx_release(optim->params->ctx, optim);
}

static bool fail_not_finite(const tril_optim *optim)
{
    const tril_params *params = optim->params;
    for (size_t i = 0; i < params->count; i++)
        for (size_t j = 0; j < params->entries[i].size; j++) {
            const tril_param_entry *entry = &params->entries[i];
            double g = (double)params->grads[entry->offset + j];
            if (!isfinite(g))
                return tril_ctx_fail(params->ctx, TRIL_NOT_FINITE,
                                     "%s: the gradient of %s is %g at [%s]", optim->kind->name,
                                     entry->name, g, tril_shape_index(entry->shape, j).text);
        }
    return false;
}

bool tril_optim_step(tril_optim *optim)
{
    if (!optim || tril_ctx_failed(optim->params->ctx))
        return false;
    tril_params *params = optim->params;
    if (tril_first_not_finite(params->grads, params->size) < params->size)
        return fail_not_finite(optim);
    tril_optim_clip(params, optim->clip);
    optim->steps++;
    for (size_t i = 0; i < optim->n_spans; i++) {
        const tril_optim_span *span = &optim->spans[i];
        tril_optim_update u = { .opts = optim->own,
                                .step = optim->steps,
                                .lr = span->lr * optim->lr_factor,
                                .weight_decay = span->weight_decay,
                                .n = span->size,
                                .g = params->grads + span->offset,
                                .w = params->values + span->offset };
        for (size_t k = 0; k < optim->kind->n_states; k++)
            u.state[k] = optim->state[k] + span->offset;
        optim->kind->update(&u);
    }
    return true;
}

typedef enum group_option { GROUP_LR, GROUP_WEIGHT_DECAY } group_option;

static bool set_group(tril_optim *optim, const char *group, group_option option, double x)
{
    const char *name = option == GROUP_LR ? "lr" : "weight_decay";
    if (!optim || !tril_optim_check(optim->params, optim->kind->name, name, x, 0, HUGE_VAL))
        return false;
    if (option == GROUP_WEIGHT_DECAY && optim->kind->no_decay)
        return tril_ctx_fail(optim->params->ctx, TRIL_BAD_ARGUMENT, "%s: it has no weight decay",
                             optim->kind->name);
    bool found = false;
    for (size_t i = 0; i < optim->n_spans; i++)
        if (!group || strcmp(optim->spans[i].group, group) == 0) {
            *(option == GROUP_LR ? &optim->spans[i].lr : &optim->spans[i].weight_decay) = x;
            found = true;
        }
    return found || tril_ctx_fail(optim->params->ctx, TRIL_BAD_ARGUMENT,
                                  "%s: no parameter is in a group named %s", optim->kind->name,
                                  group ? group : "");
}

bool tril_optim_set_lr(tril_optim *optim, const char *group, double lr)
{
    return set_group(optim, group, GROUP_LR, lr);
}

bool tril_optim_set_weight_decay(tril_optim *optim, const char *group, double weight_decay)
{
    return set_group(optim, group, GROUP_WEIGHT_DECAY, weight_decay);
}

bool tril_optim_set_lr_factor(tril_optim *optim, double factor)
{
    if (!optim ||
        !tril_optim_check(optim->params, optim->kind->name, "lr_factor", factor, 0, HUGE_VAL))
        return false;
    optim->lr_factor = factor;
    return true;
}

size_t tril_optim_state(tril_optim *optim, tril_array *arrays)
{
    static const char *const names[TRIL_OPTIM_MAX_STATES] = { "optim.state.0", "optim.state.1" };
    if (!optim)
        return 0;
    arrays[0] = (tril_array){ "optim.steps", &optim->steps, TRIL_ARRAY_COUNT, 1 };
    for (size_t k = 0; k < optim->kind->n_states; k++)
        arrays[1 + k] =
            (tril_array){ names[k], optim->state[k], TRIL_ARRAY_REAL, optim->params->size };
    return 1 + optim->kind->n_states;
}
