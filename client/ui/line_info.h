/* line_info.h - /info: who wrote a message when, and its earlier texts. */
#ifndef CONCLAVE_UI_LINE_INFO_H
#define CONCLAVE_UI_LINE_INFO_H

#include "client/ui/scrollback.h"

/* Tells it of a line that is a message; a text of several lines in one call. */
void line_info(const struct line *l,
    void (*tell)(void *arg, const char *text, size_t n), void *arg);

#endif
