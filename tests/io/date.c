/* Dates and times in text; days as Python's datetime counts them. */
#include "io/date.h"

#include <math.h>

#include "support.h"

#define CLOCK(h, m, s) (((h)*3600 + (m)*60 + (s)) / 86400.)
#define NONE ((double)NAN)

static const struct {
    const char *text;
    tril_date_form form;
    double days;
} dates[] = {
    { "2021-03-01", TRIL_YMD, 18687 },
    { " 2021-03-01 ", TRIL_YMD, 18687 },
    { "2021/3/1", TRIL_YMD, 18687 },
    { "2021.03.01", TRIL_YMD, 18687 },
    { "2021-03", TRIL_YMD, 18687 },
    { "1969-12-31", TRIL_YMD, -1 },
    { "2000-02-29", TRIL_YMD, 11016 },
    { "1900-03-01", TRIL_YMD, -25508 },
    { "1600-01-01", TRIL_YMD, -135140 },
    { "2021-03-01T06:00", TRIL_YMD, 18687.25 },
    { "2021-03-01 06:00:00.000", TRIL_YMD, 18687.25 },
    { "2021-03-01T06:00:00Z", TRIL_YMD, 18687.25 },
    { "2021-03-01T06:00:00+02:00", TRIL_YMD, 18687 + CLOCK(4, 0, 0) },
    { "2021-03-01T06:00:00-0530", TRIL_YMD, 18687 + CLOCK(11, 30, 0) },
    { "2021-03-01T06:00:00+02", TRIL_YMD, 18687 + CLOCK(4, 0, 0) },
    { "1.3.2021", TRIL_DMY, 18687 },
    { "01.03.21", TRIL_DMY, 18687 },
    { "01/03/2021", TRIL_DMY, 18687 },
    { "1-Mar-2021", TRIL_DMY, 18687 },
    { "1 March 2021, 6:00 PM", TRIL_DMY, 18687.75 },
    { "03/01/2021", TRIL_MDY, 18687 },
    { "3/1/21 12:00 am", TRIL_MDY, 18687 },
    { "Mar 1, 2021", TRIL_MDY, 18687 },
    { "31/12/24", TRIL_DMY, 20088 },
    { "1.1.68", TRIL_DMY, 35794 },
    { "1.1.69", TRIL_DMY, -365 },
    { "00:20", TRIL_TIME, CLOCK(0, 20, 0) },
    { "23:59:59", TRIL_TIME, CLOCK(23, 59, 59) },
    { "6:30 pm", TRIL_TIME, CLOCK(18, 30, 0) },
    /* none */
    { "", TRIL_YMD, NONE },
    { "2021", TRIL_YMD, NONE },
    { "2021/03", TRIL_YMD, NONE },
    { "2021-13-01", TRIL_YMD, NONE },
    { "2021-02-29", TRIL_YMD, NONE },
    { "1900-02-29", TRIL_YMD, NONE },
    { "2021-03-00", TRIL_YMD, NONE },
    { "2021-03/01", TRIL_YMD, NONE },
    { "2021-03-01x", TRIL_YMD, NONE },
    { "2021-03-01T", TRIL_YMD, 18687 },
    { "2021-03-01 25:00", TRIL_YMD, NONE },
    { "2021-03-01 06:60", TRIL_YMD, NONE },
    { "2021-03-01 06:00+01:0", TRIL_YMD, NONE },
    { "2021-03-01 06:00+1", TRIL_YMD, NONE },
    { "21-03-01", TRIL_YMD, NONE },
    { "13/01/2021", TRIL_MDY, NONE },
    { "1.3.2021", TRIL_MDY, NONE },
    { "1.3.021", TRIL_DMY, NONE },
    { "1-Foo-2021", TRIL_DMY, NONE },
    { "13:00 pm", TRIL_TIME, NONE },
    { "12", TRIL_TIME, NONE },
    { "192.168.1.1", TRIL_DMY, NONE },
};

START_TEST(test_read)
{
    const double days = tril_date_read(dates[_i].text, dates[_i].form);
    if (isnan(dates[_i].days))
        ck_assert_msg(isnan(days), "'%s' is %g", dates[_i].text, days);
    else
        ck_assert_double_eq_tol(days, dates[_i].days, 1e-9);
}
END_TEST

/* each day of 800 years is one more than the last */
START_TEST(test_calendar)
{
    double before = tril_date_read("1599-12-31", TRIL_YMD);
    char text[16];
    for (int y = 1600; y < 2400; y++)
        for (int m = 1; m <= 12; m++)
            for (int d = 1; d <= 31; d++) {
                snprintf(text, sizeof text, "%d-%02d-%02d", y, m, d);
                const double days = tril_date_read(text, TRIL_YMD);
                if (isnan(days))
                    continue;
                if (days != before + 1)
                    ck_abort_msg("%s is day %g after %g", text, days, before);
                before = days;
            }
    ck_assert_double_eq(before, tril_date_read("2400-1-1", TRIL_YMD) - 1);
}
END_TEST

Suite *suite_io_date(void)
{
    Suite *suite = suite_create("io/date");
    TCase *tcase = tcase_create("date");
    tcase_add_loop_test(tcase, test_read, 0, sizeof dates / sizeof *dates);
    tcase_add_test(tcase, test_calendar);
    suite_add_tcase(suite, tcase);
    return suite;
}
