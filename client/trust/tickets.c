/* tickets.c - keeps the tickets that servers gave us. */
#include "client/trust/tickets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"
#include "shared/crypto/crypto.h"
#include "shared/os/clock.h"
#include "shared/os/file.h"
#include "shared/wire/b64.h"

enum { TICKET_FILE = 8 + WIRE_TICKET };

int tickets_path(char **out, const char *known_servers, const char *server,
    const uint8_t identity[WIRE_ED25519], struct errmsg *why)
{
	const char *slash = strrchr(known_servers, '/');
	int folder = slash == NULL ? 0 : (int)(slash + 1 - known_servers);
	const struct part parts[] = {
	    {server, strlen(server) + 1}, {identity, WIRE_ED25519}};
	struct crypto *c = crypto_new();
	char name[B64URL_32 + 1];
	uint8_t hash[WIRE_HASH];
	int r = ERR_CRYPTO;

	*out = NULL;
	if (c != NULL)
		r = crypto_hash(c, hash, parts, 2);
	crypto_free(c);
	if (r != 0)
		return errmsg_set(why, r, "%s", err_str(r));
	b64url_encode32(name, hash);
	if (asprintf(out, "%.*stickets/%s", folder, known_servers, name) < 0) {
		*out = NULL;
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	}
	return file_make_parents(*out, why);
}

int tickets_load(const char *path, uint8_t ticket[WIRE_TICKET], uint64_t now_s)
{
	struct errmsg why;
	struct buf b;
	int r;

	buf_init_secret(&b, TICKET_FILE + 1);
	r = file_read(path, FILE_PRIVATE | FILE_NO_LINK, &b, &why);
	if (r == 0 && (b.len != TICKET_FILE || get_u64(b.p) <= now_s))
		r = ERR_AGAIN;
	if (r == 0)
		memcpy(ticket, b.p + 8, WIRE_TICKET);
	buf_free(&b);
	return r;
}

int tickets_save(const char *path, const uint8_t ticket[WIRE_TICKET],
    uint64_t expiry_s, struct errmsg *why)
{
	uint8_t b[TICKET_FILE];
	int r;

	put_u64(b, expiry_s);
	memcpy(b + 8, ticket, WIRE_TICKET);
	/* Saved while we join, and a disk takes longer than all the rest of it. */
	r = file_write(path, b, sizeof(b), FILE_CACHE, why);
	secret_wipe(b, sizeof(b));
	return r;
}

int tickets_keep(const char *path, const struct session *s, unsigned *kept,
    struct errmsg *why)
{
	const uint8_t *ticket;
	uint32_t seconds;

	if (path == NULL || session_tickets(s) == *kept)
		return 0;
	*kept = session_tickets(s);
	ticket = session_ticket(s, &seconds);
	return tickets_save(path, ticket, clock_real_ms() / 1000 + seconds, why);
}
