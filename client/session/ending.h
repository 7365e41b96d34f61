/* ending.h - why a connection ends, whether to retry, and the program's exit
 * status if not. Pure. */
#ifndef CONCLAVE_SESSION_ENDING_H
#define CONCLAVE_SESSION_ENDING_H

#include <stdbool.h>

#include "shared/os/exit.h"
#include "shared/base/err.h"
#include "shared/tls/tls.h"
#include "shared/wire/wire.h"

struct ending {
	bool again; /* reconnecting may help */
	bool hint;  /* anybody on the way can cause it: nothing of it is
		       authenticated */
	bool told;  /* the server said so; false: we found out */
	enum exit_status exit_status;
	enum wire_code code;
	char word[WIRE_CODE_MAX + 1];
	char text[WIRE_SHORT_TEXT_MAX + 128]; /* a sentence */
};

struct ending ending_make(bool again, enum exit_status exit_status,
    enum wire_code code, const char *text);
/* The user quits. */
struct ending ending_user(void);
/* Somebody has another log of a room, and the user wants to know no more. */
struct ending ending_fork(void);
/* This machine may be a copy of another that goes on with the same keys. */
struct ending ending_copied(void);
/* The server gave a code. proved: it came in a record. */
struct ending ending_refused(
    enum wire_code code, const char *word, const char *text, bool proved);
/* For all we know, the server has kept to the protocol. */
bool ending_honest(const struct ending *e);
/* The server has no place for us, or somebody has our name: that may pass.
 * ending_waiting is that ending with a sentence that says so. */
bool ending_may_pass(const struct ending *e);
struct ending ending_waiting(const struct ending *e);
/* TLS has failed; `why` says how. */
struct ending ending_tls(enum tls_fault fault, const char *why);
/* An error of the handshake or of a room. authentic: what the error was found
 * in came under the keys of a link. */
struct ending ending_error(int err, bool authentic);

#endif
