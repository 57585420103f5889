/* Any bytes are tensors or one sentence: tril_tensors_read under libFuzzer. Not part of make test.
 * From the repository's root:
 *
 *     clang -std=c11 -D_POSIX_C_SOURCE=200809L -g -O1 \
 *         -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Iinclude -Isrc \
 *         tests/fuzz/tensors.c src/io/tensors.c src/io/tensors_crc.c src/io/json.c \
 *         src/io/tensors_read.c src/io/tensors_write.c src/io/message.c src/core/arena.c
 * src/core/ctx.c \ src/core/names.c src/core/random.c src/core/shape.c -ljansson -lm -o
 * build/fuzz_tensors mkdir -p build/corpus_tensors && cp tests/reference/tensors*.safetensors
 * build/corpus_tensors build/fuzz_tensors -max_total_time=300 -max_len=4096 build/corpus_tensors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tril/tensors.h>

/* assert is gone with NDEBUG */
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "line %d: %s does not hold\n", __LINE__, #condition);                  \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static const char *path_of(const char *what)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/tril-fuzz-%ld.%s", (long)getpid(), what);
    return path;
}

/* a failure is one sentence on one line, about this file; clears it */
static void check_sentence(tril_ctx *ctx, const char *path)
{
    const char *message = tril_ctx_message(ctx);
    MUST(tril_ctx_status(ctx) == TRIL_BAD_DATA);
    MUST(strncmp(message, path, strlen(path)) == 0);
    for (const char *p = message; *p; p++)
        MUST((unsigned char)*p >= ' ' && *p != 0x7F);
    tril_ctx_clear(ctx);
}

/* the values of a tensor, to be freed */
static void *values_of(const tril_tensors *tensors, const tril_tensor *about)
{
    void *values = malloc(8 * tril_shape_size(about->shape) + 1);
    MUST(values && tril_tensors_get(tensors, about->name, about->dtype, about->shape, values));
    return values;
}

/* what was read can be written, and read again as the same */
static void check_again(tril_ctx *ctx, const tril_tensors *tensors)
{
    const char *path = path_of("again");
    MUST(tril_tensors_write(tensors, path));
    tril_tensors *again = tril_tensors_read(ctx, path);
    MUST(again && tril_tensors_count(again) == tril_tensors_count(tensors));
    for (size_t i = 0; i < tril_tensors_count(tensors); i++) {
        tril_tensor about = tril_tensors_at(tensors, i);
        tril_tensor same = tril_tensors_find(again, about.name);
        MUST(same.name && same.dtype == about.dtype && tril_shape_equal(same.shape, about.shape));
        void *x = values_of(tensors, &about), *y = values_of(again, &about);
        size_t width = about.dtype == TRIL_F32 ? 4 : 8;
        MUST(memcmp(x, y, width * tril_shape_size(about.shape)) == 0);
        free(x);
        free(y);
    }
    tril_tensors_free(again);
    remove(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *path = path_of("safetensors");
    FILE *f = fopen(path, "wb");
    MUST(f && (size == 0 || fwrite(bytes, 1, size, f) == size));
    MUST(fclose(f) == 0);
    tril_ctx *ctx = tril_ctx_new(NULL);
    MUST(ctx);
    tril_tensors *tensors = tril_tensors_read(ctx, path);
    MUST(!tensors == tril_ctx_failed(ctx));
    remove(path);
    if (tensors)
        check_again(ctx, tensors);
    else
        check_sentence(ctx, path);
    tril_tensors_free(tensors);
    tril_ctx_free(ctx);
    return 0;
}
