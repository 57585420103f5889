/* Lists of names. */
#include "cmd/names.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"

/* takes the quotes off a name that begins with one; its end */
static char *unquote(char *name, char at)
{
    char *to = name, *p = name + 1;
    for (; *p && (*p != '"' || p[1] == '"'); p++) {
        p += *p == '"';
        *to++ = *p;
    }
    p += *p == '"';
    while (*p && *p != at)
        *to++ = *p++;
    char *end = *p ? p : NULL;
    *to = 0;
    return end;
}

bool names_split_at(names *list, const char *text, char at)
{
    size_t most = 1;
    for (const char *p = text; *p; p++)
        most += *p == at;
    *list = (names){ .name = command_alloc(most, sizeof *list->name), .text = text_join(text, "") };
    if (!list->name || !list->text)
        return false;
    for (char *p = list->text; *text && p; list->n++) {
        list->name[list->n] = p;
        p = *p == '"' ? unquote(p, at) : strchr(p, at);
        if (p)
            *p++ = 0;
    }
    return true;
}

bool names_split(names *list, const char *text)
{
    return names_split_at(list, text, ',');
}

bool names_hold(const names *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(name, list->name[i]) == 0)
            return true;
    return false;
}

void names_free(names *list)
{
    free(list->name);
    free(list->text);
    *list = (names){ 0 };
}

char *text_join(const char *text, const char *end)
{
    const size_t length = strlen(text), more = strlen(end) + 1;
    char *joined = command_alloc(length + more, 1);
    if (joined) {
        memcpy(joined, text, length);
        memcpy(joined + length, end, more);
    }
    return joined;
}
