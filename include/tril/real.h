/* The number type, and the guard that keeps the two builds of the library apart. */
#ifndef TRIL_REAL_H
#define TRIL_REAL_H

#ifdef __cplusplus
extern "C" {
#endif

/* float; double where TRIL_DOUBLE is defined, for the library and every file that includes its
 * headers. Link -ltril with the first, -ltril_double with the second: the wrong pair lacks the
 * symbol below. */
#ifdef TRIL_DOUBLE
typedef double tril_real;
#define TRIL_REAL_MAX 1.7976931348623157e308
#define TRIL_REAL_MIN 2.2250738585072014e-308
#define TRIL_REAL_EPSILON 2.220446049250313e-16
#define tril_precision tril_precision_is_double
#else
typedef float tril_real;
#define TRIL_REAL_MAX 3.40282346638528859812e38f
#define TRIL_REAL_MIN 1.17549435082228750797e-38f
#define TRIL_REAL_EPSILON 1.1920928955078125e-7f
#define tril_precision tril_precision_is_float
#endif

extern const char tril_precision[];

/* every file that includes this header refers to the symbol, whatever else it calls */
__attribute__((used)) static const char *const tril_precision_wanted = tril_precision;

#ifdef __cplusplus
}
#endif
#endif
