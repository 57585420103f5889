/* Diagonal transforms, with logarithms that survive where the value itself under- or overflows. */
#include "kernels/diag.h"

#include <math.h>

static const double smallest = 1e-300, largest = 1e300;

/* v from log f and f, both known well; without a floor log v is log f */
static tril_diag with_floor(double f, double log_f, double slope_of_log_f, double floor)
{
    tril_diag v = { f + floor, log_f, slope_of_log_f };
    if (floor > 0) {
        v.log = log_f > 0 ? log_f + log1p(floor / f) : log(v.value);
        v.slope = slope_of_log_f / (1 + floor / f);
    }
    /* where f under- or overflowed log and slope go on, and the value is one that can be divided
     * and multiplied by */
    v.value = v.value < smallest ? smallest : v.value > largest ? largest : v.value;
    return v;
}

/* 1 + expm1(s) would lose all digits of f as s falls: it is exp(s) */
static tril_diag elu_of(double s, double floor)
{
    return s > 0 ? with_floor(1 + s, log1p(s), 1 / (1 + s), floor)
                 : with_floor(exp(s), s, 1, floor);
}

static double elu_inverse(double f)
{
    return f > 1 ? f - 1 : log(f);
}

static tril_diag exp_of(double s, double floor)
{
    return with_floor(exp(s), s, 1, floor);
}

static tril_diag softplus_of(double s, double floor)
{
    double e = exp(-fabs(s)), f = (s > 0 ? s : 0) + log1p(e);
    if (s < -700) /* log1p(e) = e to the last digit, and e vanishes */
        return with_floor(e, s, 1, floor);
    double sigmoid = s > 0 ? 1 / (1 + e) : e / (1 + e);
    return with_floor(f, log(f), sigmoid / f, floor);
}

static double softplus_inverse(double f)
{
    return f + log(-expm1(-f));
}

const tril_diag_transform tril_diag_elu = { elu_of, elu_inverse };
const tril_diag_transform tril_diag_exp = { exp_of, log };
const tril_diag_transform tril_diag_softplus = { softplus_of, softplus_inverse };
