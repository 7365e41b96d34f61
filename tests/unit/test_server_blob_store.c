/* blob_store.c with a real warden and process for files: every question, what
 * becomes of them when the process dies, and what no relay asks. */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "server/store/blob_dir.h"
#include "server/store/blob_keeper.h"
#include "server/store/blob_store.h"
#include "server/store/warden.h"
#include "shared/os/clock.h"
#include "shared/proto/blob.h"
#include "tests/unit/folder.h"

static const struct logger quiet = {.level = (enum logger_level) - 1};
static uint8_t piece[WIRE_PIECE_SEALED];

/* --- asking -------------------------------------------------------------------- */

struct question {
	struct blob_ask_item item;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool answered;
};

static void on_got(struct blob_ask_item *i)
{
	struct question *q = (struct question *)(void *)i;

	pthread_mutex_lock(&q->lock);
	q->answered = true;
	pthread_cond_signal(&q->cond);
	pthread_mutex_unlock(&q->lock);
}

static void begin(
    struct blob_store *b, struct question *q, const struct blob_message *m)
{
	memset(q, 0, sizeof(*q));
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->cond, NULL);
	q->item.m = *m;
	q->item.got = on_got;
	(void)blob_store_ask(b, &q->item);
}

static struct blob_message end(struct question *q)
{
	pthread_mutex_lock(&q->lock);
	while (!q->answered)
		pthread_cond_wait(&q->cond, &q->lock);
	pthread_mutex_unlock(&q->lock);
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->cond);
	free(q->item.body);
	return q->item.m; /* its bytes are gone */
}

static struct blob_message asked(struct blob_store *b, struct blob_message m)
{
	struct question q;

	begin(b, &q, &m);
	return end(&q);
}

static struct blob_message of(enum blob_wire_kind kind, uint8_t number)
{
	struct blob_message m = {
	    .kind = (uint8_t)kind, .time = clock_real_ms()};

	memset(m.blob, number, sizeof(m.blob));
	memset(m.owner, 0x77, sizeof(m.owner));
	return m;
}

static struct blob_message new_one(
    struct blob_store *b, uint8_t number, uint64_t size)
{
	struct blob_message m = of(BLOB_ASK_NEW, number);

	m.size = size;
	m.bytes = (const uint8_t *)"alice";
	m.len = 5;
	return asked(b, m);
}

static struct blob_message put_one(struct blob_store *b, uint8_t number,
    uint64_t size, uint32_t index, uint64_t sender)
{
	struct blob_message m = of(BLOB_ASK_PUT, number);

	m.number = index;
	m.size = sender;
	m.bytes = piece;
	m.len = BLOB_SEALED(blob_piece(size, index));
	return asked(b, m);
}

/* --- the processes --------------------------------------------------------------- */

static struct blob_store *started(void **state, const struct blob_limits *l)
{
	const struct warden_opts o = {.keeper = {.dir = *state, .log = &quiet},
	    .run = blob_keeper_run,
	    .title = "conclaved: files",
	    .name = "conclave-files",
	    .who = "the process for files"};
	struct blob_store *b;
	int fd;

	assert_int_equal(warden_start(&o, &fd), 0);
	b = blob_store_start(fd, l, &quiet);
	assert_non_null(b);
	return b;
}

static void stopped(struct blob_store *b)
{
	blob_store_free(b);
	while (wait(NULL) > 0 || errno == EINTR)
		;
}

static const struct blob_limits any = {0};

/* --- tests ----------------------------------------------------------------------- */

/* Whether a thread of this process lets others go first. */
static bool patient(void)
{
	DIR *d = opendir("/proc/self/task");
	const struct dirent *e;
	bool any_does = false;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		any_does |= e->d_name[0] != '.' &&
			    getpriority(PRIO_PROCESS,
				(id_t)strtoul(e->d_name, NULL, 10)) >= 10;
	closedir(d);
	return any_does;
}

/* What the thread does first is forbidden in the sandbox, which comes next. */
static void test_begun_before_the_sandbox(void **state)
{
	struct blob_store *b;
	int i;

	for (i = 0; i < 20; i++) {
		b = started(state, &any);
		assert_true(patient());
		stopped(b);
	}
}

static void test_every_question(void **state)
{
	const uint64_t size = 2 * WIRE_BLOB_STEP * 16; /* 131072 */
	struct blob_store *b = started(state, &any);
	struct blob_message a = new_one(b, 1, size), other;
	const uint64_t sender = a.id;
	uint32_t i;

	assert_int_equal(a.code, BLOB_OK);
	assert_int_equal(a.size, size);
	assert_int_equal(a.number, 0);
	assert_int_equal(new_one(b, 1, size).code, BLOB_BAD);
	assert_int_equal(new_one(b, 2, 5).code, BLOB_BAD);
	assert_int_equal(put_one(b, 1, size, 0, sender + 1).code, BLOB_DENIED);
	assert_int_equal(put_one(b, 1, size, 0, 0).code, BLOB_DENIED);
	assert_int_equal(put_one(b, 9, size, 0, sender).code, BLOB_NONE);
	for (i = 0; i < 3; i++) {
		a = put_one(b, 1, size, i, sender);
		assert_int_equal(a.code, BLOB_OK);
		assert_int_equal(a.number, i + 1);
	}
	other = of(BLOB_ASK_HAVE, 1);
	other.owner[0] = 0;
	assert_int_equal(asked(b, other).code, BLOB_DENIED);
	a = asked(b, of(BLOB_ASK_HAVE, 1));
	assert_int_equal(a.code, BLOB_OK);
	assert_int_equal(a.number, 3);
	assert_int_equal(a.flags, 0);
	assert_int_equal(asked(b, of(BLOB_ASK_GET, 1)).code, BLOB_NONE);
	other = of(BLOB_ASK_END, 1);
	other.number = 3;
	other.owner[0] = 0;
	assert_int_equal(asked(b, other).code, BLOB_DENIED);
	other.owner[0] = 0x77;
	assert_int_equal(asked(b, other).code, BLOB_OK);
	a = asked(b, of(BLOB_ASK_GET, 1));
	assert_int_equal(a.code, BLOB_OK);
	assert_int_equal(a.len, WIRE_PIECE_SEALED);
	other = of(BLOB_ASK_NEXT, 0);
	a = asked(b, other);
	assert_int_equal(a.code, BLOB_OK);
	assert_int_equal(a.blob[0], 1);
	assert_int_equal(a.flags, BLOB_IS_ENDED);
	assert_int_equal(a.len, 5);
	assert_int_equal(asked(b, of(BLOB_ASK_NEXT, 1)).code, BLOB_NONE);
	other = of(BLOB_ASK_GONE, 1);
	other.owner[0] = 0;
	assert_int_equal(asked(b, other).code, BLOB_DENIED);
	other.flags = BLOB_ANYBODY;
	assert_int_equal(asked(b, other).code, BLOB_OK);
	other.kind = BLOB_ASK_NEXT;
	other.flags = BLOB_FIRST;
	assert_int_equal(asked(b, other).code, BLOB_NONE);
	stopped(b);
}

/* All of one owner, whole or not, and nobody else's. */
static void test_erasing(void **state)
{
	struct blob_store *b = started(state, &(struct blob_limits){.all = 9 << 20});
	struct blob_message m = of(BLOB_ASK_END, 1), other = of(BLOB_ASK_NEW, 7);
	struct blob_counts n;
	uint64_t sender;

	sender = new_one(b, 1, 4096).id;
	assert_int_equal(put_one(b, 1, 4096, 0, sender).code, BLOB_OK);
	m.number = 1;
	assert_int_equal(asked(b, m).code, BLOB_OK);
	sender = new_one(b, 2, 3 << 20).id;
	assert_int_equal(put_one(b, 2, 3 << 20, 0, sender).code, BLOB_OK);
	other.size = 4096;
	other.owner[31] = 0;
	assert_int_equal(asked(b, other).code, BLOB_OK);
	blob_store_counts(b, &n);
	assert_int_equal(n.files, 3);
	assert_int_equal(n.bytes, (3 << 20) + 2 * BLOB_DIR_COST);
	assert_int_equal(n.limit, 9 << 20);
	assert_int_equal(blob_store_erase(b, m.owner), 0);
	/* It is answered before this one. */
	assert_int_equal(put_one(b, 2, 3 << 20, 1, sender).code, BLOB_NONE);
	assert_int_equal(asked(b, of(BLOB_ASK_GET, 1)).code, BLOB_NONE);
	blob_store_counts(b, &n);
	assert_int_equal(n.files, 1);
	assert_int_equal(n.bytes, BLOB_DIR_COST);
	m = of(BLOB_ASK_NEXT, 0);
	m.flags = BLOB_FIRST;
	m = asked(b, m);
	assert_int_equal(m.code, BLOB_OK);
	assert_int_equal(m.blob[0], 7);
	/* Of nobody. */
	m = of(BLOB_ASK_ERASE, 0);
	m = asked(b, m);
	assert_int_equal(m.code, BLOB_OK);
	assert_int_equal(m.number, 0);
	stopped(b);
}

/* A piece that is refused ends the sending: it asks where it was. */
static void test_senders(void **state)
{
	struct blob_store *b = started(state, &any);
	uint64_t first = new_one(b, 1, 131072).id, second;

	assert_int_equal(put_one(b, 1, 131072, 0, first).code, BLOB_OK);
	second = asked(b, of(BLOB_ASK_HAVE, 1)).id;
	assert_int_equal(put_one(b, 1, 131072, 1, first).code, BLOB_DENIED);
	second = asked(b, of(BLOB_ASK_HAVE, 1)).id;
	assert_int_equal(put_one(b, 1, 131072, 1, second).code, BLOB_OK);
	assert_int_equal(put_one(b, 1, 131072, 1, second).code, BLOB_BAD);
	assert_int_equal(put_one(b, 1, 131072, 2, second).code, BLOB_DENIED);
	stopped(b);
}

static void test_limits(void **state)
{
	const struct blob_limits l = {.file = 8192};
	struct blob_store *b = started(state, &l);

	assert_int_equal(new_one(b, 1, 12288).code, BLOB_QUOTA);
	assert_int_equal(new_one(b, 1, 8192).code, BLOB_OK);
	blob_store_limit(b, &any);
	assert_int_equal(new_one(b, 2, 12288).code, BLOB_OK);
	stopped(b);
}

/* The one child of a process. */
static pid_t child_of(pid_t pid)
{
	char path[64];
	long child = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)pid,
	    (long)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%ld", &child), 1);
	fclose(f);
	return (pid_t)child;
}

/* The owners whose last byte is zero have an account. */
static bool is_known(void *arg, const uint8_t owner[BLOB_OWNER])
{
	(void)arg;
	return owner[BLOB_OWNER - 1] == 0;
}

static void new_of(struct blob_store *b, uint8_t number, uint8_t last)
{
	struct blob_message m = of(BLOB_ASK_NEW, number);

	m.size = 4096;
	m.owner[BLOB_OWNER - 1] = last;
	assert_int_equal(asked(b, m).code, BLOB_OK);
}

/* Until this file is gone, at another process perhaps. */
static void until_gone(struct blob_store *b, uint8_t number)
{
	struct blob_message m = of(BLOB_ASK_HAVE, number);
	unsigned i;

	m.owner[0] = 0; /* of nobody: only whether it is there */
	for (i = 0; i < 1000 && asked(b, m).code != BLOB_NONE; i++)
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	assert_int_equal(asked(b, m).code, BLOB_NONE);
}

/* Files that were left behind by an account that is gone: the first, the last and
 * those in between, at the beginning and again with each process. */
static void test_strays(void **state)
{
	struct blob_store *b = started(state, &any);
	struct blob_message m = of(BLOB_ASK_NEXT, 0);
	uint8_t i;

	for (i = 1; i < 40; i++)
		new_of(b, i, i % 5 == 3 ? 0 : i % 3 + 1);
	blob_store_owners(b, is_known, NULL);
	until_gone(b, 39);
	assert_int_equal(folder_count(state), 8);
	m.flags = BLOB_FIRST;
	for (i = 3; i < 40; i += 5) {
		m = asked(b, m);
		assert_int_equal(m.code, BLOB_OK);
		assert_int_equal(m.blob[0], i);
		m = of(BLOB_ASK_NEXT, i);
	}
	assert_int_equal(asked(b, m).code, BLOB_NONE);
	new_of(b, 50, 9);
	assert_int_equal(kill(child_of(child_of(getpid())), SIGKILL), 0);
	until_gone(b, 50);
	assert_int_equal(folder_count(state), 8);
	stopped(b);
}

/* The end comes while they are looked for. */
static void test_the_end_of_a_search(void **state)
{
	struct blob_store *b = started(state, &any);
	uint8_t i;

	for (i = 1; i < 200; i++)
		new_of(b, i, 0);
	blob_store_owners(b, is_known, NULL);
	stopped(b);
	assert_int_equal(folder_count(state), 199);
}

/* What it was asked fails, and the next process goes on. */
static void test_it_dies(void **state)
{
	struct blob_store *b = started(state, &any);
	uint64_t sender = new_one(b, 1, 131072).id;
	static struct question q[200];
	unsigned i;
	const pid_t was = child_of(child_of(getpid()));
	struct blob_message a;

	assert_int_equal(put_one(b, 1, 131072, 0, sender).code, BLOB_OK);
	for (i = 0; i < 200; i++) {
		const struct blob_message m = of(BLOB_ASK_HAVE, 1);

		if (i == 100)
			assert_int_equal(kill(was, SIGKILL), 0);
		begin(b, &q[i], &m);
	}
	for (i = 0; i < 200; i++) {
		a = end(&q[i]);
		assert_true(a.code == BLOB_OK || a.code == BLOB_FAILED);
		assert_true(a.code != BLOB_OK || a.number == 1);
	}
	for (i = 0; i < 1000; i++) {
		a = asked(b, of(BLOB_ASK_HAVE, 1));
		if (a.code == BLOB_OK)
			break;
		nanosleep(&(struct timespec){0, 20000000}, NULL);
	}
	assert_int_equal(a.code, BLOB_OK);
	assert_int_equal(a.number, 1);
	assert_true(child_of(child_of(getpid())) != was);
	assert_int_equal(put_one(b, 1, 131072, 1, sender).code, BLOB_DENIED);
	assert_int_equal(put_one(b, 1, 131072, 1, a.id).code, BLOB_OK);
	stopped(b);
}

/* At the end nobody is left without an answer. */
static void test_the_end(void **state)
{
	struct blob_store *b = started(state, &any);
	static struct question q[500];
	const struct blob_message m = of(BLOB_ASK_GET, 1);
	size_t i;

	for (i = 0; i < 500; i++)
		begin(b, &q[i], &m);
	stopped(b);
	for (i = 0; i < 500; i++) {
		struct blob_message a = end(&q[i]);

		assert_true(a.code == BLOB_NONE || a.code == BLOB_FAILED);
	}
}

/* --- a relay that was taken over --------------------------------------------------- */

/* What comes back for these bytes, until the process has ended: its length. */
static size_t said(void **state, const void *bytes, size_t n, int *status)
{
	const struct keeper_opts o = {.dir = *state, .log = &quiet};
	static uint8_t in[1 << 20];
	int pair[2], raw;
	size_t got = 0;
	ssize_t more;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	if ((pid = fork()) == 0) {
		close(pair[0]);
		_exit(blob_keeper_run(pair[1], &o, NULL, NULL) == 0 ? 0 : 1);
	}
	close(pair[1]);
	(void)!write(pair[0], bytes, n);
	shutdown(pair[0], SHUT_WR);
	while ((more = read(pair[0], in + got, sizeof(in) - got)) > 0)
		got += (size_t)more;
	close(pair[0]);
	assert_int_equal(waitpid(pid, &raw, 0), pid);
	assert_true(WIFEXITED(raw));
	*status = WEXITSTATUS(raw);
	return got;
}

static void test_hostile(void **state)
{
	static uint8_t wire[BLOB_WIRE_HEAD + 100];
	struct blob_message m = of(BLOB_ASK_NEW, 1);
	int status;
	size_t i;

	m.size = 4096;
	m.len = 24; /* a name that is as long as one can be */
	memset(wire + BLOB_WIRE_HEAD, 'a', 100);
	blob_message_head(wire, &m);
	assert_int_equal(
	    said(state, wire, BLOB_WIRE_HEAD + 24, &status), BLOB_WIRE_HEAD);
	assert_int_equal(status, 0);
	m.len = 25;
	memset(m.blob, 2, sizeof(m.blob));
	blob_message_head(wire, &m);
	assert_int_equal(
	    said(state, wire, BLOB_WIRE_HEAD + 25, &status), BLOB_WIRE_HEAD);
	m.len = 3; /* a zero in it */
	wire[BLOB_WIRE_HEAD + 1] = 0;
	blob_message_head(wire, &m);
	assert_int_equal(
	    said(state, wire, BLOB_WIRE_HEAD + 3, &status), BLOB_WIRE_HEAD);
	assert_int_equal(folder_count(state), 1);
	/* An answer, limits of another length, no kind: it ends. */
	m.len = 0;
	m.kind = BLOB_ANSWER;
	blob_message_head(wire, &m);
	assert_int_equal(said(state, wire, BLOB_WIRE_HEAD, &status), 0);
	assert_int_equal(status, 1);
	m.kind = BLOB_ASK_LIMITS;
	blob_message_head(wire, &m);
	assert_int_equal(said(state, wire, BLOB_WIRE_HEAD, &status), 0);
	assert_int_equal(status, 1);
	memset(wire, 0xff, sizeof(wire));
	assert_int_equal(said(state, wire, sizeof(wire), &status), 0);
	assert_int_equal(status, 1);
	/* Each kind without anything, and cut off anywhere: no crash. */
	for (i = BLOB_ASK_NEW; i < BLOB_ANSWER; i++) {
		m = (struct blob_message){.kind = (uint8_t)i, .id = i};
		blob_message_head(wire, &m);
		assert_int_equal(said(state, wire, BLOB_WIRE_HEAD, &status),
		    BLOB_WIRE_HEAD + (i == BLOB_ASK_NEXT ? 24 : 0));
		assert_int_equal(
		    said(state, wire, BLOB_WIRE_HEAD - i, &status), 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(folder_count(state), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_begun_before_the_sandbox),
	    TEST(test_every_question),
	    TEST(test_erasing),
	    TEST(test_strays),
	    TEST(test_the_end_of_a_search),
	    TEST(test_senders),
	    TEST(test_limits),
	    TEST(test_it_dies),
	    TEST(test_the_end),
	    TEST(test_hostile),
	};

	return cmocka_run_group_tests_name("blob_store", tests, NULL, NULL);
}
