/* The op cases of src/nn. */
#include "ops/cases.h"

const op_case nn_cases[] = { { 0 } };
