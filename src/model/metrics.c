/* Figures of many rows. */
#include <tril/evaluate.h>

#include <math.h>

tril_mean_se tril_mean_se_of(const double *x, size_t step, size_t n)
{
    double sum = 0, deviations = 0, count = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i * step])) {
            sum += x[i * step];
            count++;
        }
    const double mean = sum / count;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i * step]))
            deviations += (x[i * step] - mean) * (x[i * step] - mean);
    return (tril_mean_se){ mean, count > 1 ? sqrt(deviations / (count - 1) / count) : (double)NAN };
}

void tril_rmse(const double *mean, tril_batch rows, size_t targets, double *out)
{
    for (size_t j = 0; j < targets; j++) {
        double squares = 0, count = 0;
        for (size_t i = j; i < rows.n * targets; i += targets)
            if (!isnan(rows.y[i])) {
                squares += (mean[i] - (double)rows.y[i]) * (mean[i] - (double)rows.y[i]);
                count++;
            }
        out[j] = sqrt(squares / count);
    }
}

double tril_coverage(const double *level, size_t n, double q)
{
    double count = 0, within = 0;
    for (size_t i = 0; i < n; i++) {
        count += !isnan(level[i]);
        within += level[i] <= q;
    }
    return within / count;
}
