/* transfer_world.c - a session's files, with a disk in memory. */
#include "tests/unit/transfer_world.h"

enum { FILE_BYTES = 4 << 20 };

/* --- files in memory ------------------------------------------------------------ */

struct tw_file *tw_named(struct tw *w, const char *name)
{
	size_t i;

	for (i = 0; i < TW_FILES; i++)
		if (w->mem[i].is && strcmp(w->mem[i].name, name) == 0)
			return &w->mem[i];
	return NULL;
}

struct tw_file *tw_file(struct tw *w, const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < TW_FILES && w->mem[i].is; i++)
		;
	assert_true(i < TW_FILES);
	snprintf(w->mem[i].name, sizeof(w->mem[i].name), "%s", name);
	w->mem[i].p = calloc(1, FILE_BYTES);
	assert_non_null(w->mem[i].p);
	ends_random(&w->seed, w->mem[i].p, n);
	w->mem[i].n = n;
	w->mem[i].stamp = 7;
	w->mem[i].is = true;
	return &w->mem[i];
}

static int opened(struct tw *w, struct tw_file *m, struct file_opened *out,
    struct errmsg *why)
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
	return opened(arg, tw_named(arg, path), out, why);
}

static int op_create(
    void *arg, const char *name, struct file_opened *out, struct errmsg *why)
{
	char part[64];

	snprintf(part, sizeof(part), "%.50s.part", name);
	return opened(arg, tw_file(arg, part, 0), out, why);
}

static int op_read(
    void *arg, int handle, uint64_t at, void *p, size_t n, struct errmsg *why)
{
	const struct tw_file *m = &((struct tw *)arg)->mem[handle];

	(void)why;
	if (at + n > m->n)
		return ERR_STATE;
	memcpy(p, m->p + at, n);
	return 0;
}

static int op_write(void *arg, int handle, uint64_t at, const void *p, size_t n,
    struct errmsg *why)
{
	struct tw *w = arg;
	struct tw_file *m = &w->mem[handle];

	if (w->full_disk)
		return errmsg_set(why, ERR_IO, "the disk is full");
	assert_true(at + n <= FILE_BYTES);
	memcpy(m->p + at, p, n);
	if (at + n > m->n)
		m->n = (size_t)(at + n);
	return 0;
}

static uint64_t op_stamp(void *arg, int handle)
{
	return ((struct tw *)arg)->mem[handle].stamp;
}

static void op_close(void *arg, int handle)
{
	(void)arg;
	assert_true(handle >= 0);
}

static int op_finish(void *arg, const char *place, const char *name,
    const char **path, struct errmsg *why)
{
	struct tw_file *m = tw_named(arg, place);

	(void)why;
	assert_non_null(m);
	snprintf(m->name, sizeof(m->name), "%.60s", name);
	*path = m->name;
	return 0;
}

static void op_drop(void *arg, const char *place)
{
	struct tw_file *m = tw_named(arg, place);

	if (m == NULL)
		return;
	free(m->p);
	memset(m, 0, sizeof(*m));
}

static bool op_load(void *arg, struct file_record *out)
{
	struct tw *w = arg;

	for (; w->loads < TW_FILES; w->loads++)
		if (w->has_kept[w->loads]) {
			*out = w->kept[w->loads++];
			return true;
		}
	return false;
}

static int op_keep(void *arg, const struct file_record *r, struct errmsg *why)
{
	struct tw *w = arg;
	size_t i;

	(void)why;
	for (i = 0; i < TW_FILES && w->has_kept[i]; i++)
		;
	assert_true(i < TW_FILES);
	w->kept[i] = *r;
	w->has_kept[i] = true;
	return 0;
}

static void op_forget(void *arg, bool own, const uint8_t id[WIRE_ID])
{
	struct tw *w = arg;
	size_t i;

	for (i = 0; i < TW_FILES; i++)
		if (w->has_kept[i] && w->kept[i].own == own &&
		    memcmp(w->kept[i].offer.id, id, WIRE_ID) == 0)
			w->has_kept[i] = false;
}

static bool op_accept(void *arg, const char *from, uint64_t size)
{
	(void)size;
	return ((struct tw *)arg)->accepts && strcmp(from, "carol") == 0;
}

static uint64_t op_wall(void)
{
	return 1800000000000;
}

static bool may_offer(void *arg, const struct file_record *r)
{
	assert_string_equal(r->room, "lobby");
	return ((struct tw *)arg)->joined;
}

static int offer(void *arg, const struct file_record *r, uint64_t wall_ms)
{
	struct tw *w = arg;

	assert_string_equal(r->room, "lobby");
	assert_int_equal(wall_ms, op_wall());
	w->offered = r->offer;
	w->n_offers++;
	return 0;
}

static int fill_random(void *arg, void *out, size_t n)
{
	ends_random(&((struct tw *)arg)->seed, out, n);
	return 0;
}

/* --- a world --------------------------------------------------------------------- */

void tw_begin(struct tw *w)
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

void tw_end(struct tw *w)
{
	transfers_free(w->t);
	requests_free(w->requests);
	outgoing_free(w->out);
	events_free(w->events);
	w->t = NULL;
}

struct tw *tw_new(void)
{
	struct tw *w = calloc(1, sizeof(*w));

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
	tw_begin(w);
	return w;
}

void tw_free(struct tw *w)
{
	size_t i, k;

	tw_end(w);
	for (i = 0; i < TW_FILES; i++)
		free(w->mem[i].p);
	for (i = 0; i < 4; i++)
		for (k = 0; k < TW_PIECES; k++)
			free(w->blob[i].piece[k]);
	ends_free(&w->ends);
	free(w);
}

void tw_note(struct tw *w)
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

void tw_pump(struct tw *w)
{
	int quiet = 0;

	while (quiet < 3) {
		w->now += 10;
		transfers_tick(w->t, w->now);
		assert_int_equal(transfers_step(w->t), 0);
		assert_int_equal(requests_send(w->requests), 0);
		quiet = tw_carry(w) || transfers_ready(w->t) ||
				transfers_deadline(w->t, w->now) == w->now
			    ? 0
			    : quiet + 1;
		tw_note(w);
		if (w->stop_at != 0 && quiet == 0 &&
		    w->blob[0].have >= w->stop_at && !tw_carry(w))
			quiet = 2;
	}
}

/* --- what tests do ---------------------------------------------------------------- */

uint32_t tw_send(struct tw *w, const char *path)
{
	struct errmsg why = {""};
	uint32_t number = 0;

	assert_int_equal(transfers_send(w->t,
			     &(struct transfers_to){(const void *)w, "lobby"},
			     path, &number, &why),
	    0);
	return number;
}

void tw_expect_offer(struct tw *w, const struct tw_file *m)
{
	uint8_t hash[WIRE_HASH];

	assert_int_equal(w->n_offers, 1);
	assert_int_equal(crypto_hash1(w->ends.c, hash, m->p, m->n), 0);
	assert_memory_equal(hash, w->offered.hash, WIRE_HASH);
}

const struct session_file *tw_hear(
    struct tw *w, const struct person *who, bool past)
{
	struct event e = {.type = EVENT_FILE,
	    .person = who,
	    .past = past,
	    .room_name = "lobby",
	    .offer = &w->offered};

	assert_true(transfers_event(w->t, &e));
	return e.file;
}

uint32_t tw_offered(struct tw *w, size_t n)
{
	static struct person carol = {.name = "carol", .trust = TRUST_SEEN};

	tw_file(w, "sent", n);
	tw_send(w, "sent");
	tw_pump(w);
	transfers_sent(w->t, w->offered.id);
	tw_end(w);
	tw_begin(w);
	w->done[0] = '\0';
	w->progress = 0;
	return tw_hear(w, &carol, false)->number;
}

void tw_get(struct tw *w, uint32_t number, const char *name)
{
	struct errmsg why = {""};

	assert_int_equal(transfers_get(w->t, number, name, &why), 0);
	assert_int_equal(transfers_get(w->t, number, name, &why), ERR_STATE);
	assert_int_equal(transfers_get(w->t, 77, name, &why), ERR_ABSENT);
}
