/* Pings of a link. */
#include "client/session/pings.h"

#include "shared/wire/wire.h"

enum { RTT_MS = 1000 /* from joining to the first measurement */ };

void pings_forget(struct pings *p)
{
	p->out = false;
	p->rtt_ms = UINT32_MAX;
}

void pings_start(struct pings *p, uint64_t now_ms)
{
	p->sent_ms = now_ms;
	p->due_ms = now_ms + WIRE_PING_MS;
}

void pings_soon(struct pings *p, uint64_t now_ms)
{
	p->due_ms = now_ms + RTT_MS;
}

/* At its time, and after 30 s without a record. */
uint64_t pings_at(const struct pings *p, uint64_t rx_ms)
{
	uint64_t silent = rx_ms + WIRE_PING_MS;

	return p->sent_ms < silent && silent < p->due_ms ? silent : p->due_ms;
}

int64_t pings_sent(struct pings *p, uint64_t now_ms)
{
	pings_start(p, now_ms);
	p->out = true;
	return ++p->id;
}

bool pings_answer(struct pings *p, int64_t id, uint64_t now_ms)
{
	/* A late answer to an older ping gives no measurement. */
	if (!p->out || id != p->id)
		return false;
	p->out = false;
	p->rtt_ms = (uint32_t)(now_ms - p->sent_ms);
	return true;
}
