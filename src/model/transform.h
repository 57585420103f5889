/* Transforms of targets: networks learn z = g(t) of a target t, where g grows with t. */
#ifndef TRIL_MODEL_TRANSFORM_H
#define TRIL_MODEL_TRANSFORM_H

#include <stdbool.h>

typedef struct tril_transform_kind tril_transform_kind;

typedef struct tril_transform {
    const tril_transform_kind *kind; /* NULL: t itself */
    double param[2];
    bool open; /* rows are to say its parameter or, without a kind, which it is */
} tril_transform;

/* A kind: all that is to be known of one is its entry in the list of transform.c. */
struct tril_transform_kind {
    const char *name, *takes; /* takes: the numbers that have a z, as a sentence says it */
    int params;
    double low[2], high[2]; /* between which parameters lie */
    bool fitted;            /* rows say the parameter, where the text does not */
    bool is_exp;            /* t = exp(z): its moments have closed forms */
    double (*forward)(const double *param, double t); /* -+INFINITY beyond what it takes */
    double (*inverse)(const double *param, double z);
    double (*log_slope)(const double *param, double z); /* log dz/dt, at the t of z */
    double (*growth)(const double *param);              /* t grows as |z| to this power, at most */
};
extern const tril_transform_kind tril_transform_log, tril_transform_yeo_johnson;
extern const tril_transform_kind *const tril_transform_kinds[]; /* all, and NULL */

/* "log", "logit(0,1)", "yeo-johnson", "yeo-johnson(0.5)", "auto"; NULL and "": none. False where it
 * is none of these. In C's locale, and so is such a text that reads back as the same. */
bool tril_transform_read(const char *text, tril_transform *out);
typedef struct tril_transform_text {
    char text[96];
} tril_transform_text;
tril_transform_text tril_transform_write(const tril_transform *g);

double tril_transform_forward(const tril_transform *g, double t);
double tril_transform_inverse(const tril_transform *g, double z);
double tril_transform_log_slope(const tril_transform *g, double z);

/* A target of a model: a network's number y is g(t) = mean + scale y. Moments are reckoned of t /
 * unit, unit being how far t moves where y moves from 0 by 1; without a transform they are y's. */
typedef struct tril_target {
    tril_transform g;
    double mean, scale, unit;
} tril_target;

static inline double tril_target_value(const tril_target *t, double y)
{
    return t->g.kind ? tril_transform_inverse(&t->g, t->mean + t->scale * y) / t->unit : y;
}

#endif
