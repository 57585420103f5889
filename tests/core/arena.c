/* The arena: alignment, marks, blocks that stay. */
#include "core/arena.h"

#include <string.h>

#include "support.h"

START_TEST(test_pieces)
{
    enum { N = 180 };
    unsigned char *pieces[N];
    counting counter = { 0 };
    tril_arena arena = { .ctx = counting_ctx(&counter) };
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < N; i++) {
            pieces[i] = tril_arena_take(&arena, "test", i, 3);
            ck_assert_ptr_nonnull(pieces[i]);
            ck_assert_uint_eq((uintptr_t)pieces[i] % 64, 0);
            memset(pieces[i], (int)(i % 251), 3 * i);
        }
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < 3 * i; j++)
                ck_assert_uint_eq(pieces[i][j], i % 251);
        /* the second filling is the first once more */
        static unsigned char *first;
        static size_t allocations, bytes;
        ck_assert(round == 0 || (pieces[N - 1] == first && arena.bytes == bytes &&
                                 counter.allocations == allocations));
        first = pieces[N - 1];
        allocations = counter.allocations;
        bytes = arena.bytes;
        tril_arena_reset(&arena);
    }
    ck_assert_uint_gt(counter.blocks, 3);
    tril_arena_free(&arena);
    ck_assert_uint_eq(counter.blocks, 1);
    ck_assert_uint_eq(arena.bytes, 0);
    ck_assert_ptr_nonnull(tril_arena_take(&arena, "test", 1, 1));
    tril_arena_free(&arena);
    tril_ctx_free(arena.ctx);
}
END_TEST

/* sizes in bytes: within the first block, beyond it, and from an arena that has none */
START_TEST(test_marks)
{
    static const struct {
        size_t before, after;
    } sizes[] = { { 100, 200 }, { 100, 20000 }, { 16384, 1 }, { 0, 30000 }, { 20000, 100000 } };
    tril_arena arena = { .ctx = tril_ctx_new(NULL) };
    if (sizes[_i].before)
        tril_arena_take(&arena, "test", 1, sizes[_i].before);
    tril_arena_mark mark = tril_arena_here(&arena);
    void *first = tril_arena_take(&arena, "test", 1, sizes[_i].after);
    size_t bytes = arena.bytes;
    for (int i = 0; i < 3; i++) {
        tril_arena_back(&arena, mark);
        ck_assert_ptr_eq(tril_arena_take(&arena, "test", 1, sizes[_i].after), first);
    }
    ck_assert_uint_eq(arena.bytes, bytes);
    tril_arena_free(&arena);
    tril_ctx_free(arena.ctx);
}
END_TEST

START_TEST(test_too_much)
{
    tril_arena arena = { .ctx = tril_ctx_new(NULL) };
    ck_assert_ptr_null(tril_arena_take(&arena, "test", SIZE_MAX / 2, 4));
    ck_failed(arena.ctx, TRIL_OUT_OF_MEMORY, "test: out of memory, 9223372036854775807 times 4");
    /* no piece at all is no failure */
    ck_assert_ptr_nonnull(tril_arena_take(&arena, "test", 0, 8));
    ck_assert_ptr_nonnull(tril_arena_take(&arena, "test", 8, 0));
    ck_fine(arena.ctx);
    tril_arena_free(&arena);
    tril_ctx_free(arena.ctx);
}
END_TEST

Suite *suite_core_arena(void)
{
    Suite *suite = suite_create("core/arena");
    TCase *tcase = tcase_create("arena");
    tcase_add_test(tcase, test_too_much);
    suite_add_tcase(suite, tcase);
    TCase *blocks = tcase_create("blocks");
    tcase_set_tags(blocks, "blocks"); /* of an arena, which sanitizers' builds do not have */
    tcase_add_test(blocks, test_pieces);
    tcase_add_loop_test(blocks, test_marks, 0, 5);
    suite_add_tcase(suite, blocks);
    return suite;
}
