/* Lists of names. */
#ifndef CMD_NAMES_H
#define CMD_NAMES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct names {
    const char **name;
    size_t n;
    char *text; /* in which they stand */
} names;

/* Splits "a,b,c"; a name with commas stands in quotes, as in CSV; an empty text is no names. False
 * where memory ran out. */
bool names_split(names *list, const char *text);
bool names_split_at(names *list, const char *text, char at);
bool names_hold(const names *list, const char *name);
void names_free(names *list);

/* A copy of a text with another behind it; NULL where memory ran out. */
char *text_join(const char *text, const char *end);

#endif
