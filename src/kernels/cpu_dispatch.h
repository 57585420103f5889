/* Loops compiled for several processors, the best that this one has chosen at run time: a library
 * built for plain x86-64 uses AVX2 and AVX-512 where they are. Elsewhere (aarch64) there is one
 * version, which the compiler vectorises for the processor it builds for. */
#ifndef TRIL_KERNELS_CPU_DISPATCH_H
#define TRIL_KERNELS_CPU_DISPATCH_H

#include <stdbool.h>

/* The versions of a loop, oldest first, and the newest one that may run: tests lower it to run what
 * older processors do. Nothing in the library changes it. */
enum { TRIL_TARGET_PLAIN, TRIL_TARGET_AVX2, TRIL_TARGET_AVX512 };
extern int tril_newest_target;

/* What the versions of a loop share: it must be part of each of them. */
#define TRIL_INLINE static inline __attribute__((always_inline))

/* In front of a loop whose turns do not depend on each other, though compilers cannot know: arrays
 * may be the same one. */
#ifdef __clang__
#define TRIL_VECTORISE _Pragma("clang loop vectorize(assume_safety)")
#else
#define TRIL_VECTORISE _Pragma("GCC ivdep")
#endif

/* In front of a loop of few turns that is faster written out; clang sees so by itself. */
#ifdef __clang__
#define TRIL_UNROLL
#else
#define TRIL_UNROLL _Pragma("GCC unroll 8")
#endif

#ifdef __x86_64__

TRIL_INLINE bool tril_has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

TRIL_INLINE bool tril_has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}

#define TRIL_AVX2 __attribute__((target("avx2,fma")))
#ifdef __clang__
#define TRIL_AVX512 __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")))
#else
#define TRIL_AVX512                                                                                \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,prefer-vector-width=512")))
#endif

/* Defines `storage` void name(parameters), which does what body, a call of TRIL_INLINE functions,
 * does. */
#define TRIL_FOR_EACH_TARGET(storage, name, parameters, arguments, body)                           \
    TRIL_AVX512 static void name##_avx512 parameters                                               \
    {                                                                                              \
        body;                                                                                      \
    }                                                                                              \
    TRIL_AVX2 static void name##_avx2 parameters                                                   \
    {                                                                                              \
        body;                                                                                      \
    }                                                                                              \
    storage void name parameters                                                                   \
    {                                                                                              \
        if (tril_newest_target >= TRIL_TARGET_AVX512 && tril_has_avx512())                         \
            name##_avx512 arguments;                                                               \
        else if (tril_newest_target >= TRIL_TARGET_AVX2 && tril_has_avx2())                        \
            name##_avx2 arguments;                                                                 \
        else {                                                                                     \
            body;                                                                                  \
        }                                                                                          \
    }

#else

#define TRIL_FOR_EACH_TARGET(storage, name, parameters, arguments, body)                           \
    storage void name parameters                                                                   \
    {                                                                                              \
        body;                                                                                      \
    }

#endif

#endif
