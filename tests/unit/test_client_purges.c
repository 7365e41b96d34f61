/* What the user has asked to be purged is purged, also when the client was killed
 * before the server had acknowledged an edit, or had answered: the list, its file,
 * and sessions that come and go. */
#include "client/session/posts.h"
#include "client/trust/purge_file.h"
#include "client/trust/sealed_file.h"
#include "shared/crypto/library.h"
#include "shared/os/file.h"
#include "shared/wire/b64.h"
#include "tests/unit/fake_server.h"
#include "tests/unit/folder.h"

#define OK(call) assert_int_equal((call), 0)
#define TEST(name) static void name(void **state)

static const struct sealed_file_kind kind = {
    "conclave purges 1\n", "conclave/1 purges file", ""};

#define LOG_0 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define LOG_1 "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define ID_7 "BwAAAAAAAAAAAAAAAAAAAA=="

static const struct purge_wish entry = {.log = {1}, .offset = 12},
			       edit = {.log = {1}, .id = {7}};

static struct identity *identity_of(uint8_t first)
{
	uint8_t seed[32] = {first};

	return identity_from_seed(seed);
}

static struct purge_file *opened(const char *path, const struct identity *id)
{
	struct purge_file *f;
	struct errmsg why;

	OK(purge_file_open(&f, path, id, &why));
	return f;
}

/* Writes what has changed, and forgets all else. */
static void closed(struct purge_file *f)
{
	struct errmsg why;

	OK(purge_file_flush(f, &why));
	purge_file_free(f);
}

static size_t count(struct purge_file *f, const char *room)
{
	const struct purges_ops ops = purge_file_ops(f);
	struct purge_wish w;
	size_t n = 0;

	while (ops.get(ops.arg, room, n, &w))
		n++;
	return n;
}

/* --- the file -------------------------------------------------------------- */

TEST(what_is_written_is_read)
{
	const char *path = folder_path(state, "purges");
	struct identity *id = identity_of(1);
	struct purge_file *f = opened(path, id);
	struct purges_ops ops = purge_file_ops(f);
	struct purge_wish w;

	ops.put(ops.arg, "vault", &entry);
	ops.put(ops.arg, "Vault", &entry); /* once */
	ops.put(ops.arg, "vault", &edit);
	ops.put(ops.arg, "den", &edit);
	closed(f);
	f = opened(path, id);
	ops = purge_file_ops(f);
	assert_int_equal(count(f, "VAULT"), 2);
	assert_int_equal(count(f, "attic"), 0);
	assert_true(ops.get(ops.arg, "vault", 0, &w));
	assert_memory_equal(&w, &entry, sizeof(w));
	assert_true(ops.get(ops.arg, "vault", 1, &w));
	assert_memory_equal(&w, &edit, sizeof(w));
	ops.drop(ops.arg, "vault", &entry);
	ops.drop(ops.arg, "attic", &entry); /* there is none */
	closed(f);
	f = opened(path, id);
	assert_int_equal(count(f, "vault"), 1);
	assert_int_equal(count(f, "den"), 1);
	closed(f);
	identity_free(id);
	assert_null(purge_file_ops(NULL).put);
}

/* Each changes what the other has written. */
TEST(two_clients_write_it)
{
	const char *path = folder_path(state, "purges");
	struct identity *id = identity_of(1);
	struct purge_file *a = opened(path, id), *b = opened(path, id);
	struct purges_ops of_a = purge_file_ops(a), of_b = purge_file_ops(b);
	struct errmsg why;

	of_a.put(of_a.arg, "vault", &entry);
	of_b.put(of_b.arg, "vault", &edit);
	OK(purge_file_flush(a, &why));
	OK(purge_file_flush(b, &why));
	assert_int_equal(count(a, "vault"), 1);
	assert_int_equal(count(b, "vault"), 2);
	of_a.drop(of_a.arg, "vault", &edit);
	of_a.drop(of_a.arg, "vault", &entry);
	closed(a);
	of_b.put(of_b.arg, "den", &entry);
	closed(b);
	a = opened(path, id);
	assert_int_equal(count(a, "vault"), 0);
	assert_int_equal(count(a, "den"), 1);
	closed(a);
	identity_free(id);
}

TEST(the_oldest_goes)
{
	const char *path = folder_path(state, "purges");
	struct identity *id = identity_of(1);
	struct purge_file *f = opened(path, id);
	struct purges_ops ops = purge_file_ops(f);
	struct purge_wish w = entry;

	for (w.offset = 1; w.offset <= 3 * PURGES_MAX; w.offset++)
		ops.put(ops.arg, "vault", &w);
	closed(f);
	f = opened(path, id);
	ops = purge_file_ops(f);
	assert_int_equal(count(f, "vault"), PURGES_MAX);
	assert_true(ops.get(ops.arg, "vault", 0, &w));
	assert_int_equal(w.offset, 2 * PURGES_MAX + 1);
	closed(f);
	identity_free(id);
}

static void write_text(
    const char *path, const struct identity *id, const char *text)
{
	struct sealed_file *f;
	struct errmsg why;
	struct buf out;

	OK(sealed_file_new(&f, &kind, id));
	buf_init(&out, FILE_MAX);
	OK(sealed_file_seal(f, &out, (const uint8_t *)text, strlen(text)));
	OK(file_write(path, out.p, out.len, FILE_REPLACE, &why));
	buf_free(&out);
	sealed_file_free(f);
}

/* It is told, nothing of it is known, and it is replaced by what comes next. */
static void refused(const char *path, const struct identity *id)
{
	struct purges_ops ops;
	struct purge_file *f;
	struct errmsg why;

	assert_int_equal(purge_file_open(&f, path, id, &why), ERR_USAGE);
	assert_non_null(strstr(why.text, path));
	assert_null(strstr(why.text, LOG_1));
	assert_non_null(f);
	assert_int_equal(count(f, "vault"), 0);
	ops = purge_file_ops(f);
	ops.put(ops.arg, "vault", &edit);
	closed(f);
	f = opened(path, id);
	assert_int_equal(count(f, "vault"), 1);
	purge_file_free(f);
}

TEST(what_is_damaged)
{
	static const char *const bad[] = {"vault\n", "vault " LOG_1 "\n",
	    "va/ult " LOG_1 " 12\n", "vault short 12\n",
	    "vault " LOG_1 " 012\n", "vault " LOG_1 " -1\n",
	    "vault " LOG_1 " x\n", "vault " LOG_1 " 9223372036854775808\n",
	    "vault " LOG_1 " 12 " ID_7 "\n", "vault " LOG_1 " 0\n",
	    "vault " LOG_1 " 0 AA==\n", "vault " LOG_1 " 0 " ID_7 " more\n",
	    "vault " LOG_1 " 12\rvault " LOG_1 " 13\n"};
	const char *path = folder_path(state, "purges");
	struct identity *id = identity_of(1), *other = identity_of(2);
	struct purges_ops ops;
	struct purge_file *f = opened(path, id);
	struct errmsg why;
	struct buf bytes;
	size_t i;

	ops = purge_file_ops(f);
	ops.put(ops.arg, "vault", &entry);
	closed(f);
	buf_init(&bytes, FILE_MAX);
	OK(file_read(path, FILE_PRIVATE, &bytes, &why));
	assert_null(memmem(bytes.p, bytes.len, "vault", 5));
	for (i = 0; i < 8 * bytes.len; i += 7 * CONCLAVE_SLOW) {
		bytes.p[i / 8] ^= (uint8_t)(1 << i % 8);
		OK(file_write(path, bytes.p, bytes.len, FILE_REPLACE, &why));
		refused(path, id);
		bytes.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 0; i < bytes.len; i += 9) {
		OK(file_write(path, bytes.p, i, FILE_REPLACE, &why));
		refused(path, id);
	}
	OK(file_write(path, bytes.p, bytes.len, FILE_REPLACE, &why));
	refused(path, other);
	buf_free(&bytes);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_text(path, id, bad[i]);
		refused(path, id);
	}
	write_text(path, id,
	    "# nothing\n\nvault " LOG_1 " 12 # comment\nvault " LOG_0
	    " 0 " ID_7 "\n");
	f = opened(path, id);
	assert_int_equal(count(f, "vault"), 2);
	purge_file_free(f);
	/* in no file of others */
	folder_write(path, "x", 0644);
	assert_int_equal(purge_file_open(&f, path, id, &why), ERR_IO);
	assert_null(f);
	identity_free(id);
	identity_free(other);
}

/* An error is told once; what could not be written is written later. */
TEST(what_cannot_be_written)
{
	const char *path = folder_path(state, "there/purges");
	struct identity *id = identity_of(1);
	struct purge_file *f = opened(path, id);
	struct purges_ops ops = purge_file_ops(f);
	struct errmsg why = {.text = ""};

	folder_write(folder_path(state, "there"), "a file", 0600);
	ops.put(ops.arg, "vault", &entry);
	assert_int_equal(purge_file_flush(f, &why), ERR_IO);
	assert_string_not_equal(why.text, "");
	OK(purge_file_flush(f, &why));
	OK(remove(folder_path(state, "there")));
	ops.put(ops.arg, "vault", &edit);
	closed(f);
	f = opened(path, id);
	assert_int_equal(count(f, "vault"), 2);
	closed(f);
	OK(remove(path));
	OK(remove(folder_path(state, "there")));
	identity_free(id);
}

/* --- the list -------------------------------------------------------------- */

static const uint8_t alice[WIRE_HASH] = {0xa}, bob[WIRE_HASH] = {0xb};

static void say(
    struct posts *p, enum content_type type, uint8_t id, uint8_t about)
{
	struct content_said said = {.id = {id}, .has_about = about != 0,
	    .about = {about}, .text = "x", .text_len = 1};
	const struct person who = {.name = "alice"};
	struct event e = {.person = &who};

	assert_int_equal(
	    posts_judge(p, &e, alice, type, &said), POSTS_DONE);
	OK(posts_add(p, &e, alice, type, &said));
	posts_sealed(p, said.id, id);
}

static const uint8_t *id_of(uint8_t n)
{
	static uint8_t id[WIRE_ID];

	id[0] = n;
	return id;
}

static void answers(struct purges *p, uint64_t offset, enum wire_code code)
{
	const struct answer a = {.done = code == CODE_NONE, .code = code};

	purges_answer(p, offset, &a);
}

/* Edits of ours that are on their way when their message is purged: each once, when
 * its place is known. */
TEST(edits_on_their_way)
{
	static const struct purges_ops none = {.get = NULL};
	static const uint8_t log[WIRE_LOG] = {1};
	struct purges *u = purges_new(&(struct purges_opts){&none, "den", log});
	struct posts *p = posts_new(alice, u);
	uint64_t offset[8];
	bool own;
	uint8_t i;

	(void)state;
	say(p, CONTENT_MESSAGE, 1, 0);
	posts_place(p, alice, id_of(1), 11);
	for (i = 2; i < 5; i++)
		say(p, CONTENT_EDIT, i, (uint8_t)(i - 1));
	say(p, CONTENT_MESSAGE, 5, 0);
	posts_marked(p, 2, 12);
	OK(posts_purge(p, id_of(3))); /* by the id of an edit */
	assert_int_equal(posts_entries(p, id_of(3), offset, 8, &own), 2);
	assert_false(purges_due(u));
	assert_int_equal(purges_waiting(u), 2);
	posts_forget(p, id_of(4)); /* it was never sent */
	assert_int_equal(purges_waiting(u), 1);
	posts_there(p, bob, id_of(3), 13); /* somebody else, with our id */
	assert_false(purges_due(u));
	posts_marked(p, 3, 13);
	posts_marked(p, 5, 15); /* another message */
	assert_int_equal(purges_waiting(u), 0);
	assert_int_equal(purges_open(u), 1);
	assert_int_equal(purges_next(u), 13);
	assert_false(purges_due(u));
	assert_int_equal(purges_open(u), 1);
	/* Without an answer, or where the server cannot: the next time. */
	answers(u, 13, CODE_UNAVAILABLE);
	assert_int_equal(purges_open(u), 0);
	purges_again(u);
	assert_int_equal(purges_next(u), 13);
	purges_leave(u);
	purges_enter(u);
	assert_int_equal(purges_next(u), 13);
	answers(u, 12, CODE_NONE); /* of another */
	answers(u, 0, CODE_NONE);
	assert_int_equal(purges_open(u), 1);
	answers(u, 13, CODE_BAD_VALUE);
	assert_int_equal(purges_open(u), 0);
	purges_enter(u);
	assert_false(purges_due(u));
	assert_int_equal(purges_next(u), 0);
	OK(posts_purge(p, id_of(9))); /* unknown */
	assert_int_equal(purges_waiting(u), 0);
	posts_free(p);
	purges_free(u);
}

/* In another log of a room of that name nothing is asked for. */
TEST(another_log)
{
	const char *path = folder_path(state, "purges");
	struct identity *id = identity_of(1);
	struct purge_file *f = opened(path, id);
	struct purges_ops ops = purge_file_ops(f);
	uint8_t log[WIRE_LOG] = {2};
	struct purges *u = purges_new(&(struct purges_opts){&ops, "den", log});

	ops.put(ops.arg, "den", &entry);
	ops.put(ops.arg, "den", &edit);
	purges_enter(u);
	purges_placed(u, edit.id, 13);
	assert_false(purges_due(u));
	log[0] = 1;
	purges_enter(u);
	purges_enter(u); /* each once */
	assert_int_equal(purges_next(u), 12);
	assert_int_equal(purges_next(u), 0);
	log[0] = 2;
	answers(u, 12, CODE_NONE);
	purges_placed(u, edit.id, 13);
	log[0] = 1;
	assert_int_equal(purges_open(u), 1);
	purges_placed(u, edit.id, 13);
	assert_int_equal(purges_next(u), 13);
	answers(u, 12, CODE_NONE);
	answers(u, 13, CODE_NONE);
	assert_int_equal(count(f, "den"), 0);
	assert_int_equal(purges_waiting(u), 0);
	purges_free(u);
	closed(f);
	identity_free(id);
}

/* --- sessions -------------------------------------------------------------- */

struct life {
	const char *path;
	struct purge_file *file;
	struct world *w;
	uint8_t edit[WIRE_ID];
};

static void begin(struct life *l)
{
	l->file = opened(l->path, l->w->id);
	l->w->opts.rooms.purges = purge_file_ops(l->file);
}

/* A message is said; its edit is on its way when it is purged. */
static struct life purged(void **state)
{
	struct life l = {folder_path(state, "purges"), NULL, world_new(), {0}};
	const struct chatroom *room;
	struct world *w = l.w;
	uint8_t own[WIRE_ID];
	uint32_t req;

	begin(&l);
	world_join(w, 1);
	fake_keep(&w->fake);
	room = session_first_room(w->s);
	world_say(w, "one");
	world_pump(w);
	memcpy(own, w->fake.last_id, WIRE_ID);
	fake_ack(&w->fake, 1);
	world_pump(w);
	OK(session_post(w->s, room, 1,
	    &(struct session_post){EVENT_EDIT, own, "two", 3, false}));
	world_pump(w);
	memcpy(l.edit, w->fake.last_id, WIRE_ID);
	lines_free(&w->fake.got);
	OK(session_purge(w->s, room, own, &req));
	world_tick(w, 0);
	check_got(w, "purge 1 1 1", NULL);
	assert_int_equal(count(l.file, "lobby"), 2);
	return l;
}

/* The client is killed, and started again: nothing but the file is left. */
static void killed(struct life *l)
{
	struct fake *f = &l->w->fake;

	closed(l->file);
	session_free(l->w->s);
	l->w->s = NULL;
	begin(l);
	lines_free(&l->w->events);
	lines_free(&f->got);
	f->n_people = 0;
	f->member += 10;
	fake_step(f);
	fake_person(f, &f->peers[0].user);
	world_connect(l->w);
	fake_admit(f);
	world_pump(l->w);
}

static void end(struct life *l)
{
	assert_int_equal(count(l->file, "lobby"), 0);
	closed(l->file);
	world_free(l->w);
}

/* The server got the edit, and the client never knew. What was answered before is
 * not asked for again. */
TEST(killed_before_the_acknowledgement)
{
	struct life l = purged(state);
	struct fake *f = &l.w->fake;
	struct session_room_status st;

	fake_done(f, 1, 0);
	world_pump(l.w);
	assert_int_equal(count(l.file, "lobby"), 1);
	session_room_status(l.w->s, session_first_room(l.w->s), &st);
	assert_int_equal(st.purges, 1);
	assert_true(st.purges_kept);
	fake_logged(f, 2);
	killed(&l);
	check_got(l.w, "history 1 after 0 x 2 1", NULL);
	session_room_status(l.w->s, session_first_room(l.w->s), &st);
	assert_int_equal(st.purges, 0); /* of this run */
	fake_batch(f, 1, 1, 2, NULL);
	fake_done(f, 1, 0);
	world_pump(l.w);
	check_got(l.w, "purge 1 2 2", NULL);
	lines_free(&l.w->events);
	fake_done(f, 2, 0);
	world_pump(l.w);
	check_events(l.w, NULL); /* the user asked an earlier run */
	end(&l);
}

/* It is asked for at the entry, with no entry read; and again after a loss, and when
 * the server can. */
TEST(killed_before_the_answer)
{
	struct life l = purged(state);
	struct fake *f = &l.w->fake;

	fake_ack(f, 2);
	world_pump(l.w);
	check_got(l.w, "purge 1 2 2", NULL);
	killed(&l);
	check_got(l.w, "purge 1 1 1", "purge 1 2 2", "history 1 after 0 x 2 3",
	    NULL);
	fake_done(f, 1, 0);
	fake_failed(f, 2, CODE_UNAVAILABLE, "not now");
	fake_failed(f, 3, CODE_UNAVAILABLE, "not now");
	lines_free(&l.w->events);
	world_pump(l.w);
	assert_int_equal(l.w->events.n, 1); /* of the history */
	check_got(l.w, NULL);
	fake_json(f, "{\"type\":\"storage\",\"room\":1,\"ok\":true}");
	world_pump(l.w);
	check_got(l.w, "purge 1 2 4", "history 1 after 0 x 2 5", NULL);
	world_lose(l.w, "gone");
	world_come_back(l.w);
	check_got(l.w, "purge 1 2 6", "history 1 after 0 x 2 7", NULL);
	fake_failed(f, 6, CODE_BAD_VALUE, "there is no such entry");
	world_pump(l.w);
	end(&l);
}

/* The old connection's edit comes when the new client is in the room already. */
TEST(it_comes_late)
{
	struct life l = purged(state);
	struct fake *f = &l.w->fake;
	char id[B64_LEN(WIRE_ID) + 1], json[256];
	struct peer *before;

	fake_done(f, 1, 0);
	world_pump(l.w);
	killed(&l);
	check_got(l.w, "history 1 after 0 x 1 1", NULL);
	fake_batch(f, 1, 1, 1, NULL);
	fake_done(f, 1, 0);
	world_pump(l.w);
	check_got(l.w, NULL);
	before = fake_peer(f, f->member + 1, "alice");
	memcpy(before->user.identity, identity_public(l.w->id), WIRE_ED25519);
	fake_join(f, before);
	b64_encode(id, l.edit, WIRE_ID);
	snprintf(json, sizeof(json),
	    "{\"type\":\"edit\",\"id\":\"%s\",\"of\":\"%s\",\"text\":\"two\","
	    "\"ts\":5}",
	    id, "AAAAAAAAAAAAAAAAAAAAAA==");
	fake_say_as(f, before,
	    &(struct saying){.seq = 1, .json = json, .signer = l.w->id});
	world_pump(l.w);
	check_got(l.w, "purge 1 3 2", NULL);
	fake_done(f, 2, 0);
	world_pump(l.w);
	end(&l);
}

/* Who quits waits for the answers, also to what an earlier run wanted. */
TEST(quitting_waits)
{
	struct life l = purged(state);
	struct fake *f = &l.w->fake;

	fake_ack(f, 2);
	world_pump(l.w);
	killed(&l);
	session_quit(l.w->s, true);
	world_pump(l.w);
	check_got(l.w, "purge 1 1 1", "purge 1 2 2", "history 1 after 0 x 2 3",
	    NULL);
	fake_done(f, 1, 0);
	world_pump(l.w);
	check_got(l.w, NULL);
	fake_done(f, 2, 0);
	world_pump(l.w);
	check_got(l.w, "bye quit", NULL);
	end(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define IN_FOLDER(fn)                                                          \
	cmocka_unit_test_setup_teardown(fn, folder_make, folder_remove)
	    IN_FOLDER(what_is_written_is_read),
	    IN_FOLDER(two_clients_write_it),
	    IN_FOLDER(the_oldest_goes),
	    IN_FOLDER(what_is_damaged),
	    IN_FOLDER(what_cannot_be_written),
	    cmocka_unit_test(edits_on_their_way),
	    IN_FOLDER(another_log),
	    IN_FOLDER(killed_before_the_acknowledgement),
	    IN_FOLDER(killed_before_the_answer),
	    IN_FOLDER(it_comes_late),
	    IN_FOLDER(quitting_waits),
#undef IN_FOLDER
	};

	json_setup();
	if (library_setup() != 0)
		return 1;
	return cmocka_run_group_tests_name("client_purges", tests, NULL, NULL);
}
