/* session_seals.c - the den as a sealed room, in the session's target: the user gives
 * and makes secrets, the server names them, takes the seal away, or sets it back. */
#include "tests/fuzz/session_world.h"

/* Lies in a notice that is right otherwise; those below are about its frame. */
enum { UNSEALED = 32, NO_MARK, OTHER_MARK };

static void secret_of(uint8_t out[WIRE_KEY], uint8_t which)
{
	memset(out, 0xa0 + which % 4, WIRE_KEY);
}

/* --- the client's disk -------------------------------------------------------- */

static bool get(void *arg, const char *room, size_t i, struct seal_secret *out)
{
	const struct world *w = arg;

	if (strcmp(room, w->place[1].name) != 0 || i >= w->n_kept)
		return false;
	*out = w->kept[i];
	return true;
}

static void put(void *arg, const char *room, const struct seal_secret *s)
{
	struct world *w = arg;
	size_t i;

	FUZZ_CHECK(strcmp(room, w->place[1].name) == 0);
	for (i = 0; i < w->n_kept; i++)
		if (memcmp(w->kept[i].secret, s->secret, WIRE_KEY) == 0)
			break;
	if (i == w->n_kept && w->n_kept < KEPT)
		w->n_kept++;
	if (i < KEPT) {
		FUZZ_CHECK(s->generation >= w->kept[i].generation);
		check_taken(w, s);
		w->kept[i] = *s;
	}
}

struct seals_ops world_seals(struct world *w)
{
	struct seals_ops ops;

	w->place[1].sealed = true;
	secret_of(w->kept[0].secret, 0);
	w->n_kept = 1;
	ops = (struct seals_ops){.get = get, .put = put, .arg = w};
	world_holders(w, &ops);
	return ops;
}

/* --- what the server says of it ----------------------------------------------- */

void say_room(struct world *w, uint8_t bend)
{
	struct notice_more more = {.by = "bob",
	    .settings = {.listed = true,
		.sealed = w->at->sealed && bend != UNSEALED}};
	const struct notice_of o = {.event = NOTICE_ROOM, .more = &more};

	snprintf(more.topic, sizeof(more.topic), "%s", w->at->mark);
	world_notice(w, &o, w->at->epoch, bend >= UNSEALED ? 0 : bend);
}

void say_marked(struct world *w, const struct request *q)
{
	struct place *was = w->at;
	struct seal_mark m;
	size_t i;

	for (i = 0; i < PLACES; i++) {
		w->at = &w->place[i];
		if (w->at->number != q->room || !w->at->sealed ||
		    !w->at->listed)
			continue;
		snprintf(w->at->mark, sizeof(w->at->mark), "%.*s",
		    SEAL_MARK - 1, q->topic);
		if (seal_mark_decode(&m, q->topic) &&
		    m.generation > w->at->generation)
			w->at->generation = m.generation;
		say_room(w, 0);
	}
	w->at = was;
}

static void set_mark(
    struct world *w, uint32_t number, const uint8_t secret[WIRE_KEY])
{
	struct seal_mark m = {.generation = number};
	struct seal s;

	FUZZ_CHECK(seal_make(fuzz_crypto(), &s, secret, w->at->log) == 0);
	memcpy(m.check, s.check, SEAL_CHECK);
	seal_mark_encode(w->at->mark, &m);
	seal_wipe(&s);
	if (number > w->at->generation)
		w->at->generation = number;
}

void say_new_mark(
    struct world *w, uint32_t number, const uint8_t secret[WIRE_KEY])
{
	set_mark(w, number, secret);
	say_room(w, 0);
}

/* Another mark, of one of four secrets. */
static void other_mark(struct world *w, uint8_t b)
{
	uint8_t secret[WIRE_KEY];

	secret_of(secret, b >> 3 & 3);
	set_mark(w, 1 + (b >> 5), secret);
}

void say_seal(struct world *w, uint8_t bend)
{
	uint8_t b = fuzz_u8(&w->f), secret[WIRE_KEY];

	if (b & 1 && w->at->handle != NULL) {
		/* An open room is then known as a sealed one. */
		w->honest = w->honest && w->at->sealed;
		secret_of(secret, b >> 3 & 3);
		(void)!session_seal_give(w->s, w->at->handle, secret);
	} else if (b & 2 && w->at->handle != NULL) {
		(void)!session_seal_renew(w->s, w->at->handle);
	} else if (w->at->listed) {
		if (bend == NO_MARK)
			w->at->mark[0] = '\0';
		else if (bend >= OTHER_MARK)
			other_mark(w, b);
		say_room(w, bend);
	}
}

/* --- what the client says ------------------------------------------------------- */

void check_sealed(const struct place *p, const struct user *self,
    const struct group_head *h)
{
	uint8_t key[WIRE_KEY_IV], seq[8];
	struct group_epoch plain;
	size_t i;

	if (!p->sealed || !p->keyed || h->epoch != p->epoch)
		return;
	FUZZ_CHECK(group_epoch_make(fuzz_crypto(), &plain, p->number, p->epoch,
		       p->secret) == 0);
	FUZZ_CHECK(group_sender_key(
		       fuzz_crypto(), key, &plain, h->sender, self->card) == 0);
	put_u64(seq, h->seq);
	for (i = 0; i < sizeof(seq); i++)
		key[WIRE_KEY + WIRE_IV - sizeof(seq) + i] ^= seq[i];
	FUZZ_CHECK(!fuzz_plain_sealed(key, key + WIRE_KEY));
}
