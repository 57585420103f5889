/* Columns of inputs: how many numbers each is, and those of a date. */
#include <math.h>

#include "model/model.h"

size_t tril_column_width(const tril_column *c)
{
    return c->labels  ? c->n_labels
           : c->dates ? 1 + 2 * ((c->cycles & 1) + (c->cycles >> 1 & 1) + (c->cycles >> 2 & 1))
                      : 1;
}

void tril_model_put_cycles(const tril_column *c, double x, tril_real *to)
{
    static const double days[] = { 365.2425, 7, 1 };
    for (size_t cycle = 0; cycle < 3; cycle++)
        if (c->cycles >> cycle & 1) {
            const double turns = x / days[cycle], angle = 2 * acos(-1) * (turns - floor(turns));
            *to++ = (tril_real)sin(angle);
            *to++ = (tril_real)cos(angle);
        }
}
