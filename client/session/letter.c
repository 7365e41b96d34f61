/* letter.c - the frames of one direct message. */
#include "client/session/letter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"
#include "shared/os/vec.h"

/* Of both accounts. */
enum { DEVICES_MAX = 2 * WIRE_DEVICES };

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

void letter_free(struct letter *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->n_frames; i++)
		buf_free(&t->frame[i].body);
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

/* --- sealing --------------------------------------------------------------- */

static int seal_for(struct letter *t, const struct letter_device *d,
    const struct direct_env *e)
{
	const struct parties *p = e->parties;
	const struct buf *content = d->own ? &t->copy : &t->content;
	const struct direct_to to = {p->server, d->identity, d->key, NULL};
	struct letter_frame *f = &t->frame[t->n_frames];

	buf_init(&f->body, WIRE_DIRECT_HEAD + WIRE_SIGNATURE + WIRE_TAG +
			       WIRE_JSON_MAX);
	f->own = d->own;
	t->n_frames++;
	return direct_seal(p->crypto, &f->body, 0, &to, p->identity, &p->rng,
	    content->p, content->len);
}

/* What was shown so far. Nobody reads its time. */
static int fill_delivered(struct letter *t, const struct direct_env *e)
{
	const struct rng *rng = &e->parties->rng;
	int r = rng->fill(rng->arg, t->delivered->id, WIRE_ID);

	return r != 0 ? r
		      : content_delivered(&t->content, t->delivered,
			    1000 * e->ops.now_s(e->ops.arg));
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
