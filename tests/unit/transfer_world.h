/* transfer_world.h - the files of a session, both directions, against a server in the
 * same process that keeps blobs, and lies where a test wants it. Files are in
 * memory. */
#ifndef CONCLAVE_TESTS_TRANSFER_WORLD_H
#define CONCLAVE_TESTS_TRANSFER_WORLD_H

#include "client/session/transfers.h"
#include "shared/base/secret.h"
#include "shared/proto/control.h"
#include "tests/unit/link_ends.h"

enum { TW_PIECES = 128, TW_FILES = 8 };

/* A file of the user's disk. */
struct tw_file {
	char name[64];
	uint8_t *p;
	size_t n;
	uint64_t stamp;
	bool is;
};

/* One that the server has. */
struct tw_blob {
	uint8_t id[WIRE_BLOB];
	uint64_t size;
	uint32_t have;
	bool ended, is;
	uint8_t *piece[TW_PIECES];
	size_t len[TW_PIECES];
};

struct tw {
	struct ends ends;
	struct parties parties;
	struct events *events;
	struct outgoing *out;
	struct requests *requests;
	struct transfers *t;
	struct transfers_opts o;
	struct tw_file mem[TW_FILES];
	struct file_record kept[TW_FILES];
	bool has_kept[TW_FILES];
	size_t loads;
	struct tw_blob blob[4];
	uint64_t now, seed;
	bool joined, full_disk, accepts;
	struct blob_offer offered; /* the last */
	size_t n_offers, n_gets, n_pieces;
	/* Lies of the server. */
	enum tw_lie {
		TW_LIE_NONE,
		TW_LIE_SWAP,
		TW_LIE_CUT,
		TW_LIE_FLIP,
		TW_LIE_LONG,
		TW_LIE_OTHER
	} lie;
	enum wire_code refuse;
	uint32_t stop_at; /* takes no more pieces than so many; 0: all */
	/* What was told. */
	char done[256];
	unsigned progress, offers_seen;
	uint32_t last_number;
};

struct tw *tw_new(void);
void tw_free(struct tw *w);
/* The client is killed: what it had in memory is gone. */
void tw_end(struct tw *w);
/* It starts again, and is connected. */
void tw_begin(struct tw *w);
/* Until both are idle. */
void tw_pump(struct tw *w);
/* Takes the events that there are. */
void tw_note(struct tw *w);

/* A file with this name; NULL: none. */
struct tw_file *tw_named(struct tw *w, const char *name);
/* A new one, of n random bytes. */
struct tw_file *tw_file(struct tw *w, const char *name, size_t n);

/* Sends it to the room. Returns its number. */
uint32_t tw_send(struct tw *w, const char *path);
/* There was one offer: of this file's bytes. */
void tw_expect_offer(struct tw *w, const struct tw_file *m);
/* The last offer is heard from this person. */
const struct session_file *tw_hear(
    struct tw *w, const struct person *who, bool past);
/* A file of so many bytes, "sent", is with the server, and offered to us by carol.
 * Returns its number. */
uint32_t tw_offered(struct tw *w, size_t n);
void tw_get(struct tw *w, uint32_t number, const char *name);

/* transfer_world_server.c: gives the server everything that the client has for it, and
 * the client the answers. False: nothing. */
bool tw_carry(struct tw *w);
/* The server says this unasked. */
void tw_have(struct tw *w, const struct blob_state *s);
void tw_gone(struct tw *w, const uint8_t blob[WIRE_BLOB]);

#endif
