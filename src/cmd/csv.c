/* Cells of CSV files, and lines of figures. */
#include "cmd/csv.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "cmd/text.h"

void csv_text(FILE *to, const char *const *parts)
{
    const bool terminal = isatty(fileno(to));
    bool quoted = false;
    for (size_t i = 0; parts[i]; i++)
        quoted |= parts[i][strcspn(parts[i], ",\"\r\n")] != 0;
    if (quoted)
        fputc('"', to);
    for (size_t i = 0; parts[i]; i++)
        for (const char *p = terminal ? text_shown(parts[i]) : parts[i]; *p; p++) {
            if (*p == '"')
                fputc('"', to);
            fputc(*p, to);
        }
    if (quoted)
        fputc('"', to);
}

void csv_number(FILE *to, double x)
{
    if (!isnan(x))
        fprintf(to, "%.9g", x);
}

void csv_figure(const char *rows, const char *measure, const char *of, double number, double value)
{
    if (isnan(value))
        return;
    printf("%s,%s,", rows, measure);
    if (of)
        csv_text(stdout, (const char *[]){ of, NULL });
    else
        csv_number(stdout, number);
    printf(",");
    csv_number(stdout, value);
    printf("\n");
}
