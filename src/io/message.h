/* What readers and writers of files share: sentences. */
#ifndef TRIL_IO_MESSAGE_H
#define TRIL_IO_MESSAGE_H

#include <stdio.h>

#include "core/ctx.h"

enum { TRIL_SHOWN = 40, TRIL_SHOWN_ROOM = TRIL_SHOWN + 4 };

/* A text as it stands in a sentence: cut between two characters if it is long. */
const char *tril_shown(char room[TRIL_SHOWN_ROOM], const char *text);

/* Fails with "PATH: cannot be WHAT: ", and the system's reason. */
bool tril_fail_errno(tril_ctx *ctx, const char *path, const char *what, int error);

/* Reads up to n bytes, fewer only where the stream ends. False after failing, also for NULL. */
bool tril_stream_read(tril_ctx *ctx, FILE *file, const char *name, void *out, size_t n,
                      size_t *got);

#endif
