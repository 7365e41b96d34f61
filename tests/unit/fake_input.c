/* The fake server's input: the handshake, and records of what the client sent. */
#include "shared/proto/content_view.h"
#include "tests/unit/fake_server.h"

#define OK(call) assert_int_equal((call), 0)

static void got_request(struct fake *f, const struct request *q)
{
	switch (q->type) {
	case REQUEST_ROOM_JOIN:
		lines_add(&f->got, "join %s %u", q->name, q->number);
		break;
	case REQUEST_ROOM_LEAVE:
		lines_add(&f->got, "leave %u %u", q->room, q->number);
		break;
	case REQUEST_ROOM_LIST:
		lines_add(&f->got, "rooms after \"%s\" %u", q->name, q->number);
		break;
	case REQUEST_ROOM_NEW:
		lines_add(&f->got, "new %s %u", q->name, q->number);
		break;
	case REQUEST_ROOM_SET:
		lines_add(&f->got, "set %u %u", q->room, q->number);
		break;
	case REQUEST_ACT:
		lines_add(&f->got, "act %s %s in %u %u", act_word(q->act),
		    q->who, q->room, q->number);
		break;
	case REQUEST_HISTORY:
		lines_add(&f->got, "history %u %s %llu x %u %u", q->room,
		    q->before ? "before" : "after",
		    (unsigned long long)q->offset, q->count, q->number);
		break;
	case REQUEST_PURGE:
		lines_add(&f->got, "purge %u %llu %u", q->room,
		    (unsigned long long)q->offset, q->number);
		break;
	default:
		lines_add(&f->got, "request %d", (int)q->type);
	}
}

static void got_control(struct fake *f, const struct link_frame *in)
{
	struct control c;
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX);
	OK(link_control_open(f->link, &b, in->body, in->len));
	OK(control_decode(&c, FROM_CLIENT, b.p, b.len));
	switch (c.type) {
	case CONTROL_USER_LIST:
		lines_add(&f->got, "list %u after %u", c.u.user_list.room,
		    c.u.user_list.after);
		break;
	case CONTROL_BYE:
		lines_add(&f->got, "bye %s", c.u.end.word);
		break;
	case CONTROL_PING:
	case CONTROL_PONG:
		lines_add(&f->got, "%s %lld",
		    c.type == CONTROL_PING ? "ping" : "pong",
		    (long long)c.u.ping);
		break;
	case CONTROL_REQUEST:
		got_request(f, &c.u.request);
		break;
	default:
		lines_add(&f->got, "control %d", (int)c.type);
	}
	control_wipe(&c);
	buf_free(&b);
}

static void got_said(
    struct fake *f, const struct group_head *h, const struct content *c)
{
	static const char *const words[] = {[CONTENT_MESSAGE] = "message",
	    [CONTENT_EDIT] = "edit",
	    [CONTENT_DELETE] = "delete",
	    [CONTENT_REACT] = "react"};
	const struct content_said *s = &c->u.said;
	char about[16] = "";

	if (s->has_about)
		snprintf(about, sizeof(about), " about %02x%02x", s->about[0],
		    s->about[1]);
	lines_add(&f->got, "%s %u %llu %.*s%s%s", words[c->type], h->epoch,
	    (unsigned long long)h->seq,
	    (int)(s->text_len < 40 ? s->text_len : 40),
	    s->text_len > 0 ? s->text : "", s->action ? " action" : "", about);
}

static void got_group(struct fake *f, const struct link_frame *in)
{
	const struct group_sender from = {
	    f->member, f->self.name, f->self.identity, f->self.card};
	struct group_head h;
	struct content c;
	struct buf b;

	OK(group_head_decode(&h, in->body, in->len));
	assert_int_equal(h.offset, 0);
	assert_int_equal(h.room, f->room);
	assert_int_equal(h.sender, f->member);
	buf_init(&b, GROUP_OPEN_MAX);
	OK(group_open(f->crypto, &b,
	    &(struct group_context){.place = fake_place(f),
		.epoch = fake_epoch(f, h.epoch),
		.roster = fake_roster(f, h.epoch),
		.from = &from},
	    in->body, in->len));
	OK(crypto_hash1(f->crypto, f->own.digest[h.seq % FAKE_OWN],
	    in->body + WIRE_OFFSET, in->len - WIRE_OFFSET));
	f->own.sent = h.seq;
	assert_true(in->len <= sizeof(f->own.body[0].p) || !f->keeps);
	if (f->keeps) {
		f->own.body[h.seq % FAKE_BODIES].n = in->len;
		memcpy(f->own.body[h.seq % FAKE_BODIES].p, in->body, in->len);
	}
	OK(content_decode(&c, false, b.p, b.len));
	OK(content_view_get(&c, &f->has_view, &f->view));
	if (content_view_only(&c))
		lines_add(&f->got, "view %u %llu of %llu", h.epoch,
		    (unsigned long long)h.seq,
		    (unsigned long long)f->view.head.offset);
	else if (c.type == CONTENT_RECEIPT)
		lines_add(&f->got, "receipt%s %u %llu of %llu",
		    c.u.ask ? " ask" : "", h.epoch, (unsigned long long)h.seq,
		    (unsigned long long)f->view.head.offset);
	else
		got_said(f, &h, &c);
	memcpy(f->last_id, c.u.said.id, WIRE_ID);
	content_free(&c);
	buf_free(&b);
}

static void got_records(struct fake *f)
{
	struct rd frames;
	struct link_frame one;
	size_t total;

	while (link_length(f->in.p, f->in.len, &total) == 0 &&
	       total <= f->in.len) {
		OK(link_open(f->link, f->in.p, total, &frames));
		f->records++;
		while (link_next(&frames, &one) == 0)
			if (one.kind == KIND_CONTROL)
				got_control(f, &one);
			else
				got_group(f, &one);
		buf_consume(&f->in, total);
	}
}

static void handshake_out(struct fake *f)
{
	const uint8_t *p;
	size_t n;

	p = handshake_output(f->handshake, &n);
	OK(buf_put(&f->out, p, n));
	handshake_consume(f->handshake, n);
}

static void link_up(struct fake *f)
{
	const struct hs_result *h = handshake_result(f->handshake);

	assert_int_equal(h->refusal, CODE_NONE);
	f->link = link_new(f->crypto, &h->keys, LINK_SERVER);
	assert_non_null(f->link);
	memcpy(f->th5, h->th5, WIRE_HASH);
	memset(&f->self, 0, sizeof(f->self));
	f->self.member = f->member;
	snprintf(f->self.name, sizeof(f->self.name), "%.24s", h->card.name);
	snprintf(f->asked_room, sizeof(f->asked_room), "%.32s", h->card.room);
	memcpy(f->self.identity, h->card.identity, WIRE_ED25519);
	memcpy(f->self.card, h->card.hash, WIRE_HASH);
	buf_clear(&f->wrap_spki);
	OK(buf_put(&f->wrap_spki, h->card.wrap_spki, h->card.wrap_spki_len));
	handshake_free(f->handshake);
	f->handshake = NULL;
	fake_person(f, &f->self);
}

static void say_hint(struct fake *f)
{
	static const char fmt[] = "{\"type\":\"system\",\"event\":\"error\","
				  "\"code\":\"%s\",\"text\":\"a hint\"}";
	char json[256];

	snprintf(json, sizeof(json), fmt, wire_code_word(f->hint));
	OK(buf_u32(&f->out, (uint32_t)strlen(json)));
	OK(buf_str(&f->out, json));
}

void fake_input(struct fake *f, const uint8_t *p, size_t n)
{
	size_t used = 0;

	OK(buf_put(&f->in, p, n));
	while (f->handshake != NULL) {
		switch (handshake_need(f->handshake)) {
		case HS_NEED_INPUT:
			if (f->in.len == 0)
				return;
			(void)!handshake_input(
			    f->handshake, f->in.p, f->in.len, &used);
			buf_consume(&f->in, used);
			break;
		case HS_NEED_GRANT:
			if (f->refuse != CODE_NONE)
				handshake_refuse(f->handshake, f->refuse, "no");
			else
				OK(handshake_grant(f->handshake));
			break;
		case HS_DONE:
			link_up(f);
			if (f->hint != CODE_NONE)
				say_hint(f);
			continue;
		default:
			handshake_out(f);
			return;
		}
		handshake_out(f);
	}
	got_records(f);
}
