/* Events, as in 'y > 3 & z < 0': what --probability asks about. */
#ifndef CMD_EVENTS_H
#define CMD_EVENTS_H

#include <tril/tril.h>

typedef struct events {
    const char **text; /* of each, as it was said */
    size_t n;
    double *bounds; /* [n, 2, targets]: as tril_evaluation has them */
    bool *drawn;    /* which are found by draws: of more than two targets */
} events;

/* Reads the texts, which may not ask about known targets, [targets] (NULL: there are none); false
 * after a sentence, or without memory. */
bool events_read(events *e, const tril_model_info *about, const bool *known, const char *program);
void events_free(events *e);

#endif
