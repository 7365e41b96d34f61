/* session_link.c - the line in the session's target: connections, records, and a
 * login without a handshake, which has targets of its own. */
#include "client/session/entry.h"
#include "client/session/outbox.h"
#include "tests/fuzz/session_world.h"

void place_out(struct place *p)
{
	p->keyed = p->listed = p->logged = p->silent = false;
	p->join_req = p->leave_req = 0;
	p->last = p->last_acked = p->marked = p->marked_offset = 0;
	p->accepted = p->acked;
}

static void link_keys(const struct world *w, struct link_keys *k)
{
	int d;

	for (d = 0; d < 2; d++) {
		memset(k->seal[d], (int)(2 * w->connections) + d, WIRE_KEY);
		memset(k->iv[d], (int)(2 * w->connections) + d, WIRE_IV);
		memset(k->mac[d], (int)(2 * w->connections) + d, WIRE_KEY);
	}
}

/* entry.h without a handshake, linked instead of entry.c. The handshake has its
 * own targets. */
struct entry {
	struct parties *parties;
};
static struct world *world;

struct entry *entry_new(struct parties *p, uint64_t now_ms)
{
	static struct entry e;

	(void)now_ms;
	e.parties = p;
	return &e;
}

void entry_free(struct entry *e)
{
	(void)e;
}

int entry_channel(struct entry *e, const uint8_t exporter[WIRE_CHANNEL])
{
	(void)e;
	(void)exporter;
	return 0;
}

void entry_restart(struct entry *e, uint64_t now_ms)
{
	(void)e;
	(void)now_ms;
}

int entry_go(struct entry *e, struct buf *in, struct buf *out, const char *room,
    uint64_t now_ms)
{
	size_t i = strcmp(room, world->place[1].name) == 0;

	(void)e;
	(void)in;
	(void)out;
	(void)now_ms;
	world->place[0].carded = i == 0;
	world->place[1].carded = i == 1;
	return 0;
}

const struct hs_error *entry_refusal(const struct entry *e)
{
	(void)e;
	return NULL;
}

bool entry_needs_kdf(const struct entry *e)
{
	(void)e;
	return false;
}

int entry_kdf_job(const struct entry *e, struct hs_kdf_job *out)
{
	(void)e;
	(void)out;
	return ERR_STATE;
}

int entry_stretched(struct entry *e, const uint8_t stretched[PAKE_STRETCHED])
{
	(void)e;
	(void)stretched;
	return ERR_STATE;
}

uint64_t entry_deadline(const struct entry *e)
{
	(void)e;
	return UINT64_MAX;
}

struct link *entry_link(struct entry *e, bool *new_run)
{
	uint8_t session[WIRE_NONCE] = {world->session_no};
	struct parties *p = e->parties;
	struct link_keys k;

	*new_run = memcmp(p->server_session, session, WIRE_NONCE) != 0;
	memcpy(p->server_session, session, WIRE_NONCE);
	memcpy(
	    p->server_key, identity_public(people_identity(7)), WIRE_ED25519);
	p->server_proved = true;
	p->th5[0] = (uint8_t)world->connections;
	memset(p->self.card, (int)world->connections, WIRE_HASH);
	link_keys(world, &k);
	return link_new(fuzz_crypto(), &k, LINK_CLIENT);
}

void entry_forget(struct parties *p)
{
	(void)p;
}

void world_connect(struct world *w)
{
	struct link_keys k;
	size_t i;

	w->connections++;
	link_keys(w, &k);
	world = w;
	session_connected(w->s, w->now, NULL);
	if (session_needs(w->s) & SESSION_NEED_CLOSE)
		return;
	w->link = link_new(fuzz_crypto(), &k, LINK_SERVER);
	FUZZ_CHECK(w->link != NULL);
	w->heard_ms = w->now;
	for (i = 0; i < PLACES; i++) {
		place_out(&w->place[i]);
		w->place[i].step_ms = w->now;
		w->place[i].step_due = false;
		w->place[i].carded = false;
	}
	w->n_asked = 0;
	w->n_frames = 0;
	w->direct_no = 0;
	buf_clear(&w->bodies);
}

void world_hang_up(struct world *w)
{
	size_t i;

	link_free(w->link);
	w->link = NULL;
	for (i = 0; i < PLACES; i++) {
		w->place[i].member = 0;
		if (w->place[i].acked < w->place[i].named_to_it)
			w->place[i].acked = w->place[i].named_to_it;
	}
	w->ending = false;
	session_lost(w->s, w->now, NULL);
}

void world_flush(struct world *w)
{
	struct link_frame frames[16];
	uint8_t *exact;
	size_t i;

	if (w->n_frames == 0 || w->link == NULL)
		return;
	for (i = 0; i < w->n_frames; i++)
		frames[i] = (struct link_frame){w->frames[i].kind,
		    w->frames[i].len > 0 ? w->bodies.p + w->frames[i].off
					 : (const uint8_t *)"",
		    w->frames[i].len};
	buf_clear(&w->wire);
	FUZZ_CHECK(link_record(w->link, &w->wire, frames, w->n_frames) == 0);
	w->n_frames = 0;
	buf_clear(&w->bodies);
	exact = fuzz_copy(w->wire.p, w->wire.len);
	session_input(w->s, w->now, exact, w->wire.len);
	free(exact);
	for (i = 0; i < PLACES; i++) {
		w->place[i].named_to_it = w->place[i].named;
		if (w->place[i].step_due)
			w->place[i].step_ms = w->now;
		w->place[i].step_due = false;
	}
	w->heard_ms = w->now;
}

bool world_reserve(struct world *w)
{
	if (w->n_frames == 16 || w->bodies.len > 100000)
		world_flush(w);
	return w->link != NULL;
}

void world_frame(struct world *w, uint8_t kind, size_t off)
{
	w->frames[w->n_frames].kind = kind;
	w->frames[w->n_frames].off = off;
	w->frames[w->n_frames++].len = w->bodies.len - off;
}

void world_control(struct world *w, bool step)
{
	size_t off;

	if (!world_reserve(w))
		return;
	off = w->bodies.len;
	if (link_control_seal(
		w->link, &w->bodies, w->json.p, w->json.len, step) == 0)
		world_frame(w, KIND_CONTROL, off);
}
