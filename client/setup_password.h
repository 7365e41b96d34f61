/* setup_password.h - the last part of setup.h: whose password is proved to the
 * server, and which one is set for the user's account after that. */
#ifndef CONCLAVE_SETUP_PASSWORD_H
#define CONCLAVE_SETUP_PASSWORD_H

#include "client/options.h"

struct setup_password {
	const char *server, *own_path; /* borrowed: see setup.h */
	/* hello.account, and whose password options.password is. */
	char account[WIRE_NAME_MAX + 1];
	enum client_options_account whose; /* never AUTO */
	struct buf own; /* secret: the password to set after entry, or empty */
};
/* Chooses s->whose and s->account, and asks for what is missing. With an invite the
 * password given, or asked for twice, is the new one of the user's own, and
 * o->password becomes the invite's secret. */
int setup_password(struct setup_password *s, struct client_options *o,
    struct errmsg *why) MUST_CHECK;

#endif
