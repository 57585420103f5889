/* Figures of a fit as CSV. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <tril/fit.h>

/* a cell: nothing for NaN, and a point whatever the locale's is */
static bool put(FILE *file, double x, char end)
{
    char text[32] = "";
    if (!isnan(x))
        snprintf(text, sizeof text, "%.9g", x);
    for (char *p; (p = strchr(text, ',')); *p = '.')
        ;
    return fprintf(file, "%s%c", text, end) > 0;
}

bool tril_fit_log(const tril_fit_status *now, void *file)
{
    static const char header[] = "epoch,train_nll,validation_nll,best_nll,lr,seconds\n";
    return file && (now->epoch != 1 || fputs(header, file) >= 0) &&
           fprintf(file, "%zu,", now->epoch) > 0 && put(file, now->train_nll, ',') &&
           put(file, now->validation_nll, ',') && put(file, now->best_nll, ',') &&
           put(file, now->lr, ',') && put(file, now->seconds, '\n') && fflush(file) == 0;
}
