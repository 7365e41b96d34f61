/* session_direct.c - the secret of the den handed over in direct messages, and its
 * topic, in the session's target: what the client keeps of them, what others hand over
 * and set, what the user does, and what the server answers about prekeys. */
#include "client/session/topics_ops.h"
#include "shared/proto/direct.h"
#include "tests/fuzz/session_world.h"

/* Lies in a hand-over. */
enum { SAME_NUMBER = 1, OTHER_SENDER, OTHER_LOG, OTHER_ROOM, NO_CONTENT };

/* --- the client's disk ------------------------------------------------------- */

static bool get(void *arg, const char *room, size_t i, struct holder *out)
{
	const struct world *w = arg;

	if (strcmp(room, w->place[1].name) != 0 || i >= w->n_holders)
		return false;
	*out = w->holder[i];
	return true;
}

static bool find(void *arg, const char *room, const uint8_t *fingerprint,
    struct holder *out)
{
	size_t i;

	for (i = 0; get(arg, room, i, out); i++)
		if (memcmp(out->fingerprint, fingerprint, WIRE_HASH) == 0)
			return true;
	return false;
}

/* Who has handed a secret over was a holder before, and was not removed. */
static void check_handed(struct world *w, const struct holder *was,
    const struct holder *now)
{
	struct handed *h;

	if (now->handed == 0 || (was != NULL && was->handed == now->handed &&
				    memcmp(was->secret, now->secret, WIRE_KEY) == 0))
		return;
	FUZZ_CHECK(was != NULL && was->number > 0 && was->removed == 0);
	FUZZ_CHECK(memcmp(was->log, now->log, WIRE_LOG) == 0);
	FUZZ_CHECK(now->handed > was->number);
	h = &w->handed[w->n_handed++ % HANDED];
	h->number = now->handed;
	memcpy(h->secret, now->secret, WIRE_KEY);
}

static void put(void *arg, const char *room, const struct holder *h)
{
	struct world *w = arg;
	struct holder *was = NULL;
	size_t i;

	FUZZ_CHECK(strcmp(room, w->place[1].name) == 0);
	for (i = 0; i < w->n_holders && was == NULL; i++)
		if (memcmp(w->holder[i].fingerprint, h->fingerprint,
			WIRE_HASH) == 0)
			was = &w->holder[i];
	if (was != NULL && memcmp(was->log, h->log, WIRE_LOG) == 0) {
		FUZZ_CHECK(h->number >= was->number);
		FUZZ_CHECK(h->removed >= was->removed ||
			   h->number > was->removed);
	}
	check_handed(w, was, h);
	if (was == NULL && w->n_holders < HOLD)
		was = &w->holder[w->n_holders++];
	if (was != NULL)
		*was = *h;
}

/* The secrets that others make: of each number some. */
static void secret_of_others(
    uint8_t out[WIRE_KEY], uint32_t number, uint8_t which)
{
	memset(out, 0xb0, WIRE_KEY);
	put_u32(out, number);
	out[4] = which;
}

void check_taken(const struct world *w, const struct seal_secret *s)
{
	uint8_t others[WIRE_KEY];
	bool from_others;
	size_t i;

	secret_of_others(others, 0, 0);
	from_others = memcmp(s->secret + 5, others + 5, WIRE_KEY - 5) == 0;
	for (i = 0; from_others && i < HANDED; i++)
		if (w->handed[i].number == s->generation &&
		    memcmp(w->handed[i].secret, s->secret, WIRE_KEY) == 0)
			return;
	FUZZ_CHECK(!from_others || w->n_handed > HANDED);
}

static bool get_topic(void *arg, const char *room, struct sealed_topic *out)
{
	const struct world *w = arg;

	*out = w->topic;
	return strcmp(room, w->place[1].name) == 0 && w->topic.offset != 0;
}

/* The newest one of a log counts, by a holder or the user. */
static void put_topic(
    void *arg, const char *room, const struct sealed_topic *t)
{
	struct world *w = arg;

	FUZZ_CHECK(strcmp(room, w->place[1].name) == 0);
	FUZZ_CHECK(t->name[0] != '\0' && t->offset != 0);
	if (memcmp(t->log, w->topic.log, WIRE_LOG) == 0)
		FUZZ_CHECK(t->offset > w->topic.offset &&
			   t->number >= w->topic.number);
	w->topic = *t;
}

void world_holders(struct world *w, struct seals_ops *ops)
{
	ops->holders = (struct holders_ops){
	    .get = get, .find = find, .put = put, .arg = w};
	ops->topics =
	    (struct topics_ops){.get = get_topic, .put = put_topic, .arg = w};
}

/* --- prekeys ------------------------------------------------------------------ */

/* All pairs are there and published, so that none are made: an X25519 key takes as
 * long as the rest of an input. Only the first is ever used. */
enum { PAIRS = 1 + WIRE_PREKEYS };
static struct prekey_pair pairs[PAIRS];
static struct dh *lasting;

static uint64_t now_s(void *arg)
{
	(void)arg;
	return WALL_MS / 1000;
}

static const struct prekey_pair *pair(void *arg, size_t i)
{
	(void)arg;
	return i < PAIRS ? &pairs[i] : NULL;
}

static bool seen(
    void *arg, const uint8_t from[WIRE_HASH], const uint8_t id[WIRE_ID])
{
	const struct world *w = arg;

	(void)from;
	return w->has_seen && memcmp(w->seen, id, WIRE_ID) == 0;
}

static int change(void *arg, const struct direct_change *c)
{
	struct world *w = arg;

	if (c->n_seen > 0) {
		w->has_seen = true;
		memcpy(w->seen, c->seen[c->n_seen - 1].id, WIRE_ID);
	}
	return 0;
}

struct direct_ops world_direct(struct world *w)
{
	uint64_t seed = 5;
	struct rng rng = fuzz_rng(&seed);
	size_t i;

	if (lasting == NULL) {
		FUZZ_CHECK((lasting = dh_new(&rng)) != NULL);
		FUZZ_CHECK(dh_private(lasting, pairs[0].private_key) == 0);
		memcpy(pairs[0].key, dh_public(lasting), WIRE_X25519);
		for (i = 1; i < PAIRS; i++) {
			pairs[i].once = true;
			memset(pairs[i].key, (int)i, WIRE_X25519);
		}
		for (i = 0; i < PAIRS; i++)
			pairs[i].made_s = now_s(NULL);
	}
	return (struct direct_ops){pair, seen, change, now_s, w};
}

static int encode_mine(struct buf *out, uint32_t number)
{
	static struct prekeys_mine m;
	size_t i;

	m.has_lasting = true;
	m.n_once = WIRE_PREKEYS;
	memcpy(m.lasting, pairs[0].key, WIRE_X25519);
	for (i = 0; i < WIRE_PREKEYS; i++)
		memcpy(m.once[i], pairs[1 + i].key, WIRE_X25519);
	return answer_prekeys_mine(out, number, &m);
}

/* Everybody's device has the same key. */
static int encode_page(
    struct buf *out, const struct request *q, uint8_t bend)
{
	static struct prekeys_page page;
	const struct user u = world_user(bend == 7 ? 2 : 1, 1);

	memset(&page, 0, sizeof(page));
	snprintf(page.name, sizeof(page.name), "%s", q->who);
	memcpy(page.device[0].identity, u.identity, WIRE_ED25519);
	page.device[0].has_key = bend != 8;
	page.device[0].key.made_s = now_s(NULL);
	memcpy(page.device[0].key.key, pairs[0].key, WIRE_X25519);
	page.n = 1;
	return answer_prekeys(out, q->number, &page);
}

bool say_prekeys(struct world *w, const struct request *q, uint8_t bend)
{
	buf_clear(&w->json);
	if (q->type == REQUEST_PREKEYS_MINE)
		FUZZ_CHECK(encode_mine(&w->json, q->number) == 0);
	else if (q->type != REQUEST_PREKEYS_GET)
		return false;
	else if (encode_page(&w->json, q, bend) != 0)
		return true;
	world_control(w, false);
	return true;
}

/* --- a secret, and a topic ---------------------------------------------------- */

static void queue_direct(
    struct world *w, unsigned i, const struct buf *content, uint8_t bend)
{
	static const uint8_t server[WIRE_HASH]; /* entry_link sets none */
	const struct direct_to to = {
	    server, identity_public(people_identity(0)), pairs[0].key, NULL};
	struct direct_sender s = {.name = ""};
	struct rng rng = fuzz_rng(&w->seed);
	struct user u = world_user(i + (bend == OTHER_SENDER), 1);
	struct buf body;
	size_t off;

	memcpy(s.name, u.name, sizeof(u.name));
	memcpy(s.identity, u.identity, WIRE_ED25519);
	buf_clear(&w->json);
	FUZZ_CHECK(direct_sender_encode(&w->json, &s) == 0);
	world_control(w, false);
	if (!world_reserve(w))
		return;
	w->direct_no += bend != SAME_NUMBER;
	buf_init(&body, WIRE_DIRECT_MAX);
	FUZZ_CHECK(direct_seal(fuzz_crypto(), &body, w->direct_no, &to,
		       people_identity(i), &rng, content->p, content->len) == 0);
	off = w->bodies.len;
	if (link_direct_seal(w->link, &w->bodies, body.p, body.len) == 0)
		world_frame(w, KIND_DIRECT, off);
	buf_free(&body);
}

void say_handed(struct world *w, uint8_t bend)
{
	const struct place *den = &w->place[1];
	uint8_t b = fuzz_u8(&w->f);
	const unsigned who = b % USERS;
	struct content_seal c = {.number = den->generation + 1 + (b >> 6)};
	struct buf content;

	if (lasting == NULL || !w->direct)
		return;
	c.id[0] = 0x5e;
	put_u32(c.id + 4, ++w->hands);
	snprintf(c.room, sizeof(c.room), "%s",
	    bend == OTHER_ROOM ? "attic" : den->name);
	memcpy(c.log, den->log, WIRE_LOG);
	c.log[5] ^= bend == OTHER_LOG;
	secret_of_others(c.secret, c.number, b >> 4 & 3);
	buf_init(&content, WIRE_JSON_MAX);
	FUZZ_CHECK(content_seal(&content, &c, WALL_MS) == 0);
	content.len -= bend == NO_CONTENT;
	queue_direct(w, who, &content, bend);
	buf_free(&content);
	/* It is the room's from then on. */
	if (b & 8 && w->at == den && w->at->listed && w->at->sealed)
		say_new_mark(w, c.number, c.secret);
}

void user_hands(struct world *w, uint8_t b)
{
	struct session_heir all[HOLD];
	size_t n;

	if (!w->direct || w->at->handle == NULL)
		return;
	n = session_seal_heirs(w->s, w->at->handle, all, HOLD);
	if (n > 0)
		(void)!session_seal_send(w->s, w->at->handle, &all[b % n]);
}

void say_topic(struct world *w, uint8_t bend)
{
	unsigned i = fuzz_u8(&w->f) % USERS;
	struct user_at *u = &w->at->users[i];
	struct content_topic t = {.text = "all \x1b]0;of us"};
	uint8_t how = fuzz_u8(&w->f);

	if (u->member == 0)
		return;
	u->seq++;
	put_u32(t.id, u->member);
	put_u64(t.id + 8, u->seq);
	t.text_len = how % (strlen(t.text) + 1);
	buf_clear(&w->json);
	FUZZ_CHECK(content_topic(&w->json, &t, WALL_MS) == 0);
	world_group(w, u->member, w->at->epoch, u->seq, w->json.p, w->json.len,
	    bend);
}
