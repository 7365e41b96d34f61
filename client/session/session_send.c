#include "client/session/session_int.h"

/* Makes one record of the frames that are ready. */
static int stage_close(struct session *s)
{
	struct link_frame frames[SESSION_STAGE];
	struct stage *g = &s->stage;
	size_t i;
	int r;

	if (g->n == 0)
		return 0;
	for (i = 0; i < g->n; i++)
		frames[i] = (struct link_frame){g->frames[i].kind,
		    g->bodies.p + g->frames[i].off, g->frames[i].len};
	r = link_record(s->link, &s->out, frames, g->n);
	buf_clear(&g->bodies);
	g->n = 0;
	g->wire_len = 0;
	return r == ERR_LIMIT ? ERR_SLOW : r;
}

/* Room for one more frame whose body has at most n bytes. */
static int stage_room(struct session *s, size_t n)
{
	const struct stage *g = &s->stage;

	if (g->n < SESSION_STAGE &&
	    n + WIRE_FRAME_HEAD <= LINK_FRAMES_MAX - g->wire_len)
		return 0;
	return stage_close(s);
}

/* The frame whose body was appended to the stage at `off`. */
static void stage_add(struct session *s, uint8_t kind, size_t off)
{
	struct stage *g = &s->stage;

	g->frames[g->n].kind = kind;
	g->frames[g->n].off = off;
	g->frames[g->n].len = g->bodies.len - off;
	g->wire_len += WIRE_FRAME_HEAD + g->frames[g->n].len;
	g->n++;
}

int session_send_control(struct session *s, const struct buf *json)
{
	size_t off;
	int r;

	if ((r = stage_room(s, json->len + WIRE_TAG)) != 0)
		return r;
	off = s->stage.bodies.len;
	r = link_control_seal(
	    s->link, &s->stage.bodies, json->p, json->len, false);
	if (r == 0)
		stage_add(s, KIND_CONTROL, off);
	return r;
}

/* Seals the next message under the newest epoch. */
static int send_message(struct session *s, struct part content, uint64_t seq)
{
	const struct group_sender self = {
	    s->self.member, s->self.name, s->self.identity, s->self.card};
	size_t off;
	int r;

	r = stage_room(
	    s, WIRE_GROUP_HEAD + WIRE_SIGNATURE + content.n + WIRE_TAG);
	if (r != 0)
		return r;
	off = s->stage.bodies.len;
	r = group_seal(s->o.crypto, &s->stage.bodies,
	    &(struct group_context){.epoch = epochs_newest(s->epochs),
		.session = s->server_session,
		.from = &self,
		.signer = s->o.identity},
	    seq, content.p, content.n);
	if (r != 0)
		return r;
	stage_add(s, KIND_GROUP, off);
	outbox_sealed(s->outbox);
	return 0;
}

static bool next_message(
    const struct session *s, struct part *content, uint64_t *seq)
{
	return s->phase == PHASE_JOINED && !s->waiting &&
	       s->out.len + s->stage.wire_len < SESSION_OUT_HIGH &&
	       outbox_next(s->outbox, content, seq);
}

bool session_send_ready(const struct session *s)
{
	struct part content;
	uint64_t seq;

	return next_message(s, &content, &seq);
}

int session_send_flush(struct session *s)
{
	struct part content;
	uint64_t seq;
	int r = 0;

	while (r == 0 && next_message(s, &content, &seq))
		r = send_message(s, content, seq);
	if (r == 0 && s->link != NULL)
		r = stage_close(s);
	return r;
}

void session_send_clear(struct session *s)
{
	buf_free(&s->stage.bodies);
	s->stage.n = 0;
	s->stage.wire_len = 0;
	buf_free(&s->out);
}
