#include "support.h"
Suite *suite_dist_low_rank(void)
{
    Suite *suite = suite_create("dist/low_rank");
    return suite;
}
