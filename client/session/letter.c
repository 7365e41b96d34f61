/* letter.c - the frames of one direct message. */
#include "client/session/letter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"
#include "shared/os/vec.h"

/* Of both accounts. */
enum { DEVICES_MAX = 2 * WIRE_DEVICES };
enum { DAY_S = 86400 }; /* clocks may differ so much */

static struct letter *empty(const char *name)
{
	struct letter *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	snprintf(t->name, sizeof(t->name), "%s", name);
	buf_init_secret(&t->content, WIRE_JSON_MAX);
	buf_init_secret(&t->copy, WIRE_JSON_MAX);
	return t;
}

struct letter *letter_new(const struct letter_new *n)
{
	struct letter *t = empty(n->name);

	if (t == NULL)
		return NULL;
	memcpy(t->id, n->id, WIRE_ID);
	if (n->seal != NULL)
		t->seal = *n->seal;
	if (buf_put(&t->content, n->content->p, n->content->len) != 0 ||
	    (n->copy != NULL &&
		buf_put(&t->copy, n->copy->p, n->copy->len) != 0)) {
		letter_free(t);
		return NULL;
	}
	return t;
}

struct letter *letter_new_delivered(const char *name)
{
	struct letter *t = empty(name);

	if (t == NULL)
		return NULL;
	if ((t->delivered = calloc(1, sizeof(*t->delivered))) == NULL) {
		letter_free(t);
		return NULL;
	}
	return t;
}

struct letter *letter_new_keeps(const char *name, bool on)
{
	struct letter *t = letter_new_delivered(name);

	if (t == NULL)
		return NULL;
	t->keeps = true;
	t->keeps_on = on;
	return t;
}

void letter_free(struct letter *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->n_frames; i++) {
		buf_free(&t->frame[i].body);
		secret_wipe(t->frame[i].key, WIRE_KEY_IV);
	}
	free(t->frame);
	free(t->device);
	free(t->delivered);
	buf_free(&t->content);
	buf_free(&t->copy);
	free(t);
}

int letter_device(struct letter *t, struct letter_device **out)
{
	int r;

	if (t->n_devices == DEVICES_MAX)
		return ERR_LIMIT;
	r = vec_reserve(
	    &t->device, &t->cap, t->n_devices + 1, sizeof(*t->device));
	if (r != 0)
		return r;
	*out = &t->device[t->n_devices++];
	memset(*out, 0, sizeof(**out));
	return 0;
}

bool letter_alone(const struct letter *t)
{
	size_t i;

	for (i = 0; i < t->n_devices; i++)
		if (t->device[i].own)
			return false;
	return true;
}

/* --- devices --------------------------------------------------------------- */

int letter_take(struct letter *t, const struct direct_env *e, const char *name,
    const struct prekeys_device *d, bool *lie)
{
	const uint64_t now = e->ops.now_s(e->ops.arg);
	const struct parties *p = e->parties;
	const struct talks_device named = {name, d->identity,
	    d->certificate, d->certificate_len};
	const struct person *who;
	struct letter_device *out;
	int r;

	if (memcmp(d->identity, p->self.identity, WIRE_ED25519) == 0)
		return 0;
	if ((r = talks_device(e->talks, &named, &who)) != 0 ||
	    (r = letter_device(t, &out)) != 0)
		return r;
	memcpy(out->identity, d->identity, WIRE_ED25519);
	memcpy(out->fingerprint, who->fingerprint, WIRE_HASH);
	memcpy(out->key, d->key.key, WIRE_X25519);
	out->own = t->own;
	if (!d->has_key)
		return 0;
	r = prekey_verify(p->crypto, &d->key, d->identity, p->server, d->once);
	*lie = r == ERR_SIGNATURE || r == ERR_KEY;
	out->has_key = r == 0 &&
		       (d->once || now <= d->key.made_s + WIRE_PREKEY_OLD_S) &&
		       d->key.made_s <= now + DAY_S;
	out->stale = r == 0 && !out->has_key;
	return *lie ? 0 : r;
}

/* The user is told once of each changed key, before the question. */
static int warn(const struct letter *t, const struct direct_env *e,
    const struct person *who)
{
	if (!talks_warn(e->talks, who))
		return 0;
	return events_push(
	    e->events, &(struct event){.type = EVENT_CHANGED,
			      .person = who,
			      .with = t->name});
}

/* --- a secret that is handed over ------------------------------------------- */

/* A pin is needed: the name of a new key is the server's word alone. */
static bool may_have_secret(const struct letter *t, const struct person *who)
{
	return who != NULL &&
	       memcmp(who->fingerprint, t->seal.to, WIRE_HASH) == 0 &&
	       (who->trust == TRUST_SEEN || who->trust == TRUST_CERTIFIED ||
		   who->trust == TRUST_VERIFIED);
}

const char *letter_why_not(const struct letter *t, const struct direct_env *e)
{
	const struct person *who = talks_find(e->talks, t->name, t->seal.to);
	size_t i;

	for (i = 0; i < t->n_devices; i++)
		if (memcmp(t->device[i].fingerprint, t->seal.to, WIRE_HASH) == 0)
			break;
	if (i == t->n_devices)
		return "the server does not name the device that has spoken in "
		       "the room: it was forgotten, or the server withholds it";
	if (!may_have_secret(t, who))
		return "their key is not the pinned one: compare it, and accept "
		       "it with /trust or /verify, first";
	return t->device[i].stale
		       ? "the keys that the server gives for them are too old: "
			 "they have not been here for weeks, or it withholds newer "
			 "ones"
		       : "the server has no key of theirs, or withholds it";
}

int letter_judge(
    struct letter *t, const struct direct_env *e, size_t *changed)
{
	const struct person *who;
	struct letter_device *d;
	size_t i;
	int r = 0;

	*changed = 0;
	for (i = 0; r == 0 && i < t->n_devices; i++) {
		d = &t->device[i];
		who = talks_find(e->talks,
		    d->own ? e->whoami->account : t->name, d->fingerprint);
		d->go = who != NULL && who->trust != TRUST_CHANGED &&
			d->has_key;
		if (t->seal.room != NULL)
			d->go = d->has_key && may_have_secret(t, who);
		if (who == NULL || who->trust != TRUST_CHANGED || t->seal.room != NULL)
			continue;
		*changed += !d->own;
		if (t->delivered == NULL)
			r = warn(t, e, who);
	}
	return r;
}

/* --- sealing --------------------------------------------------------------- */

static int seal_for(struct letter *t, const struct letter_device *d,
    const struct direct_env *e)
{
	const struct parties *p = e->parties;
	const struct buf *content = d->own ? &t->copy : &t->content;
	struct letter_frame *f = &t->frame[t->n_frames];
	const struct direct_to to = {p->server, d->identity, d->key, f->key};

	buf_init(&f->body, WIRE_DIRECT_HEAD + WIRE_SIGNATURE + WIRE_TAG +
			       WIRE_JSON_MAX);
	f->own = d->own;
	f->device = d;
	t->n_frames++;
	return direct_seal(p->crypto, &f->body, 0, &to, p->identity, &p->rng,
	    content->p, content->len);
}

/* What was shown so far, or that the user keeps a transcript. Nobody reads its
 * time. */
static int fill_delivered(struct letter *t, const struct direct_env *e)
{
	const struct rng *rng = &e->parties->rng;
	const uint64_t ts = 1000 * e->ops.now_s(e->ops.arg);
	int r = rng->fill(rng->arg, t->delivered->id, WIRE_ID);

	if (r != 0)
		return r;
	return t->keeps ? content_keeps(&t->content, t->delivered->id, ts,
			      t->keeps_on)
			: content_delivered(&t->content, t->delivered, ts);
}

int letter_seal(struct letter *t, const struct direct_env *e)
{
	size_t i;
	int r = 0;

	if (t->delivered != NULL && (r = fill_delivered(t, e)) != 0)
		return r;
	t->frame = calloc(t->n_devices, sizeof(*t->frame));
	if (t->frame == NULL)
		return ERR_NOMEM;
	for (i = 0; r == 0 && i < t->n_devices; i++)
		if (t->device[i].go)
			r = seal_for(t, &t->device[i], e);
	t->sealed = true;
	return r;
}

/* --- sending --------------------------------------------------------------- */

bool letter_unsent(const struct letter *t)
{
	size_t i;

	for (i = 0; i < t->n_frames; i++)
		if (!t->frame[i].sent && !t->frame[i].answered)
			return true;
	return false;
}

/* The number stands before everything that the key and the signature cover. */
static int send_frame(struct letter_frame *f, const struct direct_env *e)
{
	int r;

	f->number = requests_number(e->requests);
	put_u64(f->body.p, f->number);
	r = outgoing_direct(e->out, &f->body);
	f->sent = r == 0;
	return r;
}

int letter_send(struct letter *t, const struct direct_env *e, size_t max)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < t->n_frames && max > 0; i++) {
		if (t->frame[i].sent || t->frame[i].answered)
			continue;
		r = send_frame(&t->frame[i], e);
		max--;
	}
	return r;
}

bool letter_answered(struct letter *t, const struct answer *a, bool *all)
{
	struct letter_frame *f;
	bool ours = false;
	size_t i;

	*all = true;
	for (i = 0; i < t->n_frames; i++) {
		f = &t->frame[i];
		if (f->sent && !f->answered && f->number == a->number) {
			ours = f->answered = true;
			f->kept = a->done;
			if (!a->done && !f->own) {
				t->code = a->code;
				snprintf(t->why, sizeof(t->why), "%s", a->text);
			}
		}
		*all = *all && f->answered;
	}
	return ours;
}

static int record(const struct letter *t, const struct letter_frame *f,
    const struct direct_env *e)
{
	struct recorded *x = recorded_new(f->body.len);
	int r;

	if (x == NULL)
		return ERR_NOMEM;
	memcpy(x->server, e->parties->server_key, WIRE_ED25519);
	memcpy(x->name, t->name, sizeof(t->name));
	memcpy(x->identity, f->device->identity, WIRE_ED25519);
	memcpy(x->key, f->key, WIRE_KEY_IV);
	memcpy(x->body, f->body.p, f->body.len);
	r = events_push(e->events, &(struct event){.type = EVENT_ENTRY,
				       .with = t->name,
				       .entry = x});
	recorded_free(x);
	return r;
}

int letter_record(const struct letter *t, const struct direct_env *e)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < t->n_frames; i++)
		if (t->frame[i].kept && !t->frame[i].own)
			r = record(t, &t->frame[i], e);
	return r;
}

bool letter_kept(const struct letter *t)
{
	size_t i;

	for (i = 0; i < t->n_frames; i++)
		if (t->frame[i].kept && !t->frame[i].own)
			return true;
	return false;
}

void letter_lost(struct letter *t)
{
	size_t i;

	if (t->state < LETTER_SEALED) {
		/* The keys that it was given may be used up by now. */
		t->n_devices = 0;
		t->own = t->has_after = false;
		if (t->state != LETTER_HELD)
			t->state = LETTER_NEW;
	}
	for (i = 0; i < t->n_frames; i++)
		t->frame[i].sent = false;
}

size_t letter_open(const struct letter *t)
{
	size_t i, n = t->state == LETTER_ASKED;

	for (i = 0; i < t->n_frames; i++)
		n += t->frame[i].sent && !t->frame[i].answered;
	return n;
}
