/* The people of a room: the pages of its list, what is asked of a member, their
 * names, and what their cards weigh. */
#include <stddef.h>

#include "server/net/quota.h"
#include "server/room/entrant.h"
#include "tests/unit/room_talk.h"

static void test_pages(void **state)
{
	struct world *w = *state;
	struct peer *a, *b;
	char name[16];
	int i;

	world_two(w, &a, &b);
	for (i = 0; i < 148; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		peer_enter(w, name);
	}
	world_second(w);
	(void)peer_reads(a);
	assert_int_equal(room_user_list(a->member, ROOM_ID, 0), 0);
	assert_int_equal(room_user_list(a->member, ROOM_ID, 100), 0);
	assert_int_equal(room_user_list(a->member, ROOM_ID, 149), 0);
	assert_int_equal(room_user_list(a->member, ROOM_ID, 150), 0);
	assert_int_equal(room_user_list(a->member, ROOM_ID, UINT32_MAX), 0);
	READS(a, "list 100 of 150 from 1; list 50 of 150 from 101; "
		 "list 1 of 150 from 150; list 0 of 150 from 0; "
		 "list 0 of 150 from 0");
	assert_int_equal(room_user_list(a->member, ROOM_ID + 1, 0), ERR_ROOM);
	/* A leaver stays in lists and totals until the notice. */
	room_leave(b->member);
	assert_int_equal(room_user_list(a->member, ROOM_ID, 1), 0);
	READS(a, "list 100 of 150 from 2");
	assert_int_equal(room_people(w->room), 149);
	world_second(w);
	(void)peer_reads(a);
	assert_int_equal(room_user_list(a->member, ROOM_ID, 1), 0);
	READS(a, "list 100 of 149 from 3");
}

static void test_identity(void **state)
{
	struct world *w = *state;
	struct peer *a, *b;

	world_two(w, &a, &b);
	assert_int_equal(room_identity(a->member, 2), 0);
	assert_int_equal(room_identity(a->member, 1), 0);
	assert_int_equal(room_identity(a->member, 3), 0);
	READS(a, "identity 2 card of bob; identity 1 card of alice; "
		 "error no_member 3");
	/* This holds from the leave on, not only from the notice on. */
	room_leave(b->member);
	assert_int_equal(room_identity(a->member, 2), 0);
	READS(a, "error no_member 2");
}

/* Returns the member of this name if it has this peer's identity. */
static struct member *named(
    struct world *w, const char *name, const struct peer *p)
{
	struct directory_place here = {0}, *other;
	struct directory_who who = {.name = name,
	    .account = p->result.card.identity,
	    .client = &here,
	    .room = w->room};

	assert_int_equal(directory_enter(w->directory, &here, &who, &other), 0);
	directory_leave(w->directory, &here);
	if (other == NULL)
		return NULL;
	return (struct member *)(void *)((char *)other -
					 offsetof(struct member, place));
}

/* Returns whether the name is free. */
static bool is_free(struct world *w, const char *name)
{
	static const uint8_t identity[WIRE_ED25519];
	struct directory_place here = {0}, *other;
	struct directory_who who = {
	    .name = name, .account = identity, .client = &here};
	int err = directory_enter(w->directory, &here, &who, &other);

	if (err == 0)
		directory_leave(w->directory, &here);
	else
		assert_int_equal(err, ERR_NAME);
	return err == 0;
}

static void test_names(void **state)
{
	struct world *w = *state;
	struct peer *a, *b, *c;

	world_two(w, &a, &b);
	c = peer_enter(w, "Carol");
	assert_ptr_equal(named(w, "ALICE", a), a->member);
	assert_ptr_equal(named(w, "carol", c), c->member);
	assert_true(is_free(w, "dave"));
	room_leave(a->member);
	assert_true(is_free(w, "alice"));
	room_leave(c->member);
	assert_true(is_free(w, "carol"));
	assert_false(member_taken(c->member));
	assert_int_equal(room_people(w->room), 1);
}

/* A name is found among many, whatever the order of joins and leaves. */
static void test_many_names(void **state)
{
	struct world *w = *state;
	struct peer *p[100], *again;
	char name[16];
	int i;

	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		p[i] = peer_enter(w, name);
		if (i == 50)
			world_rekeys(w);
	}
	for (i = 0; i < 100; i += 2)
		room_leave(p[i]->member);
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "N%d", i);
		assert_ptr_equal(
		    named(w, name, p[i]), i % 2 == 0 ? NULL : p[i]->member);
		assert_int_equal(member_taken(p[i]->member), i % 2 == 1);
	}
	again = peer_enter(w, "n42");
	assert_ptr_equal(named(w, "n42", again), again->member);
	world_second(w);
	assert_ptr_equal(named(w, "n42", again), again->member);
	assert_ptr_equal(named(w, "n43", p[43]), p[43]->member);
	room_leave(again->member);
	assert_true(is_free(w, "n42"));
}

static void connection_ends(struct peer *p)
{
	memberships_free(&p->rooms);
	entrant_unref(p->person);
	p->member = NULL;
	p->person = NULL;
}

/* Cards may be long, so they count as memory held for peers. */
static void test_cards_are_counted(void **state)
{
	enum { LONG = 12 << 10 };
	const size_t before = quota_held();
	struct world *w = *state;
	struct peer *p[2];
	struct buf *card;
	int i;

	for (i = 0; i < 2; i++) {
		p[i] = peer_new(w, "alice");
		card = &p[i]->result.card.bytes;
		card->max = LONG;
		assert_int_equal(buf_reserve(card, LONG - card->len), 0);
		memset(card->p + card->len, 'x', LONG - card->len);
		card->len = LONG;
	}
	assert_int_equal(peer_comes(w, p[0]), CODE_NONE);
	assert_in_range(quota_held() - before, LONG, LONG + 4096);
	assert_int_equal(peer_comes(w, p[1]), CODE_NAME_TAKEN);
	connection_ends(p[1]);
	assert_in_range(quota_held() - before, LONG, LONG + 4096);
	room_leave(p[0]->member);
	connection_ends(p[0]);
	assert_int_equal(quota_held(), before);
}

/* Takes over the peer's card, and gives the bytes that it holds. */
static size_t keeps(struct peer *p, const char *card)
{
	const size_t before = quota_held();
	uint8_t spki[WIRE_RSA_SPKI_MAX];
	const struct hs_card *from = &p->result.card;
	struct entrant *e;
	size_t held;

	buf_clear(&p->result.card.bytes);
	p->result.card.bytes.max = 2000;
	assert_int_equal(buf_str(&p->result.card.bytes, card), 0);
	e = entrant_new(&p->result);
	assert_non_null(e);
	held = quota_held() - before;
	assert_int_equal(e->card_len, strlen(card));
	assert_memory_equal(entrant_card(e), card, strlen(card));
	assert_int_equal(e->wrap_len, from->wrap_spki_len);
	assert_int_equal(entrant_wrap(e, spki), 0);
	assert_memory_equal(spki, from->wrap_spki, from->wrap_spki_len);
	entrant_unref(e);
	assert_int_equal(quota_held(), before);
	return held - strlen(card);
}

/* A wrap key is not kept beside a card in which it stands as we would write it;
 * with a slash that is escaped, or of another length, it is. */
static void test_a_wrap_key_is_kept_once(void **state)
{
	struct world *w = *state;
	struct peer *p = peer_new(w, "alice");
	struct hs_card *card = &p->result.card;
	static const uint8_t key[] = {0, 1, 2, 0xff, 0xff, 0xff, 3};
	size_t kept;

	memcpy(card->wrap_spki, key, sizeof(key));
	card->wrap_spki_len = sizeof(key);
	kept = keeps(p, "{\"v\":1,\"wrap\":\"AAEC////Aw==\",\"x\":\"\"}");
	assert_int_equal(
	    keeps(p, "{\"wrap\":\"AAEC\\/\\/\\/\\/Aw==\"}"), kept + sizeof(key));
	assert_int_equal(
	    keeps(p, "{\"wrap\":\"AAEC////Aw\"}"), kept + sizeof(key));
	assert_int_equal(keeps(p, "{}"), kept + sizeof(key));
	assert_int_equal(keeps(p, ""), kept + sizeof(key));
	memset(card->wrap_spki, 0, WIRE_RSA_SPKI_MAX);
	card->wrap_spki_len = WIRE_RSA_SPKI_MAX;
	assert_int_equal(keeps(p, "{}"), kept + WIRE_RSA_SPKI_MAX);
}

static void test_no_ids_left(void **state)
{
	struct world *w = *state;
	struct peer *p = peer_new(w, "late");
	struct room_newcomer n = {.person = peer_card(p),
	    .out = &p->q,
	    .member = p->member = memberships_new(&p->rooms)};
	enum wire_code refused;
	struct directory *full = directory_new(UINT32_MAX);

	assert_non_null(full);
	w->room->o.directory = full;
	assert_int_equal(
	    room_enter(w->room, w->thread[0], &n, &refused), ERR_LIMIT);
	assert_false(member_taken(p->member));
	w->room->o.directory = w->directory;
	directory_free(full);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	const struct CMUnitTest tests[] = {
	    T(test_pages),
	    T(test_identity),
	    T(test_names),
	    T(test_many_names),
	    T(test_cards_are_counted),
	    T(test_a_wrap_key_is_kept_once),
	    T(test_no_ids_left),
	};

	json_setup();
	return cmocka_run_group_tests_name("room's people", tests, NULL, NULL);
}
