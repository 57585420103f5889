/* Random programs of everything that the library registers: operations, distributions, heads,
 * optimizers, with extreme numbers, misuse, and memory that runs out. Sanitizers watch (arena.c
 * makes every piece of memory a block of its own); here is looked at what they cannot see:
 *
 *   - a result is inert exactly where the context has failed, with a sentence of one line;
 *   - numbers of finite numbers are no NaN, and those of distributions are finite, in values and in
 *     gradients, which are asked for once more, one operation at a time;
 *   - nothing writes over what others have computed;
 *   - after any failure the context works again, and in the end no memory is left.
 *
 * When it ends it fails if something that is registered was never computed or, where that is
 * possible, differentiated: give what is new a line in a table below. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tril/tril.h>

#include "core/shape.h"
#include "core/tape.h"

/* assert is gone with NDEBUG */
#define MUST(condition, ...)                                                                       \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s: %s does not hold: ", doing, #condition);                          \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

enum { VARS = 32, DISTS = 8, BLOCKS = 96, STEPS = 64, MOST = 600 };

/* ---- the program: bytes decide what it does, numbers of tensors are drawn */

static const uint8_t *bytes;
static size_t left;
static uint64_t drawn;
static const char *doing; /* the present step */

static unsigned byte(void)
{
    return left ? left--, *bytes++ : 0;
}

static unsigned pick(unsigned n)
{
    return byte() % n;
}

/* once in n times, and never when the bytes have come to their end */
static bool rarely(unsigned n)
{
    return left && pick(n) == n - 1;
}

static unsigned draw(unsigned n)
{
    drawn = drawn * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(drawn >> 33) % n;
}

static tril_ctx *ctx, *other_ctx;
static tril_tape *tape, *other_tape, *foreign_tape;
static bool validates, wide; /* in double, wide: with numbers that float cannot hold */
static tril_params *params;
static bool absent; /* an argument of this step is no var of this context, which then cannot fail */

typedef struct slot {
    tril_var var;
    const tril_real
        *values; /* where they were, and their sum in bits; NULL for parameters', which change */
    size_t size;
    uint64_t sum;
} slot;

static slot vars[VARS];
static tril_dist dists[DISTS];
static bool promised[DISTS]; /* its parameters, and those of its parts, are within of_float */
static bool of_promised;     /* so are those of all that this step has taken */
static void *blocks[BLOCKS];
static unsigned n_vars, n_dists, n_blocks;

/* ---- memory that runs out */

static long fails_in; /* allocations; negative: never */
static bool fails_on; /* all that follow fail too */
static size_t live;

static void *resize(void *user, void *ptr, size_t size)
{
    (void)user;
    if (size == 0) {
        live -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    if (fails_in == 0 || size > (size_t)1 << 26) {
        fails_in -= !fails_on;
        return NULL;
    }
    fails_in -= fails_in > 0;
    live += ptr == NULL;
    return realloc(ptr, size);
}

/* ---- what is registered, and whether it has been seen */

#define X_DIST(name)
#define X_OPTIM(name)
#define X_OP(name) extern const tril_op tril_op_##name;
#include "registry.h"
#undef X_OP
#undef X_DIST
#define X_OP(name)
#define X_DIST(name) extern const tril_dist_kind tril_dist_kind_##name;
#include "registry.h"
#undef X_OP
#undef X_DIST
#undef X_OPTIM

typedef struct registered {
    const char *what, *name;
    const void *address; /* none: it is known by its name */
    bool seen, differentiated;
} registered;

static registered registry[] = {
#define X_OP(name) { "operation", #name, &tril_op_##name },
#define X_DIST(name) { "distribution", #name, &tril_dist_kind_##name, .differentiated = true },
#define X_OPTIM(name) { "optimizer", #name, .differentiated = true },
#include "registry.h"
#undef X_OP
#undef X_DIST
#undef X_OPTIM
};

enum { REGISTERED = sizeof registry / sizeof *registry };

static size_t unseen = 1;
static bool forms_seen[16];

static void see(const void *address, const char *name, bool differentiated)
{
    for (size_t i = 0; i < REGISTERED && unseen; i++)
        if (registry[i].address == address && (!name || strcmp(registry[i].name, name) == 0))
            registry[i].seen = true, registry[i].differentiated |= differentiated;
}

static void count_unseen(void)
{
    unseen = 0;
    for (size_t i = 0; i < REGISTERED; i++)
        unseen += !registry[i].seen || !registry[i].differentiated;
    for (size_t i = 0; tril_heads[i]; i++)
        unseen += !forms_seen[i];
}

/* a few runs, of one input or of a test of this program, need not reach all */
static void look_for_unseen(void)
{
    count_unseen();
    for (size_t i = 0; i < REGISTERED && unseen; i++) {
        if (!registry[i].seen || !registry[i].differentiated)
            fprintf(stderr, "%s %s was never %s\n", registry[i].what, registry[i].name,
                    registry[i].seen ? "differentiated" : "tried");
    }
    for (size_t i = 0; tril_heads[i]; i++)
        if (!forms_seen[i])
            fprintf(stderr, "head %s was never tried\n", tril_heads[i]->name);
    if (unseen)
        _Exit(1);
}

/* ---- what must hold of every node */

/* NaN of finite numbers is what arithmetic says of these: of values that their functions do not
 * have, of infinities that meet in a sum */
static bool is_plain(const char *name)
{
    static const char *const plain[] = { "log",        "log1p",    "sqrt", "div", "affine",
                                         "solve_tril", "cholesky", "pow",  NULL };
    const char *const *p = plain;
    while (*p && strcmp(*p, name) != 0)
        p++;
    return *p;
}

static bool is_of_distribution(const char *name)
{
    return strchr(name, '(');
}

static const char *wrong_with(const char *name, const tril_real *x, size_t n)
{
    const bool finite = is_of_distribution(name);
    for (size_t i = 0; i < n; i++)
        if (isnan(x[i]) || (finite && isinf(x[i])))
            return isnan(x[i]) ? "NaN" : "infinite";
    return NULL;
}

static uint32_t inspected;

/* absolute values, of numbers that are not 0 */
typedef struct range {
    double least, most;
} range;

static const range all_finite = { 0, (double)TRIL_REAL_MAX }, of_float = { 1e-45, 3.4028234e38 },
                   ordinary = { 0, 1e9 };

/* where tril/distributions.h promises numbers */
static range range_of(const char *name)
{
    return strncmp(name, "log_prob(", 9) == 0 ? all_finite : of_float;
}

static bool are_within(const tril_real *x, size_t n, range r)
{
    size_t i = 0;
    for (double a; i < n && (a = fabs((double)x[i]), a == 0 || (a >= r.least && a <= r.most));)
        i++;
    return i == n;
}

static bool inputs_are_within(const tril_node *node, range r)
{
    bool all = validates;
    for (size_t k = 0; k < node->n_in && all; k++)
        all = !node->in[k] || are_within(node->in[k]->value, node->in[k]->size, r);
    return all;
}

static void dump(const char *what, const tril_real *x, tril_shape shape)
{
    fprintf(stderr, "%s %s:", what, tril_shape_text(shape).text);
    for (size_t i = 0; i < tril_shape_size(shape) && i < 64; i++)
        fprintf(stderr, " %.9g", (double)x[i]);
    fputc('\n', stderr);
}

static void dump_inputs(const tril_node *node)
{
    for (size_t k = 0; k < node->n_in; k++)
        if (node->in[k])
            dump("input", node->in[k]->value, node->in[k]->shape);
}

static void inspect(void)
{
    for (; inspected < tape->count; inspected++) {
        const tril_node *node = &tape->nodes[inspected]->node;
        const char *name = node->op->name;
        see(node->op, NULL, !node->op->backward);
        if (node->n_in == 0 || is_plain(name) || !inputs_are_within(node, range_of(name)))
            continue;
        const char *wrong = wrong_with(name, node->value, node->size);
        if (wrong) {
            dump_inputs(node);
            dump("value", node->value, node->shape);
        }
        MUST(!wrong, "a value of %s is %s", name, wrong);
        const bool is_cdf = strncmp(name, "cdf(", 4) == 0, is_kl = strncmp(name, "kl(", 3) == 0;
        for (size_t i = 0; i < node->size && (is_cdf || is_kl); i++)
            MUST(node->value[i] >= 0 && (is_kl || node->value[i] <= 1), "%s is %g", name,
                 (double)node->value[i]);
    }
}

/* The backward of one node, alone, into memory of its exact size. Arithmetic alone may add up
 * infinities of both signs where products are beyond the range. */
static void differentiate(tril_node *node)
{
    enum { INPUTS = 8 };
    tril_real *grad[INPUTS] = { 0 };
    const char *name = node->op->name;
    const range r = is_of_distribution(name) ? of_float : ordinary;
    if (node->size == 0 || node->n_in > INPUTS || !inputs_are_within(node, r) ||
        !are_within(node->value, node->size, r) || !are_within(node->grad, node->size, r))
        return;
    for (size_t k = 0; k < node->n_in; k++)
        if (node->in[k] && node->in[k]->needs_grad) {
            grad[k] = malloc(node->in[k]->size * sizeof *grad[k]);
            memset(grad[k], 0xff, node->in[k]->size * sizeof *grad[k]);
        }
    node->op->backward(node, grad);
    for (size_t k = 0; k < node->n_in; k++) {
        const char *wrong = NULL;
        if (grad[k] && !is_plain(node->op->name))
            wrong = wrong_with(node->op->name, grad[k], node->in[k]->size);
        if (wrong) {
            dump_inputs(node);
            dump("value", node->value, node->shape);
            dump("upstream", node->grad, node->shape);
            dump("gradient", grad[k], node->in[k]->shape);
        }
        MUST(!wrong, "a gradient of %s in input %zu is %s", node->op->name, k, wrong);
        free(grad[k]);
    }
}

/* ---- results */

/* a failure has a sentence, and is forgotten: what comes of its results cannot fail any more */
static void settle(void)
{
    const char *message = tril_ctx_message(ctx);
    tril_ctx_clear(other_ctx);
    if (!tril_ctx_failed(ctx)) {
        MUST(strcmp(message, "ok") == 0, "the message is '%s'", message);
        return;
    }
    MUST(*message && strcmp(message, "ok") != 0, "a failure without a message");
    for (const char *p = message; *p; p++)
        MUST((unsigned char)*p >= ' ' && *p != 127, "the message is '%s'", message);
    tril_ctx_clear(ctx);
    absent = true;
}

static uint64_t sum_of(const tril_real *x, size_t n)
{
    uint64_t sum = n;
    const unsigned char *p = (const unsigned char *)x;
    for (size_t i = 0; i < n * sizeof *x; i++)
        sum = sum * 31 + p[i];
    return sum;
}

/* keeps a result, in place of another if there are many; false if there is none */
static bool put(tril_var x)
{
    const bool failed = tril_ctx_failed(ctx);
    MUST(x.tape ? !failed : failed || absent, "there is %s var: %s", x.tape ? "a" : "no",
         tril_ctx_message(ctx));
    settle();
    if (!x.tape)
        return false;
    if (x.tape != tape)
        return false;
    inspect();
    const tril_real *values = tril_value(x);
    const size_t size = tril_size(x);
    MUST(values && size == tril_shape_size(tril_shape_of(x)), "its size is %zu", size);
    const tril_real *store = tril_params_values(params);
    const bool changes = store && values >= store && values < store + tril_params_size(params);
    vars[n_vars < VARS ? n_vars++ : pick(VARS)] =
        (slot){ x, changes ? NULL : values, size, sum_of(values, size) };
    return true;
}

static bool put_dist(tril_dist p)
{
    const bool failed = tril_ctx_failed(ctx);
    MUST(p.kind ? !failed : failed || absent, "there is %s distribution: %s", p.kind ? "a" : "no",
         tril_ctx_message(ctx));
    settle();
    if (!p.kind || p.param[0].tape != tape)
        return false;
    inspect();
    see(p.kind, NULL, true);
    for (size_t k = 0; k < 3 && p.param[k].tape && of_promised; k++)
        of_promised = are_within(tril_value(p.param[k]), tril_size(p.param[k]), of_float);
    const unsigned at = n_dists < DISTS ? n_dists++ : pick(DISTS);
    dists[at] = p;
    promised[at] = of_promised;
    return true;
}

static void put_flag(bool done)
{
    MUST(done != tril_ctx_failed(ctx) || absent, "%d: %s", done, tril_ctx_message(ctx));
    settle();
    inspect();
}

/* nobody has written over what stands on the tape */
static void check_unchanged(void)
{
    for (unsigned i = 0; i < n_vars; i++)
        if (vars[i].values && vars[i].var.epoch == tape->epoch)
            MUST(sum_of(vars[i].values, vars[i].size) == vars[i].sum, "var %u has changed", i);
}

/* ---- arguments */

static tril_real number(void)
{
    static const double some[] = { 0,     -0.,      1,         -1,     0.5,    2,     1e-3,
                                   -1e3,  1e10,     -1e10,     1e16,   1e18,   1e-18, 1e30,
                                   -1e30, 1e-30,    3e38,      -3e38,  1e-38,  87,    -104,
                                   709,   -745,     1e100,     -1e150, 1e-150, 1e300, -1e-300,
                                   1e-45, 16777217, 0.9999999, 100 };
    const range r = wide ? all_finite : of_float;
    double x = some[draw(sizeof some / sizeof *some)];
    switch (draw(24)) {
    case 0:
        return (tril_real)r.most;
    case 1:
        return (tril_real)-r.most;
    case 2:
        return wide ? TRIL_REAL_MIN : (tril_real)1.2e-38;
    case 3:
        return validates ? 1 : (tril_real)(draw(2) ? NAN : INFINITY);
    }
    const double a = fabs(x);
    return (tril_real)(a > r.most ? copysign(r.most, x) : a < r.least ? 0 * x : x);
}

/* how the numbers of a tensor are: a third of all tensors have ordinary ones only */
typedef enum sort { ANY, POSITIVE, CLASSES, WITH_GAPS } sort;

static void fill(tril_real *x, size_t n, sort of)
{
    const unsigned wild = pick(3) * 4; /* of 12 */
    for (size_t i = 0; i < n; i++) {
        x[i] = draw(12) < wild ? number() : (tril_real)((double)draw(97) / 16 - 3);
        if (of == POSITIVE)
            x[i] = x[i] == 0 ? 1 : (tril_real)fabs((double)x[i]);
        if (of == CLASSES)
            x[i] = (tril_real)draw(3);
        if (of == WITH_GAPS && draw(3) == 0)
            x[i] = (tril_real)NAN;
    }
}

/* memory for a tensor's numbers until the program ends; NULL when there is enough of it */
static void *block_of(size_t size)
{
    if (n_blocks == BLOCKS)
        return NULL;
    return blocks[n_blocks++] = malloc(size);
}

static size_t size(void)
{
    static const size_t some[] = { 1, 2, 3, 0, 4, 5, 1, 2, 3, 2, 8, 9, 7, 2, 14, 17 };
    return rarely(128) ? 18 + pick(64) : some[pick(16)];
}

static tril_shape shape_of_rank(size_t rank)
{
    const size_t most = rarely(32) ? 8 * MOST : MOST;
    tril_shape shape = { .rank = rank };
    for (size_t i = 0; i < rank; i++)
        shape.dim[i] = size();
    for (size_t i = 0; i < rank && tril_shape_size(shape) > most; i++)
        shape.dim[i] = 1;
    return shape;
}

static tril_shape shape(void)
{
    return shape_of_rank(pick(5));
}

/* a shape that may be none */
static tril_shape any_shape(void)
{
    tril_shape any = shape();
    if (rarely(16))
        any.rank = pick(2) ? SIZE_MAX : 5 + pick(3);
    if (rarely(16))
        any.dim[pick(4)] = pick(2) ? SIZE_MAX : (size_t)1 << (32 + pick(32));
    return any;
}

static void push_front(tril_shape *shape, size_t dim)
{
    memmove(shape->dim + 1, shape->dim, 3 * sizeof *shape->dim);
    shape->dim[0] = dim;
    shape->rank++;
}

static void push_back(tril_shape *shape, size_t dim)
{
    if (shape->rank < TRIL_MAX_RANK)
        shape->dim[shape->rank++] = dim;
}

static void drop_last(tril_shape *shape)
{
    if (shape->rank)
        shape->dim[--shape->rank] = 0;
}

/* a shape next to this one, with which it may broadcast */
static tril_shape near(tril_shape shape)
{
    if (tril_shape_size(shape) > 4 * MOST)
        return TRIL_SHAPE(2);
    switch (pick(10)) {
    case 0:
        if (shape.rank)
            shape.dim[pick((unsigned)shape.rank)] = 1;
        break;
    case 1:
        if (shape.rank) {
            memmove(shape.dim, shape.dim + 1, 3 * sizeof *shape.dim);
            shape.dim[3] = 0;
            shape.rank--;
        }
        break;
    case 2:
        drop_last(&shape);
        break;
    case 3:
        if (shape.rank < 4)
            push_front(&shape, size());
        break;
    case 4:
        if (shape.rank)
            shape.dim[pick((unsigned)shape.rank)] = size();
        break;
    }
    return tril_shape_size(shape) > 4 * MOST ? TRIL_SHAPE(2) : shape;
}

static tril_shape join(tril_shape a, tril_shape b)
{
    for (size_t i = 0; i < b.rank; i++)
        push_back(&a, b.dim[i]);
    return a;
}

/* {0} where there is no memory left for it */
static tril_var input(tril_shape shape, sort of)
{
    const size_t n = tril_shape_size(shape);
    tril_real *x = n <= 8 * MOST ? block_of(n * sizeof *x) : NULL;
    if (!x)
        return absent = true, (tril_var){ 0 };
    fill(x, n, of);
    tril_var v = (of == WITH_GAPS ? tril_input_missing : tril_input)(tape, x, shape);
    return pick(2) ? tril_requires_grad(v) : v;
}

/* a var that was made before, or one that it is wrong to use */
static tril_var some(void)
{
    const unsigned k = byte();
    tril_var v =
        n_vars ? vars[k < 200 ? n_vars - 1 - k % n_vars : k % n_vars].var : (tril_var){ 0 };
    switch (n_vars ? k : 255) {
    case 255:
        v = (tril_var){ 0 };
        break;
    case 254:
        v.epoch--;
        break;
    case 253:
        v.index += 1000;
        break;
    case 252:
        v = tril_scalar(other_tape, 1);
        break;
    case 251:
        v = tril_scalar(foreign_tape, 1);
        break;
    }
    absent |= !v.tape || v.tape == foreign_tape || (!v.tape && tril_ctx_failed(ctx));
    return v;
}

static tril_shape shape_next_to(void)
{
    tril_shape of = n_vars ? tril_shape_of(vars[pick(n_vars)].var) : shape();
    settle();
    return near(of);
}

/* mostly one that was made before */
static tril_var any(void)
{
    return pick(4) ? some() : input(shape_next_to(), ANY);
}

static tril_dist some_dist(void)
{
    if (n_dists && !rarely(64)) {
        const unsigned at = n_dists - 1 - pick(n_dists);
        of_promised &= promised[at];
        return dists[at];
    }
    absent = true;
    return (tril_dist){ 0 };
}

static int axis(void)
{
    return rarely(32) ? (pick(2) ? INT32_MIN : INT32_MAX) : (int)pick(9) - 4;
}

static size_t count(void)
{
    return rarely(32) ? SIZE_MAX >> pick(16) : pick(5);
}

static void indices(size_t *index, size_t n, size_t below)
{
    for (size_t i = 0; i < n; i++)
        index[i] = rarely(32)             ? SIZE_MAX - pick(3)
                   : below && !rarely(16) ? byte() % below
                                          : pick(4);
}

/* lower triangular with a positive diagonal, or a positive definite matrix from it */
static tril_var factor(tril_shape batch, size_t d)
{
    push_back(&batch, d);
    push_back(&batch, d);
    const size_t n = tril_shape_size(batch);
    tril_real *x = n <= 8 * MOST ? block_of(n * sizeof *x) : NULL;
    if (!x)
        return absent = true, (tril_var){ 0 };
    fill(x, n, ANY);
    for (size_t i = 0; d && i < n / d; i++) {
        tril_real *pivot = x + i * d + i % d;
        *pivot = *pivot == 0 ? 1 : (tril_real)fabs((double)*pivot);
    }
    tril_var v = tril_input(tape, x, batch);
    return pick(2) ? tril_requires_grad(v) : v;
}

/* ---- backward */

static void check_gradients(void)
{
    for (uint32_t i = 0; i < tape->count; i++) {
        tril_tape_node *t = tape->nodes[i];
        if (!t->has_grad || !t->node.needs_grad || !t->node.op->backward)
            continue;
        see(t->node.op, NULL, true);
        differentiate(&t->node);
    }
    for (unsigned i = 0; i < n_vars; i++) {
        const tril_real *g = tril_grad(vars[i].var);
        if (g)
            sum_of(g, vars[i].size); /* all of it is there */
        settle();
    }
}

static void differentiate_from(tril_var y)
{
    const size_t n = y.tape == tape ? tril_size(y) : 0;
    settle();
    tril_real *seed = pick(4) ? malloc(n * sizeof *seed) : NULL;
    if (seed)
        fill(seed, n, ANY);
    const bool done =
        tril_backward_with(y, &(tril_backward_opts){ .seed = seed, .accumulate = rarely(4) });
    free(seed);
    put_flag(done);
    if (done)
        check_gradients();
}

/* ---- steps: operations */

static void do_reset(void)
{
    check_unchanged();
    tril_tape_reset(tape);
    inspected = 0;
    if (pick(2))
        n_vars = n_dists = 0; /* else what is stale stays about */
}

static void do_input(void)
{
    put(input(pick(2) ? shape() : shape_next_to(), (sort)pick(4)));
}

static void do_factor(void)
{
    put(factor(shape_of_rank(pick(3)), size()));
}

static void do_scalar(void)
{
    put(tril_scalar(tape, number()));
}

static void do_bad_input(void)
{
    static const tril_real x[2] = { 1, 2 };
    const tril_shape odd = any_shape();
    put(tril_input(tape, tril_shape_size(odd) <= 2 ? x : NULL, odd));
}

static void do_unary(void)
{
    static tril_var (*const of[])(tril_var) = {
        tril_neg,     tril_exp,    tril_log,         tril_log1p,    tril_expm1,
        tril_sqrt,    tril_square, tril_abs,         tril_tanh,     tril_sigmoid,
        tril_relu,    tril_elu,    tril_softplus,    tril_silu,     tril_sum,
        tril_mean,    tril_max,    tril_logsumexp,   tril_diagonal, tril_diag_embed,
        tril_tril,    tril_lq,     tril_unpack_tril, tril_detach,   tril_requires_grad,
        tril_cholesky
    };
    put(of[pick(sizeof of / sizeof *of)](any()));
}

static void do_binary(void)
{
    static tril_var (*const of[])(
        tril_var, tril_var) = { tril_add,     tril_sub, tril_mul,    tril_div,      tril_minimum,
                                tril_maximum, tril_pow, tril_masked, tril_unmasked, tril_matmul };
    const tril_var a = any(), b = any();
    put(of[pick(sizeof of / sizeof *of)](a, b));
}

/* shapes that fit each other, which are rare by chance */
static void do_products(void)
{
    const size_t n = size(), k = size(), m = size();
    const tril_shape batch = shape_of_rank(pick(3));
    const tril_shape of_a = join(batch, TRIL_SHAPE(n, k));
    if (pick(2)) {
        const tril_var a = input(of_a, ANY), b = input(join(near(batch), TRIL_SHAPE(k, m)), ANY);
        put(tril_matmul(a, b));
    } else {
        const tril_var x = input(of_a, ANY), w = input(TRIL_SHAPE(m, k), ANY);
        const tril_var b = pick(2) ? input(TRIL_SHAPE(m), ANY) : (tril_var){ 0 };
        put(tril_affine(x, w, b, (tril_activation)pick(9)));
    }
}

static void do_affine(void)
{
    const tril_var x = any(), w = any(), b = any();
    put(tril_affine(x, w, b, (tril_activation)pick(9)));
}

static void do_unpack(void)
{
    const size_t d = pick(6);
    put(tril_unpack_tril(input(join(shape_of_rank(pick(3)), TRIL_SHAPE(d * (d + 1) / 2)), ANY)));
}

static void do_axis(void)
{
    static tril_var (*const of[])(tril_var, int, bool) = { tril_sum_axis, tril_mean_axis,
                                                           tril_max_axis, tril_logsumexp_axis };
    const tril_var x = any();
    const int along = axis();
    put(of[pick(4)](x, along, pick(2)));
}

static void do_softmax(void)
{
    const tril_var x = any();
    put((pick(2) ? tril_softmax : tril_log_softmax)(x, axis()));
}

static void do_cross_entropy(void)
{
    const tril_var x = any();
    const tril_shape of = x.tape == tape ? tril_shape_of(x) : (tril_shape){ 0 };
    settle();
    const size_t k = of.rank ? of.dim[of.rank - 1] : 0;
    const size_t rows = of.rank ? tril_shape_size(tril_shape_leading(of, 1)) : 0;
    size_t *classes = rows <= 8 * MOST ? malloc(rows * sizeof *classes) : NULL;
    for (size_t i = 0; i < rows && classes; i++)
        classes[i] = k && draw(200) ? draw((unsigned)k) : k;
    put(tril_cross_entropy(x, classes));
    free(classes);
}

static void do_reshape(void)
{
    const tril_var x = any();
    tril_shape to = x.tape == tape && pick(4) ? tril_shape_of(x) : any_shape();
    settle();
    if (to.rank < 4 && pick(2))
        push_front(&to, 1);
    put(tril_reshape(x, to));
}

static void do_broadcast(void)
{
    const tril_var x = any();
    tril_shape to = x.tape == tape && pick(4) ? tril_shape_of(x) : any_shape();
    settle();
    if (to.rank < 4 && tril_shape_size(to) < MOST)
        push_front(&to, size());
    put(tril_broadcast_to(x, to));
}

static void do_transpose(void)
{
    const tril_var x = any();
    const int a = axis();
    put(tril_transpose(x, a, axis()));
}

static void do_slice(void)
{
    const tril_var x = any();
    const int along = axis();
    const size_t start = count();
    put(tril_slice(x, along, start, count()));
}

static void do_select(void)
{
    size_t index[8];
    const tril_var x = any();
    const size_t n = pick(8);
    indices(index, n, 3);
    put(tril_select(x, axis(), index, n));
}

static void do_split(void)
{
    size_t sizes[4];
    tril_var parts[4];
    const tril_var x = any();
    const size_t n = 1 + pick(4);
    indices(sizes, n, 4);
    const bool done = tril_split(x, axis(), sizes, n, parts);
    put_flag(done);
    for (size_t i = 0; i < n && done; i++)
        put(parts[i]);
}

static void do_concat(void)
{
    tril_var xs[4];
    const size_t n = 1 + pick(4);
    for (size_t i = 0; i < n; i++)
        xs[i] = i && pick(2) ? xs[0] : any();
    put((pick(2) ? tril_concat : tril_stack)(xs, n, axis()));
}

static void do_solve(void)
{
    const size_t d = size();
    const tril_shape batch = shape_of_rank(pick(3));
    const tril_var l = pick(4) ? factor(batch, d) : any();
    const tril_var b = pick(4) ? input(join(near(batch), TRIL_SHAPE(d, size())), ANY) : any();
    put(tril_solve_tril(l, b, pick(2)));
}

static void do_cholesky(void)
{
    const tril_var l = tril_tril(factor(shape_of_rank(pick(3)), size()));
    put(tril_cholesky(tril_matmul(l, tril_transpose(l, -1, -2))));
}

/* ---- steps: distributions */

static void do_normal(void)
{
    const tril_shape of = shape_next_to();
    const tril_var loc = pick(8) ? input(of, ANY) : any();
    const tril_var scale = pick(8) ? input(near(of), POSITIVE) : any();
    put_dist((pick(2) ? tril_normal : tril_mvn_diag)(loc, scale));
}

static void do_student(void)
{
    const tril_shape of = shape_next_to();
    const tril_var df = input(near(of), POSITIVE), loc = input(of, ANY);
    put_dist(tril_student_t(df, loc, input(near(of), POSITIVE)));
}

static void do_family(void)
{
    const tril_shape of = shape_next_to();
    const tril_var a = input(of, POSITIVE), b = input(near(of), POSITIVE);
    static tril_dist (*const make[])(tril_var, tril_var) = { tril_gamma, tril_beta,
                                                             tril_negative_binomial };
    const unsigned which = pick(5);
    put_dist(which < 3    ? make[which](a, b)
             : which == 3 ? tril_poisson(a)
                          : tril_von_mises(input(near(of), ANY), b));
}

static void do_mvn(void)
{
    const size_t d = size();
    const tril_shape batch = shape_of_rank(pick(3)), near_batch = near(batch);
    tril_var l = factor(batch, d);
    const tril_var loc = input(join(near_batch, TRIL_SHAPE(rarely(32) ? size() : d)), ANY);
    const unsigned which = pick(6);
    if (which == 1 || which == 2)
        l = tril_matmul(tril_tril(l), tril_transpose(tril_tril(l), -1, -2));
    switch (which) {
    case 0:
        put_dist(tril_mvn(loc, l));
        break;
    case 1:
        put_dist(tril_mvn_covariance(loc, l));
        break;
    case 2:
        put_dist(tril_mvn_precision(loc, l));
        break;
    case 3:
        put_dist(tril_mvn_precision_tril(loc, l));
        break;
    case 4:
        put_dist(tril_mvt(input(near(batch), POSITIVE), loc, l));
        break;
    case 5:
        put_dist(tril_mvn_low_rank(loc, input(join(near(batch), TRIL_SHAPE(d, size())), ANY),
                                   input(join(near(batch), TRIL_SHAPE(d)), POSITIVE)));
        break;
    }
}

static void do_categorical(void)
{
    const tril_var x = any();
    put_dist(pick(3) ? tril_categorical(x) : tril_categorical_probs(tril_softmax(x, -1)));
}

static void do_mixture(void)
{
    const tril_dist p = some_dist();
    const tril_var logits = pick(8) ? input(tril_dist_batch_shape(p), ANY) : any();
    put_dist(tril_mixture(pick(3) ? tril_categorical(logits)
                                  : tril_categorical_probs(tril_softmax(logits, -1)),
                          pick(8) ? p : some_dist()));
}

static void do_independent(void)
{
    const tril_dist p = some_dist();
    put_dist(tril_independent(p, rarely(32) ? SIZE_MAX : pick(3)));
}

static void do_expand(void)
{
    const tril_dist p = some_dist();
    tril_shape to = pick(8) ? tril_dist_batch_shape(p) : any_shape();
    if (to.rank < 4 && pick(2))
        push_front(&to, size());
    if (tril_shape_size(to) < MOST || rarely(8))
        put_dist(tril_dist_expand(p, to));
}

static size_t dim_of(tril_dist p)
{
    const tril_shape event = tril_dist_event_shape(p);
    return event.rank ? event.dim[0] : 0;
}

static void do_marginal(void)
{
    size_t index[8];
    const tril_dist p = some_dist();
    const size_t n = pick(5);
    indices(index, n, dim_of(p));
    put_dist(tril_dist_marginal(p, index, n));
}

static void do_conditional(void)
{
    size_t index[8];
    const tril_dist p = some_dist();
    const size_t n = pick(4);
    indices(index, n, dim_of(p));
    const tril_shape rows = join(near(tril_dist_batch_shape(p)), TRIL_SHAPE(n));
    put_dist(tril_dist_conditional(p, index, n, pick(8) ? input(rows, ANY) : any()));
}

/* a y for it, whose rows need not be those of its batch */
static tril_var point(tril_dist p, sort of)
{
    if (rarely(12))
        return any();
    if (p.kind && (strcmp(p.kind->name, "categorical") == 0 || p.kind->discrete) && pick(8))
        of = CLASSES;
    if (p.kind && strcmp(p.kind->name, "gamma") == 0 && pick(8))
        of = POSITIVE;
    tril_shape rows = near(tril_dist_batch_shape(p));
    if (rows.rank < 3 && pick(4) == 0 && tril_shape_size(rows) < MOST)
        push_front(&rows, size());
    return input(join(rows, tril_dist_event_shape(p)), of);
}

/* a method of a distribution of promised parameters has no NaN */
static void put_method(tril_dist p, tril_var x)
{
    if (!put(x) || !validates || !of_promised)
        return;
    const tril_real *values = tril_value(x);
    for (size_t i = 0; i < tril_size(x); i++)
        if (isnan(values[i])) {
            for (size_t k = 0; k < 3 && p.param[k].tape; k++)
                dump("parameter", tril_value(p.param[k]), tril_shape_of(p.param[k]));
            MUST(!isnan(values[i]), "number %zu, of %s", i, p.kind->name);
        }
}

static void do_log_prob(void)
{
    const tril_dist p = some_dist();
    const tril_var x = tril_log_prob(p, point(p, ANY));
    put_method(p, x);
    if (pick(2))
        differentiate_from(x);
}

static void do_log_prob_missing(void)
{
    const tril_dist p = some_dist();
    put_method(p, tril_log_prob_missing(p, point(p, WITH_GAPS)));
}

/* often with bounds in order, and equal ones */
static void do_log_prob_censored(void)
{
    const tril_dist p = some_dist();
    const tril_var low = point(p, WITH_GAPS), other = point(p, WITH_GAPS);
    const tril_var x = tril_log_prob_censored(p, low,
                                              pick(3)   ? tril_maximum(low, other)
                                              : pick(2) ? low
                                                        : other);
    put_method(p, x);
    if (pick(2))
        differentiate_from(x);
}

static void do_cdf(void)
{
    const tril_dist p = some_dist();
    put_method(p, tril_cdf(p, point(p, ANY)));
}

static void do_moments(void)
{
    static const struct {
        const char *name;
        tril_var (*of)(tril_dist p);
    } methods[] = { { "entropy", tril_entropy },
                    { "mean", tril_dist_mean },
                    { "variance", tril_dist_variance },
                    { "mode", tril_dist_mode },
                    { "covariance", tril_dist_covariance } };
    const unsigned k = pick(5);
    const tril_dist p = some_dist();
    doing = methods[k].name;
    put_method(p, methods[k].of(p));
}

static void do_draws(void)
{
    const tril_dist p = some_dist();
    put_method(p, (pick(2) ? tril_sample : tril_rsample)(p, count()));
}

static void do_kl(void)
{
    const tril_dist p = some_dist();
    put_method(p, tril_kl(p, pick(4) ? some_dist() : p));
}

/* ---- steps: networks, heads, optimizers */

static tril_mlp *mlp;
static tril_mvn_params *normals;
static tril_optim *optim;
static const char *optim_name;
static bool params_within; /* before all its steps */
static tril_head_opts mlp_opts;
static size_t mlp_d;

static double rate(void)
{
    return pick(8) ? pick(100) * 0.01 : (double)number();
}

static tril_clip clip(void)
{
    return (tril_clip){ pick(4) ? 0 : rate(), pick(4) ? 0 : rate() };
}

static tril_optim *sgd(void)
{
    const tril_sgd_opts opts = { rate(), pick(3) * 0.45, pick(2), pick(3) ? 0 : rate(), clip() };
    return tril_sgd_new(params, &opts);
}

static tril_adam_opts adam_opts(void)
{
    return (tril_adam_opts){
        rate(), pick(3) * 0.45, pick(3) * 0.45, pick(3) ? 0 : rate(), pick(3) ? 0 : rate(), clip()
    };
}

static tril_optim *adam(void)
{
    const tril_adam_opts opts = adam_opts();
    return tril_adam_new(params, &opts);
}

static tril_optim *adamw(void)
{
    const tril_adam_opts opts = adam_opts();
    return tril_adamw_new(params, &opts);
}

static tril_optim *natural(void)
{
    const tril_natural_opts opts = { rate(), rate(), pick(2) ? 0 : rate() };
    return tril_natural_new(tril_mvn_params_loc(normals), tril_mvn_params_scale_tril(normals),
                            &opts);
}

static const struct {
    const char *name;
    tril_optim *(*make)(void);
} optims[] = { { "sgd", sgd }, { "adam", adam }, { "adamw", adamw }, { "natural", natural } };

enum { OPTIMS = sizeof optims / sizeof *optims };

static tril_head_opts head_opts(void)
{
    tril_head_opts opts = { .kind = tril_heads[pick(12)],
                            .diagonal = (tril_diagonal_transform)pick(4),
                            .relative_off_diagonal = pick(2),
                            .floor = pick(2)   ? 0
                                     : pick(2) ? TRIL_NO_FLOOR
                                               : rate(),
                            .rank = pick(4),
                            .components = pick(4),
                            .component = tril_heads[pick(7)],
                            .natural = pick(3) == 0,
                            .classes = pick(5) };
    if (rarely(32))
        opts.kind = NULL;
    if (rarely(32))
        opts.diagonal = (tril_diagonal_transform)byte();
    if (rarely(32))
        opts.component = NULL;
    return opts;
}

static void begin_params(void)
{
    doing = "params";
    params = tril_params_new(ctx);
    mlp_opts = head_opts();
    mlp_d = 1 + pick(3);
    if (pick(2))
        mlp_opts.shared = tril_head_shared_new(params, "shared", mlp_d);
    mlp = tril_mlp_new(params, "net",
                       &(tril_mlp_opts){ .inputs = pick(5),
                                         .hidden = { pick(5), pick(3) },
                                         .outputs = tril_head_width(mlp_d, &mlp_opts) % 100,
                                         .activation = (tril_activation)pick(8),
                                         .init = (tril_init)pick(4) });
    normals = tril_mvn_params_new(params, "normals", pick(4), pick(4));
    if (pick(2))
        tril_params_group(params, "normals", "other");
    MUST((params && mlp && normals) || tril_ctx_failed(ctx), "no parameters");
    settle();
    const unsigned k = pick(OPTIMS);
    optim_name = optims[k].name, params_within = true;
    optim = optims[k].make();
    MUST(!optim == tril_ctx_failed(ctx) || !params || !normals, "optimizer %s: %s", optim_name,
         tril_ctx_message(ctx));
    settle();
}

static void do_param(void)
{
    const size_t n = tril_params_count(params);
    absent |= !n;
    put(tril_param_var(tape, tril_params_at(params, n ? byte() % (n + 1) : 0)));
}

static void do_mlp(void)
{
    absent |= !mlp;
    const tril_var x = pick(2) ? input(TRIL_SHAPE(size(), 1 + pick(4)), ANY) : any();
    put(tril_mlp_apply(mlp, x));
}

static void do_mlp_head(void)
{
    absent |= !mlp;
    const tril_var x = pick(2) ? input(TRIL_SHAPE(size(), 1 + pick(4)), ANY) : any();
    put_dist(tril_mlp_head(mlp, x, mlp_d, &mlp_opts));
}

static void do_normals(void)
{
    absent |= !normals;
    put_dist(tril_mvn_params_dist(normals, tape));
}

static void do_starts(void)
{
    tril_real x[64];
    const size_t rows = pick(9);
    fill(x, 64, ANY);
    absent |= !normals || !mlp;
    if (pick(2))
        put_flag(tril_mvn_params_set(normals, pick(3), x, x + 4));
    else
        put_flag(tril_head_init(tril_mlp_last(mlp), x, rows, mlp_d, &mlp_opts));
    do_reset();
}

static void do_head(void)
{
    tril_head_opts opts = head_opts();
    const size_t d = rarely(64) ? SIZE_MAX >> pick(64) : 1 + pick(4),
                 width = tril_head_width(d, &opts);
    if (pick(2))
        opts.shared = mlp_opts.shared;
    tril_shape of = shape_of_rank(pick(4));
    push_back(&of, width > 128 || rarely(16) ? size() : width);
    for (size_t i = 0; i + 1 < of.rank && tril_shape_size(of) > 4 * MOST; i++)
        of.dim[i] = 1;
    const tril_dist p = tril_head(input(of, ANY), d, rarely(8) ? NULL : &opts);
    if (put_dist(p))
        for (size_t i = 0; tril_heads[i]; i++)
            forms_seen[i] |= tril_heads[i] == opts.kind;
}

static void do_optim(void)
{
    absent |= !optim;
    if (rarely(8))
        tril_optim_set_lr(optim, pick(2) ? NULL : "other", rate());
    if (rarely(8))
        tril_optim_set_lr_factor(optim, rate());
    settle();
    const tril_real *x = tril_params_values(params);
    const size_t n = tril_params_size(params);
    params_within &= are_within(x, n, of_float);
    const bool done = tril_optim_step(optim);
    put_flag(done);
    do_reset();                                     /* parameters stand on the tape as they were */
    for (size_t i = 0; i < n && params_within; i++) /* a high rate may make them infinite */
        MUST(!isnan(x[i]), "%s has made parameter %zu NaN", optim_name, i);
    if (done)
        see(NULL, optim_name, true);
}

/* ---- steps: the tape */

static void do_backward(void)
{
    differentiate_from(some());
}

static void do_record(void)
{
    tril_tape_record(tape, pick(4));
}

static void do_item(void)
{
    const tril_var x = some();
    tril_item(x);
    settle();
}

static void do_memory(void)
{
    fails_in = pick(2) ? (long)byte() : -1;
    fails_on = pick(2);
}

static const struct {
    const char *name;
    void (*run)(void);
} steps[] = { { "input", do_input },
              { "input", do_input },
              { "factor", do_factor },
              { "scalar", do_scalar },
              { "bad input", do_bad_input },
              { "unary", do_unary },
              { "unary", do_unary },
              { "binary", do_binary },
              { "products", do_products },
              { "affine", do_affine },
              { "unpack_tril", do_unpack },
              { "axis", do_axis },
              { "softmax", do_softmax },
              { "cross_entropy", do_cross_entropy },
              { "reshape", do_reshape },
              { "broadcast_to", do_broadcast },
              { "transpose", do_transpose },
              { "slice", do_slice },
              { "select", do_select },
              { "split", do_split },
              { "concat", do_concat },
              { "solve_tril", do_solve },
              { "cholesky", do_cholesky },
              { "normal", do_normal },
              { "student_t", do_student },
              { "family", do_family },
              { "mvn", do_mvn },
              { "mvn", do_mvn },
              { "categorical", do_categorical },
              { "mixture", do_mixture },
              { "independent", do_independent },
              { "expand", do_expand },
              { "marginal", do_marginal },
              { "conditional", do_conditional },
              { "log_prob", do_log_prob },
              { "log_prob", do_log_prob },
              { "log_prob", do_log_prob },
              { "log_prob_missing", do_log_prob_missing },
              { "log_prob_censored", do_log_prob_censored },
              { "cdf", do_cdf },
              { "moments", do_moments },
              { "draws", do_draws },
              { "kl", do_kl },
              { "param", do_param },
              { "mlp", do_mlp },
              { "mlp_head", do_mlp_head },
              { "normals", do_normals },
              { "starts", do_starts },
              { "head", do_head },
              { "optim", do_optim },
              { "backward", do_backward },
              { "backward", do_backward },
              { "backward", do_backward },
              { "reset", do_reset },
              { "record", do_record },
              { "item", do_item },
              { "memory", do_memory } };

/* ---- */

static void begin(void)
{
    drawn = 0;
    for (int i = 0; i < 3; i++)
        drawn = drawn * 256 + byte();
    validates = !rarely(8), wide = pick(2);
    n_vars = n_dists = n_blocks = 0;
    inspected = 0;
    live = 0;
    fails_in = -1;
    absent = false;
    doing = "begin";
    const tril_ctx_opts opts = { .no_validation = !validates, .allocator = { resize, NULL } };
    ctx = tril_ctx_new(&opts);
    other_ctx = tril_ctx_new(&opts);
    tape = tril_tape_new(ctx);
    other_tape = tril_tape_new(ctx);
    foreign_tape = tril_tape_new(other_ctx);
    params = NULL, mlp = NULL, normals = NULL, optim = NULL;
    mlp_opts = (tril_head_opts){ 0 };
    if (rarely(4))
        begin_params();
}

/* whatever has happened, it works */
static void check_usable(void)
{
    doing = "the end";
    fails_in = -1;
    tril_ctx_clear(ctx);
    tril_tape_reset(tape);
    MUST(tril_item(tril_add(tril_scalar(tape, 1), tril_scalar(tape, 2))) == 3, "%s",
         tril_ctx_message(ctx));
}

static void end(void)
{
    tril_optim_free(optim);
    tril_params_free(params);
    tril_tape_free(foreign_tape);
    tril_tape_free(other_tape);
    tril_tape_free(tape);
    tril_ctx_free(other_ctx);
    tril_ctx_free(ctx);
    MUST(live == 0, "%zu blocks are left", live);
    for (unsigned i = 0; i < n_blocks; i++)
        free(blocks[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *input_bytes, size_t size_of_input);

int LLVMFuzzerTestOneInput(const uint8_t *input_bytes, size_t size_of_input)
{
    static size_t runs;
    if (++runs == 100000)
        atexit(look_for_unseen);
    if (runs % 1024 == 0)
        count_unseen();
    bytes = input_bytes;
    left = size_of_input;
    begin();
    for (int i = 0; i < STEPS && left; i++) {
        const unsigned k = pick(sizeof steps / sizeof *steps);
        doing = steps[k].name;
        absent = false, of_promised = true;
        steps[k].run();
        settle();
    }
    check_unchanged();
    check_usable();
    end();
    return 0;
}
