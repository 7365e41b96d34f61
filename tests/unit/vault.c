/* vault.c - a sealed room, as a client knows it. */
#include "tests/unit/vault.h"
#include "tests/unit/check.h"

#define OK(call) assert_int_equal((call), 0)

struct vault *vault_new(struct group_world *w)
{
	struct vault *v = calloc(1, sizeof(*v));
	struct errmsg why;

	assert_non_null(v);
	v->w = w;
	OK(sealed_rooms_open(&v->rooms, NULL, NULL, &why));
	OK(seal_holders_open(&v->file, NULL, NULL, &why));
	v->ops = sealed_rooms_ops(v->rooms);
	v->ops.holders = seal_holders_ops(v->file);
	v->ops.topics = seal_topics_ops(seal_holders_topics(v->file));
	v->at = (struct holders){&v->ops.holders, "vault", w->log};
	return v;
}

void vault_free(struct vault *v)
{
	sealed_rooms_free(v->rooms);
	seal_holders_free(v->file);
	free(v);
}

struct seals *vault_enter(struct vault *v)
{
	struct seals *s = seals_new(v->w->c, &v->ops);

	assert_non_null(s);
	seals_name(s, "Vault");
	OK(seals_log(s, v->w->log));
	return s;
}

const char *vault_mark(
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

struct seals *vault_ready(struct vault *v)
{
	struct seals *s = vault_enter(v);

	seals_add(s, one);
	OK(seals_look(s, true, vault_mark(v->w, 1, one)));
	holders_spoke(&v->at, "alice", alice_fp, 1);
	return s;
}

struct person vault_alice(void)
{
	struct person who = {.name = "alice", .trust = TRUST_SEEN};

	memcpy(who.fingerprint, alice_fp, WIRE_HASH);
	return who;
}
