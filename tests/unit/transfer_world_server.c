/* transfer_world_server.c - the server of transfer_world.c. */
#include "tests/unit/transfer_world.h"

static struct tw_blob *blob_of(struct tw *w, const uint8_t id[WIRE_BLOB])
{
	size_t i;

	for (i = 0; i < 4; i++)
		if (w->blob[i].is && memcmp(w->blob[i].id, id, WIRE_BLOB) == 0)
			return &w->blob[i];
	return NULL;
}

static struct tw_blob *blob_make(struct tw *w, uint64_t size)
{
	size_t i, k;

	for (i = 0; i < 4 && w->blob[i].is; i++)
		;
	assert_true(i < 4);
	for (k = 0; k < TW_PIECES; k++)
		free(w->blob[i].piece[k]);
	memset(&w->blob[i], 0, sizeof(w->blob[i]));
	w->blob[i].is = true;
	w->blob[i].size = size;
	ends_random(&w->seed, w->blob[i].id, WIRE_BLOB);
	return &w->blob[i];
}

void tw_have(struct tw *w, const struct blob_state *s)
{
	const struct control c = {.type = CONTROL_BLOB_HAVE, .u.blob = *s};

	assert_true(transfers_control(w->t, &c));
}

void tw_gone(struct tw *w, const uint8_t blob[WIRE_BLOB])
{
	struct control c = {.type = CONTROL_BLOB_GONE};

	memcpy(c.u.blob.blob, blob, WIRE_BLOB);
	assert_true(transfers_control(w->t, &c));
	c.type = CONTROL_VOICE;
	assert_false(transfers_control(w->t, &c));
}

static void say(struct tw *w, const struct answer *a)
{
	transfers_answer(w->t, a);
}

static void serve_pieces(struct tw *w, const struct blob_ask *a)
{
	struct tw_blob *b = blob_of(w, a->blob);
	uint8_t body[WIRE_BLOB_HEAD + WIRE_PIECE_SEALED];
	uint32_t i, from;
	size_t n;

	w->n_gets++;
	assert_true(a->count >= 1 && a->count <= WIRE_BLOB_GET);
	assert_true(a->from + a->count <= blob_pieces(b->size));
	for (i = a->from; i < a->from + a->count; i++) {
		if (w->lie == TW_LIE_CUT && i == 2)
			continue;
		from = w->lie == TW_LIE_SWAP && i == 1 ? 0 : i;
		n = b->len[from];
		blob_frame_head(body, b->id, i);
		memcpy(body + WIRE_BLOB_HEAD, b->piece[from], n);
		if (w->lie == TW_LIE_FLIP && i == 1)
			body[WIRE_BLOB_HEAD + n / 2] ^= 1;
		if (w->lie == TW_LIE_OTHER)
			blob_frame_head(body, b->id, i + 1);
		if (w->lie == TW_LIE_LONG && i == a->from + a->count - 1 &&
		    n < WIRE_PIECE_SEALED)
			n++;
		assert_int_equal(
		    transfers_piece(w->t, body, WIRE_BLOB_HEAD + n), 0);
		w->n_pieces++;
	}
}

static void serve(struct tw *w, const struct request *q)
{
	struct answer a = {.number = q->number, .done = true};
	struct tw_blob *b = blob_of(w, q->blob.blob);

	if (w->stop_at != 0 && q->type == REQUEST_BLOB_END)
		return; /* it is no longer there */
	if (w->refuse != CODE_NONE ||
	    (q->type != REQUEST_BLOB_NEW && b == NULL)) {
		a.done = false;
		a.code = w->refuse != CODE_NONE ? w->refuse : CODE_NO_BLOB;
		snprintf(a.word, sizeof(a.word), "%s", wire_code_word(a.code));
		snprintf(a.text, sizeof(a.text), "%s", wire_code_str(a.code));
	} else if (q->type == REQUEST_BLOB_NEW ||
		   q->type == REQUEST_BLOB_HAVE) {
		if (q->type == REQUEST_BLOB_NEW)
			b = blob_make(w, q->blob.size);
		a.has_blob = true;
		memcpy(a.blob.blob, b->id, WIRE_BLOB);
		a.blob.size = b->size;
		a.blob.pieces = b->have;
		a.blob.ended = b->ended;
	} else if (q->type == REQUEST_BLOB_END) {
		assert_int_equal(q->blob.pieces, blob_pieces(b->size));
		assert_int_equal(b->have, q->blob.pieces);
		b->ended = true;
	} else if (q->type == REQUEST_BLOB_GET) {
		serve_pieces(w, &q->blob);
	} else if (q->type == REQUEST_BLOB_GONE) {
		b->is = false;
	}
	say(w, &a);
	/* As requests.c does before it. */
	assert_int_equal(
	    requests_answer(w->requests, &a, &(struct asked){0}), 0);
}

static void take_piece(struct tw *w, const uint8_t *body, size_t n)
{
	struct blob_frame f;
	struct tw_blob *b;

	assert_int_equal(blob_frame_decode(&f, body, n), 0);
	if ((b = blob_of(w, f.blob)) == NULL)
		return;
	if (w->stop_at != 0 && b->have >= w->stop_at)
		return;
	assert_int_equal(f.index, b->have);
	assert_int_equal(f.len, BLOB_SEALED(blob_piece(b->size, f.index)));
	assert_true(f.index < TW_PIECES);
	b->piece[f.index] = malloc(f.len);
	memcpy(b->piece[f.index], f.sealed, f.len);
	b->len[f.index] = f.len;
	b->have++;
	if (b->have % WIRE_BLOB_HAVE == 0) {
		struct blob_state s = {.pieces = b->have};

		memcpy(s.blob, b->id, WIRE_BLOB);
		tw_have(w, &s);
	}
}

static void take_frame(struct tw *w, const struct link_frame *f)
{
	struct control c = {.type = CONTROL_UNKNOWN};
	struct buf json;

	if (f->kind == KIND_BLOB) {
		take_piece(w, f->body, f->len);
		return;
	}
	buf_init(&json, WIRE_JSON_MAX);
	assert_int_equal(
	    link_control_open(w->ends.server, &json, f->body, f->len), 0);
	assert_int_equal(control_decode(&c, FROM_CLIENT, json.p, json.len), 0);
	assert_int_equal(c.type, CONTROL_REQUEST);
	serve(w, &c.u.request);
	control_wipe(&c);
	buf_free(&json);
}

/* Everything that the client has for the server. False: nothing. */
bool tw_carry(struct tw *w)
{
	size_t n, off = 0, total;
	const uint8_t *p;
	struct rd frames;
	struct link_frame f;
	uint8_t *copy;

	assert_int_equal(outgoing_close(w->out), 0);
	p = outgoing_bytes(w->out, &n);
	if (n == 0)
		return false;
	copy = malloc(n);
	memcpy(copy, p, n);
	outgoing_consume(w->out, n);
	while (off < n) {
		assert_int_equal(link_length(copy + off, n - off, &total), 0);
		assert_int_equal(
		    link_open(w->ends.server, copy + off, total, &frames), 0);
		while (link_next(&frames, &f) == 0)
			take_frame(w, &f);
		off += total;
	}
	free(copy);
	return true;
}
