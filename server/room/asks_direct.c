/* asks_direct.c - answers what is asked about direct messages. */
#include "server/room/asks_direct.h"

#include <stdlib.h>
#include <string.h>

#include "server/room/delivery.h"
#include "server/room/directs.h"
#include "server/room/registry.h"
#include "server/room/room_thread.h"
#include "shared/os/clock.h"
#include "shared/proto/direct.h"

static struct accounts *accounts_of(const struct presence *p)
{
	return p->o->registry->accounts;
}

static struct directs *directs_of(const struct presence *p)
{
	return accounts_directs(accounts_of(p));
}

static uint64_t now_s(void)
{
	return clock_real_ms() / 1000;
}

static struct frame *frame_of(struct buf *json, int err)
{
	struct frame *f = err == 0 ? frame_control(json->p, json->len) : NULL;

	buf_free(json);
	return f;
}

/* The account of the name that was asked about. False: it is answered. */
static bool find(struct presence *p, const struct request *q,
    uint8_t key[WIRE_KEY], char written[WIRE_NAME_MAX + 1])
{
	if (accounts_named(accounts_of(p), q->who, key, written))
		return true;
	presence_failed(p, q->number, CODE_NO_ACCOUNT,
	    "nobody on this server has this name");
	return false;
}

/* --- prekeys ------------------------------------------------------------------ */

/* All are by this device, and for this server. */
static bool verified(struct presence *p, const struct prekeys_set *s)
{
	struct crypto *c = room_thread_crypto(p->o->rooms);
	const uint8_t *server = p->o->registry->room.server;
	const uint8_t *own = p->who->identity;
	size_t i;

	if (prekey_verify(c, &s->lasting, own, server, false) != 0)
		return false;
	for (i = 0; i < s->n_once; i++)
		if (prekey_verify(c, &s->once[i], own, server, true) != 0)
			return false;
	return true;
}

static int ask_publish(struct presence *p, const struct request *q)
{
	const struct directs_device d = {p->who->identity, p->who->account};
	enum wire_code refused = CODE_NONE;
	uint64_t ticket;
	int err;

	if (!directs_may_publish(directs_of(p), d.identity,
		q->prekeys->n_once + 1, now_s())) {
		presence_failed(p, q->number, CODE_QUOTA,
		    "this device has published too many keys just now");
		return 0;
	}
	if (!verified(p, q->prekeys)) {
		presence_failed(p, q->number, CODE_BAD_VALUE,
		    "a key is not signed by this device for this server");
		return 0;
	}
	/* It may have been taken from the account, and not know it yet. */
	if (!accounts_has_device(accounts_of(p), d.account, d.identity)) {
		presence_failed(p, q->number, CODE_DENIED, "");
		return 0;
	}
	err = directs_publish(directs_of(p), &d, q->prekeys, &refused, &ticket);
	if (err != 0)
		return err;
	if (refused == CODE_BAD_VALUE)
		presence_failed(p, q->number, refused,
		    "the server has one of these keys already");
	else if (refused != CODE_NONE)
		presence_failed(p, q->number, refused,
		    "this device has as many keys as it may have");
	else
		presence_done(p, q->number, 0, ticket);
	delivery_published(p);
	return 0;
}

static int ask_mine(struct presence *p, const struct request *q)
{
	struct prekeys_mine *m = malloc(sizeof(*m));
	struct buf json;

	if (m == NULL)
		return ERR_NOMEM;
	directs_mine(directs_of(p), p->who->identity, m);
	buf_init(&json, WIRE_JSON_MAX);
	outq_give(p->out,
	    frame_of(&json, answer_prekeys_mine(&json, q->number, m)));
	free(m);
	return delivery_begin(p);
}

static int by_identity(const void *a, const void *b)
{
	return memcmp(((const struct account_device *)a)->identity,
	    ((const struct account_device *)b)->identity, WIRE_ED25519);
}

/* The devices of a page, each with a key. *ticket: of the newest key given. */
static int fill(struct presence *p, const struct request *q,
    const uint8_t key[WIRE_KEY], struct prekeys_page *out, uint64_t *ticket)
{
	struct account_device d[WIRE_DEVICES];
	size_t n = accounts_devices(accounts_of(p), key, d), i;
	uint64_t given;
	int err = 0;

	qsort(d, n, sizeof(d[0]), by_identity);
	*ticket = 0;
	for (i = 0; i < n && err == 0; i++) {
		if (memcmp(d[i].identity, p->who->identity, WIRE_ED25519) ==
			0 ||
		    (q->has_after && memcmp(d[i].identity, q->identity,
					 WIRE_ED25519) <= 0))
			continue;
		if (out->n == WIRE_PREKEYS_PAGE) {
			out->more = true;
			break;
		}
		err = directs_give(directs_of(p), d[i].identity,
		    p->who->account, now_s(), &out->device[out->n++], &given);
		if (given > *ticket)
			*ticket = given;
	}
	return err;
}

static int ask_get(struct presence *p, const struct request *q)
{
	struct prekeys_page *out;
	uint8_t key[WIRE_KEY];
	struct buf json;
	uint64_t ticket;
	int err;

	if ((out = calloc(1, sizeof(*out))) == NULL)
		return ERR_NOMEM;
	if (!find(p, q, key, out->name)) {
		free(out);
		return 0;
	}
	if (directs_blocks(directs_of(p), key, p->who->account)) {
		presence_failed(p, q->number, CODE_BLOCKED, "");
		free(out);
		return 0;
	}
	if ((err = fill(p, q, key, out, &ticket)) == 0) {
		buf_init(&json, WIRE_JSON_MAX);
		presence_give(p, q->number, ticket,
		    frame_of(&json, answer_prekeys(&json, q->number, out)));
	}
	free(out);
	return err;
}

/* --- blocks -------------------------------------------------------------------- */

static int ask_block(struct presence *p, const struct request *q)
{
	const struct registry_act act = {.act = q->on ? "block" : "unblock",
	    .by = p->who->name,
	    .who = q->who};
	char written[WIRE_NAME_MAX + 1];
	uint8_t key[WIRE_KEY];
	uint64_t ticket;
	int err;

	if (!find(p, q, key, written))
		return 0;
	if (memcmp(key, p->who->account, WIRE_KEY) == 0) {
		presence_failed(p, q->number, CODE_BAD_VALUE,
		    "this is your own name");
		return 0;
	}
	err = directs_block(
	    directs_of(p), p->who->account, key, q->on, &ticket);
	if (err == ERR_LIMIT) {
		presence_failed(p, q->number, CODE_QUOTA,
		    "you block as many people as the server allows");
		return 0;
	}
	if (err != 0)
		return err;
	registry_acted(p->o->registry, &act);
	presence_done(p, q->number, 0, ticket);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int ask_blocks(struct presence *p, const struct request *q)
{
	uint8_t key[WIRE_BLOCKS][WIRE_KEY];
	size_t n = directs_blocked(directs_of(p), p->who->account, key), i;
	struct blocks b = {.n = 0};
	struct buf json;
	bool password;

	for (i = 0; i < n; i++)
		b.n += accounts_about(
		    accounts_of(p), key[i], b.name[b.n], &password);
	qsort(b.name, b.n, sizeof(b.name[0]), by_name);
	buf_init(&json, WIRE_JSON_MAX);
	outq_give(
	    p->out, frame_of(&json, answer_blocks(&json, q->number, &b)));
	return 0;
}

int asks_direct(struct presence *p, const struct request *q)
{
	static int (*const ask[])(
	    struct presence *p, const struct request *q) = {
	    [REQUEST_PREKEYS] = ask_publish,
	    [REQUEST_PREKEYS_MINE] = ask_mine,
	    [REQUEST_PREKEYS_GET] = ask_get,
	    [REQUEST_BLOCK] = ask_block,
	    [REQUEST_BLOCKS] = ask_blocks,
	};

	if (accounts_of(p) == NULL) {
		presence_failed(p, q->number, CODE_UNAVAILABLE, "");
		return 0;
	}
	return ask[q->type](p, q);
}

/* --- frames --------------------------------------------------------------------- */

static int take(struct presence *p, uint32_t number,
    const struct direct_head *h, const uint8_t *body, size_t n)
{
	const struct directs_letter l = {.to = h->to,
	    .identity = p->who->identity,
	    .account = p->who->account,
	    .name = p->who->name,
	    .body = body,
	    .len = n,
	    .now_s = now_s()};
	enum wire_code refused;
	uint64_t ticket;
	int err = directs_put(directs_of(p), &l, &refused, &ticket);

	if (err != 0)
		return err;
	if (refused == CODE_NO_ACCOUNT)
		presence_failed(p, number, refused,
		    "no device with this key takes direct messages");
	else if (refused == CODE_QUOTA)
		presence_failed(p, number, refused,
		    "too many messages wait for this person already");
	else if (refused != CODE_NONE)
		presence_failed(p, number, refused, "");
	else
		presence_done(p, number, 0, ticket);
	return 0;
}

int asks_direct_frame(struct presence *p, const uint8_t *body, size_t n)
{
	uint8_t own[WIRE_HASH];
	struct direct_head h;
	int err;

	if ((err = direct_head_decode(&h, body, n)) != 0 ||
	    (err = ed25519_fingerprint(room_thread_crypto(p->o->rooms), own,
		 p->who->identity)) != 0)
		return err;
	if (h.number < 1 || h.number > WIRE_REQ_MAX)
		return ERR_RANGE;
	if (memcmp(h.from, own, sizeof(own)) != 0)
		return ERR_MEMBER;
	if (!presence_may_ask(p, (uint32_t)h.number))
		return ERR_STATE;
	if (accounts_of(p) == NULL) {
		presence_failed(p, (uint32_t)h.number, CODE_UNAVAILABLE, "");
		return 0;
	}
	if (memcmp(h.to, own, sizeof(own)) == 0) {
		presence_failed(p, (uint32_t)h.number, CODE_BAD_VALUE,
		    "this is the device that you use now");
		return 0;
	}
	return take(p, (uint32_t)h.number, &h, body, n);
}
