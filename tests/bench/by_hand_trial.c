/* The trial, every formula written out for two normals in two dimensions. */
#include <tgmath.h>

#include "bench/by_hand.h"

/* one normal at x: z = L^-1 (x - loc), a = L^-T z, and the density */
typedef struct at_point {
    tril_real z[2], a[2], density;
} at_point;

static at_point density_at(const tril_real *loc, const tril_real (*l)[2], const tril_real *x)
{
    at_point p;
    p.z[0] = (x[0] - loc[0]) / l[0][0];
    p.z[1] = (x[1] - loc[1] - l[1][0] * p.z[0]) / l[1][1];
    p.a[1] = p.z[1] / l[1][1];
    p.a[0] = (p.z[0] - l[1][0] * p.a[1]) / l[0][0];
    const tril_real over_two_pi = (tril_real)0.15915494309189535;
    p.density = over_two_pi * exp(-(p.z[0] * p.z[0] + p.z[1] * p.z[1]) / 2) / (l[0][0] * l[1][1]);
    return p;
}

/* how far to go along a direction of this length, no further than the divergence allows nor, for a
 * while, than steps were cut before */
static tril_real limited(tril_real lr, tril_real length, tril_real *remembered)
{
    tril_real ratio = lr * length / sqrt((tril_real)TRIAL_KL_CLIP), before = *remembered;
    tril_real at_most = 10 * fmax(before, (tril_real)1);
    *remembered = fmax(fmin(ratio, at_most), (tril_real)0.975 * before);
    return lr / fmax(fmax(before, ratio), (tril_real)1);
}

/* loc += L delta, delta = -rate L' g */
static void move_loc(tril_real *loc, const tril_real (*l)[2], const tril_real g[2],
                     tril_real *remembered)
{
    tril_real d0 = l[0][0] * g[0] + l[1][0] * g[1], d1 = l[1][1] * g[1];
    tril_real rate = limited((tril_real)TRIAL_LR_LOC, sqrt(d0 * d0 + d1 * d1), remembered);
    loc[0] -= rate * l[0][0] * d0;
    loc[1] -= rate * (l[1][0] * d0 + l[1][1] * d1);
}

/* L <- L E, E with e^M_ii on its diagonal and M_10 below, M = -rate Phi(L' g) */
static void move_factor(tril_real (*l)[2], tril_real g00, tril_real g10, tril_real g11,
                        tril_real *remembered)
{
    tril_real m00 = (l[0][0] * g00 + l[1][0] * g10) / 2, m10 = l[1][1] * g10;
    tril_real m11 = l[1][1] * g11 / 2, length = sqrt(2 * (m00 * m00 + m11 * m11) + m10 * m10);
    tril_real rate = limited((tril_real)TRIAL_LR_FACTOR, length, remembered);
    tril_real e00 = exp(-rate * m00), e11 = exp(-rate * m11);
    l[0][0] *= e00;
    l[1][0] = l[1][0] * e00 - rate * m10 * l[1][1];
    l[1][1] *= e11;
}

void trial_by_hand_run(trial_by_hand *t, const tril_real x[2], size_t category)
{
    at_point p[2] = { density_at(t->loc[0], t->factor[0], x),
                      density_at(t->loc[1], t->factor[1], x) };
    tril_real logit[2], upstream[2] = { 0 };
    for (int c = 0; c < 2; c++)
        logit[c] = t->weight[c][0] * p[0].density + t->weight[c][1] * p[1].density;
    tril_real share = 1 / (1 + exp(logit[1] - logit[0])); /* of category 0 */
    tril_real error[2] = { share - (category == 0), 1 - share - (category == 1) };
    for (int c = 0; c < 2; c++)
        for (int j = 0; j < 2; j++) {
            upstream[j] += error[c] * t->weight[c][j] * p[j].density;
            t->momentum[c][j] =
                (tril_real)TRIAL_MOMENTUM * t->momentum[c][j] + error[c] * p[j].density;
            t->weight[c][j] -= (tril_real)TRIAL_LR * t->momentum[c][j];
        }
    for (int j = 0; j < 2; j++) {
        const at_point *q = &p[j];
        tril_real u = upstream[j], (*l)[2] = t->factor[j];
        tril_real g[2] = { u * q->a[0], u * q->a[1] };
        tril_real g00 = g[0] * q->z[0] - u / l[0][0], g11 = g[1] * q->z[1] - u / l[1][1];
        move_loc(t->loc[j], l, g, &t->remembered[j][0]);
        move_factor(l, g00, g[1] * q->z[0], g11, &t->remembered[j][1]);
    }
}
