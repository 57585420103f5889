/* Runs every suite in tests/: suites.h lists them, made by the Makefile from the code. */
#include <check.h>
#include <stdlib.h>

#define X(suite) Suite *suite(void);
#include "suites.h"
#undef X

int main(void)
{
    SRunner *runner = srunner_create(NULL);
#define X(suite) srunner_add_suite(runner, suite());
#include "suites.h"
#undef X
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner), run = srunner_ntests_run(runner);
    srunner_free(runner);
    return failed || run == 0;
}
