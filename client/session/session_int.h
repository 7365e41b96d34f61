/* session_internal.h - the parts of a session to each other. A connection goes
 * through the phases in order:
 *
 *   session.c          the calls of session.h
 *   session_entry.c    HANDSHAKE, FIRST: the password, our card
 *   session_control.c  LINKED, KEYED, LISTING: keys, people, acks, pings
 *   session_group.c    notices and messages
 *   session_send.c     what goes out: control frames, messages, records
 *   session_wait.c     after a reconnect: until the others are back
 *   session_end.c      why a connection ends, and what comes after
 *
 * Inner calls return 0 or an error; session.c alone turns that into the end of
 * a connection (session_end_fail). */
#ifndef CONCLAVE_SESSION_INT_H
#define CONCLAVE_SESSION_INT_H

#include "client/session/missing.h"
#include "client/session/epochs.h"
#include "client/session/events.h"
#include "client/session/pending.h"
#include "client/session/outbox.h"
#include "client/session/roster.h"
#include "client/session/dedup.h"
#include "client/session/session.h"
#include "shared/os/exit.h"
#include "shared/proto/content.h"
#include "shared/proto/control.h"
#include "shared/proto/group.h"
#include "shared/proto/link.h"

enum phase {
	PHASE_PAUSE, /* until retry_ms */
	PHASE_DIAL,  /* the driver opens a socket */
	PHASE_HANDSHAKE,
	PHASE_FIRST,   /* `finish` is out: a record, or an error message? */
	PHASE_LINKED,  /* waiting for the room's key, wrapped for us */
	PHASE_KEYED,   /* waiting for the first page */
	PHASE_LISTING, /* waiting for the last page */
	PHASE_JOINED,
	PHASE_ENDING, /* the driver flushes and closes */
	PHASE_CLOSED,
	PHASES
};

enum {
	SESSION_IN_MAX = WIRE_LENGTH + WIRE_RECORD_MAX,
	/* Output stops being made from the outbox above HIGH; answers to what
	 * the server sends go on up to MAX: then it does not read. */
	SESSION_OUT_HIGH = 256 << 10,
	SESSION_OUT_MAX = 2 << 20,
	SESSION_STAGE = 64,	 /* frames in a record */
	SESSION_RTT_MS = 1000,	 /* the first measurement after joining */
	SESSION_PAUSE_MS = 1000, /* before the first reconnect, doubling */
	SESSION_PAUSE_MAX_MS = 20000,
	/* In the room: pauses begin anew; but not so soon for one who was sent
	 * away. */
	SESSION_STABLE_MS = 2000,
	SESSION_STABLE_SENT_MS = 60000,
	/* For the others to be back: this, the pause that they may be in, and
	 * so many times what coming in took us, since what is slow for one is
	 * likely to be so for the others. 45 s at most. */
	SESSION_WAIT_MS = 5000,
	SESSION_WAIT_ENTRIES = 3,
	SESSION_WAIT_ENTRIES_MS = 15000,
	SESSION_WAIT_QUIT_MS = 5000, /* ... when we are about to go */
	SESSION_SLOW_TRIES = 3, /* too slow for the server, before joining */
};

/* Frames that are ready and not in a record yet. */
struct stage {
	struct buf bodies;
	struct {
		uint8_t kind;
		size_t off, len;
	} frames[SESSION_STAGE];
	size_t n;
	size_t wire_len; /* of the frames with their heads */
};

/* Why a connection ends, and whether another one is tried. */
struct ending {
	bool again;
	bool told; /* by the server, not found out by us */
	int exit_status;
	enum wire_code code;
	char word[WIRE_CODE_MAX + 1];
	char text[WIRE_SHORT_TEXT_MAX + 128];
};

struct chatroom {
	const struct session *session; /* the room's state is there still */
};

struct session {
	struct chatroom first;
	const struct chatroom *rooms[1];
	struct session_opts o;
	struct person self; /* member and card: of this connection */
	struct dh *agree;
	struct kem_rsa *wrap;
	struct events *events;
	struct outbox *outbox;
	struct dedup *seen;
	struct roster *roster;
	enum phase phase;
	uint64_t now_ms; /* of the last call that said it */
	bool quitting;

	/* What lasts from one connection to the next. */
	char room_name[WIRE_ROOM_MAX + 1], topic[WIRE_SHORT_TEXT_MAX + 1];
	uint8_t server[WIRE_HASH]; /* fingerprint, once proved */
	bool server_proved, joined_once;
	uint8_t server_session[WIRE_NONCE];
	bool had_epoch; /* in that session; then: */
	uint32_t last_epoch;
	uint8_t shown[WIRE_HASH]; /* after ERR_PIN */
	bool has_shown;
	uint32_t attempt;
	uint64_t retry_ms, pause_ms, dial_ms;
	struct missing *missing; /* since the last connection was lost */

	/* A connection. */
	struct handshake *handshake;
	uint64_t handshake_ms;	  /* what is left of its time ... */
	uint64_t handshake_since; /* ... since then, unless ... */
	bool handshake_waits;	  /* ... it waits for us */
	struct link *link;
	struct buf in, out;
	struct stage stage;
	struct ending ending;
	uint8_t server_key[WIRE_ED25519];
	uint8_t th5[WIRE_HASH];
	uint32_t room;
	struct epochs *epochs;
	uint64_t notice_seq; /* the server's last */
	uint32_t list_after; /* the last member of the last page */
	struct pending *held;
	uint64_t rx_ms, joined_ms;
	uint64_t told_ms;	 /* on the way in: its last step */
	bool waiting, wait_told; /* in the room, for those of before */
	uint64_t wait_until_ms;
	uint64_t ping_sent_ms, ping_due_ms;
	int64_t ping_id;
	bool ping_out;
	uint32_t rtt_ms;
};

static inline bool session_linked(const struct session *s)
{
	return s->phase >= PHASE_LINKED && s->phase <= PHASE_JOINED;
}

/* session_end.c. The first four decide that and why a connection ends (the
 * first decision stands); session_end_now is when its socket is gone. */
void session_end_fail(struct session *s, int err);
void session_end_for(struct session *s, bool again, int exit_status,
    enum wire_code code, const char *text);
/* The server said why: the code says whether to come again. */
void session_end_refused(
    struct session *s, enum wire_code code, const char *word, const char *text);
/* A last control frame, where the link is up. */
void session_end_bye(struct session *s, enum wire_code code);
void session_end_now(struct session *s);
/* Drops everything that belongs to a connection, and all its keys. */
void session_end_disconnect(struct session *s);

/* session_entry.c */
int session_entry_begin(struct session *s) MUST_CHECK;
/* Goes on with what is in s->in and with what the driver has brought. */
int session_entry_go(struct session *s) MUST_CHECK;
int session_entry_stretched(
    struct session *s, const uint8_t stretched[PAKE_STRETCHED]) MUST_CHECK;
uint64_t session_entry_deadline(const struct session *s);
/* What the server may have said before it closed. */
void session_entry_last_words(struct session *s);

/* session_control.c: one control frame's body. */
int session_control(
    struct session *s, const uint8_t *body, size_t n) MUST_CHECK;
int session_control_ping(struct session *s) MUST_CHECK;

/* session_group.c: one group frame's body; frames that were held. */
int session_group(struct session *s, const uint8_t *body, size_t n) MUST_CHECK;
int session_group_held(struct session *s) MUST_CHECK;
/* Fills in who a user is, and how well known. */
int session_group_person(
    struct session *s, struct person *out, const struct user *u) MUST_CHECK;
/* How well the identity of somebody in the room is known. */
enum trust session_group_trust(struct session *s, const struct person *p);
/* Says so if it is not the identity that was pinned. */
int session_group_warn(struct session *s, const struct person *p) MUST_CHECK;

/* session_wait.c: the connection of a room that we were in is lost; `delivered`
 * when the server has said that it passed on what it had. */
void session_wait_lost(struct session *s, bool delivered);
/* We are in the room again; somebody has come; somebody wants to go. */
int session_wait_begin(struct session *s) MUST_CHECK;
int session_wait_joined(struct session *s, const struct person *p) MUST_CHECK;
void session_wait_hurry(struct session *s);
/* Tells the user, if there is something that waits. */
int session_wait_tell(struct session *s) MUST_CHECK;
uint64_t session_wait_deadline(const struct session *s);
int session_wait_tick(struct session *s) MUST_CHECK;

/* session_send.c: a control frame, goes to the stage. */
int session_send_control(struct session *s, const struct buf *json) MUST_CHECK;
/* Something of the outbox may be sealed. */
bool session_send_ready(const struct session *s);
/* What may be sealed from the outbox is, and the stage becomes a record. */
int session_send_flush(struct session *s) MUST_CHECK;
void session_send_clear(struct session *s);

#endif
