/* A store with a real warden and keeper, on a folder of a test's own. */
#include "tests/unit/store_world.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shared/os/clock.h"
#include "shared/proto/group.h"

enum { PATIENCE_MS = 60000 * CONCLAVE_SLOW };

const struct logger store_world_quiet = {.level = (enum logger_level) - 1};

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){0, ms * 1000000}, NULL);
}

/* --- beginning and end -------------------------------------------------------- */

void store_world_init(struct store_world *w, const char *dir)
{
	memset(w, 0, sizeof(*w));
	w->dir = dir;
	w->crypto = crypto_new();
	assert_non_null(w->crypto);
	pthread_mutex_init(&w->lock, NULL);
}

void store_world_free(struct store_world *w)
{
	if (w->s != NULL)
		(void)store_free(w->s, 0);
	crypto_free(w->crypto);
	pthread_mutex_destroy(&w->lock);
}

static void on_committed(void *arg)
{
	struct store_world *w = arg;

	pthread_mutex_lock(&w->lock);
	w->commits++;
	pthread_mutex_unlock(&w->lock);
}

static void on_stuck(void *arg, const char *why)
{
	struct store_world *w = arg;

	pthread_mutex_lock(&w->lock);
	if (why != NULL)
		w->stuck++;
	else
		w->unstuck++;
	if (why != NULL)
		snprintf(w->why, sizeof(w->why), "%s", why);
	pthread_mutex_unlock(&w->lock);
}

int store_world_try(struct store_world *w, const struct store_loader *l)
{
	static const struct store_loader nothing = {.room = NULL};
	const struct warden_opts o = {
	    .keeper = {.dir = w->dir,
		.sync_full = true,
		.log = &store_world_quiet},
	    .run = keeper_run,
	    .title = "conclaved: keeper",
	    .name = "conclave-keeper",
	    .who = "the keeper"};
	const struct store_events events = {
	    .committed = on_committed, .stuck = on_stuck, .arg = w};
	int fd, r;

	memset(w->session, ++w->runs, sizeof(w->session));
	assert_int_equal(warden_start(&o, &fd), 0);
	w->s = store_start(fd, &events, &store_world_quiet);
	assert_non_null(w->s);
	w->newest = 0;
	if ((r = store_load(w->s, l != NULL ? l : &nothing, w->session)) == 0)
		return 0;
	(void)store_free(w->s, PATIENCE_MS);
	w->s = NULL;
	while (wait(NULL) > 0 || errno == EINTR)
		;
	return r;
}

void store_world_start(struct store_world *w)
{
	assert_int_equal(store_world_try(w, NULL), 0);
}

void store_world_stop(struct store_world *w)
{
	assert_true(store_free(w->s, PATIENCE_MS));
	w->s = NULL;
	while (wait(NULL) > 0 || errno == EINTR)
		;
}

/* --- the processes --------------------------------------------------------------- */

static int child_of(int pid)
{
	char path[64];
	FILE *f;
	int child = 0;

	if (pid == 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	if ((f = fopen(path, "r")) == NULL)
		return 0;
	if (fscanf(f, "%d", &child) != 1)
		child = 0;
	fclose(f);
	return child;
}

int store_world_warden(void)
{
	return child_of(getpid());
}

int store_world_keeper(void)
{
	return child_of(store_world_warden());
}

void store_world_kill_keeper(void)
{
	int pid = store_world_keeper();

	if (pid > 0)
		assert_int_equal(kill(pid, SIGKILL), 0);
}

/* --- what is put -------------------------------------------------------------------- */

void store_world_room(struct store_world *w, uint32_t id)
{
	struct world_room *room = &w->room[id];
	struct store_room put = {
	    .id = id, .name = "a room", .topic = "a topic", .log = room->log};

	assert_in_range(id, 1, STORE_WORLD_ROOMS);
	if (room->id == 0) {
		room->id = id;
		memset(room->log, (int)id, WIRE_LOG);
		assert_int_equal(
		    log_head_start(w->crypto, &room->head, room->log), 0);
		room->settings.history = HISTORY_MEMBERS;
	}
	put.settings = room->settings;
	assert_int_equal(store_put_room(w->s, &put, &w->newest), 0);
}

void store_world_epoch(
    struct store_world *w, uint32_t room, uint32_t epoch, uint8_t fill)
{
	uint8_t base[WIRE_KEY], roster[WIRE_HASH];
	const struct store_epoch e = {room, epoch, base, roster};

	memset(base, fill, sizeof(base));
	memset(roster, 0xaa, sizeof(roster));
	assert_int_equal(store_put_epoch(w->s, &e), 0);
	w->newest++;
	w->epoch = epoch;
}

void store_world_person(struct store_world *w, uint32_t member)
{
	char json[64];
	struct store_person p = {.member = member, .json = json};

	p.len = (size_t)snprintf(
	    json, sizeof(json), "{\"name\":\"person %u\"}", (unsigned)member);
	assert_int_equal(store_put_person(w->s, &p), 0);
	w->newest++;
	w->member = member;
}

struct given {
	struct store_world *w;
	uint8_t bytes[];
};

static void give_back(void *owner)
{
	struct given *g = owner;

	pthread_mutex_lock(&g->w->lock);
	g->w->given_back++;
	pthread_mutex_unlock(&g->w->lock);
	free(g);
}

void store_world_entry(
    struct store_world *w, uint32_t room, const char *text, size_t n)
{
	struct world_room *at = &w->room[room];
	size_t len = n != 0 ? n : STORE_WORLD_BODY, i, of = strlen(text);
	struct given *g = calloc(1, sizeof(*g) + len);
	struct store_entry e = {.room = room,
	    .ts_ms = w->now_ms != 0 ? w->now_ms : clock_real_ms(),
	    .len = len,
	    .done = give_back,
	    .owner = g};
	uint8_t d[WIRE_HASH];

	assert_non_null(g);
	g->w = w;
	put_u64(g->bytes, at->head.offset + 1);
	put_u32(g->bytes + 8, room);
	put_u32(g->bytes + 12, w->epoch);
	put_u32(g->bytes + 16, w->member);
	put_u64(g->bytes + 20, at->head.offset);
	for (i = WIRE_GROUP_HEAD; i < len; i++)
		g->bytes[i] = (uint8_t)text[(i - WIRE_GROUP_HEAD) % of];
	memcpy(e.before, at->head.chain, WIRE_HASH);
	assert_int_equal(crypto_hash1(w->crypto, d, g->bytes + WIRE_OFFSET,
			     len - WIRE_OFFSET),
	    0);
	assert_int_equal(log_head_add(w->crypto, &at->head, d), 0);
	e.head = at->head;
	e.bytes = g->bytes;
	assert_int_equal(store_put_entry(w->s, &e, &w->newest), 0);
	if (!w->holds)
		store_flush(w->s);
}

void store_world_commit(struct store_world *w)
{
	const uint64_t end = clock_monotonic_ms() + PATIENCE_MS;

	while (store_committed(w->s) < w->newest) {
		assert_true(clock_monotonic_ms() < end);
		pause_ms(1);
	}
}

unsigned store_world_count(struct store_world *w, const unsigned *n)
{
	unsigned now;

	pthread_mutex_lock(&w->lock);
	now = *n;
	pthread_mutex_unlock(&w->lock);
	return now;
}

void store_world_until(struct store_world *w, const unsigned *n, unsigned least)
{
	const uint64_t end = clock_monotonic_ms() + PATIENCE_MS;
	bool there = false;

	while (!there) {
		assert_true(clock_monotonic_ms() < end);
		pthread_mutex_lock(&w->lock);
		there = *n >= least;
		pthread_mutex_unlock(&w->lock);
		if (!there)
			pause_ms(1);
	}
}

/* --- reading ---------------------------------------------------------------------------- */

struct answer {
	struct store_world *w;
	void (*look)(void *arg, const struct store_range *r);
	void *arg;
	unsigned done;
};

static void on_range(void *arg, const struct store_range *r)
{
	struct answer *a = arg;

	pthread_mutex_lock(&a->w->lock);
	if (a->look != NULL)
		a->look(a->arg, r);
	a->done = 1;
	pthread_mutex_unlock(&a->w->lock);
}

void store_world_read(struct store_world *w, const struct store_question *q,
    void (*look)(void *arg, const struct store_range *r), void *arg)
{
	struct answer a = {.w = w, .look = look, .arg = arg};
	struct store_question mine = *q;

	mine.got = on_range;
	mine.arg = &a;
	assert_int_equal(store_read(w->s, &mine), 0);
	store_world_until(w, &a.done, 1);
}

struct audit {
	struct crypto *crypto;
	struct log_head at;
	uint64_t entries, oldest;
	int wrong;
};

static void audit_range(void *arg, const struct store_range *r)
{
	struct audit *a = arg;
	uint8_t d[WIRE_HASH];
	size_t i;

	a->wrong |= r->err != 0;
	if (r->err != 0 || r->n_entries == 0)
		return;
	if (a->entries == 0) {
		a->at.offset = r->entry[0].offset - 1;
		a->oldest = r->oldest;
		memcpy(a->at.chain, r->before, WIRE_HASH);
	}
	a->wrong |= memcmp(a->at.chain, r->before, WIRE_HASH) != 0;
	for (i = 0; i < r->n_entries; i++) {
		const struct store_kept *k = &r->entry[i];

		memcpy(d, k->digest, WIRE_HASH);
		if (k->bytes != NULL)
			a->wrong |=
			    crypto_hash1(a->crypto, d, k->bytes + WIRE_OFFSET,
				k->len - WIRE_OFFSET) != 0;
		a->wrong |= memcmp(d, k->digest, WIRE_HASH) != 0;
		a->wrong |= k->offset != a->at.offset + 1;
		a->wrong |= log_head_add(a->crypto, &a->at, d) != 0;
	}
	a->entries += r->n_entries;
}

uint64_t store_world_audit(struct store_world *w, uint32_t room)
{
	struct crypto *crypto = crypto_new(); /* for the store's thread */
	struct audit a = {.crypto = crypto};
	struct store_question q = {
	    .room = room, .count = 500, .first = 1, .bytes = 1 << 20};
	uint64_t had;

	assert_non_null(crypto);
	do {
		had = a.entries;
		store_world_read(w, &q, audit_range, &a);
		assert_int_equal(a.wrong, 0);
		q.first = a.at.offset + 1;
	} while (a.entries > had);
	crypto_free(crypto);
	if (a.entries > 0) {
		assert_int_equal(a.at.offset, w->room[room].head.offset);
		assert_memory_equal(
		    a.at.chain, w->room[room].head.chain, WIRE_HASH);
	}
	return a.entries;
}
