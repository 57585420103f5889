/* Random streams against the published test vectors of Philox 4x32-10, and their moments. */
#include <math.h>
#include <string.h>

#include "support.h"

/* the vectors that come with Random123 (kat_vectors, philox4x32 10), as the first uniforms of a stream */
START_TEST(test_known_answers)
{
    static const struct {
        uint64_t seed, stream, position;
        uint32_t words[4];
    } known[] = {
        { 0, 0, 0, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
        { UINT64_MAX, UINT64_MAX, UINT64_MAX, { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
        { 0x299f31d0a4093822,
          0x0370734413198a2e,
          0x85a308d3243f6a88,
          { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
    };
    for (size_t i = 0; i < 3; i++) {
        tril_random r = { known[i].seed, known[i].stream, known[i].position };
        tril_real u[2];
        tril_random_uniform(&r, u, 2);
        for (int k = 0; k < 2; k++) {
            uint64_t bits = (uint64_t)known[i].words[2 * k + 1] << 32 | known[i].words[2 * k];
            double wanted = (double)bits * 0x1p-64;
            ck_assert_double_le(fabs((double)u[k] - wanted), IS_DOUBLE ? 0x1p-52 : 0x1p-23);
        }
        ck_assert_uint_eq(r.position, known[i].position + 1);
    }
}
END_TEST

Suite *suite_core_random(void)
{
    Suite *suite = suite_create("core/random");
    TCase *tcase = tcase_create("random");
    tcase_add_test(tcase, test_known_answers);
    suite_add_tcase(suite, tcase);
    return suite;
}
