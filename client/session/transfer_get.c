/* transfer_get.c - a file on its way from the server: windows of pieces are asked
 * for, each piece is opened before it is written, and the whole has to have the
 * offer's hash. Nothing that the server does makes another file of it. */
#include <string.h>

#include "client/session/transfers_int.h"
#include "shared/base/secret.h"

static const char damaged[] =
    "what the server gave is not the file that was offered";

int transfer_get_begin(struct transfers *t, struct transfer *x)
{
	struct file_opened f = {.handle = -1};
	struct errmsg why = {""};
	uint64_t whole;

	if (t->o.ops.again(t->o.ops.arg, x->record->place, &f, &why) != 0) {
		x->record->place[0] = '\0'; /* it is not ours to remove */
		transfer_fail(t, x, "disk", why.text);
		return 0;
	}
	x->handle = f.handle;
	whole = f.size / WIRE_PIECE;
	x->have = whole < x->pieces ? (uint32_t)whole : x->pieces - 1;
	x->next = x->have;
	x->step = STEP_READ;
	x->file.state = FILE_READING;
	return 0;
}

void transfer_get_read(struct transfers *t, struct transfer *x)
{
	(void)t;
	x->step = STEP_MOVE;
	x->file.state = FILE_MOVING;
}

/* --- asking ------------------------------------------------------------------- */

/* TRANSFER_WINDOWS: all are open. */
static size_t free_get(const struct transfer *x)
{
	size_t i;

	for (i = 0; i < TRANSFER_WINDOWS && x->gets[i] != 0; i++)
		;
	return i;
}

/* How many requests for pieces are open on the connection. */
static unsigned open_gets(const struct transfers *t)
{
	unsigned n = 0;
	size_t i, k;

	for (i = 0; i < TRANSFERS_MAX; i++)
		for (k = 0; k < TRANSFER_WINDOWS; k++)
			n += t->all[i].gets[k] != 0;
	return n;
}

bool transfer_get_ready(const struct transfers *t, const struct transfer *x)
{
	return x->step == STEP_MOVE && x->next < x->pieces &&
	       free_get(x) < TRANSFER_WINDOWS &&
	       open_gets(t) < WIRE_BLOB_GETS && !requests_full(t->o.requests);
}

int transfer_get_step(struct transfers *t, struct transfer *x)
{
	struct blob_ask a = {.size = 0};
	size_t i;
	int r;

	while (transfer_get_ready(t, x)) {
		memcpy(a.blob, x->record->offer.blob, WIRE_BLOB);
		a.from = x->next;
		a.count = x->pieces - x->next < TRANSFER_WINDOW
			      ? x->pieces - x->next
			      : TRANSFER_WINDOW;
		i = free_get(x);
		r = transfer_ask(t, REQUEST_BLOB_GET, &a, &x->gets[i]);
		if (r != 0)
			return r;
		x->next += a.count;
		x->upto[i] = x->next;
	}
	return 0;
}

/* --- pieces ------------------------------------------------------------------- */

/* What an earlier run has written was not it: once more, from the start. */
static bool start_again(struct transfers *t, struct transfer *x)
{
	struct errmsg why;

	if (!x->resumed)
		return false;
	x->resumed = false;
	t->o.ops.close(t->o.ops.arg, x->handle);
	x->handle = -1;
	t->o.ops.drop(t->o.ops.arg, x->record->place);
	x->step = STEP_REST;
	x->file.state = FILE_ENDED;
	t->o.ops.forget(t->o.ops.arg, false, x->record->offer.id);
	x->kept = false;
	return transfers_get(t, x->file.number, NULL, &why) == 0;
}

static void finish(struct transfers *t, struct transfer *x)
{
	uint8_t hash[WIRE_HASH];
	struct errmsg why = {""};
	const char *path;

	if (hash_peek(x->hash, hash) != 0 ||
	    memcmp(hash, x->record->offer.hash, WIRE_HASH) != 0) {
		if (!start_again(t, x))
			transfer_fail(t, x, "damaged", damaged);
		return;
	}
	if (t->o.ops.finish(t->o.ops.arg, x->record->place,
		x->record->offer.name, &path, &why) != 0) {
		transfer_fail(t, x, "disk", why.text);
		return;
	}
	(void)!transfer_path(x, path); /* without memory it is not said */
	x->record->place[0] = '\0';
	transfer_done(t, x);
}

void transfer_get_piece(
    struct transfers *t, struct transfer *x, const struct blob_frame *f)
{
	struct errmsg why = {""};
	size_t n;
	int r;

	if (f->index != x->have || f->index >= x->next ||
	    blob_open(t->o.parties->crypto, t->piece, &n, &x->record->offer.key,
		f->index, f->sealed, f->len) != 0) {
		transfer_fail(t, x, "damaged", damaged);
		return;
	}
	r = n == 0 ? 0
		   : t->o.ops.write(t->o.ops.arg, x->handle,
			 transfer_bytes(x, f->index), t->piece, n, &why);
	if (r == 0)
		r = hash_add(x->hash, t->piece, n);
	if (r != 0) {
		transfer_fail(
		    t, x, "disk", why.text[0] != '\0' ? why.text : err_str(r));
		return;
	}
	x->hashed++;
	x->have++;
	x->file.done = transfer_bytes(x, x->have);
	if (x->have == x->pieces)
		finish(t, x);
}

void transfer_get_answer(
    struct transfers *t, struct transfer *x, const struct answer *a)
{
	size_t i;

	for (i = 0; i < TRANSFER_WINDOWS && x->gets[i] != a->number; i++)
		;
	x->gets[i] = 0;
	if (x->step != STEP_MOVE)
		return; /* of a file that is saved */
	if (!a->done && a->code == CODE_TRY_LATER)
		transfer_later(t, x);
	else if (!a->done)
		transfer_refused(t, x, a);
	/* All that was asked for has come, or the server has left some out. */
	else if (x->have < x->upto[i])
		transfer_fail(t, x, "damaged", damaged);
}
