/* Files of tensors as they should not be, and files that cannot be written: one sentence each, and
 * what was there is there still. */
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/files.h"
#include "io/tensors.h"

enum { ROOM = 4096 };

static const char committed[] = "tests/reference/tensors.safetensors";

static size_t bytes_of(const char *path, char *bytes)
{
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f, "%s cannot be opened", path);
    size_t n = fread(bytes, 1, ROOM, f);
    fclose(f);
    return n;
}

static tril_tensors *tensors_of(tril_ctx *ctx, const void *bytes, size_t size)
{
    write_file(bytes, size);
    tril_tensors *t = tril_tensors_read(ctx, file_path());
    ck_assert_int_eq(remove(file_path()), 0);
    return t;
}

/* a failure is one sentence on one line, about this file; clears it */
static void ck_one_sentence(tril_ctx *ctx)
{
    const char *message = tril_ctx_message(ctx), *path = file_path();
    ck_assert_int_eq(tril_ctx_status(ctx), TRIL_BAD_DATA);
    ck_assert_msg(strncmp(message, path, strlen(path)) == 0, "%s", message);
    for (const char *p = message; *p; p++)
        ck_assert_msg((unsigned char)*p >= ' ' && *p != 0x7F, "%s", message);
    tril_ctx_clear(ctx);
}

/* a header, and so many bytes of numbers behind it */
#define TENSOR(type, shape, begin, end)                                                            \
    "{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]}"
static const struct {
    const char *header;
    size_t size;
    const char *sentence; /* NULL: all is well */
} headers[] = {
    { "{}", 0, NULL },
    { "{\"a\":" TENSOR("F32", "[2]", "0", "8") "}", 8, NULL },
    { "{\"a\":" TENSOR("F32", "[2]", "4", "12") ",\"b\":" TENSOR("F32", "[]", "0", "4") "}  ", 12,
      NULL },
    { "{\"a\":" TENSOR("F32", "[0]", "0", "0") ",\"b\":" TENSOR("F32", "[1]", "0", "4") "}", 4,
      NULL },
    { "{\"b\":" TENSOR("F32", "[1]", "0", "4") ",\"a\":" TENSOR("F32", "[0]", "0", "0") "}", 4,
      NULL },
    { "{\"__metadata__\":{\"a\":\"b\"},\"a\":" TENSOR("F64", "[1,1,1,1]", "0", "8") "}", 8, NULL },
    /* no JSON, or of another form */
    { "", 0, "byte 0 of the header: '[' or '{' expected near end of file" },
    { "{", 0, "byte 1 of the header: string or '}' expected near end of file" },
    { "[]", 0, "the header is no JSON object" },
    { "{} x", 0, "byte 4 of the header: end of file expected near 'x'" },
    { "{\"a\":1}", 0, "tensor a lacks its dtype, shape, or data_offsets" },
    { "{\"a\":{}}", 0, "tensor a lacks its dtype, shape, or data_offsets" },
    { "{\"a\\nb\":{}}", 0, "tensor a?b lacks its dtype, shape, or data_offsets" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "tensor a lacks its dtype," },
    { "{\"a\":{\"dtype\":1,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "tensor a lacks its dtype" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}}", 4, "tensor a lacks its" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, "tensor a lacks its" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,4]}}", 4,
      "tensor a lacks its" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4.0]}}", 4,
      "tensor a lacks its" },
    { "{\"__metadata__\":1}", 0, "__metadata__ is no object" },
    { "{\"__metadata__\":{\"a\":1}}", 0, "__metadata__: a is no text" },
    { "{\"a\":" TENSOR("F32", "[1]", "0", "4") ",\"a\":" TENSOR("F32", "[1]", "4", "8") "}", 8,
      "of the header: duplicate object key near '\"a\"'" },
    { "{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0, "of the header: duplicate object key" },
    { "{\"\\u0000\":{}}", 0, "byte 9 of the header: NUL byte in object key not" },
    { "{\"\xFF\":{}}", 0, "of the header: unable to decode byte 0xff" },
    /* types and shapes */
    { "{\"a\":" TENSOR("BF16", "[2]", "0", "4") "}", 4,
      "tensor a is BF16, which is none of F32, F64, I64 and U64" },
    { "{\"a\":" TENSOR("", "[2]", "0", "4") "}", 4, "tensor a is , which is none of F32" },
    { "{\"a\":" TENSOR("F32", "[-1]", "0", "4") "}", 4, "tensor a has a shape that is not" },
    { "{\"a\":" TENSOR("F32", "[1.0]", "0", "4") "}", 4, "tensor a has a shape that is not" },
    { "{\"a\":" TENSOR("F32", "[\"1\"]", "0", "4") "}", 4, "tensor a has a shape that is not" },
    { "{\"a\":" TENSOR("F32", "[1,1,1,1,1]", "0", "4") "}", 4,
      "a shape that is not up to 4 sizes" },
    { "{\"a\":" TENSOR("F32", "[3]", "0", "8") "}", 8,
      "tensor a has 8 bytes, which are no F32 of 3" },
    { "{\"a\":" TENSOR("F64", "[2]", "0", "8") "}", 8,
      "tensor a has 8 bytes, which are no F64 of 2" },
    { "{\"a\":" TENSOR("F32", "[]", "0", "0") "}", 0,
      "tensor a has 0 bytes, which are no F32 of sc" },
    { "{\"a\":" TENSOR("F64", "[2305843009213693953]", "0", "8") "}", 8,
      "tensor a has 8 bytes, which are no F64 of 2305843009213693953" },
    { "{\"a\":" TENSOR("F64", "[4294967296,4294967296]", "0", "0") "}", 0,
      "tensor a has 0 bytes, which are no F64 of 4294967296x4294967296" },
    { "{\"a\":" TENSOR("F32", "[99999999999999999999]", "0", "4") "}", 4,
      "of the header: too big integer near '999999" },
    /* where tensors lie */
    { "{\"a\":" TENSOR("F32", "[2]", "0", "8") "}", 4,
      "tensor a takes bytes 0 to 8, but there are 4" },
    { "{\"a\":" TENSOR("F32", "[2]", "0", "8") "}", 9, "tensors take 8 bytes, but there are more" },
    { "{}", 1, "tensors take 0 bytes, but there are more" },
    { "{\"a\":" TENSOR("F32", "[1]", "4", "0") "}", 8,
      "tensor a takes bytes 4 to 0, which cannot be" },
    { "{\"a\":" TENSOR("F32", "[1]", "-4", "0") "}", 8, "tensor a takes bytes -4 to 0, which" },
    { "{\"a\":" TENSOR("F32", "[1]", "4", "8") "}", 8,
      "tensor a begins at byte 4, where 0 are taken" },
    { "{\"a\":" TENSOR("F32", "[1]", "0", "4") ",\"b\":" TENSOR("F32", "[1]", "8", "12") "}", 12,
      "tensor b begins at byte 8, where 4 are taken" },
    { "{\"a\":" TENSOR("F32", "[1]", "0", "4") ",\"b\":" TENSOR("F64", "[1]", "2", "10") "}", 10,
      "tensor b begins at byte 2, where 4 are taken" },
    { "{\"a\":" TENSOR("F32", "[1]", "0", "4") ",\"b\":" TENSOR("F32", "[1]", "0", "4") "}", 4,
      "begins at byte 0, where 4 are taken" },
    { "{\"a\":" TENSOR("F32", "[1]", "0", "4") ",\"b\":" TENSOR("F32", "[0]", "2", "2") "}", 4,
      "tensor b begins at byte 2, where 4 are taken" },
};

START_TEST(test_header)
{
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    growing file = { 0 };
    uint64_t length = strlen(headers[_i].header);
    text_add(&file, &length, sizeof length);
    text_add(&file, headers[_i].header, length);
    text_fill(&file, 0, headers[_i].size);
    tril_tensors *t = tensors_of(ctx, file.bytes, file.size);
    ck_assert(!t == tril_ctx_failed(ctx));
    if (headers[_i].sentence) {
        ck_assert_msg(strstr(tril_ctx_message(ctx), headers[_i].sentence), "'%s' lacks '%s'",
                      tril_ctx_message(ctx), headers[_i].sentence);
        ck_one_sentence(ctx);
    } else {
        ck_fine(ctx);
    }
    tril_tensors_free(t);
    ck_assert_uint_eq(counter.blocks, 1);
    free(file.bytes);
    tril_ctx_free(ctx);
}
END_TEST

/* what begins with a length that cannot be */
START_TEST(test_length)
{
    static const struct {
        uint64_t length;
        size_t size;
        const char *sentence;
    } files[] = {
        { 0, 0, "the file has 0 bytes: this is no file of tensors" },
        { 2, 7, "the file has 7 bytes: this is no file of tensors" },
        { 3, 10, "a header of 3 bytes is too long: this is no file of tensors, or a part of one" },
        { UINT64_MAX, 10, "a header of 18446744073709551615 bytes is too long" },
        { UINT64_MAX - 7, 10, "a header of 18446744073709551608 bytes is too long" },
        { 1ull << 63, 10, "a header of 9223372036854775808 bytes is too long" },
        { 100000001, 100000010, "a header of 100000001 bytes is too long" },
    };
    tril_ctx *ctx = tril_ctx_new(NULL);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        write_file(&files[i].length, files[i].size < 8 ? files[i].size : 8);
        ck_assert_int_eq(truncate(file_path(), (off_t)files[i].size), 0);
        ck_assert_ptr_null(tril_tensors_read(ctx, file_path()));
        ck_failed(ctx, TRIL_BAD_DATA, files[i].sentence);
    }
    ck_assert_int_eq(remove(file_path()), 0);
    ck_assert_ptr_null(tensors_of(ctx, "a,b\n1,2\n3,4\n", 12));
    ck_failed(ctx, TRIL_BAD_DATA,
              "bytes is too long: this is no file of tensors, or a part of one");
    tril_ctx_free(ctx);
}
END_TEST

/* cut off anywhere, or longer by a byte */
START_TEST(test_truncated)
{
    char bytes[ROOM] = { 0 };
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    size_t n = bytes_of(committed, bytes);
    for (size_t size = 0; size <= n + 1; size++) {
        tril_tensors *t = tensors_of(ctx, bytes, size);
        ck_assert_msg(!t == (size != n), "%zu bytes", size);
        if (!t)
            ck_one_sentence(ctx);
        tril_tensors_free(t);
        ck_assert_uint_eq(counter.blocks, 1);
    }
    tril_ctx_free(ctx);
}
END_TEST

/* what a file is with a byte altered; a failure is one sentence */
static bool is_read(tril_ctx *ctx, char *bytes, size_t n, size_t at, int flip)
{
    bytes[at] = (char)(bytes[at] ^ flip);
    tril_tensors *t = tensors_of(ctx, bytes, n);
    bytes[at] = (char)(bytes[at] ^ flip);
    ck_assert(!t == tril_ctx_failed(ctx));
    if (!t)
        ck_one_sentence(ctx);
    tril_tensors_free(t);
    return t;
}

static uint64_t header_of(const char *bytes)
{
    uint64_t length;
    memcpy(&length, bytes, sizeof length);
    return length;
}

/* Without a checksum: a byte of length or header with all bits turned over is always an error,
 * since no text is left; with one bit turned over it is an error or other tensors: a name may have
 * changed. */
START_TEST(test_flipped)
{
    char bytes[ROOM];
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    size_t n = bytes_of("tests/reference/tensors_torch.safetensors", bytes), read = 0;
    size_t front = 8 + header_of(bytes);
    for (size_t i = 0; i < front; i++)
        for (int bit = 0; bit <= 8; bit++) {
            bool there = is_read(ctx, bytes, n, i, bit < 8 ? 1 << bit : 0xFF);
            ck_assert(!there || bit < 8);
            read += there;
            ck_assert_uint_eq(counter.blocks, 1);
        }
    ck_assert(read > 100 && read < 4 * front);
    tril_ctx_free(ctx);
}
END_TEST

/* with one no byte of the whole file can be another, but for the name of the checksum itself: one
 * bit of each, and each value of some */
START_TEST(test_checksum)
{
    char bytes[ROOM];
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    size_t n = bytes_of(committed, bytes);
    const size_t name = (size_t)(strstr(bytes + 8, TRIL_CRC_NOTE) - bytes);
    for (size_t i = 0; i < n; i++)
        for (int flip = i % 64 ? 1 << i % 8 : 1; flip < 0x100; flip += i % 64 ? 0x100 : 1) {
            bool there = is_read(ctx, bytes, n, i, flip);
            ck_assert_msg(!there || (i >= name && i < name + strlen(TRIL_CRC_NOTE)), "byte %zu", i);
            ck_assert_uint_eq(counter.blocks, 1);
        }
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_altered)
{
    char bytes[ROOM];
    tril_ctx *ctx = tril_ctx_new(NULL);
    size_t n = bytes_of(committed, bytes);
    bytes[n - 1] ^= 1;
    ck_assert_ptr_null(tensors_of(ctx, bytes, n));
    ck_failed(ctx, TRIL_BAD_DATA, "the file was altered: its CRC-32 is ");
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_no_file)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    ck_assert_ptr_null(tril_tensors_read(ctx, file_path()));
    ck_sentence(ctx, TRIL_BAD_FILE, "cannot be opened: No such file or directory");
    ck_assert_int_eq(mkdir(file_path(), 0700), 0);
    ck_assert_ptr_null(tril_tensors_read(ctx, file_path()));
    ck_failed(ctx, TRIL_BAD_FILE, "cannot be read: ");
    ck_assert_int_eq(rmdir(file_path()), 0);
    ck_assert_int_eq(mkfifo(file_path(), 0600), 0);
    int both = open(file_path(), O_RDWR);
    ck_assert_int_eq(write(both, "text of any length", 18), 18);
    ck_assert_ptr_null(tril_tensors_read(ctx, file_path()));
    ck_failed(ctx, TRIL_BAD_DATA, "is too long: this is no file of tensors, or a part of one");
    close(both);
    ck_assert_int_eq(remove(file_path()), 0);
    ck_assert_ptr_null(tril_tensors_read(ctx, "/dev/zero")); /* it has no end */
    ck_failed(ctx, TRIL_BAD_DATA, "/dev/zero: byte 0 of the header: ");
    tril_ctx_free(ctx);
}
END_TEST

/* a stream that fails, or does not end, anywhere: one sentence, which begins with its name */
START_TEST(test_bad_stream)
{
    char bytes[ROOM];
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    const size_t n = bytes_of(committed, bytes);
    for (size_t size = 0; size <= n; size += size + 20 < n ? 20 : 1) {
        FILE *stream = stream_of(STREAM_FAILS, bytes, size);
        tril_tensors *t = tril_tensors_read_stream(ctx, stream, "model");
        ck_assert_ptr_null(t);
        ck_failed(ctx, TRIL_BAD_FILE, "model: cannot be read: Input/output error");
        fclose(stream);
        stream = stream_of(STREAM_ENDLESS, bytes, size);
        ck_assert_ptr_null(tril_tensors_read_stream(ctx, stream, "model"));
        ck_failed(ctx, TRIL_BAD_DATA, "model: ");
        fclose(stream);
        ck_assert_uint_eq(counter.blocks, 1);
    }
    tril_ctx_free(ctx);
}
END_TEST

static tril_tensors *some(tril_ctx *ctx)
{
    static float numbers[20000];
    tril_tensors *t = tril_tensors_new(ctx);
    tril_tensors_put(t, "numbers", TRIL_F32, TRIL_SHAPE(20000), numbers);
    return t;
}

/* the file as it was, and no other beside it */
static void ck_untouched(const char *path, const char *bytes_before)
{
    char bytes[ROOM], temporary[128];
    ck_assert_uint_eq(bytes_of(path, bytes), strlen(bytes_before));
    ck_assert_int_eq(memcmp(bytes, bytes_before, strlen(bytes_before)), 0);
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    ck_assert_int_ne(access(temporary, F_OK), 0);
}

/* a disk that is full after so many bytes: of the header, of the numbers, all but one */
START_TEST(test_full)
{
    static const rlim_t room[] = { 0, 50, 4096, 8192, 80000 };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tensors *t = some(ctx);
    struct rlimit before;
    write_file("old", 3);
    getrlimit(RLIMIT_FSIZE, &before);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < sizeof room / sizeof *room; i++) {
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){ room[i], before.rlim_max });
        bool written = tril_tensors_write(t, file_path());
        setrlimit(RLIMIT_FSIZE, &before);
        ck_assert(!written);
        ck_sentence(ctx, TRIL_BAD_FILE, "cannot be written: File too large");
        ck_untouched(file_path(), "old");
    }
    signal(SIGXFSZ, handler);
    ck_assert(tril_tensors_write(t, file_path()));
    tril_tensors_free(t);
    t = tril_tensors_read(ctx, file_path());
    ck_assert_uint_eq(tril_tensors_count(t), 1);
    tril_tensors_free(t);
    ck_assert_int_eq(remove(file_path()), 0);
    tril_ctx_free(ctx);
}
END_TEST

/* the same of streams: a device without room, one for reading, callbacks, and one that has failed
 * before */
START_TEST(test_full_stream)
{
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    tril_tensors *t = some(ctx), *none = tril_tensors_new(ctx);
    for (int i = 0; i < 2; i++) { /* more than a buffer holds, and less */
        FILE *full = fopen("/dev/full", "wb");
        ck_assert(!tril_tensors_write_stream(i ? none : t, full, "full"));
        ck_failed(ctx, TRIL_BAD_FILE, "full: cannot be written: No space left on device");
        fclose(full);
    }
    FILE *read = fopen(committed, "rb");
    ck_assert(!tril_tensors_write_stream(t, read, NULL));
    ck_failed(ctx, TRIL_BAD_FILE, "tensors: cannot be written: Bad file descriptor");
    fclose(read);
    FILE *callbacks = stream_of(STREAM_FAILS, "", 0);
    ck_assert(!tril_tensors_write_stream(t, callbacks, "model"));
    ck_failed(ctx, TRIL_BAD_FILE, "model: cannot be written: Input/output error");
    fclose(callbacks);
    FILE *failed = fopen(file_path(), "wb");
    ck_assert_int_eq(fgetc(failed), EOF);
    ck_assert(ferror(failed) && !tril_tensors_write_stream(none, failed, "model"));
    ck_failed(ctx, TRIL_BAD_FILE, "model: cannot be written: Input/output error");
    fclose(failed);
    ck_assert_int_eq(remove(file_path()), 0);
    tril_tensors_free(none);
    tril_tensors_free(t);
    ck_assert_uint_eq(counter.blocks, 1);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_nowhere)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tensors *t = some(ctx);
    ck_assert(!tril_tensors_write(t, "/no/such/folder/model"));
    ck_failed(ctx, TRIL_BAD_FILE,
              "/no/such/folder/model: cannot be written: No such file or directory");
    tril_tensors_free(t);
    tril_ctx_free(ctx);
}
END_TEST

/* a run that was killed has left some of a file: it is in nobody's way */
START_TEST(test_left_over)
{
    char temporary[128];
    static const char garbage[200000] = "garbage";
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tensors *t = some(ctx);
    write_file(garbage, sizeof garbage);
    snprintf(temporary, sizeof temporary, "%s.tmp", file_path());
    ck_assert_int_eq(rename(file_path(), temporary), 0);
    ck_assert_msg(tril_tensors_write(t, file_path()), "%s", tril_ctx_message(ctx));
    tril_tensors_free(t);
    t = tril_tensors_read(ctx, file_path());
    ck_assert_uint_eq(tril_tensors_count(t), 1);
    ck_assert_int_ne(access(temporary, F_OK), 0);
    tril_tensors_free(t);
    ck_assert_int_eq(remove(file_path()), 0);
    tril_ctx_free(ctx);
}
END_TEST

/* writes a file again and again; the exit status says whether that went well */
static pid_t write_often(const char *path)
{
    pid_t child = fork();
    if (child)
        return child;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tensors *t = some(ctx);
    for (int i = 0; i < 10; i++)
        tril_tensors_write(t, path);
    _exit(tril_ctx_failed(ctx));
}

/* several write the same file: all succeed, and whoever reads it finds one of theirs */
START_TEST(test_at_once)
{
    const char *path = file_path();
    pid_t children[3];
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tensors *t = some(ctx);
    ck_assert(tril_tensors_write(t, path));
    tril_tensors_free(t);
    for (int i = 0; i < 3; i++)
        children[i] = write_often(path);
    for (int i = 0; i < 3; i++) {
        int status, over = 0;
        do {
            t = tril_tensors_read(ctx, path);
            ck_fine(ctx);
            tril_tensors_free(t);
            over = waitpid(children[i], &status, WNOHANG);
        } while (!over);
        ck_assert(over == children[i] && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    ck_assert_int_eq(remove(path), 0);
    tril_ctx_free(ctx);
}
END_TEST

/* Jansson's own memory, which fails at its fail_at-th allocation and from then on */
static struct {
    size_t allocations, fail_at, blocks;
} jansson;

static void *jansson_malloc(size_t size)
{
    if (++jansson.allocations >= jansson.fail_at && jansson.fail_at)
        return NULL;
    jansson.blocks++;
    return malloc(size);
}

static void jansson_free(void *ptr)
{
    jansson.blocks -= ptr != NULL;
    free(ptr);
}

static tril_tensors *write_some(tril_ctx *ctx)
{
    tril_tensors *t = some(ctx);
    tril_tensors_set_metadata(t, "a", "b");
    if (tril_tensors_write(t, file_path()))
        return t;
    tril_tensors_free(t);
    return NULL;
}

START_TEST(test_jansson)
{
    json_malloc_t before_malloc;
    json_free_t before_free;
    json_get_alloc_funcs(&before_malloc, &before_free);
    json_set_alloc_funcs(jansson_malloc, jansson_free);
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    write_file("old", 3);
    for (size_t n = 1;; n++) {
        jansson.allocations = 0;
        jansson.fail_at = n;
        tril_tensors *t = write_some(ctx);
        if (t) {
            ck_assert_uint_gt(n, 5);
            tril_tensors_free(t);
            break;
        }
        ck_failed(ctx, TRIL_OUT_OF_MEMORY, "out of memory for the header");
        ck_untouched(file_path(), "old");
        ck_assert(jansson.blocks == 0 && counter.blocks == 1);
    }
    json_set_alloc_funcs(before_malloc, before_free);
    ck_assert_int_eq(remove(file_path()), 0);
    tril_ctx_free(ctx);
}
END_TEST

Suite *suite_io_tensors_files(void)
{
    Suite *suite = suite_create("io/tensors_files");
    TCase *tcase = tcase_create("bad files");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, test_header, 0, sizeof headers / sizeof *headers);
    tcase_add_test(tcase, test_length);
    tcase_add_test(tcase, test_truncated);
    tcase_add_test(tcase, test_altered);
    tcase_add_test(tcase, test_no_file);
    tcase_add_test(tcase, test_full);
    tcase_add_test(tcase, test_bad_stream);
    tcase_add_test(tcase, test_full_stream);
    tcase_add_test(tcase, test_nowhere);
    tcase_add_test(tcase, test_left_over);
    tcase_add_test(tcase, test_jansson);
    suite_add_tcase(suite, tcase);
    TCase *flipped = tcase_create("flipped");
    tcase_set_timeout(flipped, 120);
    tcase_set_tags(flipped, "long");
    tcase_add_test(flipped, test_flipped);
    tcase_add_test(flipped, test_checksum);
    suite_add_tcase(suite, flipped);
    TCase *at_once = tcase_create("at once");
    tcase_set_tags(at_once, "program"); /* its processes end with memory that nobody gave back */
    tcase_add_test(at_once, test_at_once);
    suite_add_tcase(suite, at_once);
    return suite;
}
