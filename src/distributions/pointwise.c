/* Ops over numbers, chunk by chunk. */
#include "distributions/pointwise.h"

#include <math.h>
#include <string.h>

#include "kernels/cpu_dispatch.h"
#include "ops/ops.h"

tril_var tril_numbers_apply(const tril_op *op, const tril_var *inputs, size_t n, tril_numbers attrs)
{
    return tril_op_apply(op, inputs, n, &attrs, sizeof attrs);
}

/* saved: sums of shared gradients */
bool tril_numbers_shape(tril_node *node)
{
    tril_numbers *p = node->attrs;
    p->full = (tril_shape){ 0 };
    for (size_t k = 0; k < node->n_in; k++)
        if (!tril_shape_broadcast(p->full, node->in[k]->shape, &p->full))
            return false; /* distributions and methods have looked */
    node->shape = tril_shape_leading(p->full, p->event_rank);
    p->event_size = tril_ops_product(p->full, node->shape.rank, p->full.rank);
    for (size_t k = 0; k < node->n_in; k++)
        node->saved_bytes += tril_row_grad_bytes(node, k, tril_shape_size(p->full), 1, false);
    return true;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ---- chunks: of many small events, or of a part of a large one */

typedef struct chunk {
    size_t event, events; /* the first one, how many */
    size_t part, size;    /* where their numbers begin, how many of each */
    size_t index, n;      /* of the first number among all, how many */
} chunk;

/* how many events of a size make a chunk; many of them without remainders of vectorised loops */
static size_t events_of(size_t size)
{
    const size_t n = size < TRIL_CHUNK ? TRIL_CHUNK / size : 1;
    return n < 16 ? n : n - n % 16;
}

/* false after the last; before the first all are 0 */
static bool next(const tril_node *node, chunk *c)
{
    const size_t all = ((const tril_numbers *)node->attrs)->event_size;
    c->index += c->n;
    c->part += c->size;
    if (c->part == all)
        c->event += c->events, c->part = 0;
    c->size = least(all - c->part, TRIL_CHUNK);
    c->events = c->size ? least(node->size - c->event, events_of(all)) : 0;
    c->n = c->events * c->size;
    return c->n > 0;
}

/* ---- where operands stand: in runs along the rows of a walk */

typedef struct place {
    tril_broadcast_iter walk;
    size_t at; /* in the walk's row */
} place;

static place first_place(const tril_node *node)
{
    tril_shape operands[TRIL_NUMBERS];
    for (size_t k = 0; k < node->n_in; k++)
        operands[k] = node->in[k]->shape;
    const tril_numbers *p = node->attrs;
    return (place){ tril_broadcast_iter_new(p->full, operands, node->n_in), 0 };
}

static size_t offset_of(const place *from, size_t k)
{
    return from->walk.offset[k] + from->at * from->walk.stride[0][k];
}

/* how many of n numbers the row still has */
static size_t run_of(const place *from, size_t n)
{
    return least(n, from->walk.dim[0] - from->at);
}

static void move_on(place *from, size_t run)
{
    from->at += run;
    if (from->at < from->walk.dim[0])
        return;
    tril_broadcast_iter_next(&from->walk);
    from->at = 0;
}

/* The operands of a chunk: in place, gathered from several runs, or in the middle of numbers that
 * repeat. */
typedef struct sets {
    size_t period;            /* of all operands that do not have a number for each set; 0: none */
    bool whole[TRIL_NUMBERS]; /* the others */
    const tril_real *x[TRIL_NUMBERS];
    tril_real gathered[TRIL_NUMBERS][2 * TRIL_CHUNK];
} sets;

static bool is_whole(const tril_node *node, size_t k)
{
    return node->in[k]->size == tril_shape_size(((const tril_numbers *)node->attrs)->full);
}

/* the length of the walk's row, if it is short and shared operands are the same in each of them */
static size_t period_of(const tril_node *node, const tril_broadcast_iter *walk)
{
    bool repeats = walk->rank == 2 && walk->dim[0] <= TRIL_CHUNK;
    for (size_t k = 0; k < node->n_in && repeats; k++)
        repeats = is_whole(node, k) || walk->stride[1][k] == 0;
    return repeats ? walk->dim[0] : 0;
}

/* before the first chunk */
static void begin_sets(const tril_node *node, const place *from, sets *s)
{
    s->period = period_of(node, &from->walk);
    for (size_t k = 0; k < node->n_in; k++)
        s->whole[k] = is_whole(node, k);
    for (size_t k = 0; k < node->n_in; k++)
        for (size_t i = 0; i < 2 * TRIL_CHUNK && s->period && !s->whole[k]; i++)
            s->gathered[k][i] = node->in[k]->value[i % s->period * from->walk.stride[0][k]];
}

/* asks for n numbers that will be wanted soon */
static void fetch(const tril_real *x, size_t n)
{
    const size_t line = 64 / sizeof *x;
    for (size_t i = 0; i < n; i += line)
        __builtin_prefetch(x + i);
}

/* the n numbers from `index` on, which come next, of all operands */
static void load(const tril_node *node, size_t index, size_t n, place *from, sets *s)
{
    for (size_t k = 0; k < node->n_in; k++) {
        s->x[k] = s->gathered[k] + (s->period ? index % s->period : 0);
        if (!s->whole[k])
            continue;
        s->x[k] = node->in[k]->value + index;
        fetch(s->x[k] + n, n);
    }
    for (size_t i = 0, run; i < n && !s->period; i += run) {
        run = run_of(from, n - i);
        for (size_t k = 0; k < node->n_in; k++) {
            const tril_real *x = node->in[k]->value + offset_of(from, k);
            const size_t stride = from->walk.stride[0][k];
            for (size_t j = 0; j < run && !s->whole[k]; j++)
                s->gathered[k][i + j] = x[j * stride];
        }
        move_on(from, run);
    }
}

/* ---- functions of one set */

/* the set of place i; false where it adds nothing */
static bool take_set(const tril_node *node, const tril_real *const *x, size_t i, double *set)
{
    for (size_t k = 0; k < node->n_in; k++)
        set[k] = (double)x[k][i];
    return !((const tril_numbers *)node->attrs)->missing || !isnan(set[node->n_in - 1]);
}

static void values_of(const tril_node *node, const chunk *c, const tril_real *const *x,
                      double *value)
{
    const tril_numbers *p = node->attrs;
    double set[TRIL_NUMBERS];
    if (p->values) {
        p->values(c->events, c->size, x, value);
        return;
    }
    for (size_t i = 0; i < c->n; i++) {
        const double own = take_set(node, x, i, set) ? p->each(set, NULL) : 0;
        value[i / c->size] = (i % c->size ? value[i / c->size] : 0) + own;
    }
}

static void slopes_of(const tril_node *node, const chunk *c, const tril_real *const *x,
                      double (*slope)[TRIL_CHUNK])
{
    const tril_numbers *p = node->attrs;
    double set[TRIL_NUMBERS];
    if (p->slopes) {
        p->slopes(c->n, x, slope);
        return;
    }
    for (size_t i = 0; i < c->n; i++) {
        double slopes[TRIL_NUMBERS] = { 0 };
        if (take_set(node, x, i, set))
            p->each(set, slopes);
        for (size_t k = 0; k < node->n_in; k++)
            slope[k][i] = slopes[k];
    }
}

/* ---- values */

/* false after an error that names the first set with something wrong */
static bool look(tril_node *node)
{
    const tril_numbers *p = node->attrs;
    const size_t size = tril_shape_size(p->full);
    place from = first_place(node);
    sets s;
    double set[TRIL_NUMBERS];
    begin_sets(node, &from, &s);
    for (size_t index = 0; index < size; index++) {
        load(node, index, 1, &from, &s);
        for (size_t k = 0; k < node->n_in; k++)
            set[k] = (double)s.x[k][0];
        const char *what = p->wrong(set);
        if (what)
            return tril_op_fail(node, TRIL_NOT_FINITE, "%s%s", what,
                                tril_shape_where(" at ", p->full, index).text);
    }
    return true;
}

/* whether a number is NaN or infinite: most often none is, and a look at all of them takes less
 * time than care over each */
TRIL_INLINE bool is_beyond(size_t n, const tril_real *restrict x)
{
    int beyond = 0;
    for (size_t i = 0; i < n; i++)
        beyond |= x[i] - x[i] != 0;
    return beyond;
}

TRIL_INLINE void round_of(size_t n, const double *restrict values, tril_real *restrict to,
                          bool *nothing)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (tril_real)values[i];
    if (!is_beyond(n, to))
        return;
    for (size_t i = 0; i < n; i++) {
        to[i] = tril_saturate(values[i]);
        *nothing |= isnan(values[i]);
    }
}

/* also tells whether one is not a number */
TRIL_FOR_EACH_TARGET(static, round_all,
                     (size_t n, const double *values, tril_real *to, bool *nothing),
                     (n, values, to, nothing), round_of(n, values, to, nothing))

bool tril_numbers_forward(tril_node *node)
{
    const tril_numbers *p = node->attrs;
    bool nothing = false;
    double value[TRIL_CHUNK], sum = 0; /* of a large event's parts so far */
    place from = first_place(node);
    sets s;
    begin_sets(node, &from, &s);
    for (size_t i = 0; i < node->size && p->event_size == 0; i++)
        node->value[i] = 0;
    for (chunk c = { 0 }; next(node, &c);) {
        load(node, c.index, c.n, &from, &s);
        values_of(node, &c, s.x, value);
        value[0] += c.part ? sum : 0;
        sum = value[0];
        round_all(c.events, value, node->value + c.event, &nothing);
    }
    return !nothing || !p->wrong || look(node);
}

/* ---- gradients */

TRIL_INLINE void spread_of(size_t events, size_t size, const tril_real *restrict from,
                           double *restrict to)
{
    for (size_t e = 0; e < events; e++)
        for (size_t i = 0; i < size; i++)
            to[e * size + i] = (double)from[e];
}

#define SPREAD(n) spread_of(events, n, from, to)

/* what stands once for each event to its numbers */
TRIL_FOR_EACH_TARGET(static, spread,
                     (size_t events, size_t size, const tril_real *from, double *to),
                     (events, size, from, to), TRIL_FOR_EVENT_SIZE(size, SPREAD))

TRIL_INLINE void store_of(size_t n, const double *restrict upstream, const double *restrict x,
                          tril_real *restrict grad)
{
    for (size_t i = 0; i < n; i++)
        grad[i] = (tril_real)(upstream[i] * x[i]);
    if (!is_beyond(n, grad))
        return;
    for (size_t i = 0; i < n; i++)
        grad[i] = tril_saturate(tril_put(upstream[i], x[i]));
}

TRIL_FOR_EACH_TARGET(static, store,
                     (size_t n, const double *upstream, const double *x, tril_real *grad),
                     (n, upstream, x, grad), store_of(n, upstream, x, grad))

static void add(size_t n, size_t stride, const double *upstream, const double *x, double *sums)
{
    for (size_t i = 0; i < n; i++)
        sums[i * stride] += tril_put(upstream[i], x[i]);
}

TRIL_INLINE void add_all_of(size_t n, const double *restrict upstream, const double *restrict x,
                            double *restrict sums)
{
    for (size_t i = 0; i < n; i++)
        sums[i] += tril_put(upstream[i], x[i]);
}

TRIL_FOR_EACH_TARGET(static, add_all,
                     (size_t n, const double *upstream, const double *x, double *sums),
                     (n, upstream, x, sums), add_all_of(n, upstream, x, sums))

typedef struct gradients {
    place to;
    size_t period;
    tril_row_grad of[TRIL_NUMBERS];
    double repeated[TRIL_NUMBERS][2 * TRIL_CHUNK]; /* sums of what repeats, as in sets */
} gradients;

static void begin(const tril_node *node, tril_real *const *grad_in, gradients *g)
{
    const size_t size = tril_shape_size(((const tril_numbers *)node->attrs)->full);
    char *memory = node->saved;
    g->to = first_place(node);
    g->period = period_of(node, &g->to.walk);
    if (g->period)
        memset(g->repeated, 0, sizeof g->repeated);
    for (size_t k = 0; k < node->n_in; k++)
        g->of[k] = tril_row_grad_begin(node, k, size, 1, false, grad_in[k], &memory);
}

/* those of a chunk with these slopes */
static void put(const tril_node *node, const chunk *c, double (*slope)[TRIL_CHUNK], gradients *g)
{
    double upstream[TRIL_CHUNK];
    spread(c->events, c->size, node->grad + c->event, upstream);
    for (size_t k = 0; k < node->n_in; k++)
        if (g->of[k].grad && !g->of[k].sums)
            store(c->n, upstream, slope[k], g->of[k].grad + c->index);
        else if (g->of[k].sums && g->period)
            add_all(c->n, upstream, slope[k], g->repeated[k] + c->index % g->period);
    for (size_t i = 0, run; i < c->n && !g->period; i += run) {
        run = run_of(&g->to, c->n - i);
        for (size_t k = 0; k < node->n_in; k++)
            if (g->of[k].sums)
                add(run, g->to.walk.stride[0][k], upstream + i, slope[k] + i,
                    g->of[k].sums + offset_of(&g->to, k));
        move_on(&g->to, run);
    }
}

static void end(const tril_node *node, gradients *g)
{
    for (size_t k = 0; k < node->n_in; k++) {
        for (size_t i = 0; i < 2 * TRIL_CHUNK && g->period && g->of[k].sums; i++)
            g->of[k].sums[i % g->period * g->to.walk.stride[0][k]] += g->repeated[k][i];
        tril_row_grad_end(&g->of[k]);
    }
}

void tril_numbers_backward(tril_node *node, tril_real *const *grad_in)
{
    double slope[TRIL_NUMBERS][TRIL_CHUNK];
    gradients g;
    begin(node, grad_in, &g);
    place from = g.to;
    sets s;
    begin_sets(node, &from, &s);
    for (chunk c = { 0 }; next(node, &c);) {
        load(node, c.index, c.n, &from, &s);
        slopes_of(node, &c, s.x, slope);
        put(node, &c, slope, &g);
    }
    end(node, &g);
}
