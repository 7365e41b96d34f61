/* handshake.c - the handshake's state table, its driver and the public
 * calls. */
#include <stdlib.h>
#include <string.h>

#include "shared/proto/handshake_int.h"
#include "shared/base/secret.h"

/* The state table of the handshake. `need` is the input that a state waits
 * for, `step` the message it accepts, `on` the function that handles it, and
 * `next` the state that follows if that returns 0. Anything else leads to
 * ST_FAILED. */
static const struct {
	enum hs_need need;
	const char *step;
	hs_step_fn *on;
	enum hs_state next;
} states[] = {
    [ST_SERVER_HELLO] = {HS_NEED_INPUT, "hello", handshake_server_hello,
	ST_SERVER_SHARE},
    [ST_SERVER_SHARE] = {HS_NEED_INPUT, "share", handshake_server_share,
	ST_SERVER_TURN},
    [ST_SERVER_TURN] = {HS_NEED_GRANT, NULL, handshake_server_turn,
	ST_SERVER_FINISH},
    [ST_SERVER_FINISH] = {HS_NEED_INPUT, "finish", handshake_server_finish,
	ST_DONE},
    [ST_CLIENT_CHALLENGE] = {HS_NEED_INPUT, "challenge",
	handshake_client_challenge, ST_CLIENT_KDF},
    [ST_CLIENT_KDF] = {HS_NEED_KDF, NULL, handshake_client_stretched,
	ST_CLIENT_CONFIRM},
    [ST_CLIENT_CONFIRM] = {HS_NEED_INPUT, "confirm", handshake_client_confirm,
	ST_CLIENT_CARD},
    [ST_CLIENT_CARD] = {HS_NEED_CARD, NULL, handshake_client_finish, ST_DONE},
    [ST_DONE] = {HS_DONE, NULL, NULL, ST_DONE},
    [ST_FAILED] = {HS_FAILED, NULL, NULL, ST_FAILED},
};

/* Output: at most four messages. */
enum { OUT_MAX = 4 * (WIRE_LENGTH + WIRE_HANDSHAKE_MAX) };

/* --- set-up and cleanup --- */

struct handshake *handshake_new(
    enum link_role role, enum hs_state at, struct crypto *c, struct rng rng)
{
	struct handshake *h = crypto_secret_get(c, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->state = at;
	h->role = role;
	h->crypto = c;
	h->rng = rng;
	buf_init(&h->in, WIRE_LENGTH + WIRE_HANDSHAKE_MAX);
	buf_init(&h->out, OUT_MAX);
	buf_init(&h->result.card.bytes, WIRE_HANDSHAKE_MAX);
	h->transcript = hash_new(c);
	if (h->transcript == NULL) {
		handshake_free(h);
		return NULL;
	}
	return h;
}

/* Wipes the state that only the handshake needs. Called at its end, whether
 * it succeeded or failed. */
static void forget(struct handshake *h)
{
	pake_free(h->pake);
	h->pake = NULL;
	pake_keys_wipe(&h->keys);
	kem_mlkem_free(h->kem);
	h->kem = NULL;
	free(h->kem_public);
	h->kem_public = NULL;
	secret_wipe(h->kem_secret, sizeof(h->kem_secret));
	secret_wipe(h->exporter, sizeof(h->exporter));
	secret_wipe(h->s4, sizeof(h->s4));
	hash_free(h->transcript);
	h->transcript = NULL;
	buf_free(&h->in);
}

void handshake_free(struct handshake *h)
{
	if (h == NULL)
		return;
	forget(h);
	buf_free(&h->out);
	buf_free(&h->result.card.bytes);
	crypto_secret_put(h->crypto, h, sizeof(*h));
}

/* --- messages out --- */

/* u32 length || JSON */
static int put_message(struct handshake *h, const struct buf *msg)
{
	int r;

	if ((r = buf_reserve(&h->out, WIRE_LENGTH + msg->len)) != 0 ||
	    (r = buf_u32(&h->out, (uint32_t)msg->len)) != 0)
		return r;
	return buf_put(&h->out, msg->p, msg->len);
}

static int transcript_add(struct handshake *h, const uint8_t *p, size_t n)
{
	int r;

	if ((r = hash_add(h->transcript, p, n)) != 0)
		return r;
	return hash_peek(h->transcript, h->th[++h->n_messages]);
}

int handshake_put(struct handshake *h, const struct buf *msg)
{
	size_t at = h->out.len;
	int r;

	if ((r = put_message(h, msg)) != 0)
		return r;
	return transcript_add(h, h->out.p + at, h->out.len - at);
}

/* Writes a server's error message. It is not one of the five messages, so it
 * is not in the transcript. */
static int put_error(struct handshake *h, enum wire_code code, const char *text)
{
	struct buf msg;
	int r;

	buf_init(&msg, WIRE_HANDSHAKE_MAX);
	if ((r = handshake_msg_put_error(&msg, code, text)) == 0)
		r = put_message(h, &msg);
	buf_free(&msg);
	return r;
}

/* --- the driver: the only code that assigns the state --- */

static int fail(struct handshake *h, int why)
{
	enum wire_code code;

	/* Our own failure is not the client's protocol error: it sees a lost
	 * connection and may reconnect. */
	if (h->role == LINK_SERVER && err_is_peer(why)) {
		code = why == ERR_CONFIRM ? CODE_BAD_PASSWORD
		       : why == ERR_WEAK  ? CODE_WEAK
					  : CODE_PROTOCOL;
		(void)put_error(h, code, ""); /* best effort */
	}
	forget(h);
	link_keys_wipe(&h->result.keys);
	h->state = ST_FAILED;
	return why;
}

static int step(struct handshake *h, const struct hs_event *e)
{
	int r = states[h->state].on(h, e);

	if (r != 0)
		return fail(h, r);
	h->state = states[h->state].next;
	if (h->state == ST_DONE)
		forget(h);
	return 0;
}

/* Runs a driver's call, or refuses it without harm if the state does not
 * expect it. */
static int step_if(
    struct handshake *h, enum hs_need need, const struct hs_event *e)
{
	if (states[h->state].need != need)
		return ERR_STATE;
	return step(h, e);
}

/* h->in holds a whole message: is it the one that this state accepts? */
static int check_message(struct handshake *h, const json_t *o)
{
	int r;

	if (h->role == LINK_CLIENT &&
	    (r = handshake_msg_get_error(&h->error, o)) != 0) {
		h->has_error = r == ERR_REFUSED;
		return r;
	}
	if ((r = handshake_msg_step(o, states[h->state].step)) != 0)
		return r;
	return transcript_add(h, h->in.p, h->in.len);
}

static int take_message(struct handshake *h)
{
	struct hs_event e = {0};
	json_t *o;
	int r;

	if ((r = json_parse(
		 &o, h->in.p + WIRE_LENGTH, h->in.len - WIRE_LENGTH)) != 0)
		return fail(h, r);
	if ((r = check_message(h, o)) == 0) {
		e.msg = o;
		r = step(h, &e);
	} else {
		r = fail(h, r);
	}
	json_decref(o);
	buf_clear(&h->in);
	return r;
}

/* How many bytes the message at `in` still needs before it can be checked
 * again; 0 if it is complete. We buffer only bytes received: the length is
 * an unverified claim, so we allocate nothing for it. */
static int lacking(const uint8_t *in, size_t have, size_t *n)
{
	uint32_t len;

	if (have < WIRE_LENGTH) {
		*n = WIRE_LENGTH - have;
		return 0;
	}
	len = get_u32(in);
	if (len < 2 || len > WIRE_HANDSHAKE_MAX)
		return ERR_RANGE;
	if (have > WIRE_LENGTH && in[WIRE_LENGTH] != '{')
		return ERR_JSON;
	*n = have < WIRE_LENGTH + len ? WIRE_LENGTH + len - have : 0;
	return 0;
}

int handshake_input(
    struct handshake *h, const uint8_t *in, size_t n, size_t *used)
{
	size_t want;
	int r;

	*used = 0;
	if (h->state == ST_FAILED)
		return ERR_STATE;
	while (states[h->state].need == HS_NEED_INPUT) {
		if ((r = lacking(h->in.p, h->in.len, &want)) != 0)
			return fail(h, r);
		if (want == 0) {
			if ((r = take_message(h)) != 0)
				return r;
			continue;
		}
		if (*used == n)
			break;
		if (want > n - *used)
			want = n - *used;
		if ((r = buf_put(&h->in, in + *used, want)) != 0)
			return fail(h, r);
		*used += want;
	}
	return 0;
}

/* --- the other public calls --- */

enum hs_need handshake_need(const struct handshake *h)
{
	return states[h->state].need;
}

int handshake_channel(
    struct handshake *h, const uint8_t exporter[WIRE_CHANNEL])
{
	const struct part parts[] = {
	    {LABEL_CHANNEL, sizeof(LABEL_CHANNEL)}, {exporter, WIRE_CHANNEL}};
	int r;

	if (h->in.len > 0 || h->n_messages > (h->role == LINK_CLIENT ? 1 : 0))
		return ERR_STATE;
	if ((r = crypto_hash_parts(h->crypto, h->channel, parts, 2)) != 0)
		return r;
	memcpy(h->exporter, exporter, WIRE_CHANNEL);
	h->has_channel = true;
	return 0;
}

unsigned handshake_messages(const struct handshake *h)
{
	return h->n_messages;
}

const uint8_t *handshake_output(const struct handshake *h, size_t *n)
{
	*n = h->out.len;
	return h->out.p;
}

void handshake_consume(struct handshake *h, size_t n)
{
	buf_consume(&h->out, n);
}

int handshake_grant(struct handshake *h)
{
	return step_if(h, HS_NEED_GRANT, &(struct hs_event){0});
}

int handshake_refuse(struct handshake *h, enum wire_code code, const char *text)
{
	int r;

	if (h->role != LINK_SERVER || h->state == ST_DONE ||
	    h->state == ST_FAILED)
		return ERR_STATE;
	r = put_error(h, code, text != NULL ? text : "");
	forget(h);
	h->state = ST_FAILED;
	return r;
}

const uint8_t *handshake_ticket(const struct handshake *h)
{
	return h->has_ticket ? h->ticket_identity : NULL;
}

bool handshake_proved(const struct handshake *h)
{
	return h->proved;
}

int handshake_kdf_job(const struct handshake *h, struct hs_kdf_job *out)
{
	if (h->state != ST_CLIENT_KDF)
		return ERR_STATE;
	out->kdf = h->about.kdf;
	memcpy(out->salt, h->about.salt, sizeof(out->salt));
	return 0;
}

int handshake_stretched(
    struct handshake *h, const uint8_t stretched[PAKE_STRETCHED])
{
	return step_if(
	    h, HS_NEED_KDF, &(struct hs_event){.stretched = stretched});
}

int handshake_card(struct handshake *h, const struct hs_card_opts *o)
{
	return step_if(h, HS_NEED_CARD, &(struct hs_event){.card = o});
}

const uint8_t *handshake_server_identity(const struct handshake *h)
{
	return h->has_server ? h->result.server : NULL;
}

const struct hs_error *handshake_error(const struct handshake *h)
{
	return h->has_error ? &h->error : NULL;
}

const struct hs_result *handshake_result(const struct handshake *h)
{
	return h->state == ST_DONE ? &h->result : NULL;
}

int handshake_first(
    struct hs_error *out, const uint8_t *in, size_t n, size_t *used)
{
	json_t *o;
	uint32_t len;
	int r;

	*used = 0;
	if (n <= WIRE_LENGTH)
		return ERR_AGAIN;
	if (in[WIRE_LENGTH] == 0x00) /* a record's sequence number */
		return 1;
	if (in[WIRE_LENGTH] != '{')
		return ERR_STATE;
	len = get_u32(in);
	if (len < 2 || len > WIRE_HANDSHAKE_MAX)
		return ERR_RANGE;
	if (n - WIRE_LENGTH < len)
		return ERR_AGAIN;
	if ((r = json_parse(&o, in + WIRE_LENGTH, len)) != 0)
		return r;
	r = handshake_msg_get_error(out, o);
	json_decref(o);
	if (r == ERR_REFUSED) {
		*used = WIRE_LENGTH + (size_t)len;
		return 0;
	}
	return r == 0 ? ERR_STATE : r;
}

int handshake_answered(const uint8_t *in, size_t n)
{
	struct hs_challenge challenge;
	struct hs_error error;
	size_t lack;
	json_t *o;
	int r;

	if ((r = lacking(in, n, &lack)) != 0)
		return r;
	if (n < WIRE_LENGTH || lack > 0)
		return ERR_AGAIN;
	if ((r = json_parse(&o, in + WIRE_LENGTH, get_u32(in))) != 0)
		return r;
	r = handshake_msg_get_error(&error, o);
	if (r == ERR_REFUSED)
		r = 0;
	else if (r == 0 && (r = handshake_msg_step(o, "challenge")) == 0)
		r = handshake_msg_get_challenge(&challenge, o);
	json_decref(o);
	return r;
}
