/* For authors of operations, distributions, heads, losses and optimizers: what tril.h leaves out.
 * Each is a table of functions; a program's own is given by pointer where the library's are, and
 * does all that these do. Less stable than the other headers: structs may change with the second
 * number of the version, and programs that use this header are then to be built anew.
 *
 * An operation is a descriptor of three functions, shape rule, forward and backward, in one file.
 * The tape calls them; it owns all memory and the rule that gradients add up: backward only ever
 * writes into buffers of its own.
 *
 * Example: what the library does not have: sin(x); a head of normals whose targets share one
 * standard deviation; a loss that is the NLL and the absolute error of the mean.
 *
 *     #include <math.h>
 *     #include <tril/extend.h>
 *     #include <tril/tril.h>
 *
 *     static bool sine_shape(tril_node *node)
 *     {
 *         node->shape = node->in[0]->shape;
 *         return true;
 *     }
 *
 *     static bool sine_forward(tril_node *node)
 *     {
 *         for (size_t i = 0; i < node->size; i++)
 *             node->value[i] = (tril_real)sin(node->in[0]->value[i]);
 *         return true;
 *     }
 *
 *     static void sine_backward(tril_node *node, tril_real *const *grad_in)
 *     {
 *         for (size_t i = 0; i < node->size; i++)
 *             grad_in[0][i] = node->grad[i] * (tril_real)cos(node->in[0]->value[i]);
 *     }
 *
 *     static const tril_op sine = { "sine", sine_shape, sine_forward, sine_backward };
 *
 *     static tril_var sine_of(tril_tape *tape, const tril_var *inputs, void *user)
 *     {
 *         (void)tape, (void)user;
 *         return tril_op_apply(&sine, inputs, 1, NULL, 0);
 *     }
 *
 *     static size_t round_width(size_t d, const tril_head_opts *opts)
 *     {
 *         (void)opts;
 *         return d + 1; // loc (d) | log of the standard deviation
 *     }
 *
 *     static tril_dist round_dist(const tril_head_layout *h, tril_var raw, tril_var natural)
 *     {
 *         (void)natural;
 *         return tril_mvn_diag(tril_slice(raw, -1, 0, h->d),
 *                              tril_exp(tril_slice(raw, -1, h->d, 1)));
 *     }
 *
 *     static const tril_head_kind round_head = {
 *         .name = "round", .width = round_width, .dist = round_dist, .normal = true };
 *
 *     static tril_var absolute_value(const tril_loss_rows *rows, tril_var *log_prob)
 *     {
 *         tril_dist p = tril_loss_dist(rows);
 *         *log_prob = tril_loss_log_prob(rows, p);
 *         tril_var error = tril_abs(tril_sub(rows->y, tril_dist_mean(p)));
 *         return tril_sub(tril_mean(error), tril_mean(*log_prob));
 *     }
 *
 *     static const tril_loss absolute = { "absolute", absolute_value };
 *
 *     int main(void)
 *     {
 *         enum { ROWS = 100 };
 *         tril_real xs[ROWS], ys[ROWS * 2];
 *         tril_random random = tril_random_stream(1, 1);
 *         tril_random_normal(&random, xs, ROWS);
 *         tril_random_normal(&random, ys, ROWS * 2);
 *         for (int i = 0; i < ROWS; i++)
 *             ys[2 * i] += 3 * xs[i];
 *
 *         tril_ctx *ctx = tril_ctx_new(NULL);
 *         tril_gradcheck_input input = { xs, TRIL_SHAPE(4) };
 *         bool right = tril_gradcheck(ctx, sine_of, NULL, &input, 1, NULL, NULL);
 *         tril_params *params = tril_params_new(ctx);
 *         tril_network net = tril_network_new(params, 2, &(tril_mlp_opts){
 *             .inputs = 1, .hidden = { 8 } }, &(tril_head_opts){ .kind = &round_head });
 *         tril_fit *fit = tril_fit_new(&net, (tril_batch){ xs, ys, ROWS }, &(tril_fit_opts){
 *             .epochs = 50, .lr = 1e-2, .loss = &absolute });
 *         double first = tril_fit_get_status(fit).train_nll;
 *         right = tril_fit_run(fit, NULL, NULL) && right;
 *         right = tril_fit_get_status(fit).train_nll < first && right;
 *         tril_fit_free(fit);
 *         tril_params_free(params);
 *         tril_ctx_free(ctx);
 *         return !right;
 *     }
 */
#ifndef TRIL_EXTEND_H
#define TRIL_EXTEND_H

#include <tril/nn.h>
#include <tril/optim.h>
#include <tril/random.h>

TRIL_API_BEGIN

typedef struct tril_node tril_node;
typedef struct tril_op tril_op;

/* A tensor on a tape. What each of an op's functions may read and must write is said at tril_op. */
struct tril_node {
    const tril_op *op;
    tril_tape *tape;
    tril_node *const *in; /* n_in inputs; NULL for an argument left out */
    size_t n_in;
    void *attrs; /* copy of the attributes given to tril_op_apply */
    tril_shape shape;
    size_t size;        /* number of elements */
    size_t saved_bytes; /* memory asked for by the shape rule */
    void *saved; /* that memory: forward leaves there what backward needs; backward, which may run
                    again, may write only where forward has left nothing */
    tril_real *value;  /* those of in[] are not to be written */
    tril_real *grad;   /* gradient of the loss with respect to value; set when backward runs, not to
                          be written */
    bool needs_grad;   /* whether a gradient will be asked for; known from the shape rule on */
    bool shares_value; /* set by the shape rule: value is in[0]'s, forward has nothing to write
                          (reshape) */
};

struct tril_op {
    const char *name; /* as it stands in messages */

    /* Sets node->shape, and node->saved_bytes if memory is wanted; reads in[] and attrs. Returns
     * false after tril_op_fail where they do not fit. */
    bool (*shape)(tril_node *node);

    /* Writes node->value, all of it. Returns false after tril_op_fail. Neither it nor backward is
     * called for a result without elements. */
    bool (*forward)(tril_node *node);

    /* Writes (does not add) the gradient of the loss with respect to input k into grad_in[k], in
     * the shape of in[k], all of it; from node->grad, node->value, in[]->value and saved.
     * grad_in[k] is NULL where nobody needs it. NULL in the descriptor: no gradient flows through
     * the op. */
    void (*backward)(tril_node *node, tril_real *const *grad_in);

    size_t n_optional; /* how many of the last inputs may be left out ({0}); their in[k] is then
                          NULL */
};

/* Applies an op: checks that inputs are vars of one tape and of its present epoch, copies
 * attrs_size bytes of attributes, runs shape rule and forward, records the node. */
tril_var tril_op_apply(const tril_op *op, const tril_var *inputs, size_t n_inputs,
                       const void *attrs, size_t attrs_size);

/* Fails the context with "NAME: ..." (the op's name, then the printf format). Returns false. */
__attribute__((format(printf, 3, 4))) bool tril_op_fail(tril_node *node, tril_status status,
                                                        const char *format, ...);

/* The same for code that has no node yet: "WHAT: ...". Returns the inert var. */
__attribute__((format(printf, 4, 5))) tril_var
tril_var_fail(tril_tape *tape, const char *what, tril_status status, const char *format, ...);

/* The shape of a var, for code that has no node yet. False where x is no var of its tape's present
 * epoch, after failing the context with "WHAT: ...", unless x has no tape. */
bool tril_var_shape(tril_var x, const char *what, tril_shape *shape);

/* Memory for n items that lives until the tape's next reset, and a copy of bytes in such memory;
 * NULL on failure. */
void *tril_tape_take(tril_tape *tape, size_t n, size_t size);
void *tril_tape_copy(tril_tape *tape, const void *bytes, size_t size);

/* Sets the context's status and sentence, unless a failure already stands: the first one is the
 * cause. Returns false. */
__attribute__((format(printf, 3, 4))) bool tril_ctx_fail(tril_ctx *ctx, tril_status status,
                                                         const char *format, ...);

/* The context of a tape, and whether it validates. */
tril_ctx *tril_tape_ctx(tril_tape *tape);
bool tril_ctx_validates(const tril_ctx *ctx);

/* NumPy's rule: sizes are compared from the last on, a 1 or a missing one stretches. False where
 * they do not fit. */
bool tril_shape_broadcast(tril_shape a, tril_shape b, tril_shape *out);

/* A distribution is a table of functions; NULL where there is no closed form. Each returns the
 * inert var on failure. They are asked only for a distribution whose first parameter is current,
 * and for a y that fits. */
typedef struct tril_kl_pair tril_kl_pair;

struct tril_dist_kind {
    const char *name; /* as it stands in messages: "log_prob(NAME): ..." */
    tril_var (*log_prob)(const tril_dist *p, tril_var y);

    /* NaN in y is missing. NULL: that of as_mvn. */
    tril_var (*log_prob_missing)(const tril_dist *p, tril_var y);
    tril_var (*rsample)(const tril_dist *p, size_t n);

    /* Draws that no gradient flows through. NULL: those of rsample, detached. */
    tril_var (*sample)(const tril_dist *p, size_t n);
    tril_var (*entropy)(const tril_dist *p);
    tril_var (*mean)(const tril_dist *p);
    tril_var (*variance)(const tril_dist *p);
    tril_var (*mode)(const tril_dist *p);

    /* Asked only where the event is a number. */
    tril_var (*cdf)(const tril_dist *p, tril_var y);

    /* Asked only where the event is a vector: the same normal by loc and scale_tril; a matrix A
     * [batch, event, any], where the covariance is A A' (NULL: scale_tril of as_mvn); and, where it
     * is better had another way, the covariance (NULL: A A'). The batch of A may be stretched. */
    tril_dist (*as_mvn)(const tril_dist *p);
    tril_var (*factor)(const tril_dist *p);
    tril_var (*covariance)(const tril_dist *p);

    /* In a larger batch. NULL: param[0], which has as many axes behind those of the batch as the
     * event has, is stretched. */
    tril_dist (*expand)(const tril_dist *p, tril_shape batch);

    /* Asked only where the event is a vector: the distributions of its numbers, [batch, event].
     * NULL: normals, where there is an as_mvn. */
    tril_dist (*marginals)(const tril_dist *p);

    /* Asked only where the event is a vector: the distribution of the coordinates with these
     * indices; that of the coordinates order[n], ..., order[d - 1] given that those at order[0],
     * ..., order[n - 1] are y [..., n]. NULL: those of as_mvn. */
    tril_dist (*marginal)(const tril_dist *p, const size_t *index, size_t n);
    tril_dist (*conditional)(const tril_dist *p, const size_t *order, size_t n, tril_var y);

    /* Pairs of kinds, this one among them, up to a pair of NULL. */
    const tril_kl_pair *kl;

    /* tril_log_prob_censored. NULL: that of as_mvn. */
    tril_var (*log_prob_censored)(const tril_dist *p, tril_var low, tril_var high);

    bool discrete; /* events are whole numbers, log_prob is the logarithm of a probability */
};

/* A closed form of tril_kl, for events of equal shape and batches that broadcast. tril_kl looks for
 * it in the pairs of p's kind, of q's and of the library; without it normals are compared by their
 * as_mvn. */
struct tril_kl_pair {
    const tril_dist_kind *p, *q;
    tril_var (*kl)(const tril_dist *p, const tril_dist *q);
};

/* ---- Heads: from rows of raw outputs to distributions of d targets. */

/* A head at work: its options with their defaults filled in, a floor of 0 being none; the length of
 * a row. */
typedef struct tril_head_layout {
    tril_head_opts opts;
    size_t d, width;
} tril_head_layout;

/* R of a line (tril/fit.h): lower triangular, upper triangular, diagonal. */
typedef enum tril_frame { TRIL_FRAME_LOWER, TRIL_FRAME_UPPER, TRIL_FRAME_DIAGONAL } tril_frame;

/* Which numbers targets of a head are, where not all are: positive ones, those between 0 and 1,
 * counts, classes (below opts.classes, which holds does not know). Such targets keep their own
 * units: they get no scaler, no line and no noise. */
typedef struct tril_support {
    const char *what; /* "a positive number" */
    bool (*holds)(double y);
} tril_support;

extern const tril_support tril_support_positive, tril_support_share, tril_support_count,
    tril_support_class;

/* How many numbers of a row of d targets may be known by bounds only with a head: all with a
 * diagonal one, two with other normals, none with others; with mixtures as with their components.
 * opts may be NULL. */
size_t tril_head_bounds(const tril_head_opts *opts, size_t d);

/* A kind of head, by pointer in tril_head_opts. Functions that may be NULL say what that means. */
struct tril_head_kind {
    const char *name; /* as it stands in messages, model files and on the command line */

    /* How many raw outputs a row has; SIZE_MAX where no row will do. */
    size_t (*width)(size_t d, const tril_head_opts *opts);

    /* The distribution of rows: raw [..., width], batch shape [...], event shape [d]. natural, for
     * kinds that have natural gradients: {0}, or the same numbers again, into which log_prob's
     * natural gradient is to flow. */
    tril_dist (*dist)(const tril_head_layout *h, tril_var raw, tril_var natural);

    /* The distribution of R y + shift, y that of `dist`, for R as `frame` says: r [d, d]; shift
     * [n, d], or {0}. NULL: networks with such a head have no line. */
    tril_dist (*transformed)(const tril_head_layout *h, tril_var raw, tril_var r, tril_var shift);
    tril_frame frame;

    /* Writes raw outputs [width], and behind them the shared parameter, of the distribution that
     * fits targets with this mean [d] and covariance [d, d], floor^2 part of it. False after
     * tril_ctx_fail. NULL: zeros. */
    bool (*init)(tril_ctx *ctx, const tril_head_layout *h, const double *mean,
                 const double *covariance, double *raw);

    /* Whether raw output i is one of a mean. NULL: the first d are. */
    bool (*is_mean)(const tril_head_layout *h, size_t i);

    /* How many numbers opts.shared has, a parameter for all rows. NULL: there is none. */
    size_t (*shared)(size_t d);

    bool rank;       /* takes opts.rank */
    bool components; /* takes opts.components, and the kind of these */
    bool natural;    /* has natural gradients */
    bool normal;     /* its distributions have an as_mvn */
    bool plain_nll;  /* is best trained by tril_loss_nll: tril_head_loss */

    const struct tril_head_form *form; /* of the library's own */

    /* NULL: all numbers. With one, init gets moments of targets as they are, and the start becomes
     * the one of largest likelihood if a row has one or two numbers for each target: [d], [2, d];
     * that of classes is their shares, as logits. */
    TRIL_ADDED const tril_support *support;
    TRIL_RESERVED(3);
};

/* ---- Optimizers: an update of parameters, and blocks of state as large as these, zero at the
 * start, which tril_optim_state keeps. */
enum { TRIL_OPTIM_MAX_STATES = TRIL_OPTIM_ARRAYS - 1 };

/* A step of n parameters of one group that lie one behind the other. */
typedef struct tril_optim_update {
    const void *opts;        /* the optimizer's own */
    uint64_t step;           /* 1, 2, ... */
    double lr, weight_decay; /* of the group, now */
    size_t n;
    const tril_real *g;                          /* gradients, [n] */
    tril_real *w, *state[TRIL_OPTIM_MAX_STATES]; /* to be moved, [n] each */
} tril_optim_update;

struct tril_optim_kind {
    const char *name; /* as it stands in messages and on the command line */
    double lr;        /* the default */
    size_t n_states;
    void (*update)(const tril_optim_update *u);

    /* What a fit makes. NULL: tril_optim_new(kind, params, opts, opts, sizeof *opts). */
    tril_optim *(*make)(tril_params *params, const tril_optim_opts *opts);
    bool no_decay; /* has no weight decay */
    TRIL_RESERVED(4);
};

/* An optimizer of all parameters of a store, with a copy of options of its own. NULL on failure. */
tril_optim *tril_optim_new(const tril_optim_kind *kind, tril_params *params,
                           const tril_optim_opts *opts, const void *own, size_t own_size);

TRIL_API_END
#endif
