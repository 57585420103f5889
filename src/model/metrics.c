/* Figures of many rows. */
#include <tril/evaluate.h>

#include <math.h>

tril_mean_se tril_mean_se_of(const double *x, size_t step, const tril_real *w, size_t n)
{
    double sum = 0, deviations = 0, count = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i * step])) {
            sum += tril_weight_of(w, i) * x[i * step];
            count += tril_weight_of(w, i);
        }
    const double mean = sum / count;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i * step]))
            deviations += tril_weight_of(w, i) * (x[i * step] - mean) * (x[i * step] - mean);
    return (tril_mean_se){ mean, count > 1 ? sqrt(deviations / (count - 1) / count) : (double)NAN };
}

void tril_rmse(const double *mean, tril_batch rows, size_t targets, double *out)
{
    for (size_t j = 0; j < targets; j++) {
        double squares = 0, count = 0;
        for (size_t i = j; i < rows.n * targets; i += targets)
            if (!isnan(rows.y[i])) {
                const double apart = mean[i] - (double)rows.y[i],
                             w = tril_weight_of(rows.w, i / targets);
                squares += w * apart * apart;
                count += w;
            }
        out[j] = sqrt(squares / count);
    }
}

double tril_coverage(const double *level, const tril_real *w, size_t n, double q)
{
    double count = 0, within = 0;
    for (size_t i = 0; i < n; i++) {
        count += isnan(level[i]) ? 0 : tril_weight_of(w, i);
        within += level[i] <= q ? tril_weight_of(w, i) : 0;
    }
    return within / count;
}
