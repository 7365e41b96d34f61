/* Fuzzes the keeper as a relay that was broken into would: messages of any bytes,
 * and a program of almost honest ones, into a real database (all in one
 * transaction, which is rolled back). Whatever came, the database is whole
 * afterwards, and every answer is one that the relay takes. */
#include <ftw.h>
#include <unistd.h>

#include "server/store/db_int.h"
#include "server/store/keeper_put.h"
#include "server/store/store_int.h"
#include "tests/fuzz/fuzz.h"

enum { ROOMS = 3, BODY_MIN = 108 };

static char folder[] = "/tmp/conclave-fuzz-XXXXXX";
static struct db *db;

static void clean(void)
{
	char path[sizeof(folder) + 32];

	db_close(db);
	snprintf(path, sizeof(path), "%s/" DB_NAME, folder);
	(void)unlink(path);
	(void)rmdir(folder);
}

static void open_once(void)
{
	static const uint8_t key[WIRE_KEY], session[WIRE_NONCE];
	char path[sizeof(folder) + 32];
	struct db_opts o = {.path = path, .key = key};
	struct errmsg why;
	uint64_t ticket;
	uint32_t run;

	if (db != NULL)
		return;
	FUZZ_CHECK(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/" DB_NAME, folder);
	FUZZ_CHECK(db_open(&db, &o, &why) == 0);
	FUZZ_CHECK(db_run(db, session, &run, &ticket) == 0);
	atexit(clean);
}

/* --- what comes out ------------------------------------------------------------ */

static void take_answer(void *arg, const struct store_range *r)
{
	size_t i;

	*(bool *)arg = true;
	FUZZ_CHECK(r->err == 0);
	for (i = 0; i < r->n_entries; i++) {
		FUZZ_CHECK(
		    i == 0 || r->entry[i].offset == r->entry[i - 1].offset + 1);
		FUZZ_CHECK(
		    r->entry[i].bytes == NULL || r->entry[i].run < r->n_runs);
		FUZZ_CHECK(r->entry[i].offset >= r->oldest);
	}
}

static void ask(struct store_question *q)
{
	struct store_ask a = {.id = 7, .q = *q};
	bool answered = false;
	struct buf out;

	buf_init_secret(&out, STORE_RANGE_BYTES);
	FUZZ_CHECK(db_read(db, 7, q, &out) == 0);
	a.q.got = take_answer;
	a.q.arg = &answered;
	store_range_answer(&a, &out);
	FUZZ_CHECK(answered);
	buf_free(&out);
}

static int count_frame(void *arg, const struct buf *frame)
{
	struct store_frame f;

	FUZZ_CHECK(store_frame_next(&f, frame->p, frame->len) == 0);
	FUZZ_CHECK(f.size == frame->len);
	++*(size_t *)arg;
	return 0;
}

static void check_whole(void)
{
	struct errmsg why;
	bool more = true;
	size_t n = 0;

	while (more)
		if (db_check(db, &more, &why) != 0)
			fuzz_fail(why.text, __FILE__, __LINE__);
	FUZZ_CHECK(db_load(db, count_frame, &n) == 0);
	do
		FUZZ_CHECK(db_uses_count(db, &more) == 0);
	while (more);
}

/* --- what goes in ----------------------------------------------------------------- */

static void take(const uint8_t *p, size_t n)
{
	struct store_question q;
	struct store_frame f;
	bool destroyed = false;
	int r;

	if (store_frame_next(&f, p, n) != 0)
		return;
	FUZZ_CHECK(f.size <= n);
	if (store_is_put(f.kind)) {
		r = keeper_put(db, f.kind, f.body, &destroyed);
		FUZZ_CHECK(r != ERR_IO && r != ERR_NOMEM && r != ERR_AGAIN);
	} else if (f.kind == STORE_READ &&
		   store_question_get(&f.body, &q) == 0) {
		ask(&q);
	}
}

static void take_raw(struct fuzz *f)
{
	size_t n;
	const uint8_t *p = fuzz_piece(f, &n);
	struct buf b;
	size_t at;

	buf_init(&b, 1 << 17);
	FUZZ_CHECK(store_frame_begin(&b, fuzz_u8(f), &at) == 0);
	FUZZ_CHECK(buf_put(&b, p, n) == 0);
	FUZZ_CHECK(store_frame_end(&b, at, 0) == 0);
	take(b.p, b.len);
	buf_free(&b);
}

struct rooms {
	struct log_head head[ROOMS + 1];
	uint8_t log[ROOMS + 1][WIRE_LOG];
};

static void put_room(struct rooms *all, uint32_t id, struct fuzz *f)
{
	struct store_room r = {
	    .id = id, .name = "room", .topic = "", .log = all->log[id]};

	r.settings.history = (enum room_history)(fuzz_u8(f) % 3);
	r.settings.keep_count = fuzz_u8(f);
	FUZZ_CHECK(db_put_room(db, &r) == 0);
}

/* The next entry of a room, with one thing that may be wrong. */
static void put_entry(struct rooms *all, uint32_t id, struct fuzz *f)
{
	uint8_t wrong = fuzz_u8(f), d[WIRE_HASH], *bytes;
	struct log_head h = all->head[id];
	struct store_entry e = {.room = id, .ts_ms = fuzz_u32(f)};
	struct group_head g;
	size_t n;
	const uint8_t *p = fuzz_piece(f, &n);
	int r;

	e.len = BODY_MIN + n;
	bytes = calloc(1, e.len);
	FUZZ_CHECK(bytes != NULL);
	put_u32(bytes + 8, id);
	put_u32(bytes + 12, wrong >> 4 & 3);
	put_u32(bytes + 16, wrong >> 6);
	memcpy(bytes + BODY_MIN, p, n);
	e.bytes = bytes;
	memcpy(e.before, h.chain, WIRE_HASH);
	FUZZ_CHECK(crypto_hash1(fuzz_crypto(), d, bytes + WIRE_OFFSET,
		       e.len - WIRE_OFFSET) == 0);
	FUZZ_CHECK(log_head_add(fuzz_crypto(), &h, d) == 0);
	e.head = h;
	e.head.offset += (wrong & 15) == 1;
	e.head.chain[0] ^= (wrong & 15) == 2;
	e.before[3] ^= (wrong & 15) == 3;
	bytes[BODY_MIN - 1] ^= (wrong & 15) == 4;
	FUZZ_CHECK(group_head_decode(&g, bytes, e.len) == 0);
	r = db_put_entry(db, &e);
	FUZZ_CHECK(r != ERR_IO && r != ERR_NOMEM);
	FUZZ_CHECK((wrong & 15) < 1 || (wrong & 15) > 4 || r != 0);
	if (r == 0)
		all->head[id] = h;
	free(bytes);
}

static void put_epoch(uint32_t id, struct fuzz *f)
{
	const uint8_t base[WIRE_KEY] = {fuzz_u8(f)};
	const struct store_epoch e = {id, fuzz_u8(f) & 3, base, base};
	const struct store_person p = {fuzz_u8(f) & 3, "{}", 2};

	FUZZ_CHECK(db_put_epoch(db, &e, 1) == 0);
	FUZZ_CHECK(db_put_person(db, &p) == 0);
}

static void ask_some(uint32_t id, struct fuzz *f)
{
	struct store_question q = {.room = id,
	    .count = 1 + fuzz_u8(f),
	    .first = fuzz_u8(f),
	    .before = (fuzz_u8(f) & 1) != 0,
	    .bytes = fuzz_u32(f) & 0xfffff};

	ask(&q);
}

static void step(struct rooms *all, struct fuzz *f)
{
	uint8_t op = fuzz_u8(f);
	uint32_t id = 1 + (op >> 4) % ROOMS;

	switch (op & 7) {
	case 0:
		put_room(all, id, f);
		break;
	case 1:
	case 2:
		put_entry(all, id, f);
		break;
	case 3:
		put_epoch(id, f);
		break;
	case 4:
		FUZZ_CHECK(db_purge(db, id, fuzz_u8(f)) == 0);
		break;
	case 5:
		if (fuzz_u8(f) & 1)
			FUZZ_CHECK(db_forget_room(db, id) == 0);
		else
			FUZZ_CHECK(db_forget_entries(db, id) == 0);
		break;
	case 6:
		ask_some(id, f);
		break;
	default:
		take_raw(f);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = fuzz_of(data, size);
	struct rooms all;
	uint32_t id;

	open_once();
	memset(&all, 0, sizeof(all));
	for (id = 1; id <= ROOMS; id++) {
		memset(all.log[id], (int)id, WIRE_LOG);
		FUZZ_CHECK(log_head_start(
			       fuzz_crypto(), &all.head[id], all.log[id]) == 0);
	}
	FUZZ_CHECK(db_begin(db) == 0);
	while (f.left > 0)
		step(&all, &f);
	check_whole();
	db_rollback(db);
	return 0;
}
