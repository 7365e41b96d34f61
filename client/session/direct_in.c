/* direct_in.c - opens direct messages. */
#include "client/session/direct_in.h"

#include <stdlib.h>
#include <string.h>

#include "client/session/offers.h"
#include "shared/base/secret.h"
#include "shared/os/vec.h"
#include "shared/wire/text.h"

/* Something that was shown and is not remembered yet. */
struct shown {
	struct direct_seen seen;
	char name[WIRE_NAME_MAX + 1]; /* of the sender */
	bool receipt;		      /* is to be told */
};

struct direct_in {
	const struct direct_env *e; /* borrowed */
	struct letters *letters;    /* borrowed */
	bool has_sender;
	struct direct_sender sender;
	uint64_t number; /* of the last frame on this connection */
	uint64_t upto;	 /* to be acknowledged; 0: nothing */
	struct shown *shown; /* owned */
	size_t n_shown, shown_cap;
	uint8_t (*erase)[WIRE_X25519]; /* owned */
	size_t n_erase, erase_cap;
};

struct direct_in *direct_in_new(
    const struct direct_env *e, struct letters *letters)
{
	struct direct_in *d = calloc(1, sizeof(*d));

	if (d != NULL) {
		d->e = e;
		d->letters = letters;
	}
	return d;
}

void direct_in_free(struct direct_in *d)
{
	if (d == NULL)
		return;
	free(d->shown);
	free(d->erase);
	free(d);
}

void direct_in_linked(struct direct_in *d)
{
	d->has_sender = false;
	d->number = d->upto = 0;
}

int direct_in_sender(struct direct_in *d, const struct direct_sender *s)
{
	d->sender = *s;
	d->has_sender = true;
	return 0;
}

/* --- what becomes of a frame ----------------------------------------------- */

static bool was_shown(const struct direct_in *d,
    const uint8_t from[WIRE_HASH], const uint8_t id[WIRE_ID])
{
	const struct direct_ops *ops = &d->e->ops;
	size_t i;

	for (i = 0; i < d->n_shown; i++)
		if (memcmp(d->shown[i].seen.id, id, WIRE_ID) == 0 &&
		    memcmp(d->shown[i].seen.from, from, WIRE_HASH) == 0)
			return true;
	return ops->seen(ops->arg, from, id);
}

/* A key that was used up is remembered like a message, with the key in the place of
 * the sender and this id: its frame may come again, in a later run too, if the sender
 * or we lost the connection or were killed before it was acknowledged. */
static const uint8_t id_of_key[WIRE_ID];

static bool was_used(const struct direct_in *d, const uint8_t *key)
{
	return was_shown(d, key, id_of_key);
}

/* Another row of what was shown; NULL: no memory. */
static struct shown *shown_add(struct direct_in *d)
{
	struct shown *s;

	if (vec_reserve(&d->shown, &d->shown_cap, d->n_shown + 1,
		sizeof(*d->shown)) != 0)
		return NULL;
	s = &d->shown[d->n_shown++];
	memset(s, 0, sizeof(*s));
	return s;
}

static int note_used(struct direct_in *d, const uint8_t *key)
{
	struct shown *s = shown_add(d);

	if (s == NULL)
		return ERR_NOMEM;
	memcpy(s->seen.from, key, WIRE_X25519);
	memcpy(s->seen.id, id_of_key, WIRE_ID);
	memcpy(s->seen.key, key, WIRE_X25519);
	return 0;
}

/* A key for one message has opened it. */
static int used_up(struct direct_in *d, const struct prekey_pair *pair)
{
	size_t i;
	int r;

	if (!pair->once)
		return 0;
	for (i = 0; i < d->n_erase; i++)
		if (memcmp(d->erase[i], pair->key, WIRE_X25519) == 0)
			return 0;
	r = vec_reserve(
	    &d->erase, &d->erase_cap, d->n_erase + 1, sizeof(*d->erase));
	if (r != 0)
		return r;
	if ((r = note_used(d, pair->key)) != 0)
		return r;
	memcpy(d->erase[d->n_erase++], pair->key, WIRE_X25519);
	return 0;
}

struct arrived {
	const struct direct_head *head;
	const struct person *who; /* borrowed from talks */
	bool own;		  /* a copy, from another device of the user */
	struct content content;
	/* The frame, for a transcript. */
	const uint8_t *body;
	size_t n;
	uint8_t key[WIRE_KEY_IV]; /* secret */
};

static int remember(struct direct_in *d, const struct arrived *a,
    const uint8_t id[WIRE_ID], bool receipt)
{
	struct shown *s = shown_add(d);

	if (s == NULL)
		return ERR_NOMEM;
	memcpy(s->seen.from, a->who->fingerprint, WIRE_HASH);
	memcpy(s->seen.id, id, WIRE_ID);
	memcpy(s->seen.key, a->head->prekey, WIRE_X25519);
	memcpy(s->name, a->who->name, sizeof(s->name));
	s->receipt = receipt;
	return 0;
}

static int dropped(struct direct_in *d, const struct person *who,
    const char *reason)
{
	return events_push(
	    d->e->events, &(struct event){.type = EVENT_DROPPED,
			      .person = who,
			      .with = who->name,
			      .reason = reason});
}

/* --- transcripts ------------------------------------------------------------ */

/* The frame is for the user's transcript of what is said with that person, who is
 * told of it when something was said. */
static int record(struct direct_in *d, const struct arrived *a,
    const char *with, bool said)
{
	struct recorded *x;
	int r;

	if (!d->e->keeps)
		return 0;
	if ((x = recorded_new(a->n)) == NULL)
		return ERR_NOMEM;
	memcpy(x->server, d->e->parties->server_key, WIRE_ED25519);
	memcpy(x->name, a->who->name, sizeof(a->who->name));
	memcpy(x->identity, a->who->identity, WIRE_ED25519);
	memcpy(x->key, a->key, WIRE_KEY_IV);
	memcpy(x->body, a->body, a->n);
	r = events_push(d->e->events, &(struct event){.type = EVENT_ENTRY,
					  .with = with,
					  .entry = x});
	recorded_free(x);
	if (r == 0 && said && !a->own && talks_tell(d->e->talks, with))
		letters_keeps(d->letters, with, true);
	return r;
}

/* --- contents -------------------------------------------------------------- */

static int on_said(struct direct_in *d, struct arrived *a)
{
	struct content_said offer;
	enum content_type type;
	const struct content_said *said =
	    offers_said(&a->content, &offer, &type);
	const char *with = a->own ? said->peer : a->who->name;
	struct posts *posts = talks_posts(d->e->talks, with);
	struct event e = {.person = a->who,
	    .with = with,
	    .ts_ms = a->content.ts,
	    .own = a->own,
	    .past = a->own};
	enum posts_verdict verdict;
	int r;

	if (posts == NULL)
		return ERR_NOMEM;
	if (was_shown(d, a->who->fingerprint, said->id))
		return 0;
	verdict = posts_judge(posts, &e, a->who->fingerprint, type, said);
	offers_event(
	    &e, a->content.type == CONTENT_FILE ? &a->content.u.file : NULL);
	if (verdict == POSTS_DONE)
		r = posts_add(posts, &e, a->who->fingerprint, type, said);
	else
		r = 0;
	if (r != 0 ||
	    (r = remember(d, a, said->id,
		 !a->own && verdict == POSTS_DONE &&
		     type == CONTENT_MESSAGE)) != 0 ||
	    (r = record(d, a, with, true)) != 0)
		return r;
	return verdict == POSTS_DELETED ? 0 : events_push(d->e->events, &e);
}

static int on_delivered(struct direct_in *d, struct arrived *a)
{
	const struct content_delivered *c = &a->content.u.delivered;
	const struct event e = {.type = EVENT_DELIVERED,
	    .person = a->who,
	    .with = a->own ? c->peer : a->who->name,
	    .ids = c->ids,
	    .n_ids = c->n};
	int r;

	if (a->own || was_shown(d, a->who->fingerprint, c->id))
		return 0;
	if ((r = remember(d, a, c->id, false)) != 0 ||
	    (r = record(d, a, a->who->name, false)) != 0)
		return r;
	return events_push(d->e->events, &e);
}

static int on_keeps(struct direct_in *d, struct arrived *a)
{
	const struct event e = {.type = EVENT_KEEPS,
	    .person = a->who,
	    .with = a->who->name,
	    .may = a->content.u.keeps};
	uint8_t id[WIRE_ID];
	int r;

	if ((r = json_b64(a->content.json, "id", id, WIRE_ID)) != 0)
		return r;
	if (a->own || was_shown(d, a->who->fingerprint, id))
		return 0;
	if ((r = remember(d, a, id, false)) != 0 ||
	    (r = record(d, a, a->who->name, false)) != 0)
		return r;
	return talks_keeps(d->e->talks, a->who, e.may)
		   ? events_push(d->e->events, &e)
		   : 0;
}

/* No transcript has it: it would hold the secret. */
static int on_seal(struct direct_in *d, struct arrived *a)
{
	const struct content_seal *c = &a->content.u.seal;
	int r;

	if (was_shown(d, a->who->fingerprint, c->id))
		return 0;
	if ((r = remember(d, a, c->id, false)) != 0)
		return r;
	return d->e->handed == NULL ? 0 : d->e->handed(d->e->arg, a->who, c);
}

/* The changed key is told before the first word. */
static int meet(struct direct_in *d, const struct person **who)
{
	const struct talks_device device = {d->sender.name,
	    d->sender.identity, d->sender.certificate,
	    d->sender.certificate_len};
	int r = talks_device(d->e->talks, &device, who);

	if (r != 0 || !talks_warn(d->e->talks, *who))
		return r;
	return events_push(
	    d->e->events, &(struct event){.type = EVENT_CHANGED,
			      .person = *who,
			      .with = (*who)->name});
}

static int show(struct direct_in *d, struct arrived *a)
{
	const struct parties *p = d->e->parties;
	struct person who;
	struct content_said offer;
	enum content_type type;
	bool said = offers_is_said(&a->content);
	int r;

	a->own = text_same_name(d->sender.name, p->self.name) ||
		 text_same_name(d->sender.name, d->e->whoami->account);
	if ((r = meet(d, &a->who)) != 0)
		return r;
	/* That it is the user's own device is so far only the server's word. */
	if (a->own && a->who->trust == TRUST_CHANGED)
		return dropped(d, a->who, "own_device");
	if (a->own && said &&
	    offers_said(&a->content, &offer, &type)->peer[0] == '\0')
		return dropped(d, a->who, "malformed");
	who = *a->who;
	a->who = &who;
	if (!a->own && said)
		talks_spoke(d->e->talks, &who);
	if (a->content.type == CONTENT_SEAL)
		return on_seal(d, a);
	return said ? on_said(d, a)
	       : a->content.type == CONTENT_DELIVERED ? on_delivered(d, a)
	       : a->content.type == CONTENT_KEEPS     ? on_keeps(d, a)
						      : 0;
}

/* --- opening --------------------------------------------------------------- */

static const struct prekey_pair *pair_of(
    const struct direct_in *d, const uint8_t key[WIRE_X25519])
{
	const struct direct_ops *ops = &d->e->ops;
	const struct prekey_pair *p;
	size_t i;

	for (i = 0; (p = ops->pair(ops->arg, i)) != NULL; i++)
		if (memcmp(p->key, key, WIRE_X25519) == 0)
			return p;
	return NULL;
}

static int unseal(struct direct_in *d, struct buf *out,
    const struct prekey_pair *pair, struct arrived *a)
{
	const struct parties *p = d->e->parties;
	struct direct_from from = {
	    p->server, p->self.identity, d->sender.identity, NULL, a->key};
	struct dh *dh = dh_from_private(pair->private_key);
	int r;

	if (dh == NULL)
		return ERR_NOMEM;
	from.prekey = dh;
	r = direct_open(p->crypto, out, &from, a->body, a->n);
	dh_free(dh);
	return r;
}

static const char *reason_of(int err)
{
	return err == ERR_SIGNATURE ? "signature"
	       : err == ERR_OPEN || err == ERR_KEY ? "open"
						   : "malformed";
}

/* Opens it and shows what is in it. */
static int open_one(struct direct_in *d, const struct direct_head *head,
    const struct prekey_pair *pair, const uint8_t *body, size_t n)
{
	struct arrived a = {.head = head, .body = body, .n = n};
	const struct person *who;
	struct buf text;
	int r;

	buf_init_secret(&text, WIRE_JSON_MAX);
	r = unseal(d, &text, pair, &a);
	if (r == 0 && (r = used_up(d, pair)) == 0)
		r = content_decode(&a.content, false, text.p, text.len);
	if (r == 0)
		r = show(d, &a);
	else if (err_is_peer(r) && r != ERR_MEMBER) {
		const char *why = reason_of(r);

		if ((r = meet(d, &who)) == 0)
			r = dropped(d, who, why);
	}
	content_free(&a.content);
	secret_wipe(a.key, sizeof(a.key));
	buf_free(&text);
	return r;
}

/* Whether the frame is for this device, from the one that the server named. */
static int fits(const struct direct_in *d, const struct direct_head *h)
{
	const struct parties *p = d->e->parties;
	uint8_t from[WIRE_HASH];
	int r;

	if (!d->has_sender || h->number <= d->number)
		return ERR_STATE;
	r = ed25519_fingerprint(p->crypto, from, d->sender.identity);
	if (r != 0)
		return r;
	return memcmp(h->to, p->self.fingerprint, WIRE_HASH) == 0 &&
		       memcmp(h->from, from, WIRE_HASH) == 0
		   ? 0
		   : ERR_MEMBER;
}

int direct_in_frame(struct direct_in *d, const uint8_t *body, size_t n)
{
	const struct prekey_pair *pair;
	const struct person *who;
	struct direct_head h;
	int r;

	/* Another client of this device has its keys. */
	if (d->e->ops.change == NULL)
		return 0;
	if ((r = direct_head_decode(&h, body, n)) != 0 ||
	    (r = fits(d, &h)) != 0)
		return r;
	pair = pair_of(d, h.prekey);
	if (pair != NULL)
		r = open_one(d, &h, pair, body, n);
	else if (!was_used(d, h.prekey) && (r = meet(d, &who)) == 0)
		r = dropped(d, who, "key");
	if (r == 0)
		d->number = d->upto = h.number;
	return r;
}

/* --- after it was shown ---------------------------------------------------- */

bool direct_in_waits(const struct direct_in *d)
{
	return d->upto != 0 || d->n_shown > 0 || d->n_erase > 0;
}

/* ERR_IO: it cannot be written, and the program says so. */
static int write_shown(struct direct_in *d)
{
	const struct direct_ops *ops = &d->e->ops;
	struct direct_change c = {.erase = (const uint8_t(*)[32])d->erase,
	    .n_erase = d->n_erase,
	    .n_seen = d->n_shown};
	struct direct_seen *seen;
	size_t i;
	int r;

	seen = calloc(d->n_shown + 1, sizeof(*seen));
	if (seen == NULL)
		return ERR_NOMEM;
	for (i = 0; i < d->n_shown; i++)
		seen[i] = d->shown[i].seen;
	c.seen = seen;
	r = ops->change(ops->arg, &c);
	free(seen);
	return r;
}

int direct_in_shown(struct direct_in *d)
{
	struct buf json;
	size_t i;
	int r = 0;

	/* What is not written is not acknowledged: it comes again. */
	if ((d->n_shown > 0 || d->n_erase > 0) && write_shown(d) != 0)
		return 0;
	for (i = 0; i < d->n_shown; i++)
		if (d->shown[i].receipt && d->e->receipts)
			letters_delivered(d->letters, d->shown[i].name,
			    d->shown[i].seen.id);
	d->n_shown = d->n_erase = 0;
	if (d->upto == 0)
		return 0;
	buf_init(&json, WIRE_JSON_MAX);
	if ((r = direct_ack_encode(&json, d->upto)) == 0)
		r = outgoing_control(d->e->out, &json);
	buf_free(&json);
	d->upto = 0;
	return r;
}
