/* Section 2 of PROTOCOL.md inside TLS: the password is proved for one TLS
 * connection, and what the challenge shows of it is compared. */
#include "tests/unit/shake.h"

#include "shared/proto/handshake_int.h"
#include "shared/wire/b64.h"

static struct shake_world world;
static const uint8_t one[WIRE_CHANNEL] = {1}, two[WIRE_CHANNEL] = {2};

static void begin(struct shake *k, const uint8_t *server, const uint8_t *client)
{
	shake_init(k, &world);
	if (server != NULL)
		assert_int_equal(handshake_channel(k->s, server), 0);
	if (client != NULL)
		assert_int_equal(handshake_channel(k->c, client), 0);
}

/* Moves what `from` says to `to`. */
static int pass(struct handshake *from, struct handshake *to)
{
	struct buf b = shake_output(from);
	size_t used;
	int r = shake_feed(to, b.p, b.len, 0, &used);

	buf_free(&b);
	return r;
}

static void the_same_connection(void **state)
{
	struct shake k;

	(void)state;
	begin(&k, one, one);
	shake_run(&k);
	assert_int_equal(handshake_need(k.c), HS_DONE);
	assert_int_equal(handshake_need(k.s), HS_DONE);
	assert_memory_equal(&handshake_result(k.c)->keys,
	    &handshake_result(k.s)->keys, sizeof(struct link_keys));
	shake_free(&k);
}

/* No share is sent: nobody learns of a guess. */
static void another_connection(void **state)
{
	static const struct {
		const uint8_t *server, *client;
		int want;
	} cases[] = {{two, one, ERR_CHANNEL}, {NULL, one, ERR_CHANNEL_NONE},
	    {one, NULL, ERR_CHANNEL_TLS}};
	struct shake k;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&k, cases[i].server, cases[i].client);
		assert_int_equal(pass(k.c, k.s), 0);
		assert_int_equal(pass(k.s, k.c), cases[i].want);
		assert_int_equal(handshake_need(k.c), HS_FAILED);
		(void)handshake_output(k.c, &n);
		assert_int_equal(n, 0);
		shake_free(&k);
	}
}

/* Somebody in between shows the client what it expects: both sides have other
 * transcripts, and other contexts. */
static void changed_in_between(void **state)
{
	char was[B64_LEN(WIRE_CHANNEL) + 1], is[sizeof(was)], *at;
	struct shake k;
	struct buf b;
	size_t used;
	bool did;

	(void)state;
	begin(&k, two, one);
	b64_encode(was, k.s->channel, WIRE_CHANNEL);
	b64_encode(is, k.c->channel, WIRE_CHANNEL);
	assert_int_equal(pass(k.c, k.s), 0);
	b = shake_output(k.s);
	assert_int_equal(buf_u8(&b, 0), 0);
	at = strstr((char *)b.p + WIRE_LENGTH, was);
	assert_non_null(at);
	memcpy(at, is, strlen(is));
	assert_int_equal(shake_feed(k.c, b.p, b.len - 1, 0, &used), 0);
	buf_free(&b);
	assert_int_equal(shake_serve(&k, k.c, &did), 0);
	assert_int_equal(pass(k.c, k.s), 0);
	assert_int_equal(shake_serve(&k, k.s, &did), 0);
	/* The proof is over th(3), which differs as well. */
	assert_int_equal(pass(k.s, k.c), ERR_PROOF);
	shake_free(&k);
}

/* Even with one transcript, another exporter is another context: the keys of
 * the proof differ. */
static void bound_to_the_exporter(void **state)
{
	struct shake k;
	size_t i;
	int r = 0;
	bool did;

	(void)state;
	begin(&k, one, one);
	memcpy(k.s->exporter, two, WIRE_CHANNEL);
	for (i = 0; i < 2 && r == 0; i++) {
		assert_int_equal(pass(k.c, k.s), 0);
		assert_int_equal(shake_serve(&k, k.s, &did), 0);
		if ((r = pass(k.s, k.c)) == 0)
			assert_int_equal(shake_serve(&k, k.c, &did), 0);
	}
	assert_int_equal(r, ERR_CONFIRM);
	shake_free(&k);
}

static void only_at_the_beginning(void **state)
{
	struct shake k;

	(void)state;
	shake_init(&k, &world);
	assert_int_equal(pass(k.c, k.s), 0);
	assert_int_equal(handshake_channel(k.s, one), ERR_STATE);
	assert_int_equal(pass(k.s, k.c), 0);
	assert_int_equal(handshake_channel(k.c, one), ERR_STATE);
	shake_free(&k);
}

int main(void)
{
	struct check_group g = {0};
	int failed;

	shake_world_init(&world);
	check_add(&g, the_same_connection, NULL, "the same TLS connection");
	check_add(&g, another_connection, NULL, "another one, or none");
	check_add(&g, changed_in_between, NULL, "changed in between");
	check_add(&g, bound_to_the_exporter, NULL, "bound to the exporter");
	check_add(&g, only_at_the_beginning, NULL, "only at the beginning");
	failed = check_run("handshake_channel", &g);
	shake_world_free(&world);
	return failed;
}
