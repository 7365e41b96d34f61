/* Two members and the server in one epoch. */
#include "tests/unit/check.h"
#include "tests/unit/group_world.h"

int group_world_new(void **state)
{
	static const char *const names[] = {"alice", "bob", ""};
	static const uint32_t ids[] = {12, 13, 0};
	struct group_world *w = calloc(1, sizeof(*w));
	uint8_t seed[32];
	size_t i;

	assert_non_null(w);
	w->c = crypto_new();
	assert_non_null(w->c);
	memset(w->server, 0x5a, sizeof(w->server));
	memset(w->session, 0x5e, sizeof(w->session));
	memset(w->log, 0x10, sizeof(w->log));
	memset(w->roster, 0x3c, sizeof(w->roster));
	w->place = (struct group_place){w->server, w->session, w->log, "Lobby"};
	memset(w->secret, 0x2a, sizeof(w->secret));
	for (i = 0; i < 3; i++) {
		memset(seed, (int)i + 1, sizeof(seed));
		w->id[i] = identity_from_seed(seed);
		assert_non_null(w->id[i]);
		if (i != SERVER)
			memset(w->card[i], 0xa0 + (int)i, WIRE_HASH);
		w->from[i] = (struct group_sender){
		    ids[i], names[i], identity_public(w->id[i]), w->card[i]};
	}
	assert_int_equal(
	    group_epoch_make(w->c, &w->e, ROOM, EPOCH, w->secret), 0);
	buf_init(&w->body, MAX);
	buf_init_secret(&w->out, MAX);
	*state = w;
	return 0;
}

int group_world_free(void **state)
{
	struct group_world *w = *state;
	size_t i;

	for (i = 0; i < 3; i++)
		identity_free(w->id[i]);
	buf_free(&w->body);
	buf_free(&w->out);
	group_epoch_wipe(&w->e);
	crypto_free(w->c);
	free(w);
	return 0;
}

int group_world_seal(
    struct group_world *w, size_t who, uint64_t seq, const void *p, size_t n)
{
	buf_clear(&w->body);
	return group_seal(w->c, &w->body,
	    &(struct group_context){.epoch = &w->e,
		.place = &w->place,
		.roster = w->roster,
		.from = &w->from[who],
		.signer = w->id[who]},
	    seq, p, n);
}

int group_world_open_n(struct group_world *w, const struct group_epoch *e,
    const struct group_place *place, const struct group_sender *from,
    const uint8_t *body, size_t n)
{
	uint8_t *copy = malloc(n + 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, body, n);
	buf_clear(&w->out);
	assert_int_equal(buf_str(&w->out, "kept"), 0);
	r = group_open(w->c, &w->out,
	    &(struct group_context){
		.place = place, .epoch = e, .roster = w->roster, .from = from},
	    copy, n);
	assert_memory_equal(w->out.p, "kept", 4);
	if (r != 0)
		assert_int_equal(w->out.len, 4);
	free(copy);
	return r;
}

int group_world_open_as(struct group_world *w, const struct group_epoch *e,
    const struct group_place *place, const struct group_sender *from)
{
	return group_world_open_n(w, e, place, from, w->body.p, w->body.len);
}

int group_world_open(struct group_world *w)
{
	return group_world_open_as(w, &w->e, &w->place, &w->from[ALICE]);
}
