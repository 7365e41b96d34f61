/* whoami.h - who the user is to the server, as it says: the account, its role
 * there, whether it has a password of its own, and how many rooms it may be in. */
#ifndef CONCLAVE_SESSION_WHOAMI_H
#define CONCLAVE_SESSION_WHOAMI_H

#include "client/session/events.h"
#include "client/session/parties.h"
#include "shared/proto/notice.h"
#include "shared/proto/status.h"

struct whoami {
	bool welcomed; /* the server has said: */
	char account[WIRE_NAME_MAX + 1];
	bool password;
	enum role role;
	uint32_t rooms_max;
};
void whoami_init(struct whoami *t);
/* Takes a welcome, and queues EVENT_ROLE if the role is another one. */
int whoami_welcome(struct whoami *t, struct events *q,
    const struct welcome *w) MUST_CHECK;
/* The account has another device: queues EVENT_DEVICE. */
int whoami_device(const struct whoami *t, struct events *q,
    const struct parties *p, const struct device *d) MUST_CHECK;
/* Somebody in a room has another device: the same, for the room. The user's own
 * is told for the link alone. */
int whoami_told(const struct room_events *q, const struct parties *p,
    const struct notice_more *m) MUST_CHECK;

#endif
