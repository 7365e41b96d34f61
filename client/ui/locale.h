/* locale.h - the character set of the user's locale. */
#ifndef CONCLAVE_UI_LOCALE_H
#define CONCLAVE_UI_LOCALE_H

#include <stdbool.h>

/* Selects the locale of the environment. Where it names none, C, POSIX or one
 * that is not installed, this selects UTF-8: an unset locale does not mean that
 * the user wants ASCII. Call once, before there is a second thread. */
void locale_begin(void);

/* The name of the character set that the user chose if it is not UTF-8, such as
 * "ISO-8859-1"; else NULL. Borrowed until the next locale_begin. */
const char *locale_other(void);
/* Whether the C library's functions for characters know UTF-8. False also if no
 * UTF-8 locale is installed. */
bool locale_utf8(void);

#endif
