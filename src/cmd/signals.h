/* Signals that end a command: SIGINT, SIGTERM, SIGHUP. */
#ifndef CMD_SIGNALS_H
#define CMD_SIGNALS_H

#include <stdbool.h>

/* From here on they remove temporary files before they end the program. */
void signals_begin(void);

/* From here on the first one is only remembered, and the second one ends the program. */
void signals_postpone(void);

/* Whether there was one. */
bool signals_came(void);

#endif
