/* Unit tests for the files of a session: both directions against a server in the
 * same process that keeps blobs, and lies where a test wants it. Files are in
 * memory. */
#include "client/session/transfers.h"
#include "shared/base/secret.h"
#include "shared/proto/control.h"
#include "tests/unit/link_ends.h"

enum { STALL_MS = 600000, FILE_MAX_BYTES = 4 << 20, PIECES_MAX = 128, FILES = 8 };

/* --- files in memory ------------------------------------------------------------ */

struct mem {
	char name[64];
	uint8_t *p;
	size_t n;
	uint64_t stamp;
	bool is;
};

struct blob {
	uint8_t id[WIRE_BLOB];
	uint64_t size;
	uint32_t have;
	bool ended, is;
	uint8_t *piece[PIECES_MAX];
	size_t len[PIECES_MAX];
};

struct world {
	struct ends ends;
	struct parties parties;
	struct events *events;
	struct outgoing *out;
	struct requests *requests;
	struct transfers *t;
	struct transfers_opts o;
	struct mem mem[FILES];
	struct file_record kept[FILES];
	bool has_kept[FILES];
	size_t loads;
	struct blob blob[4];
	uint64_t now, seed;
	bool joined, full_disk, accepts;
	struct blob_offer offered; /* the last */
	size_t n_offers, n_gets, n_pieces;
	/* Lies of the server. */
	enum lie { LIE_NONE, LIE_SWAP, LIE_CUT, LIE_FLIP, LIE_LONG, LIE_OTHER } lie;
	enum wire_code refuse;
	uint32_t stop_at; /* takes no more pieces than so many; 0: all */
	/* What was told. */
	char done[256];
	unsigned progress, offers_seen;
	uint32_t last_number;
};

static struct mem *mem_named(struct world *w, const char *name)
{
	size_t i;

	for (i = 0; i < FILES; i++)
		if (w->mem[i].is && strcmp(w->mem[i].name, name) == 0)
			return &w->mem[i];
	return NULL;
}

static struct mem *mem_new(struct world *w, const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < FILES && w->mem[i].is; i++)
		;
	assert_true(i < FILES);
	snprintf(w->mem[i].name, sizeof(w->mem[i].name), "%s", name);
	w->mem[i].p = calloc(1, FILE_MAX_BYTES);
	assert_non_null(w->mem[i].p);
	ends_random(&w->seed, w->mem[i].p, n);
	w->mem[i].n = n;
	w->mem[i].stamp = 7;
	w->mem[i].is = true;
	return &w->mem[i];
}

static int opened(
    struct world *w, struct mem *m, struct file_opened *out, struct errmsg *why)
{
	if (m == NULL)
		return errmsg_set(why, ERR_USAGE, "it is not there");
	out->handle = (int)(m - w->mem);
	out->size = m->n;
	out->stamp = m->stamp;
	snprintf(out->place, sizeof(out->place), "%s", m->name);
	return 0;
}

static int op_open(
    void *arg, const char *path, struct file_opened *out, struct errmsg *why)
{
	return opened(arg, mem_named(arg, path), out, why);
}

static int op_create(
    void *arg, const char *name, struct file_opened *out, struct errmsg *why)
{
	char part[64];

	snprintf(part, sizeof(part), "%.50s.part", name);
	return opened(arg, mem_new(arg, part, 0), out, why);
}

static int op_read(
    void *arg, int handle, uint64_t at, void *p, size_t n, struct errmsg *why)
{
	const struct mem *m = &((struct world *)arg)->mem[handle];

	(void)why;
	if (at + n > m->n)
		return ERR_STATE;
	memcpy(p, m->p + at, n);
	return 0;
}

static int op_write(void *arg, int handle, uint64_t at, const void *p, size_t n,
    struct errmsg *why)
{
	struct world *w = arg;
	struct mem *m = &w->mem[handle];

	if (w->full_disk)
		return errmsg_set(why, ERR_IO, "the disk is full");
	assert_true(at + n <= FILE_MAX_BYTES);
	memcpy(m->p + at, p, n);
	if (at + n > m->n)
		m->n = (size_t)(at + n);
	return 0;
}

static uint64_t op_stamp(void *arg, int handle)
{
	return ((struct world *)arg)->mem[handle].stamp;
}

static void op_close(void *arg, int handle)
{
	(void)arg;
	assert_true(handle >= 0);
}

static int op_finish(void *arg, const char *place, const char *name,
    const char **path, struct errmsg *why)
{
	struct mem *m = mem_named(arg, place);

	(void)why;
	assert_non_null(m);
	snprintf(m->name, sizeof(m->name), "%.60s", name);
	*path = m->name;
	return 0;
}

static void op_drop(void *arg, const char *place)
{
	struct mem *m = mem_named(arg, place);

	if (m == NULL)
		return;
	free(m->p);
	memset(m, 0, sizeof(*m));
}

static bool op_load(void *arg, struct file_record *out)
{
	struct world *w = arg;

	for (; w->loads < FILES; w->loads++)
		if (w->has_kept[w->loads]) {
			*out = w->kept[w->loads++];
			return true;
		}
	return false;
}

static int op_keep(void *arg, const struct file_record *r, struct errmsg *why)
{
	struct world *w = arg;
	size_t i;

	(void)why;
	for (i = 0; i < FILES && w->has_kept[i]; i++)
		;
	assert_true(i < FILES);
	w->kept[i] = *r;
	w->has_kept[i] = true;
	return 0;
}

static void op_forget(void *arg, bool own, const uint8_t id[WIRE_ID])
{
	struct world *w = arg;
	size_t i;

	for (i = 0; i < FILES; i++)
		if (w->has_kept[i] && w->kept[i].own == own &&
		    memcmp(w->kept[i].offer.id, id, WIRE_ID) == 0)
			w->has_kept[i] = false;
}

static bool op_accept(void *arg, const char *from, uint64_t size)
{
	(void)size;
	return ((struct world *)arg)->accepts && strcmp(from, "carol") == 0;
}

static uint64_t op_wall(void)
{
	return 1800000000000;
}

static bool may_offer(void *arg, const struct file_record *r)
{
	assert_string_equal(r->room, "lobby");
	return ((struct world *)arg)->joined;
}

static int offer(void *arg, const struct file_record *r, uint64_t wall_ms)
{
	struct world *w = arg;

	assert_string_equal(r->room, "lobby");
	assert_int_equal(wall_ms, op_wall());
	w->offered = r->offer;
	w->n_offers++;
	return 0;
}

static int fill_random(void *arg, void *out, size_t n)
{
	ends_random(&((struct world *)arg)->seed, out, n);
	return 0;
}

/* --- a world --------------------------------------------------------------------- */

static void begin(struct world *w)
{
	w->loads = 0;
	w->o.events = w->events = events_new();
	w->o.out = w->out = outgoing_new();
	w->o.requests = w->requests =
	    requests_new(w->events, w->out, &w->parties);
	w->t = transfers_new(&w->o);
	assert_non_null(w->t);
	ends_fresh(&w->ends, &w->ends.client, LINK_CLIENT);
	ends_fresh(&w->ends, &w->ends.server, LINK_SERVER);
	outgoing_link(w->out, w->ends.client);
	transfers_linked(w->t);
}

/* The client is killed: what it had in memory is gone. */
static void end(struct world *w)
{
	transfers_free(w->t);
	requests_free(w->requests);
	outgoing_free(w->out);
	events_free(w->events);
	w->t = NULL;
}

static struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	ends_init(&w->ends, 5);
	w->seed = 99;
	w->joined = true;
	w->now = 1000;
	w->parties.crypto = w->ends.c;
	w->parties.rng = (struct rng){fill_random, w};
	snprintf(w->parties.self.name, sizeof(w->parties.self.name), "alice");
	w->o = (struct transfers_opts){.parties = &w->parties,
	    .ops = {.open = op_open,
		.create = op_create,
		.again = op_open,
		.read = op_read,
		.write = op_write,
		.stamp = op_stamp,
		.close = op_close,
		.finish = op_finish,
		.drop = op_drop,
		.load = op_load,
		.keep = op_keep,
		.forget = op_forget,
		.accept = op_accept,
		.wall_ms = op_wall,
		.arg = w},
	    .may_offer = may_offer,
	    .offer = offer,
	    .arg = w};
	begin(w);
	return w;
}

static void world_free(struct world *w)
{
	size_t i, k;

	end(w);
	for (i = 0; i < FILES; i++)
		free(w->mem[i].p);
	for (i = 0; i < 4; i++)
		for (k = 0; k < PIECES_MAX; k++)
			free(w->blob[i].piece[k]);
	ends_free(&w->ends);
	free(w);
}

/* --- the server ------------------------------------------------------------------- */

static struct blob *blob_of(struct world *w, const uint8_t id[WIRE_BLOB])
{
	size_t i;

	for (i = 0; i < 4; i++)
		if (w->blob[i].is && memcmp(w->blob[i].id, id, WIRE_BLOB) == 0)
			return &w->blob[i];
	return NULL;
}

static struct blob *blob_make(struct world *w, uint64_t size)
{
	size_t i, k;

	for (i = 0; i < 4 && w->blob[i].is; i++)
		;
	assert_true(i < 4);
	for (k = 0; k < PIECES_MAX; k++)
		free(w->blob[i].piece[k]);
	memset(&w->blob[i], 0, sizeof(w->blob[i]));
	w->blob[i].is = true;
	w->blob[i].size = size;
	ends_random(&w->seed, w->blob[i].id, WIRE_BLOB);
	return &w->blob[i];
}

static void have(struct world *w, const struct blob_state *s)
{
	const struct control c = {.type = CONTROL_BLOB_HAVE, .u.blob = *s};

	assert_true(transfers_control(w->t, &c));
}

static void gone(struct world *w, const uint8_t blob[WIRE_BLOB])
{
	struct control c = {.type = CONTROL_BLOB_GONE};

	memcpy(c.u.blob.blob, blob, WIRE_BLOB);
	assert_true(transfers_control(w->t, &c));
	c.type = CONTROL_VOICE;
	assert_false(transfers_control(w->t, &c));
}

static void say(struct world *w, const struct answer *a)
{
	transfers_answer(w->t, a);
}

static void serve_pieces(struct world *w, const struct blob_ask *a)
{
	struct blob *b = blob_of(w, a->blob);
	uint8_t body[WIRE_BLOB_HEAD + WIRE_PIECE_SEALED];
	uint32_t i, from;
	size_t n;

	w->n_gets++;
	assert_true(a->count >= 1 && a->count <= WIRE_BLOB_GET);
	assert_true(a->from + a->count <= blob_pieces(b->size));
	for (i = a->from; i < a->from + a->count; i++) {
		if (w->lie == LIE_CUT && i == 2)
			continue;
		from = w->lie == LIE_SWAP && i == 1 ? 0 : i;
		n = b->len[from];
		blob_frame_head(body, b->id, i);
		memcpy(body + WIRE_BLOB_HEAD, b->piece[from], n);
		if (w->lie == LIE_FLIP && i == 1)
			body[WIRE_BLOB_HEAD + n / 2] ^= 1;
		if (w->lie == LIE_OTHER)
			blob_frame_head(body, b->id, i + 1);
		if (w->lie == LIE_LONG && i == a->from + a->count - 1 &&
		    n < WIRE_PIECE_SEALED)
			n++;
		assert_int_equal(
		    transfers_piece(w->t, body, WIRE_BLOB_HEAD + n), 0);
		w->n_pieces++;
	}
}

static void serve(struct world *w, const struct request *q)
{
	struct answer a = {.number = q->number, .done = true};
	struct blob *b = blob_of(w, q->blob.blob);

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

static void take_piece(struct world *w, const uint8_t *body, size_t n)
{
	struct blob_frame f;
	struct blob *b;

	assert_int_equal(blob_frame_decode(&f, body, n), 0);
	if ((b = blob_of(w, f.blob)) == NULL)
		return;
	if (w->stop_at != 0 && b->have >= w->stop_at)
		return;
	assert_int_equal(f.index, b->have);
	assert_int_equal(f.len, BLOB_SEALED(blob_piece(b->size, f.index)));
	assert_true(f.index < PIECES_MAX);
	b->piece[f.index] = malloc(f.len);
	memcpy(b->piece[f.index], f.sealed, f.len);
	b->len[f.index] = f.len;
	b->have++;
	if (b->have % WIRE_BLOB_HAVE == 0) {
		struct blob_state s = {.pieces = b->have};

		memcpy(s.blob, b->id, WIRE_BLOB);
		have(w, &s);
	}
}

static void take_frame(struct world *w, const struct link_frame *f)
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
static bool carry(struct world *w)
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

static void note_events(struct world *w)
{
	const struct event *e;
	struct event copy;

	while ((e = events_next(w->events)) != NULL) {
		copy = *e;
		if (!transfers_event(w->t, &copy))
			continue;
		if (copy.type == EVENT_FILE_DONE)
			snprintf(w->done, sizeof(w->done), "%s|%.200s",
			    copy.word, copy.text);
		w->progress += copy.type == EVENT_PROGRESS;
		w->offers_seen += copy.type == EVENT_FILE;
		w->last_number = copy.file_number;
	}
}

/* Until both are idle. */
static void pump(struct world *w)
{
	int quiet = 0;

	while (quiet < 3) {
		w->now += 10;
		transfers_tick(w->t, w->now);
		assert_int_equal(transfers_step(w->t), 0);
		assert_int_equal(requests_send(w->requests), 0);
		quiet = carry(w) || transfers_ready(w->t) ||
				transfers_deadline(w->t, w->now) == w->now
			    ? 0
			    : quiet + 1;
		note_events(w);
		if (w->stop_at != 0 && quiet == 0 &&
		    w->blob[0].have >= w->stop_at && !carry(w))
			quiet = 2;
	}
}

/* --- sending ------------------------------------------------------------------------ */

static uint32_t send_it(struct world *w, const char *path)
{
	struct errmsg why = {""};
	uint32_t number = 0;

	assert_int_equal(
	    transfers_send(w->t,
		&(struct transfers_to){(const void *)w, "lobby"}, path, &number,
		&why), 0);
	return number;
}

static void expect_hash(struct world *w, const struct mem *m)
{
	uint8_t hash[WIRE_HASH];

	assert_int_equal(crypto_hash1(w->ends.c, hash, m->p, m->n), 0);
	assert_memory_equal(hash, w->offered.hash, WIRE_HASH);
}

static const size_t sizes[] = {0, 1, 4096, WIRE_PIECE - 1, WIRE_PIECE,
    WIRE_PIECE + 1, 40 * WIRE_PIECE + 5, 60 * WIRE_PIECE};

static void test_sizes(void **state)
{
	struct errmsg why = {""};
	struct world *w;
	struct mem *m, *got;
	struct event e;
	struct person carol = {.name = "carol", .trust = TRUST_SEEN};
	uint32_t number;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		w = world_new();
		m = mem_new(w, "dir/a.bin", sizes[i]);
		number = send_it(w, "dir/a.bin");
		pump(w);
		assert_int_equal(w->n_offers, 1);
		assert_string_equal(w->offered.name, "a.bin");
		assert_int_equal(w->offered.key.file, sizes[i]);
		expect_hash(w, m);
		/* The record stays until the message is with the server. */
		assert_true(w->has_kept[0]);
		transfers_sent(w->t, w->offered.id);
		assert_false(w->has_kept[0]);
		note_events(w);
		assert_string_equal(w->done, "|");
		assert_int_equal(
		    transfers_numbered(w->t, number)->state, FILE_SHARED);
		/* Somebody else gets it. */
		end(w);
		begin(w);
		w->done[0] = '\0';
		e = (struct event){.type = EVENT_FILE,
		    .person = &carol,
		    .room_name = "lobby",
		    .offer = &w->offered};
		assert_true(transfers_event(w->t, &e));
		assert_int_equal(e.file->state, FILE_OFFERED);
		assert_int_equal(
		    transfers_get(w->t, e.file->number, NULL, &why), 0);
		pump(w);
		assert_string_equal(w->done, "|");
		got = mem_named(w, "a.bin");
		assert_non_null(got);
		assert_int_equal(got->n, m->n);
		assert_memory_equal(got->p, m->p, m->n);
		assert_int_equal(transfers_busy(w->t), 0);
		world_free(w);
	}
}

/* A killed client goes on where the server is, and makes the same hash. */
static void test_send_resumes(void **state)
{
	struct world *w = world_new();
	struct mem *m = mem_new(w, "a.bin", 50 * WIRE_PIECE);

	(void)state;
	send_it(w, "a.bin");
	w->stop_at = 25;
	pump(w);
	assert_int_equal(w->n_offers, 0);
	assert_int_equal(w->blob[0].have, 25);
	w->stop_at = 0;
	end(w);
	begin(w);
	pump(w);
	assert_int_equal(w->n_offers, 1);
	expect_hash(w, m);
	assert_int_equal(
	    w->blob[0].have, blob_pieces(blob_size(50 * WIRE_PIECE)));
	assert_false(w->blob[1].is);
	world_free(w);
}

/* The same over a lost connection, whose requests are lost too. */
static void test_send_reconnects(void **state)
{
	struct world *w = world_new();
	struct mem *m = mem_new(w, "a.bin", 50 * WIRE_PIECE);

	(void)state;
	send_it(w, "a.bin");
	w->stop_at = 20;
	pump(w);
	w->stop_at = 0;
	requests_lost(w->requests);
	transfers_lost(w->t);
	outgoing_clear(w->out);
	ends_fresh(&w->ends, &w->ends.client, LINK_CLIENT);
	ends_fresh(&w->ends, &w->ends.server, LINK_SERVER);
	outgoing_link(w->out, w->ends.client);
	assert_false(transfers_ready(w->t));
	transfers_linked(w->t);
	pump(w);
	assert_int_equal(w->n_offers, 1);
	expect_hash(w, m);
	world_free(w);
}

/* The server has forgotten the blob: it is sent again, under another. */
static void test_send_begins_again(void **state)
{
	struct world *w = world_new();
	struct mem *m = mem_new(w, "a.bin", 30 * WIRE_PIECE);

	(void)state;
	send_it(w, "a.bin");
	w->stop_at = 5;
	pump(w);
	w->stop_at = 0;
	end(w);
	w->blob[0].is = false;
	begin(w);
	pump(w);
	assert_int_equal(w->n_offers, 1);
	expect_hash(w, m);
	world_free(w);
}

/* A file that has changed is not sent, neither now nor later. */
static void test_changed(void **state)
{
	struct world *w = world_new();
	struct mem *m = mem_new(w, "a.bin", 30 * WIRE_PIECE);

	(void)state;
	send_it(w, "a.bin");
	w->stop_at = 5;
	pump(w);
	m->stamp++;
	w->stop_at = 0;
	end(w);
	begin(w);
	pump(w);
	assert_int_equal(strncmp(w->done, "changed|", 8), 0);
	assert_int_equal(w->n_offers, 0);
	assert_false(w->has_kept[0]);
	/* While it is sent: at the end. */
	m->stamp = 7;
	w->stop_at = 29;
	send_it(w, "a.bin");
	transfers_tick(w->t, w->now);
	m->n = 3 * WIRE_PIECE;
	pump(w);
	assert_int_equal(strncmp(w->done, "changed|", 8), 0);
	world_free(w);
}

static void test_refused(void **state)
{
	struct world *w = world_new();

	(void)state;
	mem_new(w, "a.bin", 30);
	w->refuse = CODE_QUOTA;
	send_it(w, "a.bin");
	pump(w);
	assert_int_equal(strncmp(w->done, "quota|", 6), 0);
	assert_false(w->has_kept[0]);
	assert_int_equal(transfers_busy(w->t), 0);
	/* A busy server is asked again. */
	w->done[0] = '\0';
	w->refuse = CODE_TRY_LATER;
	send_it(w, "a.bin");
	pump(w);
	assert_string_equal(w->done, "");
	assert_int_equal(transfers_busy(w->t), 1);
	w->refuse = CODE_NONE;
	w->now += 10000;
	pump(w);
	assert_int_equal(w->n_offers, 1);
	world_free(w);
}

static void test_cancel(void **state)
{
	struct world *w = world_new();
	uint32_t number;

	(void)state;
	mem_new(w, "a.bin", 50 * WIRE_PIECE);
	number = send_it(w, "a.bin");
	w->stop_at = 5;
	pump(w);
	assert_int_equal(transfers_cancel(w->t, number), 0);
	pump(w);
	assert_int_equal(strncmp(w->done, "cancelled|", 10), 0);
	assert_false(w->blob[0].is);
	assert_false(w->has_kept[0]);
	assert_int_equal(transfers_cancel(w->t, number), ERR_STATE);
	assert_int_equal(transfers_cancel(w->t, 99), ERR_ABSENT);
	world_free(w);
}

/* Offered once we are in the room. */
static void test_waits_for_the_room(void **state)
{
	struct world *w = world_new();

	(void)state;
	mem_new(w, "a.bin", 30);
	w->joined = false;
	send_it(w, "a.bin");
	pump(w);
	assert_int_equal(w->n_offers, 0);
	w->joined = true;
	pump(w);
	assert_int_equal(w->n_offers, 1);
	world_free(w);
}

/* At most as many blobs as a server takes are sent at once, the rest later. */
static void test_many(void **state)
{
	struct world *w = world_new();
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		char name[16];

		snprintf(name, sizeof(name), "f%zu", i);
		mem_new(w, name, 3 * WIRE_PIECE);
		send_it(w, name);
	}
	pump(w);
	assert_int_equal(w->n_offers, 4);
	world_free(w);
}

/* --- getting -------------------------------------------------------------------------- */

/* A file of so many pieces is with the server, and offered to us. */
static uint32_t offered_file(struct world *w, size_t n)
{
	static struct person carol = {.name = "carol", .trust = TRUST_SEEN};
	struct event e = {.type = EVENT_FILE,
	    .person = &carol,
	    .room_name = "lobby",
	    .offer = &w->offered};

	mem_new(w, "sent", n);
	send_it(w, "sent");
	pump(w);
	transfers_sent(w->t, w->offered.id);
	end(w);
	begin(w);
	w->done[0] = '\0';
	w->progress = 0;
	assert_true(transfers_event(w->t, &e));
	return e.file->number;
}

static void get_it(struct world *w, uint32_t number, const char *name)
{
	struct errmsg why = {""};

	assert_int_equal(transfers_get(w->t, number, name, &why), 0);
	assert_int_equal(transfers_get(w->t, number, name, &why), ERR_STATE);
	assert_int_equal(transfers_get(w->t, 77, name, &why), ERR_ABSENT);
}

static void test_lies(void **state)
{
	struct world *w;
	int lie;

	(void)state;
	for (lie = LIE_SWAP; lie <= LIE_OTHER; lie++) {
		w = world_new();
		get_it(w, offered_file(w, 3 * WIRE_PIECE + 100), NULL);
		w->lie = (enum lie)lie;
		pump(w);
		assert_int_equal(strncmp(w->done, "damaged|", 8), 0);
		assert_null(mem_named(w, "sent.part"));
		assert_false(w->has_kept[0]);
		/* An honest one gives it after that. */
		w->lie = LIE_NONE;
		get_it(w, w->last_number, "other");
		pump(w);
		assert_string_equal(w->done, "|");
		assert_non_null(mem_named(w, "other"));
		world_free(w);
	}
}

/* Another file under the same key: the hash of the offer is not its. */
static void test_wrong_hash(void **state)
{
	struct world *w = world_new();
	struct event e;
	struct person carol = {.name = "carol", .trust = TRUST_SEEN};

	(void)state;
	(void)offered_file(w, 1000);
	w->offered.hash[3] ^= 1;
	w->offered.id[0] ^= 1;
	e = (struct event){.type = EVENT_FILE,
	    .person = &carol,
	    .room_name = "lobby",
	    .offer = &w->offered};
	assert_true(transfers_event(w->t, &e));
	get_it(w, e.file->number, NULL);
	pump(w);
	assert_int_equal(strncmp(w->done, "damaged|", 8), 0);
	world_free(w);
}

static void test_get_resumes(void **state)
{
	struct world *w = world_new();
	uint32_t number = offered_file(w, 50 * WIRE_PIECE);
	struct mem *part;
	size_t before;

	(void)state;
	get_it(w, number, NULL);
	/* Killed with a half of it on the disk, and a torn piece. */
	part = mem_named(w, "sent.part");
	assert_non_null(part);
	memcpy(part->p, mem_named(w, "sent")->p, 25 * WIRE_PIECE + 100);
	part->n = 25 * WIRE_PIECE + 100;
	end(w);
	begin(w);
	before = w->n_pieces;
	pump(w);
	assert_string_equal(w->done, "|");
	assert_int_equal(
	    w->n_pieces - before, blob_pieces(blob_size(50 * WIRE_PIECE)) - 25);
	world_free(w);
}

/* What lies on the disk is not what was written: once more from the start. */
static void test_get_mends(void **state)
{
	struct world *w = world_new();
	uint32_t number = offered_file(w, 20 * WIRE_PIECE);
	struct mem *part;

	(void)state;
	get_it(w, number, NULL);
	part = mem_named(w, "sent.part");
	part->n = 10 * WIRE_PIECE;
	end(w);
	begin(w);
	pump(w);
	assert_string_equal(w->done, "|");
	assert_int_equal(w->n_gets, 2);
	world_free(w);
}

static void test_full_disk(void **state)
{
	struct world *w = world_new();
	uint32_t number = offered_file(w, 5 * WIRE_PIECE);

	(void)state;
	get_it(w, number, NULL);
	w->full_disk = true;
	pump(w);
	assert_string_equal(w->done, "disk|the disk is full");
	assert_null(mem_named(w, "sent.part"));
	world_free(w);
}

static void test_expired(void **state)
{
	struct world *w = world_new();
	uint32_t number = offered_file(w, 5 * WIRE_PIECE);

	(void)state;
	w->blob[0].is = false;
	get_it(w, number, NULL);
	pump(w);
	assert_int_equal(strncmp(w->done, "no_blob|", 8), 0);
	world_free(w);
}

/* Only of people whose key is known, and only live. */
static void test_accept(void **state)
{
	static const struct {
		enum trust trust;
		const char *name;
		bool past, fetched;
	} cases[] = {
	    {TRUST_SEEN, "carol", false, true},
	    {TRUST_VERIFIED, "carol", false, true},
	    {TRUST_NEW, "carol", false, false},
	    {TRUST_CHANGED, "carol", false, false},
	    {TRUST_SEEN, "dave", false, false},
	    {TRUST_SEEN, "carol", true, false},
	};
	struct person who;
	struct event e;
	struct world *w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		w = world_new();
		(void)offered_file(w, 100);
		w->accepts = true;
		w->offered.id[0] ^= 1;
		who = (struct person){.trust = cases[i].trust};
		snprintf(who.name, sizeof(who.name), "%s", cases[i].name);
		e = (struct event){.type = EVENT_FILE,
		    .person = &who,
		    .past = cases[i].past,
		    .room_name = "lobby",
		    .offer = &w->offered};
		assert_true(transfers_event(w->t, &e));
		pump(w);
		assert_int_equal(e.file->state == FILE_SAVED, cases[i].fetched);
		world_free(w);
	}
}

/* A thousand offers: the oldest go, none that is on its way. */
static void test_many_offers(void **state)
{
	struct world *w = world_new();
	uint32_t number = offered_file(w, 100);
	struct person carol = {.name = "carol", .trust = TRUST_SEEN};
	struct event e;
	size_t i;

	(void)state;
	transfers_lost(w->t); /* it waits */
	get_it(w, number, NULL);
	for (i = 0; i < 1000; i++) {
		e = (struct event){.type = EVENT_FILE,
		    .person = &carol,
		    .room_name = "lobby",
		    .offer = &w->offered};
		memcpy(w->offered.id, &i, sizeof(i));
		assert_true(transfers_event(w->t, &e));
	}
	for (i = 0; transfers_at(w->t, i) != NULL; i++)
		;
	assert_int_equal(i, TRANSFERS_MAX);
	assert_int_equal(transfers_at(w->t, 0)->number, number);
	assert_int_equal(transfers_busy(w->t), 1);
	transfers_linked(w->t);
	pump(w);
	assert_string_equal(w->done, "|");
	world_free(w);
}

/* What a server says of files that we do not have, or do not move. */
static void test_nonsense(void **state)
{
	struct world *w = world_new();
	uint8_t body[WIRE_BLOB_HEAD + WIRE_PIECE_SEALED] = {0};
	struct blob_state s = {.pieces = UINT32_MAX};

	(void)state;
	assert_int_equal(transfers_piece(w->t, body, sizeof(body)), 0);
	assert_int_equal(transfers_piece(w->t, body, 3), ERR_RANGE);
	have(w, &s);
	gone(w, body);
	mem_new(w, "a", 40 * WIRE_PIECE);
	send_it(w, "a");
	w->stop_at = 5;
	pump(w);
	/* More than was sent, and less than it had. */
	memcpy(s.blob, w->blob[0].id, WIRE_BLOB);
	have(w, &s);
	s.pieces = 0;
	have(w, &s);
	assert_true(transfers_at(w->t, 0)->done <= 5 * (uint64_t)WIRE_PIECE);
	gone(w, w->blob[0].id);
	note_events(w);
	assert_int_equal(strncmp(w->done, "no_blob|", 8), 0);
	world_free(w);
}

/* A server that says nothing more: not for ever. One that goes on slowly may. */
static void test_silence(void **state)
{
	struct world *w = world_new();
	struct blob_state s = {.pieces = 0};
	uint64_t at;

	(void)state;
	mem_new(w, "a", 60 * WIRE_PIECE);
	send_it(w, "a");
	w->stop_at = 5;
	pump(w);
	memcpy(s.blob, w->blob[0].id, WIRE_BLOB);
	for (s.pieces = 6; s.pieces < 12; s.pieces++) {
		w->now += STALL_MS - 1;
		transfers_tick(w->t, w->now);
		have(w, &s);
		transfers_tick(w->t, w->now);
	}
	at = transfers_deadline(w->t, w->now);
	assert_true(at > w->now && at <= w->now + STALL_MS);
	note_events(w);
	assert_string_equal(w->done, "");
	w->now += STALL_MS;
	transfers_tick(w->t, w->now);
	note_events(w);
	assert_int_equal(strncmp(w->done, "timeout|the server has not gone on", 34),
	    0);
	assert_int_equal(transfers_at(w->t, 0)->state, FILE_ENDED);
	assert_int_equal(transfers_deadline(w->t, w->now), UINT64_MAX);
	assert_false(w->has_kept[0]);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_send_resumes),
	    cmocka_unit_test(test_send_reconnects),
	    cmocka_unit_test(test_send_begins_again),
	    cmocka_unit_test(test_changed),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_cancel),
	    cmocka_unit_test(test_waits_for_the_room),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_lies),
	    cmocka_unit_test(test_wrong_hash),
	    cmocka_unit_test(test_get_resumes),
	    cmocka_unit_test(test_get_mends),
	    cmocka_unit_test(test_full_disk),
	    cmocka_unit_test(test_expired),
	    cmocka_unit_test(test_accept),
	    cmocka_unit_test(test_many_offers),
	    cmocka_unit_test(test_nonsense),
	    cmocka_unit_test(test_silence),
	};

	json_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
