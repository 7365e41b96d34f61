/* Packs frames into records, and records into bytes for the socket. */
#include <stdlib.h>

#include "client/session/outgoing.h"

struct outgoing {
	struct link *link; /* borrowed; NULL: none */
	struct buf bodies; /* of the frames, one after another */
	struct {
		uint8_t kind;
		size_t off, len;
	} frames[OUTGOING_FRAMES];
	size_t n;
	size_t wire_len; /* of the frames with their headers */
	size_t begun;	 /* where the frame of outgoing_begin starts */
	struct buf bytes;
};

struct outgoing *outgoing_new(void)
{
	struct outgoing *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	buf_init(&o->bodies, LINK_FRAMES_MAX);
	buf_init(&o->bytes, OUTGOING_MAX);
	return o;
}

void outgoing_clear(struct outgoing *o)
{
	o->link = NULL;
	buf_free(&o->bodies);
	o->n = 0;
	o->wire_len = 0;
	buf_free(&o->bytes);
}

void outgoing_free(struct outgoing *o)
{
	if (o == NULL)
		return;
	outgoing_clear(o);
	free(o);
}

struct buf *outgoing_raw(struct outgoing *o)
{
	return &o->bytes;
}

void outgoing_link(struct outgoing *o, struct link *l)
{
	o->link = l;
}

int outgoing_close(struct outgoing *o)
{
	struct link_frame frames[OUTGOING_FRAMES];
	size_t i;
	int r;

	if (o->n == 0 || o->link == NULL)
		return 0;
	for (i = 0; i < o->n; i++)
		frames[i] = (struct link_frame){o->frames[i].kind,
		    o->bodies.p + o->frames[i].off, o->frames[i].len};
	r = link_record(o->link, &o->bytes, frames, o->n);
	buf_clear(&o->bodies);
	o->n = 0;
	o->wire_len = 0;
	return r == ERR_LIMIT ? ERR_SLOW : r;
}

int outgoing_begin(struct outgoing *o, size_t n, struct buf **body)
{
	int r;

	if (o->n == OUTGOING_FRAMES ||
	    n + WIRE_FRAME_HEAD > LINK_FRAMES_MAX - o->wire_len)
		if ((r = outgoing_close(o)) != 0)
			return r;
	o->begun = o->bodies.len;
	*body = &o->bodies;
	return 0;
}

void outgoing_end(struct outgoing *o, uint8_t kind)
{
	o->frames[o->n].kind = kind;
	o->frames[o->n].off = o->begun;
	o->frames[o->n].len = o->bodies.len - o->begun;
	o->wire_len += WIRE_FRAME_HEAD + o->frames[o->n].len;
	o->n++;
}

int outgoing_control(struct outgoing *o, const struct buf *json)
{
	struct buf *body;
	int r;

	if ((r = outgoing_begin(o, json->len + WIRE_TAG, &body)) != 0)
		return r;
	r = link_control_seal(o->link, body, json->p, json->len, false);
	if (r == 0)
		outgoing_end(o, KIND_CONTROL);
	return r;
}

int outgoing_direct(struct outgoing *o, const struct buf *frame)
{
	struct buf *body;
	int r;

	if ((r = outgoing_begin(o, frame->len + WIRE_TAG, &body)) != 0)
		return r;
	r = link_direct_seal(o->link, body, frame->p, frame->len);
	if (r == 0)
		outgoing_end(o, KIND_DIRECT);
	return r;
}

bool outgoing_has_room(const struct outgoing *o)
{
	return o->bytes.len + o->wire_len < OUTGOING_HIGH;
}

const uint8_t *outgoing_bytes(const struct outgoing *o, size_t *n)
{
	*n = o->bytes.len;
	return o->bytes.p;
}

void outgoing_consume(struct outgoing *o, size_t n)
{
	buf_consume(&o->bytes, n);
}
