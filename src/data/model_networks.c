/* A model's networks: its members, and the baselines. */
#include <math.h>
#include <string.h>

#include "data/model.h"
#include "kernels/blas.h"
#include "kernels/cholesky.h"
#include "nn/head.h"

bool tril_model_measure(tril_model *model, const tril_mlp_opts *mlp, const tril_head_opts *head)
{
    tril_model_parts *about = &model->about;
    tril_head_opts checked = *head;
    tril_head_layout layout;
    if (head->form == TRIL_HEAD_SHARED) /* whose parameter is not there yet */
        checked.form = TRIL_HEAD_FULL;
    if (!tril_head_layout_of(model->ctx, about->n_targets, &checked, &layout))
        return false;
    about->head = *head;
    about->head.shared = (tril_param){ 0 };
    about->mlp = *mlp;
    about->mlp.outputs = tril_head_width(about->n_targets, head);
    about->mlp.inputs = about->n_inputs == 0;
    for (size_t j = 0; j < about->n_inputs; j++)
        about->mlp.inputs += about->inputs[j].labels ? about->inputs[j].n_labels : 1;
    return true;
}

bool tril_model_make_room(tril_model *model, size_t members)
{
    tril_arena *arena = &model->arena;
    if (members > SIZE_MAX / 2)
        return tril_ctx_fail(model->ctx, TRIL_BAD_ARGUMENT, "model: it cannot have %zu members",
                             members);
    model->members = tril_arena_take(arena, "model", members, sizeof *model->members);
    model->stores =
        tril_arena_take(arena, "model", members + TRIL_BASELINES, sizeof *model->stores);
    model->about.networks = model->members;
    model->about.n_networks = members;
    if (model->stores)
        memset(model->stores, 0, (members + TRIL_BASELINES) * sizeof *model->stores);
    return model->members && model->stores;
}

void tril_model_plan(const tril_model *model, size_t i, tril_mlp_opts *mlp, tril_head_opts *head)
{
    const tril_model_parts *about = &model->about;
    *mlp = about->mlp;
    *head = about->head;
    if (i < about->n_networks)
        return;
    *head = (tril_head_opts){ .form = TRIL_HEAD_SHARED };
    if (i == about->n_networks + TRIL_BASELINE_DIAGONAL)
        head->form = TRIL_HEAD_DIAGONAL;
    *mlp = (tril_mlp_opts){ .inputs = about->mlp.inputs,
                            .outputs = tril_head_width(about->n_targets, head),
                            .init = TRIL_ZERO };
}

bool tril_model_make_network(tril_model *model, size_t i)
{
    tril_model_parts *about = &model->about;
    const size_t members = about->n_networks;
    tril_network *net = i < members ? &model->members[i] : &about->baselines[i - members];
    tril_mlp_opts opts;
    tril_params *params = tril_params_new(model->ctx);
    if (!params)
        return false;
    model->stores[i] = params;
    net->targets = about->n_targets;
    tril_model_plan(model, i, &opts, &net->head);
    if (net->head.form == TRIL_HEAD_SHARED)
        net->head.shared = tril_head_shared_new(params, "covariance", net->targets);
    net->mlp = tril_mlp_new(params, "net", &opts);
    return net->mlp;
}

/* ---- fitting the baselines */

enum { CHUNK = 256 };

/* Sums over all rows, with a 1 in front of the inputs: X'X + ridge in `gram`, Y'X in `cross`; rows
 * of both in memory for a chunk of them. */
static void add_rows(tril_rows rows, size_t inputs, size_t d, double *gram, double *cross,
                     double *memory)
{
    const size_t p = inputs + 1;
    double *x = memory, *y = memory + CHUNK * p;
    memset(gram, 0, (p + d) * p * sizeof *gram); /* cross lies behind it */
    for (size_t first = 0; first < rows.n; first += CHUNK) {
        const size_t n = rows.n - first < CHUNK ? rows.n - first : CHUNK;
        for (size_t i = 0; i < n; i++) {
            x[i * p] = 1;
            for (size_t j = 0; j < inputs; j++)
                x[i * p + 1 + j] = (double)rows.x[(first + i) * inputs + j];
            for (size_t j = 0; j < d; j++)
                y[i * d + j] = (double)rows.y[(first + i) * d + j];
        }
        tril_add_gram(n, p, p, x, x, gram);
        tril_add_gram(n, d, p, y, x, cross);
    }
    for (size_t j = 1; j < p; j++)
        gram[j * (p + 1)] += 1e-6 * (double)rows.n;
}

/* the rows without what is linear in them; b [d, inputs + 1] begin with the intercepts */
static void subtract(tril_rows rows, size_t inputs, size_t d, const double *b, tril_real *left)
{
    for (size_t i = 0; i < rows.n * d; i++) {
        const double *of = b + i % d * (inputs + 1);
        const tril_real *x = rows.x + i / d * inputs;
        double sum = of[0];
        for (size_t j = 0; j < inputs; j++)
            sum += of[1 + j] * (double)x[j];
        left[i] = (tril_real)((double)rows.y[i] - sum);
    }
}

static void set_line(tril_dense *layer, size_t inputs, size_t d, const double *b)
{
    tril_real *weight = tril_param_values(tril_dense_weight(layer));
    tril_real *bias = tril_param_values(tril_dense_bias(layer));
    for (size_t i = 0; i < d; i++) {
        bias[i] = (tril_real)b[i * (inputs + 1)];
        for (size_t j = 0; j < inputs; j++)
            weight[i * inputs + j] = (tril_real)b[i * (inputs + 1) + 1 + j];
    }
}

static bool fit_line(tril_model *model, tril_rows rows)
{
    const size_t inputs = model->about.mlp.inputs, d = model->about.n_targets, p = inputs + 1;
    const tril_network *net = &model->about.baselines[TRIL_BASELINE_LINEAR];
    double *gram = tril_ctx_alloc(model->ctx, "model", (p + d) * (p + CHUNK), sizeof *gram);
    tril_real *left = tril_ctx_alloc(model->ctx, "model", rows.n, d * sizeof *left);
    bool done = gram && left &&
                (tril_blas_ready() || tril_ctx_fail(model->ctx, TRIL_OUT_OF_MEMORY,
                                                    "model: out of memory for a buffer of BLAS"));
    if (done) {
        double *cross = gram + p * p;
        tril_blas_single(true); /* the same bits for any number of its threads */
        add_rows(rows, inputs, d, gram, cross, cross + d * p);
        tril_cholesky_factor(p, gram, 1e-6 * (double)rows.n);
        tril_trsm_rows(false, d, p, gram, cross);
        tril_trsm_rows(true, d, p, gram, cross);
        tril_blas_single(false);
        subtract(rows, inputs, d, cross, left);
        done = tril_head_start(tril_mlp_last(net->mlp), left, rows.n, d, &net->head);
        if (done)
            set_line(tril_mlp_last(net->mlp), inputs, d, cross);
    }
    tril_ctx_release(model->ctx, gram);
    tril_ctx_release(model->ctx, left);
    return done;
}

/* rows of which no target is missing, to the front of x and y */
static size_t complete(tril_rows rows, size_t inputs, size_t d, tril_real *x, tril_real *y)
{
    size_t n = 0;
    for (size_t i = 0; i < rows.n; i++) {
        bool missing = false;
        for (size_t j = 0; j < d; j++)
            missing |= isnan(rows.y[i * d + j]);
        if (missing)
            continue;
        memcpy(x + n * inputs, rows.x + i * inputs, inputs * sizeof *x);
        memcpy(y + n * d, rows.y + i * d, d * sizeof *y);
        n++;
    }
    return n;
}

bool tril_model_fit_baselines(tril_model *model, tril_rows rows)
{
    const size_t inputs = model->about.mlp.inputs, d = model->about.n_targets;
    const tril_network *full = &model->about.baselines[TRIL_BASELINE_FULL];
    tril_real *x = tril_ctx_alloc(model->ctx, "model", rows.n, (inputs + d) * sizeof *x);
    if (!x)
        return false;
    tril_real *y = x + rows.n * inputs;
    const size_t n = complete(rows, inputs, d, x, y);
    bool done = n ? tril_head_start(tril_mlp_last(full->mlp), y, n, d, &full->head) &&
                        fit_line(model, (tril_rows){ x, y, n })
                  : tril_ctx_fail(model->ctx, TRIL_BAD_DATA,
                                  "model: there is no row of which no target is missing");
    tril_ctx_release(model->ctx, x);
    return done;
}
