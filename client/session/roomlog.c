/* The offsets, chain and own frames of a room's log. */
#include "client/session/roomlog.h"

#include <string.h>

#include "shared/os/vec.h"

struct digest {
	uint8_t p[WIRE_HASH];
};

struct roomlog {
	struct crypto *crypto; /* borrowed */
	bool entered;	       /* once; then: */
	uint8_t log[WIRE_LOG];
	struct log_head head;
	bool has_before;
	struct log_head before; /* roomlog_before */
	uint64_t entered_at;	/* roomlog_entered */

	/* The chain at offsets head.offset - n_kept + 1 .. head.offset. Offset
	 * O is at O modulo cap, a power of two. */
	struct digest *kept;
	size_t n_kept, cap;

	/* Our frames from seq marked + 1 on, the first at own_at. */
	struct digest *own;
	size_t own_at, n_own, own_cap;
	uint64_t marked, marked_offset; /* seq and offset of our last mark */
	uint64_t acked, acked_offset;	/* and of the last acknowledgement */
	/* The offsets of the marks of seqs acked + 1 .. marked. */
	uint64_t *place;
	size_t place_cap;
};

struct roomlog *roomlog_new(struct crypto *c)
{
	struct roomlog *l = calloc(1, sizeof(*l));

	if (l != NULL)
		l->crypto = c;
	return l;
}

void roomlog_free(struct roomlog *l)
{
	if (l == NULL)
		return;
	free(l->kept);
	free(l->own);
	free(l->place);
	free(l);
}

/* --- the chain ------------------------------------------------------------ */

static int grow(struct roomlog *l)
{
	size_t cap = l->cap == 0 ? 16 : 2 * l->cap, i;
	struct digest *kept = calloc(cap, sizeof(*kept));
	uint64_t o;

	if (kept == NULL)
		return ERR_NOMEM;
	for (i = 0; i < l->n_kept; i++) {
		o = l->head.offset - i;
		kept[o % cap] = l->kept[o % l->cap];
	}
	free(l->kept);
	l->kept = kept;
	l->cap = cap;
	return 0;
}

/* Keeps the value of a head that is one further. */
static int advance(struct roomlog *l, const struct log_head *next)
{
	int r;

	if (l->n_kept == l->cap && l->cap < WIRE_CHAIN_KEPT &&
	    (r = grow(l)) != 0)
		return r;
	l->head = *next;
	memcpy(l->kept[next->offset % l->cap].p, next->chain, WIRE_HASH);
	if (l->n_kept < l->cap)
		l->n_kept++;
	return 0;
}

static int add(struct roomlog *l, const uint8_t digest[WIRE_HASH])
{
	struct log_head next = l->head;
	int r;

	if ((r = log_head_add(l->crypto, &next, digest)) != 0)
		return r;
	return advance(l, &next);
}

static int is_next(const struct roomlog *l, uint64_t offset)
{
	if (offset <= l->head.offset)
		return ERR_REPLAYED;
	return offset - l->head.offset != 1 ? ERR_GAP : 0;
}

bool roomlog_known(const struct roomlog *l, const uint8_t log[WIRE_LOG])
{
	return l->entered && memcmp(l->log, log, WIRE_LOG) == 0;
}

bool roomlog_differs(const struct roomlog *l, const uint8_t log[WIRE_LOG],
    const struct log_head *head)
{
	const uint8_t *chain = roomlog_chain(l, head->offset);

	if (!roomlog_known(l, log))
		return false;
	return head->offset < l->head.offset ||
	       (chain != NULL && memcmp(chain, head->chain, WIRE_HASH) != 0);
}

static int begin(
    struct roomlog *l, const uint8_t log[WIRE_LOG], const struct log_head *head)
{
	memcpy(l->log, log, WIRE_LOG);
	l->entered = true;
	/* Of the entries in between we have no values. */
	l->n_kept = 0;
	return advance(l, head);
}

int roomlog_seed(
    struct roomlog *l, const uint8_t log[WIRE_LOG], const struct log_head *head)
{
	return l->entered ? ERR_STATE : begin(l, log, head);
}

void roomlog_forget(struct roomlog *l)
{
	roomlog_leave(l);
	l->entered = false;
	l->n_kept = 0;
	memset(&l->head, 0, sizeof(l->head));
}

void roomlog_forget_before(struct roomlog *l)
{
	l->has_before = false;
}

int roomlog_enter(
    struct roomlog *l, const uint8_t log[WIRE_LOG], const struct log_head *head)
{
	struct log_head empty;
	int r;

	roomlog_leave(l);
	if ((r = log_head_start(l->crypto, &empty, log)) != 0)
		return r;
	if (head->offset == 0 &&
	    memcmp(head->chain, empty.chain, WIRE_HASH) != 0)
		return ERR_LOG;
	if (roomlog_differs(l, log, head))
		return ERR_LOG;
	l->has_before = roomlog_known(l, log);
	l->before = l->head;
	l->entered_at = head->offset;
	return begin(l, log, head);
}

const struct log_head *roomlog_before(const struct roomlog *l)
{
	return l->has_before ? &l->before : NULL;
}

uint64_t roomlog_entered(const struct roomlog *l)
{
	return l->entered_at;
}

void roomlog_leave(struct roomlog *l)
{
	l->n_own = l->own_at = 0;
	l->marked = l->marked_offset = l->acked = l->acked_offset = 0;
}

static int digest_of(
    struct roomlog *l, struct digest *d, const uint8_t *body, size_t n)
{
	return crypto_hash1(
	    l->crypto, d->p, body + WIRE_OFFSET, n - WIRE_OFFSET);
}

int roomlog_frame(
    struct roomlog *l, uint64_t offset, const uint8_t *body, size_t n)
{
	struct digest d;
	int r;

	if ((r = is_next(l, offset)) != 0 ||
	    (r = digest_of(l, &d, body, n)) != 0)
		return r;
	return add(l, d.p);
}

/* --- our own frames ------------------------------------------------------- */

int roomlog_mark(struct roomlog *l, const struct log_mark *m)
{
	int r;

	if ((r = is_next(l, m->offset)) != 0)
		return r;
	if (m->seq != 0) {
		if (l->n_own == 0 || m->seq - l->marked != 1 ||
		    memcmp(l->own[l->own_at].p, m->digest, WIRE_HASH) != 0 ||
		    (m->seq == l->acked && m->offset != l->acked_offset))
			return ERR_LOG;
	}
	if (m->seq > l->acked &&
	    (r = vec_reserve(&l->place, &l->place_cap,
		 (size_t)(m->seq - l->acked), sizeof(*l->place))) != 0)
		return r;
	if ((r = add(l, m->digest)) != 0 || m->seq == 0)
		return r;
	if (m->seq > l->acked)
		l->place[m->seq - l->acked - 1] = m->offset;
	l->own_at++;
	l->n_own--;
	l->marked = m->seq;
	l->marked_offset = m->offset;
	return 0;
}

int roomlog_sealed(
    struct roomlog *l, uint64_t seq, const uint8_t *body, size_t n)
{
	struct digest d;
	int r;

	if (seq - l->marked - 1 != l->n_own)
		return ERR_USAGE;
	/* The server acknowledges, but does not mark. */
	if (l->n_own == ROOMLOG_OWN_MAX)
		return ERR_LOG;
	if ((r = digest_of(l, &d, body, n)) != 0)
		return r;
	if (l->own_at > 0 && l->own_at >= l->n_own) {
		memcpy(l->own, l->own + l->own_at, l->n_own * sizeof(*l->own));
		l->own_at = 0;
	}
	if ((r = vec_reserve(&l->own, &l->own_cap, l->own_at + l->n_own + 1,
		 sizeof(*l->own))) != 0)
		return r;
	l->own[l->own_at + l->n_own++] = d;
	return 0;
}

int roomlog_acked(struct roomlog *l, uint64_t seq, uint64_t offset)
{
	const size_t done = (size_t)(seq - l->acked);

	if (seq == l->marked && seq != 0 && offset != l->marked_offset)
		return ERR_LOG;
	if (seq < l->marked)
		memmove(l->place, l->place + done,
		    (size_t)(l->marked - seq) * sizeof(*l->place));
	l->acked = seq;
	l->acked_offset = offset;
	return 0;
}

uint64_t roomlog_place(const struct roomlog *l, uint64_t seq)
{
	if (seq <= l->acked || seq > l->marked)
		return 0;
	return l->place[seq - l->acked - 1];
}

uint64_t roomlog_marked(const struct roomlog *l)
{
	return l->marked;
}

int roomlog_fence(struct roomlog *l, uint64_t acked)
{
	if (acked < l->marked)
		return ERR_LOG;
	if (acked - l->marked < l->n_own)
		l->n_own = (size_t)(acked - l->marked);
	return 0;
}

/* --- what it shows -------------------------------------------------------- */

uint64_t roomlog_offset(const struct roomlog *l)
{
	return l->head.offset;
}

const uint8_t *roomlog_chain(const struct roomlog *l, uint64_t offset)
{
	if (offset > l->head.offset || l->head.offset - offset >= l->n_kept)
		return NULL;
	return l->kept[offset % l->cap].p;
}

bool roomlog_same(const struct roomlog *l, const struct log_view *v)
{
	return l->entered && memcmp(l->log, v->log, WIRE_VIEW_LOG) == 0;
}

void roomlog_view(const struct roomlog *l, uint8_t out[WIRE_VIEW])
{
	log_view_encode(out, &l->head, l->log);
}
