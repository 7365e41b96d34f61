/* posts.h - what was said in a room: who wrote each message, by its id, and
 * what a later edit, deletion or reaction does to it. Everybody's own client
 * decides that, so nobody can change what somebody else wrote.
 *
 * The newest POSTS_MAX messages and edits are remembered, through all
 * connections of the session, and POSTS_OLDER of those that were read from the
 * history because the user asked, which push out no newer ones. Only ids and
 * people are kept here, no texts, but those of changes (changes.h). */
#ifndef CONCLAVE_SESSION_POSTS_H
#define CONCLAVE_SESSION_POSTS_H

#include "client/session/changes.h"
#include "client/session/purges.h"

enum { POSTS_MAX = WIRE_IDS_KEPT, POSTS_OLDER = 4 * POSTS_MAX };

enum posts_verdict {
	POSTS_DONE,	  /* it counts */
	POSTS_NOT_THEIRS, /* somebody else wrote that message */
	POSTS_UNKNOWN,	  /* no such message: too old, or of before we came */
	POSTS_DELETED,	  /* that message is deleted: nothing to do or show */
};

struct posts;
/* self: the user's own fingerprint. purges: the room's, which are told where the
 * user's own entries are; NULL where nothing can be purged. Borrowed. */
struct posts *posts_new(
    const uint8_t self[WIRE_HASH], struct purges *purges);
void posts_free(struct posts *p); /* NULL is a no-op */

/* The content that becomes an event; CONTENT_UNKNOWN for one that nobody says. */
enum content_type posts_type(enum event_type what);
/* What `said` by this person, their fingerprint, would do. An answer counts
 * always. POSTS_DONE is also written to the event: its type, ids, author, text;
 * and so is what was refused (EVENT_REFUSED). `about` in the event is the
 * message itself, even where it was named by the id of an edit. If two people
 * used one id, an edit or deletion is about their own message, and all else is
 * about the older one. */
enum posts_verdict posts_judge(const struct posts *p, struct event *e,
    const uint8_t who[WIRE_HASH], enum content_type type,
    const struct content_said *said);
/* Remembers it, once it was said or shown: of the event its person, number, time
 * and request. ERR_NOMEM: nothing has changed. */
int posts_add(struct posts *p, const struct event *e,
    const uint8_t who[WIRE_HASH], enum content_type type,
    const struct content_said *said) MUST_CHECK;
/* Remembers a change of a message that is not known (POSTS_UNKNOWN), which may
 * be read later. */
int posts_keep(struct posts *p, const struct event *e, enum content_type type,
    const struct content_said *said) MUST_CHECK;
/* All changes, and the entries that were destroyed. */
struct changes *posts_changes(const struct posts *p);
/* What we said under that id was dropped before anybody had it. */
void posts_forget(struct posts *p, const uint8_t id[WIRE_ID]);

/* Where a post is in the room's log. Of our own: it was sealed with that seq, the
 * server has marked that seq, or a new connection begins, on which seqs start
 * again. Of anybody's: it was read from the history. */
void posts_sealed(struct posts *p, const uint8_t id[WIRE_ID], uint64_t seq);
void posts_marked(struct posts *p, uint64_t seq, uint64_t offset);
void posts_restart(struct posts *p);
void posts_place(struct posts *p, const uint8_t who[WIRE_HASH],
    const uint8_t id[WIRE_ID], uint64_t offset);
/* The offsets of a message and of its edits, at most max: what holds its text.
 * 0: the message, or where it is, is not known. *own: the user wrote it. */
size_t posts_entries(const struct posts *p, const uint8_t id[WIRE_ID],
    uint64_t *offset, size_t max, bool *own);
/* The same for the wishes alone, of all that is read in the log. */
void posts_there(const struct posts *p, const uint8_t who[WIRE_HASH],
    const uint8_t id[WIRE_ID], uint64_t offset);
/* The message is purged: its edits whose place is not known yet are to be purged as
 * well. Only with `purges`. ERR_NOMEM: not all are. */
int posts_purge(const struct posts *p, const uint8_t id[WIRE_ID]) MUST_CHECK;
/* The message whose text is in the entry at `offset`: its id and author are
 * written to the event. */
void posts_at(const struct posts *p, uint64_t offset, struct event *e);

#endif
