/* parts.c - measures the parts of a handshake, of a record and of a rekey, one
 * by one: the shortest time of an operation on this thread's own CPU clock
 * (other load on the machine only makes it longer, never shorter).
 *   parts [NAME...]     one line per part: name, ns per operation
 * Under callgrind it writes one dump per part, with its name and its number of
 * operations; `make bench-parts` uses them to count instructions. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__has_include) && __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#define COUNTING RUNNING_ON_VALGRIND
#else
#define COUNTING		   0
#define CALLGRIND_ZERO_STATS	   ((void)0)
#define CALLGRIND_TOGGLE_COLLECT   ((void)0)
#define CALLGRIND_DUMP_STATS_AT(s) ((void)(s))
#endif

#include "shared/proto/control.h"
#include "shared/proto/group.h"
#include "shared/proto/handshake.h"
#include "server/net/frame.h"
#include "shared/proto/logchain.h"

enum {
	COUNTED = 8,	   /* operations per part under callgrind */
	BATCH_NS = 400000, /* of operations between two clock reads */
	BATCHES = 150,
	RSA_BITS = 3072, /* the client's default */
	FRAMES = 32,	 /* in the long record */
};

/* The data of all parts. */
struct world {
	struct crypto *crypto;
	struct identity *server, *alice;
	struct kem_rsa *wrap;
	struct dh *agree;
	struct kem_rsa_pub *pub;
	struct buf spki;
	struct pake_record *record;
	uint8_t w0[PAKE_SCALAR], w1[PAKE_SCALAR], stretched[PAKE_STRETCHED];
	uint8_t share[WIRE_SHARE], text[16384], session[WIRE_NONCE];
	uint8_t salt[WIRE_NONCE], signature[WIRE_SIGNATURE];
	struct mac *mac;
	struct link *link;
	struct buf json, out;
	uint8_t entries[FRAMES * LINK_ENTRY];
	uint64_t seed;
	struct said {
		enum hs_pq pq;
		struct buf m[6]; /* handshake messages 1, 3 and 5 */
	} classical, hybrid;
};

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "parts: %s failed\n", what);
	exit(1);
}

/* Repeats the same random bytes, so that recorded client messages still
 * match. */
static int repeated(void *arg, void *out, size_t n)
{
	uint64_t *x = arg;
	uint8_t *p = out;
	size_t i;

	for (i = 0; i < n; i++) {
		*x ^= *x << 13;
		*x ^= *x >> 7;
		*x ^= *x << 17;
		p[i] = (uint8_t)(*x >> 24);
	}
	return 0;
}

static int account(void *arg, const char *name, struct hs_account *out)
{
	struct world *w = arg;

	(void)name;
	out->kdf = (struct kdf){WIRE_SCRYPT_N_MIN, 8, 1};
	memcpy(out->salt, w->salt, sizeof(out->salt));
	out->record = w->record;
	return 0;
}

/* --- one handshake ------------------------------------------------------- */

static struct handshake *server_new(struct world *w, enum hs_pq pq)
{
	struct hs_server_opts o = {.crypto = w->crypto,
	    .rng = {repeated, &w->seed},
	    .identity = w->server,
	    .pq = pq,
	    .account = account,
	    .arg = w};

	w->seed = 7;
	memcpy(o.session, w->session, sizeof(o.session));
	return handshake_server(&o);
}

static void hear(struct handshake *h, const void *p, size_t n)
{
	size_t used;

	need(handshake_input(h, p, n, &used) == 0 && used == n, "input");
}

static void server_on(const struct said *said, struct handshake *s, size_t i)
{
	size_t n;

	hear(s, said->m[i].p, said->m[i].len);
	if (handshake_need(s) == HS_NEED_GRANT)
		need(handshake_grant(s) == 0, "turn");
	(void)handshake_output(s, &n);
	if (i < 5)
		handshake_consume(s, n);
}

/* The server's side of the handshake, with recorded client messages. */
static void serve(struct world *w, const struct said *said)
{
	struct handshake *s = server_new(w, said->pq);
	struct link *l;
	size_t i;

	need(s != NULL, "handshake");
	for (i = 1; i <= 5; i += 2)
		server_on(said, s, i);
	need(handshake_need(s) == HS_DONE, "handshake");
	l = link_new(w->crypto, &handshake_result(s)->keys, LINK_SERVER);
	need(l != NULL, "link");
	link_free(l);
	handshake_free(s);
}

static void do_handshake(struct world *w)
{
	serve(w, &w->classical);
}

/* With ML-KEM-768. */
static void do_hybrid(struct world *w)
{
	serve(w, &w->hybrid);
}

static void take_said(struct said *said, struct handshake *c, size_t i)
{
	size_t n;
	const uint8_t *p = handshake_output(c, &n);

	buf_init(&said->m[i], WIRE_HANDSHAKE_MAX);
	need(buf_put(&said->m[i], p, n) == 0, "memory");
	handshake_consume(c, n);
}

static void record_client(struct world *w, struct said *said)
{
	struct hs_client_opts o = {.crypto = w->crypto,
	    .rng = random_system(),
	    .account = "*",
	    .pq = said->pq};
	struct hs_card_opts card = {.name = "alice",
	    .room = "",
	    .identity = w->alice,
	    .wrap = w->wrap,
	    .agree = w->agree,
	    .instance = (const uint8_t *)"bench's instance"};
	struct handshake *c = handshake_client(&o),
			 *s = server_new(w, said->pq);
	const uint8_t *p;
	size_t i, n;

	need(c != NULL && s != NULL, "handshake");
	for (i = 1; i <= 5; i += 2) {
		take_said(said, c, i);
		hear(s, said->m[i].p, said->m[i].len);
		if (i == 3)
			need(handshake_grant(s) == 0, "turn");
		if (i == 5)
			break;
		p = handshake_output(s, &n);
		hear(c, p, n);
		handshake_consume(s, n);
		if (i == 1)
			need(handshake_stretched(c, w->stretched) == 0,
			    "stretched");
		else
			need(handshake_card(c, &card) == 0, "card");
	}
	handshake_free(c);
	handshake_free(s);
}

/* --- the parts ----------------------------------------------------------- */

static void do_pake(struct world *w)
{
	uint8_t y[48];
	struct pake_keys k;
	struct pake *p;

	w->seed = 7;
	need(repeated(&w->seed, y, sizeof(y)) == 0, "rng");
	p = pake_verifier(w->crypto, w->record, y, sizeof(y));
	need(p != NULL && pake_finish(p, &k, w->text, 42, "*", WIRE_PROTOCOL,
			      w->share) == 0,
	    "pake");
	pake_free(p);
}

static void do_sign(struct world *w)
{
	const struct part part = {w->text, 154};

	need(identity_sign(w->server, w->signature, &part, 1) == 0, "sign");
}

static void do_verify(struct world *w)
{
	const struct part part = {w->text, 154};

	need(ed25519_verify(w->crypto, identity_public(w->server), w->signature,
		 &part, 1) == 0,
	    "verify");
}

static void do_import(struct world *w)
{
	struct kem_rsa_pub *p = NULL;

	need(kem_rsa_pub_from_spki(&p, w->spki.p, w->spki.len) == 0, "import");
	kem_rsa_pub_free(p);
}

static void do_oaep(struct world *w)
{
	buf_clear(&w->out);
	need(kem_rsa_seal(w->pub, &w->out, w->text, 65, w->text + 100) == 0,
	    "oaep");
}

/* As done for each newcomer: the key is used once. */
static void do_wrap(struct world *w)
{
	struct kem_rsa_pub *p = NULL;

	buf_clear(&w->out);
	need(kem_rsa_pub_from_spki(&p, w->spki.p, w->spki.len) == 0 &&
		 kem_rsa_seal(p, &w->out, w->text, 65, w->text + 100) == 0,
	    "wrap");
	kem_rsa_pub_free(p);
}

static void record(struct world *w, size_t n)
{
	uint8_t head[WIRE_RECORD_HEAD], mac[WIRE_RECORD_MAC];

	need(link_record_begin(w->link) == 0 &&
		 link_record_frames(w->link, w->entries, n) == 0 &&
		 link_record_end(w->link, n * 400, head, mac) == 0,
	    "record");
}

static void do_record1(struct world *w)
{
	record(w, 1);
}

static void do_record32(struct world *w)
{
	record(w, FRAMES);
}

/* Checks a receiver's record with one frame of 200 bytes. */
static void do_mac41(struct world *w)
{
	uint8_t out[WIRE_HASH];

	need(mac_begin(w->mac) == 0 && mac_add(w->mac, w->text, 41) == 0 &&
		 mac_end(w->mac, out) == 0,
	    "mac");
}

static void do_hmac(struct world *w)
{
	const struct part part = {w->text, 41};
	uint8_t out[WIRE_HASH];

	need(crypto_hmac(w->crypto, out, w->text, 32, &part, 1) == 0, "hmac");
}

static void hash(struct world *w, size_t n)
{
	uint8_t out[WIRE_HASH];

	need(crypto_hash1(w->crypto, out, w->text, n) == 0, "hash");
}

static void do_hash200(struct world *w)
{
	hash(w, 200);
}

static void do_hash16k(struct world *w)
{
	hash(w, sizeof(w->text));
}

static void do_next(struct world *w)
{
	const struct part info = {LABEL_NEXT, sizeof(LABEL_NEXT)};
	uint8_t out[WIRE_KEY_IV];

	need(crypto_expand(w->crypto, out, sizeof(out), w->text, &info, 1) == 0,
	    "expand");
}

static void do_seal(struct world *w)
{
	buf_clear(&w->out);
	need(buf_reserve(&w->out, 300) == 0 &&
		 crypto_seal(w->crypto, w->out.p, w->text, w->text + 32,
		     w->text, 1, w->text, 200) == 0,
	    "seal");
}

static void do_open(struct world *w)
{
	uint8_t text[300];

	need(crypto_open(w->crypto, text, w->text, w->text + 32, w->text, 1,
		 w->out.p, 216) == 0,
	    "open");
}

/* The cost of a fresh secret for each remaining member. */
static void do_rekey(struct world *w)
{
	uint8_t head[WIRE_RECORD_HEAD], mac[WIRE_RECORD_MAC], d[WIRE_HASH];

	buf_clear(&w->out);
	need(link_record_begin(w->link) == 0 &&
		 link_control_seal(
		     w->link, &w->out, w->json.p, w->json.len, true) == 0 &&
		 crypto_hash1(w->crypto, d, w->out.p, w->out.len) == 0 &&
		 link_record_frame(w->link, KIND_CONTROL, d) == 0 &&
		 link_record_end(w->link, 5 + w->out.len, head, mac) == 0,
	    "rekey");
}

static void do_json(struct world *w)
{
	const struct buf *m = &w->classical.m[5];
	json_t *o = NULL;

	need(json_parse(&o, m->p + 4, m->len - 4) == 0, "json");
	json_decref(o);
}

/* What a message adds to the server's log, once ... */
static void do_chain(struct world *w)
{
	static struct log_head h;

	need(log_head_add(w->crypto, &h, w->text) == 0, "log_head_add");
}

/* ... and the mark in its place, for its sender. */
static void do_mark(struct world *w)
{
	static struct frame *said;
	struct frame *p;

	if (said == NULL)
		said = frame_group(w->crypto, w->text, 433, NULL);
	need(said != NULL, "frame_group");
	need((p = frame_mark(w->crypto, said, 1)) != NULL, "frame_mark");
	frame_unref(p);
}

static const struct {
	const char *name;
	void (*op)(struct world *w);
} parts[] = {
    {"pake", do_pake},
    {"sign", do_sign},
    {"verify", do_verify},
    {"rsa-import", do_import},
    {"rsa-oaep", do_oaep},
    {"rsa-wrap-once", do_wrap},
    {"handshake", do_handshake},
    {"handshake-hybrid", do_hybrid},
    {"json-finish", do_json},
    {"record-1", do_record1},
    {"record-32", do_record32},
    {"mac-41", do_mac41},
    {"hmac-41", do_hmac},
    {"hash-200", do_hash200},
    {"hash-16k", do_hash16k},
    {"expand-44", do_next},
    {"seal-200", do_seal},
    {"open-200", do_open},
    {"rekey-member", do_rekey},
    {"log-chain", do_chain},
    {"log-mark", do_mark},
};
enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

/* --- set-up -------------------------------------------------------------- */

static void world_keys(struct world *w)
{
	struct rng rng = {repeated, &w->seed};
	struct pake *p;

	w->crypto = crypto_new();
	w->server = identity_new(&rng);
	w->alice = identity_new(&rng);
	w->agree = dh_new(&rng);
	w->wrap = kem_rsa_new(RSA_BITS);
	need(w->crypto && w->server && w->alice && w->agree && w->wrap, "keys");
	buf_init(&w->spki, WIRE_RSA_SPKI_MAX);
	need(kem_rsa_spki(w->wrap, &w->spki) == 0 &&
		 kem_rsa_pub_from_spki(&w->pub, w->spki.p, w->spki.len) == 0,
	    "wrap");
	need(repeated(&w->seed, w->stretched, PAKE_STRETCHED) == 0 &&
		 pake_scalars(w->w0, w->w1, w->stretched) == 0,
	    "scalars");
	w->record = pake_record_new(w->w0, w->w1);
	need(w->record != NULL, "record");
	p = pake_prover(w->crypto, w->w0, w->w1, w->text, 48);
	need(p != NULL, "prover");
	memcpy(w->share, pake_share(p), WIRE_SHARE);
	pake_free(p);
}

static void world_link(struct world *w)
{
	struct key_exchange k = {.room = 1, .epoch = 1234, .reason = "leave"};
	struct link_keys keys;

	need(repeated(&w->seed, &keys, sizeof(keys)) == 0 &&
		 repeated(&w->seed, w->entries, sizeof(w->entries)) == 0,
	    "rng");
	w->link = link_new(w->crypto, &keys, LINK_SERVER);
	w->mac = mac_new(w->crypto, keys.mac[0]);
	need(w->link != NULL && w->mac != NULL, "link");
	buf_init(&w->json, WIRE_JSON_MAX);
	need(control_key_exchange(&w->json, &k) == 0, "key_exchange");
}

static void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->seed = 1;
	json_setup();
	need(repeated(&w->seed, w->text, sizeof(w->text)) == 0 &&
		 repeated(&w->seed, w->session, sizeof(w->session)) == 0,
	    "rng");
	buf_init(&w->out, WIRE_RECORD_MAX);
	world_keys(w);
	world_link(w);
	record_client(w, &w->classical);
	need(handshake_pq(&w->hybrid.pq, w->crypto, false) == 0, "memory");
	if (w->hybrid.pq != HS_PQ_ABSENT)
		record_client(w, &w->hybrid);
	do_sign(w);
}

static void world_free(struct world *w)
{
	size_t i;

	for (i = 1; i <= 5; i += 2) {
		buf_free(&w->classical.m[i]);
		buf_free(&w->hybrid.m[i]);
	}
	buf_free(&w->spki);
	buf_free(&w->json);
	buf_free(&w->out);
	mac_free(w->mac);
	link_free(w->link);
	pake_record_free(w->record);
	kem_rsa_pub_free(w->pub);
	kem_rsa_free(w->wrap);
	dh_free(w->agree);
	identity_free(w->alice);
	identity_free(w->server);
	crypto_free(w->crypto);
}

/* --- measuring ----------------------------------------------------------- */

static double clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double batch(struct world *w, size_t part, size_t n)
{
	double from = clock_ns();
	size_t i;

	for (i = 0; i < n; i++)
		parts[part].op(w);
	return (clock_ns() - from) / (double)n;
}

static double measure(struct world *w, size_t part)
{
	double best = batch(w, part, 1), ns;
	size_t n, i;

	for (i = 0; i < BATCHES; i++) {
		n = 1 + (size_t)(BATCH_NS / best);
		ns = batch(w, part, n);
		best = ns < best ? ns : best;
	}
	return best;
}

static void count(struct world *w, size_t part)
{
	char name[64];
	size_t i;

	parts[part].op(w); /* warms up caches */
	snprintf(name, sizeof(name), "%s %d", parts[part].name, COUNTED);
	CALLGRIND_ZERO_STATS;
	CALLGRIND_TOGGLE_COLLECT;
	for (i = 0; i < COUNTED; i++)
		parts[part].op(w);
	CALLGRIND_TOGGLE_COLLECT;
	CALLGRIND_DUMP_STATS_AT(name);
}

static bool wanted(const char *name, char **names, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return n == 0;
}

int main(int argc, char **argv)
{
	static struct world w;
	size_t i;

	world_init(&w);
	for (i = 0; i < PARTS; i++) {
		if (!wanted(parts[i].name, argv + 1, argc - 1) ||
		    (parts[i].op == do_hybrid && w.hybrid.pq == HS_PQ_ABSENT))
			continue;
		if (COUNTING)
			count(&w, i);
		else
			printf("%s %.1f\n", parts[i].name, measure(&w, i));
		fflush(stdout);
	}
	world_free(&w);
	return 0;
}
