/* Text from outside, on its way to a terminal. */
#ifndef CMD_TEXT_H
#define CMD_TEXT_H

/* A name, a path or an argument as a terminal may have it: see tril_printable. Valid until eight
 * more are shown. */
const char *text_shown(const char *text);

#endif
