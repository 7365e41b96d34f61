/* own_password.h - sets the password of the user's own account: computes what the
 * server keeps of it (jobs.h), asks the server, and makes the next connection use
 * it. The server never sees the password. */
#ifndef CONCLAVE_OWN_PASSWORD_H
#define CONCLAVE_OWN_PASSWORD_H

#include "client/jobs.h"
#include "client/session/session.h"

enum own_password_state {
	OWN_PASSWORD_IDLE,
	OWN_PASSWORD_WANTED, /* waits for a link */
	OWN_PASSWORD_COMPUTING,
	OWN_PASSWORD_ASKED, /* the server is to answer */
};

struct own_password {
	struct jobs *jobs; /* these four are borrowed */
	struct session *session;
	const char *name;
	struct buf *next; /* secret: the password of the next connection */
	enum own_password_state state;
	struct buf wanted; /* secret; empty: none any more */
	uint8_t salt[WIRE_NONCE];
	uint32_t req;
	bool decided, has;   /* it was set, or taken away, in this run */
	bool kept, kept_has; /* what own_accounts.h was told last */
};

void own_password_init(struct own_password *o, struct jobs *jobs,
    struct session *session, const char *name, struct buf *next);
void own_password_free(struct own_password *o); /* wipes */

/* Wants a copy of this password; an empty one: none any more. ERR_STATE: another
 * one is being set. ERR_NOMEM. */
int own_password_set(struct own_password *o, const struct buf *pw) MUST_CHECK;
/* The same for the one that was chosen at the start, if any; frees it. */
int own_password_first(struct own_password *o, struct buf *pw) MUST_CHECK;
/* Goes on where it can; a result of the jobs may be ready. A failure is told
 * once, and ends it. */
int own_password_step(struct own_password *o, struct errmsg *why) MUST_CHECK;
/* The answer of the server, if this event is it. */
void own_password_event(struct own_password *o, const struct event *e);

/* Whether the account has one, as far as is known: *has. False: not known. */
bool own_password_known(const struct own_password *o, bool *has);
/* Notes it for the next start, which asks for that password (own_accounts.h),
 * where it has changed. path NULL: nowhere. Codes are own_accounts_keep's. */
int own_password_keep(
    struct own_password *o, const char *path, struct errmsg *why) MUST_CHECK;

#endif
