/* Two rooms on two threads, without sockets; see house.h. */
#include "tests/unit/house.h"

#include "shared/proto/control.h"

static size_t index_of(uint32_t room)
{
	assert_in_range(room, ROOM_ID, DEN_ID);
	return room - ROOM_ID;
}

/* --- reading ------------------------------------------------------------- */

static ssize_t append(void *arg, const struct iovec *iov, int n)
{
	struct peer *p = arg;
	ssize_t all = 0;
	int i;

	for (i = 0; i < n; i++) {
		p->wire = realloc(p->wire, p->n_wire + iov[i].iov_len + 1);
		assert_non_null(p->wire);
		memcpy(p->wire + p->n_wire, iov[i].iov_base, iov[i].iov_len);
		p->n_wire += iov[i].iov_len;
		all += (ssize_t)iov[i].iov_len;
	}
	return all;
}

#define SAY(p, ...)                                                            \
	(p)->n_story += (size_t)snprintf(                                      \
	    (p)->story + (p)->n_story, STORY - (p)->n_story, __VA_ARGS__)

static void reads_key(struct house_client *c, const struct key_exchange *k)
{
	size_t i = index_of(k->room);

	if (k->is_wrapped) {
		SAY(c->p, "%s welcome %u; ", k->name, k->epoch);
		c->id[i] = k->member;
	} else {
		SAY(c->p, "%u key %u %s; ", k->room, k->epoch, k->reason);
		memcpy(c->secret[i], k->secret, WIRE_KEY);
	}
	c->epoch[i] = k->epoch;
	assert_int_equal(link_stepped(c->p->client), 0);
}

static void reads_entry(struct house_client *c, const struct user_list *l)
{
	c->offset[index_of(l->room)] = l->entry.head.offset;
	SAY(c->p, "%u list of %u; ", l->room, (unsigned)l->total);
}

static void reads_control(struct house_client *c, const struct link_frame *f)
{
	struct control *m = malloc(sizeof(*m));
	struct buf json;

	assert_non_null(m);
	buf_init_secret(&json, WIRE_JSON_MAX);
	assert_int_equal(
	    link_control_open(c->p->client, &json, f->body, f->len), 0);
	assert_int_equal(control_decode(m, FROM_SERVER, json.p, json.len), 0);
	if (m->type == CONTROL_KEY_EXCHANGE)
		reads_key(c, &m->u.key_exchange);
	else if (m->type == CONTROL_USER_LIST && m->u.user_list.has_entry)
		reads_entry(c, &m->u.user_list);
	else if (m->type == CONTROL_USER_LIST)
		SAY(c->p, "%u list of %u; ", m->u.user_list.room,
		    (unsigned)m->u.user_list.total);
	else if (m->type == CONTROL_ACK)
		SAY(c->p, "%u ack %u@%u; ", m->u.ack.room,
		    (unsigned)m->u.ack.seq, (unsigned)m->u.ack.offset);
	else if (m->type == CONTROL_IDENTITY)
		SAY(c->p, "identity of %u; ", m->u.identity.member);
	else if (m->type == CONTROL_ERROR)
		SAY(c->p, "%s %u; ", m->u.end.word, m->u.end.member);
	else
		fail_msg("control frame of type %d", m->type);
	buf_free(&json);
	control_wipe(m);
	free(m);
}

static void reads_group(struct house_client *c, const struct link_frame *f)
{
	struct group_head h;

	assert_int_equal(group_head_decode(&h, f->body, f->len), 0);
	assert_int_equal(h.offset, ++c->offset[index_of(h.room)]);
	if (h.sender == 0)
		SAY(c->p, "%u notice @%u; ", h.room, (unsigned)h.offset);
	else
		SAY(c->p, "%u %u:%u @%u; ", h.room, h.sender, (unsigned)h.seq,
		    (unsigned)h.offset);
}

static void reads_mark(struct house_client *c, const struct link_frame *f)
{
	struct log_mark m;

	assert_int_equal(log_mark_decode(&m, f->body, f->len), 0);
	assert_int_equal(m.offset, ++c->offset[index_of(m.room)]);
}

const char *house_reads(struct house_client *c)
{
	struct outq_io io = {append, c->p};
	struct link_frame f;
	struct rd frames;
	size_t total;

	c->p->n_story = 0;
	c->p->story[0] = '\0';
	world_deliver(c->p->w);
	assert_int_equal(
	    outq_flush(&c->p->q, c->p->server, &c->p->w->work, &io), 0);
	while (link_length(c->p->wire, c->p->n_wire, &total) == 0 &&
	       c->p->n_wire >= total) {
		assert_int_equal(
		    link_open(c->p->client, c->p->wire, total, &frames), 0);
		while (link_next(&frames, &f) == 0) {
			if (f.kind == KIND_CONTROL)
				reads_control(c, &f);
			else if (f.kind == KIND_MARK)
				reads_mark(c, &f);
			else
				reads_group(c, &f);
		}
		c->p->n_wire -= total;
		memmove(c->p->wire, c->p->wire + total, c->p->n_wire);
	}
	if (c->p->n_story >= 2)
		c->p->story[c->p->n_story - 2] = '\0';
	return c->p->story;
}

/* --- actions ------------------------------------------------------------ */

enum wire_code house_enters(
    struct house *h, struct house_client *c, size_t room, size_t thread)
{
	struct room_newcomer n = {.person = peer_card(c->p),
	    .out = &c->p->q,
	    .member = c->in[room] = memberships_new(&c->p->rooms)};
	enum wire_code refused;

	assert_int_equal(
	    room_enter(h->room[room], h->w->thread[thread], &n, &refused), 0);
	c->seq[room] = 0;
	return refused;
}

uint8_t *house_written(const struct house_client *c, size_t room, uint64_t seq,
    size_t n, size_t *len)
{
	uint8_t *body =
	    calloc(1, *len = WIRE_GROUP_HEAD + WIRE_SIGNATURE + WIRE_TAG + n);

	assert_non_null(body);
	put_u32(body + 8, (uint32_t)(ROOM_ID + room));
	put_u32(body + 12, c->epoch[room]);
	put_u32(body + 16, c->id[room]);
	put_u64(body + 20, seq);
	return body;
}

int house_sends(struct house_client *c, size_t room, size_t n)
{
	size_t len;
	uint8_t *body = house_written(c, room, ++c->seq[room], n, &len);
	int err = room_group(c->in[room], body, len, NULL);

	free(body);
	return err;
}

void house_second(struct house *h)
{
	struct world *w = h->w;
	bool more = true;
	size_t i;

	w->now_ms += SECOND;
	while (more) {
		more = false;
		for (i = 0; i < 2; i++) {
			rooms_run(w->thread[i], w->now_ms, 1700000000000);
			room_thread_deliver(w->thread[i]);
			more |= room_thread_work(w->thread[i]);
			more |= rooms_deadline(w->thread[i]) <= w->now_ms;
		}
	}
}

int house_up(void **state)
{
	static const char *const name[] = {"alice", "bob", "carol"};
	struct house *h = calloc(1, sizeof(*h));
	struct house_client *c[] = {&h->alice, &h->bob, &h->carol};
	void *world;
	size_t i;

	assert_non_null(h);
	assert_int_equal(world_up(&world), 0);
	h->w = world;
	h->room[LOBBY] = h->w->room;
	h->w->o.id = DEN_ID;
	h->w->o.name = "den";
	h->room[DEN] = room_new(&h->w->o);
	assert_non_null(h->room[DEN]);
	for (i = 0; i < 3; i++)
		c[i]->p = peer_new(h->w, name[i]);
	assert_int_equal(house_enters(h, &h->alice, LOBBY, 0), CODE_NONE);
	assert_int_equal(house_enters(h, &h->alice, DEN, 0), CODE_NONE);
	assert_int_equal(house_enters(h, &h->bob, LOBBY, 1), CODE_NONE);
	assert_int_equal(house_enters(h, &h->carol, DEN, 1), CODE_NONE);
	house_second(h);
	for (i = 0; i < 3; i++)
		(void)house_reads(c[i]);
	*state = h;
	return 0;
}

int house_down(void **state)
{
	struct house *h = *state;
	struct house_client *c[] = {&h->alice, &h->bob, &h->carol};
	void *world = h->w;
	size_t i, k;

	for (i = 0; i < 3; i++)
		for (k = 0; k < ROOMS; k++)
			room_leave(c[i]->in[k]);
	while (h->w->n > 0)
		peer_free(h->w->peer[--h->w->n]);
	for (i = 0; i < 2; i++) {
		room_thread_free(h->w->thread[i]);
		h->w->thread[i] = NULL;
	}
	room_free(h->room[DEN]);
	free(h);
	return world_down(&world);
}
