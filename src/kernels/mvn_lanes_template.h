/* Rows side by side in numbers NUM, BOUNDED or not: included by mvn_lanes.c, once for each. */

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
    NUM *restrict r, *restrict z, *restrict w, *restrict inverse;
} NAME(rows);

/* z = L^-1 r, and `far` more than 0 where numbers are far out */
TRIL_INLINE void NAME(solve)(size_t d, size_t lanes, const tril_mvn_lanes *m, NAME(rows) x,
                             double *restrict squares, double *restrict far)
{
    const bool scaled = m->lower == TRIL_LOWER_SCALED;
    double log_det[TRIL_LANES] = { 0 }, nothing[TRIL_LANES] = { 0 };
    NUM sums[TRIL_LANES] = { 0 };
    for (size_t i = 0; i < d; i++) {
        const tril_real *restrict off = m->off + at(tril_lower_begin(m->lower, d, i));
        const tril_real *restrict y = m->y + at(i), *restrict loc = m->loc + at(i);
        const tril_real *restrict s = m->s + i * m->s_step;
        const double *restrict v = m->v + at(i), *restrict log_v = m->log_v + at(i);
        NUM sum[TRIL_LANES] = { 0 };
        for (size_t j = 0; j < tril_lower_count(m->lower, i); j++) {
            const NUM *restrict zj = x.z + at(j);
            EACH_LANE
            {
                sum[l] += NAME(loaded)(off[at(j) + l]) * zj[l];
                nothing[l] += BOUNDED ? 0 * (double)off[at(j) + l] : 0;
            }
        }
        EACH_LANE
        {
            NUM inverse = 1 / (NUM)v[l];
            NUM r = NAME(within)((NUM)y[l] - (NUM)loc[l], max_loaded);
            NUM z = scaled ? NAME(within)(r * inverse, max_w) - sum[l] : (r - sum[l]) * inverse;
            z = NAME(within)(z, max_z);
            x.inverse[at(i) + l] = inverse;
            x.r[at(i) + l] = r;
            x.z[at(i) + l] = z;
            sums[l] += z * z;
            log_det[l] += log_v[l];
            far[l] += inverse >= LEAST ? 0 : 1;
            nothing[l] += 0 * (double)s[l];
            nothing[l] += BOUNDED ? 0 * (double)y[l] + 0 * (double)loc[l] : 0;
        }
    }
    EACH_LANE
    {
        squares[l] = (double)sums[l];
        m->log_prob[l] =
            -0.5 * squares[l] - log_det[l] - 0.5 * (double)d * TRIL_LOG_2PI + nothing[l];
        far[l] += sums[l] < MOST && 0 * (log_det[l] + nothing[l]) == 0 ? 0 : 1;
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
            NUM wi = NAME(within)(w[l], max_w);
            w[l] = wi;
            a[l] = scaled ? wi : NAME(within)(wi * inverse[l], max_w);
        }
        for (size_t j = 0; j < tril_lower_count(m->lower, i); j++) {
            NUM *restrict wj = x.w + at(j);
            EACH_LANE wj[l] = NAME(within)(wj[l] - NAME(loaded)(off[at(j) + l]) * a[l], max_w);
        }
    }
}

TRIL_INLINE size_t NAME(begin_of)(const tril_mvn_lanes *m, size_t i)
{
    return tril_lower_begin(m->lower == TRIL_LOWER_NONE ? TRIL_LOWER_NONE : TRIL_LOWER_PACKED, m->d,
                            i);
}

/* where gradients in s begin */
TRIL_INLINE size_t NAME(last_of)(const tril_mvn_lanes *m)
{
    return m->d + (m->lower == TRIL_LOWER_NONE ? 0 : m->d * (m->d - 1) / 2);
}

TRIL_INLINE void NAME(differentiate)(size_t d, size_t lanes, const tril_mvn_lanes *m, NAME(rows) x,
                                     const double *restrict root, double *restrict far)
{
    const bool scaled = m->lower == TRIL_LOWER_SCALED;
    NUM beyond[TRIL_LANES] = { 0 };
    for (size_t i = 0; i < d; i++) {
        const NUM *restrict w = x.w + at(i), *restrict r = x.r + at(i);
        const NUM *restrict z = x.z + at(i), *restrict inverse = x.inverse + at(i);
        const double *restrict slope = m->slope ? m->slope + at(i) : NULL;
        tril_real *restrict of_loc = m->g + at(i), *restrict of_s = m->g + at(NAME(last_of)(m) + i);
        tril_real *restrict to = m->g + at(m->d + NAME(begin_of)(m, i));
        NUM of_row[TRIL_LANES];
        EACH_LANE
        {
            NUM a = NAME(within)(w[l] * inverse[l], max_w);
            /* with respect to log L_ii; a scaled row of L moves with it as a whole */
            NUM moved = scaled ? NAME(within)(r[l] * inverse[l], max_w) : z[l];
            NUM of_log = NAME(within)(w[l] * moved - 1, DBL_MAX);
            NUM ds = of_log * (m->slope ? (NUM)slope[l] : inverse[l]);
            of_row[l] = scaled ? w[l] : a;
            tril_real dloc = NAME(stored)(m->df ? a * (NUM)root[l] : a), last = NAME(stored)(ds);
            of_loc[l] = dloc;
            of_s[l] = last;
            beyond[l] += 0 * (NUM)dloc + 0 * (NUM)last;
        }
        for (size_t j = 0; j < tril_lower_count(m->lower, i); j++) {
            const NUM *restrict zj = x.z + at(j);
            EACH_LANE
            {
                tril_real dl = NAME(stored)(of_row[l] * zj[l]);
                to[at(j) + l] = dl;
                beyond[l] += 0 * (NUM)dl;
            }
        }
    }
    EACH_LANE far[l] += beyond[l] == 0 ? 0 : 1;
}

/* In local coordinates, loc + L delta and L exp(M), the Fisher matrix is 1 for delta and the
 * off-diagonals of M, 2 for its diagonal, and the gradient z and z_i z_j, z_i^2 - 1: loc moves by
 * L z = r, L by L M with M_ij = z_i z_j, M_ii = (z_i^2 - 1) / 2. */
TRIL_INLINE void NAME(natural)(size_t lanes, const tril_mvn_lanes *m, NAME(rows) x,
                               double *restrict far)
{
    const double bound = 1e200;
    const bool scaled = m->lower == TRIL_LOWER_SCALED;
    NUM beyond[TRIL_LANES] = { 0 };
    for (size_t i = 0; i < m->d; i++) {
        const size_t begin = at(tril_lower_begin(m->lower, m->d, i));
        const NUM *restrict z = x.z + at(i), *restrict r = x.r + at(i);
        const double *restrict reach = m->reach + at(i), *restrict v = m->v + at(i);
        tril_real *restrict of_loc = m->natural + at(i);
        tril_real *restrict of_s = m->natural + at(NAME(last_of)(m) + i);
        NUM sum[TRIL_LANES], mi[TRIL_LANES]; /* sum of L_ik z_k from k = i down to j + 1 */
        EACH_LANE
        {
            mi[l] = (NUM)0.5 * (z[l] * z[l] - 1);
            sum[l] = scaled ? z[l] : z[l] * (NUM)v[l];
            tril_real dloc = NAME(stored)(r[l]), ds = NAME(stored)(mi[l] * (NUM)reach[l]);
            of_loc[l] = dloc;
            of_s[l] = ds;
            beyond[l] += 0 * (NUM)dloc + 0 * (NUM)ds + 0 * sum[l];
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
                beyond[l] += 0 * (NUM)own_dl;
            }
        }
    }
    EACH_LANE far[l] += beyond[l] == 0 ? 0 : 1;
}

TRIL_INLINE void NAME(run)(size_t d, size_t lanes, const tril_mvn_lanes *m, bool *good)
{
    double squares[TRIL_LANES], far[TRIL_LANES] = { 0 }, root[TRIL_LANES];
    NUM *arrays = (NUM *)(void *)m->arrays;
    NAME(rows) x = { arrays, arrays + at(d), arrays + 2 * at(d), arrays + 3 * at(d) };
    NAME(solve)(d, lanes, m, x, squares, far);
    *good = all_zero(lanes, far);
    if (!BOUNDED && !*good)
        return;
    if (m->df)
        student_of(m, lanes, squares, root);
    for (size_t i = 0; i < d && m->df && m->g; i++)
        EACH_LANE
        {
            x.z[at(i) + l] *= (NUM)root[l];
            x.r[at(i) + l] *= (NUM)root[l];
        }
    if (m->g) {
        NAME(solve_back)(d, lanes, m, x);
        NAME(differentiate)(d, lanes, m, x, root, far);
    }
    if (m->natural)
        NAME(natural)(lanes, m, x, far);
    *good = all_zero(lanes, far);
}

#undef NUM
#undef BOUNDED
#undef NAME
#undef MOST
#undef LEAST
