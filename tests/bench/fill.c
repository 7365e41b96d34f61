/* fill.c - fills the database of a stopped server with messages, in rooms of
 * 100,000 each: for the size of a large one, and for the start with it.
 *
 *   fill STATE-DIRECTORY MESSAGES BYTES-OF-A-FRAME */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/store/db.h"
#include "server/store/keeper_key.h"
#include "shared/base/oom.h"
#include "shared/base/secret.h"
#include "shared/crypto/library.h"
#include "shared/crypto/random.h"

enum {
	ROOM_MAX = 100000,
	TOGETHER = 1000, /* messages of a transaction */
	FRAME_MAX = 4096,
	PEOPLE = 20,
	EPOCH_OF = 500, /* messages of an epoch */
	FIRST_ROOM = 1000,
};

struct filling {
	struct db *db;
	struct crypto *crypto;
	struct rng rng;
	uint64_t ticket, now_ms;
	uint32_t room, epoch;
	struct log_head head;
	uint8_t bytes[FRAME_MAX];
	size_t n;
};

static int make_room(struct filling *f)
{
	static const uint8_t log[WIRE_LOG] = {1};
	char name[32];
	struct store_room r = {
	    .id = f->room, .name = name, .topic = "", .log = log};

	snprintf(name, sizeof(name), "room%u", f->room);
	r.settings.listed = true;
	r.settings.history = HISTORY_MEMBERS;
	r.settings.keep_days = 7;
	r.settings.keep_count = ROOM_MAX;
	f->epoch = 0;
	if (db_put_room(f->db, &r) != 0)
		return ERR_IO;
	return log_head_start(f->crypto, &f->head, log);
}

static int make_people(struct filling *f)
{
	char json[400];
	struct store_person p = {.json = json, .len = sizeof(json)};
	int r = 0;

	memset(json, 'p', sizeof(json));
	for (p.member = 1; r == 0 && p.member <= PEOPLE; p.member++)
		r = db_put_person(f->db, &p);
	return r;
}

static int make_epoch(struct filling *f)
{
	uint8_t base[WIRE_KEY], roster[WIRE_HASH] = {0};
	const struct store_epoch e = {f->room, ++f->epoch, base, roster};

	if (f->rng.fill(f->rng.arg, base, sizeof(base)) != 0)
		return ERR_CRYPTO;
	return db_put_epoch(f->db, &e, f->now_ms);
}

static int make_entry(struct filling *f)
{
	struct group_head h = {.room = f->room,
	    .epoch = f->epoch,
	    .sender = 1 + (uint32_t)(f->head.offset % PEOPLE),
	    .seq = 1 + f->head.offset / PEOPLE};
	struct store_entry e = {.room = f->room,
	    .ts_ms = f->now_ms,
	    .bytes = f->bytes,
	    .len = f->n};
	uint8_t d[WIRE_HASH];
	int r;

	put_u64(f->bytes, 0);
	put_u32(f->bytes + 8, h.room);
	put_u32(f->bytes + 12, h.epoch);
	put_u32(f->bytes + 16, h.sender);
	put_u64(f->bytes + 20, h.seq);
	if (f->rng.fill(f->rng.arg, f->bytes + WIRE_GROUP_HEAD,
		f->n - WIRE_GROUP_HEAD) != 0)
		return ERR_CRYPTO;
	memcpy(e.before, f->head.chain, WIRE_HASH);
	if ((r = crypto_hash1(f->crypto, d, f->bytes + WIRE_OFFSET,
		 f->n - WIRE_OFFSET)) != 0 ||
	    (r = log_head_add(f->crypto, &f->head, d)) != 0)
		return r;
	e.head = f->head;
	return db_put_entry(f->db, &e);
}

/* One transaction. */
static int some(struct filling *f, uint64_t *done, uint64_t total)
{
	uint64_t end = *done + TOGETHER < total ? *done + TOGETHER : total;
	int r = db_begin(f->db);

	if (r == 0 && *done == 0)
		r = make_people(f);
	for (; r == 0 && *done < end; ++*done) {
		if (*done % ROOM_MAX == 0) {
			f->room++;
			r = make_room(f);
		}
		if (r == 0 && f->head.offset % EPOCH_OF == 0)
			r = make_epoch(f);
		if (r == 0)
			r = make_entry(f);
	}
	if (r == 0 && (r = db_commit(f->db, ++f->ticket)) == 0)
		db_checkpoint(f->db);
	return r;
}

static int fill(struct filling *f, const char *dir, uint64_t total)
{
	uint8_t key[WIRE_KEY], session[WIRE_NONCE];
	char path[4096];
	struct db_opts o = {.path = path, .key = key, .wait_ms = 5000};
	struct errmsg why;
	uint64_t done = 0;
	uint32_t run;
	int r;

	snprintf(path, sizeof(path), "%s/" DB_NAME, dir);
	if ((r = keeper_key_read(key, dir, &why)) != 0 ||
	    (r = db_open(&f->db, &o, &why)) != 0) {
		fprintf(stderr, "fill: %s\n", why.text);
		return r;
	}
	if ((r = f->rng.fill(f->rng.arg, session, sizeof(session))) == 0)
		r = db_run(f->db, session, &run, &f->ticket);
	while (r == 0 && done < total)
		r = some(f, &done, total);
	if (r == 0)
		r = db_scrub(f->db);
	if (r != 0)
		fprintf(stderr, "fill: %s: %s\n", err_str(r), db_why(f->db));
	db_close(f->db);
	return r;
}

int main(int argc, char **argv)
{
	struct filling f = {.rng = random_system(), .room = FIRST_ROOM};
	int r;

	if (argc != 4 || !oom_setup() || library_setup() != 0 ||
	    secret_setup(1) == ERR_NOMEM)
		return 2;
	f.n = (size_t)atol(argv[3]);
	if (f.n < WIRE_GROUP_HEAD + WIRE_SIGNATURE + WIRE_TAG ||
	    f.n > FRAME_MAX || (f.crypto = crypto_new()) == NULL)
		return 2;
	f.now_ms = (uint64_t)time(NULL) * 1000;
	r = fill(&f, argv[1], (uint64_t)atoll(argv[2]));
	crypto_free(f.crypto);
	return r == 0 ? 0 : 1;
}
