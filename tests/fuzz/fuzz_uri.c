/* Fuzzes addresses and invites. Accepted input is written as an invite and must
 * parse back to the same. */
#include "shared/wire/text.h"
#include "shared/wire/uri.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct uri *u)
{
	FUZZ_CHECK(u->path[0] == '\0' || u->path[0] == '/');
	FUZZ_CHECK(u->path[0] == '\0' || u->host[0] == '\0');
	FUZZ_CHECK(u->room[0] == '\0' || text_room(u->room, strlen(u->room)));
	FUZZ_CHECK(strlen(u->port) <= 5);
	FUZZ_CHECK(strlen(u->secret) ==
		   (u->invite[0] != '\0' ? URI_INVITE_SECRET : 0));
	FUZZ_CHECK(u->invite[0] == '\0' || u->has_fingerprint);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = fuzz_text(data, size);
	struct uri u = {.has_port = true}, again;
	struct buf b;
	int r;

	buf_init(&b, 4096);
	r = uri_parse(&u, s);
	FUZZ_CHECK(r == 0 || r == ERR_USAGE || r == ERR_TRUNC);
	if (r != 0)
		(void)uri_wrong(s);
	if (r == 0) {
		check(&u);
		FUZZ_CHECK(uri_build(&b, &u) == 0 && buf_u8(&b, 0) == 0);
		FUZZ_CHECK(uri_parse(&again, (const char *)b.p) == 0);
		FUZZ_CHECK(strcmp(u.host, again.host) == 0);
		FUZZ_CHECK(strcmp(u.port, again.port) == 0);
		FUZZ_CHECK(strcmp(u.path, again.path) == 0);
		FUZZ_CHECK(strcmp(u.room, again.room) == 0);
		FUZZ_CHECK(u.has_fingerprint == again.has_fingerprint);
		FUZZ_CHECK(strcmp(u.invite, again.invite) == 0);
		FUZZ_CHECK(strcmp(u.secret, again.secret) == 0);
		FUZZ_CHECK(
		    !u.has_fingerprint ||
		    memcmp(u.fingerprint, again.fingerprint, WIRE_HASH) == 0);
	}
	r = uri_parse_listen(&u, s);
	FUZZ_CHECK(r == 0 || r == ERR_USAGE);
	if (r == 0)
		check(&u);
	buf_free(&b);
	free(s);
	return 0;
}
