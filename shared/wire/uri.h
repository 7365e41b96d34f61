/* uri.h - addresses and invites as people write them:
 *
 *   conclave://HOST[:PORT][/[ROOM]][#FINGERPRINT[,i=ID.SECRET][,s=SECRET]]
 *   conclaves://HOST[:PORT]...                        the same through TLS
 *   conclave+unix:///PATH[?room=ROOM][#...]           PATH percent-encoded
 *   HOST  HOST:PORT  [V6]  [V6]:PORT
 *   unix:/PATH  /PATH                                 PATH as it is
 *
 * FINGERPRINT is base64url of 32 bytes, with or without padding. Without a
 * port it is WIRE_PORT, through TLS WIRE_TLS_PORT. An IPv6 address always stands
 * in brackets, where a zone (%eth0) may follow it. ID.SECRET makes it a personal invite, which lets
 * somebody in without the server's password: 8 of a-z 2-7, and base64url of 16
 * bytes. The SECRET after s= is that of a sealed room, which must be named:
 * base64url of 32 bytes. No other part behind the fingerprint is known yet. Hosts are A-Z a-z
 * 0-9 . _ -, paths are absolute and hold no control characters, rooms pass
 * text_room.
 *
 * Blanks and pairs of quotes or brackets around any form have no effect, nor
 * has the case of the scheme. An invite that a mail program wrapped is joined:
 * line breaks in it, blanks and ">" beside them, and blanks in the fingerprint
 * are left out. */
#ifndef SHARED_WIRE_URI_H
#define SHARED_WIRE_URI_H

#include <stdbool.h>

#include "shared/wire/bytes.h"
#include "shared/wire/wire.h"

#define URI_SCHEME	"conclave://"
#define URI_SCHEME_TLS	"conclaves://"
#define URI_SCHEME_UNIX "conclave+unix://"

enum {
	URI_HOST_MAX = 255,
	URI_PATH_MAX = 107,
	URI_TEXT_MAX = 1024,
	URI_INVITE_ID = 8,
	URI_INVITE_SECRET = 22, /* characters that encode 16 bytes */
};

struct uri {
	char host[URI_HOST_MAX + 1];  /* no brackets; "" for a Unix socket */
	char port[6];		      /* "0".."65535"; "" for a Unix socket */
	char path[URI_PATH_MAX + 1];  /* Unix socket path; else "" */
	char room[WIRE_ROOM_MAX + 1]; /* "" if none is given */
	bool tls;		      /* conclaves:// */
	bool has_port;		      /* a port was written */
	bool has_fingerprint;
	uint8_t fingerprint[WIRE_HASH];
	char invite[URI_INVITE_ID + 1];	    /* "" unless it is a personal one */
	char secret[URI_INVITE_SECRET + 1]; /* ... and this is as good as a
					       password: see uri_wipe */
	bool has_seal;
	uint8_t seal[WIRE_KEY]; /* the secret of a sealed room; the same */
};

/* Wipes both secrets. Whoever owns a struct uri calls it in the end. */
void uri_wipe(struct uri *u);
/* The same for the text of an invite: what stands behind its fingerprint. */
void uri_hide(char *text);

/* Parses an address to connect to, in any of the forms above. ERR_TRUNC: an
 * invite whose fingerprint or secret is cut. Anything else, and port 0, is
 * ERR_USAGE. Both leave *out unchanged. */
int uri_parse(struct uri *out, const char *text) MUST_CHECK;

/* Parses an address to listen on: the forms without our scheme, and :PORT
 * (host "", all addresses). Port 0 is allowed. */
int uri_parse_listen(struct uri *out, const char *text) MUST_CHECK;

/* Whether the next line may belong to this text: it is an invite whose
 * fingerprint or secret is cut or still to come. */
bool uri_unfinished(const char *text);

/* Says what is wrong with a text that uri_parse or uri_parse_listen refused;
 * NULL: nothing in particular. */
const char *uri_wrong(const char *text);

/* Whether a text that somebody is about to say has an invite with the secret of a
 * sealed room in it, whole or cut. */
bool uri_tells_seal(const char *text, size_t n);

/* Appends the invite, with the room and fingerprint if present. ERR_USAGE if
 * there is neither a host nor a path, or a secret without a fingerprint. */
int uri_build(struct buf *out, const struct uri *u) MUST_CHECK;

#endif
