/* What Student's t of numbers and of vectors share. Parameters are loc, scale (or scale_tril) and
 * df, the degrees of freedom. */
#ifndef TRIL_DISTRIBUTIONS_STUDENT_H
#define TRIL_DISTRIBUTIONS_STUDENT_H

#include "distributions/dist.h"
#include "ops/rowwise.h"

/* Whether every df is above `least`, as a method asks: its result does not exist otherwise. */
bool tril_student_has(const tril_dist *p, const char *method, double least);

/* The entropy of standard ones in d dimensions, in the shape of df. */
tril_var tril_student_entropy_of(tril_var df, size_t d);

/* df / (df - 2), what a variance is of scale^2. */
tril_var tril_student_spread(tril_var df);

/* False after failing an op one of whose inputs, df, wants a gradient that the op does not have. */
bool tril_student_df_is_constant(tril_node *node, size_t df);

/* Of a row that draws, makes draws from Student's t of its n normal numbers; its input of that
 * number is df. The op's memory begins with as many doubles as this needs. */
void tril_student_weigh(const tril_row_block *rows, size_t df, size_t n);
size_t tril_student_doubles(const tril_node *node);

#endif
