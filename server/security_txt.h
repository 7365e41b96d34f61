/* security_txt.h - `conclaved --security-txt`: the file that says whom to tell
 * of a flaw (RFC 9116), for the web server of the same host to serve as
 * /.well-known/security.txt. */
#ifndef CONCLAVED_SECURITY_TXT_H
#define CONCLAVED_SECURITY_TXT_H

#include <time.h>

#include "shared/wire/bytes.h"

/* NULL, or what is wrong with a contact: it has to be a mailto:, https: or tel:
 * address of printable ASCII. */
const char *security_txt_wrong(const char *contact);
/* Appends the file. It is good for 364 days from `now`: RFC 9116 recommends
 * less than a year. ERR_NOMEM, ERR_LIMIT. */
int security_txt(struct buf *out, const char *contact, time_t now) MUST_CHECK;

#endif
