/* pins.h - the pins of known_people in memory, a hash table, and their lines in
 * the file. What is written, and when, is people.c's business. */
#ifndef CONCLAVE_TRUST_PINS_H
#define CONCLAVE_TRUST_PINS_H

#include "client/trust/records.h"
#include "shared/wire/bytes.h"
#include "shared/wire/wire.h"

/* How a pin was earned; its word in the file. */
enum pin_mark {
	PIN_SEEN,     /* "seen": met by an earlier version, never heard since */
	PIN_KNOWN,    /* "known": has spoken, or the user accepted the key */
	PIN_CERTIFIED, /* "certified": a certificate said so; without one the key
			  alone is no longer enough */
	PIN_VERIFIED, /* "verified": the user compared the key */
};

enum pin_state {
	PIN_SAVED,   /* the file has it */
	PIN_WAITS,   /* to be written by the next flush */
	PIN_CHOSEN,  /* being written */
	PIN_REFUSED, /* did not fit into the file, or could not be written */
};

struct pin {
	uint8_t server[WIRE_HASH];
	char name[WIRE_NAME_MAX + 1];
	uint8_t identity[WIRE_HASH];
	enum pin_mark mark;
	char since[RECORDS_DATE]; /* may be "" */
	enum pin_state state;
	bool replaces; /* unsaved: the file has a lower mark of this key */
	size_t next;   /* next pin with the same hash, plus 1; 0: the last */
};

enum { PINS_HEADS = 4096, PINS_MAX = 1 << 16 };

struct pins {
	struct pin *all; /* owned */
	size_t n, cap;
	size_t heads[PINS_HEADS]; /* first pin of each hash, plus 1 */
};

struct pins *pins_new(void); /* NULL: no memory */
void pins_free(struct pins *t);

/* A name has a set of keys, one for each device. pins_find: the one that was added
 * last, pins_older: the one before it, NULL after the first; pins_find_key: that
 * of one key. Borrowed until the next pins_add. Names are compared without regard
 * to case. */
struct pin *pins_find(
    const struct pins *t, const uint8_t server[WIRE_HASH], const char *name);
struct pin *pins_older(const struct pins *t, const struct pin *pin);
struct pin *pins_find_key(const struct pins *t, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH]);
/* Adds a copy. ERR_NOMEM, ERR_LIMIT. */
int pins_add(struct pins *t, const struct pin *pin) MUST_CHECK;

/* Adds the pins of a file. A pin of the table that is not SAVED gives way to
 * the file's keys of that name, except that a lower mark of the same key is one
 * to replace.
 * ERR_USAGE: a line is not understood, or contradicts another; ERR_NOMEM,
 * ERR_LIMIT; with a sentence. */
int pins_read(struct pins *t, const char *path, const void *text, size_t n,
    struct errmsg *why) MUST_CHECK;

/* Parses one line. ERR_AGAIN: it is blank. ERR_USAGE: *what says what is wrong
 * with it. */
int pins_parse(
    struct pin *out, const char *line, size_t n, const char **what) MUST_CHECK;
/* Appends the pin's line; pins_line_len is its length. */
int pins_line(struct buf *out, const struct pin *pin) MUST_CHECK;
size_t pins_line_len(const struct pin *pin);

#endif
