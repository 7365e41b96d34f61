/* transfers_int.h - one transfer, for the files transfer*.c alone: transfers.c
 * has the list, transfers_user.c what the user does with it, transfer_send.c and
 * transfer_get.c the two directions. */
#ifndef CONCLAVE_SESSION_TRANSFERS_INT_H
#define CONCLAVE_SESSION_TRANSFERS_INT_H

#include "client/session/transfers.h"

enum {
	TRANSFER_WINDOW = 32, /* pieces of a request; two are open */
	TRANSFER_WINDOWS = 2,
	TRANSFER_SENDS = 4, /* at once: the server takes no more */
	TRANSFER_READ = 32, /* pieces that are read again in a step */
	TRANSFER_STALL_MS = 600000, /* a server that does nothing */
};

enum transfer_step {
	STEP_REST,  /* nothing to do */
	STEP_START, /* to be asked for when there is a link */
	STEP_ASKED, /* the server is asked: `req` */
	STEP_READ,  /* what was moved before is read: `hashed` of `have` */
	STEP_MOVE,
	STEP_END,   /* all pieces are with the server, which is asked to end */
	STEP_OFFER, /* to be offered in the room */
	STEP_SENT,  /* offered: until the server has the message */
};

struct transfer {
	struct session_file file;
	enum transfer_step step;
	struct file_record *record; /* owned, secret; NULL: the slot is free */
	char *path;		    /* owned; of file.path, or NULL */
	bool kept;		    /* the record is on disk */
	bool named;		    /* the server has given the blob */
	bool whole;	  /* ours: the server has all of it, and has ended it */
	bool resumed;	  /* it goes on with what an earlier try has moved */
	int handle;	  /* -1: none */
	uint64_t wait_ms; /* START: not before that */
	uint32_t req;
	uint32_t gets[TRANSFER_WINDOWS]; /* numbers of open requests; 0: none */
	uint32_t upto[TRANSFER_WINDOWS]; /* the piece after theirs */
	uint32_t pieces;		 /* in all */
	uint32_t have; /* the server, or our part, has so many of the first */
	uint32_t next; /* to be sent or asked for */
	struct hash *hash; /* of the first `hashed` pieces */
	uint32_t hashed;
	uint64_t told_ms, told_done; /* at the last progress */
	/* The last change of what the server has to do, and what it was. */
	uint64_t moved_ms, moved;
};

struct transfers {
	struct transfers_opts o;
	struct transfer all[TRANSFERS_MAX];
	uint32_t last; /* number given */
	bool linked;
	struct event shown; /* by transfers_next, of a file */
	uint8_t *piece; /* owned: WIRE_PIECE bytes */
	uint64_t now_ms;
};

/* --- of transfers.c --------------------------------------------------------- */

/* A slot with a number and an empty record; if all are taken, that of the oldest
 * file that rests. NULL: all are on their way, or there is no memory. */
struct transfer *transfer_new(struct transfers *t);
void transfer_free(struct transfers *t, struct transfer *x);
struct transfer *transfer_numbered(const struct transfers *t, uint32_t number);
/* The record is known: what follows from it; and the path for file.path. */
void transfer_describe(struct transfer *x);
int transfer_path(struct transfer *x, const char *path) MUST_CHECK;
/* It has failed, or was cancelled: closes the file, and tells the user. */
void transfer_fail(struct transfers *t, struct transfer *x, const char *word,
    const char *text);
/* The same, for the server's reasons. */
void transfer_refused(
    struct transfers *t, struct transfer *x, const struct answer *a);
/* It is finished: forgets the record, and tells the user. */
void transfer_done(struct transfers *t, struct transfer *x);
void transfer_event(struct transfers *t, struct transfer *x,
    enum event_type type, const char *word, const char *text);
/* The server is busy: asks again in a while. */
void transfer_later(struct transfers *t, struct transfer *x);
/* Queues a request about a blob; *number gets its number. */
int transfer_ask(struct transfers *t, enum request_type type,
    const struct blob_ask *a, uint32_t *number) MUST_CHECK;
/* The bytes of the first n pieces. */
uint64_t transfer_bytes(const struct transfer *x, uint32_t n);
/* Reads a piece of the file to t->piece, and hashes it if it is the next to be.
 * False: it has failed. */
bool transfer_read(struct transfers *t, struct transfer *x, uint32_t index);

/* --- the two directions ------------------------------------------------------ */

int transfer_send_begin(struct transfers *t, struct transfer *x);
bool transfer_send_ready(const struct transfers *t, const struct transfer *x);
int transfer_send_step(struct transfers *t, struct transfer *x);
void transfer_send_answer(
    struct transfers *t, struct transfer *x, const struct answer *a);
/* What was there before is read. */
void transfer_send_read(struct transfers *t, struct transfer *x);

int transfer_get_begin(struct transfers *t, struct transfer *x);
bool transfer_get_ready(const struct transfers *t, const struct transfer *x);
int transfer_get_step(struct transfers *t, struct transfer *x);
void transfer_get_answer(
    struct transfers *t, struct transfer *x, const struct answer *a);
void transfer_get_piece(
    struct transfers *t, struct transfer *x, const struct blob_frame *f);
void transfer_get_read(struct transfers *t, struct transfer *x);

#endif
