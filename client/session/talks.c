/* talks.c - people the user speaks with directly. */
#include "client/session/talks.h"

#include <stdlib.h>
#include <string.h>

#include "shared/os/vec.h"
#include "shared/wire/text.h"

struct talk {
	char name[WIRE_NAME_MAX + 1];
	struct posts *posts; /* owned */
	bool told;	     /* that the user keeps a transcript */
};

struct talks {
	const struct parties *parties; /* borrowed */
	struct person *all;	       /* the one longest unused first */
	size_t n, cap;
	struct talk talk[TALKS_MAX]; /* the same */
	size_t n_talks;
};

struct talks *talks_new(const struct parties *p)
{
	struct talks *t = calloc(1, sizeof(*t));

	if (t != NULL)
		t->parties = p;
	return t;
}

void talks_free(struct talks *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->n_talks; i++)
		posts_free(t->talk[i].posts);
	free(t->all);
	free(t);
}

/* --- devices --------------------------------------------------------------- */

static struct person *find(const struct talks *t, const char *name,
    const uint8_t fingerprint[WIRE_HASH])
{
	size_t i;

	for (i = t->n; i > 0; i--)
		if (memcmp(t->all[i - 1].fingerprint, fingerprint,
			WIRE_HASH) == 0 &&
		    text_same_name(t->all[i - 1].name, name))
			return &t->all[i - 1];
	return NULL;
}

const struct person *talks_find(const struct talks *t, const char *name,
    const uint8_t fingerprint[WIRE_HASH])
{
	return find(t, name, fingerprint);
}

const struct person *talks_people(const struct talks *t, size_t *n)
{
	*n = t->n;
	return t->all;
}

static int certify(
    const struct talks *t, struct person *p, const struct talks_device *d)
{
	const struct certifier_ops *ops = &t->parties->certifier;
	const struct people_ops *people = &t->parties->people;
	struct buf der;
	int r;

	p->certified = CERTIFIED_UNKNOWN;
	if (ops->check == NULL)
		return 0;
	p->certified = CERTIFIED_ABSENT;
	if (d->certificate_len == 0)
		return 0;
	buf_init(&der, WIRE_CERTIFICATE_MAX);
	r = buf_put(&der, d->certificate, d->certificate_len);
	if (r == 0)
		p->fault = ops->check(ops->arg, &der, p->name, p->identity);
	buf_free(&der);
	if (r != 0)
		return r;
	p->certified =
	    p->fault == CERTIFIER_NONE ? CERTIFIED_GOOD : CERTIFIED_BAD;
	/* The CA says that another key is that person's too. */
	if (p->certified == CERTIFIED_GOOD &&
	    parties_met(t->parties, p) == TRUST_CHANGED)
		people->certified(people->arg, t->parties->server, p->name,
		    p->fingerprint);
	return 0;
}

/* The entry of that device, at the end of the list. */
static int entry(struct talks *t, const char *name,
    const uint8_t fingerprint[WIRE_HASH], struct person **out)
{
	struct person *p = find(t, name, fingerprint), one = {.member = 0};
	int r;

	if (p == NULL && t->n == TALKS_DEVICES)
		p = t->all;
	else if (p != NULL)
		one = *p;
	if (p == NULL) {
		r = vec_reserve(&t->all, &t->cap, t->n + 1, sizeof(*t->all));
		if (r != 0)
			return r;
		p = &t->all[t->n++];
	}
	memmove(p, p + 1,
	    (t->n - (size_t)(p - t->all) - 1) * sizeof(*p));
	*out = &t->all[t->n - 1];
	**out = one;
	return 0;
}

int talks_device(struct talks *t, const struct talks_device *d,
    const struct person **out)
{
	uint8_t fingerprint[WIRE_HASH];
	struct person *p;
	int r;

	r = ed25519_fingerprint(t->parties->crypto, fingerprint, d->identity);
	if (r != 0 || (r = entry(t, d->name, fingerprint, &p)) != 0)
		return r;
	memset(p->name, 0, sizeof(p->name));
	memcpy(p->name, d->name, strlen(d->name));
	memcpy(p->identity, d->identity, WIRE_ED25519);
	memcpy(p->fingerprint, fingerprint, WIRE_HASH);
	p->voice = true;
	if ((r = certify(t, p, d)) != 0)
		return r;
	parties_judge(t->parties, p);
	*out = p;
	return 0;
}

void talks_spoke(struct talks *t, const struct person *who)
{
	struct person *p = find(t, who->name, who->fingerprint);
	enum trust now;

	if (p == NULL)
		return;
	(void)parties_spoke(t->parties, p, &now);
	p->trust = now;
	p->spoke = true;
}

void talks_meet_again(struct talks *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (text_same_name(t->all[i].name, name))
			parties_judge(t->parties, &t->all[i]);
}

bool talks_warn(struct talks *t, const struct person *who)
{
	struct person *p = find(t, who->name, who->fingerprint);

	if (p == NULL || p->trust != TRUST_CHANGED || p->since != 0)
		return false;
	p->since = 1; /* no epoch: it is in no room */
	return true;
}

/* --- what was said --------------------------------------------------------- */

struct posts *talks_posts(struct talks *t, const char *name)
{
	struct talk talk = {.posts = NULL};
	size_t i;

	for (i = 0; i < t->n_talks; i++)
		if (text_same_name(t->talk[i].name, name))
			break;
	if (i < t->n_talks) {
		talk = t->talk[i];
	} else {
		talk.posts = posts_new(t->parties->self.fingerprint, NULL);
		if (talk.posts == NULL)
			return NULL;
		memcpy(talk.name, name, strlen(name));
		if (t->n_talks == TALKS_MAX)
			posts_free(t->talk[i = 0].posts);
		else
			t->n_talks++;
	}
	memmove(&t->talk[i], &t->talk[i + 1],
	    (t->n_talks - i - 1) * sizeof(talk));
	t->talk[t->n_talks - 1] = talk;
	return talk.posts;
}

/* --- transcripts ----------------------------------------------------------- */

bool talks_keeps(struct talks *t, const struct person *who, bool on)
{
	struct person *p = find(t, who->name, who->fingerprint);

	if (p == NULL || p->keeps == on)
		return false;
	p->keeps = on;
	return true;
}

bool talks_tell(struct talks *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->n_talks; i++)
		if (text_same_name(t->talk[i].name, name))
			break;
	if (i == t->n_talks || t->talk[i].told)
		return false;
	t->talk[i].told = true;
	return true;
}

const char *talks_untell(struct talks *t)
{
	size_t i;

	for (i = 0; i < t->n_talks; i++)
		if (t->talk[i].told) {
			t->talk[i].told = false;
			return t->talk[i].name;
		}
	return NULL;
}

const char *talks_with(const struct talks *t, size_t i)
{
	return i < t->n_talks ? t->talk[i].name : NULL;
}
