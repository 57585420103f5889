/* Random bytes for a fuzzer, with any compiler: SEED RUNS SECONDS, 0 where there is no limit. Run N
 * has the same bytes whatever the runs before it; where it breaks, its number is told, and
 * SEED RUNS SECONDS N runs that one alone. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { MOST = 256 };

static uint64_t seed, state;
static volatile uint64_t run;

static uint64_t next(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static void on_signal(int number)
{
    char text[128];
    int n = snprintf(text, sizeof text, "signal %d in run %" PRIu64 " of seed %" PRIu64 "\n",
                     number, run, seed);
    if (write(STDERR_FILENO, text, (size_t)n) != n)
        _exit(2);
    signal(number, SIG_DFL);
    raise(number);
}

static void run_one(void)
{
    uint8_t bytes[MOST];
    state = seed;
    state = next() ^ run;
    state = next();
    const size_t size = next() % (MOST + 1);
    for (size_t i = 0; i < MOST; i += sizeof state) {
        const uint64_t x = next();
        memcpy(bytes + i, &x, sizeof x);
    }
    /* what does not end within these seconds of its own is broken */
    const struct itimerval long_enough = { .it_value = { .tv_sec = 30 } };
    setitimer(ITIMER_PROF, &long_enough, NULL);
    LLVMFuzzerTestOneInput(bytes, size);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "Usage: %s SEED RUNS SECONDS [RUN]\n", argv[0]);
        return 2;
    }
    const int watched[] = { SIGABRT, SIGSEGV, SIGFPE, SIGPROF };
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
        signal(watched[i], on_signal);
    seed = strtoull(argv[1], NULL, 10);
    const uint64_t runs = strtoull(argv[2], NULL, 10);
    const long seconds = strtol(argv[3], NULL, 10);
    if (argc > 4) {
        run = strtoull(argv[4], NULL, 10);
        run_one();
        return 0;
    }
    const time_t begin = time(NULL);
    for (; (!runs || run < runs) && (!seconds || time(NULL) - begin < seconds); run++)
        run_one();
    printf("%" PRIu64 " runs of seed %" PRIu64 " in %ld s\n", run, seed,
           (long)(time(NULL) - begin));
    return 0;
}
