/* Runs every suite in tests/: suites.h lists them, made by the Makefile from the code. "run K N"
 * runs every Nth of them from number K on: a part, for several to run side by side. */
#include <check.h>
#include <stdlib.h>

#define X(suite) Suite *suite(void);
#include "suites.h"
#undef X

int main(int argc, char **argv)
{
    const long part = argc == 3 ? atol(argv[1]) : 0, parts = argc == 3 ? atol(argv[2]) : 1;
    long number = 0;
    SRunner *runner = srunner_create(NULL);
#define X(suite)                                                                                   \
    if (number++ % parts == part)                                                                  \
        srunner_add_suite(runner, suite());
#include "suites.h"
#undef X
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner), run = srunner_ntests_run(runner);
    srunner_free(runner);
    return failed || run == 0;
}
