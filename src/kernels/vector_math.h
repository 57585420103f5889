/* exp, log and their kin of one number, to be read into loops: vector_template.h for float and for
 * double. */
#ifndef TRIL_KERNELS_VECTOR_MATH_H
#define TRIL_KERNELS_VECTOR_MATH_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <tril/real.h>

#include "kernels/cpu_dispatch.h"

/* float */
#define MATH(name) tril_##name##_f
#define REAL float
#define BITS uint32_t
#define MANTISSA 23
#define BIAS 127
#define MOVER 0x1.8p23f /* x + MOVER has round(x) in its lowest bits */
#define LOG2_E 0x1.715476p0f
#define LN2_HIGH 0x1.62e4p-1f /* few enough bits for n LN2_HIGH to be exact */
#define LN2_LOW 0x1.7f7d1cp-20f
#define EXP_LOW (-104.f)
#define EXP_HIGH 89.f
#define EXP_SERIES(r)                                                                              \
    (1 / 2.f + r * (1 / 6.f + r * (1 / 24.f + r * (1 / 120.f + r * (1 / 720.f + r / 5040.f)))))
#define LOG_SERIES(z) (2 / 3.f + z * (2 / 5.f + z * (2 / 7.f + z * (2 / 9.f))))
#define ROOT_HALF 0x3f3504f3u
#define SMALLEST_NORMAL 0x1p-126f
#define TWO_UP_LOG 24
#define TWO_UP 0x1p24f
#define EPSILON_LOG 18.f /* exp of less than minus this is lost beside 1 */
#include "kernels/vector_template.h"

/* double */
#define MATH(name) tril_##name##_d
#define REAL double
#define BITS uint64_t
#define MANTISSA 52
#define BIAS 1023
#define MOVER 0x1.8p52
#define LOG2_E 0x1.71547652b82fep0
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define EXP_LOW (-746.)
#define EXP_HIGH 710.
#define EXP_SERIES(r)                                                                              \
    (1 / 2. +                                                                                      \
     r * (1 / 6. +                                                                                 \
          r * (1 / 24. +                                                                           \
               r * (1 / 120. +                                                                     \
                    r * (1 / 720. +                                                                \
                         r * (1 / 5040. +                                                          \
                              r * (1 / 40320. +                                                    \
                                   r * (1 / 362880. +                                              \
                                        r * (1 / 3628800. +                                        \
                                             r * (1 / 39916800. +                                  \
                                                  r * (1 / 479001600. + r / 6227020800.)))))))))))
#define LOG_SERIES(z)                                                                              \
    (2 / 3. +                                                                                      \
     z * (2 / 5. +                                                                                 \
          z * (2 / 7. +                                                                            \
               z * (2 / 9. +                                                                       \
                    z * (2 / 11. +                                                                 \
                         z * (2 / 13. +                                                            \
                              z * (2 / 15. + z * (2 / 17. + z * (2 / 19. + z * (2 / 21.))))))))))
#define ROOT_HALF 0x3fe6a09e667f3bcdu
#define SMALLEST_NORMAL 0x1p-1022
#define TWO_UP_LOG 54
#define TWO_UP 0x1p54
#define EPSILON_LOG 38.
#include "kernels/vector_template.h"

#ifdef TRIL_DOUBLE
#define TRIL_MATH(name) tril_##name##_d
#else
#define TRIL_MATH(name) tril_##name##_f
#endif

#endif
