/* quick_handshake.c - a fast fake of the server's handshake, one byte per
 * message, put in by the linker (--wrap). A real handshake costs a millisecond
 * (two JSON and base64 parsers) and has its own targets; code after the
 * handshake need not pay for it. Real handshakes are used until
 * fuzz_quick_handshake(true).
 *
 *   client  h                 hello
 *   server  c                 challenge
 *   client  s                 share; then wait for the throttle's grant
 *           p                 share that is no point, detected at the grant
 *   server  k NO              confirm; NO numbers the link's keys
 *   client  f WHO             finish, with the card of fuzz_quick_who(WHO)
 *           w                 finish with a wrong password
 *           b                 finish that proves the password, without a card
 *   server  e                 refused
 * Anything else is a protocol error. */
#include "shared/proto/handshake.h"
#include "tests/fuzz/people_of.h"

static bool quick;
static uint8_t connections; /* in this input */

void fuzz_quick_handshake(bool on)
{
	quick = on;
	connections = 0;
}

struct link_keys fuzz_quick_keys(uint8_t no)
{
	struct link_keys k = {.seal = {{no, 1}, {no, 2}}};

	return k;
}

struct quick {
	enum hs_need need;
	char after; /* the client's last byte; 0: none */
	uint8_t no;
	bool open, proved;
	uint8_t out[8];
	size_t n_out;
	struct hs_result result;
};

static struct quick *quick_of(const struct handshake *h)
{
	return (struct quick *)(uintptr_t)h;
}

static void say(struct quick *q, uint8_t c)
{
	FUZZ_CHECK(q->n_out < sizeof(q->out));
	q->out[q->n_out++] = c;
}

struct fuzz_who fuzz_quick_who(uint8_t who)
{
	static const char *const names[] = {"alice", "bob", "carol", "Alice"};
	struct fuzz_who w = {.name = names[who % 4],
	    .room = who % 32 == 31 ? "cave" : "",
	    .person = who % 3,
	    .no_key = who % 32 == 30};

	return w;
}

static void finish(struct quick *q, uint8_t who)
{
	struct hs_result *r = &q->result;
	struct fuzz_who w = fuzz_quick_who(who);

	q->proved = true;
	q->open = false;
	q->need = HS_DONE;
	if (who % 32 == 29)
		r->refusal = CODE_BAD_NAME;
	if (who % 32 == 28)
		r->refusal = CODE_BAD_CARD;
	r->keys = fuzz_quick_keys(q->no);
	buf_init(&r->card.bytes, 64);
	FUZZ_CHECK(buf_u8(&r->card.bytes, q->no) == 0);
	r->card.hash[0] = r->th5[0] = q->no;
	memcpy(r->card.name, w.name, strlen(w.name));
	memcpy(r->card.room, w.room, strlen(w.room));
	memcpy(r->card.identity, identity_public(people_identity(w.person)),
	    WIRE_ED25519);
	/* libcrypto may reject a key of the right shape. */
	r->card.wrap_spki_len = w.no_key ? 0 : PEOPLE_SPKI;
	memcpy(r->card.wrap_spki, people_wrap, r->card.wrap_spki_len);
	memcpy(r->card.agree, people_agree, WIRE_X25519);
	memcpy(r->card.instance, people_instance, WIRE_INSTANCE);
}

static int fail(struct quick *q, int err)
{
	q->open = false;
	q->need = HS_FAILED;
	say(q, 'e');
	return err;
}

static int input(struct quick *q, uint8_t c)
{
	if (q->after == 'f') {
		finish(q, c);
		return 0;
	}
	if (c == 'h' && q->after == 0) {
		say(q, 'c');
	} else if ((c == 's' || c == 'p') && q->after == 'h') {
		q->need = HS_NEED_GRANT;
	} else if (c == 'w' && q->after == 's') {
		return fail(q, ERR_CONFIRM);
	} else if (c == 'b' && q->after == 's') {
		q->proved = true;
		return fail(q, ERR_OPEN);
	} else if (c != 'f' || q->after != 's') {
		return fail(q, ERR_JSON);
	}
	q->after = (char)c;
	return 0;
}

/* --- handshake.h --------------------------------------------------------- */

struct handshake *__real_handshake_server(const struct hs_server_opts *o);
struct handshake *__wrap_handshake_server(const struct hs_server_opts *o);
struct handshake *__wrap_handshake_server(const struct hs_server_opts *o)
{
	struct quick *q;

	if (!quick)
		return __real_handshake_server(o);
	if ((q = calloc(1, sizeof(*q))) != NULL) {
		q->need = HS_NEED_INPUT;
		q->no = connections++;
	}
	return (struct handshake *)(void *)q;
}

void __real_handshake_free(struct handshake *h);
void __wrap_handshake_free(struct handshake *h);
void __wrap_handshake_free(struct handshake *h)
{
	if (!quick) {
		__real_handshake_free(h);
		return;
	}
	if (h != NULL)
		buf_free(&quick_of(h)->result.card.bytes);
	free(h);
}

enum hs_need __real_handshake_need(const struct handshake *h);
enum hs_need __wrap_handshake_need(const struct handshake *h);
enum hs_need __wrap_handshake_need(const struct handshake *h)
{
	return quick ? quick_of(h)->need : __real_handshake_need(h);
}

int __real_handshake_input(
    struct handshake *h, const uint8_t *in, size_t n, size_t *used);
int __wrap_handshake_input(
    struct handshake *h, const uint8_t *in, size_t n, size_t *used);
int __wrap_handshake_input(
    struct handshake *h, const uint8_t *in, size_t n, size_t *used)
{
	int r = 0;

	if (!quick)
		return __real_handshake_input(h, in, n, used);
	FUZZ_CHECK(quick_of(h)->need == HS_NEED_INPUT);
	for (*used = 0;
	     r == 0 && *used < n && quick_of(h)->need == HS_NEED_INPUT;)
		r = input(quick_of(h), in[(*used)++]);
	return r;
}

const uint8_t *__real_handshake_output(const struct handshake *h, size_t *n);
const uint8_t *__wrap_handshake_output(const struct handshake *h, size_t *n);
const uint8_t *__wrap_handshake_output(const struct handshake *h, size_t *n)
{
	if (!quick)
		return __real_handshake_output(h, n);
	*n = quick_of(h)->n_out;
	return quick_of(h)->out;
}

void __real_handshake_consume(struct handshake *h, size_t n);
void __wrap_handshake_consume(struct handshake *h, size_t n);
void __wrap_handshake_consume(struct handshake *h, size_t n)
{
	struct quick *q = quick_of(h);

	if (!quick) {
		__real_handshake_consume(h, n);
		return;
	}
	FUZZ_CHECK(n <= q->n_out);
	q->n_out -= n;
	memmove(q->out, q->out + n, q->n_out);
}

int __real_handshake_grant(struct handshake *h);
int __wrap_handshake_grant(struct handshake *h);
int __wrap_handshake_grant(struct handshake *h)
{
	struct quick *q = quick_of(h);

	if (!quick)
		return __real_handshake_grant(h);
	FUZZ_CHECK(q->need == HS_NEED_GRANT);
	if (q->after == 'p')
		return fail(q, ERR_SHARE);
	q->need = HS_NEED_INPUT;
	q->open = true;
	say(q, 'k');
	say(q, q->no);
	return 0;
}

int __real_handshake_refuse(
    struct handshake *h, enum wire_code code, const char *text);
int __wrap_handshake_refuse(
    struct handshake *h, enum wire_code code, const char *text);
int __wrap_handshake_refuse(
    struct handshake *h, enum wire_code code, const char *text)
{
	if (!quick)
		return __real_handshake_refuse(h, code, text);
	if (quick_of(h)->need == HS_DONE || quick_of(h)->need == HS_FAILED)
		return ERR_STATE;
	(void)fail(quick_of(h), 0);
	return 0;
}

bool __real_handshake_proved(const struct handshake *h);
bool __wrap_handshake_proved(const struct handshake *h);
bool __wrap_handshake_proved(const struct handshake *h)
{
	return quick ? quick_of(h)->proved : __real_handshake_proved(h);
}

const struct hs_result *__real_handshake_result(const struct handshake *h);
const struct hs_result *__wrap_handshake_result(const struct handshake *h);
const struct hs_result *__wrap_handshake_result(const struct handshake *h)
{
	const struct quick *q = quick_of(h);

	if (!quick)
		return __real_handshake_result(h);
	return q->need == HS_DONE ? &q->result : NULL;
}

/* Everybody comes with the gate's password. */
const char *__real_handshake_account(const struct handshake *h);
const char *__wrap_handshake_account(const struct handshake *h);
const char *__wrap_handshake_account(const struct handshake *h)
{
	return quick ? "*" : __real_handshake_account(h);
}
