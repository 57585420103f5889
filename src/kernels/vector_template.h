/* exp, log and their kin of one number, in arithmetic without branches or calls, so that a loop
 * around them is vectorised; at most 4 units in the last place from the true value over the whole
 * range, subnormal numbers, infinities and NaN included. Included twice, for float and for double:
 * MATH(name) is the name in that type, tril_name_f or tril_name_d.
 *
 * The methods are the classical ones. exp: x = n log 2 + r with |r| <= log(2) / 2, Taylor's series
 * of exp(r), times 2^n. log: x = 2^k m with m within a factor of the square root of 2 of 1, s = f /
 * (2 + f) where f = m - 1, and log m = 2 artanh(s) by its series, arranged around f so that no
 * digit of it is lost. */

TRIL_INLINE BITS MATH(bits)(REAL x)
{
    BITS u;
    memcpy(&u, &x, sizeof u);
    return u;
}

TRIL_INLINE REAL MATH(from_bits)(BITS u)
{
    REAL x;
    memcpy(&x, &u, sizeof x);
    return x;
}

#define SIGN ((BITS)1 << (sizeof(BITS) * 8 - 1))
#define INFINITE MATH(from_bits)((BITS)(2 * BIAS + 1) << MANTISSA)

TRIL_INLINE REAL MATH(magnitude)(REAL x)
{
    return MATH(from_bits)(MATH(bits)(x) & ~SIGN);
}

/* x >= 0 with the sign of another number */
TRIL_INLINE REAL MATH(with_sign)(REAL x, REAL of)
{
    return MATH(from_bits)(MATH(bits)(x) | (MATH(bits)(of) & SIGN));
}

/* 2^n for a whole number n whose power is a normal number */
TRIL_INLINE REAL MATH(power_of_2)(REAL n)
{
    return MATH(from_bits)(MATH(bits)(n + (MOVER + BIAS)) << MANTISSA);
}

/* exp(r) - 1, where x = n log 2 + r */
TRIL_INLINE REAL MATH(reduced)(REAL x, REAL *n)
{
    *n = (x * LOG2_E + MOVER) - MOVER;
    REAL r = x - *n * LN2_HIGH - *n * LN2_LOW, sum = EXP_SERIES(r);
    return r + r * r * sum;
}

TRIL_INLINE REAL MATH(exp)(REAL x)
{
    REAL n, bounded = x < EXP_LOW ? EXP_LOW : x > EXP_HIGH ? EXP_HIGH : x;
    REAL e = 1 + MATH(reduced)(bounded, &n), half = (n / 2 + MOVER) - MOVER;
    return e * MATH(power_of_2)(half) * MATH(power_of_2)(n - half); /* rounds once, at the end */
}

TRIL_INLINE REAL MATH(expm1)(REAL x)
{
    REAL n, bounded = x < -EPSILON_LOG ? -EPSILON_LOG : x > EXP_HIGH ? EXP_HIGH : x;
    REAL e = MATH(reduced)(bounded, &n), half = (n / 2 + MOVER) - MOVER;
    /* 2^n e + 2^n - 1, the last difference in halves whose power does not overflow */
    REAL a = MATH(power_of_2)(half), b = MATH(power_of_2)(n - half);
    return x == 0 ? x : (e * a + (a - 1 / b)) * b;
}

/* log(m 2^k), and what is to be added to the significand where it has been rounded */
TRIL_INLINE REAL MATH(log_of_normal)(REAL x, REAL shift, REAL rest)
{
    BITS u = MATH(bits)(x) + (((BITS)BIAS << MANTISSA) - ROOT_HALF);
    REAL k = MATH(from_bits)((u >> MANTISSA) | MATH(bits)(MOVER)) - (MOVER + BIAS) + shift;
    REAL m = MATH(from_bits)((u & (((BITS)1 << MANTISSA) - 1)) + ROOT_HALF);
    REAL f = m - 1, s = f / (2 + f), square = f * f / 2, z = s * s;
    REAL series = z * LOG_SERIES(z);
    return k * LN2_HIGH - ((square - (s * (square + series) + (k * LN2_LOW + rest))) - f);
}

TRIL_INLINE REAL MATH(log)(REAL x)
{
    bool small = x < SMALLEST_NORMAL;
    REAL y = MATH(log_of_normal)(small ? x * TWO_UP : x, small ? -(REAL)TWO_UP_LOG : 0, 0);
    y = x == 0 ? -INFINITE : x < 0 ? INFINITE - INFINITE : y;
    return x < INFINITE ? y : x; /* infinity and NaN are what they are */
}

/* 1 + x is rounded, and the logarithm of what it lost is that divided by it */
TRIL_INLINE REAL MATH(log1p)(REAL x)
{
    REAL u = 1 + x, lost = u > 2 ? 1 - (u - x) : x - (u - 1);
    REAL y = MATH(log_of_normal)(u, 0, lost / u);
    y = x == -1 ? -INFINITE : x < -1 ? INFINITE - INFINITE : y;
    y = x == 0 ? x : y;
    return x < INFINITE ? y : x;
}

TRIL_INLINE REAL MATH(tanh)(REAL x)
{
    REAL twice = 2 * MATH(magnitude)(x);
    REAL n, e = MATH(reduced)(twice > EPSILON_LOG ? EPSILON_LOG : twice, &n);
    REAL power = MATH(power_of_2)(n);
    e = e * power + (power - 1);
    return x == 0 ? x : MATH(with_sign)(e / (e + 2), x);
}

TRIL_INLINE REAL MATH(sigmoid)(REAL x)
{
    REAL e = MATH(exp)(-MATH(magnitude)(x));
    return (x < 0 ? e : 1) / (1 + e);
}

TRIL_INLINE REAL MATH(softplus)(REAL x)
{
    return (x < 0 ? 0 : x) + MATH(log1p)(MATH(exp)(-MATH(magnitude)(x)));
}

#undef SIGN
#undef INFINITE
#undef MATH
#undef REAL
#undef BITS
#undef MANTISSA
#undef BIAS
#undef MOVER
#undef LOG2_E
#undef LN2_HIGH
#undef LN2_LOW
#undef EXP_LOW
#undef EXP_HIGH
#undef EXP_SERIES
#undef LOG_SERIES
#undef ROOT_HALF
#undef SMALLEST_NORMAL
#undef TWO_UP_LOG
#undef TWO_UP
#undef EPSILON_LOG
