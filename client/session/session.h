/* session.h - conclave/1 as a user sees it: commands go in, events come out.
 * There is no terminal, socket, clock, file or thread inside: the driver
 * (app.c) has those, and the user interfaces (tui, plain, json) use only this
 * header and what it includes.
 *
 * A session is one link to a server and the rooms the user is in over that
 * link. It outlives connections: it seals what the user says, keeps it until
 * the server acknowledges it, seals it again when the epoch or the connection
 * changes, checks what arrives, and says when to connect again.
 *
 * Rooms are independent. An event, a call and a status of a room name it; what
 * concerns the link alone has no room. */
#ifndef CONCLAVE_SESSION_H
#define CONCLAVE_SESSION_H

#include "client/session/direct_ops.h"
#include "client/session/ending.h"
#include "client/session/event.h"
#include "client/session/held_policy.h"
#include "client/session/parallel_ops.h"
#include "client/session/session_status.h"
#include "shared/crypto/crypto.h"
#include "shared/crypto/random.h"
#include "shared/crypto/keys.h"
#include "shared/proto/handshake.h"

struct session_opts {
	struct crypto *crypto; /* borrowed, like all pointers here */
	struct parallel_ops parallel; /* run NULL: one thread does all */
	struct rng rng;
	const struct identity *identity;
	const char *name;      /* valid */
	const char *account;   /* hello.account: whose password it is; NULL: "*",
				  the server's */
	const char *room;      /* the first room to enter, a valid name; "": the
			     server chooses */
	const uint8_t *pin;    /* the server's fingerprint, or NULL */
	const uint8_t *ticket; /* kept from an earlier run, or NULL */
	struct people_ops people;
	struct rooms_ops rooms; /* known NULL: nothing is known */
	struct seals_ops seals; /* get, put NULL: nothing is kept */
	struct direct_ops direct; /* change NULL: there are no direct messages */
	bool no_receipts; /* do not tell people that their direct messages were
			     shown */
	struct file_ops files; /* open NULL: none are sent or fetched */
	struct certifier_ops certifier; /* check NULL: nobody is trusted */
	const struct buf *certificate; /* our own (DER), or NULL */
	enum hs_pq pq;	/* is there a post-quantum part, is it required */
	bool reconnect; /* false: exit at the first loss */
	enum held_policy held;
	bool strict; /* EVENT_FORK ends the session, with EXIT_PROTOCOL */
};

enum session_need {
	SESSION_NEED_NOTHING = 0,
	SESSION_NEED_CONNECT = 1, /* open a socket; then session_connected or
				     session_lost */
	SESSION_NEED_KDF = 2,	  /* session_kdf_job, then session_stretched */
	SESSION_NEED_KEM = 4,	  /* session_set_kem: the RSA pair */
	SESSION_NEED_CLOSE = 8,	  /* flush the output (for a second at most),
				     close the socket or stop opening it, then
				     session_lost: only then comes CLOSED or
				     RECONNECT */
	SESSION_NEED_SEAL = 16,	  /* session_seal, once all input of this step
				     has been said */
};

struct session;
struct session *session_new(const struct session_opts *o);
void session_free(struct session *s);

/* --- for the driver ------------------------------------------------------ */

/* A set of enum session_need, each until it is met. */
unsigned session_needs(const struct session *s);
/* While it needs CONNECT: the handshake's first message, for a driver that
 * sends it on several sockets to learn which of them a server answers on.
 * Valid until the next call; *n is 0 if the session has failed. The driver then
 * calls session_connected, consumes these bytes and passes on the answer. */
const uint8_t *session_hello(struct session *s, uint64_t now_ms, size_t *n);
/* A socket is open. The output begins with the handshake's first message.
 * channel: inside TLS, its exporter (WIRE_CHANNEL bytes); else NULL. */
void session_connected(
    struct session *s, uint64_t now_ms, const uint8_t *channel);
/* No connection, end of file, or an error: `why` is a sentence. */
void session_lost(struct session *s, uint64_t now_ms, const char *why);
/* Before session_lost: what that will mean, such as ending_tls. */
void session_fail(struct session *s, const struct ending *why);
/* A job's result is for the connection that asked for it only: drop it if it
 * finishes after session_lost. */
int session_kdf_job(const struct session *s, struct hs_kdf_job *out) MUST_CHECK;
void session_stretched(
    struct session *s, uint64_t now_ms, const uint8_t *stretched);
/* Takes ownership of the pair; every connection of this run uses it. */
void session_set_kem(struct session *s, struct kem_rsa *w);
/* A job failed: ends the session, and `text` says why. */
void session_give_up(struct session *s, const char *text);

/* From the next connection on, the password is that of this account (a word of
 * PROTOCOL.md section 5c); and which one it is now. */
void session_set_account(struct session *s, const char *account);
const char *session_account(const struct session *s);

/* How many tickets the server has given; after each, the newest is to be kept
 * for a later run (session_ticket), for *seconds. */
unsigned session_tickets(const struct session *s);
const uint8_t *session_ticket(const struct session *s, uint32_t *seconds);

/* The machine may be a copy of another that goes on with the same keys: ends
 * the link, if there is one, so that nothing more is sealed under its keys, and
 * connects again. Messages without an acknowledgement are said again. */
void session_renew(struct session *s);

/* Input from the socket: takes all bytes. Take the events after every call. */
void session_input(
    struct session *s, uint64_t now_ms, const uint8_t *in, size_t n);
/* Bytes for the socket, valid until the next call of this session. */
const uint8_t *session_output(const struct session *s, size_t *n);
void session_consume(struct session *s, size_t n);

/* Seals what the user has said since the last call. Messages sealed together
 * leave in one record, so call it once in a step of the driver, after the user
 * interface has run and before the output is written. session_input and
 * session_tick seal as well. */
void session_seal(struct session *s);

/* Timers: call session_tick at session_deadline (ms, UINT64_MAX: none). */
uint64_t session_deadline(const struct session *s);
void session_tick(struct session *s, uint64_t now_ms);

/* The next event, or NULL. What it points to is valid until the next call. */
const struct event *session_event(struct session *s);

/* --- for the user interfaces -------------------------------------------- */

/* The session's rooms, at least one, in the order in which they were asked
 * for, also those that the user has left; borrowed until the session is freed.
 * The first is for programs that use only one. */
const struct chatroom *const *session_rooms(const struct session *s, size_t *n);
const struct chatroom *session_first_room(const struct session *s);

/* Says something, now or when back in the room. `what` is the event that it
 * becomes:
 *   EVENT_MESSAGE  1..WIRE_TEXT_MAX bytes of UTF-8; answers the message `about`,
 *                  if that is not NULL
 *   EVENT_EDIT     such a text, in place of the user's own message `about`
 *   EVENT_DELETE   takes the user's own message `about` back
 *   EVENT_REACT    text: one grapheme cluster of at most WIRE_REACTION_MAX
 *                  bytes, instead of an earlier reaction; empty for none
 * `about` is the id of a message, or of an edit of it. All of it is sealed (see
 * SESSION_NEED_SEAL), held and acknowledged like messages. wall_ms is unix time.
 * ERR_TEXT: not such a text; ERR_LIMIT: too much is queued; ERR_RANGE: wall_ms
 * is before 1970; ERR_ROOM: not a room of this session, or one that was left;
 * ERR_REFUSED: the server does not let us speak there; ERR_AUTHOR: somebody else
 * wrote that message; ERR_ABSENT: there is none (any more); ERR_SECRET: an invite
 * in it has the secret of a sealed room, which is for people in private. */
struct session_post {
	enum event_type what;
	const uint8_t *about; /* WIRE_ID bytes */
	const char *text;
	size_t n;
	bool action; /* of a message: /me */
};
int session_post(struct session *s, const struct chatroom *room,
    uint64_t wall_ms, const struct session_post *p) MUST_CHECK;
/* A message that answers nothing. */
MUST_CHECK static inline int session_say(struct session *s,
    const struct chatroom *room, uint64_t wall_ms, const char *text, size_t n,
    bool action)
{
	const struct session_post p = {EVENT_MESSAGE, NULL, text, n, action};

	return session_post(s, room, wall_ms, &p);
}
/* Enters a room, now or when there is a link, and again after each reconnect
 * until it is left: *out is its handle, the same as before if it has one.
 * EVENT_CONNECTED follows, or EVENT_LEFT if it is refused, which concerns no
 * other room. ERR_NAME; ERR_LIMIT: the server lets us be in no more rooms;
 * ERR_STATE: the session ends. */
int session_join(struct session *s, const char *name,
    const struct chatroom **out) MUST_CHECK;
/* Leaves it for good: EVENT_LEFT with the code QUIT, at once or when the server
 * says so. What is held there is dropped (UNSAID). A session without rooms
 * stays connected, but a connection that is lost then is the end. ERR_STATE: we
 * are not in it and not on the way. */
int session_leave(struct session *s, const struct chatroom *room) MUST_CHECK;
/* Asks the server for something: ROOM_LIST, ROOM_NEW, ROOM_SET, ACT, PURGE (of
 * one entry), RECEIPT, or about accounts and invites; the number is set by the session,
 * *req gets it. It waits for a link. The answer is EVENT_DONE, EVENT_ROOMS,
 * EVENT_DEVICES, EVENT_INVITES or EVENT_FAILED. ERR_USAGE: another type;
 * ERR_LIMIT: too many are open. */
int session_ask(
    struct session *s, const struct request *q, uint32_t *req) MUST_CHECK;
/* Reads the newest `count` (1..WIRE_HISTORY_MAX) entries of the room's history
 * before an offset, 0: before what will come. They become events with the number
 * *req, in order; EVENT_HISTORY with it follows, and says where to go on. ERR_ROOM,
 * ERR_STATE: not in that room; ERR_LIMIT: another part is being read; ERR_RANGE:
 * the count. */
int session_history(struct session *s, const struct chatroom *room,
    uint64_t before, uint32_t count, uint32_t *req) MUST_CHECK;
/* Asks the server to sign the log of the room; answers as session_ask's, and
 * EVENT_RECEIPT. all: the others in the room too, as many as 20 or so, each of
 * whom signs what they have. ERR_ROOM: we are not in it; ERR_REFUSED: we may not
 * speak there. */
int session_receipt(struct session *s, const struct chatroom *room, bool all,
    uint32_t *req) MUST_CHECK;
/* Asks the server to destroy the message with that id and its edits, also those that
 * it has not acknowledged yet; answers as session_ask's, that to the last entry that
 * it has with the number *req. EVENT_PURGE tells the room. ERR_ABSENT: there is no such message, or it is not in the history;
 * ERR_LIMIT; ERR_ROOM. */
int session_purge(struct session *s, const struct chatroom *room,
    const uint8_t id[WIRE_ID], uint32_t *req) MUST_CHECK;
/* Files (PROTOCOL.md section 6a). EVENT_FILE comes for each that is offered, also
 * for our own; EVENT_PROGRESS now and then; EVENT_FILE_DONE at the end. What is not
 * finished goes on after a lost connection, and in a later run.
 * session_file_send: sends the file and then offers it in the room. ERR_ROOM: we
 * are not in it; ERR_REFUSED: we may not speak there; else with a sentence.
 * session_file_send_direct: the same to one person. ERR_NAME.
 * session_file_get: fetches one that was offered, under that name (NULL: as
 * offered), which is made harmless. ERR_ABSENT, ERR_STATE, with a sentence.
 * session_file_cancel: ERR_ABSENT: there is none with that number; ERR_STATE: it is
 * not on its way. */
int session_file_send(struct session *s, const struct chatroom *room,
    const char *path, uint32_t *number, struct errmsg *why) MUST_CHECK;
int session_file_send_direct(struct session *s, const char *name,
    const char *path, uint32_t *number, struct errmsg *why) MUST_CHECK;
int session_file_get(struct session *s, uint32_t number, const char *name,
    struct errmsg *why) MUST_CHECK;
int session_file_cancel(struct session *s, uint32_t number) MUST_CHECK;
/* The i-th file that is known, by number; NULL: there are not so many. And that with
 * a number. Borrowed until the next call but these. */
const struct session_file *session_file_at(const struct session *s, size_t i);
const struct session_file *session_file(
    const struct session *s, uint32_t number);
/* Sealed rooms (PROTOCOL.md section 5f). A ROOM_NEW with the setting `sealed` makes
 * the room's secret, which is kept when the server has made the room.
 * session_seal_give: the user gives the secret of a room. 0: it is the room's, or
 * that is seen when the room is entered; ERR_SEAL: it is not; ERR_ROOM: the room
 * is not sealed; ERR_UNSEALED, ERR_SEAL_BACK: the session ends. */
int session_seal_give(struct session *s, const struct chatroom *room,
    const uint8_t secret[WIRE_KEY]) MUST_CHECK;
/* Makes a new secret for a room that is sealed with ours, and tells the server its
 * mark: EVENT_SEAL follows. ERR_ROOM: not in it; ERR_STATE: not sealed, or a new
 * one is on its way. */
int session_seal_renew(
    struct session *s, const struct chatroom *room) MUST_CHECK;
/* The secret that a sealed room has now, for an invite. False: it is not sealed, or
 * we are not in it, or do not have it. */
bool session_seal_secret(const struct session *s, const struct chatroom *room,
    uint8_t secret[WIRE_KEY]);
/* Whether the user has a secret for a room of that name here: it is sealed then,
 * whatever the server says. */
bool session_seal_known(const struct session *s, const char *room);
/* Sets the topic of a sealed room, under the seal: EVENT_TOPIC follows, and SENT.
 * Errors as session_post's; ERR_STATE: it is not sealed with a secret of ours;
 * ERR_REFUSED: the user is no operator there, or may not speak. */
int session_topic(struct session *s, const struct chatroom *room,
    uint64_t wall_ms, const char *text, size_t n) MUST_CHECK;
/* Handing the room's secret over (PROTOCOL.md section 6). Those who have spoken under
 * one of its secrets, as far as this client knows by itself; `n` of them, at most
 * max. It is the caller's to ask for HEIR_READY all at once, and for HEIR_NAMED one
 * by one. */
enum session_heir_how {
	HEIR_READY,
	HEIR_HAS,   /* has it already */
	HEIR_GONE,  /* has left for good */
	HEIR_STALE, /* has only a secret that is older than the last one */
	HEIR_REMOVED, /* never: was removed, when the room had an older secret */
	HEIR_UNPINNED, /* never: the key is not pinned, or not the pinned one */
};
struct session_heir {
	char name[WIRE_NAME_MAX + 1];
	uint8_t fingerprint[WIRE_HASH];
	enum trust trust;
	enum session_heir_how how;
};
enum { SESSION_HEIRS_MAX = HOLDERS_MAX };
size_t session_seal_heirs(const struct session *s, const struct chatroom *room,
    struct session_heir *out, size_t max);
/* Sends it to one of them: EVENT_SEAL follows. ERR_ROOM: we are not in it; ERR_STATE:
 * it has no secret of ours; ERR_KEY: never to this one; ERR_REFUSED, ERR_LIMIT. */
int session_seal_send(struct session *s, const struct chatroom *room,
    const struct session_heir *to) MUST_CHECK;
/* Says something to a person, who need not be here: to all of their devices, and to
 * the user's own other ones. `what` is as for session_post; the events name the
 * person in `with`. SENT follows when the server keeps it, UNSAID if it does not,
 * DELIVERED when one of their devices has shown it. A changed key holds it (HELD
 * "ask"), and what is said to them after it, until it is accepted
 * (session_meet_again) or session_direct_decide. Errors as session_post's;
 * ERR_NAME: no name, or the user's own; ERR_REFUSED: the server or this program has
 * no direct messages. */
int session_direct(struct session *s, const char *name, uint64_t wall_ms,
    const struct session_post *p) MUST_CHECK;
/* The user's other answers to that HELD: only to the devices that are known, or to
 * none. ERR_STATE: nothing is held, or no device is known. */
int session_direct_decide(
    struct session *s, const char *name, bool send) MUST_CHECK;
/* The server is to refuse direct messages of that person, or no longer; and who is
 * refused. Answers as session_ask's, and EVENT_BLOCKS. */
int session_block(
    struct session *s, const char *name, bool on, uint32_t *req) MUST_CHECK;
int session_blocks(struct session *s, uint32_t *req) MUST_CHECK;
/* All events so far were shown, and have left the program: what came directly is
 * remembered as shown, and the server may forget it. */
void session_direct_shown(struct session *s);
/* How many direct messages the server does not have, and how many of them are
 * held by a changed key. */
size_t session_direct_unsent(const struct session *s, size_t *held);
/* The id of the newer-th of what was said to that person and the server does not have,
 * counted from the newest, and whether it is held. NULL: there are not so many.
 * Borrowed until the next call. */
const uint8_t *session_direct_waiting(
    const struct session *s, const char *name, size_t newer, bool *held);

/* The user's answer to EVENT_HELD "ask": sends, or drops, what is held in the
 * room. ERR_STATE: nothing is. */
int session_send_held(
    struct session *s, const struct chatroom *room) MUST_CHECK;
int session_drop_held(
    struct session *s, const struct chatroom *room) MUST_CHECK;
/* The id of the i-th of what the room's server has not acknowledged, counted from
 * the oldest, and whether it is held. NULL: there are not so many. Borrowed until
 * the next call. */
const uint8_t *session_unsent(
    const struct session *s, const struct chatroom *room, size_t i, bool *held);
/* Sends bye and ends; with `flush`, only once everything said is acknowledged,
 * except what is held, and everything asked is answered. */
void session_quit(struct session *s, bool flush);

/* The people of a room, ascending by member, including the user; borrowed until
 * the next session_event, session_input or session_tick. room NULL: the devices of
 * those with whom direct messages were exchanged in this run. */
const struct person *session_people(
    const struct session *s, const struct chatroom *room, size_t *n);

/* The user has accepted or compared an identity, and the pins are updated: asks
 * people_ops again about everyone of that name, in every room. */
void session_meet_again(struct session *s, const char *name);

/* The user keeps a transcript of every room, or no longer: EVENT_ENTRY comes for
 * each entry from now on, and the others in the rooms are told so. */
void session_keep(struct session *s, bool on);
/* The same of what is said directly: EVENT_ENTRY for each frame, and the other person
 * is told. */
void session_keep_direct(struct session *s, bool on);

/* The link, and a room. Strings are borrowed as session_people's are. room NULL:
 * what is said directly. */
void session_status(const struct session *s, struct session_status *out);

void session_room_status(const struct session *s, const struct chatroom *room,
    struct session_room_status *out);

/* The newest entry of the room's log that was shown, to be known by a later run
 * (rooms_ops). False: the room keeps no history. */
bool session_room_shown(const struct session *s, const struct chatroom *room,
    uint8_t log[WIRE_LOG], struct log_head *shown);

/* After ERR_PIN: the fingerprint that the server showed. NULL otherwise. */
const uint8_t *session_shown_fingerprint(const struct session *s);

#endif
