/* event.h - what a session tells its user interface, one event at a time. */
#ifndef CONCLAVE_SESSION_EVENT_H
#define CONCLAVE_SESSION_EVENT_H

#include <stddef.h>

#include "client/session/file.h"
#include "client/session/person.h"
#include "client/session/recorded.h"
#include "shared/proto/request.h"

/* A room of a session, as a handle: made by session_new, freed with the
 * session, and the same through all its connections. */
struct chatroom;

/* Events of the link (CONNECTING, ERROR, RTT, RECONNECT, CLOSED), those that
 * answer a request (DONE, FAILED, ROOMS), ROLE and TRANSCRIPT have no room; all others have
 * one. But what is said directly has no room and names the person in `with`:
 * MESSAGE..SENT, UNSAID, HELD, CHANGED, DROPPED, KEEPS and ENTRY may be so, and
 * DELIVERED is. */
enum event_type {
	EVENT_CONNECTING, /* trying: attempt */
	EVENT_CONNECTED,  /* in this room: its people are all known */
	EVENT_MESSAGE,
	EVENT_EDIT,	 /* its author gives the message `about` another text */
	EVENT_DELETE,	 /* its author takes the message `about` back */
	EVENT_REACT,	 /* person's reaction to the message `about`, instead of
			      an earlier one: text, empty for none any more */
	EVENT_FILE,	 /* person offers a file: file, offer; text is its name, as
			      of a message */
	EVENT_REFUSED,	 /* person `tried` to edit, delete or react to the
			      message `about`, which changes nothing. By reason:
			      "not_theirs": somebody else wrote it
			      "unknown": too old, or of before we came */
	EVENT_SENT,	 /* the server has what we said as `id`, with `seq`: the
			      oldest that was said and had no SENT yet */
	EVENT_JOIN,	 /* person, people: their other connections in the
			    room */
	EVENT_LEAVE,	 /* the same, reason: "leave", "quit" (they have left
			    for good) or "kick" */
	EVENT_EPOCH,	 /* reason: join leave kick timer voice other */
	EVENT_MISSING,	 /* person, count */
	EVENT_CHANGED,	 /* person: their identity is not the pinned one;
			      always before their first message */
	EVENT_CERTIFIED, /* person's certificate was looked at, reason:
			    "" (it is good), "renewed" (it is good, and for
			    another key than the known ones), or the word of
			    certifier_fault */
	EVENT_DROPPED,	 /* person (or none), reason: a frame that did not
			      open or verify, a replay, ... */
	EVENT_ERROR,	 /* code, text: said by the server */
	EVENT_RTT,	 /* rtt_ms */
	EVENT_HELD,	 /* own messages that are not sent, because of `people`
			    others who came after they were said: text their
			    names, one a line, as many as fit. By reason:
			      "ask": count are held until the user decides
			      "send": the user sends these count
			      "drop": count were dropped
			      "gone": those others have left: sending them */
	EVENT_UNSAID,	 /* (directly: code, word, text say why; no count)
			    what we said as `id` is dropped: it is the newest
			    but count of what had no SENT yet. reason: "" (it
			    was held, and HELD says why) or "refused": we may
			    no longer speak there, or are out of the room */
	EVENT_RECONNECT, /* lost or refused for now; again in wait_ms:
			      reason, and code if the server gave one */
	EVENT_DONE,	 /* the server has done what session_ask asked: req,
			    asked; of a new room its room_number, of an invite
			    its id in word and its secret in text */
	EVENT_FAILED,	 /* or not: req, asked, code, word ("lost": the
			    connection was lost meanwhile), text */
	EVENT_ROOMS,	 /* the answer to a list: req, rooms, n_rooms, total of
			    all that there are */
	EVENT_LEFT,	 /* we are out of this room, or were not let in: code
			    (QUIT: we left; KICKED, BANNED, CLOSED, NO_ROOM,
			    ...), word, by, text. What was said there and not
			    acknowledged was UNSAID before */
	EVENT_ROOM,	 /* by has changed the room: text is the topic, settings
			    are all of them */
	EVENT_ACT,	 /* act, by, who, role (ACT_ROLE), until_ms, text (the
			    reason), server: on the whole server. ACT_NONE: an
			    act of a later version */
	EVENT_VOICE,	 /* whether we may speak here has changed: may,
			    until_ms, by */
	EVENT_FORK,	 /* what person says of the room's log at `offset` is
			    not what we have: the server shows us two logs, or
			    their client lies. Once for each person */
	EVENT_ROLE,	 /* our role on the server has changed: role */
	EVENT_HISTORY,	 /* what was said while we were away has been shown:
			    count messages, up to `offset`; total: the oldest
			    entry that is kept, 0: none. code, word, text: why
			    it cannot be read.
			    With req: the same of a part of the history that was
			    asked for, `first` to `offset` (0: no entry). reason:
			    "" (there is more before it), "oldest" (nothing
			    older is kept), "since" (what is older is of before
			    the user became a member: it may not be read) */
	EVENT_PURGE,	 /* by has destroyed the entry at `offset`; about and
			    author, if it is (of) a message that is known */
	EVENT_GONE,	 /* past: the entry at `offset` is not given: it was
			    purged, or is of before the user came. by: who
			    purged it, if that is known */
	EVENT_REWRITTEN, /* the log of this room is not the one that we had, or
			    is older: the server was restored from a backup, or
			    lies */
	EVENT_TRANSCRIPT, /* of the program, not of the session: may: the user
			     keeps transcripts from now on, in the folder text;
			     or no longer. reason: "direct" (of direct
			     messages) or "" (of rooms) */
	EVENT_KEEPS,	 /* person keeps a transcript of this room now (may), or
			    no longer; they say so themselves. Directly: of what
			    is said with them */
	EVENT_RECEIPT,	 /* person (named "server": the server, at ts_ms by its
			    clock) has signed the log that we have up to
			    `offset`. may: our user has asked for it */
	EVENT_ENTRY,	 /* for the user's own transcript, not for a face:
			    entry, at offset; or a direct frame */
	EVENT_STORAGE,	 /* may: the server keeps again what is said in this
			    room; else it cannot, and nothing is sent */
	EVENT_SEAL,	 /* of a sealed room, by reason:
			      "new": the user's new secret is the room's now
			      "other": somebody has made a new one that we do
				  not have; nothing of ours is sent until the
				  user gives it
			      "ours": we have the room's secret again
			      "refused": the server did not take the mark of
				  the user's new one: code, word, text
			    Of a secret that is handed over, with `who`; word is
			    the room's name, which may be none of ours:
			      "sent": the server keeps it for them
			      "unsent": it does not reach them: text, code
			      "taken": the room has the one that they gave us
			      "handed": they gave us one that the room does
				  not have yet
			      "ignored": theirs is not taken, because of `by`:
				  room, unpinned, stranger, removed, old */
	EVENT_TOPIC,	 /* person has set the topic of a sealed room: text, at
			    `offset`. own: it counts once it was SENT, with
			    its id */
	EVENT_DEVICE,	 /* the server says that the account `who` has another
			    device, with the fingerprint `device`. Without a
			    room: the user's own */
	EVENT_DELIVERED, /* person, a device of `with`, has shown the n_ids direct
			    messages `ids` */
	EVENT_BLOCKS,	 /* the answer: req, text: the names of those whom the
			    user blocks, one a line */
	EVENT_DEVICES,	 /* the answer: req, devices, n_devices of the user */
	EVENT_INVITES,	 /* the answer: req, invites, n_invites, total */
	EVENT_PROGRESS,	 /* of a file on its way: file */
	EVENT_FILE_DONE, /* a file is sent and offered, or saved: file, word "";
			    or it is not: word ("cancelled", "changed", "disk",
			    "damaged", or the server's), text */
	EVENT_CLOSED,	 /* the end: code, text, exit_status; no socket is
			      open any more */
};

/* A device of the user's account. */
struct event_device {
	uint8_t identity[WIRE_ED25519]; /* the raw key */
	uint8_t fingerprint[WIRE_HASH];
	uint64_t first_s, last_s; /* seen: unix seconds */
	bool here, self;	  /* connected now; this one */
};

struct event {
	enum event_type type;
	const struct chatroom *room; /* NULL: an event of the link */
	const char *room_name;	     /* its name, "" for the link or before the
					first join; borrowed from the session */
	/* Valid until the next session_event call; unset ones are zero. Text
	 * from peers is as it came: user interfaces filter it (text.h). */
	const char *with; /* a direct message's other person; "" else */
	const struct person *person; /* JOIN..DROPPED; MESSAGE..REFUSED: who
					spoke, with the trust before it */
	/* MESSAGE..REFUSED; SENT and UNSAID: its own id. */
	uint8_t id[WIRE_ID];
	/* The message that it answers, edits, deletes or reacts to, and the
	 * fingerprint of who wrote that: zero, if it is not known here. */
	bool has_about;
	uint8_t about[WIRE_ID], author[WIRE_HASH];
	enum event_type tried; /* REFUSED: EDIT, DELETE or REACT */
	/* MESSAGE..REFUSED, SENT. Of an own message: 0 when it was said outside the
	 * room; the offset of SENT is 0 where the server has not told it. */
	uint64_t seq, offset;
	uint32_t epoch;
	uint64_t ts_ms;	  /* MESSAGE..REFUSED: the sender's unix time */
	const char *text; /* MESSAGE, EDIT, REACT; ERROR and CLOSED: a sentence */
	size_t text_len;
	bool action;	    /* MESSAGE: /me */
	bool own;	    /* MESSAGE..REACT: our own, shown at once when
					   said; SENT follows, unless it is past */
	bool past;	    /* MESSAGE..MISSING, DROPPED, ROOM, ACT, PURGE: from
			       the history of the room. Those without an id have
			       ts_ms too, and offset. With req: because the user
			       has asked for it */
	const char *reason; /* EPOCH, LEAVE, DROPPED, REFUSED, HELD, RECONNECT,
			       HISTORY */
	uint64_t count;	    /* MISSING, HELD, UNSAID, HISTORY */
	uint64_t first;	    /* HISTORY */
	uint64_t people;    /* HELD, JOIN, LEAVE */
	uint32_t attempt;   /* CONNECTING */
	uint32_t wait_ms, rtt_ms;
	enum wire_code code; /* ERROR, CLOSED, RECONNECT */
	const char *word;    /* ... as a word, "" when there is none */
	int exit_status;     /* CLOSED: see exit.h */

	/* DONE, FAILED, ROOMS: see session_ask; HISTORY and what is past: of
	 * session_history, 0: nobody has asked for it */
	uint32_t req;
	enum request_type asked; /* ... what it was */
	uint32_t room_number;	 /* DONE; of a block also who, and whether it is
				    on: may; of a password whether there is one */
	const struct room_info *rooms; /* ROOMS; borrowed like the text */
	size_t n_rooms;
	const struct event_device *devices; /* DEVICES; the same */
	size_t n_devices;
	const struct account_invite *invites; /* INVITES; the same */
	size_t n_invites;
	uint64_t total;
	const uint8_t (*ids)[WIRE_ID]; /* DELIVERED; the same */
	size_t n_ids;
	const struct receipt *receipt; /* DONE of RECEIPT; the same */
	uint8_t device[WIRE_HASH]; /* DEVICE */
	uint64_t device_s;	   /* the same: since then, unix; 0: now */
	const char *by, *who; /* names, "" when there is none */
	enum act act;
	enum role role;
	bool server;	   /* ACT */
	bool may;	   /* VOICE, KEEPS, TRANSCRIPT, STORAGE */
	uint64_t until_ms; /* ACT, VOICE: unix; 0: without an end */
	struct room_settings settings; /* ROOM */
	unsigned changed; /* ROOM: which settings are new (SETTING_*), as far as
			     is known */
	/* FILE, PROGRESS, FILE_DONE: the file, also by its number; of FILE the
	 * offer, which is secret. Borrowed like the text. */
	const struct session_file *file;
	uint32_t file_number;
	const struct blob_offer *offer;
	const struct recorded *entry; /* ENTRY; borrowed like the text */
};

/* Whether it is about direct messages. */
static inline bool event_direct(const struct event *e)
{
	return e->with != NULL && e->with[0] != '\0';
}

#endif
