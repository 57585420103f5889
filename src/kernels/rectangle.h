/* Probabilities of intervals and rectangles, of standard normals and of Student's t. */
#ifndef TRIL_KERNELS_RECTANGLE_H
#define TRIL_KERNELS_RECTANGLE_H

/* P(low <= T <= high) of Student's t of df degrees of freedom, INFINITY for a normal, with all its
 * digits in both tails and where the interval is narrow; a bound may be infinite. 0 where low is
 * not below high. */
double tril_interval_probability(double df, double low, double high);

/* The same of two numbers, low[j] <= T_j <= high[j], whose joint distribution is the t of df with
 * the factor (1, 0; r, s), r^2 + s^2 = 1, s > 0: what s says of a correlation next to 1 or -1, r
 * does not. To 1e-12 of the probability, and to 1e-11 of it with s as small as 1e-12, if df is 2 or
 * more; a rectangle as narrow as the rounding of its bounds has no more digits than these. */
double tril_rectangle_probability(double df, double r, double s, const double *low,
                                  const double *high);

/* Independent standard normals u, of which u_1 and, if there are two, r u_1 + s u_2 are within
 * bounds: the logarithm of the probability of that; the means E u given that; and E u u' less the
 * identity, its numbers 11, 12, 22 (of one number 11 alone). With all their digits in tails, as far
 * as 1e8, and where bounds are close to each other. A bound may be infinite; if low is
 * not below high, as where numbers are so large that bounds are one number, that is the number. */
typedef struct tril_truncated {
    double log_prob, mean[2], second[3];
} tril_truncated;
void tril_truncate(double low, double high, tril_truncated *out);
void tril_truncate_two(double r, double s, const double *low, const double *high,
                       tril_truncated *out);

#endif
