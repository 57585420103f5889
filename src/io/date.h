/* Dates and times as text. */
#ifndef TRIL_IO_DATE_H
#define TRIL_IO_DATE_H

/* How a date is written, see tril_table_dates. */
typedef enum tril_date_form {
    TRIL_NO_DATE,
    TRIL_YMD,
    TRIL_MDY,
    TRIL_DMY,
    TRIL_TIME,
    TRIL_DATE_FORMS
} tril_date_form;
extern const char *const tril_date_forms[TRIL_DATE_FORMS + 1]; /* names between two NULLs */

tril_date_form tril_date_find(const char *name);

/* Days since 1970-01-01, or of TRIL_TIME since midnight; NaN where the text is none. */
double tril_date_read(const char *text, tril_date_form form);

#endif
