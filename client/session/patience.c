/* How long a server may take. */
#include "client/session/patience.h"

#include "shared/wire/wire.h"

void patience_step(struct patience *p, uint64_t now_ms)
{
	*p = (struct patience){now_ms, UINT64_MAX};
}

bool patience_turned(const struct patience *p, bool agrees)
{
	return agrees != (p->disagreed_ms == UINT64_MAX);
}

void patience_note(struct patience *p, uint64_t now_ms)
{
	p->disagreed_ms = p->disagreed_ms == UINT64_MAX ? now_ms : UINT64_MAX;
}

uint64_t patience_ends(const struct patience *p, bool in)
{
	uint64_t since = in ? p->disagreed_ms : p->step_ms;

	return since == UINT64_MAX ? UINT64_MAX : since + WIRE_SILENCE_MS;
}
