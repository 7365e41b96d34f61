/* tickets.c - keeps the tickets that servers gave us. */
#include "client/trust/tickets.h"

#include <string.h>

#include "shared/base/secret.h"
#include "shared/os/clock.h"
#include "shared/os/file.h"

enum { TICKET_FILE = 8 + WIRE_TICKET };

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
