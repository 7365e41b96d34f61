/* roster.c - the people of a room, sorted by member id. */
#include <stdlib.h>
#include <string.h>

#include "client/session/roster.h"
#include "shared/os/vec.h"
#include "shared/proto/roster_hash.h"
#include "shared/wire/text.h"

/* Member ids from lo to hi, both included. */
struct range {
	uint32_t lo, hi;
};

/* Somebody who left while the list was incomplete. */
struct departed {
	struct person person;
	uint32_t until; /* the first epoch without them */
};

/* Somebody who may return on the same connection. */
struct quitter {
	uint32_t member;
	uint8_t card[WIRE_HASH];
};

enum { ROSTER_TRUSTS = TRUST_CHANGED + 1 };

struct roster {
	/* Two parallel arrays: user interfaces see the first. */
	struct person *people;
	struct inorder *inorder;
	size_t n, cap;
	size_t n_trust[ROSTER_TRUSTS];
	size_t n_wanted; /* CERTIFIED_WANTED */
	uint32_t changed; /* a member who had TRUST_CHANGED */
	uint64_t version;
	struct departed *departed; /* ascending by member */
	size_t n_departed, cap_departed;
	/* Ascending, with at least one id between two ranges. Members leave in
	 * any order, but in the long run old ids merge into few ranges. */
	struct range *left;
	size_t n_left, cap_left;
	struct quitter *quit; /* the oldest first */
	size_t n_quit, cap_quit;
};

int inorder_take(struct inorder *i, uint64_t seq, uint64_t *missing)
{
	if (seq == 0 || (i->begun && seq <= i->last))
		return ERR_REPLAYED;
	*missing = i->begun ? seq - i->last - 1 : 0;
	*missing -= i->closed < *missing ? i->closed : *missing;
	i->begun = true;
	i->last = seq;
	i->closed = 0;
	return 0;
}

void inorder_closed(struct inorder *i, uint64_t seq)
{
	if (i->begun && seq == i->last + i->closed + 1)
		i->closed++;
}

struct roster *roster_new(void)
{
	return calloc(1, sizeof(struct roster));
}

void roster_free(struct roster *r)
{
	if (r == NULL)
		return;
	free(r->people);
	free(r->inorder);
	free(r->departed);
	free(r->left);
	free(r->quit);
	free(r);
}

void roster_clear(struct roster *r)
{
	r->n = 0;
	r->n_departed = 0;
	r->version++;
	memset(r->n_trust, 0, sizeof(r->n_trust));
	r->n_wanted = 0;
}

void roster_forget(struct roster *r)
{
	roster_clear(r);
	r->n_left = r->n_quit = 0;
}

/* The index of the first person whose member is not below `member`. */
static size_t lower(const struct roster *r, uint32_t member)
{
	size_t lo = 0, hi = r->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (r->people[mid].member < member)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool here(const struct roster *r, size_t i, uint32_t member)
{
	return i < r->n && r->people[i].member == member;
}

static int grow(struct roster *r)
{
	size_t cap = r->cap == 0 ? 16 : 2 * r->cap;
	struct person *people;
	struct inorder *inorder;

	if ((people = realloc(r->people, cap * sizeof(*people))) == NULL)
		return ERR_NOMEM;
	r->people = people;
	if ((inorder = realloc(r->inorder, cap * sizeof(*inorder))) == NULL)
		return ERR_NOMEM;
	r->inorder = inorder;
	r->cap = cap;
	return 0;
}

/* Takes the id off those who quit: whether it had this card, or is unknown. */
static bool returns(struct roster *r, const struct person *p)
{
	size_t i;

	for (i = 0; i < r->n_quit; i++) {
		if (r->quit[i].member != p->member)
			continue;
		if (memcmp(r->quit[i].card, p->card, WIRE_HASH) != 0)
			return false;
		r->n_quit--;
		memmove(&r->quit[i], &r->quit[i + 1],
		    (r->n_quit - i) * sizeof(*r->quit));
		return true;
	}
	return true;
}

static int quits(struct roster *r, const struct person *p)
{
	struct quitter *q;

	if (r->n_quit == ROSTER_QUIT_MAX) {
		r->n_quit--;
		memmove(&r->quit[0], &r->quit[1], r->n_quit * sizeof(*r->quit));
	}
	if (vec_reserve(
		&r->quit, &r->cap_quit, r->n_quit + 1, sizeof(*r->quit)) != 0)
		return ERR_NOMEM;
	q = &r->quit[r->n_quit++];
	q->member = p->member;
	memcpy(q->card, p->card, WIRE_HASH);
	return 0;
}

int roster_add(struct roster *r, const struct person *p, bool join_seen)
{
	size_t i = lower(r, p->member);
	int e;

	if (p->member == 0 || here(r, i, p->member) ||
	    roster_left(r, p->member) || !returns(r, p))
		return ERR_MEMBER;
	if (r->n == ROSTER_MAX)
		return ERR_LIMIT;
	if (r->n == r->cap && (e = grow(r)) != 0)
		return e;
	memmove(
	    &r->people[i + 1], &r->people[i], (r->n - i) * sizeof(*r->people));
	memmove(&r->inorder[i + 1], &r->inorder[i],
	    (r->n - i) * sizeof(*r->inorder));
	r->people[i] = *p;
	r->inorder[i] = (struct inorder){.begun = join_seen};
	r->n++;
	r->version++;
	r->n_trust[p->trust]++;
	r->n_wanted += p->certified == CERTIFIED_WANTED;
	return 0;
}

/* The index of the first range that ends at or after `member`. */
static size_t left_lower(const struct roster *r, uint32_t member)
{
	size_t lo = 0, hi = r->n_left, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (r->left[mid].hi < member)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool roster_left(const struct roster *r, uint32_t member)
{
	size_t i = left_lower(r, member);

	return i < r->n_left && r->left[i].lo <= member;
}

static void left_erase(struct roster *r, size_t i)
{
	memmove(&r->left[i], &r->left[i + 1],
	    (r->n_left - i - 1) * sizeof(*r->left));
	r->n_left--;
}

static int left_insert(struct roster *r, uint32_t member)
{
	size_t cap = r->cap_left == 0 ? 16 : 2 * r->cap_left, i;
	struct range *left;

	if (r->n_left == ROSTER_LEFT_MAX)
		left_erase(r, 0);
	if (r->n_left == r->cap_left) {
		left = realloc(r->left, cap * sizeof(*left));
		if (left == NULL)
			return ERR_NOMEM;
		r->left = left;
		r->cap_left = cap;
	}
	i = left_lower(r, member);
	memmove(
	    &r->left[i + 1], &r->left[i], (r->n_left - i) * sizeof(*r->left));
	r->left[i] = (struct range){member, member};
	r->n_left++;
	return 0;
}

static int left_add(struct roster *r, uint32_t member)
{
	size_t i = left_lower(r, member);
	bool below = i > 0 && r->left[i - 1].hi == member - 1;
	bool above = i < r->n_left && r->left[i].lo - 1 == member;

	if (member == 0 || roster_left(r, member))
		return 0;
	if (below && above) {
		r->left[i - 1].hi = r->left[i].hi;
		left_erase(r, i);
	} else if (below) {
		r->left[i - 1].hi = member;
	} else if (above) {
		r->left[i].lo = member;
	} else {
		return left_insert(r, member);
	}
	return 0;
}

int roster_leave(struct roster *r, uint32_t member, enum roster_leave how)
{
	size_t i = lower(r, member);
	int e;

	if (how == ROSTER_LOST && (e = left_add(r, member)) != 0)
		return e;
	if (!here(r, i, member))
		return 0;
	if (how == ROSTER_QUIT && (e = quits(r, &r->people[i])) != 0)
		return e;
	r->n_trust[r->people[i].trust]--;
	r->n_wanted -= r->people[i].certified == CERTIFIED_WANTED;
	memmove(&r->people[i], &r->people[i + 1],
	    (r->n - i - 1) * sizeof(*r->people));
	memmove(&r->inorder[i], &r->inorder[i + 1],
	    (r->n - i - 1) * sizeof(*r->inorder));
	r->n--;
	r->version++;
	return 0;
}

int roster_depart(struct roster *r, const struct person *p, uint32_t until,
    enum roster_leave how)
{
	size_t i = r->n_departed;
	int e;

	if (i == ROSTER_MAX)
		return ERR_LIMIT;
	if (vec_reserve(&r->departed, &r->cap_departed, i + 1,
		sizeof(*r->departed)) != 0)
		return ERR_NOMEM;
	if ((e = roster_leave(r, p->member, how)) != 0)
		return e;
	for (; i > 0 && r->departed[i - 1].person.member > p->member; i--)
		r->departed[i] = r->departed[i - 1];
	r->departed[i] = (struct departed){*p, until};
	r->n_departed++;
	return 0;
}

void roster_settle(struct roster *r)
{
	free(r->departed);
	r->departed = NULL;
	r->n_departed = r->cap_departed = 0;
}

const struct person *roster_find(const struct roster *r, uint32_t member)
{
	size_t i = lower(r, member);

	return here(r, i, member) ? &r->people[i] : NULL;
}

struct inorder *roster_inorder(const struct roster *r, uint32_t member)
{
	size_t i = lower(r, member);

	return here(r, i, member) ? &r->inorder[i] : NULL;
}

void roster_trust(struct roster *r, uint32_t member, enum trust trust)
{
	size_t i = lower(r, member);

	if (!here(r, i, member))
		return;
	r->n_trust[r->people[i].trust]--;
	r->people[i].trust = trust;
	r->n_trust[trust]++;
}

void roster_spoke(struct roster *r, uint32_t member, enum trust trust)
{
	size_t i = lower(r, member);

	roster_trust(r, member, trust);
	if (here(r, i, member))
		r->people[i].spoke = true;
}

void roster_certify(struct roster *r, const struct person *p)
{
	size_t i = lower(r, p->member);

	if (!here(r, i, p->member))
		return;
	r->n_wanted -= r->people[i].certified == CERTIFIED_WANTED;
	r->people[i].certified = p->certified;
	r->people[i].fault = p->fault;
	r->people[i].lapsed = p->lapsed;
	r->n_wanted += p->certified == CERTIFIED_WANTED;
	roster_trust(r, p->member, p->trust);
}

const struct person *roster_wanted(const struct roster *r)
{
	size_t i;

	for (i = 0; r->n_wanted > 0 && i < r->n; i++)
		if (r->people[i].certified == CERTIFIED_WANTED)
			return &r->people[i];
	return NULL;
}

void roster_standing(
    struct roster *r, uint32_t member, enum role role, bool voice)
{
	size_t i = lower(r, member);

	if (!here(r, i, member))
		return;
	r->people[i].role = role;
	r->people[i].voice = voice;
}

size_t roster_count(const struct roster *r, enum trust trust)
{
	return r->n_trust[trust];
}

const struct person *roster_changed(struct roster *r)
{
	const struct person *p = roster_find(r, r->changed);
	size_t i;

	if (r->n_trust[TRUST_CHANGED] == 0)
		return NULL;
	if (p != NULL && p->trust == TRUST_CHANGED)
		return p;
	for (i = 0; i < r->n; i++)
		if (r->people[i].trust == TRUST_CHANGED) {
			r->changed = r->people[i].member;
			return &r->people[i];
		}
	return NULL;
}

size_t roster_namesakes(
    const struct roster *r, const char *name, uint32_t member)
{
	size_t i, n = 0;

	for (i = 0; i < r->n; i++)
		n += r->people[i].member != member &&
		     text_same_name(r->people[i].name, name);
	return n;
}

const struct person *roster_people(const struct roster *r, size_t *n)
{
	*n = r->n;
	return r->people;
}

/* --- the roster of an epoch ---------------------------------------------- */

static int digest_add(struct roster_hash *h, const struct person *p)
{
	struct user u = {.member = p->member};

	memcpy(u.name, p->name, sizeof(u.name));
	memcpy(u.identity, p->identity, sizeof(u.identity));
	memcpy(u.card, p->card, sizeof(u.card));
	return roster_hash_add(h, &u);
}

/* Merges those who are here with those who have departed. */
static int digest_people(
    const struct roster *r, struct roster_hash *h, uint32_t epoch)
{
	const struct person *here;
	const struct departed *gone;
	size_t i = 0, k = 0;
	int e = 0;

	while (e == 0 && (i < r->n || k < r->n_departed)) {
		here = i < r->n ? &r->people[i] : NULL;
		gone = k < r->n_departed ? &r->departed[k] : NULL;
		if (gone == NULL ||
		    (here != NULL && here->member < gone->person.member)) {
			if (here->since <= epoch)
				e = digest_add(h, here);
			i++;
		} else {
			if (gone->person.since <= epoch && epoch < gone->until)
				e = digest_add(h, &gone->person);
			k++;
		}
	}
	return e;
}

int roster_digest(const struct roster *r, struct crypto *c, uint32_t epoch,
    uint8_t out[WIRE_HASH])
{
	struct roster_hash *h = roster_hash_new(c);
	int e;

	if (h == NULL)
		return ERR_NOMEM;
	if ((e = digest_people(r, h, epoch)) == 0)
		e = roster_hash_get(h, out);
	roster_hash_free(h);
	return e;
}

uint64_t roster_version(const struct roster *r)
{
	return r->version;
}
