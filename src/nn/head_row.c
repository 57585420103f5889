/* What the kernels of heads share about a row of raw outputs. */
#include <float.h>
#include <math.h>

#include "nn/head_block.h"

typedef tril_head_block head;

bool tril_head_not_finite(const tril_row_block *rows, size_t i)
{
    return tril_op_fail(rows->node, TRIL_NOT_FINITE, "y or the raw outputs%s are not finite",
                        tril_rows_where(rows, " of row ", i).text);
}

bool tril_head_load(const head *h, const tril_real *raw, double *v, double *log_v, double *slope)
{
    const tril_real *s = raw + h->s;
    bool finite = true;
    for (const tril_real *p = raw + h->begin; p < s; p++)
        finite &= isfinite(*p);
    for (size_t i = 0; i < h->d; i++) {
        tril_positive x = h->diagonal->of((double)s[i], h->floor);
        finite &= isfinite(s[i]);
        v[i] = x.value;
        log_v[i] = x.log;
        slope[i] = x.slope;
    }
    return finite;
}

double tril_head_reach(const head *h, double s, double slope)
{
    return tril_within(1 / fmax(slope, 0.1 * h->diagonal->of(s, 0).slope), DBL_MAX);
}
