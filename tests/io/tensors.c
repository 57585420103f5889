/* Tensors and notes in memory and in files as they should be; tensors_files.c has those as they
 * should not. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/files.h"

static const char committed[] = "tests/reference/tensors.safetensors";
static const float floats[6] = { 1, -2.5f, 0x1p-149f, 0x1.fffffep127f, 0.1f, -0.f };
static const double doubles[3] = { 0.1, -1e300, 5e-324 };
static const uint64_t bits[2] = { UINT64_MAX, 1 };
static const int64_t negative = INT64_MIN;

static tril_tensors *some(tril_ctx *ctx)
{
    tril_tensors *t = tril_tensors_new(ctx);
    tril_tensors_put(t, "net.0.weight", TRIL_F32, TRIL_SHAPE(2, 3), floats);
    tril_tensors_set_metadata(t, "größe", "a \"text\"\nof two lines");
    tril_tensors_put(t, "inputs.mean", TRIL_F64, TRIL_SHAPE(3), doubles);
    tril_tensors_put(t, "random", TRIL_U64, TRIL_SHAPE(2), bits);
    tril_tensors_set_metadata(t, "empty", "");
    tril_tensors_put(t, "step", TRIL_I64, (tril_shape){ 0 }, &negative);
    tril_tensors_put(t, "no numbers", TRIL_F32, TRIL_SHAPE(0, 4), NULL);
    return t;
}

static void ck_some(const tril_tensors *t)
{
    static const char *const names[] = { "net.0.weight", "inputs.mean", "random", "step",
                                         "no numbers" };
    float f[6];
    double d[3];
    uint64_t u[2];
    int64_t i = 0;
    ck_assert(tril_tensors_get(t, names[0], TRIL_F32, TRIL_SHAPE(2, 3), f));
    ck_assert(tril_tensors_get(t, names[1], TRIL_F64, TRIL_SHAPE(3), d));
    ck_assert(tril_tensors_get(t, names[2], TRIL_U64, TRIL_SHAPE(2), u));
    ck_assert(tril_tensors_get(t, names[3], TRIL_I64, (tril_shape){ 0 }, &i));
    ck_assert(tril_tensors_get(t, names[4], TRIL_F32, TRIL_SHAPE(0, 4), NULL));
    ck_assert(!memcmp(f, floats, sizeof f) && !memcmp(d, doubles, sizeof d));
    ck_assert(!memcmp(u, bits, sizeof u) && i == negative);
    ck_assert_str_eq(tril_tensors_metadata(t, "größe"), "a \"text\"\nof two lines");
    ck_assert_str_eq(tril_tensors_metadata(t, "empty"), "");
    ck_assert_ptr_null(tril_tensors_metadata(t, "net.0.weight"));
    ck_assert_uint_eq(tril_tensors_count(t), 5);
    for (size_t k = 0; k < 5; k++) {
        tril_tensor found = tril_tensors_find(t, names[k]), same = { 0 };
        for (size_t j = 0; j < 5 && !same.name; j++)
            if (!strcmp(tril_tensors_at(t, j).name, names[k]))
                same = tril_tensors_at(t, j);
        ck_assert_str_eq(found.name, names[k]);
        ck_assert(found.dtype == same.dtype && tril_shape_equal(found.shape, same.shape));
    }
}

/* put and got, in memory and through a file; written over itself */
START_TEST(test_round_trip)
{
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    tril_tensors *t = some(ctx);
    ck_some(t);
    for (int i = 0; i < 3; i++) {
        ck_assert_msg(tril_tensors_write(t, file_path()), "%s", tril_ctx_message(ctx));
        tril_tensors_free(t);
        t = tril_tensors_read(ctx, file_path());
        ck_fine(ctx);
        ck_some(t);
    }
    tril_tensors_free(t);
    ck_assert_int_eq(remove(file_path()), 0);
    ck_assert_uint_eq(counter.blocks, 1);
    tril_ctx_free(ctx);
}
END_TEST

static size_t bytes_of(const char *path, char *bytes, size_t room)
{
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f, "%s cannot be opened", path);
    size_t n = fread(bytes, 1, room, f);
    fclose(f);
    return n;
}

/* the same bytes on every machine and in both precisions, and NumPy reads them */
START_TEST(test_committed)
{
    static char own[4096], wanted[4096];
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tensors *t = some(ctx);
    ck_assert(tril_tensors_write(t, file_path()));
    tril_tensors_free(t);
    size_t n = bytes_of(file_path(), own, sizeof own);
    ck_assert_uint_eq(bytes_of(committed, wanted, sizeof wanted), n);
    ck_assert_int_eq(memcmp(own, wanted, n), 0);
    ck_assert_int_eq(remove(file_path()), 0);
    tril_ctx_free(ctx);

    size_t rows, at = 0;
    double *numpy = reference("reference/tensors.csv", "value", &rows);
    ck_assert_uint_eq(rows, 3 + 6 + 2 + 1);
    for (int i = 0; i < 3; i++)
        ck_assert(numpy[at++] == doubles[i]);
    for (int i = 0; i < 6; i++, at++)
        ck_assert(numpy[at] == (double)floats[i] && !signbit(numpy[at]) == !signbit(floats[i]));
    ck_assert(numpy[at] == 0x1p64 && numpy[at + 1] == 1 && numpy[at + 2] == -0x1p63);
    free(numpy);
}
END_TEST

/* the file's bytes go into memory, and come back from streams of any kind, behind what was read of
 * them before; streams stay open */
START_TEST(test_stream)
{
    static char wanted[4096];
    char *bytes = NULL;
    size_t size = 0;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tensors *t = some(ctx);
    FILE *out = open_memstream(&bytes, &size);
    fputc('x', out);
    ck_assert(tril_tensors_write_stream(t, out, "memory"));
    ck_assert_uint_eq(bytes_of(committed, wanted, sizeof wanted), size - 1);
    ck_assert_mem_eq(bytes + 1, wanted, size - 1);
    fputc('y', out);
    fclose(out);
    ck_assert(bytes[size - 1] == 'y');
    tril_tensors_free(t);
    for (int kind = 0; kind <= STREAM_CALLBACKS; kind++) {
        FILE *in = stream_of(kind, bytes, size - 1);
        ck_assert_int_eq(fgetc(in), 'x');
        t = tril_tensors_read_stream(ctx, in, "memory");
        ck_fine(ctx);
        ck_some(t);
        tril_tensors_free(t);
        ck_assert(fgetc(in) == EOF && !fclose(in));
        in = stream_of(kind, bytes, size); /* longer by a byte */
        fgetc(in);
        ck_assert_ptr_null(tril_tensors_read_stream(ctx, in, NULL));
        ck_failed(ctx, TRIL_BAD_DATA, "tensors: tensors take 72 bytes, but there are more");
        fclose(in);
    }
    free(bytes);
    tril_ctx_free(ctx);
}
END_TEST

/* floats and doubles become one another, and nothing else anything else */
START_TEST(test_types)
{
    static const double some_doubles[4] = { 0.1, 1e-60, -INFINITY, NAN };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tensors *t = some(ctx);
    float f[4] = { 7, 7, 7, 7 };
    double d[6];
    int64_t i[2];
    ck_assert(tril_tensors_put(t, "d", TRIL_F64, TRIL_SHAPE(4), some_doubles));
    ck_assert(tril_tensors_get(t, "d", TRIL_F32, TRIL_SHAPE(4), f));
    ck_assert(f[0] == 0.1f && f[1] == 0 && isinf(f[2]) && f[2] < 0 && isnan(f[3]));
    ck_assert(tril_tensors_get(t, "net.0.weight", TRIL_F64, TRIL_SHAPE(2, 3), d));
    for (int k = 0; k < 6; k++)
        ck_assert(d[k] == (double)floats[k]);
    ck_assert(!tril_tensors_get(t, "inputs.mean", TRIL_F32, TRIL_SHAPE(3), f));
    ck_failed(ctx, TRIL_BAD_DATA,
              "tensors: tensor inputs.mean: -1e+300 is beyond the range of float");
    ck_assert(f[0] == 0.1f);
    ck_assert(!tril_tensors_get(t, "random", TRIL_F64, TRIL_SHAPE(2), d));
    ck_failed(ctx, TRIL_BAD_DATA, "tensors: tensor random is U64, wanted is F64");
    ck_assert(!tril_tensors_get(t, "random", TRIL_I64, TRIL_SHAPE(2), i));
    ck_failed(ctx, TRIL_BAD_DATA, "tensors: tensor random is U64, wanted is I64");
    ck_assert(!tril_tensors_get(t, "net.0.weight", TRIL_U64, TRIL_SHAPE(2, 3), i));
    ck_failed(ctx, TRIL_BAD_DATA, "tensors: tensor net.0.weight is F32, wanted is U64");
    ck_assert(!tril_tensors_get(t, "net.0.weight", TRIL_F32, TRIL_SHAPE(3, 2), f));
    ck_failed(ctx, TRIL_BAD_DATA,
              "tensors: tensor net.0.weight has the shape [2x3], wanted is [3x2]");
    ck_assert(!tril_tensors_get(t, "net.0.bias", TRIL_F32, TRIL_SHAPE(3), f));
    ck_failed(ctx, TRIL_BAD_DATA, "tensors: there is no tensor net.0.bias");
    tril_tensors_free(t);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_bad_put)
{
    static const char *const not_utf8[] = {
        "\xFF",         "a\xC3",        "\xC0\x80",
        "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
        "\xE6\xB8",     "\x80",         "\xF8\x88\x80\x80\x80"
    };
    static const char *const utf8[] = { "\x7F",         "\xC2\x80",         "\xDF\xBF",
                                        "\xE0\xA0\x80", "\xED\x9F\xBF",     "\xEE\x80\x80",
                                        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF" };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tensors *t = some(ctx);
    ck_assert(!tril_tensors_put(t, "step", TRIL_F32, TRIL_SHAPE(6), floats));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "tensors: step is there already");
    ck_assert(!tril_tensors_set_metadata(t, "empty", "x"));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "tensors: empty is there already");
    ck_assert(!tril_tensors_put(t, "", TRIL_F32, TRIL_SHAPE(6), floats));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "tensors: '' cannot be the name");
    ck_assert(!tril_tensors_put(t, "__metadata__", TRIL_F32, TRIL_SHAPE(6), floats));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "tensors: '__metadata__' cannot be the name");
    ck_assert(!tril_tensors_set_metadata(t, "tril.crc32", "00000000"));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "tensors: 'tril.crc32' cannot be the name");
    ck_assert(!tril_tensors_set_metadata(t, NULL, "x"));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "tensors: '' cannot be the name");
    ck_assert(!tril_tensors_set_metadata(t, "x", NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "tensors: the note x has no text");
    ck_assert(!tril_tensors_put(t, "x", TRIL_F32, TRIL_SHAPE(6), NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "tensors: x has no values");
    ck_assert(!tril_tensors_put(t, "x", (tril_dtype)4, TRIL_SHAPE(6), floats));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "tensors: x has no type");
    ck_assert(!tril_tensors_put(t, "x", TRIL_F32, TRIL_SHAPE(SIZE_MAX / 8, 2), floats));
    ck_failed(ctx, TRIL_BAD_SHAPE, "tensors: x cannot have the shape");
    for (size_t i = 0; i < 9; i++) {
        ck_assert(!tril_tensors_put(t, not_utf8[i], TRIL_F32, TRIL_SHAPE(6), floats));
        ck_failed(ctx, TRIL_BAD_ARGUMENT, "is not UTF-8");
        ck_assert(!tril_tensors_set_metadata(t, "x", not_utf8[i]));
        ck_failed(ctx, TRIL_BAD_ARGUMENT, "tensors: the text of the note x is not UTF-8");
    }
    ck_some(t);
    for (size_t i = 0; i < 9; i++)
        ck_assert(tril_tensors_set_metadata(t, utf8[i], utf8[i]));
    ck_assert(tril_tensors_set_metadata(t, "a\"tril.crc32", "not the checksum"));
    ck_assert_msg(tril_tensors_write(t, file_path()), "%s", tril_ctx_message(ctx));
    tril_tensors_free(t);
    t = tril_tensors_read(ctx, file_path());
    for (size_t i = 0; i < 9; i++)
        ck_assert_str_eq(tril_tensors_metadata(t, utf8[i]), utf8[i]);
    ck_assert_str_eq(tril_tensors_metadata(t, "a\"tril.crc32"), "not the checksum");
    ck_assert_ptr_null(tril_tensors_metadata(t, "tril.crc32"));
    ck_assert_int_eq(remove(file_path()), 0);
    tril_tensors_free(t);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_inert)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    float x;
    tril_tensors_free(NULL);
    ck_assert_ptr_null(tril_tensors_new(NULL));
    ck_assert_ptr_null(tril_tensors_read(NULL, committed));
    ck_assert_ptr_null(tril_tensors_read_stream(NULL, stdin, NULL));
    ck_assert(!tril_tensors_write_stream(NULL, stdout, NULL));
    ck_assert(!tril_tensors_put(NULL, "x", TRIL_F32, TRIL_SHAPE(1), &x));
    ck_assert(!tril_tensors_get(NULL, "x", TRIL_F32, TRIL_SHAPE(1), &x));
    ck_assert(!tril_tensors_set_metadata(NULL, "x", "x") && !tril_tensors_metadata(NULL, "x"));
    ck_assert(!tril_tensors_write(NULL, "x") && !tril_tensors_count(NULL));
    ck_assert(!tril_tensors_at(NULL, 0).name && !tril_tensors_find(NULL, "x").name);
    ck_assert_ptr_null(tril_tensors_read(ctx, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "tensors: no path was given");
    ck_assert_ptr_null(tril_tensors_read_stream(ctx, NULL, "model"));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "model: no stream was given");
    tril_tensors *t = tril_tensors_new(ctx);
    ck_assert(!tril_tensors_find(t, "x").name && !tril_tensors_at(t, 0).name);
    ck_assert(!tril_tensors_write(t, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "file: no path was given");
    ck_assert(!tril_tensors_write_stream(t, NULL, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "tensors: no stream was given");

    /* none at all is a file too */
    ck_assert(tril_tensors_write(t, file_path()));
    tril_tensors_free(t);
    t = tril_tensors_read(ctx, file_path());
    ck_assert(t && tril_tensors_count(t) == 0);
    tril_tensors_free(t);
    ck_assert_int_eq(remove(file_path()), 0);
    tril_ctx_free(ctx);
}
END_TEST

/* more names than any list has room for at first */
static void write_and_read(tril_ctx *ctx)
{
    tril_tensors *t = some(ctx);
    for (int i = 0; i < 40; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d", i);
        tril_tensors_put(t, name, TRIL_F32, TRIL_SHAPE(6), floats);
        tril_tensors_set_metadata(t, name, name);
    }
    bool written = tril_tensors_write(t, file_path());
    tril_tensors_free(t);
    t = tril_tensors_read(ctx, file_path());
    if (t)
        ck_assert_str_eq(tril_tensors_metadata(t, "39"), "39");
    ck_assert(!t || tril_tensors_count(t) == 45);
    tril_tensors_free(t);
    if (written)
        ck_assert_int_eq(remove(file_path()), 0);
}

START_TEST(test_exhaust)
{
    ck_assert_uint_gt(exhaust(write_and_read), 15);
}
END_TEST

Suite *suite_io_tensors(void)
{
    Suite *suite = suite_create("io/tensors");
    TCase *tcase = tcase_create("tensors");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_round_trip);
    tcase_add_test(tcase, test_committed);
    tcase_add_test(tcase, test_stream);
    tcase_add_test(tcase, test_types);
    tcase_add_test(tcase, test_bad_put);
    tcase_add_test(tcase, test_inert);
    tcase_add_test(tcase, test_exhaust);
    suite_add_tcase(suite, tcase);
    return suite;
}
