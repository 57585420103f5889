/* What the parts of the command tril have in common. */
#include "cmd/commands.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static bool lacked_memory;
static const char *name_of_this;

void command_begin(const char *name)
{
    name_of_this = name;
}

const char *command_name(void)
{
    return name_of_this;
}

void *command_alloc(size_t n, size_t size)
{
    void *memory = n < SIZE_MAX / 2 / size ? malloc(n * size + 1) : NULL;
    if (!memory && !lacked_memory) /* one sentence, whatever fails in its wake */
        fprintf(stderr, "tril: out of memory, %zu times %zu bytes were wanted\n", n, size);
    lacked_memory |= !memory;
    return memory;
}

bool command_lacked_memory(void)
{
    return lacked_memory;
}

int command_by_first(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
