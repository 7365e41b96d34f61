/* transcript.h - the user's own transcripts: one series of files for each room, and
 * one for each person with whom the user speaks directly, from the session's entries
 * (EVENT_ENTRY) as shared/proto/transcript.h says. Each of the two is on or off.
 * Lines are appended in whole; of what was written, a kill loses nothing. */
#ifndef CONCLAVE_TRANSCRIPT_H
#define CONCLAVE_TRANSCRIPT_H

#include "client/helper.h"
#include "client/session/event.h"
#include "shared/crypto/crypto.h"
#include "shared/os/errmsg.h"

struct transcripts_opts {
	struct crypto *crypto;	 /* borrowed, like all pointers here */
	struct helper *helper;	 /* transcript_helper.h; NULL: none is needed */
	const char *folder;	 /* NULL: there is no home directory */
	const char *name;	 /* of the user */
	const uint8_t *identity; /* their public key */
	uint64_t size_max;	 /* the next file begins when one is longer */
	uint64_t (*wall_ms)(void);
};

struct transcripts;
struct transcripts *transcripts_new(const struct transcripts_opts *o);
void transcripts_free(struct transcripts *t); /* NULL is a no-op */

/* direct: of direct messages; else of rooms. */
/* From now on entries are written. ERR_USAGE, ERR_IO, with a sentence. */
int transcripts_start(
    struct transcripts *t, bool direct, struct errmsg *why) MUST_CHECK;
/* Ends all files. An error is told, and they are closed all the same. */
int transcripts_stop(
    struct transcripts *t, bool direct, struct errmsg *why) MUST_CHECK;
bool transcripts_on(const struct transcripts *t, bool direct);

/* An event of the session: ENTRY and REWRITTEN matter. An error ends the
 * transcripts; *why says why. */
int transcripts_event(struct transcripts *t, const struct event *e,
    struct errmsg *why) MUST_CHECK;
/* Writes what waits. The same errors. */
int transcripts_flush(struct transcripts *t, struct errmsg *why) MUST_CHECK;

#endif
