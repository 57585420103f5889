#include "support.h"
Suite *suite_dist_mvt(void)
{
    return suite_create("dist/mvt");
}
