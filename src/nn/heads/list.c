/* The list of kinds of heads. */
#include <tril/extend.h>

const tril_head_kind *const tril_heads[TRIL_LIST_SIZE] = { &tril_head_full,
                                                           &tril_head_diagonal,
                                                           &tril_head_precision,
                                                           &tril_head_lowrank,
                                                           &tril_head_shared,
                                                           &tril_head_mixture,
                                                           &tril_head_student,
                                                           &tril_head_gamma,
                                                           &tril_head_beta,
                                                           &tril_head_poisson,
                                                           &tril_head_negative_binomial,
                                                           &tril_head_categorical,
                                                           NULL };
