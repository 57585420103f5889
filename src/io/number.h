/* Numbers as they stand in text. */
#ifndef TRIL_IO_NUMBER_H
#define TRIL_IO_NUMBER_H

#include <locale.h>

#include "core/ctx.h"

/* The thread's locale is C's from _begin, false where memory ran out, to _end: decimal points are
 * points, whatever the program's locale says. */
typedef struct tril_c_locale {
    locale_t c, before;
} tril_c_locale;
bool tril_c_locale_begin(tril_c_locale *locale, tril_ctx *ctx, const char *what);
void tril_c_locale_end(tril_c_locale *locale);

/* The number that the whole text is, in any decimal notation of C, blanks around it allowed;
 * infinite where it is too large, NaN where it is none. In C's locale. */
double tril_number_read(const char *text, size_t length);

/* The same of a number with this decimal mark, . or ,. Its digits may stand in groups of three,
 * with the other mark, an apostrophe or a blank between them. */
double tril_number_read_as(const char *text, size_t length, char decimal);

/* Whether the text says what a number is known to be: "<1" below, ">1" above, "1..2" between. Then
 * bounds has the lowest and the highest, an infinity where it is open. */
bool tril_bounds_read(const char *text, char decimal, double bounds[2]);

/* The shortest text that reads back as this finite number. In C's locale. */
typedef struct tril_number_text {
    char text[32];
} tril_number_text;
tril_number_text tril_number_write(double x);

#endif
