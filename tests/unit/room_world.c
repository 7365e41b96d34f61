/* A room without sockets: its threads, its rekeys, and the peers that enter it.
 * What a peer reads is in room_reader.c. */
#include "tests/unit/room_world.h"
#include "tests/unit/vectors.h"
#include "shared/base/secret.h"

static void world_wake(void *arg)
{
	(void)arg; /* the tests poll */
}

static void world_ended(void *arg, struct member *s, enum wire_code code)
{
	struct world *w = arg;

	assert_int_equal(code, w->ended_code);
	assert_false(member_taken(s));
	w->ended = s;
}

static void world_left(void *arg, struct member *s, const struct room_out *out)
{
	struct world *w = arg;

	assert_false(member_taken(s));
	w->left = s;
	w->left_code = out->code;
	w->left_unseen = out->unseen;
	w->left_unanswered = out->unanswered;
}

static bool world_answered(void *arg, struct member *s, uint32_t number)
{
	(void)arg;
	(void)s;
	assert_int_not_equal(number, 0);
	return true;
}

struct room_thread *world_thread(struct world *w)
{
	struct room_thread_opts o = {.directory = w->directory,
	    .crypto = w->crypto,
	    .wake = world_wake,
	    .ended = world_ended,
	    .left = world_left,
	    .answered = world_answered,
	    .arg = w};

	return room_thread_new(&o);
}

void world_deliver(struct world *w)
{
	room_thread_deliver(w->thread[0]);
	if (w->thread[1] != NULL)
		room_thread_deliver(w->thread[1]);
}

const struct mailbox *world_mailbox_of(
    const struct world *w, const struct room *r, size_t i)
{
	const struct mailbox *b;

	LIST_FOREACH(b, &r->mail.boxes, of_room)
	if (b->thread == &w->thread[i]->shards.mail)
		return b;
	return NULL;
}

const struct mailbox *world_mailbox(const struct world *w, size_t i)
{
	return world_mailbox_of(w, w->room, i);
}

int world_rekey(struct world *w)
{
	struct rekey_run run = {.crypto = w->crypto,
	    .json = &w->thread[0]->shards.json,
	    .now_ms = w->now_ms,
	    .wall_ms = 1700000000000};

	return rekey_run(&w->room->rekey, &run);
}

static int world_rekey_once(struct world *w)
{
	int r = world_rekey(w);

	if (w->room->rekey.state == REKEY_IDLE)
		return r; /* no key to wrap, or an error */
	assert_int_equal(r, 0);
	assert_true(rekey_deadline(&w->room->rekey) > w->now_ms);
	world_deliver(w);
	while (room_thread_work(w->thread[0]) || room_thread_work(w->thread[1]))
		;
	assert_int_equal(rekey_deadline(&w->room->rekey), 0);
	return world_rekey(w);
}

int world_rekey_all(struct world *w)
{
	int r, n = 0;

	do {
		assert_true(n++ < 3);
		r = world_rekey_once(w);
	} while (r == 0 && rekey_deadline(&w->room->rekey) <= w->now_ms);
	return r;
}

int world_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct rng rng = random_system();

	assert_non_null(w);
	w->crypto = crypto_new();
	w->identity = identity_new(&rng);
	w->wrap = vectors_kem_rsa();
	assert_non_null(w->crypto);
	assert_non_null(w->identity);
	assert_non_null(w->wrap);
	buf_init(&w->spki, WIRE_RSA_SPKI_MAX);
	assert_int_equal(kem_rsa_spki(w->wrap, &w->spki), 0);
	outq_ready_init(&w->ready);
	assert_int_equal(outq_work_init(&w->work, w->crypto), 0);
	w->directory = directory_new(0);
	w->log = log_memory_new();
	w->standing = standing_new(&rng, ROLE_MEMBER);
	assert_non_null(w->standing);
	assert_non_null(w->directory);
	assert_non_null(w->log);
	w->o = (struct room_opts){.directory = w->directory,
	    .log = w->log,
	    .rng = rng,
	    .identity = w->identity,
	    .standing = w->standing,
	    .id = ROOM_ID,
	    .name = "lobby",
	    .rekey_ms = WIRE_REKEY_MS,
	    .users_max = UINT32_MAX};
	memset(w->o.session, 5, WIRE_NONCE);
	assert_int_equal(ed25519_fingerprint(w->crypto, w->o.server,
			     identity_public(w->identity)),
	    0);
	w->room = room_new(&w->o);
	assert_non_null(w->room);
	w->registry = (struct registry){.directory = w->directory,
	    .standing = w->standing,
	    .room = w->o,
	    .fresh = room_settings_default};
	w->thread[0] = world_thread(w);
	w->thread[1] = world_thread(w);
	assert_non_null(w->thread[0]);
	assert_non_null(w->thread[1]);
	w->ended_code = CODE_REPLACED;
	w->now_ms = 123456;
	*state = w;
	return 0;
}

void peer_free(struct peer *p)
{
	room_leave(p->member);
	memberships_free(&p->rooms);
	entrant_unref(p->person);
	outq_free(&p->q);
	link_free(p->server);
	link_free(p->client);
	identity_free(p->identity);
	buf_free(&p->result.card.bytes);
	free(p->wire);
	free(p);
}

int world_down(void **state)
{
	struct world *w = *state;

	while (w->n > 0)
		peer_free(w->peer[--w->n]);
	room_thread_free(w->thread[0]);
	room_thread_free(w->thread[1]);
	room_free(w->room);
	log_free(w->log);
	directory_free(w->directory);
	standing_free(w->standing);
	outq_work_free(&w->work);
	buf_free(&w->spki);
	kem_rsa_free(w->wrap);
	identity_free(w->identity);
	crypto_free(w->crypto);
	free(w);
	return 0;
}

struct peer *peer_new(struct world *w, const char *name)
{
	struct peer *p = calloc(1, sizeof(*p));
	struct hs_card *card;
	struct link_keys k;

	assert_non_null(p);
	assert_true(w->n < PEERS);
	w->peer[w->n++] = p;
	p->w = w;
	p->allowance = SIZE_MAX;
	assert_int_equal(w->o.rng.fill(NULL, &k, sizeof(k)), 0);
	p->server = link_new(w->crypto, &k, LINK_SERVER);
	p->client = link_new(w->crypto, &k, LINK_CLIENT);
	p->identity = identity_new(&w->o.rng);
	assert_non_null(p->server);
	assert_non_null(p->client);
	assert_non_null(p->identity);
	outq_init(&p->q, &w->ready);
	assert_int_equal(
	    w->o.rng.fill(NULL, p->result.th5, sizeof(p->result.th5)), 0);
	card = &p->result.card;
	buf_init(&card->bytes, 100);
	assert_int_equal(buf_str(&card->bytes, "card of "), 0);
	assert_int_equal(buf_str(&card->bytes, name), 0);
	assert_int_equal(
	    crypto_hash1(w->crypto, card->hash, card->bytes.p, card->bytes.len),
	    0);
	memset(card->signature, 3, sizeof(card->signature));
	snprintf(card->name, sizeof(card->name), "%s", name);
	memcpy(card->identity, identity_public(p->identity), WIRE_ED25519);
	memcpy(card->wrap_spki, w->spki.p, w->spki.len);
	card->wrap_spki_len = w->spki.len;
	return p;
}

struct entrant *peer_card(struct peer *p)
{
	entrant_unref(p->person);
	p->person = entrant_new(&p->result);
	assert_non_null(p->person);
	return p->person;
}

enum wire_code peer_comes(struct world *w, struct peer *p)
{
	struct room_newcomer n = {.person = peer_card(p),
	    .out = &p->q,
	    .member = p->member = memberships_new(&p->rooms)};
	enum wire_code refused;

	assert_non_null(p->member);
	assert_int_equal(
	    room_enter(w->room, w->thread[w->at], &n, &refused), 0);
	assert_int_equal(member_taken(p->member), refused == CODE_NONE);
	assert_false(member_is_in(p->member));
	return refused;
}

struct peer *peer_enter(struct world *w, const char *name)
{
	struct peer *p = peer_new(w, name);

	assert_int_equal(peer_comes(w, p), CODE_NONE);
	return p;
}

void world_keeps(struct world *w, struct store *s, enum room_history h)
{
	size_t i;

	w->room->o.store = w->o.store = w->registry.room.store = s;
	w->room->mail.store = s;
	w->room->settings.history = h;
	atomic_store(&w->room->keeps, h != HISTORY_NONE);
	standing_keep(w->standing, s);
	for (i = 0; i < 2; i++) {
		w->thread[i]->o.store = s;
		w->thread[i]->laters.store = s;
	}
}

bool world_pending(const struct world *w)
{
	const struct room_mail *m = &w->room->mail;

	return m->store != NULL && m->ticket > store_committed(m->store);
}
