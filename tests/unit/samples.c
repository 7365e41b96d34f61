/* One valid object of each type of control frame and of content. */
#include "tests/unit/check.h"
#include "tests/unit/samples.h"

#include "shared/crypto/keys.h"

void sample_user(struct user *u, uint32_t member, const char *name)
{
	uint8_t seed[32] = {0};
	struct identity *id;

	memset(u, 0, sizeof(*u));
	put_u32(seed, member);
	id = identity_from_seed(seed);
	assert_non_null(id);
	u->member = member;
	strcpy(u->name, name);
	memcpy(u->identity, identity_public(id), WIRE_ED25519);
	memset(u->card, (int)(member & 255), WIRE_HASH);
	identity_free(id);
}

void sample_wrapped(struct key_exchange *k)
{
	memset(k, 0, sizeof(*k));
	k->room = 7;
	k->epoch = 9;
	memset(k->commit, 0xc0, sizeof(k->commit));
	k->is_wrapped = true;
	strcpy(k->name, "lobby");
	strcpy(k->topic, "of \"this\" and \xc3\xa4");
	k->member = 4294967295u;
	k->wrapped_len = 384;
	memset(k->wrapped, 0x3a, k->wrapped_len);
}

void sample_fresh(struct key_exchange *k)
{
	memset(k, 0, sizeof(*k));
	k->room = 7;
	k->epoch = 10;
	memset(k->commit, 0xc1, sizeof(k->commit));
	memset(k->secret, 0x5e, sizeof(k->secret));
	strcpy(k->reason, "leave");
}

static int good_wrapped(struct buf *b)
{
	struct key_exchange k;

	sample_wrapped(&k);
	return control_key_exchange(b, &k);
}

static int good_fresh(struct buf *b)
{
	struct key_exchange k;

	sample_fresh(&k);
	return control_key_exchange(b, &k);
}

static int good_list(struct buf *b)
{
	struct user_list l = {.room = 7, .total = 3, .seq = 12, .n_users = 2};

	memset(l.roster, 0x3c, sizeof(l.roster));
	sample_user(&l.users[0], 2, "alice");
	sample_user(&l.users[1], 5, "bob");
	return control_user_list(b, &l);
}

static int good_list_ask(struct buf *b)
{
	return control_user_list_ask(b, 7, 102);
}

static int good_ack(struct buf *b)
{
	return control_ack(b, 7, 44, 1001);
}

static int good_identity(struct buf *b)
{
	uint8_t card[700], sig[WIRE_SIGNATURE];

	memset(card, 0xca, sizeof(card));
	memset(sig, 0x51, sizeof(sig));
	return control_identity(b, 5, card, sizeof(card), sig);
}

static int good_identity_ask(struct buf *b)
{
	return control_identity_ask(b, 5);
}

static int good_error(struct buf *b)
{
	return control_error(b, CODE_NO_MEMBER, "gone", 5);
}

static int good_bye(struct buf *b)
{
	return control_bye(b, CODE_QUIT, "so long");
}

static int good_ping(struct buf *b)
{
	return control_ping(b, false, -3);
}

static int good_pong(struct buf *b)
{
	return control_ping(b, true, 3);
}

const uint8_t sample_id[WIRE_ID] = "0123456789abcdef";

static int good_message(struct buf *b)
{
	return content_message(
	    b, sample_id, 1700000000123, "hi \xf0\x9f\x98\x80", 7, true);
}

static int good_notice(struct buf *b)
{
	uint8_t commit[WIRE_HASH], roster[WIRE_HASH];
	struct user users[2];

	memset(commit, 0xc2, sizeof(commit));
	memset(roster, 0x3c, sizeof(roster));
	sample_user(&users[0], 2, "alice");
	sample_user(&users[1], 5, "bob");
	return content_notice(b, &(struct notice_of){NOTICE_JOIN, 8, commit,
				     roster, users, 2, 1700000000123});
}

const struct sample samples[N_SAMPLES] = {
    [WRAPPED] = {"key_exchange (wrapped)", BY_SERVER, false, good_wrapped},
    [FRESH] = {"key_exchange (fresh)", BY_SERVER, false, good_fresh},
    [LIST] = {"user_list", BY_SERVER, false, good_list},
    [LIST_ASK] = {"user_list (asked)", BY_CLIENT, false, good_list_ask},
    [ACK] = {"ack", BY_SERVER, false, good_ack},
    [IDENTITY] = {"identity", BY_SERVER, false, good_identity},
    [IDENTITY_ASK] = {"identity (asked)", BY_CLIENT, false, good_identity_ask},
    [ERROR] = {"error", BY_SERVER, false, good_error},
    [BYE] = {"bye", BY_SERVER, true, good_bye},
    [PING] = {"ping", BY_SERVER, true, good_ping},
    [PONG] = {"pong", BY_SERVER, true, good_pong},
    [MESSAGE] = {"message", BY_MEMBER, false, good_message},
    [NOTICE] = {"notice", BY_NOTICE, false, good_notice},
};

int sample_verdict(enum by by, const void *json, size_t n)
{
	void *copy = malloc(n + 1); /* exact size, for the sanitizers */
	struct control *c = malloc(sizeof(*c));
	struct content *t = malloc(sizeof(*t));
	int r;

	assert_non_null(copy);
	assert_non_null(c);
	assert_non_null(t);
	memcpy(copy, json, n);
	if (by == BY_CLIENT || by == BY_SERVER) {
		r = control_decode(
		    c, by == BY_CLIENT ? FROM_CLIENT : FROM_SERVER, copy, n);
		if (r != 0)
			assert_int_equal(c->type, CONTROL_UNKNOWN);
	} else {
		r = content_decode(t, by == BY_NOTICE, copy, n);
		if (r != 0)
			assert_null(t->json);
		content_free(t);
	}
	free(t);
	free(c);
	free(copy);
	return r;
}
