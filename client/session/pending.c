/* Frames that wait for the list of people. */
#include <stdlib.h>
#include <string.h>

#include "client/session/pending.h"

struct frame_copy {
	struct frame_copy *next;
	uint32_t sender;
	size_t n;
	uint8_t body[];
};

struct speaker {
	struct speaker *next;
	struct person person;
	struct inorder inorder;
};

struct pending {
	struct frame_copy *first, **end;
	struct speaker *gone; /* never more than the frames */
	size_t count, bytes;
};

struct pending *pending_new(void)
{
	struct pending *h = calloc(1, sizeof(*h));

	if (h != NULL)
		h->end = &h->first;
	return h;
}

void pending_drop(struct pending *h)
{
	struct frame_copy *f = h->first;

	if (f == NULL)
		return;
	h->first = f->next;
	if (h->first == NULL)
		h->end = &h->first;
	h->count--;
	h->bytes -= f->n;
	free(f);
}

void pending_clear(struct pending *h)
{
	struct speaker *s;

	while (h->first != NULL)
		pending_drop(h);
	while ((s = h->gone) != NULL) {
		h->gone = s->next;
		free(s);
	}
}

void pending_free(struct pending *h)
{
	if (h == NULL)
		return;
	pending_clear(h);
	free(h);
}

int pending_put(
    struct pending *h, uint32_t sender, const uint8_t *body, size_t n)
{
	struct frame_copy *f;

	if (h->count == PENDING_FRAMES || n > PENDING_BYTES - h->bytes)
		return ERR_LIMIT;
	if ((f = malloc(sizeof(*f) + n)) == NULL)
		return ERR_NOMEM;
	f->next = NULL;
	f->sender = sender;
	f->n = n;
	memcpy(f->body, body, n);
	*h->end = f;
	h->end = &f->next;
	h->count++;
	h->bytes += n;
	return 0;
}

const uint8_t *pending_first(const struct pending *h, size_t *n)
{
	*n = h->first == NULL ? 0 : h->first->n;
	return h->first == NULL ? NULL : h->first->body;
}

int pending_gone(struct pending *h, const struct person *p, struct inorder i)
{
	const struct frame_copy *f = h->first;
	struct speaker *s;

	while (f != NULL && f->sender != p->member)
		f = f->next;
	if (f == NULL || pending_speaker(h, p->member, NULL) != NULL)
		return 0;
	if ((s = malloc(sizeof(*s))) == NULL)
		return ERR_NOMEM;
	*s = (struct speaker){.next = h->gone, .person = *p, .inorder = i};
	h->gone = s;
	return 0;
}

const struct person *pending_speaker(
    const struct pending *h, uint32_t member, struct inorder **i)
{
	struct speaker *s = h->gone;

	while (s != NULL && s->person.member != member)
		s = s->next;
	if (s == NULL)
		return NULL;
	if (i != NULL)
		*i = &s->inorder;
	return &s->person;
}

const struct person *pending_speaker_at(const struct pending *h, size_t n)
{
	const struct speaker *s = h->gone;

	while (s != NULL && n-- > 0)
		s = s->next;
	return s == NULL ? NULL : &s->person;
}
