#include "support.h"
Suite *suite_dist_student_t(void)
{
    return suite_create("dist/student_t");
}
