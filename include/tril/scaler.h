/* Scaling of columns to mean 0 and standard deviation 1, and back.
 *
 * Example: two columns of a file, scaled to mean 0 and standard deviation 1.
 *
 *     #include <stdio.h>
 *     #include <stdlib.h>
 *     #include <tril/tril.h>
 *
 *     int main(void)
 *     {
 *         tril_ctx *ctx = tril_ctx_new(NULL);
 *         tril_table *table = tril_table_read(ctx, "data/faithful.csv", NULL);
 *         size_t rows = tril_table_rows(table);
 *         tril_real *x = malloc((2 * rows + 1) * sizeof *x);
 *         tril_scaler scaler = { 0 };
 *         if (x && tril_table_columns(table, (const char *[]){ "eruptions", "waiting" }, 2, x) &&
 *             tril_scaler_fit(ctx, &scaler, x, NULL, rows, 2, NULL))
 *             tril_scaler_apply(&scaler, x, rows);
 *
 *         bool failed = tril_ctx_failed(ctx);
 *         if (failed)
 *             fprintf(stderr, "%s\n", tril_ctx_message(ctx));
 *         else
 *             printf("%zu rows, waiting %.1f +- %.1f minutes\n", rows, scaler.mean[1],
 *                    scaler.scale[1]);
 *         free(x);
 *         tril_scaler_free(&scaler);
 *         tril_table_free(table);
 *         tril_ctx_free(ctx);
 *         return failed;
 *     }
 */
#ifndef TRIL_SCALER_H
#define TRIL_SCALER_H

#include <tril/ctx.h>

TRIL_API_BEGIN

/* How often row i counts, where w is the weights of rows; NULL: once. */
static inline double tril_weight_of(const tril_real *w, size_t i)
{
    return w ? (double)w[i] : 1;
}

/* Mean and standard deviation of columns (divisor: the rows, or the sum of their weights), taken
 * from the training rows and applied to all rows. Begins as {0}. */
typedef struct tril_scaler {
    tril_ctx *ctx;
    size_t width;
    double *mean, *scale; /* width each; read-only */
    TRIL_RESERVED(2);
} tril_scaler;

/* Fits the scaler to x [rows, width], replacing an earlier fit; w [rows] is how often each row
 * counts, NULL: once. A constant column is an error that
 * says which: by its name if names (width of them) are given, by its number if they are NULL. False
 * on failure. */
bool tril_scaler_fit(tril_ctx *ctx, tril_scaler *scaler, const tril_real *x, const tril_real *w,
                     size_t rows, size_t width, const char *const *names);
void tril_scaler_free(tril_scaler *scaler);

/* x = (x - mean) / scale, and back, in place, for x [rows, width]. */
void tril_scaler_apply(const tril_scaler *scaler, tril_real *x, size_t rows);
void tril_scaler_undo(const tril_scaler *scaler, tril_real *x, size_t rows);

/* sum log scale: what to add to an NLL of scaled columns, or to subtract from their log-density, to
 * have it in the data's own units. */
double tril_scaler_log_scale(const tril_scaler *scaler);

TRIL_API_END
#endif
