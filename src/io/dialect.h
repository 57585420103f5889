/* How a file writes its table: found from a sample of it. */
#ifndef TRIL_IO_DIALECT_H
#define TRIL_IO_DIALECT_H

#include <tril/table.h>

/* Fills in the fields that are 0, from the file's first bytes; line: that of the header, from 1. */
void tril_dialect_find(tril_dialect *dialect, const char *sample, size_t length, size_t *line);

#endif
