/* The budgets of wrong guesses of a network and of all addresses together. */
#include "tests/unit/throttle_sim.h"

static struct sim *sim_with(uint32_t site, uint32_t net, uint32_t all)
{
	const struct throttle_limits l = {.exchanges_max = 100,
	    .addresses_max = 100000,
	    .pause_max_ms = MINUTE,
	    .guesses = {.site = site, .net = net, .all = all}};
	struct sim *s = sim_new(1, 1);

	throttle_free(s->g);
	s->g = throttle_new(&l);
	assert_non_null(s->g);
	return s;
}

enum kind { NET_48, NET_56, NET_24 };

/* The i-th address of a network: each in another /56, /64 or address. */
static void address_in(char out[64], enum kind kind, int net, int i)
{
	if (kind == NET_24)
		snprintf(out, 64, "198.51.%d.%d", net, i % 256);
	else if (kind == NET_56)
		snprintf(out, 64, "2001:db8:%x:77%02x::1", net, i % 256);
	else
		snprintf(
		    out, 64, "2001:db8:%x:%02x%02x::1", net, i % 256, i / 256);
}

/* How many of n wrong guesses are let go. */
static unsigned guesses_of(struct sim *s, enum kind kind, int net, int n)
{
	unsigned went = 0;
	char from[64];
	int i;

	for (i = 0; i < n; i++) {
		address_in(from, kind, net, i);
		assert_null(enter(s, ATTEMPTS - 1, from));
		went += share(s, ATTEMPTS - 1) == THROTTLE_GO;
		leave(s, ATTEMPTS - 1);
	}
	return went;
}

struct network {
	const char *name;
	enum kind kind;
	unsigned at_once, a_minute;
};
static const struct network networks[] = {
    {"/48", NET_48, 80, 16},
    {"/56", NET_56, 20, 4},
    {"IPv4 /24", NET_24, 80, 16},
};

static void test_network(void **state)
{
	const struct network *n = *state;
	struct sim *s = sim_with(4, 16, 0);

	assert_int_equal(guesses_of(s, n->kind, 1, 256), n->at_once);
	s->now += MINUTE;
	assert_int_equal(guesses_of(s, n->kind, 1, 256), n->a_minute);
	/* another network is not affected */
	assert_int_equal(come(s, 0, "2001:db8:2::1"), THROTTLE_GO);
	s->now += 10 * MINUTE;
	assert_int_equal(guesses_of(s, n->kind, 1, 256), n->at_once);
	sim_free(s);
}

/* Each kind of network has a limit of its own, or none. */
static void test_network_limits(void **state)
{
	struct sim *s = sim_with(2, 0, 0);

	(void)state;
	assert_int_equal(guesses_of(s, NET_56, 1, 256), 10);
	assert_int_equal(guesses_of(s, NET_24, 1, 256), 256);
	assert_int_equal(guesses_of(s, NET_48, 2, 256), 256);
	sim_free(s);
	s = sim_with(0, 8, 0);
	assert_int_equal(guesses_of(s, NET_56, 1, 256), 40);
	assert_int_equal(guesses_of(s, NET_24, 1, 256), 40);
	sim_free(s);
}

/* A herd of honest people from one network: none is told that there were wrong
 * passwords, however many are open at once. Guesses that are open together and
 * all fail leave a debt. */
static void test_network_at_once(void **state)
{
	struct sim *s = sim_with(0, 4, 0);
	char from[64];
	unsigned went = 0;
	int i;

	(void)state;
	for (i = 0; i < 60; i++) {
		address_in(from, NET_24, 1, i);
		assert_int_equal(come(s, i, from), THROTTLE_GO);
	}
	for (i = 0; i < 30; i++)
		proved(s, i);
	for (; i < 60; i++)
		leave(s, i); /* 30 wrong ones; 20 may come at once */
	s->now += 2 * MINUTE;
	assert_int_equal(guesses_of(s, NET_24, 1, 64), 0);
	s->now += MINUTE; /* 30 - 12 = 18 are left */
	went = guesses_of(s, NET_24, 1, 250) + guesses_of(s, NET_24, 1, 250);
	assert_int_equal(went, 2);
	sim_free(s);
}

/* A right password costs nothing, however many come. */
static void test_network_of_honest(void **state)
{
	struct sim *s = sim_with(4, 16, 600);
	char from[64];
	int i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		snprintf(from, sizeof(from), "198.51.100.%d", i % 256);
		assert_int_equal(come(s, 0, from), THROTTLE_GO);
		proved(s, 0);
	}
	sim_free(s);
}

/* A /48 with all its 65,536 networks, then 100 /48s: the budget of all. Whoever
 * waits goes in turn when it fills, and a ticket's door has no budgets. */
static void test_all(void **state)
{
	struct sim *s = sim_with(4, 16, 600);
	unsigned went = 0;
	enum throttle_answer a;
	int i;

	(void)state;
	assert_int_equal(guesses_of(s, NET_48, 1, 65536), 80);
	for (i = 2; i < 100; i++)
		went += guesses_of(s, NET_48, i, 256);
	assert_int_equal(80 + went, 600);
	assert_int_equal(come(s, 0, "192.0.2.1"), THROTTLE_WAIT);
	assert_int_equal(come(s, 1, "192.0.2.1"), THROTTLE_WAIT);
	assert_int_equal(come(s, 2, "192.0.2.2"), THROTTLE_WAIT);
	assert_int_equal(ready(s, &a), -1);
	s->now += 100; /* one more guess fits */
	assert_int_equal(ready(s, &a), 0);
	assert_int_equal(a, THROTTLE_GO);
	assert_int_equal(ready(s, &a), -1);
	proved(s, 0); /* and is given back */
	assert_int_equal(ready(s, &a), 2);
	assert_int_equal(ready(s, &a), -1);
	/* no newcomer overtakes */
	assert_int_equal(come(s, 3, "192.0.2.3"), THROTTLE_WAIT);
	s->now += 200;
	assert_int_equal(ready(s, &a), 1);
	assert_int_equal(ready(s, &a), 3);
	sim_free(s);
}

/* More networks than are remembered: memory does not grow. */
static void test_many_networks(void **state)
{
	struct sim *s = sim_with(4, 16, 0);
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	uint32_t i;

	(void)state;
	in6.sin6_addr.s6_addr[0] = 0x20;
	for (i = 0; i < 3 * BUDGET_NETS; i++) {
		put_u32(in6.sin6_addr.s6_addr + 2, i);
		enter_sa(s, 0, (const void *)&in6, 0);
		assert_int_equal(share(s, 0), THROTTLE_GO);
		leave(s, 0);
		s->now++;
	}
	assert_int_equal(budget_nets(s->g->budget), BUDGET_NETS);
	sim_free(s);
}

/* An identity is a key of its own, whatever address it comes from. */
static void test_identities(void **state)
{
	struct sim *s = sim_new(100, 100);
	const uint8_t a[32] = {1, [15] = 1}, b[32] = {1, [15] = 2};
	const struct throttle_key ka = throttle_key_of_identity(a),
				  kb = throttle_key_of_identity(b);

	(void)state;
	assert_int_equal(throttle_enter(s->g, &s->t[0], &ka, s->now), 0);
	assert_int_equal(throttle_enter(s->g, &s->t[1], &kb, s->now), 0);
	assert_int_equal(throttle_enter(s->g, &s->t[2], &ka, s->now), 0);
	assert_ptr_equal(s->t[0].address, s->t[2].address);
	assert_ptr_not_equal(s->t[0].address, s->t[1].address);
	sim_free(s);
}

static enum throttle_answer guess_at(
    struct sim *s, int i, const char *from, const char *word)
{
	assert_null(enter(s, i, from));
	s->t[i].name = throttle_key_of_word(word);
	return share(s, i);
}

/* How many of 300 guesses at a name go, each from another network. */
static unsigned guesses_at(struct sim *s, const char *word)
{
	enum throttle_answer a;
	unsigned went = 0;
	char from[64];
	int i;

	for (i = 0; i < 300; i++) {
		snprintf(from, sizeof(from), "198.%d.%d.1", i / 256, i % 256);
		a = guess_at(s, 0, from, word);
		assert_true(a == THROTTLE_GO || a == THROTTLE_NAME);
		went += a == THROTTLE_GO;
		leave(s, 0);
		s->t[0].name = throttle_key_of_word("*");
	}
	return went;
}

/* One name from many networks: it has a budget, whoever guesses. Others, the
 * gate's password and invites are not affected, and a right password is free. */
static void test_name(void **state)
{
	struct sim *s = sim_with(0, 0, 0);
	const struct budget_limits by_name = {.name = 4};
	int i;

	(void)state;
	throttle_guesses(s->g, 0, &by_name);
	assert_int_equal(guesses_at(s, "alice"), 20);
	assert_int_equal(guesses_at(s, "alicf"), 20);
	assert_int_equal(guesses_at(s, "*"), 300);
	assert_int_equal(guesses_at(s, "+abcdefgh"), 300);
	s->now += MINUTE;
	assert_int_equal(guesses_at(s, "alice"), 4);
	s->now += MINUTE / 4;
	for (i = 0; i < 100; i++) {
		assert_int_equal(
		    guess_at(s, 0, "192.0.2.1", "alice"), THROTTLE_GO);
		proved(s, 0);
	}
	assert_int_equal(guesses_at(s, "alice"), 1);
	sim_free(s);
}

/* Guesses at a name that are open together leave a debt. One that waited for its
 * turn pays for its name too. */
static void test_name_at_once(void **state)
{
	struct sim *s = sim_with(0, 0, 0);
	const struct budget_limits by_name = {.name = 1};
	enum throttle_answer a;
	char from[64];
	int i;

	(void)state;
	throttle_guesses(s->g, MINUTE, &by_name);
	for (i = 0; i < 5; i++)
		assert_int_equal(
		    guess_at(s, i, "192.0.2.1", "alice"), THROTTLE_GO);
	assert_int_equal(guess_at(s, 40, "192.0.2.1", "alice"), THROTTLE_WAIT);
	for (; i < 10; i++) {
		snprintf(from, sizeof(from), "198.51.%d.1", i);
		assert_int_equal(guess_at(s, i, from, "alice"), THROTTLE_GO);
	}
	for (i = 1; i < 10; i++)
		leave(s, i);
	proved(s, 0); /* so that its address has fewer than five failures */
	assert_int_equal(ready(s, &a), 40);
	assert_int_equal(a, THROTTLE_NAME);
	leave(s, 40);
	s->now += 4 * MINUTE; /* 9 - 4 = 5: as many as may come at once */
	assert_int_equal(
	    guess_at(s, 0, "198.51.100.1", "alice"), THROTTLE_NAME);
	leave(s, 0);
	s->now += MINUTE;
	assert_int_equal(guess_at(s, 0, "198.51.100.2", "alice"), THROTTLE_GO);
	sim_free(s);
}

/* One address that tries many names is slowed down as one that tries one. */
static void test_many_names(void **state)
{
	struct sim *s = sim_with(0, 0, 0);
	char word[8];
	int i;

	(void)state;
	for (i = 0; i < 30; i++) {
		snprintf(word, sizeof(word), "name%d", i);
		assert_int_equal(guess_at(s, 0, "192.0.2.1", word),
		    i < THROTTLE_FREE ? THROTTLE_GO : THROTTLE_LATER);
		leave(s, 0);
	}
	sim_free(s);
}

/* A name of 24 characters is not cut, and no name is nobody's. */
static void test_keys_of_names(void **state)
{
	static const char *const words[] = {"a", "b", "aa", "abcdefgh",
	    "abcdefghi", "abcdefghijklmnop", "abcdefghijklmnopqrstuvwx",
	    "abcdefghijklmnopqrstuvwy"};
	enum { N = sizeof(words) / sizeof(words[0]) };
	struct throttle_key k[N], nobody = {0, 0, 0}, gate, invite;
	size_t i, j;

	(void)state;
	for (i = 0; i < N; i++) {
		k[i] = throttle_key_of_word(words[i]);
		assert_int_equal(k[i].kind, 3);
		for (j = 0; j < i; j++)
			assert_false(throttle_key_same(&k[i], &k[j]));
	}
	gate = throttle_key_of_word("*");
	invite = throttle_key_of_word("+abcdefgh");
	assert_true(throttle_key_same(&gate, &nobody));
	assert_true(throttle_key_same(&invite, &nobody));
}

int main(void)
{
	struct check_group g = {0};
	size_t i;

	for (i = 0; i < sizeof(networks) / sizeof(networks[0]); i++)
		check_add(&g, test_network, (void *)(uintptr_t)&networks[i],
		    "guesses of one %s", networks[i].name);
	check_add(&g, test_network_at_once, NULL, "a network at once");
	check_add(&g, test_network_of_honest, NULL, "right passwords are free");
	check_add(&g, test_network_limits, NULL, "limits of networks");
	check_add(&g, test_all, NULL, "guesses from everywhere");
	check_add(&g, test_many_networks, NULL, "many networks");
	check_add(&g, test_name, NULL, "guesses at one name");
	check_add(&g, test_name_at_once, NULL, "guesses at one name at once");
	check_add(&g, test_many_names, NULL, "one address and many names");
	check_add(&g, test_keys_of_names, NULL, "keys of names");
	check_add(&g, test_identities, NULL, "identities");
	return check_run("networks", &g);
}
