/* control.c - encodes and decodes control frames as JSON. */
#include <string.h>

#include "shared/proto/control.h"
#include "shared/base/secret.h"
#include "shared/wire/text.h"

/* --- decoding: one function per type and side --- */

static int key_exchange_wrapped(
    struct key_exchange *k, const json_t *o, const json_t *room)
{
	const char *name;
	size_t len;
	int r;

	if ((r = json_str(room, "name", &name, &len)) != 0)
		return r;
	if (!text_room(name, len))
		return ERR_NAME;
	memcpy(k->name, name, len + 1);
	if ((r = json_b64(room, "log", k->log, sizeof(k->log))) != 0 ||
	    (r = json_member(o, "member", &k->member)) != 0 ||
	    (r = json_b64_max(o, "wrapped", k->wrapped, sizeof(k->wrapped),
		 &k->wrapped_len)) != 0)
		return r;
	/* The modulus size of 2048, 3072 or 4096 bits. */
	if (k->wrapped_len != 256 && k->wrapped_len != 384 &&
	    k->wrapped_len != 512)
		return ERR_RANGE;
	k->is_wrapped = true;
	k->has_since = json_object_get(o, "since") != NULL;
	return k->has_since ? json_u63(o, "since", &k->since) : 0;
}

static int on_key_exchange(struct control *c, const json_t *o)
{
	struct key_exchange *k = &c->u.key_exchange;
	const bool wrapped = json_object_get(o, "wrapped") != NULL;
	const json_t *room;
	int r;

	/* The frame must not carry both keys. */
	if (wrapped && json_object_get(o, "secret") != NULL)
		return ERR_JSON;
	if ((r = json_obj(o, "room", &room)) != 0 ||
	    (r = json_u32(room, "id", &k->room)) != 0 ||
	    (r = json_u32(o, "epoch", &k->epoch)) != 0 ||
	    (r = json_b64(o, "commit", k->commit, sizeof(k->commit))) != 0)
		return r;
	if (wrapped)
		return key_exchange_wrapped(k, o, room);
	if ((r = json_b64(o, "secret", k->secret, sizeof(k->secret))) != 0 ||
	    (r = json_b64(o, "roster", k->roster, sizeof(k->roster))) != 0)
		return r;
	return json_text(o, "reason", k->reason, WIRE_CODE_MAX);
}

static int on_entry(struct user_list *l, const json_t *o)
{
	const json_t *e;
	int r;

	if ((r = json_obj(o, "entry", &e)) != 0 ||
	    (r = json_u63(e, "offset", &l->entry.head.offset)) != 0 ||
	    (r = json_b64(e, "chain", l->entry.head.chain, WIRE_HASH)) != 0 ||
	    (r = json_text(e, "topic", l->entry.topic, WIRE_SHORT_TEXT_MAX)) !=
		0)
		return r;
	l->has_entry = true;
	return room_settings_decode(&l->entry.settings, NULL, e);
}

static int on_user_list(struct control *c, const json_t *o)
{
	struct user_list *l = &c->u.user_list;
	size_t i;
	int r;

	if ((r = json_u32(o, "room", &l->room)) != 0 ||
	    (r = json_u63(o, "total", &l->total)) != 0 ||
	    (r = json_u63(o, "seq", &l->seq)) != 0 ||
	    (r = json_b64(o, "roster", l->roster, sizeof(l->roster))) != 0 ||
	    (r = users_decode(l->users, &l->n_users, o)) != 0)
		return r;
	if (json_object_get(o, "entry") != NULL && (r = on_entry(l, o)) != 0)
		return r;
	if (l->total < l->n_users)
		return ERR_RANGE;
	for (i = 1; i < l->n_users; i++)
		if (l->users[i].member <= l->users[i - 1].member)
			return ERR_RANGE;
	return 0;
}

static int on_user_list_ask(struct control *c, const json_t *o)
{
	struct user_list *l = &c->u.user_list;
	int r;

	if ((r = json_u32(o, "room", &l->room)) != 0)
		return r;
	return json_u32(o, "after", &l->after);
}

static int on_ack(struct control *c, const json_t *o)
{
	int r;

	if ((r = json_u32(o, "room", &c->u.ack.room)) != 0 ||
	    (r = json_u63(o, "seq", &c->u.ack.seq)) != 0)
		return r;
	return json_u63(o, "offset", &c->u.ack.offset);
}

static int on_identity(struct control *c, const json_t *o)
{
	int r;

	if ((r = json_member(o, "member", &c->u.identity.member)) != 0 ||
	    (r = json_b64_max(o, "card", c->u.identity.card,
		 sizeof(c->u.identity.card), &c->u.identity.card_len)) != 0)
		return r;
	if (c->u.identity.card_len == 0)
		return ERR_RANGE;
	return json_b64(o, "signature", c->u.identity.signature,
	    sizeof(c->u.identity.signature));
}

static int on_identity_ask(struct control *c, const json_t *o)
{
	return json_member(o, "member", &c->u.identity.member);
}

static int on_bye(struct control *c, const json_t *o)
{
	int r;

	if ((r = json_text(o, "code", c->u.end.word, WIRE_CODE_MAX)) != 0)
		return r;
	c->u.end.code = wire_code_of(c->u.end.word);
	return json_text(o, "text", c->u.end.text, WIRE_SHORT_TEXT_MAX);
}

static int on_system(struct control *c, const json_t *o)
{
	const char *event;
	size_t len;
	int r;

	if ((r = json_str(o, "event", &event, &len)) != 0)
		return r;
	if (strcmp(event, "error") != 0) {
		c->type = CONTROL_UNKNOWN;
		return 0;
	}
	if ((r = on_bye(c, o)) != 0)
		return r;
	/* no_member must name the member; other codes ignore the key. */
	if (c->u.end.code != CODE_NO_MEMBER)
		return 0;
	return json_member(o, "member", &c->u.end.member);
}

static int on_ping(struct control *c, const json_t *o)
{
	return json_i64(o, "id", &c->u.ping);
}

static int on_ticket(struct control *c, const json_t *o)
{
	int r;

	if ((r = json_b64(o, "ticket", c->u.ticket.ticket,
		 sizeof(c->u.ticket.ticket))) != 0)
		return r;
	return json_u32(o, "seconds", &c->u.ticket.seconds);
}

static int on_request(struct control *c, const json_t *o)
{
	int r = request_decode(&c->u.request, o);

	if (r != 0 || c->u.request.type != REQUEST_PREKEYS)
		return r;
	c->u.request.prekeys = &c->u.prekeys;
	return prekeys_set_decode(&c->u.prekeys, o);
}

static int on_done(struct control *c, const json_t *o)
{
	return answer_decode(&c->u.answer, true, o);
}

static int on_failed(struct control *c, const json_t *o)
{
	return answer_decode(&c->u.answer, false, o);
}

static int on_welcome(struct control *c, const json_t *o)
{
	return welcome_decode(&c->u.welcome, o);
}

static int on_room_left(struct control *c, const json_t *o)
{
	return room_left_decode(&c->u.room_left, o);
}

static int on_voice(struct control *c, const json_t *o)
{
	return voice_decode(&c->u.voice, o);
}

static int on_history(struct control *c, const json_t *o)
{
	return log_batch_decode(&c->u.history, o);
}

static int on_blob_have(struct control *c, const json_t *o)
{
	return blob_have_decode(&c->u.blob, o);
}

static int on_blob_gone(struct control *c, const json_t *o)
{
	return blob_gone_decode(&c->u.blob, o);
}

/* The types that both sides send, and that are requests from a client. */
static int on_ask(struct control *c, const json_t *o)
{
	c->type = CONTROL_REQUEST;
	return on_request(c, o);
}

static int on_storage(struct control *c, const json_t *o)
{
	return storage_decode(&c->u.storage, o);
}

static int on_device(struct control *c, const json_t *o)
{
	return device_decode(&c->u.device, o);
}

static int on_direct_from(struct control *c, const json_t *o)
{
	return direct_sender_decode(&c->u.direct_from, o);
}

static int on_direct_ack(struct control *c, const json_t *o)
{
	return direct_ack_decode(&c->u.direct_upto, o);
}

static int on_prekeys_low(struct control *c, const json_t *o)
{
	return prekeys_low_decode(&c->u.prekeys_left, o);
}

static const struct {
	const char *word;
	enum control_type type;
	/* by enum control_from; NULL: that side may not send it */
	int (*decode[2])(struct control *c, const json_t *o);
} types[] = {
    {"key_exchange", CONTROL_KEY_EXCHANGE, {NULL, on_key_exchange}},
    {"user_list", CONTROL_USER_LIST, {on_user_list_ask, on_user_list}},
    {"ack", CONTROL_ACK, {NULL, on_ack}},
    {"identity", CONTROL_IDENTITY, {on_identity_ask, on_identity}},
    {"system", CONTROL_ERROR, {NULL, on_system}},
    {"bye", CONTROL_BYE, {on_bye, on_bye}},
    {"ping", CONTROL_PING, {on_ping, on_ping}},
    {"pong", CONTROL_PONG, {on_ping, on_ping}},
    {"ticket", CONTROL_TICKET, {NULL, on_ticket}},
    {"done", CONTROL_ANSWER, {NULL, on_done}},
    {"failed", CONTROL_ANSWER, {NULL, on_failed}},
    {"welcome", CONTROL_WELCOME, {NULL, on_welcome}},
    {"room_left", CONTROL_ROOM_LEFT, {NULL, on_room_left}},
    {"voice", CONTROL_VOICE, {NULL, on_voice}},
    {"history", CONTROL_HISTORY, {on_ask, on_history}},
    {"storage", CONTROL_STORAGE, {NULL, on_storage}},
    {"device", CONTROL_DEVICE, {NULL, on_device}},
    {"blob_have", CONTROL_BLOB_HAVE, {on_ask, on_blob_have}},
    {"blob_gone", CONTROL_BLOB_GONE, {on_ask, on_blob_gone}},
    {"direct_from", CONTROL_DIRECT_FROM, {NULL, on_direct_from}},
    {"direct_ack", CONTROL_DIRECT_ACK, {on_direct_ack, NULL}},
    {"prekeys_low", CONTROL_PREKEYS_LOW, {NULL, on_prekeys_low}},
};

static int decode(struct control *c, enum control_from from, const json_t *o)
{
	const char *type;
	size_t i, len;
	int r;

	if ((r = json_str(o, "type", &type, &len)) != 0)
		return r;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(type, types[i].word) != 0)
			continue;
		if (types[i].decode[from] == NULL)
			return ERR_STATE;
		c->type = types[i].type;
		return types[i].decode[from](c, o);
	}
	if (from == FROM_SERVER)
		return request_is(type) ? ERR_STATE : 0;
	/* A request, also of a type from a later version, gets an answer. */
	if (!request_is(type) && json_object_get(o, "req") == NULL)
		return 0;
	c->type = CONTROL_REQUEST;
	return on_request(c, o);
}

int control_decode(
    struct control *out, enum control_from from, const void *json, size_t n)
{
	json_t *o = NULL;
	int r;

	memset(out, 0, sizeof(*out));
	if (n > WIRE_JSON_MAX)
		return ERR_RANGE;
	if ((r = json_parse(&o, json, n)) == 0)
		r = decode(out, from, o);
	if (r != 0)
		control_wipe(out);
	json_decref(o);
	return r;
}

void control_wipe(struct control *c)
{
	if (c->type == CONTROL_HISTORY)
		log_batch_free(&c->u.history);
	secret_wipe(c, sizeof(*c));
}

/* --- encoding --- */

static void begin(struct json_w *w, struct buf *out, const char *type)
{
	json_begin(w, out);
	json_put_str(w, "type", type);
}

int control_key_exchange(struct buf *out, const struct key_exchange *k)
{
	struct json_w w;

	begin(&w, out, "key_exchange");
	json_open_obj(&w, "room");
	json_put_int(&w, "id", k->room);
	if (k->is_wrapped) {
		json_put_str(&w, "name", k->name);
		json_put_b64(&w, "log", k->log, sizeof(k->log));
	}
	json_close(&w, '}');
	json_put_int(&w, "epoch", k->epoch);
	if (k->is_wrapped) {
		json_put_int(&w, "member", k->member);
		json_put_b64(&w, "wrapped", k->wrapped, k->wrapped_len);
		if (k->has_since)
			json_put_u63(&w, "since", k->since);
	} else {
		json_put_b64(&w, "secret", k->secret, sizeof(k->secret));
	}
	json_put_b64(&w, "commit", k->commit, sizeof(k->commit));
	if (!k->is_wrapped) {
		json_put_b64(&w, "roster", k->roster, sizeof(k->roster));
		json_put_str(&w, "reason", k->reason);
	}
	return json_end_padded(&w);
}

static void put_entry(struct json_w *w, const struct room_entry *e)
{
	json_open_obj(w, "entry");
	json_put_u63(w, "offset", e->head.offset);
	json_put_b64(w, "chain", e->head.chain, WIRE_HASH);
	json_put_str(w, "topic", e->topic);
	room_settings_encode(w, &e->settings, SETTINGS_ALL);
	json_close(w, '}');
}

int control_user_list(struct buf *out, const struct user_list *l)
{
	struct json_w w;

	begin(&w, out, "user_list");
	json_put_int(&w, "room", l->room);
	json_put_u63(&w, "total", l->total);
	json_put_u63(&w, "seq", l->seq);
	json_put_b64(&w, "roster", l->roster, sizeof(l->roster));
	if (l->has_entry)
		put_entry(&w, &l->entry);
	users_encode(&w, l->users, l->n_users);
	return json_end_padded(&w);
}

int control_user_list_ask(struct buf *out, uint32_t room, uint32_t after)
{
	struct json_w w;

	begin(&w, out, "user_list");
	json_put_int(&w, "room", room);
	json_put_int(&w, "after", after);
	return json_end_padded(&w);
}

int control_ack(struct buf *out, uint32_t room, uint64_t seq, uint64_t offset)
{
	struct json_w w;

	begin(&w, out, "ack");
	json_put_int(&w, "room", room);
	json_put_u63(&w, "seq", seq);
	json_put_u63(&w, "offset", offset);
	return json_end_padded(&w);
}

int control_identity(struct buf *out, uint32_t member, const void *card,
    size_t card_len, const uint8_t sig[WIRE_SIGNATURE])
{
	struct json_w w;

	begin(&w, out, "identity");
	json_put_int(&w, "member", member);
	json_put_b64(&w, "card", card, card_len);
	json_put_b64(&w, "signature", sig, WIRE_SIGNATURE);
	return json_end_padded(&w);
}

int control_identity_ask(struct buf *out, uint32_t member)
{
	struct json_w w;

	begin(&w, out, "identity");
	json_put_int(&w, "member", member);
	return json_end_padded(&w);
}

int control_error(
    struct buf *out, enum wire_code code, const char *text, uint32_t member)
{
	struct json_w w;

	begin(&w, out, "system");
	json_put_str(&w, "event", "error");
	json_put_str(&w, "code", wire_code_word(code));
	json_put_str(&w, "text", text);
	if (member != 0)
		json_put_int(&w, "member", member);
	return json_end_padded(&w);
}

int control_bye(struct buf *out, enum wire_code code, const char *text)
{
	struct json_w w;

	begin(&w, out, "bye");
	json_put_str(&w, "code", wire_code_word(code));
	json_put_str(&w, "text", text);
	return json_end_padded(&w);
}

int control_ping(struct buf *out, bool pong, int64_t id)
{
	struct json_w w;

	begin(&w, out, pong ? "pong" : "ping");
	json_put_int(&w, "id", id);
	return json_end_padded(&w);
}

int control_ticket(
    struct buf *out, const uint8_t ticket[WIRE_TICKET], uint32_t seconds)
{
	struct json_w w;

	begin(&w, out, "ticket");
	json_put_b64(&w, "ticket", ticket, WIRE_TICKET);
	json_put_int(&w, "seconds", seconds);
	return json_end_padded(&w);
}
