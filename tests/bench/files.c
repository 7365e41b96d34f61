/* files.c - a client that sends or gets one file as conclave does, or says
 * something every 10 ms, for tests/bench/files.py:
 *
 *   files PORT put FILE          prints the seconds, and blob and key in hex
 *   files PORT get BLOB KEY SIZE FILE    prints the seconds
 *   files PORT chat SECONDS      prints of each acknowledgement when it was asked for
 *                                (monotonic seconds) and how long it took, in us
 *
 * FILES_SECONDS in the environment: again and again for so long.
 *
 * It does all that a client has to: hashes the file, seals and opens the pieces,
 * and opens records. What it says is filler of the right size: it is alone. */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "shared/base/secret.h"
#include "shared/crypto/library.h"
#include "shared/crypto/pake.h"
#include "shared/crypto/random.h"
#include "shared/proto/control.h"
#include "shared/proto/handshake.h"

enum { EVERY_MS = 10, SAID = 200, IN_MAX = 1 << 20 };

struct peer {
	int fd;
	struct crypto *crypto;
	struct link *link;
	struct buf in, json, out;
	uint32_t member, room, epoch, number;
	bool joined;
	/* What the last record said. */
	bool answered;
	struct answer answer;
	struct blob_state have;
	uint64_t acked;
	/* A file that is got. */
	struct blob_key key;
	struct hash *hash;
	FILE *to;
	uint32_t next;
};
static struct control control;

static void die(const char *what, int r)
{
	fprintf(stderr, "files: %s: %s\n", what, r != 0 ? err_str(r) : "");
	exit(1);
}

static void must(const char *what, int r)
{
	if (r != 0)
		die(what, r);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void send_all(struct peer *p, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;
	ssize_t done;

	while (n > 0) {
		if ((done = send(p->fd, at, n, MSG_NOSIGNAL)) <= 0)
			die("send", ERR_LOST);
		at += done;
		n -= (size_t)done;
	}
}

static void fill(struct peer *p)
{
	ssize_t n;

	must("memory", buf_reserve(&p->in, 256 << 10));
	n = recv(p->fd, p->in.p + p->in.len, p->in.cap - p->in.len, 0);
	if (n <= 0)
		die("the server has closed", ERR_LOST);
	p->in.len += (size_t)n;
}

/* --- coming in --------------------------------------------------------------- */

static void serve(struct handshake *h, const char *name)
{
	const char *password = getenv("CONCLAVE_PASSWORD");
	struct rng rng = random_system();
	struct identity *identity = identity_new(&rng);
	struct kem_rsa *wrap = kem_rsa_new(2048);
	struct dh *agree = dh_new(&rng);
	struct hs_card_opts card = {.name = name,
	    .room = "",
	    .identity = identity,
	    .wrap = wrap,
	    .agree = agree,
	    .instance = (const uint8_t *)"bench's instance"};
	uint8_t stretched[PAKE_STRETCHED];
	struct hs_kdf_job job;

	if (handshake_need(h) == HS_NEED_KDF) {
		must("cost", handshake_kdf_job(h, &job));
		must("scrypt",
		    pake_stretch(stretched, password, strlen(password), "*",
			WIRE_PROTOCOL, job.salt, &job.kdf));
		must("stretched", handshake_stretched(h, stretched));
	} else if (handshake_need(h) == HS_NEED_CARD) {
		must("card", handshake_card(h, &card));
	}
	identity_free(identity);
	kem_rsa_free(wrap);
	dh_free(agree);
}

static void shake(struct peer *p, const char *name)
{
	struct hs_client_opts o = {
	    .crypto = p->crypto, .rng = random_system(), .account = "*"};
	struct handshake *h = handshake_client(&o);
	const uint8_t *out;
	size_t n;

	for (;;) {
		out = handshake_output(h, &n);
		send_all(p, out, n);
		handshake_consume(h, n);
		if (handshake_need(h) == HS_DONE)
			break;
		fill(p);
		must("handshake", handshake_input(h, p->in.p, p->in.len, &n));
		buf_consume(&p->in, n);
		while (handshake_need(h) == HS_NEED_KDF ||
		       handshake_need(h) == HS_NEED_CARD)
			serve(h, name);
	}
	p->link = link_new(p->crypto, &handshake_result(h)->keys, LINK_CLIENT);
	handshake_free(h);
}

static void open_peer(struct peer *p, int port, const char *name)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int one = 1;

	memset(p, 0, sizeof(*p));
	buf_init(&p->in, IN_MAX);
	buf_init(&p->json, WIRE_JSON_MAX);
	buf_init(&p->out, 512 << 10);
	p->crypto = crypto_new();
	p->fd = socket(AF_INET, SOCK_STREAM, 0);
	(void)setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(p->fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		die("connect", ERR_LOST);
	shake(p, name);
}

/* --- records ----------------------------------------------------------------- */

static void on_piece(struct peer *p, const struct link_frame *f)
{
	static uint8_t piece[WIRE_PIECE];
	struct blob_frame b;
	size_t n;

	must("frame", blob_frame_decode(&b, f->body, f->len));
	if (b.index != p->next++)
		die("a piece out of order", 0);
	must("piece",
	    blob_open(p->crypto, piece, &n, &p->key, b.index, b.sealed, b.len));
	must("hash", hash_add(p->hash, piece, n));
	if (fwrite(piece, 1, n, p->to) != n)
		die("write", ERR_IO);
}

static void on_control(struct peer *p, const struct link_frame *f)
{
	buf_clear(&p->json);
	must("control", link_control_open(p->link, &p->json, f->body, f->len));
	must("control",
	    control_decode(&control, FROM_SERVER, p->json.p, p->json.len));
	switch (control.type) {
	case CONTROL_KEY_EXCHANGE:
		p->room = control.u.key_exchange.room;
		p->epoch = control.u.key_exchange.epoch;
		if (control.u.key_exchange.is_wrapped)
			p->member = control.u.key_exchange.member;
		must("step", link_stepped(p->link));
		break;
	case CONTROL_USER_LIST:
		p->joined = true;
		break;
	case CONTROL_ANSWER:
		p->answered = true;
		p->answer = control.u.answer;
		break;
	case CONTROL_BLOB_HAVE:
		p->have = control.u.blob;
		break;
	case CONTROL_ACK:
		p->acked = control.u.ack.seq;
		break;
	case CONTROL_BYE:
		die(control.u.end.word, 0);
		break;
	default:
		break;
	}
}

/* One record, or what is there of it. */
static void take(struct peer *p)
{
	struct link_frame f;
	struct rd frames;
	size_t total;

	if (link_length(p->in.p, p->in.len, &total) != 0 || p->in.len < total) {
		fill(p);
		return;
	}
	must("record", link_open(p->link, p->in.p, total, &frames));
	while (link_next(&frames, &f) == 0)
		if (f.kind == KIND_CONTROL)
			on_control(p, &f);
		else if (f.kind == KIND_BLOB)
			on_piece(p, &f);
	buf_consume(&p->in, total);
}

static void send_frame(struct peer *p, const struct link_frame *f)
{
	buf_clear(&p->out);
	must("record", link_record(p->link, &p->out, f, 1));
	send_all(p, p->out.p, p->out.len);
}

static void begin(struct peer *p, enum request_type type, struct blob_ask a)
{
	struct request q = {.type = type, .number = ++p->number, .blob = a};
	struct buf sealed;

	buf_init(&sealed, WIRE_RECORD_MAX);
	buf_clear(&p->json);
	must("request", request_encode(&p->json, &q));
	must("request",
	    link_control_seal(p->link, &sealed, p->json.p, p->json.len, false));
	send_frame(p, &(struct link_frame){KIND_CONTROL, sealed.p, sealed.len});
	buf_free(&sealed);
}

static void end(struct peer *p)
{
	while (!p->answered)
		take(p);
	p->answered = false;
	if (!p->answer.done)
		die(p->answer.word, 0);
}

/* --- what it does ------------------------------------------------------------- */

static void hex(const uint8_t *p, size_t n)
{
	while (n-- > 0)
		printf("%02x", *p++);
}

static void unhex(uint8_t *out, size_t n, const char *text)
{
	unsigned v;
	size_t i;

	for (i = 0; i < n && sscanf(text + 2 * i, "%2x", &v) == 1; i++)
		out[i] = (uint8_t)v;
}

static uint64_t size_of(FILE *f)
{
	long n;

	if (fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) < 0)
		die("size", ERR_IO);
	rewind(f);
	return (uint64_t)n;
}

static void put(struct peer *p, const char *path)
{
	static uint8_t data[WIRE_PIECE],
	    body[WIRE_BLOB_HEAD + WIRE_PIECE_SEALED];
	const double start = now();
	FILE *f = fopen(path, "rb");
	uint8_t iv[WIRE_PIECE_IV], digest[WIRE_HASH];
	struct rng rng = random_system();
	struct blob_ask a = {0};
	uint32_t i, all;
	size_t n;

	if (f == NULL)
		die(path, ERR_IO);
	p->key.file = size_of(f);
	must("random", rng.fill(rng.arg, p->key.key, WIRE_KEY));
	a.size = blob_size(p->key.file);
	all = blob_pieces(a.size);
	begin(p, REQUEST_BLOB_NEW, a);
	end(p);
	p->have.pieces = 0;
	memcpy(a.blob, p->answer.blob.blob, WIRE_BLOB);
	p->hash = hash_new(p->crypto);
	for (i = 0; i < all; i++) {
		n = blob_piece_file(p->key.file, i);
		if (fread(data, 1, n, f) != n)
			die(path, ERR_IO);
		must("hash", hash_add(p->hash, data, n));
		must("random", rng.fill(rng.arg, iv, sizeof(iv)));
		blob_frame_head(body, a.blob, i);
		must("seal", blob_seal(p->crypto, body + WIRE_BLOB_HEAD, &n,
				 &p->key, i, iv, data));
		while (i - p->have.pieces >= WIRE_BLOB_AHEAD)
			take(p);
		send_frame(p,
		    &(struct link_frame){KIND_BLOB, body, WIRE_BLOB_HEAD + n});
	}
	must("hash", hash_peek(p->hash, digest));
	hash_free(p->hash);
	fclose(f);
	a.pieces = all;
	begin(p, REQUEST_BLOB_END, a);
	end(p);
	printf("%.3f ", now() - start);
	hex(a.blob, WIRE_BLOB);
	printf(" ");
	hex(p->key.key, WIRE_KEY);
	printf("\n");
}

static void get(struct peer *p, char **args)
{
	const double start = now();
	uint8_t digest[WIRE_HASH];
	struct blob_ask a = {.count = WIRE_BLOB_GET};
	uint32_t all, asked = 0, open = 0;

	unhex(a.blob, WIRE_BLOB, args[0]);
	unhex(p->key.key, WIRE_KEY, args[1]);
	p->key.file = strtoull(args[2], NULL, 10);
	all = blob_pieces(blob_size(p->key.file));
	p->next = 0;
	p->hash = hash_new(p->crypto);
	if ((p->to = fopen(args[3], "wb")) == NULL)
		die(args[3], ERR_IO);
	while (asked < all || open > 0) {
		while (open < 2 && asked < all) {
			a.from = asked;
			a.count = all - asked < WIRE_BLOB_GET ? all - asked
							      : WIRE_BLOB_GET;
			begin(p, REQUEST_BLOB_GET, a);
			asked += a.count;
			open++;
		}
		end(p);
		open--;
	}
	must("hash", hash_peek(p->hash, digest));
	hash_free(p->hash);
	if (p->next != all || fclose(p->to) != 0)
		die("pieces are missing", 0);
	printf("%.3f\n", now() - start);
}

static void say(struct peer *p, uint64_t seq)
{
	static uint8_t body[WIRE_GROUP_HEAD + 64 + SAID + WIRE_TAG];

	put_u32(body + 8, p->room);
	put_u32(body + 12, p->epoch);
	put_u32(body + 16, p->member);
	put_u64(body + 20, seq);
	send_frame(p, &(struct link_frame){KIND_GROUP, body, sizeof(body)});
}

static volatile sig_atomic_t over;
static void on_term(int sig)
{
	(void)sig;
	over = 1;
}

/* Until SIGTERM, at most. Around a new epoch, when somebody comes, it may have to say it again: that is no
 * sample. */
static void chat(struct peer *p, double seconds)
{
	const double last = now() + seconds;
	struct pollfd f = {.fd = p->fd, .events = POLLIN};
	uint64_t seq = 0;
	uint32_t first, epoch;
	double said;

	signal(SIGTERM, on_term);
	while (now() < last && !over) {
		first = epoch = p->epoch;
		said = now();
		say(p, ++seq);
		while (p->acked < seq) {
			take(p);
			if (p->epoch != epoch && p->acked < seq)
				say(p, seq);
			epoch = p->epoch;
		}
		if (epoch == first)
			printf("%.3f %.0f\n", said, (now() - said) * 1e6);
		while (poll(&f, 1, EVERY_MS) > 0)
			take(p);
	}
}

int main(int argc, char **argv)
{
	const char *again = getenv("FILES_SECONDS");
	struct peer p;
	char name[32];
	double last;

	if (argc < 4 || getenv("CONCLAVE_PASSWORD") == NULL ||
	    library_setup() != 0) {
		fputs("usage: see the top of files.c\n", stderr);
		return 2;
	}
	json_setup();
	snprintf(name, sizeof(name), "%s%d", argv[2], (int)getpid());
	open_peer(&p, atoi(argv[1]), name);
	while (!p.joined)
		take(&p);
	last = now() + (again != NULL ? atof(again) : 0);
	do {
		if (strcmp(argv[2], "put") == 0)
			put(&p, argv[3]);
		else if (strcmp(argv[2], "get") == 0 && argc == 7)
			get(&p, argv + 3);
		else
			chat(&p, atof(argv[3]));
	} while (now() < last);
	return 0;
}
