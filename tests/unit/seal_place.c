/* seal_place.c - a sealed room, as a client knows it. */
#include "tests/unit/seal_place.h"
#include "tests/unit/check.h"

#define OK(call) assert_int_equal((call), 0)

struct seal_place *seal_place_new(struct group_world *w)
{
	struct seal_place *p = calloc(1, sizeof(*p));
	struct errmsg why;

	assert_non_null(p);
	p->w = w;
	OK(sealed_rooms_open(&p->rooms, NULL, NULL, &why));
	OK(seal_holders_open(&p->file, NULL, NULL, &why));
	p->ops = sealed_rooms_ops(p->rooms);
	p->ops.holders = seal_holders_ops(p->file);
	p->ops.topics = seal_topics_ops(seal_holders_topics(p->file));
	p->at = (struct holders){&p->ops.holders, "vault", w->log};
	return p;
}

void seal_place_free(struct seal_place *p)
{
	sealed_rooms_free(p->rooms);
	seal_holders_free(p->file);
	free(p);
}

struct seals *seal_place_enter(struct seal_place *p)
{
	struct seals *s = seals_new(p->w->c, &p->ops);

	assert_non_null(s);
	seals_name(s, "Vault");
	OK(seals_log(s, p->w->log));
	return s;
}

const char *seal_place_mark(
    struct group_world *w, uint32_t generation, const uint8_t *secret)
{
	static char text[4][SEAL_MARK];
	static size_t turn;
	struct seal_mark m = {.generation = generation};
	struct seal s;

	OK(seal_make(w->c, &s, secret, w->log));
	memcpy(m.check, s.check, SEAL_CHECK);
	seal_mark_encode(text[turn = (turn + 1) % 4], &m);
	return text[turn];
}

struct seals *seal_place_ready(struct seal_place *p)
{
	struct seals *s = seal_place_enter(p);

	seals_add(s, one);
	OK(seals_look(s, true, seal_place_mark(p->w, 1, one)));
	holders_spoke(&p->at, "alice", alice_fp, 1);
	return s;
}

struct person seal_place_alice(void)
{
	struct person who = {.name = "alice", .trust = TRUST_SEEN};

	memcpy(who.fingerprint, alice_fp, WIRE_HASH);
	return who;
}
