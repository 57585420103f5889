/* Makes a program run as on an older processor, for tests: with HOLD=plain, avx2 or avx512 in the
 * environment the library's loops take that version, and OpenBLAS must have taken the kernels that
 * OPENBLAS_CORETYPE names. `make HOLD=...` links this into the programs that the tests start. */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kernels/cpu_dispatch.h"

static int newest(void)
{
#ifdef __x86_64__
    return tril_has_avx512() ? TRIL_TARGET_AVX512
           : tril_has_avx2() ? TRIL_TARGET_AVX2
                             : TRIL_TARGET_PLAIN;
#else
    return TRIL_TARGET_PLAIN;
#endif
}

__attribute__((constructor)) static void hold(void)
{
    static const char *const names[] = { "plain", "avx2", "avx512" };
    const char *name = getenv("HOLD"), *core = getenv("OPENBLAS_CORETYPE");
    if (!name)
        return;
    int target = 0;
    while (target <= newest() && strcmp(name, names[target]) != 0)
        target++;
    if (target > newest() || (core && strcasecmp(core, openblas_get_corename()) != 0)) {
        fprintf(stderr, "HOLD=%s, OPENBLAS_CORETYPE=%s: this processor has no such kernels\n", name,
                core ? core : "");
        exit(1);
    }
    tril_newest_target = target;
}
