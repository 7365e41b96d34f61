/* json.h - checked access to JSON as PROTOCOL.md defines it, on top of
 * jansson.
 *
 * ERR_JSON refuses anything but one object, a byte before or after it,
 * invalid UTF-8, duplicate keys, U+0000, lone surrogates, a number that is
 * not an integer from -2^63 to 2^63-1 (under any key), and nesting deeper
 * than WIRE_JSON_DEPTH, which is counted before the parser sees the text. If
 * parsing fails for lack of memory, the error is ERR_NOMEM, which does not
 * blame the peer. */
#ifndef SHARED_WIRE_JSON_H
#define SHARED_WIRE_JSON_H

#include <jansson.h>

#include "shared/wire/bytes.h"
#include "shared/base/err.h"
#include "shared/wire/wire.h"

/* Call once, before any other function and before the sandbox starts. Gives
 * jansson an allocator that wipes what it frees, since group keys pass
 * through it, and makes it read the random seed of its hash tables. */
void json_setup(void);

/* The caller owns *out (json_decref). */
int json_parse(json_t **out, const void *text, size_t n) MUST_CHECK;

/* Reads a known key of an object. A missing or ill-typed value is ERR_JSON,
 * an integer out of its type's bounds ERR_RANGE, invalid base64 or a wrong
 * length ERR_BASE64. Strings are borrowed from the object and contain no
 * U+0000. */
int json_str(const json_t *o, const char *key, const char **out, size_t *len)
    MUST_CHECK;
/* Copies at most max bytes and adds a zero byte; ERR_TEXT if it is longer. */
int json_text(const json_t *o, const char *key, char *out, size_t max)
    MUST_CHECK;
int json_u32(const json_t *o, const char *key, uint32_t *out) MUST_CHECK;
/* The same, but refuses 0, which is the server. Rooms and epochs may be 0. */
int json_member(const json_t *o, const char *key, uint32_t *out) MUST_CHECK;
/* 0..2^63-1, the range of a u64 that a JSON integer can hold. */
int json_u63(const json_t *o, const char *key, uint64_t *out) MUST_CHECK;
int json_i64(const json_t *o, const char *key, int64_t *out) MUST_CHECK;
int json_obj(const json_t *o, const char *key, const json_t **out) MUST_CHECK;
int json_arr(const json_t *o, const char *key, const json_t **out) MUST_CHECK;
/* Base64 of exactly n bytes, or of at most max. */
int json_b64(const json_t *o, const char *key, void *out, size_t n) MUST_CHECK;
int json_b64_max(const json_t *o, const char *key, void *out, size_t max,
    size_t *len) MUST_CHECK;
/* Base64 of exactly n bytes, element i of an array. */
int json_b64_in(const json_t *array, size_t i, void *out, size_t n) MUST_CHECK;
/* True if the key exists and is the string `s`. */
bool json_is(const json_t *o, const char *key, const char *s);

/* A writer that appends compact JSON to a buffer. The first failure sticks:
 * json_end returns it and restores the buffer to its state at json_begin.
 * Keys are our own constants; strings are escaped and must be valid UTF-8
 * without U+0000 (ERR_TEXT). json_close closes containers in order. */
struct json_w {
	struct buf *out;
	size_t start;
	int err;
	bool comma;
};
void json_begin(struct json_w *w, struct buf *out);	/* writes { */
int json_end(struct json_w *w) MUST_CHECK;		/* writes } */
/* The same for a control frame or content: first fills the object with the
 * key "pad" to a size of wire_padded, so that its length tells only a class. */
int json_end_padded(struct json_w *w) MUST_CHECK;
void json_put_str(struct json_w *w, const char *key, const char *s);
void json_put_strn(struct json_w *w, const char *key, const char *s, size_t n);
void json_put_int(struct json_w *w, const char *key, int64_t v);
void json_put_u63(struct json_w *w, const char *key, uint64_t v);
void json_put_bool(struct json_w *w, const char *key, bool v);
void json_put_b64(struct json_w *w, const char *key, const void *p, size_t n);
/* key NULL, here and above: in an array. */
void json_open_obj(struct json_w *w, const char *key);
void json_open_arr(struct json_w *w, const char *key);
void json_close(struct json_w *w, char bracket); /* '}' or ']' */

#endif
