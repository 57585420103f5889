/* What every public header opens and closes with, the version, and what stays as it is.
 *
 * A program that was built with one version runs with every later one whose number before the first
 * point is the same: it is the number in the library's file name (libtril.so.0) and in its symbol
 * versions (TRIL_0). Until then
 * - no function or variable is removed, and none changes its arguments or its meaning;
 * - no public struct changes its size or the place of its fields, and no enum the numbers of its
 *   names. Structs that may grow end in words that are 0, TRIL_RESERVED; a new field stands in
 * front of these, as TRIL_ADDED, takes one of them for each eight bytes, and is what it was without
 * it where it is 0;
 * - tril/extend.h is the exception: structs there may change with the number behind the first
 * point.
 *
 * A program needs the version that it was built with, or a later one. */
#ifndef TRIL_API_H
#define TRIL_API_H

#include <stdint.h>

#include <tril/names.h>

#define TRIL_VERSION_MAJOR 0
#define TRIL_VERSION_MINOR 1
#define TRIL_VERSION_PATCH 0
#define TRIL_VERSION "0.1.0"

#ifdef __cplusplus
#define TRIL_API_BEGIN                                                                             \
    _Pragma("GCC visibility push(default)") extern "C"                                             \
    {
#define TRIL_API_END                                                                               \
    }                                                                                              \
    _Pragma("GCC visibility pop")
#define TRIL_ADDED alignas(8)
#else
#define TRIL_API_BEGIN _Pragma("GCC visibility push(default)")
#define TRIL_API_END _Pragma("GCC visibility pop")
#define TRIL_ADDED _Alignas(8)
#endif

/* Leave these at 0. */
#define TRIL_RESERVED(words) uint64_t reserved[words]

/* Lists of pointers have room for so many, NULL behind the last. */
enum { TRIL_LIST_SIZE = 32 };

TRIL_API_BEGIN

/* The version of the library that runs; TRIL_VERSION is that of its header. */
const char *tril_version(void);

TRIL_API_END
#endif
