/* scribe.h - writes transcripts of a room that exists only here, for tests and for
 * measurements: alice and bob, and a server with notices. */
#ifndef CONCLAVE_SCRIBE_H
#define CONCLAVE_SCRIBE_H

#include "shared/crypto/keys.h"
#include "shared/proto/group.h"
#include "shared/proto/transcript.h"

struct scribe {
	struct crypto *crypto;
	struct identity *id[3]; /* of the server, alice and bob */
	uint8_t server[WIRE_HASH], session[WIRE_NONCE], log[WIRE_LOG];
	uint8_t card[3][WIRE_HASH], roster[WIRE_HASH];
	struct group_epoch epoch;
	uint64_t seq[3];
	uint32_t number; /* of the file */
	uint8_t hash[WIRE_HASH];
	struct log_head at;
	uint8_t random; /* the next byte */
	struct buf out; /* what was written */
};

void scribe_init(struct scribe *s);
void scribe_free(struct scribe *s);
/* The first lines: head, run, epoch and people. */
void scribe_begin(struct scribe *s);
void scribe_put(struct scribe *s, const struct transcript_line *l);
/* An entry: what the member says (1, 2), with a view of the log; a notice (0).
 * scribe_digest: one that is not given. */
void scribe_says(struct scribe *s, uint32_t member, const char *text);
void scribe_digest(struct scribe *s, uint8_t what);
/* The member sets the topic, as in a sealed room; the server says that of the room,
 * sealed or not. */
void scribe_topic(struct scribe *s, uint32_t member, const char *text);
void scribe_room(struct scribe *s, const char *topic, bool sealed);
/* The server signs this head of its log. */
void scribe_checkpoint(struct scribe *s, const struct log_head *at);
/* Entries that were not recorded. */
void scribe_gap(struct scribe *s, uint64_t upto, uint8_t chain);
void scribe_end(struct scribe *s);

/* Direct messages. The first lines are head and device: of the writer's file (1, 2) about
 * the other of the two. scribe_device: of this key, under a name. */
void scribe_direct_begin(struct scribe *s, uint32_t writer);
void scribe_device(
    struct scribe *s, const char *name, const struct identity *id);
/* A frame from one to the other with this content; scribe_letter: it says the text,
 * with `id` as its id. scribe_shown: `who` has shown the other's message `id`. */
void scribe_direct(struct scribe *s, const struct identity *from,
    const struct identity *to, const struct buf *content);
void scribe_letter(struct scribe *s, const struct identity *from,
    const struct identity *to, uint8_t id, const char *text);
void scribe_shown(struct scribe *s, const struct identity *who,
    const struct identity *to, uint8_t id);
void scribe_direct_end(struct scribe *s);

#endif
