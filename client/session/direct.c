/* direct.c - what a session does about direct messages. */
#include "client/session/direct.h"

#include <stdlib.h>
#include <string.h>

#include "client/session/direct_in.h"
#include "client/session/direct_keys.h"
#include "client/session/letters.h"
#include "shared/base/secret.h"
#include "shared/wire/text.h"

struct direct {
	struct direct_env e; /* owns talks */
	struct letters *letters;
	struct direct_in *in;
	struct direct_keys *keys;
};

struct direct *direct_new(const struct direct_env *e)
{
	struct direct *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->e = *e;
	d->e.talks = talks_new(e->parties);
	d->letters = letters_new(&d->e);
	d->in = direct_in_new(&d->e, d->letters);
	d->keys = direct_keys_new(&d->e);
	if (d->e.talks == NULL || d->letters == NULL || d->in == NULL ||
	    d->keys == NULL) {
		direct_free(d);
		return NULL;
	}
	return d;
}

void direct_free(struct direct *d)
{
	if (d == NULL)
		return;
	direct_in_free(d->in);
	letters_free(d->letters);
	direct_keys_free(d->keys);
	talks_free(d->e.talks);
	free(d);
}

void direct_linked(struct direct *d)
{
	direct_keys_linked(d->keys);
	letters_linked(d->letters);
	direct_in_linked(d->in);
}

void direct_lost(struct direct *d)
{
	direct_keys_lost(d->keys);
	letters_lost(d->letters);
	direct_in_linked(d->in);
}

static int answered(struct direct *d, const struct answer *a, bool *ours)
{
	int r = direct_keys_answer(d->keys, a, ours);

	return r != 0 || *ours ? r : letters_answer(d->letters, a, ours);
}

int direct_control(struct direct *d, const struct control *c, bool *ours)
{
	*ours = true;
	switch (c->type) {
	case CONTROL_ANSWER:
		return answered(d, &c->u.answer, ours);
	case CONTROL_DIRECT_FROM:
		return direct_in_sender(d->in, &c->u.direct_from);
	case CONTROL_PREKEYS_LOW:
		direct_keys_low(d->keys, c->u.prekeys_left);
		return 0;
	case CONTROL_DEVICE:
		letters_devices(d->letters);
		*ours = false;
		return 0;
	default:
		*ours = false;
		return 0;
	}
}

int direct_frame(struct direct *d, const uint8_t *body, size_t n)
{
	return direct_in_frame(d->in, body, n);
}

bool direct_ready(const struct direct *d)
{
	return d->e.whoami->welcomed && (direct_keys_ready(d->keys) ||
					    letters_ready(d->letters));
}

int direct_step(struct direct *d)
{
	int r = 0;

	if (!d->e.whoami->welcomed)
		return 0;
	while (r == 0 && direct_keys_ready(d->keys))
		r = direct_keys_step(d->keys);
	if (r == 0)
		r = letters_step(d->letters);
	requests_others(d->e.requests,
	    letters_open(d->letters) + direct_keys_open(d->keys));
	return r;
}

void direct_tick(struct direct *d)
{
	direct_keys_tick(d->keys);
}

int direct_shown(struct direct *d, bool linked)
{
	return linked && direct_in_waits(d->in) ? direct_in_shown(d->in) : 0;
}

/* --- saying ---------------------------------------------------------------- */

/* As it is for one of the two sides. */
static int encode(struct buf *out, enum content_type type,
    const struct offers_words *w, uint64_t wall_ms, const char *peer)
{
	struct content_said said = *w->said;
	struct blob_offer offer;
	int r;

	memcpy(said.peer, peer, strlen(peer) + 1);
	if (w->offer == NULL)
		return content_said(out, type, &said, wall_ms);
	offer = *w->offer;
	memcpy(offer.peer, said.peer, sizeof(offer.peer));
	r = content_file(out, &offer, wall_ms);
	secret_wipe(&offer, sizeof(offer));
	return r;
}

static int put(struct direct *d, const struct event *e,
    enum content_type type, const struct offers_words *w)
{
	struct letter_new n = {.name = e->with, .id = e->id};
	struct buf content, copy;
	int r;

	buf_init_secret(&content, WIRE_JSON_MAX);
	buf_init_secret(&copy, WIRE_JSON_MAX);
	r = encode(&content, type, w, e->ts_ms, "");
	if (r == 0)
		r = encode(&copy, type, w, e->ts_ms, e->with);
	n.content = &content;
	n.copy = &copy;
	if (r == 0 && (r = events_push(d->e.events, e)) == 0 &&
	    (r = letters_put(d->letters, &n)) != 0)
		events_unpush(d->e.events);
	buf_free(&content);
	buf_free(&copy);
	return r;
}

int direct_say(struct direct *d, const char *name, uint64_t wall_ms,
    enum content_type type, const struct offers_words *w)
{
	const struct parties *p = d->e.parties;
	struct event e = {
	    .person = &p->self, .with = name, .ts_ms = wall_ms, .own = true};
	const uint8_t *self = p->self.fingerprint;
	enum posts_verdict verdict;
	struct posts *posts;
	int r;

	if (wall_ms > INT64_MAX)
		return ERR_RANGE;
	if (d->e.ops.change == NULL || direct_keys_refused(d->keys)[0] != '\0')
		return ERR_REFUSED;
	if (!text_name(name, strlen(name)) ||
	    text_same_name(name, p->self.name))
		return ERR_NAME;
	if ((posts = talks_posts(d->e.talks, name)) == NULL)
		return ERR_NOMEM;
	verdict = posts_judge(posts, &e, self, type, w->said);
	if (verdict != POSTS_DONE)
		return verdict == POSTS_NOT_THEIRS ? ERR_AUTHOR : ERR_ABSENT;
	offers_event(&e, w->offer);
	if ((r = put(d, &e, type, w)) == 0)
		/* Without memory it is said, but cannot be changed later. */
		(void)!posts_add(posts, &e, self, type, w->said);
	return r;
}

int direct_hand(struct direct *d, const char *name,
    const struct direct_hand *to, const struct content_seal *c)
{
	struct letter_new n = {.name = name, .id = c->id, .seal = to};
	struct buf content;
	int r;

	if (d->e.ops.change == NULL || direct_keys_refused(d->keys)[0] != '\0')
		return ERR_REFUSED;
	buf_init_secret(&content, WIRE_JSON_MAX);
	n.content = &content;
	if ((r = content_seal(
		 &content, c, 1000 * d->e.ops.now_s(d->e.ops.arg))) == 0)
		r = letters_put(d->letters, &n);
	buf_free(&content);
	return r;
}

int direct_decide(struct direct *d, const char *name, bool send)
{
	return letters_decide(d->letters, name, send);
}

const struct person *direct_people(const struct direct *d, size_t *n)
{
	return talks_people(d->e.talks, n);
}

void direct_meet_again(struct direct *d, const char *name)
{
	talks_meet_again(d->e.talks, name);
	letters_meet_again(d->letters, name);
}

/* Those with whom something was said are told now, others with the first frame. */
void direct_keep(struct direct *d, bool on)
{
	const char *name;
	size_t i;

	d->e.keeps = on;
	for (i = 0; on && (name = talks_with(d->e.talks, i)) != NULL; i++)
		if (talks_tell(d->e.talks, name))
			letters_keeps(d->letters, name, true);
	while (!on && (name = talks_untell(d->e.talks)) != NULL)
		letters_keeps(d->letters, name, false);
}

bool direct_keeps(const struct direct *d)
{
	return d->e.keeps;
}

size_t direct_due(const struct direct *d, bool linked)
{
	return letters_due(d->letters, linked);
}

size_t direct_held(const struct direct *d)
{
	return letters_held(d->letters);
}

const uint8_t *direct_waiting(
    const struct direct *d, const char *name, size_t newer, bool *held)
{
	return letters_waiting(d->letters, name, newer, held);
}

void direct_quit(struct direct *d)
{
	letters_clear(d->letters);
}
