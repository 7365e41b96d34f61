/* Remembers the ids of shown messages, by identity. */
#include <stdlib.h>
#include <string.h>

#include "client/session/dedup.h"

struct person_ids {
	struct person_ids *next;
	uint8_t identity[WIRE_ED25519];
	uint8_t (*ids)[WIRE_ID]; /* a ring once it has WIRE_IDS_KEPT */
	size_t n, cap, oldest;
};

/* Most recent speaker first. */
struct dedup {
	struct person_ids *first;
	size_t n;
};

struct dedup *dedup_new(void)
{
	return calloc(1, sizeof(struct dedup));
}

static void person_free(struct person_ids *p)
{
	free(p->ids);
	free(p);
}

void dedup_free(struct dedup *s)
{
	struct person_ids *p;

	if (s == NULL)
		return;
	while ((p = s->first) != NULL) {
		s->first = p->next;
		person_free(p);
	}
	free(s);
}

/* Unlinks the identity's entry or makes a new one. A full list drops its last
 * entry. */
static struct person_ids *take(struct dedup *s, const uint8_t identity[32])
{
	struct person_ids **at = &s->first, *p;

	while ((p = *at) != NULL) {
		if (memcmp(p->identity, identity, WIRE_ED25519) == 0) {
			*at = p->next;
			return p;
		}
		if (p->next == NULL && s->n == DEDUP_IDENTITIES) {
			*at = NULL;
			s->n--;
			person_free(p);
			break;
		}
		at = &p->next;
	}
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	memcpy(p->identity, identity, WIRE_ED25519);
	s->n++;
	return p;
}

static int remember(struct person_ids *p, const uint8_t id[WIRE_ID])
{
	size_t cap = p->cap == 0 ? 16 : 2 * p->cap;
	void *ids;

	if (p->n == WIRE_IDS_KEPT) {
		memcpy(p->ids[p->oldest], id, WIRE_ID);
		p->oldest = (p->oldest + 1) % WIRE_IDS_KEPT;
		return 0;
	}
	if (p->n == p->cap) {
		if ((ids = realloc(p->ids, cap * WIRE_ID)) == NULL)
			return ERR_NOMEM;
		p->ids = ids;
		p->cap = cap;
	}
	memcpy(p->ids[p->n++], id, WIRE_ID);
	return 0;
}

int dedup_check(struct dedup *s, const uint8_t identity[WIRE_ED25519],
    const uint8_t id[WIRE_ID], bool *again)
{
	struct person_ids *p = take(s, identity);
	size_t i;

	if (p == NULL)
		return ERR_NOMEM;
	p->next = s->first;
	s->first = p;
	/* 4096 comparisons cost less than a tenth of the signature check. */
	for (i = 0; i < p->n; i++)
		if (memcmp(p->ids[i], id, WIRE_ID) == 0) {
			*again = true;
			return 0;
		}
	*again = false;
	return remember(p, id);
}

void dedup_forget(struct dedup *s, const uint8_t identity[WIRE_ED25519],
    const uint8_t id[WIRE_ID])
{
	struct person_ids *p = s->first;
	size_t i;

	while (p != NULL && memcmp(p->identity, identity, WIRE_ED25519) != 0)
		p = p->next;
	/* An id of zeros takes its place: nobody draws that. */
	for (i = 0; p != NULL && i < p->n; i++)
		if (memcmp(p->ids[i], id, WIRE_ID) == 0)
			memset(p->ids[i], 0, WIRE_ID);
}
