/* Text from outside, on its way to a terminal. */
#include "cmd/text.h"

#include <stdio.h>

#include <tril/ctx.h>

const char *text_shown(const char *text)
{
    enum { ROOMS = 8, LONGEST = 4096 };
    static char rooms[ROOMS][LONGEST];
    static unsigned next;
    char *room = rooms[next++ % ROOMS];
    snprintf(room, LONGEST, "%s", text);
    return tril_printable(room);
}
