/* check_int.h - what the parts of the checker share: check.c has the lines and their
 * order, check_said.c what the entries of a room prove, check_direct.c what frames of
 * direct messages prove. For client/verify/check*.c only. */
#ifndef CONCLAVE_VERIFY_CHECK_INT_H
#define CONCLAVE_VERIFY_CHECK_INT_H

#include "client/verify/check.h"
#include "client/verify/linefile.h"
#include "shared/proto/group.h"

/* Values of the chain that are kept: those that a view may be of, and a batch. */
enum { CHAINS = 2 * WIRE_CHAIN_KEPT };

/* A line. */
struct item {
	const struct line *line;
	int err; /* of decoding it, or of opening its frame */
	struct transcript_line l;
	struct buf body, plain;
	uint8_t digest[WIRE_HASH];
	/* Of an entry with a frame: what it is checked with, and its content. */
	struct group_head head;
	uint64_t run_first; /* nothing is missing from this entry on */
	uint8_t session[WIRE_NONCE];
	struct transcript_epoch epoch;
	struct transcript_person who;
	/* Of a direct frame: whom it is for. */
	struct transcript_device to;
	struct content content;
};

struct letters_seen; /* check_direct.c */

struct check {
	struct check_opts o;
	struct check_facts facts;
	struct item *item; /* LINEFILE_BATCH */
	uint8_t hash[WIRE_HASH];
	bool first_of_file;
	uint32_t number;
	struct transcript_named named;
	struct transcript_person server; /* its entries in this run */
	bool started;
	struct log_head at;
	uint64_t unopened;	/* the newest entry that was not opened */
	uint64_t run_first;	/* the first entry after the last gap */
	struct log_head *chain; /* CHAINS, by offset */
	/* Of direct messages: who has written since the last head, whom the lines
	 * name, and what was said. */
	struct transcript_device writer;
	struct transcript_devices devices;
	struct letters_seen *seen; /* owned; NULL: none yet */
};

/* The first fault of a line; ERR_JSON. */
int check_wrong(struct check *c, const char *why);
/* Whoever has this name and key in the facts, made if needed; NULL: there are too
 * many people. */
struct check_person *check_person(
    struct check *c, const struct transcript_person *who);
/* A content that was said, in facts and to who wants to see it. */
void check_said(struct check *c, const struct item *t, struct check_person *p);
/* An entry of a room that has opened and whose signature holds. */
void check_count(struct check *c, struct item *t);

/* A DEVICE or DIRECT line, in order. */
int check_device(struct check *c, const struct transcript_line *l) MUST_CHECK;
int check_direct(struct check *c, struct item *t) MUST_CHECK;
/* Opens the frame: the item's err. From any thread. */
void check_direct_open(
    const struct check *c, struct crypto *crypto, struct item *t);
/* It has opened. ERR_NOMEM. */
int check_direct_count(struct check *c, struct item *t) MUST_CHECK;
void check_direct_free(struct check *c);

#endif
