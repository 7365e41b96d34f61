/* Fuzzes the JSON of control frames, all types, both directions. The first byte
 * "c" means from the client, anything else from the server. Accepted input is
 * re-encoded by our own functions, must be accepted again, and must be
 * unchanged. */
#include "shared/proto/control.h"
#include "tests/fuzz/fuzz.h"

static int encode_answer(struct buf *b, const struct answer *a)
{
	if (a->done && a->has_blob)
		return answer_blob(b, a->number, &a->blob);
	if (a->done && a->has_rooms)
		return answer_rooms(
		    b, a->number, a->rooms, a->n_rooms, a->total);
	if (a->done && a->has_devices)
		return answer_devices(b, a->number, a->devices, a->n_devices);
	if (a->done && a->has_invites)
		return answer_invites(
		    b, a->number, a->invites, a->n_invites, a->total);
	if (a->done && a->secret[0] != '\0')
		return answer_invite(b, a->number, a->id, a->secret);
	if (a->done)
		return answer_done(b, a->number, a->room);
	return a->code == CODE_UNKNOWN
		   ? ERR_AGAIN
		   : answer_failed(b, a->number, a->code, a->text);
}

static int encode(struct buf *b, const struct control *c, bool client)
{
	switch (c->type) {
	case CONTROL_KEY_EXCHANGE:
		return control_key_exchange(b, &c->u.key_exchange);
	case CONTROL_USER_LIST:
		return client ? control_user_list_ask(b, c->u.user_list.room,
				    c->u.user_list.after)
			      : control_user_list(b, &c->u.user_list);
	case CONTROL_ACK:
		return control_ack(
		    b, c->u.ack.room, c->u.ack.seq, c->u.ack.offset);
	case CONTROL_IDENTITY:
		return client ? control_identity_ask(b, c->u.identity.member)
			      : control_identity(b, c->u.identity.member,
				    c->u.identity.card, c->u.identity.card_len,
				    c->u.identity.signature);
	case CONTROL_PING:
	case CONTROL_PONG:
		return control_ping(b, c->type == CONTROL_PONG, c->u.ping);
	case CONTROL_REQUEST:
		return c->u.request.refuse != CODE_NONE
			   ? ERR_AGAIN
			   : request_encode(b, &c->u.request);
	case CONTROL_ANSWER:
		return encode_answer(b, &c->u.answer);
	case CONTROL_WELCOME:
		return welcome_encode(b, &c->u.welcome);
	case CONTROL_ROOM_LEFT:
		return c->u.room_left.code == CODE_UNKNOWN
			   ? ERR_AGAIN
			   : room_left_encode(b, &c->u.room_left);
	case CONTROL_VOICE:
		return voice_encode(b, &c->u.voice);
	case CONTROL_HISTORY:
		return log_batch_encode(b, &c->u.history);
	case CONTROL_DEVICE:
		return device_encode(b, &c->u.device);
	case CONTROL_BLOB_HAVE:
		return blob_have_encode(b, &c->u.blob);
	case CONTROL_BLOB_GONE:
		return blob_gone_encode(b, c->u.blob.blob);
	case CONTROL_STORAGE:
		return storage_encode(b, &c->u.storage);
	default: /* unknown words cannot be re-encoded */
		return ERR_AGAIN;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct control c; /* a page of a list is large */
	struct fuzz f = fuzz_of(data, size);
	bool client = fuzz_u8(&f) == 'c';
	enum control_from from = client ? FROM_CLIENT : FROM_SERVER;
	struct buf one, two;
	int r;

	json_setup();
	buf_init(&one, 4 * WIRE_JSON_MAX);
	buf_init(&two, 4 * WIRE_JSON_MAX);
	r = control_decode(&c, from, f.p, f.left);
	FUZZ_CHECK(r == 0 || err_is_peer(r));
	if (r == 0 && encode(&one, &c, client) == 0) {
		FUZZ_CHECK(control_decode(&c, from, one.p, one.len) == 0);
		FUZZ_CHECK(encode(&two, &c, client) == 0);
		FUZZ_CHECK(one.len == two.len);
		FUZZ_CHECK(memcmp(one.p, two.p, one.len) == 0);
	}
	if (r == 0 && (c.type == CONTROL_BYE || c.type == CONTROL_ERROR)) {
		FUZZ_CHECK(strlen(c.u.end.word) <= WIRE_CODE_MAX);
		FUZZ_CHECK(strlen(c.u.end.text) <= WIRE_SHORT_TEXT_MAX);
	}
	control_wipe(&c);
	buf_free(&one);
	buf_free(&two);
	return 0;
}
