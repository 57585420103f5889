/* Names, each with a number: the one place that uses stb_ds. */
#ifndef TRIL_CORE_NAMES_H
#define TRIL_CORE_NAMES_H

#include "core/arena.h"

/* Lives in an arena and is gone with it; begins as { .arena = ... }. */
typedef struct tril_names {
    tril_arena *arena;
    struct tril_name_entry *map;
} tril_names;

/* Copies the name and gives it the number, in place of any that it had. NULL on failure, otherwise
 * the copy. */
const char *tril_names_add(tril_names *names, const char *name, size_t number);

/* The number of a name; SIZE_MAX where there is none. */
size_t tril_names_find(const tril_names *names, const char *name);

#endif
