/* session_reads.c - the server reads what the client says, in the session's target,
 * and checks it. */
#include "shared/proto/direct.h"
#include "tests/fuzz/session_world.h"

static unsigned number_of(const struct content *c)
{
	return (unsigned)strtoul(c->type == CONTENT_TOPIC ? c->u.topic.text
							  : c->u.said.text,
	    NULL, 10);
}

static struct place *place_of(struct world *w, uint32_t number)
{
	size_t i;

	for (i = 0; i < PLACES; i++)
		if (w->place[i].number == number)
			return &w->place[i];
	FUZZ_CHECK(!w->honest);
	return NULL;
}

/* The checks of PROTOCOL.md section 4, as the server makes them. */
static void take_group(struct world *w, struct place *p,
    const struct group_head *h, const struct content *c,
    const struct link_frame *f)
{
	if (h->epoch < p->fence)
		return;
	FUZZ_CHECK(h->sender == p->member && h->epoch <= p->epoch);
	FUZZ_CHECK(h->seq == p->last + 1 && !p->silent);
	/* It has left. */
	FUZZ_CHECK(p->leave_req == 0);
	FUZZ_CHECK(crypto_hash1(fuzz_crypto(), p->digest[h->seq % DIGESTS],
		       f->body + WIRE_OFFSET, f->len - WIRE_OFFSET) == 0);
	p->last++;
	if (content_view_only(c))
		return;
	if (p->counts)
		FUZZ_CHECK(number_of(c) == p->accepted);
	p->accepted++;
	(void)w;
}

static void read_group(struct world *w, const struct link_frame *f)
{
	const size_t around = WIRE_GROUP_HEAD + WIRE_SIGNATURE;
	struct group_head h;
	struct content c;
	struct place *p;

	FUZZ_CHECK(group_head_decode(&h, f->body, f->len) == 0);
	FUZZ_CHECK(content_decode(&c, false, f->body + around,
		       f->len - around - WIRE_TAG) == 0);
	FUZZ_CHECK(c.type == CONTENT_MESSAGE || c.type == CONTENT_EDIT ||
		   c.type == CONTENT_TOPIC || content_view_only(&c));
	FUZZ_CHECK(h.offset == 0);
	for (p = w->place; p < w->place + PLACES; p++)
		if (p->number == h.room) {
			const struct user self = world_self(w);

			check_sealed(p, &self, &h);
		}
	if (w->honest && (p = place_of(w, h.room)) != NULL && p->keyed)
		take_group(w, p, &h, &c, f);
	content_free(&c);
}

/* The server remembers what it was asked. */
static void read_request(struct world *w, const struct request *q)
{
	struct place *p;

	FUZZ_CHECK(q->refuse == CODE_NONE && q->number != 0);
	if (q->type == REQUEST_ROOM_JOIN) {
		p = &w->place[strcmp(q->name, w->place[1].name) == 0];
		p->join_req = q->number;
	} else if (q->type == REQUEST_ROOM_LEAVE) {
		if ((p = place_of(w, q->room)) != NULL)
			p->leave_req = q->number;
	} else if (w->n_asked < ASKED) {
		w->asked[w->n_asked++] = *q;
	}
}

static void read_control(struct world *w, const struct link_frame *f)
{
	static struct control c;

	buf_clear(&w->json);
	FUZZ_CHECK(link_control_open(w->link, &w->json, f->body, f->len) == 0);
	FUZZ_CHECK(
	    control_decode(&c, FROM_CLIENT, w->json.p, w->json.len) == 0);
	FUZZ_CHECK(c.type != CONTROL_UNKNOWN && c.type != CONTROL_IDENTITY);
	if (c.type == CONTROL_REQUEST)
		read_request(w, &c.u.request);
	control_wipe(&c);
}

/* It is answered like a request with its number. */
static void read_direct(struct world *w, const struct link_frame *f)
{
	struct direct_head h;
	struct buf body;

	FUZZ_CHECK(w->direct);
	buf_init(&body, WIRE_DIRECT_MAX);
	FUZZ_CHECK(link_direct_open(w->link, &body, f->body, f->len) == 0);
	FUZZ_CHECK(direct_head_decode(&h, body.p, body.len) == 0);
	if (w->n_asked < ASKED)
		w->asked[w->n_asked++] = (struct request){
		    .type = REQUEST_ACT, .number = (uint32_t)h.number};
	buf_free(&body);
}

void world_read(struct world *w)
{
	const uint8_t *p;
	struct rd frames;
	struct link_frame f;
	size_t n, total;

	p = session_output(w->s, &n);
	while (n > 0) {
		FUZZ_CHECK(link_length(p, n, &total) == 0 && total <= n);
		FUZZ_CHECK(link_open(w->link, p, total, &frames) == 0);
		while (link_next(&frames, &f) == 0)
			if (f.kind == KIND_GROUP)
				read_group(w, &f);
			else if (f.kind == KIND_DIRECT)
				read_direct(w, &f);
			else
				read_control(w, &f);
		session_consume(w->s, total);
		p = session_output(w->s, &n);
	}
}
