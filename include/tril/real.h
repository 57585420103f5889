/* The number type: float; double where TRIL_DOUBLE is defined, for every file that includes headers
 * of the library. Link -ltril with the first, -ltril_double with the second: their symbols differ
 * (tril/names.h), so that a wrong pair does not link, and both can be in one program. */
#ifndef TRIL_REAL_H
#define TRIL_REAL_H

#include <tril/api.h>

#ifdef TRIL_DOUBLE
typedef double tril_real;
#define TRIL_REAL_MAX 1.7976931348623157e308
#define TRIL_REAL_MIN 2.2250738585072014e-308
#define TRIL_REAL_EPSILON 2.220446049250313e-16
#else
typedef float tril_real;
#define TRIL_REAL_MAX 3.40282346638528859812e38f
#define TRIL_REAL_MIN 1.17549435082228750797e-38f
#define TRIL_REAL_EPSILON 1.1920928955078125e-7f
#endif

#endif
