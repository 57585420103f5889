/* Diagonal transforms, with logarithms that survive where the value itself under- or overflows, in
 * arithmetic that vectorises. */
#include "kernels/positive.h"

#include <math.h>

#include "kernels/vector_math.h"

/* where exp(s) leaves the range of v, log and slope go on without it */
static const double far = 690, smallest = 1e-300, largest = 1e300;

TRIL_INLINE tril_positive within_range(double v, double log, double slope)
{
    return (tril_positive){ v < smallest ? smallest : v > largest ? largest : v, log, slope };
}

/* 1 + expm1(s) would lose all digits of f as s falls: it is exp(s) */
TRIL_INLINE tril_positive elu_of(double s, double floor)
{
    double e = tril_exp_d(s < 0 ? s : 0), v = (s > 0 ? 1 + s : e) + floor;
    double slope = (s > 0 ? 1 : e) / v;
    double lost = s > 0 ? s + floor - (v - 1) : 0; /* of v, as log1p has it; slope is then 1 / v */
    double log = tril_log_of_normal_d(v < smallest ? smallest : v, 0, lost * slope);
    bool is_exp = s <= 0 && floor == 0;
    return within_range(v, is_exp ? s : log, is_exp ? 1 : slope);
}

TRIL_INLINE tril_positive exp_of(double s, double floor)
{
    double e = tril_exp_d(s), v = e + floor;
    bool is_exp = s > far || floor == 0;
    return within_range(v, is_exp ? s : tril_log_d(v), is_exp ? 1 : e / v);
}

TRIL_INLINE tril_positive softplus_of(double s, double floor)
{
    double e = tril_exp_d(s < 0 ? s : -s), v = (s > 0 ? s : 0) + tril_log1p_d(e) + floor;
    bool is_exp = s < -far && floor == 0;
    double sigmoid = (s > 0 ? 1 : e) / (1 + e);
    return within_range(v, is_exp ? s : tril_log_d(v), is_exp ? 1 : sigmoid / v);
}

static double elu_inverse(double f)
{
    return f > 1 ? f - 1 : log(f);
}

static double softplus_inverse(double f)
{
    return f + log(-expm1(-f));
}

#define DEFINE(name, inverse)                                                                      \
    static tril_positive name##_of_one(double s, double floor)                                     \
    {                                                                                              \
        return name##_of(s, floor);                                                                \
    }                                                                                              \
    TRIL_INLINE void name##_loop(size_t n, double floor, const double *restrict s,                 \
                                 double *restrict value, double *restrict log,                     \
                                 double *restrict slope)                                           \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            tril_positive v = name##_of(s[i], floor);                                              \
            value[i] = v.value;                                                                    \
            log[i] = v.log;                                                                        \
            slope[i] = v.slope;                                                                    \
        }                                                                                          \
    }                                                                                              \
    TRIL_FOR_EACH_TARGET(                                                                          \
        static, name##_of_all,                                                                     \
        (size_t n, double floor, const double *s, double *value, double *log, double *slope),      \
        (n, floor, s, value, log, slope), name##_loop(n, floor, s, value, log, slope))             \
    const tril_positive_transform tril_positive_##name = { name##_of_one, name##_of_all, inverse };

DEFINE(elu, elu_inverse)
DEFINE(exp, log)
DEFINE(softplus, softplus_inverse)
