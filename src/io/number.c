/* Numbers as they stand in text. */
#include "io/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool tril_c_locale_begin(tril_c_locale *locale, tril_ctx *ctx, const char *what)
{
    locale->c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale->before = uselocale(locale->c); /* asks only, if there is none */
    return locale->c || tril_ctx_fail(ctx, TRIL_OUT_OF_MEMORY, "%s: out of memory", what);
}

void tril_c_locale_end(tril_c_locale *locale)
{
    uselocale(locale->before);
    freelocale(locale->c);
}

/* digits / 10^places as the nearest double: the quotient and what is left of it. False where the
 * two ends of the remainder's own error would be rounded to different numbers, which is rare. */
static bool divide(uint64_t digits, unsigned places, double *x)
{
    static const double ten[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 }; /* exact */
    if (places >= sizeof ten / sizeof *ten)
        return false;
    double high = (double)digits, low = (double)(int64_t)(digits - (uint64_t)high);
    double quotient = high / ten[places];
    double rest = (fma(-quotient, ten[places], high) + low) / ten[places];
    *x = quotient + rest * (1 - 0x1p-50);
    return *x == quotient + rest * (1 + 0x1p-50);
}

/* Most numbers of most tables: up to 18 digits and a point. Twice as fast as strtod. */
static bool read_plain(const char *text, const char *end, double *x)
{
    enum { MOST = 18 };
    const char *p = text + (*text == '-' || *text == '+');
    uint64_t digits = 0;
    unsigned significant = 0, count = 0, places = 0;
    bool point = false;
    for (; p < end; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        significant += digits || digit;
        if (digit > 9 || significant > MOST)
            return false;
        digits = 10 * digits + digit;
        places += point;
        count++;
    }
    if (!count || !divide(digits, places, x))
        return false;
    *x = *text == '-' ? -*x : *x;
    return true;
}

double tril_number_read(const char *text, size_t length)
{
    double x;
    if (read_plain(text, text + length, &x))
        return x;
    char *end;
    x = strtod(text, &end);
    bool whole = end != text && end + strspn(end, " \t") == text + length;
    /* strtod knows hexadecimals too: words, to a reader of tables */
    return whole && !strpbrk(text, "xX") ? x : (double)NAN;
}

/* ---- as other countries and programs write them */

/* Marks of more than one byte, as the ones that they stand for: minus, apostrophe, blanks that do
 * not break. How many bytes it is. */
static size_t next_mark(const char *p, char *mark)
{
    static const struct {
        const char *bytes;
        char mark;
    } known[] = { { "\xE2\x88\x92", '-' },
                  { "\xE2\x80\x99", '\'' },
                  { "\xE2\x80\xAF", ' ' },
                  { "\xC2\xA0", ' ' } };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strncmp(p, known[i].bytes, strlen(known[i].bytes)) == 0)
            return *mark = known[i].mark, strlen(known[i].bytes);
    return *mark = *p, 1;
}

enum { LONGEST = 64 };

/* the text with one byte a mark and without blanks around it; false where it is too long */
static bool shorten(const char *text, size_t length, char out[LONGEST])
{
    size_t n = 0;
    for (const char *p = text, *end = text + length; p < end && n < LONGEST; n++)
        p += next_mark(p, &out[n]);
    if (n == LONGEST)
        return false;
    while (n && (out[n - 1] == ' ' || out[n - 1] == '\t'))
        n--;
    out[n] = 0;
    const size_t blanks = strspn(out, " \t");
    memmove(out, out + blanks, n + 1 - blanks);
    return true;
}

/* takes the marks between groups of three digits out of what stands before the decimal mark */
static bool join_groups(char *digits, char decimal)
{
    const char *p = digits;
    char *to = digits;
    size_t group = strspn(p, "0123456789");
    const char mark = p[group];
    const bool grouped = mark && mark != decimal && strchr(",.' ", mark);
    if (grouped && (group < 1 || group > 3 || *p == '0'))
        return false;
    for (;; group = strspn(p, "0123456789")) {
        if (p > digits && group != 3)
            return false;
        memmove(to, p, group);
        to += group;
        p += group;
        if (!grouped || *p != mark)
            break;
        p++;
    }
    memmove(to, p, strlen(p) + 1);
    return true;
}

double tril_number_read_as(const char *text, size_t length, char decimal)
{
    char plain[LONGEST];
    const double x = decimal == '.' ? tril_number_read(text, length) : (double)NAN;
    if (!isnan(x) || !shorten(text, length, plain))
        return x;
    if (!join_groups(plain + (*plain == '-' || *plain == '+'), decimal))
        return (double)NAN;
    if (decimal != '.') {
        char *mark = strchr(plain, decimal);
        if (strchr(plain, '.'))
            return (double)NAN;
        if (mark)
            *mark = '.';
    }
    return tril_number_read(plain, strlen(plain));
}

bool tril_bounds_read(const char *text, char decimal, double bounds[2])
{
    char first[LONGEST];
    text += strspn(text, " \t");
    const char side = *text == '<' || *text == '>' ? *text : 0, *dots = strstr(text, "..");
    const size_t length = dots ? (size_t)(dots - text) : LONGEST;
    if (!side && length >= LONGEST)
        return false;
    bounds[0] = -HUGE_VAL, bounds[1] = HUGE_VAL;
    const char *rest = side ? text + 1 : dots + 2;
    const double x = tril_number_read_as(rest, strlen(rest), decimal);
    bounds[side != '>'] = x;
    if (!side) {
        memcpy(first, text, length);
        first[length] = 0;
        bounds[0] = tril_number_read_as(first, length, decimal);
    }
    return isfinite(x) && (side || isfinite(bounds[0])) && bounds[0] < bounds[1];
}

tril_number_text tril_number_write(double x)
{
    tril_number_text out;
    int digits = 15;
    do
        snprintf(out.text, sizeof out.text, "%.*g", digits, x);
    while (strtod(out.text, NULL) != x && ++digits <= 17);
    return out;
}
