/* Rows side by side in numbers NUM, BOUNDED or not, whose z may be kept: included by mvn_lanes.c,
 * once for each. */

/* sums of squares are below this where no bound is met and no product of two overflows; inverses
 * are above the smallest that has all its digits */
#define MOST (sizeof(NUM) == sizeof(double) ? (NUM)1e200 : (NUM)1e30)
#define LEAST (sizeof(NUM) == sizeof(double) ? (NUM)DBL_MIN : (NUM)FLT_MIN)

TRIL_INLINE NUM NAME(within)(NUM x, double bound)
{
    return BOUNDED ? (NUM)tril_within((double)x, bound) : x;
}

TRIL_INLINE NUM NAME(loaded)(tril_real x)
{
    return BOUNDED ? (NUM)tril_mvn_loaded(x) : (NUM)x;
}

TRIL_INLINE tril_real NAME(stored)(NUM x)
{
    return BOUNDED ? tril_saturate((double)x) : (tril_real)x;
}

/* a row's arrays, each [d, lanes] */
typedef struct NAME(rows) {
    NUM *r, *z, *w, *inverse;
} NAME(rows);

/* 1 / L_ii; `far` more than 0 where it has not all its digits, or s is not finite */
TRIL_INLINE void NAME(invert)(size_t d, size_t lanes, const tril_mvn_lanes *m, NAME(rows) x,
                              NUM *restrict far)
{
    for (size_t i = 0; i < d; i++) {
        const tril_real *restrict s = m->s + i * m->s_step;
        const double *restrict v = m->v ? m->v + at(i) : NULL;
        NUM *restrict inverse = x.inverse + at(i);
        if (v)
            EACH_LANE inverse[l] = 1 / (NUM)v[l];
        else
            EACH_LANE inverse[l] = 1 / (NUM)s[l];
        EACH_LANE far[l] += (inverse[l] >= LEAST ? (NUM)0 : (NUM)1) + 0 * (NUM)s[l];
    }
}

/* z = L^-1 r, and z'z; NaN in `nothing` where a number is not finite, if BOUNDED arithmetic would
 * not show it */
TRIL_INLINE void NAME(solve)(size_t d, size_t lanes, const tril_mvn_lanes *m, NAME(rows) x,
                             NUM *restrict squares, NUM *restrict nothing)
{
    const bool scaled = m->lower == TRIL_LOWER_SCALED;
    for (size_t i = 0; i < d; i++) {
        const tril_real *restrict off = m->off + at(tril_lower_begin(m->lower, d, i));
        const tril_real *restrict y = m->y + at(i), *restrict loc = m->loc + at(i);
        const NUM *restrict inverse = x.inverse + at(i);
        NUM *restrict r = x.r + at(i), *restrict zi = x.z + at(i), sum[TRIL_LANES] = { 0 };
        for (size_t j = 0; j < tril_lower_count(m->lower, i); j++) {
            const NUM *restrict zj = x.z + at(j);
            EACH_LANE sum[l] += NAME(loaded)(off[at(j) + l]) * zj[l];
            if (BOUNDED)
                EACH_LANE nothing[l] += 0 * (NUM)off[at(j) + l];
        }
        EACH_LANE
        {
            r[l] = NAME(within)((NUM)y[l] - (NUM)loc[l], TRIL_MVN_MAX_LOADED);
            /* rounded before it is subtracted from, fused or not */
            const double unit =
                (double)NAME(within)((NUM)((double)r[l] * (double)inverse[l]), TRIL_MVN_MAX_W);
            NUM z = scaled ? (NUM)(unit - (double)sum[l]) : (r[l] - sum[l]) * inverse[l];
            z = NAME(within)(z, TRIL_MVN_MAX_Z);
            zi[l] = z;
            squares[l] += z * z;
        }
        if (BOUNDED)
            EACH_LANE nothing[l] += 0 * (NUM)y[l] + 0 * (NUM)loc[l];
    }
}

/* w_i = L_ii a_i, a = L^-T z */
TRIL_INLINE void NAME(solve_back)(size_t d, size_t lanes, const tril_mvn_lanes *m, NAME(rows) x)
{
    const bool scaled = m->lower == TRIL_LOWER_SCALED;
    memcpy(x.w, x.z, at(d) * sizeof *x.w);
    for (size_t i = d; i-- > 0;) {
        const tril_real *restrict off = m->off + at(tril_lower_begin(m->lower, d, i));
        const NUM *restrict inverse = x.inverse + at(i);
        NUM *restrict w = x.w + at(i), a[TRIL_LANES];
        EACH_LANE
        {
            NUM wi = NAME(within)(w[l], TRIL_MVN_MAX_W);
            w[l] = wi;
            a[l] = scaled ? wi : NAME(within)(wi * inverse[l], TRIL_MVN_MAX_W);
        }
        for (size_t j = 0; j < tril_lower_count(m->lower, i); j++) {
            NUM *restrict wj = x.w + at(j);
            EACH_LANE wj[l] =
                NAME(within)(wj[l] - NAME(loaded)(off[at(j) + l]) * a[l], TRIL_MVN_MAX_W);
        }
    }
}

/* where the gradient in the s of row i stands */
TRIL_INLINE size_t NAME(place_of_s)(const tril_mvn_lanes *m, size_t i)
{
    if (m->lower == TRIL_LOWER_FULL)
        return m->d + i * (m->d + 1);
    return m->d + tril_lower_begin(m->lower, m->d, m->d) * (m->lower != TRIL_LOWER_NONE) + i;
}

/* of Student's t; see student_of */
TRIL_INLINE void NAME(weigh)(size_t n, size_t lanes, const double *restrict root, NUM *restrict x)
{
    for (size_t k = 0; k < at(n); k += TRIL_LANES)
        EACH_LANE x[k + l] *= (NUM)root[l];
}

TRIL_INLINE void NAME(differentiate)(size_t d, size_t lanes, const tril_mvn_lanes *m, NAME(rows) x,
                                     const double *restrict root, NUM *restrict far)
{
    const bool scaled = m->lower == TRIL_LOWER_SCALED;
    for (size_t i = 0; i < d; i++) {
        const NUM *restrict w = x.w + at(i), *restrict r = x.r + at(i);
        const NUM *restrict z = x.z + at(i), *restrict inverse = x.inverse + at(i);
        const double *restrict slope = m->slope ? m->slope + at(i) : NULL;
        tril_real *restrict of_loc = m->g + at(i), *restrict of_s =
                                                       m->g + at(NAME(place_of_s)(m, i));
        tril_real *restrict to = m->g + at(m->d + tril_lower_begin(m->lower, m->d, i));
        NUM of_row[TRIL_LANES], of_log[TRIL_LANES], own[TRIL_LANES];
        EACH_LANE
        {
            NUM a = NAME(within)(w[l] * inverse[l], TRIL_MVN_MAX_W);
            /* with respect to log L_ii; a scaled row of L moves with it as a whole */
            NUM moved = scaled ? NAME(within)(r[l] * inverse[l], TRIL_MVN_MAX_W) : z[l];
            /* in double, where the product is exact: fused or not, it rounds to the same */
            of_log[l] = NAME(within)((NUM)((double)w[l] * (double)moved - 1), DBL_MAX);
            of_row[l] = scaled ? w[l] : a;
            own[l] = a;
        }
        if (root)
            NAME(weigh)(1, lanes, root, own);
        EACH_LANE
        {
            tril_real dloc = NAME(stored)(own[l]);
            of_loc[l] = dloc;
            far[l] += 0 * (NUM)dloc;
        }
        if (slope)
            EACH_LANE of_log[l] *= (NUM)slope[l];
        else
            EACH_LANE of_log[l] *= inverse[l];
        EACH_LANE
        {
            tril_real ds = NAME(stored)(of_log[l]);
            of_s[l] = ds;
            far[l] += 0 * (NUM)ds;
        }
        for (size_t j = 0; j < tril_lower_count(m->lower, i); j++) {
            const NUM *restrict zj = x.z + at(j);
            EACH_LANE
            {
                tril_real dl = NAME(stored)(of_row[l] * zj[l]);
                to[at(j) + l] = dl;
                far[l] += 0 * (NUM)dl;
            }
        }
    }
}

/* In local coordinates, loc + L delta and L exp(M), the Fisher matrix is 1 for delta and the
 * off-diagonals of M, 2 for its diagonal, and the gradient z and z_i z_j, z_i^2 - 1: loc moves by
 * L z = r, L by L M with M_ij = z_i z_j, M_ii = (z_i^2 - 1) / 2. */
TRIL_INLINE void NAME(natural)(size_t lanes, const tril_mvn_lanes *m, NAME(rows) x,
                               NUM *restrict far)
{
    const double bound = 1e200;
    const bool scaled = m->lower == TRIL_LOWER_SCALED;
    for (size_t i = 0; i < m->d; i++) {
        const size_t begin = at(tril_lower_begin(m->lower, m->d, i));
        const NUM *restrict z = x.z + at(i), *restrict r = x.r + at(i);
        const double *restrict reach = m->reach + at(i), *restrict v = m->v + at(i);
        tril_real *restrict of_loc = m->natural + at(i);
        tril_real *restrict of_s = m->natural + at(NAME(place_of_s)(m, i));
        NUM sum[TRIL_LANES], mi[TRIL_LANES]; /* sum of L_ik z_k from k = i down to j + 1 */
        EACH_LANE
        {
            mi[l] = (NUM)0.5 * (z[l] * z[l] - 1);
            sum[l] = scaled ? z[l] : z[l] * (NUM)v[l];
            tril_real dloc = NAME(stored)(r[l]), ds = NAME(stored)(mi[l] * (NUM)reach[l]);
            of_loc[l] = dloc;
            of_s[l] = ds;
            far[l] += 0 * (NUM)dloc + 0 * (NUM)ds + 0 * sum[l];
        }
        for (size_t j = tril_lower_count(m->lower, i); j-- > 0;) {
            const tril_real *restrict own = m->off + begin + at(j);
            const NUM *restrict zj = x.z + at(j);
            tril_real *restrict to = m->natural + at(m->d) + begin + at(j);
            EACH_LANE
            {
                NUM lij = NAME(loaded)(own[l]);
                NUM mj = (NUM)0.5 * (zj[l] * zj[l] - 1) - (scaled ? mi[l] : 0);
                sum[l] = NAME(within)(sum[l], bound);
                NUM dl = zj[l] * sum[l] + NAME(within)(lij * mj, bound);
                tril_real own_dl = NAME(stored)(dl);
                to[l] = own_dl;
                sum[l] += lij * zj[l];
                far[l] += 0 * (NUM)own_dl;
            }
        }
    }
}

/* gradients from z that run has left in m->z */
TRIL_INLINE void NAME(back)(size_t d, size_t lanes, const tril_mvn_lanes *m, bool *good)
{
    NUM far[TRIL_LANES] = { 0 }, *arrays = (NUM *)(void *)m->arrays;
    double beyond[TRIL_LANES];
    NAME(rows) x = { arrays, (NUM *)(void *)m->z, arrays + 2 * at(d), arrays + 3 * at(d) };
    NAME(invert)(d, lanes, m, x, far);
    NAME(solve_back)(d, lanes, m, x);
    NAME(differentiate)(d, lanes, m, x, NULL, far);
    EACH_LANE beyond[l] = (double)far[l];
    *good = all_zero(lanes, beyond);
}

TRIL_INLINE void NAME(run)(size_t d, size_t lanes, const tril_mvn_lanes *m, bool *good)
{
    NUM sums[TRIL_LANES] = { 0 }, far[TRIL_LANES] = { 0 }, nothing[TRIL_LANES] = { 0 };
    NUM *arrays = (NUM *)(void *)m->arrays;
    NAME(rows) x = { arrays, arrays + at(d), arrays + 2 * at(d), arrays + 3 * at(d) };
    if (KEEPS_Z && m->z)
        x.z = (NUM *)(void *)m->z;
    double squares[TRIL_LANES], root[TRIL_LANES], beyond[TRIL_LANES];
    NAME(invert)(d, lanes, m, x, far);
    NAME(solve)(d, lanes, m, x, sums, nothing);
    EACH_LANE
    {
        squares[l] = (double)sums[l];
        m->log_prob[l] = -0.5 * squares[l] - m->log_det[l] - 0.5 * (double)d * TRIL_LOG_2PI +
                         (double)nothing[l] + 0 * (double)far[l];
        beyond[l] = (double)(sums[l] < MOST ? far[l] : (NUM)1) + 0 * m->log_det[l];
    }
    *good = all_zero(lanes, beyond);
    if (!BOUNDED && !*good)
        return;
    if (m->df)
        student_of(m, lanes, squares, root);
    if (m->df && m->g) {
        NAME(weigh)(d, lanes, root, x.z);
        NAME(weigh)(d, lanes, root, x.r);
    }
    if (m->g) {
        NAME(solve_back)(d, lanes, m, x);
        NAME(differentiate)(d, lanes, m, x, m->df ? root : NULL, far);
    }
    if (m->natural)
        NAME(natural)(lanes, m, x, far);
    EACH_LANE beyond[l] = (double)far[l];
    *good = all_zero(lanes, beyond);
}

#undef NUM
#undef BOUNDED
#undef KEEPS_Z
#undef NAME
#undef MOST
#undef LEAST
