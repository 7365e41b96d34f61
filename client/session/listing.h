/* listing.h - the list of a room's people on entering it, page by page. */
#ifndef CONCLAVE_SESSION_LISTING_H
#define CONCLAVE_SESSION_LISTING_H

#include "client/session/outgoing.h"
#include "client/session/parties.h"
#include "client/session/roster.h"
#include "shared/proto/control.h"

struct listing {
	const struct parties *parties; /* borrowed, like the next two */
	struct roster *roster;
	struct outgoing *out;
	uint32_t after; /* the last member of the last page; 0 at the start */
};

/* Takes a page; `member` is the user's own number. *more: the list is not
 * complete, and the next page was asked for. ERR_MEMBER: somebody is out of
 * order, or not as in an earlier page or notice; or the complete list lacks
 * us. */
int listing_page(struct listing *l, const struct user_list *page,
    uint32_t member, bool *more) MUST_CHECK;

/* Asks parties_trust again about everyone of that name. */
void listing_meet_again(struct listing *l, const char *name);

#endif
