/* Draws of one number that reject, and so take as much of a stream as they need. */
#ifndef TRIL_DISTRIBUTIONS_DRAWS_H
#define TRIL_DISTRIBUTIONS_DRAWS_H

#include <tril/random.h>

/* The logarithm of a draw from the gamma distribution of shape a > 0 and rate 1. */
double tril_draw_log_gamma(tril_random *random, double a);

/* A draw from the Poisson distribution of mean t >= 0. */
double tril_draw_poisson(tril_random *random, double t);

/* A number uniform on (0, 1). */
double tril_draw_uniform(tril_random *random);

#endif
