/* Dates and times as text: ISO 8601, and the common forms of other countries and programs. */
#include "io/date.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const tril_date_forms[] = { NULL, "ymd", "mdy", "dmy", "time", NULL };

tril_date_form tril_date_find(const char *name)
{
    int form = TRIL_YMD;
    while (form < TRIL_DATE_FORMS && strcmp(tril_date_forms[form], name))
        form++;
    return (tril_date_form)form;
}

/* The readers of parts move *p behind what they have read, if it is there. */

static bool read_digits(const char **p, size_t least, size_t most, int *out)
{
    const size_t n = strspn(*p, "0123456789");
    if (n < least || n > most)
        return false;
    for (*out = 0; isdigit((unsigned char)**p); ++*p)
        *out = 10 * *out + (**p - '0');
    return true;
}

static bool read_char(const char **p, const char *choices, char *out)
{
    *out = **p;
    return *out && strchr(choices, *out) ? ++*p, true : false;
}

static bool read_month(const char **p, int *out)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (!isalpha((unsigned char)**p))
        return read_digits(p, 1, 2, out) && *out >= 1 && *out <= 12;
    for (*out = 1; *out <= 12; ++*out)
        if (strncasecmp(*p, names + 3 * (*out - 1), 3) == 0) {
            while (isalpha((unsigned char)**p))
                ++*p;
            return true;
        }
    return false;
}

/* what stands between two parts: the same mark each time; blanks and a comma beside names */
static bool read_mark(const char **p, const char *marks, char *mark)
{
    const char before = *mark;
    while (**p == ' ' || (**p == ',' && strchr(marks, ' ')))
        *mark = ' ', ++*p;
    return (*mark == ' ' && strchr(marks, ' ')) ||
           (read_char(p, marks, mark) && (!before || before == *mark));
}

static bool read_year(const char **p, int *out)
{
    const size_t n = strspn(*p, "0123456789");
    if (!read_digits(p, 2, 4, out) || n == 3)
        return false;
    *out += n == 4 ? 0 : *out < 69 ? 2000 : 1900;
    return true;
}

/* of the Gregorian calendar; Hinnant, "chrono-compatible low-level date algorithms" */
static bool count_days(int y, int m, int d, double *days)
{
    static const int longest[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    const bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    if (d < 1 || d > longest[m - 1] || (m == 2 && d == 29 && !leap))
        return false;
    y -= m <= 2;
    const int era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    const int of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    *days = era * 146097.0 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
    return true;
}

static bool read_date(const char **p, tril_date_form form, double *days)
{
    int y, m, d = 1;
    char mark = 0;
    if (form == TRIL_YMD) {
        if (strspn(*p, "0123456789") != 4 || !read_year(p, &y) || !read_mark(p, "-/.", &mark) ||
            !read_month(p, &m))
            return false;
        if (**p ? !read_mark(p, "-/.", &mark) || !read_digits(p, 1, 2, &d) : mark != '-')
            return false;
    } else if (form == TRIL_MDY) {
        const bool named = isalpha((unsigned char)**p);
        if (!read_month(p, &m) || !read_mark(p, named ? "- " : "-/", &mark) ||
            !read_digits(p, 1, 2, &d) || !read_mark(p, named ? "- " : "-/", &mark) ||
            !read_year(p, &y))
            return false;
    } else {
        if (!read_digits(p, 1, 2, &d) || !read_mark(p, "-/. ", &mark) || !read_month(p, &m) ||
            !read_mark(p, "-/. ", &mark) || !read_year(p, &y))
            return false;
    }
    return count_days(y, m, d, days);
}

/* hours and minutes, with seconds or without, AM or PM, and the zone, as a part of a day */
static bool read_time(const char **p, double *part)
{
    int h, m, s = 0, zone_h = 0, zone_m = 0;
    char c;
    double fraction = 0;
    if (!read_digits(p, 1, 2, &h) || !read_char(p, ":", &c) || !read_digits(p, 2, 2, &m) ||
        h > 24 || m > 59)
        return false;
    if (read_char(p, ":", &c) && (!read_digits(p, 2, 2, &s) || s > 60))
        return false;
    if (*p[0] == '.' || *p[0] == ',') {
        double scale = 1;
        for (++*p; isdigit((unsigned char)**p); ++*p)
            fraction += (**p - '0') * (scale /= 10);
    }
    *p += strspn(*p, " ");
    if (strncasecmp(*p, "am", 2) == 0 || strncasecmp(*p, "pm", 2) == 0) {
        if (h < 1 || h > 12)
            return false;
        h = h % 12 + (tolower((unsigned char)**p) == 'p' ? 12 : 0);
        *p += 2;
    }
    if (read_char(p, "+-", &c)) {
        if (!read_digits(p, 2, 4, &zone_h))
            return false;
        if (zone_h > 99)
            zone_m = zone_h % 100, zone_h /= 100;
        else if (read_char(p, ":", &(char){ 0 }) && !read_digits(p, 2, 2, &zone_m))
            return false;
        zone_h = c == '-' ? -zone_h : zone_h;
        zone_m = c == '-' ? -zone_m : zone_m;
    } else {
        read_char(p, "Zz", &c);
    }
    *part = ((h - zone_h) * 3600 + (m - zone_m) * 60 + s + fraction) / 86400;
    return true;
}

double tril_date_read(const char *text, tril_date_form form)
{
    double days = 0, part = 0;
    text += strspn(text, " \t");
    if (form != TRIL_TIME) {
        if (!read_date(&text, form, &days))
            return (double)NAN;
        const size_t between = strspn(text, "Tt ,");
        text += between;
        if (*text && between && !read_time(&text, &part))
            return (double)NAN;
    } else if (!read_time(&text, &part)) {
        return (double)NAN;
    }
    return text[strspn(text, " \t")] ? (double)NAN : days + part;
}
