/* Lists of names. */
#include "cmd/names.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"

bool names_split(names *list, const char *text)
{
    size_t most = 1;
    for (const char *p = text; *p; p++)
        most += *p == ',';
    *list = (names){ .name = command_alloc(most, sizeof *list->name), .text = text_join(text, "") };
    if (!list->name || !list->text)
        return false;
    for (char *p = list->text; *text && p; list->n++) {
        list->name[list->n] = p;
        p = strchr(p, ',');
        if (p)
            *p++ = 0;
    }
    return true;
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
