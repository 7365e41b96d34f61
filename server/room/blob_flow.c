/* blob_flow.c - the files that one client sends and gets. */
#include "server/room/blob_flow.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "server/net/quota.h"
#include "server/priority.h"
#include "server/room/blob_refusal.h"
#include "server/room/registry.h"
#include "server/room/room_thread.h"
#include "server/store/blob_store.h"

/* A blob that it sends. */
struct blob_send {
	bool used,
	    opening; /* opening: the answer to its request is not there */
	uint8_t blob[WIRE_BLOB];
	uint64_t size, sender;
	uint32_t next, have, told; /* pieces: taken, written, acknowledged */
};

/* A request to get pieces. */
struct blob_read {
	STAILQ_ENTRY(blob_read) next;
	uint32_t number;
	uint8_t blob[WIRE_BLOB];
	uint32_t at, end;    /* the next to ask for; behind the last */
	uint32_t asked;	     /* under way */
	enum wire_code code; /* what went wrong */
};

/* What is ready to be sent: a piece, or the answer to a request. */
struct blob_ready {
	STAILQ_ENTRY(blob_ready) next;
	struct frame *frame; /* NULL: an answer */
	uint32_t number;
	enum wire_code code; /* CODE_NONE: done */
};

struct blob_flow {
	struct presence *of;	/* NULL: it is gone */
	struct room_thread *in; /* borrowed */
	size_t asked;		/* questions under way; each has a reference */
	struct blob_send send[BLOB_FLOW_SENDS];
	STAILQ_HEAD(, blob_read) reads;
	size_t n_reads;
	STAILQ_HEAD(, blob_ready) ready;
	size_t n_ready; /* pieces */
	bool has_gone;
	uint8_t gone[WIRE_BLOB]; /* the last of which it was told so */
};

/* A question to the store, on its way there and back. */
struct blob_question {
	struct later_item later;
	struct blob_ask_item item;
	struct blob_flow *flow;
	uint32_t number;	/* of the request; 0: a piece that it sent */
	struct blob_send *send; /* NEW, HAVE, PUT */
	struct blob_read *read; /* GET: ... */
	uint32_t index;		/* ... this piece */
	bool ends;		/* END */
	size_t held;		/* bytes that quota.h counts */
	uint8_t piece[];
};

static void take_answer(struct later_item *l);
static void pump(struct blob_flow *f);

/* --- the flow ----------------------------------------------------------------- */

static struct blob_flow *flow_of(struct presence *p)
{
	struct blob_flow *f = p->blobs;

	if (f != NULL)
		return f;
	if ((f = calloc(1, sizeof(*f))) == NULL)
		return NULL;
	f->of = p;
	f->in = p->o->rooms;
	STAILQ_INIT(&f->reads);
	STAILQ_INIT(&f->ready);
	return p->blobs = f;
}

static void ready_free(struct blob_flow *f, struct blob_ready *r)
{
	STAILQ_REMOVE_HEAD(&f->ready, next);
	if (r->frame != NULL) {
		quota_sub(r->frame->len);
		f->n_ready--;
	}
	frame_unref(r->frame);
	free(r);
}

static void flow_free(struct blob_flow *f)
{
	struct blob_read *r;

	while ((r = STAILQ_FIRST(&f->reads)) != NULL) {
		STAILQ_REMOVE_HEAD(&f->reads, next);
		free(r);
	}
	free(f);
}

void blob_flow_drop(struct presence *p)
{
	struct blob_flow *f = p->blobs;

	if (f == NULL)
		return;
	p->blobs = NULL;
	f->of = NULL;
	while (STAILQ_FIRST(&f->ready) != NULL)
		ready_free(f, STAILQ_FIRST(&f->ready));
	if (f->asked == 0)
		flow_free(f);
}

/* --- questions ---------------------------------------------------------------- */

/* From the store's thread. */
static void got(struct blob_ask_item *i)
{
	struct blob_question *k =
	    (struct blob_question *)(void *)((char *)i -
					     offsetof(
						 struct blob_question, item));

	laters_post(room_thread_laters(k->flow->in), &k->later);
}

/* With a copy of n bytes. NULL: no memory. */
static struct blob_question *question(struct blob_flow *f,
    enum blob_wire_kind kind, const uint8_t blob[WIRE_BLOB], const void *bytes,
    size_t n)
{
	struct blob_question *k = malloc(sizeof(*k) + n);

	if (k == NULL)
		return NULL;
	memset(k, 0, sizeof(*k)); /* not the piece, which is large */
	k->flow = f;
	k->later.fn = take_answer;
	k->item.got = got;
	k->item.m.kind = (uint8_t)kind;
	k->item.m.time = directory_wall(f->of->o->registry->directory);
	memcpy(k->item.m.blob, blob, WIRE_BLOB);
	memcpy(k->item.m.owner, f->of->who->account, BLOB_OWNER);
	if (n > 0)
		memcpy(k->piece, bytes, n);
	k->item.m.bytes = k->piece;
	k->item.m.len = n;
	k->held = n;
	quota_add(n);
	return k;
}

static void ask(struct blob_question *k)
{
	k->flow->asked++;
	(void)blob_store_ask(k->flow->of->o->registry->files, &k->item);
}

static void question_free(struct blob_question *k)
{
	struct blob_flow *f = k->flow;

	quota_sub(k->held);
	free(k->item.body);
	free(k);
	if (--f->asked == 0 && f->of == NULL)
		flow_free(f);
}

/* --- answers ------------------------------------------------------------------ */

static void give_json(struct presence *p, int err, struct buf *json)
{
	outq_give(p->out, err == 0 ? frame_control(json->p, json->len) : NULL);
	buf_free(json);
}

/* The last piece of news of a blob that it sends: it is no longer taken. */
static void tell_gone(struct blob_flow *f, const uint8_t blob[WIRE_BLOB])
{
	struct buf json;

	if (f->has_gone && memcmp(f->gone, blob, WIRE_BLOB) == 0)
		return;
	f->has_gone = true;
	memcpy(f->gone, blob, WIRE_BLOB);
	buf_init(&json, WIRE_JSON_MAX);
	give_json(f->of, blob_gone_encode(&json, blob), &json);
}

static struct blob_send *sending(
    struct blob_flow *f, const uint8_t blob[WIRE_BLOB])
{
	size_t i;

	for (i = 0; f != NULL && i < BLOB_FLOW_SENDS; i++)
		if (f->send[i].used && !f->send[i].opening &&
		    memcmp(f->send[i].blob, blob, WIRE_BLOB) == 0)
			return &f->send[i];
	return NULL;
}

static void stop_sending(struct blob_flow *f, const uint8_t blob[WIRE_BLOB])
{
	struct blob_send *s = sending(f, blob);

	if (s != NULL)
		memset(s, 0, sizeof(*s));
}

/* NEW and HAVE: it may send from here on. */
static void opened(struct blob_question *k)
{
	struct blob_flow *f = k->flow;
	const struct blob_message *m = &k->item.m;
	struct blob_state s = {.size = m->size,
	    .pieces = m->number,
	    .ended = (m->flags & BLOB_IS_ENDED) != 0};
	struct buf json;

	memset(k->send, 0, sizeof(*k->send));
	if (m->code != BLOB_OK) {
		presence_failed(f->of, k->number, blob_refusal(m->code),
		    blob_refusal_text(m->code));
		return;
	}
	stop_sending(f, m->blob);
	memcpy(s.blob, m->blob, WIRE_BLOB);
	if (!s.ended) {
		*k->send = (struct blob_send){.used = true,
		    .size = m->size,
		    .sender = m->id,
		    .next = m->number,
		    .have = m->number,
		    .told = m->number};
		memcpy(k->send->blob, m->blob, WIRE_BLOB);
		f->has_gone = false;
	}
	buf_init(&json, WIRE_JSON_MAX);
	give_json(f->of, answer_blob(&json, k->number, &s), &json);
}

/* A piece that it has sent is written. */
static void written(struct blob_question *k)
{
	struct blob_flow *f = k->flow;
	const struct blob_message *m = &k->item.m;
	struct blob_send *s = sending(f, m->blob);
	struct blob_state state = {.pieces = 0};
	struct buf json;

	if (s == NULL || s != k->send)
		return;
	if (m->code != BLOB_OK) {
		stop_sending(f, m->blob);
		tell_gone(f, m->blob);
		return;
	}
	s->have = m->number;
	if (s->have - s->told < WIRE_BLOB_HAVE)
		return;
	s->told = s->have;
	memcpy(state.blob, s->blob, WIRE_BLOB);
	state.pieces = s->have;
	buf_init(&json, WIRE_JSON_MAX);
	give_json(f->of, blob_have_encode(&json, &state), &json);
}

/* END, GONE. */
static void changed(struct blob_question *k)
{
	const struct blob_message *m = &k->item.m;

	if (m->code == BLOB_OK) {
		stop_sending(k->flow, m->blob);
		presence_done(k->flow->of, k->number, 0, 0);
		return;
	}
	if (k->ends && m->code == BLOB_NONE)
		stop_sending(k->flow, m->blob);
	presence_failed(k->flow->of, k->number, blob_refusal(m->code),
	    blob_refusal_text(m->code));
}

static void take_piece(struct blob_question *k);

static void take_answer(struct later_item *l)
{
	struct blob_question *k = (struct blob_question *)(void *)l;
	struct blob_flow *f = k->flow;

	if (f->of == NULL) {
		question_free(k);
		return;
	}
	if (k->number != 0 && k->read == NULL)
		presence_close(f->of, k->number);
	if (k->read != NULL)
		take_piece(k);
	else if (k->send != NULL && k->number != 0)
		opened(k);
	else if (k->send != NULL)
		written(k);
	else
		changed(k);
	question_free(k);
	outq_touch(f->of->out);
	priority_pass();
}

/* --- sending ------------------------------------------------------------------ */

bool blob_flow_expects(const struct presence *p, const uint8_t *body, size_t n)
{
	return n >= WIRE_BLOB && sending(p->blobs, body) != NULL;
}

int blob_flow_piece(struct presence *p, const uint8_t *body, size_t n)
{
	struct blob_question *k;
	struct blob_frame piece;
	struct blob_flow *f;
	struct blob_send *s;
	int err;

	if (p->who == NULL)
		return ERR_STATE;
	if ((err = blob_frame_decode(&piece, body, n)) != 0)
		return err;
	if ((f = flow_of(p)) == NULL)
		return ERR_NOMEM;
	if ((s = sending(f, piece.blob)) == NULL) {
		tell_gone(f, piece.blob);
		return 0;
	}
	if (piece.index != s->next || s->next - s->told >= WIRE_BLOB_AHEAD ||
	    s->next >= blob_pieces(s->size))
		return ERR_STATE;
	if (piece.len != BLOB_SEALED(blob_piece(s->size, piece.index)))
		return ERR_RANGE;
	k = question(f, BLOB_ASK_PUT, piece.blob, piece.sealed, piece.len);
	if (k == NULL)
		return ERR_NOMEM;
	k->send = s;
	k->item.m.number = piece.index;
	k->item.m.size = s->sender;
	s->next++;
	ask(k);
	priority_pass(); /* what is said goes first */
	return 0;
}

static struct blob_send *free_send(struct blob_flow *f)
{
	size_t i;

	for (i = 0; i < BLOB_FLOW_SENDS; i++)
		if (!f->send[i].used)
			return &f->send[i];
	return NULL;
}

static int ask_open(struct blob_flow *f, const struct request *q)
{
	const bool is_new = q->type == REQUEST_BLOB_NEW;
	struct presence *p = f->of;
	struct blob_send *s = sending(f, q->blob.blob);
	const struct rng *rng = &p->o->registry->room.rng;
	uint8_t blob[WIRE_BLOB];
	struct blob_question *k;
	int err = 0;

	if (is_new || s == NULL)
		s = free_send(f);
	if (s == NULL) {
		presence_failed(p, q->number, CODE_TRY_LATER,
		    "you are sending as many files as the server takes at a "
		    "time");
		return 0;
	}
	memcpy(blob, q->blob.blob, sizeof(blob));
	if (is_new && (err = rng->fill(rng->arg, blob, sizeof(blob))) != 0)
		return err;
	if ((err = presence_open(
		 p, &(struct presence_open){.number = q->number})) != 0)
		return err;
	k = question(f, is_new ? BLOB_ASK_NEW : BLOB_ASK_HAVE, blob,
	    p->who->name, is_new ? strlen(p->who->name) : 0);
	if (k == NULL) {
		presence_unopen(p);
		return ERR_NOMEM;
	}
	*s = (struct blob_send){.used = true, .opening = true};
	k->number = q->number;
	k->send = s;
	k->item.m.size = q->blob.size;
	ask(k);
	return 0;
}

static int ask_change(struct blob_flow *f, const struct request *q)
{
	const bool ends = q->type == REQUEST_BLOB_END;
	struct blob_question *k;
	int err;

	if ((err = presence_open(
		 f->of, &(struct presence_open){.number = q->number})) != 0)
		return err;
	k = question(
	    f, ends ? BLOB_ASK_END : BLOB_ASK_GONE, q->blob.blob, NULL, 0);
	if (k == NULL) {
		presence_unopen(f->of);
		return ERR_NOMEM;
	}
	k->number = q->number;
	k->ends = ends;
	k->item.m.number = q->blob.pieces;
	ask(k);
	return 0;
}

/* --- getting ------------------------------------------------------------------ */

static void add_ready(
    struct blob_flow *f, struct frame *p, uint32_t number, enum wire_code code)
{
	struct blob_ready *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		frame_unref(p);
		outq_fail(f->of->out, ERR_NOMEM);
		return;
	}
	*r = (struct blob_ready){.frame = p, .number = number, .code = code};
	if (p != NULL) {
		quota_add(p->len);
		f->n_ready++;
	}
	STAILQ_INSERT_TAIL(&f->ready, r, next);
}

/* A piece that it gets was read. */
static void take_piece(struct blob_question *k)
{
	struct blob_flow *f = k->flow;
	struct blob_read *r = k->read;
	const struct blob_message *m = &k->item.m;
	struct frame *p;

	r->asked--;
	if (r->code == CODE_NONE && m->code != BLOB_OK) {
		r->code = blob_refusal(m->code);
		r->at = r->end;
	} else if (r->code == CODE_NONE) {
		p = frame_blob(room_thread_crypto(f->in), r->blob, k->index,
		    m->bytes, m->len);
		if (p == NULL)
			outq_fail(f->of->out, ERR_NOMEM);
		else
			add_ready(f, p, r->number, CODE_NONE);
	}
	if (r->at == r->end && r->asked == 0) {
		add_ready(f, NULL, r->number, r->code);
		STAILQ_REMOVE(&f->reads, r, blob_read, next);
		free(r);
	}
	pump(f);
}

/* Asks for the next pieces, as far as they may be ready. */
static void pump(struct blob_flow *f)
{
	struct blob_question *k;
	struct blob_read *r;
	size_t asked = 0;

	STAILQ_FOREACH(r, &f->reads, next)
	asked += r->asked;
	STAILQ_FOREACH(r, &f->reads, next)
	while (r->at < r->end && f->n_ready + asked < BLOB_FLOW_READY) {
		k = question(f, BLOB_ASK_GET, r->blob, NULL, 0);
		if (k == NULL) {
			outq_fail(f->of->out, ERR_NOMEM);
			return;
		}
		k->read = r;
		k->index = k->item.m.number = r->at++;
		r->asked++;
		asked++;
		ask(k);
	}
}

static int ask_get(struct blob_flow *f, const struct request *q)
{
	const struct presence_open open = {.number = q->number};
	struct blob_read *r;
	int err;

	if (f->n_reads >= WIRE_BLOB_GETS) {
		presence_failed(f->of, q->number, CODE_TRY_LATER,
		    "you are getting as many pieces as the server reads at a "
		    "time");
		return 0;
	}
	if (q->blob.count > UINT32_MAX - q->blob.from) {
		presence_failed(f->of, q->number, CODE_BAD_VALUE, "");
		return 0;
	}
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return ERR_NOMEM;
	if ((err = presence_open(f->of, &open)) != 0) {
		free(r);
		return err;
	}
	r->number = q->number;
	memcpy(r->blob, q->blob.blob, WIRE_BLOB);
	r->at = q->blob.from;
	r->end = q->blob.from + q->blob.count;
	STAILQ_INSERT_TAIL(&f->reads, r, next);
	f->n_reads++;
	pump(f);
	return 0;
}

void blob_flow_go_on(struct presence *p)
{
	struct blob_flow *f = p->blobs;
	struct blob_ready *r;
	bool piece = false;

	if (f == NULL)
		return;
	while (!piece && p->out->state == OUTQ_OPEN && outq_held(p->out) == 0 &&
	       (r = STAILQ_FIRST(&f->ready)) != NULL) {
		piece = r->frame != NULL;
		if (piece) {
			outq_give(p->out, frame_ref(r->frame));
		} else {
			f->n_reads--;
			presence_close(p, r->number);
			if (r->code == CODE_NONE)
				presence_done(p, r->number, 0, 0);
			else
				presence_failed(p, r->number, r->code, "");
		}
		ready_free(f, r);
	}
	pump(f);
}

/* ------------------------------------------------------------------------------ */

static bool may_send(const struct presence *p, const struct request *q)
{
	const struct registry_by by = {
	    p->who->name, p->who->account, NULL, q->number};
	struct standing_rights rights;

	registry_rights(p->o->registry, 0, &by, &rights);
	return rights.role >= ROLE_MEMBER;
}

int blob_flow_ask(struct presence *p, const struct request *q)
{
	struct blob_flow *f;

	if (p->o->registry->files == NULL) {
		presence_failed(p, q->number, CODE_UNAVAILABLE,
		    "this server keeps no files");
		return 0;
	}
	if (q->type == REQUEST_BLOB_NEW && !may_send(p, q)) {
		presence_failed(p, q->number, CODE_DENIED, "");
		return 0;
	}
	if ((f = flow_of(p)) == NULL)
		return ERR_NOMEM;
	switch (q->type) {
	case REQUEST_BLOB_NEW:
	case REQUEST_BLOB_HAVE:
		return ask_open(f, q);
	case REQUEST_BLOB_GET:
		return ask_get(f, q);
	default:
		return ask_change(f, q);
	}
}
