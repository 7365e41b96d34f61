/* mutate.c - attacks a running server with almost valid inputs, in rounds:
 *
 *   peers   log in with the password and a valid handshake, except that some
 *           have a damaged card
 *   early   meanwhile, connections with an error somewhere in the handshake
 *   garbage group frames with a valid header that nobody can open
 *   bent    damaged control JSON, group frame headers and records, one by
 *           one, until the server ends the connection
 *
 *   mutate HOST PORT PASSWORD COUNT SEED
 *
 * It stops after COUNT delivered inputs. An input counts as delivered when the
 * server has shown that it read it: it answered a ping sent after it, or it
 * ended the connection (an answer, a bye, or a close). The last line of output
 * counts each kind; a server that is silent for 30 seconds is an error. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

#include "shared/proto/control.h"
#include "shared/proto/group.h"
#include "shared/proto/handshake_int.h"
#include "tests/fuzz/bend.h"
#include "tests/fuzz/hostile_peer.h"
#include "tests/fuzz/people_of.h"

enum {
	PEERS = 40,
	EARLY = 4000,	 /* per round */
	EARLY_OPEN = 50, /* open at the same time */
	CARDS = 10,
	GARBAGE = 20, /* per peer */
	BENT = 12,
};

enum kind { EARLY_RAW, EARLY_JSON, CARD, GROUP, CONTROL, HEAD, RECORD, KINDS };
static const char *const kind_names[KINDS] = {
    "early raw", "early json", "card", "group", "control", "head", "record"};

struct attack {
	struct crypto *crypto;
	uint64_t seed;
	struct sockaddr_in to;
	const char *password;
	bool stretched_once;
	uint8_t stretched[PAKE_STRETCHED];
	struct kem_rsa *wrap;
	struct dh *agree;
	unsigned names;
	size_t sent[KINDS], delivered[KINDS], connections;
};

static void count(struct attack *a, enum kind k, size_t n, bool delivered)
{
	a->sent[k] += n;
	if (delivered)
		a->delivered[k] += n;
}

/* --- before the password ------------------------------------------------- */

#define B32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define HELLO                                                                  \
	"{\"type\":\"handshake\",\"step\":\"hello\","                          \
	"\"protocols\":[\"conclave/1\"],\"account\":\"*\",\"nonce\":\"" B32    \
	"\"}"
/* The curve's generator: a valid share. */
#define SHARE                                                                  \
	"{\"type\":\"handshake\",\"step\":\"share\",\"share\":\"BGsX0fLhLEJH"  \
	"+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7"   \
	"ZAaDe/UfU=\"}"
#define FINISH                                                                 \
	"{\"type\":\"handshake\",\"step\":\"finish\",\"confirm\":\"" B32       \
	"\",\"card\":\"" B32 "\"}"

static void put_message(struct buf *b, const char *json)
{
	people_message(b, json, strlen(json));
}

static void put_bent(struct attack *a, struct buf *b, const char *json)
{
	size_t at = b->len;

	OK(buf_u32(b, 0));
	bend_json(b, &a->seed, json);
	put_u32(b->p + at, (uint32_t)(b->len - at - 4));
	if (bend_below(&a->seed, 10) == 0)
		bend_bytes(b, &a->seed, at);
}

static enum kind early_bytes(struct attack *a, struct buf *b)
{
	static const char *const others[] = {"GET / HTTP/1.1\r\n\r\n",
	    "SSH-2.0-OpenSSH_9.2\r\n", "\x16\x03\x01\x02\x01\x01", "NICK a\r\n",
	    "\0\0\0\0", "\0\0\x40\x01{", "\xff\xff\xff\xff"};
	size_t k;

	switch (bend_below(&a->seed, 16)) {
	case 0:
		OK(buf_put(b, others[bend_below(&a->seed, 7)], 4));
		bend_bytes(b, &a->seed, 0);
		return EARLY_RAW;
	case 1:
		for (k = 1 + bend_below(&a->seed, 300); k > 0; k--)
			OK(buf_u8(b, (uint8_t)(fuzz_random(&a->seed) >> 8)));
		return EARLY_RAW;
	case 2: /* out of order */
		put_message(b, bend_below(&a->seed, 2) ? SHARE : FINISH);
		return EARLY_JSON;
	case 3:
	case 4:
	case 5:
		put_message(b, HELLO);
		put_bent(a, b, SHARE);
		return EARLY_JSON;
	case 6: /* costs the server a curve operation */
		if (bend_below(&a->seed, 8) == 0) {
			put_message(b, HELLO);
			put_message(b, SHARE);
			put_bent(a, b, FINISH);
			return EARLY_JSON;
		}
		/* fallthrough */
	default:
		put_bent(a, b, HELLO);
		return EARLY_JSON;
	}
}

static void early(struct attack *a, size_t n)
{
	enum kind kind[EARLY_OPEN];
	struct peer p[EARLY_OPEN];
	size_t i, k;

	for (; n > 0; n -= k) {
		k = n < EARLY_OPEN ? n : EARLY_OPEN;
		for (i = 0; i < k; i++) {
			peer_dial(&p[i], &a->to, &a->seed);
			a->connections++;
			kind[i] = early_bytes(a, &p[i].out);
			(void)peer_send(&p[i], p[i].out.p, p[i].out.len);
		}
		for (i = 0; i < k; i++) {
			peer_until_end(&p[i]);
			count(a, kind[i], 1, true);
			peer_hang_up(&p[i]);
		}
	}
}

/* --- the handshake ------------------------------------------------------- */

static void stretch(struct attack *a, struct handshake *h)
{
	struct hs_kdf_job job;

	OK(handshake_kdf_job(h, &job));
	if (!a->stretched_once)
		OK(pake_stretch(a->stretched, a->password, strlen(a->password),
		    "*", WIRE_PROTOCOL, job.salt, &job.kdf));
	a->stretched_once = true;
	OK(handshake_stretched(h, a->stretched));
}

/* Like handshake_card, but with a damaged card. */
static void bent_card(struct attack *a, struct handshake *h)
{
	const struct identity *id = people_identity(1);
	uint8_t key_iv[WIRE_KEY_IV], aad[64], sig[WIRE_SIGNATURE];
	struct buf card, plain, sealed, msg;
	struct part parts[2] = {{LABEL_CARD, sizeof(LABEL_CARD)}};

	buf_init(&card, 1 << 20);
	buf_init(&plain, 1 << 20);
	buf_init(&sealed, 1 << 20);
	buf_init(&msg, 1 << 20);
	OK(people_card(&card, 1, "mallory", "", h->result.session, h->th[4]));
	OK(buf_u8(&card, 0));
	bend_json(&plain, &a->seed, (const char *)card.p);
	buf_truncate(&plain, plain.len < 8000 ? plain.len : 8000);
	parts[1] = (struct part){plain.p, plain.len};
	OK(identity_sign(id, sig, parts, 2));
	OK(buf_put(&sealed, sig, sizeof(sig)));
	OK(buf_put(&sealed, plain.p, plain.len));
	OK(buf_reserve(&sealed, WIRE_TAG));
	memcpy(aad, h->th[4], WIRE_HASH);
	memcpy(aad + WIRE_HASH, h->keys.confirm_p, WIRE_CONFIRM);
	OK(handshake_keys_card(h, key_iv));
	OK(crypto_seal(a->crypto, sealed.p, key_iv, key_iv + WIRE_KEY, aad,
	    sizeof(aad), sealed.p, sealed.len));
	sealed.len += WIRE_TAG;
	OK(handshake_msg_put_finish(&msg, h->keys.confirm_p, &sealed));
	OK(handshake_put(h, &msg));
	buf_free(&card);
	buf_free(&plain);
	buf_free(&sealed);
	buf_free(&msg);
}

static void output(struct peer *p, struct handshake *h)
{
	const uint8_t *b;
	size_t n;

	b = handshake_output(h, &n);
	if (!peer_send(p, b, n))
		peer_die("the server ended a good handshake");
	handshake_consume(h, n);
}

/* A valid handshake; with `bend`, valid up to a damaged card. */
static void come_in(struct attack *a, struct peer *p, bool bend)
{
	struct hs_client_opts o = {
	    .crypto = a->crypto, .rng = random_system(), .account = "*"};
	struct hs_card_opts card = {.room = "",
	    .identity = people_identity(2),
	    .wrap = a->wrap,
	    .agree = a->agree,
	    .instance = people_instance};
	struct handshake *h = handshake_client(&o);
	char name[WIRE_NAME_MAX + 1];
	size_t used;

	snprintf(name, sizeof(name), "m%u", a->names++);
	card.name = name;
	peer_dial(p, &a->to, &a->seed);
	a->connections++;
	if (h == NULL)
		peer_die("handshake_client");
	while (handshake_need(h) != HS_DONE) {
		output(p, h);
		switch (handshake_need(h)) {
		case HS_NEED_INPUT:
			if (!peer_receive(p, 0))
				peer_die("the server ended a good handshake");
			OK(handshake_input(h, p->in.p, p->in.len, &used));
			buf_consume(&p->in, used);
			break;
		case HS_NEED_KDF:
			stretch(a, h);
			break;
		case HS_NEED_CARD:
			if (bend) {
				bent_card(a, h);
				output(p, h);
				peer_until_end(p);
				count(a, CARD, 1, true);
				peer_hang_up(p);
				handshake_free(h);
				return;
			}
			OK(handshake_card(h, &card));
			break;
		default:
			peer_die("a good handshake");
		}
	}
	output(p, h);
	p->link = link_new(a->crypto, &handshake_result(h)->keys, LINK_CLIENT);
	if (p->link == NULL)
		peer_die("link_new");
	handshake_free(h);
}

static void put_group(struct attack *a, struct peer *p, size_t n, bool bend)
{
	uint8_t body[WIRE_GROUP_HEAD + 1024];
	struct link_frame f = {KIND_GROUP, body, WIRE_GROUP_HEAD + n};
	size_t i;

	put_u64(body, 0);
	put_u32(body + 8, p->room);
	put_u32(body + 12, p->epoch);
	put_u32(body + 16, p->member);
	put_u64(body + 20, p->seq + 1);
	for (i = 0; i < n; i++)
		body[WIRE_GROUP_HEAD + i] =
		    (uint8_t)(fuzz_random(&a->seed) >> 7);
	if (bend) {
		i = bend_below(&a->seed, WIRE_GROUP_HEAD);
		body[i] ^= (uint8_t)(1u << bend_below(&a->seed, 8));
		if (bend_below(&a->seed, 4) == 0)
			/* A record cannot be made of less than an offset. */
			f.len = WIRE_OFFSET + bend_below(&a->seed,
					WIRE_GROUP_HEAD + 80 - WIRE_OFFSET);
	}
	OK(link_record(p->link, &p->out, &f, 1));
}

/* Group frames with a valid header and a body that does not open. */
static void garbage(struct attack *a, struct peer *p)
{
	size_t i;

	while (peer_receive(p, MSG_DONTWAIT) && p->in.len > 0) {
		i = p->in.len;
		peer_records(p);
		if (p->in.len == i)
			break;
	}
	for (i = 0; i < GARBAGE; i++) {
		put_group(a, p, 80 + bend_below(&a->seed, 200), false);
		p->seq++;
	}
	count(a, GROUP, GARBAGE, peer_answered(p));
}

static void bent_control(struct attack *a, struct peer *p)
{
	static const char *const samples[] = {
	    "{\"type\":\"user_list\",\"room\":1,\"after\":2}",
	    "{\"type\":\"identity\",\"member\":2}",
	    "{\"type\":\"bye\",\"code\":\"quit\",\"text\":\"\"}",
	    "{\"type\":\"ping\",\"id\":1}", "{\"type\":\"pong\",\"id\":1}",
	    "{\"type\":\"ack\",\"room\":1,\"seq\":1,\"offset\":1}",
	    "{\"type\":\"key_exchange\",\"room\":{\"id\":1},\"epoch\":2,"
	    "\"secret\":\"" B32 "\",\"commit\":\"" B32
	    "\",\"reason\":\"leave\"}",
	    ("{\"type\":\"system\",\"event\":\"error\",\"code\":\"slow\","
	     "\"text\":\"\"}"),
	    "{\"type\":\"x\",\"a\":{\"b\":[1,2]},\"c\":\"d\"}"};
	struct buf json;

	buf_init(&json, 1 << 20);
	bend_json(&json, &a->seed, samples[bend_below(&a->seed, 9)]);
	if (json.len < 2)
		OK(buf_put(&json, "{}", 2));
	peer_control(p, json.p, json.len);
	buf_free(&json);
}

static void bent_record(struct attack *a, struct peer *p)
{
	size_t at = p->out.len, n;

	if (bend_below(&a->seed, 2))
		put_group(a, p, 80, false);
	else
		peer_control(p, "{\"type\":\"pong\",\"id\":1}", 22);
	if (bend_below(&a->seed, 2)) { /* the record's or a frame's header */
		n = bend_below(&a->seed, WIRE_RECORD_HEAD + WIRE_FRAME_HEAD);
		p->out.p[at + n] ^= (uint8_t)(1u << bend_below(&a->seed, 8));
	} else {
		bend_bytes(&p->out, &a->seed, at);
	}
}

/* Damaged frames one by one until the server ends the connection; the last one
 * is a damaged record. */
static void bent(struct attack *a, struct peer *p)
{
	bool open = true;
	size_t i;

	for (i = 0; i < BENT && open; i++) {
		switch (bend_below(&a->seed, 4)) {
		case 0:
		case 1:
			bent_control(a, p);
			open = peer_answered(p);
			count(a, CONTROL, 1, true);
			break;
		case 2:
			put_group(a, p, 80, true);
			open = peer_answered(p);
			count(a, HEAD, 1, true);
			break;
		default:
			bent_record(a, p);
			(void)peer_send(p, p->out.p, p->out.len);
			peer_until_end(p);
			count(a, RECORD, 1, true);
			open = false;
		}
	}
	peer_hang_up(p);
}

/* --- the whole ----------------------------------------------------------- */

static size_t sum(const size_t *n)
{
	size_t i, all = 0;

	for (i = 0; i < KINDS; i++)
		all += n[i];
	return all;
}

static void one_round(struct attack *a)
{
	struct peer p[PEERS], card;
	size_t i;

	for (i = 0; i < PEERS; i++)
		come_in(a, &p[i], false);
	early(a, EARLY);
	for (i = 0; i < CARDS; i++)
		come_in(a, &card, true);
	for (i = 0; i < PEERS; i++)
		peer_in_room(&p[i]);
	for (i = 0; i < PEERS; i++)
		garbage(a, &p[i]);
	for (i = 0; i < PEERS; i++)
		bent(a, &p[i]);
}

static void report(const struct attack *a)
{
	size_t i;

	printf("{\"sent\":%zu,\"delivered\":%zu,\"connections\":%zu",
	    sum(a->sent), sum(a->delivered), a->connections);
	for (i = 0; i < KINDS; i++)
		printf(",\"%s\":%zu", kind_names[i], a->delivered[i]);
	printf("}\n");
}

int main(int argc, char **argv)
{
	struct attack a = {.seed = 1};
	struct rng rng = random_system();
	size_t want;

	if (argc != 6)
		peer_die("usage: mutate HOST PORT PASSWORD COUNT SEED");
	json_setup();
	a.to.sin_family = AF_INET;
	a.to.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	if (inet_pton(AF_INET, argv[1], &a.to.sin_addr) != 1)
		peer_die("HOST");
	a.password = argv[3];
	want = strtoul(argv[4], NULL, 10);
	a.seed = strtoull(argv[5], NULL, 10) | 1;
	a.crypto = fuzz_crypto();
	a.wrap = kem_rsa_new(2048);
	a.agree = dh_new(&rng);
	if (a.wrap == NULL || a.agree == NULL)
		peer_die("keys");
	while (sum(a.delivered) < want)
		one_round(&a);
	report(&a);
	kem_rsa_free(a.wrap);
	dh_free(a.agree);
	return 0;
}
