/* direct_world.c - devices that send direct messages, and a server between them. */
#include "tests/unit/direct_world.h"

#include "shared/base/secret.h"

#define OK(call) assert_int_equal((call), 0)

static int fill(void *arg, void *out, size_t n)
{
	ends_random(arg, out, n);
	return 0;
}

/* --- what a device keeps --------------------------------------------------- */

static const struct prekey_pair *pair_at(void *arg, size_t i)
{
	const struct dw_device *d = arg;

	return i < d->disk.n ? &d->disk.pair[i] : NULL;
}

static bool was_seen(
    void *arg, const uint8_t from[WIRE_HASH], const uint8_t id[WIRE_ID])
{
	const struct dw_device *d = arg;
	size_t i;

	for (i = 0; i < d->disk.n_seen; i++)
		if (memcmp(d->disk.seen[i].id, id, WIRE_ID) == 0 &&
		    memcmp(d->disk.seen[i].from, from, WIRE_HASH) == 0)
			return true;
	return false;
}

static struct prekey_pair *pair_of(struct dw_device *d, const uint8_t *key)
{
	size_t i;

	for (i = 0; i < d->disk.n; i++)
		if (memcmp(d->disk.pair[i].key, key, WIRE_X25519) == 0)
			return &d->disk.pair[i];
	return NULL;
}

static int change(void *arg, const struct direct_change *c)
{
	struct dw_device *d = arg;
	struct prekey_pair *p;
	size_t i;

	if (d->full)
		return ERR_IO;
	for (i = 0; i < c->n_add; i++) {
		if ((p = pair_of(d, c->add[i].key)) == NULL) {
			assert_true(d->disk.n < DW_PAIRS);
			p = &d->disk.pair[d->disk.n++];
		}
		*p = c->add[i];
	}
	for (i = 0; i < c->n_erase; i++)
		if ((p = pair_of(d, c->erase[i])) != NULL)
			*p = d->disk.pair[--d->disk.n];
	for (i = 0; i < c->n_seen; i++) {
		d->disk.seen = realloc(d->disk.seen,
		    (d->disk.n_seen + 1) * sizeof(*d->disk.seen));
		assert_non_null(d->disk.seen);
		d->disk.seen[d->disk.n_seen++] = c->seen[i];
	}
	return 0;
}

static uint64_t now_s(void *arg)
{
	return ((struct dw_device *)arg)->world->now_s;
}

/* The first key of a name is pinned when it speaks; what `changed` names is not
 * accepted. */
static enum trust meet(void *arg, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH])
{
	const struct dw_device *d = arg, *other = d->world->changed_device;
	uint8_t fp[WIRE_HASH];

	(void)server;
	if (other != NULL) {
		OK(ed25519_fingerprint(
		    d->world->crypto, fp, identity_public(other->id)));
		if (memcmp(fp, identity, WIRE_HASH) == 0)
			return TRUST_CHANGED;
	}
	return d->world->changed != NULL &&
		       strcmp(d->world->changed, name) == 0
		   ? TRUST_CHANGED
		   : TRUST_SEEN;
}

static void spoke(void *arg, const uint8_t server[WIRE_HASH], const char *name,
    const uint8_t identity[WIRE_HASH])
{
	(void)arg;
	(void)server;
	(void)name;
	(void)identity;
}

static void put_line(struct dw_device *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* "given alice vault 2": somebody hands a secret over. */
static int handed(
    void *arg, const struct person *who, const struct content_seal *c)
{
	struct dw_device *d = arg;

	put_line(d, "given %s %s %u", who->name, c->room, c->number);
	memcpy(d->last_secret, c->secret, WIRE_KEY);
	return 0;
}

/* "over bob", or "over bob: why". */
static int handed_over(void *arg, const struct direct_hand *h, const char *who,
    enum wire_code code, const char *why)
{
	struct dw_device *d = arg;

	(void)h;
	if (code == CODE_NONE)
		put_line(d, "over %s%s%s", who, why != NULL ? ": " : "",
		    why != NULL ? why : "");
	else
		put_line(d, "over %s: %s", who, wire_code_word(code));
	return 0;
}

/* --- the world ------------------------------------------------------------- */

struct dw *dw_new(void)
{
	struct dw *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->seed = 88172645463325252;
	w->now_s = 1700000000;
	w->crypto = crypto_new();
	assert_non_null(w->crypto);
	memset(w->server, 0x5e, sizeof(w->server));
	ends_init(&w->ends, 1);
	return w;
}

static void close_client(struct dw_device *d)
{
	direct_free(d->direct);
	requests_free(d->requests);
	outgoing_free(d->out);
	events_free(d->events);
	dh_free(d->parties.dh);
	secret_free(d->parties.kept, sizeof(*d->parties.kept));
	link_free(d->client);
	link_free(d->server);
	memset(&d->parties, 0, sizeof(d->parties));
	d->client = d->server = NULL;
}

static void open_client(struct dw_device *d)
{
	struct dw *w = d->world;

	OK(parties_user(&d->parties,
	    &(struct parties_user){.crypto = w->crypto,
		.rng = {fill, &w->seed},
		.identity = d->id,
		.people = {.meet = meet, .spoke = spoke, .arg = d},
		.name = d->account}));
	memcpy(d->parties.server, w->server, WIRE_HASH);
	whoami_init(&d->whoami);
	d->whoami.welcomed = true;
	strcpy(d->whoami.account, d->account);
	d->events = events_new();
	d->out = outgoing_new();
	d->requests = requests_new(d->events, d->out, &d->parties);
	d->direct = direct_new(&(struct direct_env){.parties = &d->parties,
	    .whoami = &d->whoami,
	    .events = d->events,
	    .out = d->out,
	    .requests = d->requests,
	    .ops = {pair_at, was_seen, d->no_keys ? NULL : change, now_s, d},
	    .handed = handed,
	    .handed_over = handed_over,
	    .arg = d,
	    .receipts = !d->no_receipts});
	assert_true(d->events != NULL && d->out != NULL &&
		    d->requests != NULL && d->direct != NULL);
}

struct dw_device *dw_device(struct dw *w, const char *account)
{
	struct dw_device *d = &w->device[w->n++];
	uint8_t seed[32] = {0};

	assert_true(w->n <= DW_DEVICES);
	seed[0] = (uint8_t)w->n;
	d->world = w;
	d->account = account;
	assert_non_null(d->id = identity_from_seed(seed));
	open_client(d);
	return d;
}

void dw_forget(struct dw_device *d)
{
	while (d->n_lines > 0)
		free(d->line[--d->n_lines]);
}

void dw_free(struct dw *w)
{
	struct dw_device *d;
	size_t i, j;

	for (i = 0; i < w->n; i++) {
		d = &w->device[i];
		close_client(d);
		identity_free(d->id);
		free(d->disk.seen);
		dw_forget(d);
		for (j = 0; j < d->n_queue; j++)
			buf_free(&d->queue[j].body);
	}
	ends_free(&w->ends);
	crypto_free(w->crypto);
	free(w);
}

void dw_connect(struct dw_device *d)
{
	size_t i;

	d->client = ends_link(&d->world->ends, LINK_CLIENT);
	d->server = ends_link(&d->world->ends, LINK_SERVER);
	outgoing_link(d->out, d->client);
	d->asked = false;
	for (i = 0; i < d->n_queue; i++)
		d->queue[i].sent = false;
	direct_linked(d->direct);
}

void dw_lose(struct dw_device *d)
{
	direct_lost(d->direct);
	outgoing_clear(d->out);
	link_free(d->client);
	link_free(d->server);
	d->client = d->server = NULL;
	d->asked = false;
}

void dw_restart(struct dw_device *d)
{
	close_client(d);
	open_client(d);
}

/* --- events ---------------------------------------------------------------- */

static void put_line(struct dw_device *d, const char *fmt, ...)
{
	va_list ap;

	assert_true(d->n_lines < DW_LINES);
	va_start(ap, fmt);
	assert_true(vasprintf(&d->line[d->n_lines++], fmt, ap) >= 0);
	va_end(ap);
}

/* "entry bob: from alice, message": it opens for whoever has its key. */
static void take_entry(struct dw_device *d, const struct event *e)
{
	const struct recorded *x = e->entry;
	struct direct_proof proof = {d->world->server, x->identity, x->key};
	struct content content;
	struct direct_head h;
	struct buf plain;
	uint8_t fp[WIRE_HASH];
	bool own;

	OK(direct_head_decode(&h, x->body, x->n));
	OK(ed25519_fingerprint(
	    d->world->crypto, fp, identity_public(d->id)));
	own = memcmp(h.from, fp, WIRE_HASH) == 0;
	if (own)
		proof.identity = identity_public(d->id);
	else
		assert_memory_equal(h.to, fp, WIRE_HASH);
	OK(ed25519_fingerprint(d->world->crypto, fp, x->identity));
	assert_memory_equal(own ? h.to : h.from, fp, WIRE_HASH);
	buf_init_secret(&plain, WIRE_JSON_MAX);
	OK(direct_open_with(
	    d->world->crypto, &plain, &proof, x->body, x->n));
	OK(content_decode(&content, false, plain.p, plain.len));
	put_line(d, "entry %s: %s %s, %d", e->with, own ? "to" : "from",
	    x->name, (int)content.type);
	content_free(&content);
	buf_free(&plain);
}

static void take_events(struct dw_device *d)
{
	const struct event *e;

	while ((e = events_next(d->events)) != NULL) {
		assert_null(e->room);
		assert_true(event_direct(e));
		if (e->type == EVENT_MESSAGE || e->type == EVENT_EDIT) {
			memcpy(d->last_id, e->id, WIRE_ID);
			put_line(d, "%s%s%s %s %s: %.*s",
			    e->own ? "own " : "", e->past ? "past " : "",
			    e->type == EVENT_EDIT ? "edit" : "message",
			    e->person->name, e->with, (int)e->text_len,
			    e->text);
		} else if (e->type == EVENT_SENT) {
			put_line(d, "sent %s", e->with);
		} else if (e->type == EVENT_UNSAID) {
			put_line(d, "unsaid %s: %.*s", e->with,
			    (int)e->text_len, e->text);
		} else if (e->type == EVENT_DELIVERED) {
			put_line(d, "delivered %s %zu", e->with, e->n_ids);
		} else if (e->type == EVENT_HELD) {
			put_line(d, "held %s %llu", e->with,
			    (unsigned long long)e->count);
		} else if (e->type == EVENT_CHANGED) {
			put_line(d, "changed %s", e->person->name);
		} else if (e->type == EVENT_DROPPED) {
			put_line(d, "dropped %s %s", e->with, e->reason);
		} else if (e->type == EVENT_KEEPS) {
			put_line(d, "keeps %s %s %d", e->with, e->person->name,
			    e->may);
		} else if (e->type == EVENT_ENTRY) {
			take_entry(d, e);
		} else if (e->type == EVENT_REFUSED) {
			put_line(d, "refused %s %s", e->with, e->reason);
		} else {
			fail_msg("an event of type %d", (int)e->type);
		}
	}
}

static void run(struct dw *w, bool shown)
{
	struct dw_device *d;
	bool again = true;
	size_t i;

	while (again) {
		again = false;
		for (i = 0; i < w->n; i++) {
			d = &w->device[i];
			take_events(d);
			if (d->server == NULL)
				continue;
			if (shown)
				OK(direct_shown(d->direct, true));
			direct_tick(d->direct);
			OK(direct_step(d->direct));
			again = dw_receive(d) || again;
			again = dw_deliver(d) || again;
		}
	}
	for (i = 0; i < w->n; i++)
		take_events(&w->device[i]);
}

void dw_run(struct dw *w)
{
	run(w, true);
}

void dw_run_unseen(struct dw *w)
{
	run(w, false);
}

void dw_say(struct dw_device *d, const char *to, const char *text, int want)
{
	struct content_said said = {.text = text, .text_len = strlen(text)};

	assert_int_equal(d->parties.rng.fill(d->parties.rng.arg, said.id, WIRE_ID), 0);
	assert_int_equal(direct_say(d->direct, to, 1000 * d->world->now_s,
			     CONTENT_MESSAGE,
			     &(struct offers_words){&said, NULL}),
	    want);
}

size_t dw_count(const struct dw_device *d, const char *line)
{
	size_t i, n = 0;

	for (i = 0; i < d->n_lines; i++)
		n += strcmp(d->line[i], line) == 0;
	return n;
}

void dw_expect(struct dw_device *d, ...)
{
	const char *want;
	size_t i = 0;
	va_list ap;

	take_events(d);
	va_start(ap, d);
	while ((want = va_arg(ap, const char *)) != NULL) {
		if (i == d->n_lines)
			fail_msg("no more events, but \"%s\"", want);
		assert_string_equal(d->line[i++], want);
	}
	va_end(ap);
	if (i < d->n_lines)
		fail_msg("one more event: \"%s\"", d->line[i]);
	dw_forget(d);
}

struct dw *dw_two(struct dw_device **alice, struct dw_device **bob)
{
	struct dw *w = dw_new();

	*alice = dw_device(w, "alice");
	*bob = dw_device(w, "bob");
	dw_connect(*alice);
	dw_connect(*bob);
	dw_run(w);
	dw_expect(*alice, NULL);
	dw_expect(*bob, NULL);
	return w;
}
