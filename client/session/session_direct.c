/* session_direct.c - the functions of session.h about direct messages. */
#include <string.h>

#include "client/session/session_int.h"
#include "shared/wire/text.h"

int session_direct(struct session *s, const char *name, uint64_t wall_ms,
    const struct session_post *p)
{
	const struct rng *rng = &session_parties(s)->rng;
	struct content_said said;
	int r;

	if (session_over(s))
		return ERR_STATE;
	if ((r = session_post_text(&said, p)) != 0 ||
	    (r = rng->fill(rng->arg, said.id, WIRE_ID)) != 0)
		return r;
	return direct_say(session_direct_part(s), name, wall_ms,
	    posts_type(p->what), &(struct offers_words){&said, NULL});
}

int session_direct_decide(struct session *s, const char *name, bool send)
{
	int r = direct_decide(session_direct_part(s), name, send);

	if (r == 0)
		session_settle(s, 0);
	return r;
}

int session_block(
    struct session *s, const char *name, bool on, uint32_t *req)
{
	struct request q = {.type = REQUEST_BLOCK, .on = on};

	if (!text_name(name, strlen(name)))
		return ERR_NAME;
	memcpy(q.who, name, strlen(name));
	return session_ask(s, &q, req);
}

int session_blocks(struct session *s, uint32_t *req)
{
	const struct request q = {.type = REQUEST_BLOCKS};

	return session_ask(s, &q, req);
}

void session_direct_shown(struct session *s)
{
	int r = direct_shown(session_direct_part(s), session_linked(s));

	session_settle(s, r);
}

size_t session_direct_unsent(const struct session *s, size_t *held)
{
	const struct direct *d = session_direct_part(s);

	*held = direct_held(d);
	return direct_due(d, false) + *held;
}

void session_keep_direct(struct session *s, bool on)
{
	direct_keep(session_direct_part(s), on);
	session_settle(s, 0);
}

const uint8_t *session_direct_waiting(
    const struct session *s, const char *name, size_t newer, bool *held)
{
	return direct_waiting(session_direct_part(s), name, newer, held);
}
