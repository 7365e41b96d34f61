/* audit.h - who did what, and when: acts on people and rooms, changes of the
 * password, reloads, starts and stops. One JSON object a line, in the file
 * audit.log of the state directory (0600), and the newest AUDIT_KEPT of them in
 * memory. It never contains a message, password or key. Every word of it passes
 * the text filter, so that a name cannot forge a row.
 *
 *   {"time":"2026-11-29T16:48:00Z","act":"kick","by":"alice","room":"lobby",
 *    "who":"bob","text":"spam"}
 *
 * Nobody waits for the disk: audit_write puts the row into a queue of
 * AUDIT_QUEUE_MAX bytes, and a thread of its own writes and syncs it. Rows that
 * the disk does not take wait there and are tried again; when the queue is full
 * too, rows are lost, and a row `lost` says how many.
 *
 * A file that would pass AUDIT_FILE_MAX is copied over audit.log.1 and begun
 * again. Both are opened before the sandbox, which forbids it later, and so
 * neither is renamed.
 *
 * The rows in the files are chained: the last key of each is "hash", as in
 * shared/proto/hashline.h, from 32 zero bytes on. A file that goes on with a chain
 * begins with a line that only names the hash before it:
 *   {"act":"chain","previous":"..."}
 * admin/audit_chain.h checks that. */
#ifndef CONCLAVED_AUDIT_H
#define CONCLAVED_AUDIT_H

#include "server/logger.h"
#include "shared/wire/bytes.h"

enum {
	AUDIT_FILE_MAX = 4 << 20,
	AUDIT_ROW_MAX = 1024 + 64, /* bytes of a row, its hash and its newline */
	AUDIT_QUEUE_MAX = 256 << 10,
	AUDIT_KEPT = 1000,
};

/* How that line begins. */
#define AUDIT_CHAIN "{\"act\":\"chain\","

struct audit;

struct audit_opts {
	const char *dir; /* the state directory; NULL: rows stay in memory */
	const struct logger *log; /* borrowed; gets each row as a line too */
	size_t file_max;	  /* 0: AUDIT_FILE_MAX */
};
/* Opens the files and reads the newest rows. If the directory is read-only, that
 * is logged and the rows stay in memory. ERR_NOMEM; ERR_IO, ERR_USAGE: logged,
 * as all that follows. */
int audit_open(struct audit **out, const struct audit_opts *o) MUST_CHECK;
/* Starts the thread that writes, after Landlock and before the filter of system
 * calls. Rows wait until then. ERR_LIMIT. */
int audit_start(struct audit *a) MUST_CHECK;
/* Writes what waits, once, and frees it. NULL is a no-op. */
void audit_close(struct audit *a);

/* Strings are borrowed for the call; NULL leaves the key out. Anything longer
 * than a row holds is cut. */
struct audit_row {
	const char *act;  /* a constant word: "kick", "start", "reload" */
	const char *by;	  /* the account, or "uid 1000 (control)" */
	const char *room; /* its name */
	const char *who;  /* the account that it was done to */
	const char *text; /* the reason given, or what changed */
	uint64_t seconds; /* how long it lasts; 0: left out */
};
/* From any thread; never waits for the disk. NULL is a no-op. */
void audit_write(struct audit *a, const struct audit_row *row);

/* Appends row number *n (from 1) and a newline, or the oldest row kept if that
 * one is gone, and sets *n to the number after it. ERR_AGAIN: there is no such
 * row yet. ERR_LIMIT, ERR_NOMEM: of out. From any thread. */
int audit_read(struct audit *a, uint64_t *n, struct buf *out) MUST_CHECK;
/* The number that the next row will have. */
uint64_t audit_next(struct audit *a);

#endif
