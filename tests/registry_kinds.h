/* The rows of tests/registry_kinds.c, for other tests that walk them. */
#ifndef TESTS_REGISTRY_KINDS_H
#define TESTS_REGISTRY_KINDS_H

#include "support.h"

enum { DIST_BATCH = 3 };

int n_dist_rows(void);

/* The distributions of a row, a batch of DIST_BATCH, of numbers or of two numbers each. */
tril_dist make_dist_row(int index, tril_tape *tape);

#endif
