/* Every optimizer by the name of its kind; tests/registry_kinds.c fails when one is missing. */
#ifndef TESTS_OPTIM_OPTIMS_H
#define TESTS_OPTIM_OPTIMS_H

#include "support.h"

/* those that an optimizer has no use for are left out */
typedef struct optim_options {
    double lr, momentum, beta1, beta2, eps, weight_decay;
    bool nesterov;
    tril_clip clip;
} optim_options;

typedef struct optim_row {
    const char *kind;
    tril_optim *(*make)(tril_params *params, optim_options o);
    size_t (*references)(const char *kind); /* how many sets of reference values there are */
} optim_row;

extern const optim_row optim_rows[]; /* ends with a row of zeros */

/* the first ones move every parameter of a store, each number by its own gradient; the last takes
 * loc and scale_tril to be the first two parameters, and has its tests in natural.c */
enum { N_ELEMENTWISE = 3, N_OPTIMS = 4 };

/* By kind. */
tril_optim *make_optim(const char *kind, tril_params *params, optim_options o);

size_t optim_references(const char *kind);
size_t natural_references(const char *kind);

#endif
