/* check.h - checks a transcript (PROTOCOL.md section 5e), of a room or of direct
 * messages: one series of files, one after the other, in constant memory. Of the first thing that is wrong it says
 * where it is; what comes before it is checked, what follows is not. */
#ifndef CONCLAVE_VERIFY_CHECK_H
#define CONCLAVE_VERIFY_CHECK_H

#include "client/verify/pool.h"
#include "shared/proto/content.h"
#include "shared/proto/transcript.h"

enum {
	CHECK_PEOPLE = 4096, /* that are counted one by one */
	CHECK_GAPS = 256,    /* that are listed */
	CHECK_PAIRS = 64,    /* of keys, of direct messages */
	CHECK_SEEN = 4096,   /* direct messages that are remembered: the newest */
};

struct check_person {
	char name[WIRE_NAME_MAX + 1];
	uint8_t identity[WIRE_ED25519], fingerprint[WIRE_HASH];
	uint64_t messages; /* and changes of messages */
	uint64_t seen; /* the newest offset up to which they signed that the log
			  is this one; 0: none */
};
struct check_gap {
	uint64_t first, last;
};
/* Frames from one key to another, with the names that the writer gives them. */
struct check_pair {
	char from_name[WIRE_NAME_MAX + 1], to_name[WIRE_NAME_MAX + 1];
	uint8_t from[WIRE_HASH], to[WIRE_HASH]; /* fingerprints */
	uint64_t frames;
};
struct check_facts {
	unsigned files;
	uint64_t lines;
	/* Of the first line. */
	bool has_head;
	struct transcript_line head;
	uint8_t server[WIRE_HASH], writer[WIRE_HASH]; /* fingerprints */
	/* Entries: all; with a frame of a member, of the server; without. */
	uint64_t entries, messages, asides, notices, digests;
	uint64_t first, last;	  /* offsets; 0: no entry */
	uint8_t chain[WIRE_HASH]; /* at the last */
	struct check_gap gap[CHECK_GAPS];
	uint64_t n_gaps;
	struct check_person *person; /* owned; by their first message */
	size_t n_people;
	bool more_people;
	uint64_t runs, heads, missing;
	/* What the server has signed of this log in checkpoints: how often; the
	 * newest offset, by its clock; and the first entry from which on nothing
	 * is missing up to there. */
	uint64_t checkpoints, signed_to, signed_first, signed_ms;
	/* A member's view that differs, or a checkpoint ("server"): who, in which
	 * entry, of which. */
	uint64_t n_forks, fork_entry, fork_at;
	char fork_who[WIRE_NAME_MAX + 1];
	uint64_t from_ms, to_ms; /* what the first and the last message say */
	bool ended, cut;
	/* Of direct messages (head.direct). Messages are counted once, although
	 * there is a frame for each device; `copies` of them one device of the
	 * writer's has sent to another; of `shown`, their recipient has signed
	 * that they were shown. */
	struct check_pair pair[CHECK_PAIRS];
	size_t n_pairs;
	bool more_pairs;
	uint64_t copies, shown;
	/* The first fault: in the file with this index, counted from 0. */
	bool wrong;
	unsigned wrong_file;
	uint64_t wrong_line;
	char why[256];
};

struct check_opts {
	struct pool *pool;     /* borrowed */
	struct crypto *crypto; /* the same */
	/* A message of a member, or a topic, which is proved; may be NULL. A topic
	 * is a CONTENT_TOPIC of a member, or what the server says of an open room:
	 * a NOTICE_ROOM, without a name. A direct message has no offset: 0. */
	void (*message)(void *arg, uint64_t offset, const char *name,
	    const struct content *c);
	void (*progress)(void *arg, uint64_t bytes); /* of this file */
	void *arg;
};

struct check;
struct check *check_new(const struct check_opts *o); /* NULL: no memory */
void check_free(struct check *c);		     /* NULL is a no-op */
/* Whether a file that begins with this line goes on where the last one ended. */
bool check_continues(const struct check *c, const struct transcript_line *head);
/* Checks the next file; not after a fault. unfinished: it need not end in order.
 * ERR_IO with errno, ERR_NOMEM, ERR_CRYPTO: nothing is known about the rest. */
int check_file(
    struct check *c, int fd, unsigned index, bool unfinished) MUST_CHECK;
const struct check_facts *check_facts(const struct check *c);

#endif
