/* json.h - checked access to JSON as PROTOCOL.md defines it, over jansson.
 *
 * Refused with ERR_JSON: anything but one object, a byte before or after it,
 * invalid UTF-8, duplicate keys, U+0000, lone surrogates, a number that is
 * not an integer from -2^63 to 2^63-1 (under any key), and nesting deeper
 * than WIRE_JSON_DEPTH, which is counted before the parser sees the text. What
 * does not parse for want of memory is ERR_NOMEM: nobody's breach. */
#ifndef SHARED_WIRE_JSON_H
#define SHARED_WIRE_JSON_H

#include <jansson.h>

#include "shared/wire/bytes.h"
#include "shared/base/err.h"
#include "shared/wire/wire.h"

/* Once, before any other call and before the cage: gives jansson an allocator
 * that wipes what it frees, since group keys pass through it, and has it read
 * the random seed of its tables of keys. */
void json_setup(void);

/* *out is owned by the caller (json_decref). */
int json_parse(json_t **out, const void *text, size_t n) MUST_CHECK;

/* A known key of an object: missing or ill-typed is ERR_JSON, an integer out
 * of the bounds of its type ERR_RANGE, wrong base64 or its length ERR_BASE64.
 * Strings are borrowed from the object and hold no U+0000. */
int json_str(const json_t *o, const char *key, const char **out, size_t *len)
    MUST_CHECK;
/* A copy of at most max bytes and a zero byte; longer is ERR_TEXT. */
int json_text(const json_t *o, const char *key, char *out, size_t max)
    MUST_CHECK;
int json_u32(const json_t *o, const char *key, uint32_t *out) MUST_CHECK;
/* The same without 0, which is the server. Rooms and epochs may be 0. */
int json_member(const json_t *o, const char *key, uint32_t *out) MUST_CHECK;
/* 0..2^63-1: what a JSON integer can say of a u64 */
int json_u63(const json_t *o, const char *key, uint64_t *out) MUST_CHECK;
int json_i64(const json_t *o, const char *key, int64_t *out) MUST_CHECK;
int json_obj(const json_t *o, const char *key, const json_t **out) MUST_CHECK;
int json_arr(const json_t *o, const char *key, const json_t **out) MUST_CHECK;
/* Base64 of exactly n bytes, or of at most max. */
int json_b64(const json_t *o, const char *key, void *out, size_t n) MUST_CHECK;
int json_b64_max(const json_t *o, const char *key, void *out, size_t max,
    size_t *len) MUST_CHECK;
/* True when the key is there and is the string `s`. */
bool json_is(const json_t *o, const char *key, const char *s);

/* A writer: appends compact JSON to a buffer. The first failure sticks;
 * json_end returns it and leaves the buffer as json_begin found it. Keys are
 * constants of ours; strings are escaped and have to be valid UTF-8 without
 * U+0000 (ERR_TEXT). Containers are closed in order by json_close. */
struct json_w {
	struct buf *out;
	size_t start;
	int err;
	bool comma;
};
void json_begin(struct json_w *w, struct buf *out);	/* writes { */
int json_end(struct json_w *w) MUST_CHECK;		/* writes } */
void json_put_str(struct json_w *w, const char *key, const char *s);
void json_put_strn(struct json_w *w, const char *key, const char *s, size_t n);
void json_put_int(struct json_w *w, const char *key, int64_t v);
void json_put_u63(struct json_w *w, const char *key, uint64_t v);
void json_put_bool(struct json_w *w, const char *key, bool v);
void json_put_b64(struct json_w *w, const char *key, const void *p, size_t n);
void json_open_obj(struct json_w *w, const char *key); /* key NULL: in array */
void json_open_arr(struct json_w *w, const char *key);
void json_close(struct json_w *w, char bracket); /* '}' or ']' */

#endif
