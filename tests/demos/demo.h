/* What the tests of demos share. */
#ifndef TESTS_DEMOS_DEMO_H
#define TESTS_DEMOS_DEMO_H

#include "support.h"

/* Runs a demo; its exit status, and what it printed to both streams. */
int demo_run(const char *name, const char *arguments, char *text, size_t size);

#endif
