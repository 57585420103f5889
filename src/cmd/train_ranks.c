/* Who trains which member, and what the first rank gets of them. */
#include "cmd/train_ranks.h"

#include <tril/extend.h>

#include <stdint.h>
#include <stdio.h>

#include "cmd/checkpoint.h"
#include "cmd/ranks.h"

static size_t under_way(const training *t, size_t rank)
{
    size_t n = 0;
    for (size_t k = 0; k < t->work->plan->model.members; k++)
        n += t->owner[k] == rank && !t->state[k].done;
    return n;
}

void training_deal(training *t)
{
    for (size_t k = 0; k < t->n_left; k++) {
        const member_run *m = t->left[k];
        size_t least = 0;
        for (size_t rank = 1; rank < ranks_count(); rank++)
            if (under_way(t, rank) < under_way(t, least))
                least = rank;
        /* one process begins what a thread comes to */
        if (t->owner[m->index] == SIZE_MAX &&
            (ranks_count() == 1 || m->resumes || under_way(t, least) < t->work->plan->fit.threads))
            t->owner[m->index] = least;
    }
}

/* what a member failed of, the run failed of */
static bool fail_as_member(training *t, const member_run *m)
{
    struct {
        tril_status status;
        char message[1024];
    } of = { .status = TRIL_OK };
    if (t->owner[m->index] == ranks_own()) {
        of.status = tril_ctx_status(m->ctx);
        snprintf(of.message, sizeof of.message, "%s", tril_ctx_message(m->ctx));
    }
    if (ranks_share(t->owner[m->index], &of, sizeof of))
        tril_ctx_fail(t->work->ctx, of.status, "%s", of.message);
    return false;
}

bool training_meet(training *t)
{
    if (!ranks_gather(t->state, t->work->plan->model.members, sizeof *t->state, t->owner))
        return false;
    for (size_t k = 0; k < t->n_left; k++)
        if (t->state[t->left[k]->index].failed)
            return fail_as_member(t, t->left[k]);
    return true;
}

bool training_collect(training *t)
{
    if (ranks_count() == 1)
        return true;
    tril_tensors *own = ranks_first() ? NULL : tril_tensors_new(t->work->ctx);
    bool done = (ranks_first() || (own && record_put_own(t, own))) &&
                ranks_collect(t->work->ctx, own, t->others);
    tril_tensors_free(own);
    for (size_t rank = 1; rank < ranks_count() && ranks_first() && done; rank++)
        done = record_take(t, rank);
    return done;
}
