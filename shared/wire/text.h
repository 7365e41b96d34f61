/* text.h - UTF-8, names, passwords, and the only filter for peer text on its
 * way to a terminal or a log. */
#ifndef SHARED_WIRE_TEXT_H
#define SHARED_WIRE_TEXT_H

#include <stdbool.h>

#include "shared/wire/bytes.h"
#include "shared/base/err.h"
#include "shared/wire/wire.h"

/* Valid UTF-8: no overlong form, no surrogate, nothing above U+10FFFF. */
/*@ requires \valid_read((uint8_t *)s + (0 .. n - 1));
    assigns \nothing; */
bool text_utf8(const void *s, size_t n);

/* The length of the character that this byte begins in UTF-8 (2..4), or 0:
 * ASCII, or a byte that begins none. */
/*@ assigns \nothing;
    ensures \result == 0 || 2 <= \result <= 4; */
size_t text_lead(uint8_t b);
/* True for a byte that continues a character. */
/*@ assigns \nothing; */
bool text_trail(uint8_t b);
/* The length of the byte order mark (U+FEFF) that some editors put before a
 * text: 3, or 0 if there is none. It is no part of the text. */
/*@ requires \valid_read((uint8_t *)s + (0 .. n - 1));
    assigns \nothing; */
size_t text_bom(const void *s, size_t n);
/* Whether a file was saved as UTF-16: it has the byte order mark of that
 * encoding, or every other one of its first bytes is zero. */
/*@ requires \valid_read((uint8_t *)s + (0 .. n - 1));
    assigns \nothing; */
bool text_utf16(const void *s, size_t n);

/* A user's name (1..24 bytes) or a room's name (1..32), by PROTOCOL.md
 * section 7: A-Z a-z 0-9 . _ -, starting with a letter or digit, and not
 * "server" or "system" in any case. text_same_name ignores case. */
/*@ requires \valid_read(s + (0 .. n - 1));
    assigns \nothing;
    ensures \result ==> 1 <= n <= WIRE_NAME_MAX; */
bool text_name(const char *s, size_t n);
/*@ requires \valid_read(s + (0 .. n - 1));
    assigns \nothing;
    ensures \result ==> 1 <= n <= WIRE_ROOM_MAX; */
bool text_room(const char *s, size_t n);
bool text_same_name(const char *a, const char *b);
/* What a room's name looks like at a glance: two names with one form may be
 * taken for each other. Lower case; 0 is o; 1 and i are l; _ and . are -; rn
 * is m; vv is w. */
/*@ requires valid_read_string(name);
    requires \valid(out + (0 .. WIRE_ROOM_MAX));
    requires \separated(out + (0 .. WIRE_ROOM_MAX), name + (0 .. strlen(name)));
    assigns out[0 .. WIRE_ROOM_MAX]; */
void text_room_form(char out[WIRE_ROOM_MAX + 1], const char *name);
/* Whether it is one of the reserved names, in any case. */
/*@ requires valid_read_string(s);
    assigns \nothing; */
bool text_reserved(const char *s);
/* An invite's id (WIRE_INVITE_ID characters of a-z2-7), and its secret: 16 bytes
 * as base64url without padding, in the one form that they have. */
/*@ requires \valid_read(s + (0 .. n - 1));
    assigns \nothing;
    ensures \result ==> n == WIRE_INVITE_ID; */
bool text_invite_id(const char *s, size_t n);
/*@ requires \valid_read(s + (0 .. n - 1));
    assigns \nothing;
    ensures \result ==> n == WIRE_INVITE_SECRET; */
bool text_invite_secret(const char *s, size_t n);
/* ASCII only, whatever the locale says. */
/*@ assigns \nothing;
    ensures \result == 0 <==> c == 0; */
static inline char text_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Writes the NFC of a password to a secret buffer. ERR_USAGE unless it is
 * 1..1024 bytes of valid UTF-8 without control characters. */
int text_password(struct buf *out, const char *pw, size_t n) MUST_CHECK;

/* What may reach a terminal or a log. Appends to out:
 *  - C0 and DEL as their Unicode control pictures (U+2400..U+2421);
 *  - each as U+FFFD: bytes that are not UTF-8, C1, bidi embeddings, overrides
 *    and isolates, line and paragraph separators, interlinear characters, the
 *    fillers U+3164 and U+FFA0, noncharacters, and code points that Unicode
 *    reserves for invisible characters to come;
 *  - nothing for every other invisible format character: soft hyphen, zero
 *    width space, word joiner, bidi marks, U+FEFF, tag characters, ...;
 *  - of combining marks, variation selectors, joiners and other characters
 *    without a width of their own, at most TEXT_MARKS_MAX in a row; the rest
 *    of the row is left out;
 *  - everything else as it is: ZWJ, ZWNJ and variation selectors (emoji,
 *    Persian, Indic scripts), the visible Arabic number signs, private use, and
 *    code points that are not assigned, which a later version of Unicode may
 *    have assigned.
 * TEXT_LINES leaves \n alone and turns \t into four spaces; TEXT_ASCII shows
 * each character outside printable ASCII as "?". TEXT_KEEP is for what the user
 * types, which is sent: the invisible format characters stay. TEXT_STRICT is for
 * names, logs and JSON, where nothing may hide: they, and code points that are
 * not assigned, become U+FFFD. On failure (ERR_LIMIT, ERR_NOMEM) out is as it
 * was. At most three bytes come out for each that goes in (four for \t). */
enum { TEXT_MARKS_MAX = 8 };
enum { TEXT_LINES = 1, TEXT_ASCII = 2, TEXT_KEEP = 4, TEXT_STRICT = 8 };
/*@ requires buf_ok(out) && \valid_read((uint8_t *)s + (0 .. n - 1));
    ensures buf_ok(out) && \result <= 0;
    ensures \result == 0 ==>
      \old(out->len) <= out->len <= \old(out->len) + 4 * n;
    ensures \result != 0 ==> out->len == \old(out->len); */
int text_filter(struct buf *out, const void *s, size_t n, unsigned flags)
    MUST_CHECK;
/* Filters into a fixed buffer of `size` bytes, cut at a whole character and
 * always terminated, with TEXT_STRICT. For names and logs. */
/*@ requires \valid(out + (0 .. size - 1));
    requires \valid_read((uint8_t *)s + (0 .. n - 1));
    requires \separated(out + (0 .. size - 1), (uint8_t *)s + (0 .. n - 1));
    assigns out[0 .. size - 1]; */
void text_filter_fixed(char *out, size_t size, const void *s, size_t n);

#endif
