/* Which versions of the loops may run: all that the processor has. */
#include "kernels/cpu_dispatch.h"

int tril_newest_target = TRIL_TARGET_AVX512;
