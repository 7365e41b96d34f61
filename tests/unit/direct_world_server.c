/* direct_world_server.c - the server between the devices of direct_world.c. */
#include "tests/unit/direct_world.h"

#define OK(call) assert_int_equal((call), 0)

static void feed(struct dw_device *d, struct buf *json)
{
	struct control c;
	bool ours;

	OK(control_decode(&c, FROM_SERVER, json->p, json->len));
	OK(direct_control(d->direct, &c, &ours));
	assert_true(ours);
	control_wipe(&c);
	buf_clear(json);
}

static void publish(struct dw_device *d, const struct request *q,
    const struct prekeys_set *set, struct buf *json)
{
	size_t i;

	if (d->world->no_more_keys) {
		OK(answer_failed(json, q->number, CODE_QUOTA, "no more"));
		return;
	}
	d->world->published++;
	OK(prekey_verify(d->world->crypto, &set->lasting,
	    identity_public(d->id), d->world->server, false));
	d->lasting = set->lasting;
	d->has_lasting = true;
	if (set->replace)
		d->n_once = 0;
	for (i = 0; i < set->n_once; i++) {
		OK(prekey_verify(d->world->crypto, &set->once[i],
		    identity_public(d->id), d->world->server, true));
		assert_true(d->n_once < WIRE_PREKEYS_KEPT);
		d->once[d->n_once++] = set->once[i];
	}
	OK(answer_done(json, q->number, 0));
}

static void mine(struct dw_device *d, const struct request *q, struct buf *json)
{
	struct prekeys_mine m = {.has_lasting = d->has_lasting};
	size_t i;

	memcpy(m.lasting, d->lasting.key, WIRE_X25519);
	for (i = 0; i < d->n_once; i++)
		memcpy(m.once[m.n_once++], d->once[i].key, WIRE_X25519);
	d->asked = d->has_lasting; /* others are given no frames */
	OK(answer_prekeys_mine(json, q->number, &m));
}

/* The key of a device that the asker is given. */
static void give(struct dw_device *of, struct prekeys_device *out)
{
	struct dw *w = of->world;

	memcpy(out->identity, identity_public(of->id), WIRE_ED25519);
	out->has_key = of->has_lasting && !w->withhold;
	out->once = of->n_once > 0 && w->older_s == 0;
	out->key = out->once ? of->once[--of->n_once] : of->lasting;
	if (w->wrong_key)
		out->key.signature[3] ^= 1;
	if (w->older_s > 0) {
		out->key.made_s = w->now_s - w->older_s;
		OK(prekey_sign(&out->key, of->id, w->server, false));
	}
}

static int by_identity(const void *a, const void *b)
{
	return memcmp(((const struct prekeys_device *)a)->identity,
	    ((const struct prekeys_device *)b)->identity, WIRE_ED25519);
}

static void low(struct dw_device *of, struct buf *json)
{
	if (of->n_once >= WIRE_PREKEYS_LOW || of->server == NULL || !of->asked)
		return;
	OK(prekeys_low_encode(json, (uint32_t)of->n_once));
	feed(of, json);
}

static void get(struct dw_device *d, const struct request *q, struct buf *json)
{
	struct prekeys_page *page = calloc(1, sizeof(*page));
	struct dw *w = d->world;
	bool any = false;
	size_t i;

	assert_non_null(page);
	for (i = 0; i < w->n; i++)
		if (strcasecmp(w->device[i].account, q->who) == 0) {
			any = true;
			strcpy(page->name, w->device[i].account);
			if (&w->device[i] != d)
				give(&w->device[i], &page->device[page->n++]);
		}
	qsort(page->device, page->n, sizeof(page->device[0]), by_identity);
	if (any)
		OK(answer_prekeys(json, q->number, page));
	else
		OK(answer_failed(
		    json, q->number, CODE_NO_ACCOUNT, "there is nobody"));
	free(page);
	feed(d, json);
	for (i = 0; i < w->n; i++)
		if (strcasecmp(w->device[i].account, q->who) == 0)
			low(&w->device[i], json);
}

static void acknowledged(struct dw_device *d, uint64_t upto)
{
	size_t i, n = 0;

	if (d->world->acks_lost)
		return;
	for (i = 0; i < d->n_queue; i++)
		if (d->queue[i].number <= upto) {
			assert_true(d->queue[i].sent);
			buf_free(&d->queue[i].body);
		} else {
			d->queue[n++] = d->queue[i];
		}
	d->n_queue = n;
}

static void got_control(
    struct dw_device *d, const struct link_frame *in, struct buf *json)
{
	struct control *c = calloc(1, sizeof(*c));
	struct buf text;

	assert_non_null(c);
	buf_init(&text, WIRE_JSON_MAX);
	OK(link_control_open(d->server, &text, in->body, in->len));
	OK(control_decode(c, FROM_CLIENT, text.p, text.len));
	if (c->type == CONTROL_DIRECT_ACK) {
		acknowledged(d, c->u.direct_upto);
	} else {
		assert_int_equal(c->type, CONTROL_REQUEST);
		if (c->u.request.type == REQUEST_PREKEYS)
			publish(d, &c->u.request, &c->u.prekeys, json);
		else if (c->u.request.type == REQUEST_PREKEYS_MINE)
			mine(d, &c->u.request, json);
		else if (c->u.request.type == REQUEST_PREKEYS_GET)
			get(d, &c->u.request, json);
		else
			fail_msg("request %d", (int)c->u.request.type);
		if (json->len > 0)
			feed(d, json);
	}
	control_wipe(c);
	free(c);
	buf_free(&text);
}

static struct dw_device *recipient(struct dw *w, const uint8_t *to)
{
	uint8_t fp[WIRE_HASH];
	size_t i;

	for (i = 0; i < w->n; i++) {
		OK(ed25519_fingerprint(
		    w->crypto, fp, identity_public(w->device[i].id)));
		if (memcmp(fp, to, WIRE_HASH) == 0)
			return &w->device[i];
	}
	fail_msg("a frame to nobody");
	return NULL;
}

static void got_frame(
    struct dw_device *d, const struct link_frame *in, struct buf *json)
{
	struct dw *w = d->world;
	struct dw_device *to;
	struct direct_head h;
	struct buf *body, open;

	buf_init(&open, WIRE_DIRECT_MAX);
	OK(link_direct_open(d->server, &open, in->body, in->len));
	OK(direct_head_decode(&h, open.p, open.len));
	to = recipient(w, h.to);
	w->frames++;
	if (w->refuse != CODE_NONE) {
		OK(answer_failed(json, (uint32_t)h.number, w->refuse, "no"));
	} else {
		assert_true(to->n_queue < DW_FRAMES);
		body = &to->queue[to->n_queue].body;
		buf_init(body, open.len);
		OK(buf_put(body, open.p, open.len));
		put_u64(body->p, ++to->number);
		if (w->flip > 0)
			body->p[w->flip / 8] ^= (uint8_t)(1u << (w->flip % 8));
		to->queue[to->n_queue].number = to->number;
		to->queue[to->n_queue].from = (size_t)(d - w->device);
		to->queue[to->n_queue++].sent = false;
		OK(answer_done(json, (uint32_t)h.number, 0));
	}
	if (w->deaf)
		buf_clear(json);
	else
		feed(d, json);
	buf_free(&open);
}

bool dw_receive(struct dw_device *d)
{
	struct link_frame one;
	struct rd frames;
	struct buf bytes, json;
	const uint8_t *p;
	size_t n, at, total;

	OK(outgoing_close(d->out));
	p = outgoing_bytes(d->out, &n);
	if (n == 0)
		return false;
	buf_init(&bytes, n);
	buf_init(&json, WIRE_JSON_MAX);
	OK(buf_put(&bytes, p, n));
	outgoing_consume(d->out, n);
	for (at = 0; at < bytes.len; at += total) {
		OK(link_length(bytes.p + at, bytes.len - at, &total));
		OK(link_open(d->server, bytes.p + at, total, &frames));
		while (link_next(&frames, &one) == 0)
			if (one.kind == KIND_CONTROL)
				got_control(d, &one, &json);
			else
				got_frame(d, &one, &json);
	}
	buf_free(&bytes);
	buf_free(&json);
	return true;
}

bool dw_deliver(struct dw_device *d)
{
	struct direct_sender s;
	const struct dw_device *from;
	struct buf json;
	bool any = false;
	size_t i;

	buf_init(&json, WIRE_JSON_MAX);
	for (i = 0; d->asked && i < d->n_queue; i++) {
		if (d->queue[i].sent)
			continue;
		any = d->queue[i].sent = true;
		from = &d->world->device[d->queue[i].from];
		memset(&s, 0, sizeof(s));
		strcpy(s.name, from->account);
		memcpy(s.identity, identity_public(from->id), WIRE_ED25519);
		OK(direct_sender_encode(&json, &s));
		feed(d, &json);
		OK(direct_frame(d->direct, d->queue[i].body.p,
		    d->queue[i].body.len));
	}
	buf_free(&json);
	return any;
}
