/* Replacing a whole file: it is written beside its place, as PATH.tmp, and renamed when it is
 * whole. Whoever reads the path finds the old file or the new one, also after a crash.
 *
 * Example:
 *
 *     #include <tril/tril.h>
 *
 *     int main(void)
 *     {
 *         tril_ctx *ctx = tril_ctx_new(NULL);
 *         tril_file *file = tril_file_new(ctx, "example.csv");
 *         if (file)
 *             fputs("a,b\n1,2\n", tril_file_stream(file));
 *         bool kept = tril_file_keep(file); // without it nothing would have changed
 *         tril_file_free(file);
 *         if (!kept)
 *             fprintf(stderr, "%s\n", tril_ctx_message(ctx));
 *         tril_ctx_free(ctx);
 *         return remove("example.csv") || !kept;
 *     }
 */
#ifndef TRIL_FILE_H
#define TRIL_FILE_H

#include <stdio.h>

#include <tril/ctx.h>

TRIL_API_BEGIN

/* A file that is being written. */
typedef struct tril_file tril_file;

enum { TRIL_PATH_SIZE = 4096 };

/* Tells where the bytes for a path go first: PATH.tmp; for a link to a regular file, which stays a
 * link, TARGET.tmp; "" for a pipe, a character device, and the file that standard output or
 * standard error goes into: these are written directly. Anything else (a folder, a socket, a link
 * to nothing, an empty path) is an error with status TRIL_BAD_ARGUMENT; what the system refuses is
 * one with TRIL_BAD_FILE. Nothing is opened. False on failure. */
bool tril_file_temporary(tril_ctx *ctx, const char *path, char temporary[TRIL_PATH_SIZE]);

/* Opens the temporary file, empty. It is locked while it is open: a second writer waits for at most
 * five seconds, or until a signal is handled, and then fails. What a killed program left there is
 * overwritten; a link, a pipe, or a second name of another file is an error, and so is a pipe that
 * no program reads. NULL on failure. */
tril_file *tril_file_new(tril_ctx *ctx, const char *path);

/* Where to write; valid until the file is freed. NULL for NULL. */
FILE *tril_file_stream(tril_file *file);

/* Flushes the file to the disk and puts it in place, with the permissions of the file that it
 * replaces. More may be written behind it, and kept by another call. On failure, false, the old
 * file is still there. */
bool tril_file_keep(tril_file *file);

/* Closes the file, and removes the temporary file if it was not kept. */
void tril_file_free(tril_file *file);

/* Removes the temporary files of all that is being written: for the signal handler of a program
 * that is about to end. It is async-signal-safe. */
void tril_file_remove_temporaries(void);

TRIL_API_END
#endif
