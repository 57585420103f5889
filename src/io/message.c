/* What readers and writers of files share: sentences. */
#include "io/message.h"

#include <errno.h>
#include <string.h>

const char *tril_shown(char room[TRIL_SHOWN_ROOM], const char *text)
{
    size_t n = strnlen(text, TRIL_SHOWN + 1);
    bool cut = n > TRIL_SHOWN;
    if (cut)
        for (n = TRIL_SHOWN; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80;)
            n--;
    memcpy(room, text, n);
    strcpy(room + n, cut ? "..." : "");
    return room;
}

bool tril_fail_errno(tril_ctx *ctx, const char *path, const char *what, int error)
{
    char text[128] = "";
    (void)strerror_r(error, text, sizeof text);
    return tril_ctx_fail(ctx, error == ENOMEM ? TRIL_OUT_OF_MEMORY : TRIL_BAD_FILE,
                         "%s: cannot be %s: %s", *path ? path : "''", what, text);
}

bool tril_stream_read(tril_ctx *ctx, FILE *file, const char *name, void *out, size_t n, size_t *got)
{
    *got = 0;
    if (!file || tril_ctx_failed(ctx))
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "%s: no stream was given", name);
    errno = 0; /* callbacks need not say why */
    *got = fread(out, 1, n, file);
    return *got == n || !ferror(file) || tril_fail_errno(ctx, name, "read", errno ? errno : EIO);
}
