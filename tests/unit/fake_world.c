/* The client's side of the fake server (struct world): a session and
 * its callbacks. */
#include "tests/unit/fake_server.h"
#include "tests/unit/vectors.h"

#define OK(call) assert_int_equal((call), 0)

static int seeded(void *arg, void *out, size_t n)
{
	uint64_t *state = arg;
	uint8_t *p = out;
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(check_random(state) >> 32);
	return 0;
}

static enum trust meet(void *arg, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity_fp[WIRE_HASH])
{
	struct world *w = arg;
	size_t n = strlen(w->met);

	(void)identity_fp;
	assert_memory_equal(server, w->pin, WIRE_HASH);
	if (n + strlen(name) + 2 < sizeof(w->met)) {
		strcat(w->met, name);
		strcat(w->met, " ");
	}
	if (w->changed != NULL && strcmp(name, w->changed) == 0)
		return TRUST_CHANGED;
	if (w->verified != NULL && strcmp(name, w->verified) == 0)
		return TRUST_VERIFIED;
	return w->fresh != NULL && strcmp(name, w->fresh) == 0 ? TRUST_NEW
							       : TRUST_SEEN;
}

/* Pins the name: it is new no longer. */
static void spoke(void *arg, const uint8_t server[WIRE_HASH], const char *name,
    const uint8_t identity_fp[WIRE_HASH])
{
	struct world *w = arg;
	size_t n = strlen(w->spoke);

	(void)identity_fp;
	assert_memory_equal(server, w->pin, WIRE_HASH);
	if (n + strlen(name) + 2 < sizeof(w->spoke)) {
		strcat(w->spoke, name);
		strcat(w->spoke, " ");
	}
	if (w->fresh != NULL && strcmp(name, w->fresh) == 0)
		w->fresh = NULL;
}

static int account(void *arg, const char *name, struct hs_account *out)
{
	struct fake *f = arg;

	assert_string_equal(name, "*");
	memset(out, 0, sizeof(*out));
	out->kdf = (struct kdf){1 << 14, 8, 1};
	out->salt[0] = f->salt;
	out->record = f->record;
	return 0;
}

/* Notes the ticket, and does not open it. */
static int show_ticket(void *arg, const uint8_t ticket[WIRE_TICKET],
    uint8_t identity[WIRE_ED25519])
{
	struct fake *f = arg;

	(void)identity;
	memcpy(f->shown, ticket, WIRE_TICKET);
	f->n_shown++;
	return ERR_OPEN;
}

struct world *world_new(void)
{
	static const uint8_t seed_server[32] = {1}, seed_client[32] = {2};
	struct world *w = calloc(1, sizeof(*w));
	uint8_t w0[PAKE_SCALAR], w1[PAKE_SCALAR];
	struct fake *f = &w->fake;

	assert_non_null(w);
	json_setup();
	w->now = 1000000;
	w->seed = 88172645463325252;
	w->crypto = f->crypto = crypto_new();
	w->id = identity_from_seed(seed_client);
	f->id = identity_from_seed(seed_server);
	assert_true(w->crypto != NULL && w->id != NULL && f->id != NULL);
	f->rng = (struct rng){seeded, &w->seed};
	memset(f->session, 5, sizeof(f->session));
	OK(ed25519_fingerprint(w->crypto, w->pin, identity_public(f->id)));
	memset(w->stretched, 0x5a, sizeof(w->stretched));
	OK(pake_scalars(w0, w1, w->stretched));
	f->record = pake_record_new(w0, w1);
	assert_non_null(f->record);
	buf_init(&f->bodies, 1 << 20);
	buf_init(&f->in, 8 << 20);
	buf_init(&f->out, 64 << 20);
	buf_init(&f->wrap_spki, WIRE_RSA_SPKI_MAX);
	f->room = 1;
	f->room_name = "lobby";
	f->epoch = 4;
	OK(f->rng.fill(f->rng.arg, f->secret, sizeof(f->secret)));
	OK(group_epoch_make(w->crypto, &f->epochs[f->n_epochs++], f->room,
	    f->epoch, f->secret));
	fake_log(f);
	f->notice_seq = 10;
	f->member = 50;
	w->opts = (struct session_opts){.crypto = w->crypto,
	    .rng = f->rng,
	    .identity = w->id,
	    .name = "alice",
	    .room = "",
	    .pin = w->pin,
	    .people = {.meet = meet, .spoke = spoke, .arg = w},
	    .reconnect = true};
	return w;
}

static void fake_close(struct fake *f)
{
	handshake_free(f->handshake);
	f->handshake = NULL;
	link_free(f->link);
	f->link = NULL;
	f->open = false;
	f->n_frames = 0;
	buf_free(&f->bodies);
	buf_free(&f->in);
	buf_free(&f->out);
}

void world_free(struct world *w)
{
	struct fake *f = &w->fake;
	size_t i;

	session_free(w->s);
	fake_close(f);
	fake_kept_free(f);
	for (i = 0; i < f->n_peers; i++)
		identity_free(f->peers[i].id);
	pake_record_free(f->record);
	buf_free(&f->wrap_spki);
	lines_free(&f->got);
	lines_free(&w->events);
	identity_free(w->id);
	identity_free(f->id);
	crypto_free(w->crypto);
	free(w);
}

void world_start(struct world *w)
{
	if (w->s != NULL)
		return;
	w->s = session_new(&w->opts);
	assert_non_null(w->s);
	if (!w->late_wrap)
		session_set_kem(w->s, vectors_kem_rsa());
}

static void feed(struct world *w, const uint8_t *p, size_t n)
{
	size_t step = w->split == 0 ? n : w->split, i;
	uint8_t *one;

	for (i = 0; i < n; i += step) {
		if (step > n - i)
			step = n - i;
		/* An exact-size copy, so that ASan catches an overread. */
		one = malloc(step);
		assert_non_null(one);
		memcpy(one, p + i, step);
		session_input(w->s, w->now, one, step);
		free(one);
		world_drain(w);
	}
}

static void spoil(struct world *w, struct buf *b)
{
	uint8_t *p;

	if (w->spoil == NULL)
		return;
	p = memmem(b->p, b->len, w->spoil, strlen(w->spoil));
	if (p != NULL)
		p[strlen(w->spoil)] ^= 1;
}

void world_pump(struct world *w)
{
	struct fake *f = &w->fake;
	const uint8_t *p;
	bool busy = true;
	struct buf move;
	size_t n;

	while (busy) {
		busy = false;
		world_drain(w);
		if (session_deadline(w->s) <= w->now) {
			session_tick(w->s, w->now);
			busy = true;
		}
		if ((session_needs(w->s) & SESSION_NEED_SEAL) != 0) {
			session_seal(w->s);
			busy = true;
		}
		if ((session_needs(w->s) & SESSION_NEED_KDF) != 0 &&
		    !w->no_kdf) {
			struct hs_kdf_job job;

			OK(session_kdf_job(w->s, &job));
			assert_int_equal(job.kdf.n, 1 << 14);
			session_stretched(w->s, w->now, w->stretched);
			busy = true;
		}
		p = session_output(w->s, &n);
		if (f->open && n > 0 && !w->deaf) {
			fake_input(f, p, n);
			session_consume(w->s, n);
			busy = true;
		}
		if (f->link != NULL)
			fake_flush(f);
		if (f->open && f->out.len > 0) {
			move = f->out;
			buf_init(&f->out, f->out.max);
			spoil(w, &move);
			feed(w, move.p, move.len);
			buf_free(&move);
			busy = true;
		}
		if ((session_needs(w->s) & SESSION_NEED_CLOSE) != 0 && !busy)
			world_lose(w, "closed");
	}
}

void world_connect(struct world *w)
{
	const struct hs_server_opts o = {.crypto = w->crypto,
	    .rng = w->fake.rng,
	    .identity = w->fake.id,
	    .session = {w->fake.session[0]},
	    .account = account,
	    .arg = &w->fake,
	    .ticket = show_ticket,
	    .ticket_arg = &w->fake};
	struct hs_server_opts opts = o;

	world_start(w);
	memcpy(opts.session, w->fake.session, WIRE_NONCE);
	assert_true((session_needs(w->s) & SESSION_NEED_CONNECT) != 0);
	fake_close(&w->fake);
	w->fake.handshake = handshake_server(&opts);
	assert_non_null(w->fake.handshake);
	w->fake.open = true;
	session_connected(w->s, w->now, NULL);
	world_pump(w);
}

void world_lose(struct world *w, const char *why)
{
	fake_close(&w->fake);
	session_lost(w->s, w->now, why);
	world_drain(w);
}

void world_tick(struct world *w, uint64_t ms)
{
	w->now += ms;
	session_tick(w->s, w->now);
	world_pump(w);
}

void world_say(struct world *w, const char *text)
{
	OK(session_say(w->s, session_first_room(w->s), 1700000000002,
	    text, strlen(text), false));
}

void world_join(struct world *w, size_t n)
{
	static const char *const names[] = {"bob", "carol", "dave", "erin"};
	char connected[32];
	size_t i;

	for (i = 0; i < n; i++)
		fake_person(&w->fake,
		    &fake_peer(&w->fake, (uint32_t)i + 1, names[i])->user);
	world_connect(w);
	fake_admit(&w->fake);
	world_pump(w);
	snprintf(connected, sizeof(connected), "connected %u", w->fake.epoch);
	check_events(w, "connecting 1", connected, NULL);
	check_got(w, NULL);
}

struct session_room_status world_status(
    const struct world *w, const struct chatroom *room)
{
	struct session_room_status st;

	session_room_status(
	    w->s, room != NULL ? room : session_first_room(w->s), &st);
	return st;
}

void world_come_back(struct world *w)
{
	struct fake *f = &w->fake;

	world_tick(w, w->wait_ms);
	f->n_people = 0;
	f->member++;
	fake_step(f);
	fake_step(f);
	world_connect(w);
	fake_admit(f);
	world_pump(w);
}
