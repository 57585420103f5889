/* Random programs of operations, distributions and heads beside PyTorch: the committed ones that
 * reference/differential.py has written, or those of the file that DIFFERENTIAL names. The format
 * is described there. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/shape.h"
#include "core/tape.h"
#include "ops/rowwise.h"
#include "support.h"

enum { MAX_ARGS = 48, MAX_LINES = 64, MAX_NAME = 32, MAX_NUMBERS = 1 << 19 };

typedef struct line {
    const char *text, *name;
    long arg[MAX_ARGS]; /* of a kind of numbers its letter */
    size_t n_args;
    tril_shape shape, event; /* of the result */
    bool is_compared;
    double number;
    int exponent;
} line;

typedef struct program {
    uint64_t seed;
    size_t n_lines;
    line *lines;
} program;

static program *programs;
static size_t n_programs;

/* ---- reading */

static void read_shape(char **word, tril_shape *shape)
{
    while (*word && isdigit((unsigned char)**word)) {
        ck_assert(tril_shape_append(shape, strtoul(*word, NULL, 10)));
        *word = strtok(NULL, " ");
    }
}

static line read_line(char *text)
{
    line l = { .text = strdup(text) };
    char *word = strtok(text, " ");
    l.name = strdup(word);
    while ((word = strtok(NULL, " ")) && *word != '=' && *word != ':') {
        ck_assert_uint_lt(l.n_args, MAX_ARGS);
        l.arg[l.n_args++] = isalpha((unsigned char)*word) ? *word : strtol(word, NULL, 10);
    }
    if (word && *word == '=') {
        word = strtok(NULL, " ");
        read_shape(&word, &l.shape);
        if (word && *word == '|') {
            word = strtok(NULL, " ");
            read_shape(&word, &l.event);
        }
    }
    if (word && *word == ':' && (word = strtok(NULL, " ")) && strcmp(word, "-") != 0) {
        l.is_compared = true;
        l.number = strtod(word, NULL);
        l.exponent = atoi(strtok(NULL, " "));
    }
    return l;
}

static const char *path_of_programs(void)
{
    const char *path = getenv("DIFFERENTIAL");
    return path ? path : "tests/reference/differential.txt";
}

static void read_programs(void)
{
    char text[1024];
    if (programs)
        return;
    FILE *f = fopen(path_of_programs(), "r");
    ck_assert_msg(f, "%s cannot be opened", path_of_programs());
    while (fgets(text, sizeof text, f)) {
        text[strcspn(text, "\n")] = 0;
        if (strncmp(text, "program ", 8) == 0) {
            programs = realloc(programs, (n_programs + 1) * sizeof *programs);
            program *p = &programs[n_programs++];
            *p = (program){ strtoull(text + 8, NULL, 10), 0, malloc(MAX_LINES * sizeof(line)) };
            continue;
        }
        program *p = &programs[n_programs - 1];
        ck_assert_uint_lt(p->n_lines, MAX_LINES);
        p->lines[p->n_lines++] = read_line(text);
    }
    fclose(f);
}

/* ---- numbers that Python makes too */

static double uniform(uint64_t seed, size_t line_number, size_t i)
{
    uint64_t x = (((seed << 12) | line_number) << 24) + i + 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return (double)((x ^ (x >> 31)) >> 40) * 0x1p-24;
}

static double weight(uint64_t seed, size_t line_number, size_t i)
{
    return 4 * uniform(seed, line_number + 1024, i) - 2;
}

static double matrix_element(char kind, double u, double x, size_t d, size_t i)
{
    size_t row = i / d % d, column = i % d, power = 1;
    if (row == column)
        return (kind == 'l' ? 0.5 : 1) + 1.5 * u;
    if (column > row)
        return x;
    while (power < d)
        power *= 2;
    return x / (double)power / (kind == 'l' ? 1 : 4);
}

static double leaf_number(uint64_t seed, size_t line_number, const line *l, size_t i)
{
    const char kind = (char)l->arg[0];
    const size_t last = l->n_args > 2 ? (size_t)l->arg[l->n_args - 1] : 1;
    double u = uniform(seed, line_number, i), x = ldexp(4 * u - 2, (int)l->arg[1]);
    switch (kind) {
    case 'p':
        return 0.5 + 1.5 * u;
    case 'f':
        return 2.5 + 8 * u;
    case 'c':
        return floor(u * (double)l->arg[1]);
    case 'm': {
        double some = floor(4 * uniform(seed, line_number + 2048, i / last));
        return uniform(seed, line_number + 3072, i) < some / 3 ? (double)NAN : x;
    }
    case 'l':
    case 's':
        return matrix_element(kind, u, x, last, i);
    }
    return x;
}

/* ---- running */

typedef struct reg {
    tril_var var;
    tril_dist dist;
    tril_param param;
    bool is_taken; /* by a call */
} reg;

typedef struct machine {
    const program *program;
    const line *line;
    size_t at; /* its number */
    reg reg[MAX_LINES];
    tril_ctx *ctx;
    tril_tape *tape;
    tril_params *params;
    tril_real *numbers; /* of leaves and weights */
    size_t n_numbers;
} machine;

static tril_real *take(machine *m, size_t n)
{
    m->n_numbers += n;
    ck_assert_uint_le(m->n_numbers, MAX_NUMBERS);
    return m->numbers + m->n_numbers - n;
}

static tril_shape shape_from(const line *l, size_t from)
{
    tril_shape shape = { 0 };
    for (size_t k = from; k < l->n_args; k++)
        tril_shape_append(&shape, (size_t)l->arg[k]);
    return shape;
}

static reg make_leaf(machine *m)
{
    const line *l = m->line;
    tril_shape shape = shape_from(l, 2);
    size_t n = tril_shape_size(shape);
    tril_real *numbers = take(m, n);
    for (size_t i = 0; i < n; i++)
        numbers[i] = (tril_real)leaf_number(m->program->seed, m->at, l, i);
    if (strcmp(l->name, "param") != 0) {
        tril_var x = (l->arg[0] == 'm' ? tril_input_missing : tril_input)(m->tape, numbers, shape);
        return (reg){ .var = strcmp(l->name, "grad") == 0 ? tril_requires_grad(x) : x };
    }
    tril_param param = m->reg[m->at].param;
    memcpy(tril_param_values(param), numbers, n * sizeof *numbers);
    return (reg){ .var = tril_param_var(m->tape, param), .param = param };
}

/* before a tape uses their store, which then can grow no more */
static void make_params(machine *m)
{
    for (size_t i = 0; i < m->program->n_lines; i++) {
        const line *l = &m->program->lines[i];
        char name[24];
        snprintf(name, sizeof name, "%zu", i);
        if (strcmp(l->name, "param") == 0)
            m->reg[i].param = tril_params_add(m->params, name, shape_from(l, 2));
    }
}

static const size_t *indices(const machine *m, size_t from)
{
    static size_t index[MAX_ARGS];
    for (size_t k = from; k < m->line->n_args; k++)
        index[k - from] = (size_t)m->line->arg[k];
    return index;
}

static tril_var split(const machine *m, tril_var x, int axis, size_t part)
{
    tril_var parts[MAX_ARGS] = { { 0 } };
    tril_split(x, axis, indices(m, 3), m->line->n_args - 3, parts);
    return parts[part];
}

static tril_var cross_entropy(tril_var logits, tril_var y)
{
    static size_t classes[1 << 16];
    for (size_t i = 0; i < tril_size(y); i++)
        classes[i] = (size_t)tril_value(y)[i];
    return tril_cross_entropy(logits, classes);
}

/* of stream number `line` of the program's seed */
static tril_var rsample(const machine *m, tril_dist p, size_t n)
{
    *tril_ctx_random(m->ctx) = tril_random_stream(m->program->seed, m->at);
    return tril_rsample(p, n);
}

static double floor_of(long choice)
{
    return choice == 0 ? 0 : choice == 1 ? TRIL_NO_FLOOR : 0.0625;
}

static tril_dist head(tril_var raw, const long *arg)
{
    return tril_head(raw, (size_t)arg[1],
                     &(tril_head_opts){ .kind = tril_heads[(size_t)arg[2]],
                                        .diagonal = (tril_diagonal_transform)arg[3],
                                        .relative_off_diagonal = arg[4],
                                        .floor = floor_of(arg[5]),
                                        .rank = (size_t)arg[6],
                                        .components = (size_t)arg[7],
                                        .component = tril_heads[(size_t)arg[8]],
                                        .natural = arg[9] });
}

static tril_dist head_shared(tril_var raw, tril_param shared, const long *arg)
{
    return tril_head(raw, (size_t)arg[2],
                     &(tril_head_opts){ .kind = &tril_head_shared,
                                        .shared = shared,
                                        .diagonal = (tril_diagonal_transform)arg[3],
                                        .relative_off_diagonal = arg[4],
                                        .floor = floor_of(arg[5]) });
}

static const reg *taken(machine *m, size_t k)
{
    reg *r = &m->reg[m->line->arg[k]];
    r->is_taken = true;
    return r;
}

/* argument k: a tensor, a distribution, a whole number; and how many there are from k on */
#define VAR(k) taken(m, k)->var
#define DIST(k) taken(m, k)->dist
#define INT(k) (int)m->line->arg[k]
#define SIZE(k) (size_t) m->line->arg[k]
#define REST(k) (m->line->n_args - (k))

static const tril_var *vars(machine *m, size_t from)
{
    static tril_var xs[MAX_ARGS];
    for (size_t k = from; k < m->line->n_args; k++)
        xs[k - from] = VAR(k);
    return xs;
}

#define NAMED(call)                                                                                \
    {                                                                                              \
#call, tril_##call                                                                         \
    }
static const struct {
    const char *name;
    tril_var (*f)(tril_var);
} unary[] = { NAMED(neg),        NAMED(exp),     NAMED(log),       NAMED(log1p),
              NAMED(expm1),      NAMED(sqrt),    NAMED(square),    NAMED(abs),
              NAMED(tanh),       NAMED(sigmoid), NAMED(relu),      NAMED(elu),
              NAMED(softplus),   NAMED(silu),    NAMED(detach),    NAMED(sum),
              NAMED(mean),       NAMED(max),     NAMED(logsumexp), NAMED(diagonal),
              NAMED(diag_embed), NAMED(tril),    NAMED(cholesky),  NAMED(lq),
              NAMED(unpack_tril) };
static const struct {
    const char *name;
    tril_var (*f)(tril_var, tril_var);
} binary[] = { NAMED(add),     NAMED(sub), NAMED(mul),    NAMED(div),      NAMED(minimum),
               NAMED(maximum), NAMED(pow), NAMED(masked), NAMED(unmasked), NAMED(matmul) };
static const struct {
    const char *name;
    tril_var (*f)(tril_var, int, bool);
} along[] = { NAMED(sum_axis), NAMED(mean_axis), NAMED(max_axis), NAMED(logsumexp_axis) };
static const struct {
    const char *name;
    tril_var (*f)(tril_dist);
} methods[] = { NAMED(entropy), NAMED(dist_mean), NAMED(dist_variance), NAMED(dist_covariance),
                NAMED(dist_mode) };
static const struct {
    const char *name;
    tril_dist (*f)(tril_var, tril_var);
} dists[] = { NAMED(mvn),           NAMED(mvn_covariance),
              NAMED(mvn_precision), NAMED(mvn_precision_tril),
              NAMED(mvn_diag),      NAMED(normal) };

/* value of the table's entry of that name, where it has one */
#define LOOK_UP(table, what, ...)                                                                  \
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)                                      \
        if (strcmp(name, table[i].name) == 0)                                                      \
    return *r = (reg){ .what = table[i].f(__VA_ARGS__) }, true
#define CALL(call, what, value)                                                                    \
    if (strcmp(name, #call) == 0)                                                                  \
    return *r = (reg){ .what = value }, true

static bool tensor_of_tensors(machine *m, const char *name, reg *r)
{
    LOOK_UP(unary, var, VAR(0));
    LOOK_UP(binary, var, VAR(0), VAR(1));
    LOOK_UP(along, var, VAR(0), INT(1), INT(2) != 0);
    CALL(affine, var, tril_affine(VAR(0), VAR(1), VAR(2), (tril_activation)INT(3)));
    CALL(affine_no_bias, var,
         tril_affine(VAR(0), VAR(1), (tril_var){ 0 }, (tril_activation)INT(2)));
    CALL(softmax, var, tril_softmax(VAR(0), INT(1)));
    CALL(log_softmax, var, tril_log_softmax(VAR(0), INT(1)));
    CALL(cross_entropy, var, cross_entropy(VAR(0), VAR(1)));
    CALL(reshape, var, tril_reshape(VAR(0), shape_from(m->line, 1)));
    CALL(broadcast_to, var, tril_broadcast_to(VAR(0), shape_from(m->line, 1)));
    CALL(transpose, var, tril_transpose(VAR(0), INT(1), INT(2)));
    CALL(slice, var, tril_slice(VAR(0), INT(1), SIZE(2), SIZE(3)));
    CALL(select, var, tril_select(VAR(0), INT(1), indices(m, 2), REST(2)));
    CALL(split, var, split(m, VAR(0), INT(1), SIZE(2)));
    CALL(concat, var, tril_concat(vars(m, 1), REST(1), INT(0)));
    CALL(stack, var, tril_stack(vars(m, 1), REST(1), INT(0)));
    CALL(solve_tril, var, tril_solve_tril(VAR(0), VAR(1), INT(2) != 0));
    return false;
}

/* the first number that y lacks in a row of an event is below its bound (side 0), above it (1), or
 * from it on as far as 1 (2); the others are missing */
static tril_var censored(machine *m, tril_dist p, tril_var y, tril_var bound, int side)
{
    const tril_shape event = tril_shape_of(bound);
    const size_t size = tril_size(y), width = tril_size(bound),
                 last = event.rank ? event.dim[event.rank - 1] : 1;
    const tril_real none = (tril_real)NAN, *values = tril_value(y), *bounds = tril_value(bound);
    tril_real *low = take(m, 2 * size), *high = low + size;
    bool first = true;
    for (size_t i = 0; i < size; i++) {
        first |= i % last == 0;
        low[i] = high[i] = values[i];
        if (!isnan(values[i]) || !first)
            continue;
        first = false;
        low[i] = side == 0 ? none : bounds[i % width];
        high[i] = side == 0 ? bounds[i % width] : side == 1 ? none : bounds[i % width] + 1;
    }
    const tril_shape shape = tril_shape_of(y);
    return tril_log_prob_censored(p, tril_input_missing(m->tape, low, shape),
                                  tril_input_missing(m->tape, high, shape));
}

static bool tensor_of_dists(machine *m, const char *name, reg *r)
{
    LOOK_UP(methods, var, DIST(0));
    CALL(log_prob, var, tril_log_prob(DIST(0), VAR(1)));
    CALL(log_prob_missing, var, tril_log_prob_missing(DIST(0), VAR(1)));
    CALL(log_prob_censored, var, censored(m, DIST(0), VAR(1), VAR(2), INT(3)));
    CALL(rsample, var, rsample(m, DIST(0), SIZE(1)));
    CALL(cdf, var, tril_cdf(DIST(0), VAR(1)));
    CALL(kl, var, tril_kl(DIST(0), DIST(1)));
    return false;
}

static bool dist(machine *m, const char *name, reg *r)
{
    LOOK_UP(dists, dist, VAR(0), VAR(1));
    CALL(mvn_low_rank, dist, tril_mvn_low_rank(VAR(0), VAR(1), VAR(2)));
    CALL(student_t, dist, tril_student_t(VAR(0), VAR(1), VAR(2)));
    CALL(gamma, dist, tril_gamma(VAR(0), VAR(1)));
    CALL(beta, dist, tril_beta(VAR(0), VAR(1)));
    CALL(poisson, dist, tril_poisson(VAR(0)));
    CALL(negative_binomial, dist, tril_negative_binomial(VAR(0), VAR(1)));
    CALL(von_mises, dist, tril_von_mises(VAR(0), VAR(1)));
    CALL(mvt, dist, tril_mvt(VAR(0), VAR(1), VAR(2)));
    CALL(categorical, dist, tril_categorical(VAR(0)));
    CALL(categorical_probs, dist, tril_categorical_probs(VAR(0)));
    CALL(mixture, dist, tril_mixture(DIST(0), DIST(1)));
    CALL(independent, dist, tril_independent(DIST(0), SIZE(1)));
    CALL(dist_marginal, dist, tril_dist_marginal(DIST(0), indices(m, 1), REST(1)));
    CALL(dist_conditional, dist, tril_dist_conditional(DIST(0), indices(m, 2), REST(2), VAR(1)));
    CALL(dist_expand, dist, tril_dist_expand(DIST(0), shape_from(m->line, 1)));
    CALL(head, dist, head(VAR(0), m->line->arg));
    CALL(head_shared, dist, head_shared(VAR(0), taken(m, 1)->param, m->line->arg));
    return false;
}

static bool is_leaf(const line *l)
{
    return strcmp(l->name, "input") == 0 || strcmp(l->name, "grad") == 0 ||
           strcmp(l->name, "param") == 0;
}

static reg run_line(machine *m)
{
    reg r = { 0 };
    const char *name = m->line->name;
    if (is_leaf(m->line))
        return make_leaf(m);
    ck_assert_msg(tensor_of_tensors(m, name, &r) || tensor_of_dists(m, name, &r) ||
                      dist(m, name, &r),
                  "there is no call %s", name);
    return r;
}

/* Its number is near enough: within some units of rounding times the condition. Of the committed
 * programs' numbers half are within 0.1 units in float, 99.9 % within 4, all within 35; in double
 * PyTorch's errors and the digits of the file count too. */
static bool is_near(const line *l, double number)
{
    const double tolerance = IS_DOUBLE ? 1e-10 : 256 * 0x1p-24;
    return !l->is_compared || fabs(number - l->number) <= ldexp(tolerance, l->exponent);
}

static char sentence[600]; /* what the last program has got wrong */

static bool differs(const machine *m, const char *what)
{
    snprintf(sentence, sizeof sentence, "program %llu, line %zu, \"%s\": %s",
             (unsigned long long)m->program->seed, m->at, m->line->text, what);
    return false;
}

static bool has_number(machine *m, const tril_real *x, size_t n)
{
    double number = 0;
    char text[64];
    for (size_t i = 0; i < n && x; i++)
        number += (double)x[i] * weight(m->program->seed, m->at, i);
    snprintf(text, sizeof text, "the number is %.12g", number);
    return is_near(m->line, number) || differs(m, text);
}

/* runs the calls */
static bool forward(machine *m)
{
    for (m->at = 0; m->at < m->program->n_lines; m->at++) {
        m->line = &m->program->lines[m->at];
        reg *r = &m->reg[m->at];
        *r = run_line(m);
        if (tril_ctx_failed(m->ctx))
            return differs(m, tril_ctx_message(m->ctx));
        bool is_dist = r->dist.kind;
        tril_shape shape = is_dist ? r->dist.batch : tril_shape_of(r->var);
        if (is_leaf(m->line))
            continue;
        if (!tril_shape_equal(shape, m->line->shape) ||
            !tril_shape_equal(r->dist.event, m->line->event))
            return differs(m, tril_shape_text(shape).text);
        if (!is_dist && !has_number(m, tril_value(r->var), tril_size(r->var)))
            return false;
    }
    return true;
}

/* the sum of the numbers of all tensors that no call has taken */
static tril_var loss_of(machine *m)
{
    tril_var loss = tril_scalar(m->tape, 0);
    for (size_t i = 0; i < m->program->n_lines; i++) {
        const reg *r = &m->reg[i];
        if (r->is_taken || !r->var.tape || is_leaf(&m->program->lines[i]))
            continue;
        tril_real *weights = take(m, tril_size(r->var));
        for (size_t k = 0; k < tril_size(r->var); k++)
            weights[k] = (tril_real)weight(m->program->seed, i, k);
        tril_var w = tril_input(m->tape, weights, tril_shape_of(r->var));
        loss = tril_add(loss, tril_sum(tril_mul(r->var, w)));
    }
    return loss;
}

static bool backward(machine *m)
{
    bool agrees = tril_backward(loss_of(m)) || differs(m, tril_ctx_message(m->ctx));
    for (m->at = 0; m->at < m->program->n_lines && agrees; m->at++) {
        m->line = &m->program->lines[m->at];
        const reg *r = &m->reg[m->at];
        const tril_real *grad = r->param.params ? tril_param_grads(r->param) : NULL;
        if (is_leaf(m->line) && m->line->is_compared)
            agrees = has_number(m, grad ? grad : tril_grad(r->var), tril_size(r->var));
    }
    return agrees;
}

typedef void visit(machine *m);

/* Whether a program agrees; says in `sentence` what does not. What is visited is between forward
 * and backward. */
static bool run(const program *p, visit *between)
{
    static tril_real numbers[MAX_NUMBERS];
    machine m = { .program = p, .ctx = tril_ctx_new(NULL), .numbers = numbers };
    m.tape = tril_tape_new(m.ctx);
    m.params = tril_params_new(m.ctx);
    make_params(&m);
    bool agrees = forward(&m);
    if (agrees && between)
        between(&m);
    agrees = agrees && backward(&m);
    tril_tape_free(m.tape);
    tril_params_free(m.params);
    tril_ctx_free(m.ctx);
    return agrees;
}

START_TEST(test_agrees_with_pytorch)
{
    static char wrong[6 * sizeof sentence]; /* Check takes no more than 4 KB */
    size_t n = 0;
    read_programs();
    ck_assert_uint_gt(n_programs, 0);
    for (size_t i = 0; i < n_programs; i++) {
        if (run(&programs[i], NULL))
            continue;
        n++;
        if (strlen(wrong) + sizeof sentence < sizeof wrong)
            strcat(strcat(wrong, "\n"), sentence);
    }
    ck_assert_msg(!n, "%zu of %zu programs differ:%s", n, n_programs, wrong);
}
END_TEST

/* ---- what is registered, and wrong gradients of it */

#define X_OPTIM(name)
#define X_OP(name) extern const tril_op tril_op_##name;
#define X_DIST(name) extern const tril_dist_kind tril_dist_kind_##name;
#include "registry.h"
#undef X_OP
#undef X_DIST

#define X_DIST(name)
static const struct {
    const char *name;
    const tril_op *op;
} ops[] = {
#define X_OP(name) { #name, &tril_op_##name },
#include "registry.h"
#undef X_OP
};
#undef X_DIST

#define X_OP(name)
static const struct {
    const char *name;
    const tril_dist_kind *kind;
} kinds[] = {
#define X_DIST(name) { #name, &tril_dist_kind_##name },
#include "registry.h"
};

enum { N_OPS = sizeof ops / sizeof *ops, N_KINDS = sizeof kinds / sizeof *kinds };

static bool has_op[N_OPS];     /* of the program that has just run */
static bool has_kind[N_KINDS]; /* of all */
static size_t n_inputs[N_OPS]; /* of all, the most */

static void note_registered(machine *m)
{
    memset(has_op, 0, sizeof has_op);
    for (size_t i = 0; i < N_OPS; i++)
        for (uint32_t k = 0; k < m->tape->count; k++) {
            const tril_node *node = &m->tape->nodes[k]->node;
            if (node->op != ops[i].op)
                continue;
            has_op[i] = true;
            n_inputs[i] = node->n_in > n_inputs[i] ? node->n_in : n_inputs[i];
        }
    for (size_t i = 0; i < N_KINDS; i++)
        for (size_t k = 0; k < m->program->n_lines; k++)
            has_kind[i] |= m->reg[k].dist.kind == kinds[i].kind;
}

/* Wrong gradients in one input of an op: what its backward has written is changed. */
enum { SIGN, PERCENT, DROPPED, TURNED, N_FAULTS };
static const char *const faults[] = { "the other sign", "1 % too much", "its largest number 0",
                                      "its numbers in the other order" };

static struct wrong {
    const tril_op *right;
    tril_rowwise whole; /* a copy, whose backward is wrong */
    size_t input;
    int fault;
    bool is_other; /* something has changed by it */
} wrong;

static void spoil(tril_real *g, size_t n)
{
    size_t largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fabs((double)g[i]) > fabs((double)g[largest]) ? i : largest;
    for (size_t i = 0; i < n; i++) {
        const tril_real right = g[i], mirrored = g[n - 1 - i];
        switch (wrong.fault) {
        case SIGN:
            g[i] = -right;
            break;
        case PERCENT:
            g[i] = right * (tril_real)1.01;
            break;
        case DROPPED:
            g[i] = i == largest ? 0 : right;
            break;
        case TURNED:
            g[i] = i < n / 2 ? mirrored : right;
            g[n - 1 - i] = i < n / 2 ? right : mirrored;
        }
        wrong.is_other |= g[i] != right;
    }
}

static void wrong_backward(tril_node *node, tril_real *const *grad_in)
{
    wrong.right->backward(node, grad_in);
    if (wrong.input < node->n_in && grad_in[wrong.input])
        spoil(grad_in[wrong.input], node->in[wrong.input]->size);
}

static void put_wrong(machine *m)
{
    for (uint32_t k = 0; k < m->tape->count; k++)
        if (m->tape->nodes[k]->node.op == wrong.right)
            m->tape->nodes[k]->node.op = &wrong.whole.op;
}

/* whether any of the programs notices a fault, unless none of them has it */
static bool is_noticed(size_t n, const program *const *some)
{
    wrong.is_other = false;
    for (size_t i = 0; i < n; i++)
        if (!run(some[i], put_wrong))
            return true;
    return !wrong.is_other;
}

/* Every distribution and every op has its programs, and whichever op's gradient is wrong, they
 * notice. */
START_TEST(test_notices_wrong_gradients)
{
    enum { SOME = 60 };
    static const program *some[N_OPS][SOME];
    static size_t n[N_OPS];
    read_programs();
    for (size_t i = 0; i < n_programs; i++) {
        run(&programs[i], note_registered);
        for (size_t k = 0; k < N_OPS; k++)
            if (has_op[k] && n[k] < SOME)
                some[k][n[k]++] = &programs[i];
    }
    for (size_t k = 0; k < N_KINDS; k++)
        ck_assert_msg(has_kind[k], "no program has the distribution %s", kinds[k].name);
    for (size_t k = 0; k < N_OPS; k++) {
        ck_assert_msg(n[k], "no program has the op %s", ops[k].name);
        wrong.right = ops[k].op;
        if (ops[k].op->forward == tril_rowwise_forward) /* its descriptor goes on behind that */
            memcpy(&wrong.whole, ops[k].op, sizeof wrong.whole);
        else
            wrong.whole.op = *ops[k].op;
        wrong.whole.op.backward = wrong_backward;
        for (wrong.input = 0; wrong.input < n_inputs[k] && ops[k].op->backward; wrong.input++)
            for (wrong.fault = 0; wrong.fault < N_FAULTS; wrong.fault++)
                ck_assert_msg(is_noticed(n[k], some[k]),
                              "%s: nobody notices that the gradient of input %zu has %s",
                              ops[k].name, wrong.input, faults[wrong.fault]);
    }
}
END_TEST

Suite *suite_differential(void)
{
    Suite *suite = suite_create("differential");
    TCase *tcase = tcase_create("programs");
    tcase_set_tags(tcase, "long");
    tcase_add_test(tcase, test_agrees_with_pytorch);
    if (!getenv("DIFFERENTIAL"))
        tcase_add_test(tcase, test_notices_wrong_gradients);
    suite_add_tcase(suite, tcase);
    return suite;
}
