/* Unit tests for rare but legal input: the session accepts everything that the
 * protocol allows. */
#include "tests/unit/fake_server.h"

#define TEST(name) static void name(void **state)

/* Only the server is sender 0: room numbers and epochs may start at 0. */
static struct world *joined_at_zero(size_t peers)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;

	f->room = f->epoch = 0;
	fake_log(f);
	f->n_epochs = 0;
	assert_int_equal(group_epoch_make(w->crypto, &f->epochs[f->n_epochs++],
			     f->room, f->epoch, f->secret),
	    0);
	world_join(w, peers);
	return w;
}

TEST(room_and_epoch_zero)
{
	struct world *w = joined_at_zero(1);
	struct fake *f = &w->fake;
	struct peer *zoe = fake_peer(f, 60, "zoe");

	(void)state;
	fake_say(f, &f->peers[0], "hi");
	world_say(w, "hello");
	world_pump(w);
	fake_ack(f, 1);
	world_pump(w);
	fake_join(f, zoe);
	fake_leave(f, zoe, "leave");
	world_pump(w);
	check_events(w, "message alice 1 hello own", "message bob 1 hi",
	    "sent 1", "join zoe", "epoch 1 join", "epoch 2 leave",
	    "leave zoe leave", NULL);
	check_got(w, "message 0 1 hello", NULL);
	world_free(w);
}

TEST(epoch_zero_does_not_come_again)
{
	struct world *w = joined_at_zero(0);

	(void)state;
	world_lose(w, "gone");
	world_tick(w, w->wait_ms);
	w->fake.n_people = 0;
	w->fake.member++;
	world_connect(w);
	fake_admit(&w->fake);
	world_pump(w);
	check_events(w, "reconnect gone", "connecting 1",
	    "closed 6 protocol: the server broke the protocol: an epoch is not "
	    "the one expected",
	    NULL);
	world_free(w);
}

/* Pads the object with white space up to the maximum size of a content. The
 * caller frees it. */
static char *filled(const char *json)
{
	const size_t n = strlen(json);
	char *s = malloc(WIRE_JSON_MAX + 1);

	assert_non_null(s);
	memset(s, ' ', WIRE_JSON_MAX);
	memcpy(s, json, n - 1);
	s[WIRE_JSON_MAX - 1] = '}';
	s[WIRE_JSON_MAX] = '\0';
	return s;
}

/* A content carries a signature: there must be room for both. */
TEST(content_of_64_kib)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;
	char *message =
	    filled("{\"type\":\"message\",\"id\":\"AAAAAAAAAAAAAAAAAAAAAA==\","
		   "\"text\":\"large\",\"ts\":1}");
	char *notice = filled("{\"type\":\"later\"}");

	(void)state;
	world_join(w, 1);
	fake_say_as(
	    f, &f->peers[0], &(struct saying){.seq = 1, .json = message});
	fake_flush(f);
	fake_notice_json(f, f->epoch, ++f->notice_seq, notice);
	f->peers[0].seq = 1;
	fake_say(f, &f->peers[0], "small");
	world_pump(w);
	check_events(w, "message bob 1 large", "message bob 2 small", NULL);
	check_got(w, NULL);
	free(message);
	free(notice);
	world_free(w);
}

int main(void)
{
	struct check_group g = {0};

	json_setup();
#define ADD(name) check_add(&g, name, NULL, #name)
	ADD(room_and_epoch_zero);
	ADD(epoch_zero_does_not_come_again);
	ADD(content_of_64_kib);
#undef ADD
	return check_run("session limits", &g);
}
