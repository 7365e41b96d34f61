/* uri.h - addresses and invites as people write them:
 *
 *   conclave://HOST[:PORT][/[ROOM]][#FINGERPRINT]
 *   conclave+unix:///PATH[?room=ROOM][#FINGERPRINT]   PATH percent-encoded
 *   HOST  HOST:PORT  [V6]  [V6]:PORT
 *   unix:/PATH  /PATH                                 PATH as it is
 *
 * FINGERPRINT is base64url of 32 bytes, with or without padding. Without a
 * port it is WIRE_PORT. An IPv6 address always stands in brackets, where a
 * zone (%eth0) may follow it. Hosts are A-Z a-z 0-9 . _ -, paths are absolute
 * and hold no control characters, rooms pass text_room. */
#ifndef SHARED_WIRE_URI_H
#define SHARED_WIRE_URI_H

#include <stdbool.h>

#include "shared/wire/bytes.h"
#include "shared/wire/wire.h"

enum { URI_HOST_MAX = 255, URI_PATH_MAX = 107 };

struct uri {
	char host[URI_HOST_MAX + 1]; /* no brackets; "" for a Unix socket */
	char port[6];		     /* "0".."65535"; "" for a Unix socket */
	char path[URI_PATH_MAX + 1]; /* Unix socket; else "" */
	char room[WIRE_ROOM_MAX + 1]; /* "" when none is named */
	bool has_port;		     /* one was written */
	bool has_fingerprint;
	uint8_t fingerprint[WIRE_HASH];
};

/* What a client connects to: any of the forms above. ERR_USAGE, and *out is
 * untouched, for anything else; port 0 too. */
int uri_parse(struct uri *out, const char *text) MUST_CHECK;

/* What a server listens on: the forms without a scheme of ours, and :PORT
 * (host "", all addresses). Port 0 is allowed. */
int uri_parse_listen(struct uri *out, const char *text) MUST_CHECK;

/* Appends the invite: room and fingerprint when they are there. ERR_USAGE
 * when there is neither a host nor a path. */
int uri_build(struct buf *out, const struct uri *u) MUST_CHECK;

#endif
