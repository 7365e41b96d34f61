/* transfers.c - the list of a session's files, and what both directions share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/session/transfers_int.h"
#include "shared/base/secret.h"
#include "shared/wire/text.h"

enum { PROGRESS_MS = 1000, LATER_MS = 5000 };

/* --- slots ------------------------------------------------------------------ */

static bool rests(const struct transfer *x)
{
	return x->step == STEP_REST;
}

static void close_file(struct transfers *t, struct transfer *x)
{
	if (x->handle >= 0)
		t->o.ops.close(t->o.ops.arg, x->handle);
	x->handle = -1;
	hash_free(x->hash);
	x->hash = NULL;
}

void transfer_free(struct transfers *t, struct transfer *x)
{
	if (x->record == NULL)
		return;
	close_file(t, x);
	free(x->path);
	secret_wipe(x->record, sizeof(*x->record));
	free(x->record);
	memset(x, 0, sizeof(*x));
}

struct transfer *transfer_new(struct transfers *t)
{
	struct transfer *best = NULL, *x;
	size_t i;

	for (i = 0; i < TRANSFERS_MAX; i++) {
		x = &t->all[i];
		if (x->record == NULL) {
			best = x;
			break;
		}
		if (rests(x) &&
		    (best == NULL || x->file.number < best->file.number))
			best = x;
	}
	if (best == NULL)
		return NULL;
	transfer_free(t, best);
	if ((best->record = calloc(1, sizeof(*best->record))) == NULL)
		return NULL;
	best->handle = -1;
	best->file.number = ++t->last;
	best->file.room_name = best->record->room;
	best->file.with = best->record->with;
	best->file.from = best->record->from;
	best->file.name = best->record->offer.name;
	best->file.path = "";
	return best;
}

struct transfer *transfer_numbered(const struct transfers *t, uint32_t number)
{
	size_t i;

	for (i = 0; i < TRANSFERS_MAX; i++)
		if (t->all[i].record != NULL && t->all[i].file.number == number)
			return (struct transfer *)(uintptr_t)&t->all[i];
	return NULL;
}

void transfer_describe(struct transfer *x)
{
	const struct blob_offer *f = &x->record->offer;

	memcpy(x->file.id, f->id, WIRE_ID);
	x->file.own = x->record->own;
	x->file.size = f->key.file;
	x->pieces = blob_pieces(blob_size(f->key.file));
}

int transfer_path(struct transfer *x, const char *path)
{
	char *copy = strdup(path);

	if (copy == NULL)
		return ERR_NOMEM;
	free(x->path);
	x->path = copy;
	x->file.path = copy;
	return 0;
}

/* --- making and freeing ------------------------------------------------------ */

/* What an earlier run has not finished. */
static void load(struct transfers *t)
{
	struct file_record *r = calloc(1, sizeof(*r));
	struct transfer *x;

	while (r != NULL && t->o.ops.load(t->o.ops.arg, r) &&
	       (x = transfer_new(t)) != NULL) {
		*x->record = *r;
		transfer_describe(x);
		x->kept = x->named = x->resumed = true;
		x->step = STEP_START;
		x->file.state = FILE_WAITING;
		if (r->own && transfer_path(x, r->place) != 0)
			break;
	}
	if (r != NULL)
		secret_wipe(r, sizeof(*r));
	free(r);
}

struct transfers *transfers_new(const struct transfers_opts *o)
{
	struct transfers *t = calloc(1, sizeof(*t));

	if (t == NULL || (t->piece = calloc(1, WIRE_PIECE)) == NULL) {
		free(t);
		return NULL;
	}
	t->o = *o;
	if (t->o.ops.open != NULL)
		load(t);
	return t;
}

void transfers_free(struct transfers *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < TRANSFERS_MAX; i++)
		transfer_free(t, &t->all[i]);
	secret_wipe(t->piece, WIRE_PIECE);
	free(t->piece);
	free(t);
}

/* --- telling ----------------------------------------------------------------- */

void transfer_event(struct transfers *t, struct transfer *x,
    enum event_type type, const char *word, const char *text)
{
	const struct event e = {.type = type,
	    .room = x->file.room,
	    .room_name = x->file.room == NULL ? "" : x->record->room,
	    .file_number = x->file.number,
	    .word = word,
	    .text = text,
	    .text_len = text == NULL ? 0 : strlen(text)};

	/* Without memory the list of files tells it. */
	(void)!events_push(t->o.events, &e);
}

static void end(struct transfers *t, struct transfer *x, enum file_state state)
{
	close_file(t, x);
	if (x->kept)
		t->o.ops.forget(
		    t->o.ops.arg, x->record->own, x->record->offer.id);
	x->kept = false;
	x->step = STEP_REST;
	x->file.state = state;
	x->file.rate = 0;
	x->moved = 0;
	x->req = 0;
	/* What was asked for is still answered, with pieces before that: x->gets
	 * stays, and the file does not begin again until then. */
}

void transfer_fail(
    struct transfers *t, struct transfer *x, const char *word, const char *text)
{
	struct blob_ask a = {.size = 0};
	uint32_t number;

	if (x->record->own && x->named && t->linked) {
		memcpy(a.blob, x->record->offer.blob, WIRE_BLOB);
		(void)!transfer_ask(t, REQUEST_BLOB_GONE, &a, &number);
	}
	end(t, x, FILE_ENDED);
	if (!x->record->own && x->record->place[0] != '\0')
		t->o.ops.drop(t->o.ops.arg, x->record->place);
	x->record->place[0] = '\0';
	x->have = x->next = x->hashed = 0;
	x->named = false;
	transfer_event(t, x, EVENT_FILE_DONE, word, text);
}

void transfer_refused(
    struct transfers *t, struct transfer *x, const struct answer *a)
{
	transfer_fail(t, x, a->word,
	    a->text[0] != '\0' ? a->text : wire_code_str(a->code));
}

void transfer_done(struct transfers *t, struct transfer *x)
{
	end(t, x, x->record->own ? FILE_SHARED : FILE_SAVED);
	x->file.done = x->file.size;
	transfer_event(t, x, EVENT_FILE_DONE, "", NULL);
}

/* Once a second, with the mean of the last seconds. */
static void progress(struct transfers *t, struct transfer *x)
{
	const uint64_t ms = t->now_ms - x->told_ms;
	uint64_t now;

	if (x->step != STEP_MOVE)
		return;
	if (x->told_ms == 0) {
		x->told_ms = t->now_ms;
		x->told_done = x->file.done;
		return;
	}
	if (ms < PROGRESS_MS)
		return;
	now = (x->file.done - x->told_done) * 1000 / ms;
	x->file.rate = x->file.rate == 0 ? now : (2 * x->file.rate + now) / 3;
	x->told_ms = t->now_ms;
	if (x->file.done == x->told_done)
		return;
	x->told_done = x->file.done;
	transfer_event(t, x, EVENT_PROGRESS, NULL, NULL);
}

/* Whether it is the server's turn. */
static bool waits(const struct transfer *x)
{
	size_t i;

	for (i = 0; i < TRANSFER_WINDOWS; i++)
		if (x->gets[i] != 0)
			return true;
	return x->req != 0 ||
	       (x->record->own && x->step == STEP_MOVE && x->next > x->have);
}

/* A server that keeps what it has to say must not keep a file on its way for
 * ever. A slow one moves a piece now and then. */
static void stall(struct transfers *t, struct transfer *x)
{
	uint64_t moved = 0;

	if (x->step >= STEP_START && x->step < STEP_OFFER && t->linked &&
	    waits(x))
		moved = 1 + (uint64_t)x->step + 8 * ((uint64_t)x->have + x->next);
	if (moved != x->moved) {
		x->moved = moved;
		x->moved_ms = t->now_ms;
	} else if (moved != 0 && t->now_ms - x->moved_ms >= TRANSFER_STALL_MS) {
		transfer_fail(t, x, "timeout",
		    "the server has not gone on with the file for 10 minutes");
	}
}

/* --- shared by both directions ------------------------------------------------ */

int transfer_ask(struct transfers *t, enum request_type type,
    const struct blob_ask *a, uint32_t *number)
{
	struct request q = {.type = type, .blob = *a};

	return requests_put(t->o.requests, &q, NULL, number);
}

void transfer_later(struct transfers *t, struct transfer *x)
{
	close_file(t, x);
	x->step = STEP_START;
	x->file.state = FILE_WAITING;
	x->wait_ms = t->now_ms + LATER_MS;
}

uint64_t transfer_bytes(const struct transfer *x, uint32_t n)
{
	const uint64_t bytes = (uint64_t)n * WIRE_PIECE;

	return bytes < x->file.size ? bytes : x->file.size;
}

bool transfer_read(struct transfers *t, struct transfer *x, uint32_t index)
{
	const size_t n = blob_piece_file(x->file.size, index);
	struct errmsg why = {""};
	int r = 0;

	if (n > 0)
		r = t->o.ops.read(t->o.ops.arg, x->handle,
		    transfer_bytes(x, index), t->piece, n, &why);
	if (r == 0 && index == x->hashed) {
		r = hash_add(x->hash, t->piece, n);
		x->hashed++;
	}
	if (r == ERR_STATE)
		transfer_fail(t, x, "changed",
		    "the file has become shorter while it was sent: send it "
		    "again");
	else if (r != 0)
		transfer_fail(
		    t, x, "disk", why.text[0] != '\0' ? why.text : err_str(r));
	return r == 0;
}

static void begin(struct transfers *t, struct transfer *x)
{
	int r;

	hash_free(x->hash);
	x->hashed = 0;
	x->hash = hash_new(t->o.parties->crypto);
	x->told_ms = 0;
	r = x->hash == NULL  ? ERR_NOMEM
	    : x->record->own ? transfer_send_begin(t, x)
			     : transfer_get_begin(t, x);
	if (r == ERR_LIMIT)
		x->step = STEP_START; /* a later turn asks */
	else if (r != 0)
		transfer_fail(t, x, "system", err_str(r));
}

/* Some pieces of what is read again. */
static void read_some(struct transfers *t, struct transfer *x)
{
	unsigned i;

	for (i = 0; i < TRANSFER_READ && x->hashed < x->have; i++)
		if (!transfer_read(t, x, x->hashed))
			return;
	x->file.done = transfer_bytes(x, x->hashed);
	if (x->hashed < x->have)
		return;
	if (x->record->own)
		transfer_send_read(t, x);
	else
		transfer_get_read(t, x);
}

/* --- the session's steps ------------------------------------------------------ */

static size_t active(const struct transfers *t, bool own)
{
	size_t i, n = 0;

	for (i = 0; i < TRANSFERS_MAX; i++)
		n += t->all[i].step > STEP_START &&
		     t->all[i].step < STEP_OFFER &&
		     t->all[i].record->own == own;
	return n;
}

static bool starts(const struct transfers *t, const struct transfer *x)
{
	if (!t->linked || x->step != STEP_START || t->now_ms < x->wait_ms ||
	    waits(x) || requests_full(t->o.requests))
		return false;
	return active(t, x->record->own) <
	       (x->record->own ? TRANSFER_SENDS : TRANSFERS_GETS);
}

static bool moves(const struct transfers *t, const struct transfer *x)
{
	if (x->record == NULL || !t->linked)
		return false;
	return x->record->own ? transfer_send_ready(t, x)
			      : transfer_get_ready(t, x);
}

bool transfers_ready(const struct transfers *t)
{
	size_t i;

	for (i = 0; i < TRANSFERS_MAX; i++)
		if (starts(t, &t->all[i]) || moves(t, &t->all[i]))
			return true;
	return false;
}

int transfers_step(struct transfers *t)
{
	struct transfer *x;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < TRANSFERS_MAX; i++) {
		x = &t->all[i];
		if (starts(t, x))
			begin(t, x);
		if (moves(t, x))
			r = x->record->own ? transfer_send_step(t, x)
					   : transfer_get_step(t, x);
	}
	return r;
}

void transfers_tick(struct transfers *t, uint64_t now_ms)
{
	size_t i;

	t->now_ms = now_ms;
	for (i = 0; i < TRANSFERS_MAX; i++) {
		if (t->all[i].step == STEP_READ)
			read_some(t, &t->all[i]);
		progress(t, &t->all[i]);
		stall(t, &t->all[i]);
	}
}

uint64_t transfers_deadline(const struct transfers *t, uint64_t now_ms)
{
	uint64_t at = UINT64_MAX;
	size_t i;

	for (i = 0; i < TRANSFERS_MAX; i++) {
		if (t->all[i].step == STEP_READ)
			return now_ms;
		if (t->all[i].step == STEP_START && t->linked &&
		    t->all[i].wait_ms > now_ms && t->all[i].wait_ms < at)
			at = t->all[i].wait_ms;
		if (t->all[i].step == STEP_MOVE &&
		    t->all[i].told_ms + PROGRESS_MS < at)
			at = t->all[i].told_ms + PROGRESS_MS;
		if (t->all[i].moved != 0 &&
		    t->all[i].moved_ms + TRANSFER_STALL_MS < at)
			at = t->all[i].moved_ms + TRANSFER_STALL_MS;
	}
	return at;
}

void transfers_linked(struct transfers *t)
{
	t->linked = true;
}

void transfers_lost(struct transfers *t)
{
	struct transfer *x;
	size_t i;

	t->linked = false;
	for (i = 0; i < TRANSFERS_MAX; i++) {
		x = &t->all[i];
		x->req = 0;
		memset(x->gets, 0, sizeof(x->gets));
		if (x->step == STEP_REST || x->step == STEP_OFFER ||
		    x->step == STEP_SENT)
			continue;
		close_file(t, x);
		x->step = STEP_START;
		x->resumed = true;
		x->file.state = FILE_WAITING;
		x->file.rate = 0;
	}
}

/* --- from the server ----------------------------------------------------------- */

static struct transfer *of_blob(
    struct transfers *t, const uint8_t blob[WIRE_BLOB], bool own)
{
	struct transfer *x;
	size_t i;

	for (i = 0; i < TRANSFERS_MAX; i++) {
		x = &t->all[i];
		if (x->step > STEP_START && x->record->own == own &&
		    memcmp(x->record->offer.blob, blob, WIRE_BLOB) == 0)
			return x;
	}
	return NULL;
}

int transfers_piece(struct transfers *t, const uint8_t *body, size_t n)
{
	struct blob_frame f;
	struct transfer *x;
	int r;

	if ((r = blob_frame_decode(&f, body, n)) != 0)
		return r;
	/* One that was cancelled may still be on its way. */
	if ((x = of_blob(t, f.blob, false)) != NULL && x->step == STEP_MOVE)
		transfer_get_piece(t, x, &f);
	return 0;
}

static bool waits_for(const struct transfer *x, uint32_t number)
{
	size_t i;

	for (i = 0; i < TRANSFER_WINDOWS; i++)
		if (x->gets[i] == number)
			return true;
	return x->req == number;
}

void transfers_answer(struct transfers *t, const struct answer *a)
{
	struct transfer *x;
	size_t i;

	for (i = 0; i < TRANSFERS_MAX; i++) {
		x = &t->all[i];
		if (x->record == NULL || a->number == 0 ||
		    !waits_for(x, a->number))
			continue;
		if (x->record->own)
			transfer_send_answer(t, x, a);
		else
			transfer_get_answer(t, x, a);
		return;
	}
}

static void have(struct transfers *t, const struct blob_state *s)
{
	static const char more[] =
	    "the server says that it has more of the file than was sent";
	static const char less[] =
	    "the server says that it has lost some of the file";
	struct transfer *x = of_blob(t, s->blob, true);

	if (x == NULL || x->step != STEP_MOVE)
		return;
	if (s->pieces < x->have || s->pieces > x->next) {
		transfer_fail(
		    t, x, "protocol", s->pieces < x->have ? less : more);
		return;
	}
	x->have = s->pieces;
	x->file.done = transfer_bytes(x, x->have);
}

static void gone(struct transfers *t, const uint8_t blob[WIRE_BLOB])
{
	static const char why[] = "the server does not have the file any more";
	struct transfer *x;
	bool own;
	int i;

	for (i = 0; i < 2; i++) {
		own = i == 0;
		if ((x = of_blob(t, blob, own)) != NULL && x->step != STEP_SENT)
			transfer_fail(t, x, "no_blob", why);
	}
}

bool transfers_control(struct transfers *t, const struct control *c)
{
	if (c->type == CONTROL_BLOB_HAVE)
		have(t, &c->u.blob);
	else if (c->type == CONTROL_BLOB_GONE)
		gone(t, c->u.blob.blob);
	else
		return false;
	return true;
}
