/* Files of named tensors and notes, in the safetensors format
 * (https://github.com/huggingface/safetensors), which Python reads and writes too: eight bytes with
 * the length of a JSON header, the header, the numbers, all little-endian. Files that are written
 * here have a checksum in their metadata, "tril.crc32": the CRC-32 (zlib's) of the whole file as it
 * is with 00000000 in the place of these eight hexadecimal digits. A file without one is read too:
 * whoever alters a file, or copies its metadata into another, leaves it out.
 *
 * Example: a network is written into memory, and read from there into another.
 *
 *     #define _POSIX_C_SOURCE 200809L // open_memstream, fmemopen
 *     #include <stdio.h>
 *     #include <stdlib.h>
 *     #include <tril/tril.h>
 *
 *     int main(void)
 *     {
 *         const tril_mlp_opts opts = { .inputs = 2, .hidden = { 16 }, .outputs = 9 };
 *         tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 7 });
 *         tril_params *params = tril_params_new(ctx), *again = tril_params_new(ctx);
 *         tril_mlp_new(params, "net", &opts);
 *         tril_mlp_new(again, "net", &opts);
 *
 *         tril_tensors *model = tril_tensors_new(ctx);
 *         tril_tensors_put_params(model, "", params);
 *         tril_tensors_set_metadata(model, "activation", "tanh");
 *         char *bytes = NULL;
 *         size_t size = 0;
 *         FILE *out = open_memstream(&bytes, &size);
 *         tril_tensors_write_stream(model, out, "network"); // or to a file: tril_tensors_write
 *         if (out)
 *             fclose(out);
 *         tril_tensors_free(model);
 *
 *         FILE *in = size ? fmemopen(bytes, size, "rb") : NULL;
 *         model = tril_tensors_read_stream(ctx, in, "network"); // or tril_tensors_read
 *         if (in)
 *             fclose(in);
 *         tril_tensors_get_params(model, "", again);
 *         bool failed = tril_ctx_failed(ctx);
 *         if (failed)
 *             fprintf(stderr, "%s\n", tril_ctx_message(ctx));
 *         else
 *             printf("%zu tensors, the first is %s, activation %s\n", tril_tensors_count(model),
 *                    tril_tensors_at(model, 0).name, tril_tensors_metadata(model, "activation"));
 *         tril_tensors_free(model);
 *         tril_params_free(again);
 *         tril_params_free(params);
 *         tril_ctx_free(ctx);
 *         free(bytes);
 *         return failed;
 *     }
 */
#ifndef TRIL_TENSORS_H
#define TRIL_TENSORS_H

#include <stdio.h>

#include <tril/ctx.h>
#include <tril/params.h>

TRIL_API_BEGIN

/* Tensors and notes in memory, each by a name that is unique, not empty, and UTF-8. */
typedef struct tril_tensors tril_tensors;

/* What the numbers of a tensor are: float, double, int64_t, uint64_t; and tril_real. */
typedef enum tril_dtype { TRIL_F32, TRIL_F64, TRIL_I64, TRIL_U64 } tril_dtype;
#ifdef TRIL_DOUBLE
#define TRIL_REAL_DTYPE TRIL_F64
#else
#define TRIL_REAL_DTYPE TRIL_F32
#endif

tril_tensors *tril_tensors_new(tril_ctx *ctx);
void tril_tensors_free(tril_tensors *tensors);

/* Adds a copy of the values; a name that is there already is an error. False on failure. */
bool tril_tensors_put(tril_tensors *tensors, const char *name, tril_dtype dtype, tril_shape shape,
                      const void *values);

/* Copies the tensor of that name and shape to values of that type; F32 and F64 become one another,
 * the others only themselves. A tensor that is not there, or has another shape or type, and a
 * number beyond the range of float, is an error that names file and tensor; values then stay as
 * they are. False on failure. */
bool tril_tensors_get(const tril_tensors *tensors, const char *name, tril_dtype dtype,
                      tril_shape shape, void *values);

/* One of the tensors: by its number, in no order that means anything, or by its name; name is NULL,
 * without an error, where there is none. */
typedef struct tril_tensor {
    const char *name; /* valid until the tensors are freed */
    tril_dtype dtype;
    tril_shape shape;
} tril_tensor;
size_t tril_tensors_count(const tril_tensors *tensors);
tril_tensor tril_tensors_at(const tril_tensors *tensors, size_t index);
tril_tensor tril_tensors_find(const tril_tensors *tensors, const char *name);

/* Adds a copy of a text, and the text of that name: valid until the tensors are freed, NULL,
 * without an error, where there is none. They are what Python calls the file's metadata. */
bool tril_tensors_set_metadata(tril_tensors *tensors, const char *name, const char *text);
const char *tril_tensors_metadata(const tril_tensors *tensors, const char *name);

/* Writes a file as tril/file.h says: whoever reads the path finds the old file or the new one,
 * whole. The same tensors and notes, put in the same order, are the same bytes. False on failure.
 */
bool tril_tensors_write(const tril_tensors *tensors, const char *path);

/* Writes the same bytes to a stream, and flushes it. The stream need not be able to seek, and stays
 * open. Errors begin with the name; NULL: "tensors". To write into memory, open a stream with
 * POSIX's open_memstream; to write by a callback, with glibc's fopencookie. False on failure. */
bool tril_tensors_write_stream(const tril_tensors *tensors, FILE *file, const char *name);

/* Reads a file. Whatever is wrong with it is an error that says what: tensors that overlap, leave
 * gaps, or are more or less than the file; types other than those above; more than four axes; two
 * of one name; a checksum of other bytes. NULL on failure. */
tril_tensors *tril_tensors_read(tril_ctx *ctx, const char *path);

/* Reads the same from a stream, from its position to its end; bytes behind the last tensor are an
 * error. The stream need not be able to seek, and stays open; POSIX's fmemopen opens one of memory.
 * name: as above. NULL on failure. */
tril_tensors *tril_tensors_read_stream(tril_ctx *ctx, FILE *file, const char *name);

/* Puts all parameters of a store, as tensors named prefix and the parameter's name, and gets them
 * back, into a store that has the same. A parameter without its tensor, a shape that differs, and a
 * tensor that no parameter goes by, beside parameters' in one module (net.6.weight beside
 * net.4.bias), is an error that names it; the store then stays as it was. False on failure. prefix
 * may be "". */
bool tril_tensors_put_params(tril_tensors *tensors, const char *prefix, tril_params *params);
bool tril_tensors_get_params(const tril_tensors *tensors, const char *prefix, tril_params *params);

TRIL_API_END
#endif
