/* direct_env.h - what the parts of direct messages share. All borrowed. For
 * client/session/direct*.c and letters.c only. */
#ifndef CONCLAVE_SESSION_DIRECT_ENV_H
#define CONCLAVE_SESSION_DIRECT_ENV_H

#include "client/session/direct_ops.h"
#include "client/session/events.h"
#include "client/session/outgoing.h"
#include "client/session/parties.h"
#include "client/session/requests.h"
#include "client/session/talks.h"
#include "client/session/whoami.h"

struct direct_env {
	const struct parties *parties;
	const struct whoami *whoami;
	struct events *events;
	struct outgoing *out;
	struct requests *requests;
	struct talks *talks;
	struct direct_ops ops; /* change NULL: there are no direct messages */
	bool receipts;	       /* tell people that their messages were shown */
	bool keeps; /* the user keeps a transcript: EVENT_ENTRY for each frame */
};

#endif
