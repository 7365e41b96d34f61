/* chatroom.h - one room of a session: its name and topic, the progress of
 * joining and leaving, its log, through speech.h the user's own messages, and
 * through inbox.h everybody else's.
 *
 * A room outlives connections. On each it goes through the phases in order,
 * from WANTED if the user wants to be in it; only chatroom.c assigns them. The module is not called room because the
 * server has one of that name. */
#ifndef CONCLAVE_SESSION_CHATROOM_H
#define CONCLAVE_SESSION_CHATROOM_H

#include "client/session/events.h"
#include "client/session/direct_env.h"
#include "client/session/held_policy.h"
#include "client/session/outgoing.h"
#include "client/session/parties.h"
#include "client/session/reads.h"
#include "client/session/requests.h"
#include "client/session/seals.h"
#include "client/session/session_status.h"
#include "client/session/speech.h"
#include "client/session/stay.h"
#include "shared/proto/content.h"
#include "shared/proto/control.h"
#include "shared/proto/group.h"

enum chatroom_phase {
	CHATROOM_OUT,	  /* not in, and the user does not want to be */
	CHATROOM_WANTED,  /* not in; waiting for the room's wrapped key */
	CHATROOM_KEYED,	  /* waiting for the first page of people */
	CHATROOM_LISTING, /* waiting for the last page */
	CHATROOM_JOINED,  /* in */
};

struct chatroom_opts {
	const struct parties *parties; /* borrowed, like all pointers here */
	struct events *events;
	struct outgoing *out;
	const char *name; /* "": the server chooses */
	enum held_policy held;
	/* The list is complete, before EVENT_CONNECTED. */
	void (*joined)(void *arg, uint64_t now_ms);
	void *arg;
};

struct chatroom *chatroom_new(const struct chatroom_opts *o);
void chatroom_free(struct chatroom *r); /* NULL is a no-op */

/* A link is up. new_run: it is to another run of the server, where all member
 * numbers and epochs start again. carded: its card asks for this room. */
void chatroom_linked(
    struct chatroom *r, bool new_run, bool carded, uint64_t now_ms);
/* The connection is lost: drops everything that belonged to it, including all
 * keys. A room that the user was leaving is left. honest: as in speech_lost. */
void chatroom_disconnect(struct chatroom *r, bool honest);

/* The user wants to be in the room, or not. The room then wants to ask the
 * server, once on each connection: the caller does, and says so. From then on the server is late if it does not proceed
 * (chatroom_late). The first room of a connection is asked for by the card.
 * chatroom_leave: ERR_STATE: the user does not want to be in it. */
void chatroom_join(struct chatroom *r);
int chatroom_leave(struct chatroom *r) MUST_CHECK;
enum stay_ask chatroom_asks(const struct chatroom *r);
int chatroom_asked(
    struct chatroom *r, enum stay_ask what, uint64_t now_ms) MUST_CHECK;
/* Whether the user wants to be in, and what was asked. */
const struct stay *chatroom_stay(const struct chatroom *r);

/* Whether the server is to be told the mark of the room's secret; does it; and
 * takes the answer. */
bool chatroom_marks(const struct chatroom *r);
int chatroom_mark_ask(struct chatroom *r, struct requests *to) MUST_CHECK;
int chatroom_mark_answer(
    struct chatroom *r, const struct answer *a) MUST_CHECK;
/* The user gives a secret of the room. 0: it is the room's, or we are not in it
 * yet. ERR_SEAL: it is not; ERR_ROOM: the room is not sealed. */
int chatroom_unlock(
    struct chatroom *r, const uint8_t secret[WIRE_KEY]) MUST_CHECK;
/* Somebody hands over a secret of the room: `how` it is taken. Errors as seals_look.
 */
int chatroom_handed(struct chatroom *r, const struct person *who,
    const struct content_seal *c, enum seals_offer *how) MUST_CHECK;
/* What hands over the secret that the room has now, but for whom it is for; and who
 * holds one. ERR_ROOM: we are not in it; ERR_STATE: it is not sealed with a secret of
 * ours that has a number. */
int chatroom_hands(const struct chatroom *r, struct direct_hand *to,
    struct content_seal *c) MUST_CHECK;
/* The user sets the topic of a sealed room. ERR_ROOM: we are not in it; ERR_STATE: it
 * is not sealed with a secret of ours; ERR_REFUSED: we are no operator, or may not
 * speak. */
int chatroom_topic(struct chatroom *r, uint64_t wall_ms,
    const struct content_topic *t) MUST_CHECK;
const struct holders *chatroom_holders(const struct chatroom *r);
/* The user makes a new secret for the room (seals_renew). */
int chatroom_renew(struct chatroom *r) MUST_CHECK;
struct seals *chatroom_seals(const struct chatroom *r);

/* The answers to these two requests. ERR_STATE, ERR_ROOM: not after what came
 * before it. */
/* The user quits: without flush, nothing is waited for. */
void chatroom_quit(struct chatroom *r, bool flush);
/* What a user who quits waits for: messages to be acknowledged, purges to be answered. */
size_t chatroom_due(const struct chatroom *r);
/* An answer to what was asked about this room. Of a receipt: ERR_SIGNATURE: it is not
 * the server's; ERR_LOG: it is another log's. */
int chatroom_answer(struct chatroom *r, const struct asked *asked,
    const struct answer *a, uint64_t now_ms) MUST_CHECK;
int chatroom_join_answer(struct chatroom *r, const struct answer *a) MUST_CHECK;
int chatroom_leave_answer(struct chatroom *r) MUST_CHECK;
/* The room is refused, or the user is out of it: EVENT_LEFT. */
struct chatroom_why {
	enum wire_code code;
	const char *word, *by, *text;
};
int chatroom_out(struct chatroom *r, const struct chatroom_why *why) MUST_CHECK;
int chatroom_voice(struct chatroom *r, const struct voice *v) MUST_CHECK;
int chatroom_storage(struct chatroom *r, bool ok) MUST_CHECK;
/* What is read of its log. */
const struct reads *chatroom_reads(const struct chatroom *r);

/* Handles a control frame about this room, in a phase that allows it; and a
 * group frame of it, when LISTING or JOINED. */
int chatroom_key(struct chatroom *r, const struct key_exchange *k,
    uint64_t now_ms) MUST_CHECK;
int chatroom_list(
    struct chatroom *r, const struct user_list *l, uint64_t now_ms) MUST_CHECK;
int chatroom_ack(struct chatroom *r, uint64_t seq, uint64_t offset) MUST_CHECK;
int chatroom_frame(struct chatroom *r, const struct group_head *h,
    const uint8_t *body, size_t n) MUST_CHECK;
/* The same for a mark in the place of such a frame. */
int chatroom_mark(struct chatroom *r, const struct log_mark *m) MUST_CHECK;

/* speech_say. present: the link is up. */
int chatroom_say(struct chatroom *r, bool present, uint64_t wall_ms,
    enum content_type type, const struct offers_words *w) MUST_CHECK;
/* Whether a message may be sealed now, or has to be judged by who is in the room
 * (held.h); does the next of both. */
bool chatroom_ready(const struct chatroom *r);
int chatroom_seal(struct chatroom *r) MUST_CHECK;
/* What the user has said here; for the user's answers about it (speech.h). */
struct speech *chatroom_speech(const struct chatroom *r);
/* The connection ends in order: the last chance to show others our view of the
 * log. */
int chatroom_bye(struct chatroom *r) MUST_CHECK;
/* Whether others have shown that they have another log (EVENT_FORK). */
bool chatroom_forked(const struct chatroom *r);
/* Its people, while it is LISTING or JOINED; else NULL. */
struct roster *chatroom_roster(const struct chatroom *r);
const struct room_events *chatroom_events(const struct chatroom *r);

/* The user keeps a transcript, or no longer: EVENT_ENTRY for each entry, and the
 * others are told. */
void chatroom_keep(struct chatroom *r, bool on);

/* Timers, while the link is up. chatroom_late returns a sentence when the
 * server has not let us join in time, else NULL. */
uint64_t chatroom_deadline(const struct chatroom *r);
const char *chatroom_late(const struct chatroom *r, uint64_t now_ms);
int chatroom_tick(struct chatroom *r, uint64_t now_ms) MUST_CHECK;

enum chatroom_phase chatroom_phase(const struct chatroom *r);
uint32_t chatroom_number(const struct chatroom *r); /* 0 before the first key */
/* Its name, or the one asked for, or "". */
const char *chatroom_name(const struct chatroom *r);
const struct person *chatroom_people(const struct chatroom *r, size_t *n);
const struct person *chatroom_person(
    const struct chatroom *r, uint32_t member); /* or NULL */
void chatroom_meet_again(struct chatroom *r, const char *name);
void chatroom_status(const struct chatroom *r, struct session_room_status *out);

#endif
