/* What Student's t of numbers and of vectors share. Parameters are loc, scale (or scale_tril) and
 * df, the degrees of freedom. */
#ifndef TRIL_DIST_STUDENT_H
#define TRIL_DIST_STUDENT_H

#include "dist/dist.h"

/* Whether every df is above `least`, as a method asks: its result does not exist otherwise. */
bool tril_student_has(const tril_dist *p, const char *method, double least);

/* The entropy of standard ones in d dimensions, in the shape of df. */
tril_var tril_student_entropy_of(tril_var df, size_t d);

/* df / (df - 2), what a variance is of scale^2. */
tril_var tril_student_spread(tril_var df);

/* False after failing an op one of whose inputs, df, wants a gradient that the op does not have. */
bool tril_student_df_is_constant(tril_node *node, size_t df);

/* Makes draws from Student's t of draws eps from the normal, d numbers for each of the rows; df,
 * the node's input of that number, has a number for each of its rows, of shape `batch`. */
void tril_student_weigh(tril_node *node, tril_real *eps, size_t d, tril_shape rows, size_t df,
                        tril_shape batch);

#endif
