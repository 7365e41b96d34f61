/* Unit tests for the parts of a room's history that the user asks for: in order,
 * back to the beginning, without a gap, and with what was done to a message
 * since. */
#include "shared/crypto/library.h"
#include "shared/wire/b64.h"
#include "tests/unit/fake_server.h"

#define TEST(name) static void name(void **state)

/* The user has been in the room, which keeps what is said, from entry 0 on; bob
 * says this, one entry each. */
static struct world *said(const char *const *texts)
{
	struct world *w = world_new();
	size_t i;

	world_join(w, 1);
	fake_keep(&w->fake);
	for (i = 0; texts[i] != NULL; i++) {
		fake_say(&w->fake, &w->fake.peers[0], texts[i]);
		world_pump(w);
	}
	lines_free(&w->events);
	return w;
}

static uint32_t ask(struct world *w, uint64_t before, uint32_t count)
{
	uint32_t req = 0;

	assert_int_equal(session_history(w->s, session_first_room(w->s), before,
			     count, &req),
	    0);
	world_tick(w, 0);
	world_pump(w);
	return req;
}

static void give(struct world *w, uint32_t req, uint64_t first, uint64_t last)
{
	fake_batch(&w->fake, req, first, last, NULL);
	fake_done(&w->fake, req, 0);
	world_pump(w);
}

static const char *const four[] = {"one", "two", "three", "four", NULL};

TEST(parts_back_to_the_beginning)
{
	struct world *w = said(four);
	uint32_t req = ask(w, 0, 2);

	(void)state;
	check_got(w, "history 1 before 5 x 2 1", NULL);
	give(w, req, 3, 4);
	check_events(w, "message bob 3 three past", "message bob 4 four past",
	    "history 2 to 4 of 1", NULL);
	req = ask(w, 3, 500);
	lines_free(&w->fake.got);
	give(w, req, 1, 2);
	check_events(w, "message bob 1 one past", "message bob 2 two past",
	    "history 2 to 2 of 1 end since", NULL);
	/* And the same again. */
	req = ask(w, 3, 500);
	give(w, req, 1, 2);
	check_events(w, "message bob 1 one past", "message bob 2 two past",
	    "history 2 to 2 of 1 end since", NULL);
	world_free(w);
}

/* One part at a time; each answer is to its own request. */
TEST(one_at_a_time)
{
	struct world *w = said(four);
	uint32_t req = ask(w, 0, 1), other;

	(void)state;
	assert_int_equal(
	    session_history(w->s, session_first_room(w->s), 3, 1, &other),
	    ERR_LIMIT);
	assert_int_equal(
	    session_history(w->s, session_first_room(w->s), 3, 501, &other),
	    ERR_RANGE);
	give(w, req, 4, 4);
	check_events(w, "message bob 4 four past", "history 1 to 4 of 1", NULL);
	world_free(w);
}

/* A batch that would be too long begins later; one that ends earlier, or says that
 * there is none, hides something. */
static void breach(
    uint64_t first, uint64_t last, void (*change)(struct log_batch *h), int err)
{
	struct world *w = said(four);
	uint32_t req = ask(w, 0, 4);
	char closed[200];

	fake_batch(&w->fake, req, first, last, change);
	fake_done(&w->fake, req, 0);
	world_pump(w);
	snprintf(closed, sizeof(closed),
	    "closed 6 protocol: the server broke the protocol: %s",
	    err_str(err));
	check_events(w, "history 0 to 0 of 0 lost", closed, NULL);
	world_free(w);
}

static void nothing(struct log_batch *h)
{
	h->first = h->last = 0;
	memset(h->chain, 0, sizeof(h->chain));
}

static void other_chain(struct log_batch *h)
{
	h->chain[0] ^= 1;
}

TEST(nothing_is_left_out)
{
	(void)state;
	breach(1, 3, NULL, ERR_RANGE);
	breach(4, 4, nothing, ERR_RANGE);
	breach(2, 4, other_chain, ERR_LOG);
}

TEST(lost_before_the_answer)
{
	struct world *w = said(four);
	uint32_t req = ask(w, 0, 4);

	(void)state;
	fake_batch(&w->fake, req, 1, 4, NULL);
	world_pump(w);
	world_lose(w, "gone");
	check_events(w, "message bob 1 one past", "message bob 2 two past",
	    "message bob 3 three past", "message bob 4 four past",
	    "history 4 to 0 of 0 lost", "reconnect gone", NULL);
	assert_int_equal(
	    session_history(w->s, session_first_room(w->s), 0, 4, &req),
	    ERR_STATE);
	world_free(w);
}

TEST(refused)
{
	struct world *w = said(four);
	uint32_t req = ask(w, 0, 4);

	(void)state;
	fake_failed(&w->fake, req, CODE_UNAVAILABLE, "not now");
	world_pump(w);
	check_events(w, "history 0 to 0 of 0 unavailable", NULL);
	world_free(w);
}

/* --- changes --------------------------------------------------------------- */

/* The id that fake_say gives bob's message with that seq. */
static void id_of(struct world *w, uint64_t seq, char out[B64_LEN(WIRE_ID) + 1])
{
	uint8_t id[WIRE_ID] = {0};

	put_u32(id, w->fake.peers[0].user.member);
	put_u64(id + 8, seq);
	b64_encode(out, id, WIRE_ID);
}

static void change(
    struct world *w, const char *type, uint64_t of, const char *more)
{
	struct peer *bob = &w->fake.peers[0];
	struct saying s = {.seq = ++bob->seq};
	char json[300], id[B64_LEN(WIRE_ID) + 1], about[B64_LEN(WIRE_ID) + 1];

	id_of(w, s.seq, id);
	id_of(w, of, about);
	snprintf(json, sizeof(json),
	    "{\"type\":\"%s\",\"id\":\"%s\",\"%s\":\"%s\",\"ts\":5%s}", type,
	    id, strcmp(type, "react") == 0 ? "to" : "of", about, more);
	s.json = json;
	fake_say_as(&w->fake, bob, &s);
	world_pump(w);
}

/* What was done to a message comes with it, in its order, however the parts are
 * cut, and each time that it is read. */
TEST(changes_come_with_their_message)
{
	static const char *const two[] = {"one", "two", NULL};
	struct world *w = said(two);
	uint32_t req;
	int i;

	(void)state;
	change(w, "edit", 1, ",\"text\":\"uno\"");
	change(w, "edit", 3, ",\"text\":\"eins\""); /* of the edit */
	change(w, "react", 2, ",\"with\":\"x\"");
	change(w, "delete", 2, "");
	lines_free(&w->events);
	for (i = 0; i < 2; i++) {
		req = ask(w, 0, 4);
		give(w, req, 3, 6);
		check_events(w, "history 0 to 6 of 1", NULL);
		req = ask(w, 3, 1);
		give(w, req, 2, 2);
		check_events(w, "message bob 2 two past",
		    "react bob 0000 by bob x", "delete bob 0000 by bob",
		    "history 1 to 2 of 1", NULL);
		req = ask(w, 2, 1);
		give(w, req, 1, 1);
		check_events(w, "message bob 1 one past",
		    "edit bob 0000 by bob uno", "edit bob 0000 by bob eins",
		    "history 1 to 1 of 1 end since", NULL);
	}
	world_free(w);
}

/* --- what is gone ---------------------------------------------------------- */

static void purge(struct world *w, size_t at)
{
	struct fake_kept *k = &w->fake.kept[at];

	free(k->body);
	k->body = NULL;
}

static void notice_purge(struct world *w, uint64_t offset)
{
	const struct notice_more more = {.by = "bob", .offset = offset};
	struct fake *f = &w->fake;
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(
	    notice_encode(&b, &(struct notice_of){.event = NOTICE_PURGE,
				  .epoch = f->epoch,
				  .commit = fake_epoch(f, f->epoch)->commit,
				  .roster = fake_roster(f, f->epoch),
				  .more = &more,
				  .ts = 1700000000000}),
	    0);
	assert_int_equal(buf_u8(&b, 0), 0);
	fake_notice_json(f, f->epoch, ++f->notice_seq, (const char *)b.p);
	buf_free(&b);
	world_pump(w);
}

TEST(purged_now_and_when_it_is_read)
{
	struct world *w = said(four);
	uint32_t req;

	(void)state;
	purge(w, 1);
	notice_purge(w, 2);
	check_events(w, "purge 2 by bob of a message", NULL);
	/* The part with the notice, then the one with the entry. */
	req = ask(w, 0, 3);
	give(w, req, 3, 5);
	check_events(w, "message bob 3 three past", "message bob 4 four past",
	    "purge 2 by bob of a message", "history 2 to 5 of 1", NULL);
	req = ask(w, 3, 9);
	give(w, req, 1, 2);
	check_events(w, "message bob 1 one past", "gone 2 by bob",
	    "history 1 to 2 of 1 end since", NULL);
	world_free(w);
}

/* The user asks for it: a message and its edits. */
TEST(purging)
{
	struct world *w = said(four);
	uint8_t id[WIRE_ID] = {0};
	uint32_t req;

	(void)state;
	change(w, "edit", 3, ",\"text\":\"drei\"");
	lines_free(&w->events);
	lines_free(&w->fake.got);
	put_u32(id, w->fake.peers[0].user.member);
	put_u64(id + 8, 3);
	assert_int_equal(
	    session_purge(w->s, session_first_room(w->s), id, &req), 0);
	world_tick(w, 0);
	world_pump(w);
	check_got(w, "purge 1 3 1", "purge 1 5 2", NULL);
	assert_int_equal(req, 2);
	id[0] ^= 1;
	assert_int_equal(
	    session_purge(w->s, session_first_room(w->s), id, &req),
	    ERR_ABSENT);
	/* Our own: the mark says where it is. */
	world_say(w, "mine");
	world_pump(w);
	fake_pass(&w->fake);
	world_pump(w);
	world_free(w);
}

int main(void)
{
#define CASE(name)                                                             \
	{                                                                      \
#name, name                                                    \
	}
	static const struct {
		const char *name;
		void (*fn)(void **state);
	} all[] = {
	    CASE(parts_back_to_the_beginning),
	    CASE(one_at_a_time),
	    CASE(nothing_is_left_out),
	    CASE(lost_before_the_answer),
	    CASE(refused),
	    CASE(changes_come_with_their_message),
	    CASE(purged_now_and_when_it_is_read),
	    CASE(purging),
	};
	struct check_group g = {0};
	size_t i;

	if (library_setup() != 0)
		return 1;
	json_setup();
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		check_add(&g, all[i].fn, NULL, "%s", all[i].name);
	return check_run("older", &g);
}
