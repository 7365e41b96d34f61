/* blob_dir.h - the folder with the files that people have sent: what is in it, and
 * their bytes, which are sealed. The folder is its own catalogue:
 *
 *   HEX.part   a blob that has not ended; HEX: one that has, 32 hex digits
 *   0          a head of BLOB_DIR_HEAD bytes: format, blob, owner, size, time, name
 *   HEAD + 64K * index    the sealed pieces
 *
 * The length of a .part says how many pieces it has, so that a process that is
 * killed loses none that it has acknowledged; space for the others is reserved
 * at the beginning. Anything else in the folder is left alone.
 *
 * Functions return an enum blob_code. One thread. */
#ifndef CONCLAVED_STORE_BLOB_DIR_H
#define CONCLAVED_STORE_BLOB_DIR_H

#include <stdbool.h>

#include "server/store/blob_wire.h"
#include "shared/os/errmsg.h"

#define BLOB_DIR_NAME "files"

enum {
	BLOB_DIR_HEAD = 4096,
	BLOB_DIR_COST = 1 << 20, /* what one counts for at least, in limits */
	BLOB_DIR_OPEN = 64,	 /* files that are open at a time */
	BLOB_DIR_IDLE_MS = 24 * 3600 * 1000, /* one that has not ended */
};

struct blob_entry {
	uint8_t blob[WIRE_BLOB], owner[BLOB_OWNER];
	char name[WIRE_NAME_MAX + 1]; /* of the owner, as it was */
	uint64_t size;		      /* of the blob */
	uint64_t made_ms, put_ms;     /* its beginning; its last piece */
	uint32_t pieces;
	bool ended;
	uint64_t sender; /* whose pieces are taken; 0: nobody's */
	int fd;		 /* -1: not open */
};

struct blob_dir;
/* Opens the folder, and looks at all that is there. ERR_IO, ERR_NOMEM. */
int blob_dir_open(
    struct blob_dir **out, const char *path, struct errmsg *why) MUST_CHECK;
void blob_dir_close(struct blob_dir *d); /* NULL is a no-op */
void blob_dir_limit(struct blob_dir *d, const struct blob_limits *l);

/* NULL: none. Pointers live until the next new or remove. */
struct blob_entry *blob_dir_find(
    struct blob_dir *d, const uint8_t blob[WIRE_BLOB]);
/* The first one after it, in the order of their names; NULL: of all. */
struct blob_entry *blob_dir_next(struct blob_dir *d, const uint8_t *blob);

/* e: what it is to be; sender, fd and pieces are set here. BLOB_OK, QUOTA, FULL,
 * BAD (there is one of that name, or no such size), FAILED. */
enum blob_code blob_dir_new(struct blob_dir *d, const struct blob_entry *e);
/* The next piece. OK, BAD, FULL, FAILED. */
enum blob_code blob_dir_put(struct blob_dir *d, struct blob_entry *e,
    uint32_t index, const uint8_t *bytes, size_t n, uint64_t now_ms);
/* All pieces are there: on the disk when this returns. OK (also if it has ended
 * before), BAD, FAILED. */
enum blob_code blob_dir_end(
    struct blob_dir *d, struct blob_entry *e, uint32_t pieces);
/* A piece of one that has ended. OK, BAD, FAILED. */
enum blob_code blob_dir_get(struct blob_dir *d, struct blob_entry *e,
    uint32_t index, uint8_t out[WIRE_PIECE_SEALED], size_t *n);
enum blob_code blob_dir_remove(struct blob_dir *d, struct blob_entry *e);
/* Removes all of this owner; *n: so many. FAILED: some are left. */
enum blob_code blob_dir_erase(
    struct blob_dir *d, const uint8_t owner[BLOB_OWNER], uint32_t *n);
/* How many there are, and what they count for in the limit of all. */
void blob_dir_count(const struct blob_dir *d, uint32_t *n, uint64_t *bytes);
/* Removes what is too old. Returns how many. */
size_t blob_dir_sweep(struct blob_dir *d, uint64_t now_ms);

#endif
