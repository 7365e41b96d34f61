/* transfer_send.c - a file on its way to the server: a blob for it, its pieces, its
 * end, and then the message that offers it.
 *
 * Pieces are numbered; the server says how many of the first it has on disk, and
 * that is where sending goes on after a lost connection. The hash of the offer is
 * made of the bytes as they are sent. */
#include <string.h>

#include "client/session/transfers_int.h"

static const char changed[] =
    "the file was changed while it was sent: send it again";

static bool same_file(const struct transfers *t, const struct transfer *x)
{
	return t->o.ops.stamp(t->o.ops.arg, x->handle) == x->record->stamp;
}

static int ask_new(struct transfers *t, struct transfer *x)
{
	const struct blob_ask a = {.size = blob_size(x->file.size)};

	x->named = x->whole = false;
	x->have = x->next = 0;
	x->file.done = 0;
	x->step = STEP_ASKED;
	return transfer_ask(t, REQUEST_BLOB_NEW, &a, &x->req);
}

int transfer_send_begin(struct transfers *t, struct transfer *x)
{
	struct blob_ask a = {.size = 0};
	struct file_opened f = {.handle = -1};
	struct errmsg why = {""};

	x->file.state = FILE_WAITING;
	if (x->handle < 0 &&
	    t->o.ops.open(t->o.ops.arg, x->record->place, &f, &why) != 0) {
		transfer_fail(t, x, "disk", why.text);
		return 0;
	}
	if (x->handle < 0)
		x->handle = f.handle;
	if (!same_file(t, x)) {
		transfer_fail(t, x, "changed", changed);
		return 0;
	}
	if (!x->named)
		return ask_new(t, x);
	memcpy(a.blob, x->record->offer.blob, WIRE_BLOB);
	x->step = STEP_ASKED;
	return transfer_ask(t, REQUEST_BLOB_HAVE, &a, &x->req);
}

/* --- pieces ------------------------------------------------------------------ */

static bool window_open(const struct transfer *x)
{
	return x->next < x->pieces && x->next - x->have < WIRE_BLOB_AHEAD;
}

static bool wants_end(const struct transfer *x)
{
	return x->step == STEP_MOVE && x->next == x->pieces && x->req == 0;
}

bool transfer_send_ready(const struct transfers *t, const struct transfer *x)
{
	if (x->step == STEP_OFFER)
		return t->o.may_offer(t->o.arg, x->record);
	if (wants_end(x))
		return !requests_full(t->o.requests);
	return x->step == STEP_MOVE && window_open(x) &&
	       outgoing_has_room(t->o.out);
}

static int seal_piece(struct transfers *t, struct transfer *x)
{
	const struct parties *p = t->o.parties;
	const struct blob_offer *f = &x->record->offer;
	uint8_t head[WIRE_BLOB_HEAD], iv[WIRE_PIECE_IV];
	struct buf *body;
	size_t n;
	int r;

	if (!transfer_read(t, x, x->next))
		return 0;
	blob_frame_head(head, f->blob, x->next);
	if ((r = p->rng.fill(p->rng.arg, iv, sizeof(iv))) != 0 ||
	    (r = outgoing_begin(
		 t->o.out, WIRE_BLOB_HEAD + WIRE_PIECE_SEALED, &body)) != 0 ||
	    (r = buf_reserve(body, WIRE_BLOB_HEAD + WIRE_PIECE_SEALED)) != 0 ||
	    (r = buf_put(body, head, sizeof(head))) != 0 ||
	    (r = blob_seal(p->crypto, body->p + body->len, &n, &f->key, x->next,
		 iv, t->piece)) != 0)
		return r;
	body->len += n;
	outgoing_end(t->o.out, KIND_BLOB);
	x->next++;
	return 0;
}

/* All pieces were sent: the hash is that of the whole file, if it is still the
 * one that was opened. */
static int ask_end(struct transfers *t, struct transfer *x)
{
	struct blob_ask a = {.pieces = x->pieces};
	int r;

	if (!same_file(t, x)) {
		transfer_fail(t, x, "changed", changed);
		return 0;
	}
	if ((r = hash_peek(x->hash, x->record->offer.hash)) != 0)
		return r;
	if (x->whole) {
		x->step = STEP_OFFER;
		return 0;
	}
	memcpy(a.blob, x->record->offer.blob, WIRE_BLOB);
	x->step = STEP_END;
	return transfer_ask(t, REQUEST_BLOB_END, &a, &x->req);
}

static int offer(struct transfers *t, struct transfer *x)
{
	int r = t->o.offer(t->o.arg, x->record, t->o.ops.wall_ms());

	if (r == 0) {
		x->step = STEP_SENT;
		return 0;
	}
	if (r == ERR_NOMEM)
		return r;
	transfer_fail(t, x, "refused",
	    x->record->with[0] != '\0' ? "it cannot be offered directly"
	    : r == ERR_REFUSED		? "you may not speak in that room"
				       : "you are not in that room any more");
	return 0;
}

int transfer_send_step(struct transfers *t, struct transfer *x)
{
	int r = 0;

	if (x->step == STEP_OFFER)
		return offer(t, x);
	if (wants_end(x))
		return ask_end(t, x);
	while (r == 0 && x->step == STEP_MOVE && window_open(x) &&
	       outgoing_has_room(t->o.out))
		r = seal_piece(t, x);
	return r;
}

/* --- answers ----------------------------------------------------------------- */

static void new_blob(
    struct transfers *t, struct transfer *x, const struct answer *a)
{
	struct errmsg why = {""};

	memcpy(x->record->offer.blob, a->blob.blob, WIRE_BLOB);
	x->named = true;
	/* On disk before the first piece leaves. */
	if (t->o.ops.keep(t->o.ops.arg, x->record, &why) != 0) {
		transfer_fail(t, x, "disk", why.text);
		return;
	}
	x->kept = true;
	x->step = STEP_MOVE;
	x->file.state = FILE_MOVING;
}

/* Goes on: what the server has is read again, for the hash. */
static void known_blob(
    struct transfers *t, struct transfer *x, const struct answer *a)
{
	if (a->blob.size != blob_size(x->file.size) ||
	    a->blob.pieces > x->pieces) {
		transfer_fail(t, x, "protocol",
		    "the server has another file under that name");
		return;
	}
	x->whole = a->blob.ended;
	x->have = x->next = x->whole ? x->pieces : a->blob.pieces;
	x->step = STEP_READ;
	x->file.state = FILE_READING;
}

void transfer_send_read(struct transfers *t, struct transfer *x)
{
	(void)t;
	x->step = STEP_MOVE;
	x->file.state = FILE_MOVING;
}

void transfer_send_answer(
    struct transfers *t, struct transfer *x, const struct answer *a)
{
	x->req = 0;
	if (!a->done && a->code == CODE_NO_BLOB && x->resumed) {
		/* The server has forgotten what we began: from the start. */
		x->resumed = x->named = false;
		x->step = STEP_START;
	} else if (!a->done && a->code == CODE_TRY_LATER) {
		transfer_later(t, x);
	} else if (!a->done) {
		transfer_refused(t, x, a);
	} else if (x->step == STEP_ASKED && !x->named) {
		new_blob(t, x, a);
	} else if (x->step == STEP_ASKED) {
		known_blob(t, x, a);
	} else if (x->step == STEP_END) {
		x->file.done = x->file.size;
		x->step = STEP_OFFER;
	}
}
