/* Random streams against the published test vectors of Philox 4x32-10, and their moments. */
#include <math.h>
#include <string.h>

#include "support.h"

/* the vectors that come with Random123 (kat_vectors, philox4x32 10), as the first uniforms of a
 * stream */
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

/* ---- how numbers are spread: at a fixed seed, within four standard deviations of what is expected
 * */

enum { N = 100001, BINS = 64 };
static tril_real draws[N];

/* chi-square of counts that are all expected to be the same, in its own standard deviations */
static double chi_square(const size_t *counts, size_t bins, size_t n)
{
    double sum = 0, expected = (double)n / (double)bins, freedom = (double)bins - 1;
    for (size_t i = 0; i < bins; i++)
        sum += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
    return (sum - freedom) / sqrt(2 * freedom);
}

/* x^order on average */
static double moment(int order)
{
    double sum = 0;
    for (size_t i = 0; i < N; i++)
        sum += pow((double)draws[i], order);
    return sum / N;
}

/* how much a number knows of the next but `lag - 1` */
static double correlation(size_t lag)
{
    double mean = moment(1), variance = moment(2) - mean * mean, sum = 0;
    for (size_t i = 0; i + lag < N; i++)
        sum += ((double)draws[i] - mean) * ((double)draws[i + lag] - mean);
    return sum / (double)(N - lag) / variance;
}

static void check_spread(double (*distribution_function)(double))
{
    size_t counts[BINS] = { 0 };
    for (size_t i = 0; i < N; i++) {
        double u = distribution_function((double)draws[i]);
        if (!(u >= 0 && u < 1)) /* each ck_assert is a write to a file: too slow here */
            ck_abort_msg("number %zu is %g", i, (double)draws[i]);
        counts[(size_t)(u * BINS)]++;
    }
    double x = chi_square(counts, BINS, N);
    ck_assert_msg(fabs(x) < 4, "chi-square is %g standard deviations off", x);
    for (size_t lag = 1; lag <= 3; lag++)
        ck_close(correlation(lag), 0., 4 / sqrt(N), 1.);
}

static double identity(double x)
{
    return x;
}

static double normal_distribution(double x)
{
    return erfc(-x / sqrt(2)) / 2;
}

START_TEST(test_uniform)
{
    tril_random r = tril_random_stream(3, (uint64_t)_i);
    tril_random_uniform(&r, draws, N);
    ck_assert_uint_eq(r.position, (N + 1) / 2);
    tril_real least = 1, most = 0;
    for (size_t i = 0; i < N; i++) {
        least = draws[i] < least ? draws[i] : least;
        most = draws[i] > most ? draws[i] : most;
    }
    ck_assert(least > 0 && most < 1);
    check_spread(identity);
    ck_close(moment(1), 0.5, 4 * sqrt(1. / 12 / N), 1.);
    ck_close(moment(2), 1. / 3, 4 * sqrt(4. / 45 / N), 1.);
}
END_TEST

START_TEST(test_normal)
{
    tril_random r = tril_random_stream(4, (uint64_t)_i);
    tril_random_normal(&r, draws, N);
    check_spread(normal_distribution);
    static const double wanted[4] = { 0, 1, 0, 3 }, variance[4] = { 1, 2, 15, 96 };
    for (int k = 0; k < 4; k++)
        ck_close(moment(k + 1), wanted[k], 4 * sqrt(variance[k] / N), 1.);
}
END_TEST

START_TEST(test_odd_counts)
{
    void (*const draw[2])(tril_random *, tril_real *, size_t) = { tril_random_uniform,
                                                                  tril_random_normal };
    tril_random whole = tril_random_stream(5, 0), part = whole;
    tril_real six[6], five[6] = { 0, 0, 0, 0, 0, 77 };
    draw[_i](&whole, six, 6);
    draw[_i](&part, five, 5);
    ck_assert_mem_eq(five, six, 5 * sizeof *six);
    ck_assert(five[5] == 77);
    ck_assert_uint_eq(part.position, 3);
    draw[_i](&part, five, 0);
    ck_assert_uint_eq(part.position, 3);
}
END_TEST

START_TEST(test_streams)
{
    tril_random streams[4] = { tril_random_stream(1, 0), tril_random_stream(1, 1),
                               tril_random_stream(2, 0), tril_random_stream(1, (uint64_t)1 << 40) };
    tril_real x[4][8];
    for (size_t i = 0; i < 4; i++)
        tril_random_uniform(&streams[i], x[i], 8);
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < i; j++)
            for (size_t k = 0; k < 8; k++)
                ck_assert(x[i][k] != x[j][k]);
    /* set back, a stream begins again */
    streams[0].position = 1;
    tril_random_uniform(&streams[0], x[1], 6);
    ck_assert_mem_eq(x[1], x[0] + 2, 6 * sizeof **x);
}
END_TEST

START_TEST(test_below)
{
    size_t counts[7] = { 0 };
    tril_random r = tril_random_stream(6, 0);
    for (size_t i = 0; i < 70000; i++) {
        size_t x = tril_random_below(&r, 7);
        if (x >= 7)
            ck_abort_msg("number %zu is %zu", i, x);
        counts[x]++;
    }
    ck_assert_double_lt(chi_square(counts, 7, 70000), 4);
    ck_assert_uint_eq(tril_random_below(&r, 0), 0);
    ck_assert_uint_eq(tril_random_below(&r, 1), 0);
    /* a range that does not divide 2^64 well: without the second draw the lower half would come
     * up twice as often */
    const size_t large = SIZE_MAX / 4 * 3;
    size_t halves[2] = { 0 }, most = 0;
    for (size_t i = 0; i < 10000; i++) {
        size_t x = tril_random_below(&r, large);
        most = x > most ? x : most;
        halves[x >= large / 2]++;
    }
    ck_assert_uint_lt(most, large);
    ck_assert_double_lt(chi_square(halves, 2, 10000), 4);
}
END_TEST

/* all orders of five come up equally often */
START_TEST(test_shuffle)
{
    size_t counts[120] = { 0 };
    tril_random r = tril_random_stream(7, 0);
    for (size_t round = 0; round < 60000; round++) {
        size_t x[5] = { 0, 1, 2, 3, 4 }, number = 0, seen = 0;
        tril_random_shuffle(&r, x, 5);
        for (size_t i = 0; i < 5; i++) {
            size_t smaller = 0;
            for (size_t j = i + 1; j < 5; j++)
                smaller += x[j] < x[i];
            number = number * (5 - i) + smaller;
            seen |= (size_t)1 << x[i];
        }
        if (seen != 31)
            ck_abort_msg("round %zu: no order of five", round);
        counts[number]++;
    }
    ck_assert_double_lt(chi_square(counts, 120, 60000), 4);
    size_t one = 9;
    tril_random_shuffle(&r, &one, 1);
    tril_random_shuffle(&r, NULL, 0);
    ck_assert_uint_eq(one, 9);
}
END_TEST

Suite *suite_core_random(void)
{
    Suite *suite = suite_create("core/random");
    TCase *tcase = tcase_create("random");
    tcase_add_test(tcase, test_known_answers);
    tcase_add_loop_test(tcase, test_odd_counts, 0, 2);
    tcase_add_test(tcase, test_streams);
    suite_add_tcase(suite, tcase);
    TCase *spread = tcase_create("spread");
    tcase_set_tags(spread, "long");
    tcase_add_loop_test(spread, test_uniform, 0, 3);
    tcase_add_loop_test(spread, test_normal, 0, 3);
    tcase_add_test(spread, test_below);
    tcase_add_test(spread, test_shuffle);
    suite_add_tcase(suite, spread);
    return suite;
}
