/* Shapes: size, text, broadcasting, and the walk over operands. */
#include "core/shape.h"

#include <string.h>

#include "support.h"

START_TEST(test_size_and_text)
{
    static const struct {
        tril_shape shape;
        size_t size;
        const char *text;
    } shapes[] = {
        { { 0 }, 1, "scalar" },
        { { 1, { 5 } }, 5, "5" },
        { { 2, { 64, 3 } }, 192, "64x3" },
        { { 4, { 2, 3, 1, 4 } }, 24, "2x3x1x4" },
        { { 2, { 0, 3 } }, 0, "0x3" },
        { { 3, { SIZE_MAX, SIZE_MAX, 0 } }, 0, "18446744073709551615x18446744073709551615x0" },
        { { 2, { SIZE_MAX / 2, 3 } }, SIZE_MAX, "9223372036854775807x3" },
        { { 3, { (size_t)1 << 32, (size_t)1 << 32, 1 } }, SIZE_MAX, "4294967296x4294967296x1" },
        { { 4, { SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX } },
          SIZE_MAX,
          "18446744073709551615x18446744073709551615x18446744073709551615x18446744073709551615" },
        { { 5, { 1, 1, 1, 1 } }, SIZE_MAX, "a shape of rank 5" },
    };
    ck_assert_uint_eq(tril_shape_size(shapes[_i].shape), shapes[_i].size);
    ck_assert_str_eq(tril_shape_text(shapes[_i].shape).text, shapes[_i].text);
}
END_TEST

START_TEST(test_equal)
{
    ck_assert(tril_shape_equal(TRIL_SHAPE(2, 3), TRIL_SHAPE(2, 3)));
    ck_assert(tril_shape_equal((tril_shape){ 0 }, (tril_shape){ 0 }));
    ck_assert(!tril_shape_equal(TRIL_SHAPE(2, 3), TRIL_SHAPE(3, 2)));
    ck_assert(!tril_shape_equal(TRIL_SHAPE(2), TRIL_SHAPE(2, 1)));
    ck_assert(!tril_shape_equal((tril_shape){ 0 }, TRIL_SHAPE(1)));
}
END_TEST

START_TEST(test_index)
{
    ck_assert_str_eq(tril_shape_index(TRIL_SHAPE(2, 3), 5).text, "1, 2");
    ck_assert_str_eq(tril_shape_index(TRIL_SHAPE(2, 3, 4), 12).text, "1, 0, 0");
    ck_assert_str_eq(tril_shape_index(TRIL_SHAPE(7), 3).text, "3");
    ck_assert_str_eq(tril_shape_index((tril_shape){ 0 }, 0).text, "");
}
END_TEST

START_TEST(test_broadcast)
{
    static const struct {
        tril_shape a, b, out;
        bool fits;
    } pairs[] = {
        { { 0 }, { 0 }, { 0 }, true },
        { { 2, { 2, 3 } }, { 0 }, { 2, { 2, 3 } }, true },
        { { 2, { 2, 3 } }, { 1, { 3 } }, { 2, { 2, 3 } }, true },
        { { 2, { 2, 1 } }, { 2, { 1, 3 } }, { 2, { 2, 3 } }, true },
        { { 4, { 1, 2, 1, 3 } }, { 3, { 1, 4, 1 } }, { 4, { 1, 2, 4, 3 } }, true },
        { { 2, { 0, 3 } }, { 2, { 1, 3 } }, { 2, { 0, 3 } }, true },
        { { 2, { 2, 3 } }, { 1, { 2 } }, { 0 }, false },
        { { 2, { 0, 3 } }, { 2, { 2, 3 } }, { 0 }, false },
        { { 5, { 1, 1, 1, 1 } }, { 1, { 1 } }, { 0 }, false },
    };
    tril_shape out;
    bool fits = tril_shape_broadcast(pairs[_i].a, pairs[_i].b, &out);
    ck_assert(fits == pairs[_i].fits);
    ck_assert(!fits || tril_shape_equal(out, pairs[_i].out));
    fits = tril_shape_broadcast(pairs[_i].b, pairs[_i].a, &out);
    ck_assert(fits == pairs[_i].fits);
    ck_assert(!fits || tril_shape_equal(out, pairs[_i].out));
}
END_TEST

/* where operand x has its number for an element of the result */
static size_t place(tril_shape out, tril_shape x, size_t element)
{
    size_t at = 0, step = 1;
    for (size_t i = 0; i < x.rank; i++) {
        size_t dim = out.dim[out.rank - 1 - i], own = x.dim[x.rank - 1 - i];
        at += own == 1 ? 0 : element % dim * step;
        element /= dim;
        step *= own;
    }
    return at;
}

/* bit 4 k + i of the mask: whether axis i of operand k is 1 */
static void check_walk(size_t mask)
{
    const tril_shape full = TRIL_SHAPE(2, 3, 2, 2);
    tril_shape x[3] = { full, full, full };
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < 4; i++)
            if (mask >> (4 * k + i) & 1)
                x[k].dim[i] = 1;
    tril_broadcast_iter w = tril_broadcast_iter_new(full, x, 3);
    size_t element = 0;
    do
        for (size_t i = 0; i < w.dim[0]; i++, element++)
            for (size_t k = 0; k < 3; k++)
                ck_assert_uint_eq(w.offset[k] + i * w.stride[0][k], place(full, x[k], element));
    while (tril_broadcast_iter_next(&w));
    ck_assert_uint_eq(element, 24);
}

START_TEST(test_walk)
{
    for (size_t mask = 0; mask < 4096; mask++)
        check_walk(mask);
}
END_TEST

START_TEST(test_walk_merges)
{
    const tril_shape full = TRIL_SHAPE(4, 1, 5), row = TRIL_SHAPE(5);
    tril_broadcast_iter w = tril_broadcast_iter_new(full, (tril_shape[]){ full, full }, 2);
    ck_assert(w.rank == 1 && w.dim[0] == 20);
    w = tril_broadcast_iter_new(full, (tril_shape[]){ full, row }, 2);
    ck_assert(w.rank == 2 && w.dim[0] == 5 && w.dim[1] == 4);
    w = tril_broadcast_iter_new(full, (tril_shape[]){ full, { 0 } }, 2);
    ck_assert(w.rank == 1 && w.dim[0] == 20 && w.stride[0][1] == 0);
}
END_TEST

Suite *suite_core_shape(void)
{
    Suite *suite = suite_create("core/shape");
    TCase *tcase = tcase_create("shape");
    tcase_add_loop_test(tcase, test_size_and_text, 0, 10);
    tcase_add_test(tcase, test_equal);
    tcase_add_test(tcase, test_index);
    tcase_add_loop_test(tcase, test_broadcast, 0, 9);
    tcase_add_test(tcase, test_walk_merges);
    suite_add_tcase(suite, tcase);
    TCase *walks = tcase_create("walks");
    tcase_set_tags(walks, "long");
    tcase_add_test(walks, test_walk);
    suite_add_tcase(suite, walks);
    return suite;
}
