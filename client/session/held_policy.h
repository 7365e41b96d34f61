/* held_policy.h - what becomes of a message when somebody is in the room who
 * was not there when it was said (held.h). */
#ifndef CONCLAVE_SESSION_HELD_POLICY_H
#define CONCLAVE_SESSION_HELD_POLICY_H

enum held_policy {
	HELD_ASK,  /* hold it until the user decides */
	HELD_SEND, /* send it */
	HELD_DROP, /* drop it, and say so */
};

#endif
