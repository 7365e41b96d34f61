/* What a peer of a room without sockets reads: it opens and checks its frames as
 * a client does, and reports them in words. */
#include "tests/unit/room_world.h"
#include "shared/proto/content.h"
#include "shared/proto/logbatch.h"
#include "shared/proto/roster_hash.h"

#define SAY(p, ...)                                                            \
	(p)->n_story += (size_t)snprintf(                                      \
	    (p)->story + (p)->n_story, STORY - (p)->n_story, __VA_ARGS__)

static ssize_t peer_writev(void *arg, const struct iovec *iov, int n)
{
	struct peer *p = arg;
	ssize_t all = 0;
	size_t take;
	int i;

	for (i = 0; i < n && p->allowance > 0; i++) {
		take = iov[i].iov_len < p->allowance ? iov[i].iov_len
						     : p->allowance;
		p->wire = realloc(p->wire, p->n_wire + take + 1);
		assert_non_null(p->wire);
		memcpy(p->wire + p->n_wire, iov[i].iov_base, take);
		p->n_wire += take;
		p->allowance -= take;
		all += (ssize_t)take;
	}
	return all;
}

static void peer_epoch(struct peer *p, const uint8_t secret[WIRE_KEY],
    uint32_t epoch, const uint8_t commit[WIRE_HASH])
{
	assert_int_equal(epoch, p->now.epoch == 0 ? epoch : p->now.epoch + 1);
	p->old = p->now;
	memcpy(p->secret, secret, WIRE_KEY);
	assert_int_equal(group_epoch_make(p->w->crypto, &p->now, ROOM_ID, epoch,
			     secret),
	    0);
	assert_memory_equal(p->now.commit, commit, WIRE_HASH);
}

/* --- the list of people and its roster ----------------------------------- */

static void peer_person(struct peer *p, const struct user *u)
{
	size_t i = p->n_people;

	assert_true(i < PEER_PEOPLE);
	for (; i > 0 && p->people[i - 1].member > u->member; i--)
		p->people[i] = p->people[i - 1];
	p->people[i] = *u;
	p->n_people++;
}

static void peer_gone(struct peer *p, uint32_t member)
{
	size_t i = 0;

	while (i < p->n_people && p->people[i].member != member)
		i++;
	assert_true(i < p->n_people);
	p->n_people--;
	memmove(&p->people[i], &p->people[i + 1],
	    (p->n_people - i) * sizeof(p->people[0]));
}

/* The people that it knows of give the roster that the server announced. */
static void peer_agrees(struct peer *p)
{
	struct roster_hash *h = roster_hash_new(p->w->crypto);
	uint8_t own[WIRE_HASH];
	size_t i;

	assert_non_null(h);
	for (i = 0; i < p->n_people; i++)
		assert_int_equal(roster_hash_add(h, &p->people[i]), 0);
	assert_int_equal(roster_hash_get(h, own), 0);
	roster_hash_free(h);
	if (p->n_people > 0)
		assert_memory_equal(own, p->roster, WIRE_HASH);
}

static void peer_list(struct peer *p, const struct user_list *l)
{
	size_t i;

	SAY(p, "list %zu of %u from %u; ", l->n_users, (unsigned)l->total,
	    l->n_users > 0 ? l->users[0].member : 0);
	if (!p->listed) { /* the first page */
		p->listed = true;
		p->server_seq = l->seq;
		assert_true(l->has_entry);
		p->head = l->entry.head;
		memcpy(p->roster, l->roster, WIRE_HASH);
		for (i = 0; l->total == l->n_users && i < l->n_users; i++)
			peer_person(p, &l->users[i]);
	}
	assert_int_equal(l->seq, p->server_seq);
	assert_memory_equal(l->roster, p->roster, WIRE_HASH);
}

static void peer_key(struct peer *p, const struct key_exchange *k)
{
	uint8_t label[sizeof(LABEL_GROUP_KEY) + WIRE_HASH + 12];
	uint8_t secret[WIRE_KEY], *at = label;

	assert_int_equal(k->room, ROOM_ID);
	if (!k->is_wrapped) {
		SAY(p, "key %u %s; ", k->epoch, k->reason);
		peer_epoch(p, k->secret, k->epoch, k->commit);
		memcpy(p->roster, k->roster, WIRE_HASH);
		return;
	}
	memcpy(at, LABEL_GROUP_KEY, sizeof(LABEL_GROUP_KEY));
	memcpy(at += sizeof(LABEL_GROUP_KEY), p->result.th5, WIRE_HASH);
	put_u32(at += WIRE_HASH, ROOM_ID);
	put_u32(at + 4, k->epoch);
	put_u32(at + 8, k->member);
	assert_int_equal(kem_rsa_open(p->w->wrap, secret, label, sizeof(label),
			     k->wrapped, k->wrapped_len),
	    0);
	assert_string_equal(k->name, "lobby");
	p->id = k->member;
	memcpy(p->log, k->log, WIRE_LOG);
	p->place = (struct group_place){
	    p->w->o.server, p->w->o.session, p->log, "lobby"};
	SAY(p, "welcome %u as %u; ", k->epoch, k->member);
	peer_epoch(p, secret, k->epoch, k->commit);
}

static void peer_control(struct peer *p, const struct link_frame *f)
{
	struct control *m = malloc(sizeof(*m));
	struct buf json;

	assert_non_null(m);
	buf_init_secret(&json, WIRE_JSON_MAX);
	assert_int_equal(
	    link_control_open(p->client, &json, f->body, f->len), 0);
	assert_int_equal(control_decode(m, FROM_SERVER, json.p, json.len), 0);
	switch (m->type) {
	case CONTROL_KEY_EXCHANGE:
		peer_key(p, &m->u.key_exchange);
		assert_int_equal(link_stepped(p->client), 0);
		break;
	case CONTROL_USER_LIST:
		peer_list(p, &m->u.user_list);
		break;
	case CONTROL_ACK:
		SAY(p, "ack %u@%u; ", (unsigned)m->u.ack.seq,
		    (unsigned)m->u.ack.offset);
		break;
	case CONTROL_IDENTITY:
		SAY(p, "identity %u %.*s; ", m->u.identity.member,
		    (int)m->u.identity.card_len, m->u.identity.card);
		break;
	case CONTROL_ANSWER:
		if (m->u.answer.has_receipt) {
			assert_int_equal(receipt_verify(p->w->crypto,
					     &m->u.answer.receipt,
					     identity_public(p->w->identity)),
			    0);
			SAY(p, "done %u, signed %u; ", m->u.answer.number,
			    (unsigned)m->u.answer.receipt.head.offset);
		} else if (m->u.answer.done)
			SAY(p, "done %u; ", m->u.answer.number);
		else
			SAY(p, "failed %u %s; ", m->u.answer.number,
			    m->u.answer.word);
		break;
	case CONTROL_ROOM_LEFT:
		SAY(p, "out of %u, %s by %s: %s; ", m->u.room_left.room,
		    m->u.room_left.word, m->u.room_left.by,
		    m->u.room_left.text);
		break;
	case CONTROL_STORAGE:
		SAY(p, "storage %s; ", m->u.storage.ok ? "yes" : "no");
		break;
	case CONTROL_HISTORY:
		SAY(p, "history %u-%u of %u; ", (unsigned)m->u.history.first,
		    (unsigned)m->u.history.last, (unsigned)m->u.history.oldest);
		assert_int_equal(link_stepped(p->client), 0);
		break;
	case CONTROL_VOICE:
		SAY(p, "voice %s by %s; ", m->u.voice.may ? "yes" : "no",
		    m->u.voice.by);
		break;
	case CONTROL_ERROR:
		SAY(p, "error %s %u; ", m->u.end.word, m->u.end.member);
		break;
	default:
		fail_msg("control frame of type %d", m->type);
	}
	buf_free(&json);
	control_wipe(m);
	free(m);
}

static void peer_step(struct peer *p, const struct content *c)
{
	const struct user *u = c->u.notice.users;
	uint8_t next[WIRE_KEY];
	size_t i;

	memcpy(p->roster, c->u.notice.roster, WIRE_HASH);
	for (i = 0; p->n_people > 0 && i < c->u.notice.n_users; i++)
		if (c->u.notice.event == NOTICE_JOIN)
			peer_person(p, &u[i]);
		else
			peer_gone(p, u[i].member);
	if (c->u.notice.event != NOTICE_JOIN ||
	    c->u.notice.epoch == p->now.epoch)
		return;
	assert_int_equal(group_join_step(p->w->crypto, next, p->secret), 0);
	peer_epoch(p, next, c->u.notice.epoch, c->u.notice.commit);
}

static void peer_notice(
    struct peer *p, const struct group_head *h, const struct link_frame *f)
{
	static const uint8_t no_card[WIRE_HASH];
	struct group_sender server = {
	    0, "", identity_public(p->w->identity), no_card};
	struct content *c = malloc(sizeof(*c));
	const struct group_epoch *e = &p->now;
	struct buf json;

	assert_non_null(c);
	buf_init(&json, WIRE_JSON_MAX);
	assert_int_equal(h->epoch, p->now.epoch);
	assert_int_equal(h->seq, p->server_seq + 1);
	p->server_seq = h->seq;
	assert_int_equal(group_open(p->w->crypto, &json,
			     &(struct group_context){.epoch = e,
				 .place = &p->place,
				 .roster = p->roster,
				 .from = &server},
			     f->body, f->len),
	    0);
	assert_int_equal(content_decode(c, true, json.p, json.len), 0);
	SAY(p, "%s", c->u.notice.word);
	if (c->u.notice.more.quit)
		SAY(p, " (quit)");
	if (c->u.notice.event == NOTICE_ACT)
		SAY(p, " %s %s by %s", act_word(c->u.notice.more.act),
		    c->u.notice.more.who, c->u.notice.more.by);
	if (c->u.notice.event == NOTICE_ROOM)
		SAY(p, " by %s: %s", c->u.notice.more.by,
		    c->u.notice.more.topic);
	if (c->u.notice.event == NOTICE_CHECKPOINT)
		SAY(p, " %u %s", (unsigned)c->u.notice.more.offset,
		    memcmp(c->u.notice.more.chain, p->before.chain,
			WIRE_HASH) == 0 &&
			    c->u.notice.more.offset == p->before.offset
			? "right"
			: "wrong");
	if (c->u.notice.n_users > 3)
		SAY(p, " %zu", c->u.notice.n_users);
	else
		for (size_t i = 0; i < c->u.notice.n_users; i++)
			SAY(p, " %s", c->u.notice.users[i].name);
	SAY(p, " in %u for %u; ", h->epoch, c->u.notice.epoch);
	peer_step(p, c);
	content_free(c);
	free(c);
	buf_free(&json);
}

/* The next entry of its log, without a gap. */
static void peer_entry(struct peer *p, uint64_t offset, const uint8_t *digest)
{
	assert_int_equal(offset, p->head.offset + 1);
	p->before = p->head;
	assert_int_equal(log_head_add(p->w->crypto, &p->head, digest), 0);
}

static void peer_mark(struct peer *p, const struct link_frame *f)
{
	struct log_mark m;

	assert_int_equal(log_mark_decode(&m, f->body, f->len), 0);
	assert_int_equal(m.room, ROOM_ID);
	peer_entry(p, m.offset, m.digest);
}

static void peer_group(struct peer *p, const struct link_frame *f)
{
	uint8_t digest[WIRE_HASH];
	struct group_head h;

	assert_int_equal(group_head_decode(&h, f->body, f->len), 0);
	assert_int_equal(crypto_hash1(p->w->crypto, digest,
			     f->body + WIRE_OFFSET, f->len - WIRE_OFFSET),
	    0);
	peer_entry(p, h.offset, digest);
	assert_int_not_equal(h.sender, p->id);
	if (h.sender == 0)
		peer_notice(p, &h, f);
	else
		SAY(p, "%u:%u in %u @%u; ", h.sender, (unsigned)h.seq, h.epoch,
		    (unsigned)h.offset);
}

/* An entry of a batch. */
static void peer_past(struct peer *p, const struct link_frame *f)
{
	struct log_batch_entry e;
	struct group_head h;

	assert_int_equal(log_batch_entry_decode(&e, f->body, f->len), 0);
	if (e.is_mark) {
		SAY(p, "past mark @%u; ", (unsigned)e.mark.offset);
		return;
	}
	assert_int_equal(group_head_decode(&h, e.body, e.n), 0);
	SAY(p, "past %u:%u @%u; ", h.sender, (unsigned)h.seq,
	    (unsigned)h.offset);
}

const char *peer_reads(struct peer *p)
{
	struct outq_io io = {peer_writev, p};
	struct rd frames;
	struct link_frame f;
	size_t total, at = 0;
	int r;

	p->n_story = 0;
	p->story[0] = '\0';
	world_deliver(p->w); /* ends the loop step */
	r = outq_flush(&p->q, p->server, &p->w->work, &io);
	assert_true(r == 0 || r == ERR_AGAIN);
	while (link_length(p->wire + at, p->n_wire - at, &total) == 0 &&
	       p->n_wire - at >= total) {
		assert_int_equal(
		    link_open(p->client, p->wire + at, total, &frames), 0);
		while (link_next(&frames, &f) == 0) {
			if (f.kind == KIND_CONTROL)
				peer_control(p, &f);
			else if (f.kind == KIND_MARK)
				peer_mark(p, &f);
			else if (f.kind == KIND_HISTORY)
				peer_past(p, &f);
			else
				peer_group(p, &f);
		}
		at += total;
	}
	peer_agrees(p);
	/* With everything read, the log is the room's. */
	if (r == 0 && !world_pending(p->w) && p->n_wire == at &&
	    p->member != NULL && member_is_in(p->member) &&
	    member_room(p->member) == p->w->room) {
		assert_int_equal(p->head.offset, p->w->room->head.offset);
		assert_memory_equal(
		    p->head.chain, p->w->room->head.chain, WIRE_HASH);
	}
	if (at > 0)
		memmove(p->wire, p->wire + at, p->n_wire - at);
	p->n_wire -= at;
	assert_true(p->n_story < STORY);
	if (p->n_story >= 2)
		p->story[p->n_story - 2] = '\0'; /* the last "; " */
	return p->story;
}
