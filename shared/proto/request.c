/* request.c - encodes and decodes requests and their answers. */
#include "shared/proto/request.h"

#include <string.h>

#include "shared/wire/text.h"

/* --- requests: decoding ---------------------------------------------------
 * A wrong JSON type is an error. A value that cannot be is noted in `refuse`:
 * the first one found decides. */

static void refuse(struct request *q, enum wire_code code)
{
	if (q->refuse == CODE_NONE)
		q->refuse = code;
}

/* A text of at most max bytes; a longer one refuses the request. */
static int get_text(
    struct request *q, const json_t *o, const char *key, char *out, size_t max)
{
	int r = json_text(o, key, out, max);

	if (r != ERR_TEXT)
		return r;
	out[0] = '\0';
	refuse(q, CODE_BAD_VALUE);
	return 0;
}

static int get_room_name(struct request *q, const json_t *o)
{
	int r = get_text(q, o, "name", q->name, WIRE_ROOM_MAX);

	if (r == 0 && !text_room(q->name, strlen(q->name))) {
		q->refuse = CODE_BAD_NAME;
		q->name[0] = '\0';
	}
	return r;
}

static int on_room_list(struct request *q, const json_t *o)
{
	return get_text(q, o, "after", q->name, WIRE_ROOM_MAX);
}

/* Topic and settings, both optional. */
static int get_changes(struct request *q, const json_t *o)
{
	int r;

	q->has_topic = json_object_get(o, "topic") != NULL;
	if (q->has_topic &&
	    (r = get_text(q, o, "topic", q->topic, WIRE_SHORT_TEXT_MAX)) != 0)
		return r;
	q->settings = room_settings_default;
	if (json_object_get(o, "settings") == NULL)
		return 0;
	r = room_settings_decode(&q->settings, &q->settings_named, o);
	if (r != ERR_RANGE)
		return r;
	refuse(q, CODE_BAD_VALUE);
	return 0;
}

static int on_room_new(struct request *q, const json_t *o)
{
	int r = get_room_name(q, o);

	return r != 0 ? r : get_changes(q, o);
}

static int on_room_set(struct request *q, const json_t *o)
{
	int r = json_u32(o, "room", &q->room);

	return r != 0 ? r : get_changes(q, o);
}

static int on_room_join(struct request *q, const json_t *o)
{
	return get_room_name(q, o);
}

static int on_room_leave(struct request *q, const json_t *o)
{
	return json_u32(o, "room", &q->room);
}

static int get_act_value(struct request *q, const json_t *o)
{
	const char *word;
	size_t len;
	int r;

	if (q->act != ACT_ROLE)
		return 0;
	if (json_object_get(o, "value") == NULL) {
		refuse(q, CODE_BAD_VALUE);
		return 0;
	}
	if ((r = json_str(o, "value", &word, &len)) != 0)
		return r;
	if (!role_of(&q->role, word))
		refuse(q, CODE_BAD_VALUE);
	return 0;
}

static int on_act(struct request *q, const json_t *o)
{
	const char *word;
	size_t len;
	int r;

	if ((r = json_u32(o, "room", &q->room)) != 0 ||
	    (r = json_str(o, "act", &word, &len)) != 0)
		return r;
	if ((q->act = act_of(word)) == ACT_NONE)
		refuse(q, CODE_UNKNOWN_REQUEST);
	if ((r = get_text(q, o, "who", q->who, WIRE_NAME_MAX)) != 0)
		return r;
	if (!text_name(q->who, strlen(q->who))) {
		refuse(q, CODE_BAD_NAME);
		q->who[0] = '\0';
	}
	if (json_object_get(o, "seconds") != NULL &&
	    (r = json_u32(o, "seconds", &q->seconds)) != 0)
		return r;
	if (json_object_get(o, "reason") != NULL &&
	    (r = get_text(q, o, "reason", q->reason, WIRE_SHORT_TEXT_MAX)) != 0)
		return r;
	return get_act_value(q, o);
}

static int on_history(struct request *q, const json_t *o)
{
	int r;

	q->before = json_object_get(o, "before") != NULL;
	if (q->before && json_object_get(o, "after") != NULL)
		return ERR_JSON;
	if ((r = json_u32(o, "room", &q->room)) != 0 ||
	    (r = json_u63(o, q->before ? "before" : "after", &q->offset)) !=
		0 ||
	    (r = json_u32(o, "count", &q->count)) != 0)
		return r;
	if (q->count < 1 || q->count > WIRE_HISTORY_MAX)
		refuse(q, CODE_BAD_VALUE);
	return 0;
}

static int on_purge(struct request *q, const json_t *o)
{
	int r = json_u32(o, "room", &q->room);

	if (r != 0)
		return r;
	r = json_u63(o, "offset", &q->offset);
	if (r == 0 && q->offset == 0)
		refuse(q, CODE_BAD_VALUE);
	return r;
}

static int on_receipt(struct request *q, const json_t *o)
{
	return json_u32(o, "room", &q->room);
}

static int on_account_password(struct request *q, const json_t *o)
{
	return account_password_decode(&q->password, &q->refuse, o);
}

static int on_account_devices(struct request *q, const json_t *o)
{
	(void)q;
	(void)o;
	return 0;
}

static int on_account_forget(struct request *q, const json_t *o)
{
	return json_b64(o, "identity", q->identity, sizeof(q->identity));
}

static int on_invite_new(struct request *q, const json_t *o)
{
	return account_invite_ask_decode(&q->invite, &q->refuse, o);
}

static int get_id(struct request *q, const json_t *o, const char *key, bool any)
{
	int r = get_text(q, o, key, q->id, WIRE_INVITE_ID);

	if (r != 0 || (any && q->id[0] == '\0') ||
	    text_invite_id(q->id, strlen(q->id)))
		return r;
	refuse(q, CODE_BAD_VALUE);
	q->id[0] = '\0';
	return 0;
}

static int on_invite_list(struct request *q, const json_t *o)
{
	return get_id(q, o, "after", true);
}

static int on_invite_revoke(struct request *q, const json_t *o)
{
	return get_id(q, o, "id", false);
}

static int on_blob(struct request *q, const json_t *o)
{
	return blob_ask_decode(&q->blob,
	    (enum blob_ask_type)(q->type - REQUEST_BLOB_NEW), &q->refuse, o);
}

static const struct {
	const char *word;
	enum request_type type;
	int (*decode)(struct request *q, const json_t *o);
} types[] = {
    {"room_list", REQUEST_ROOM_LIST, on_room_list},
    {"room_new", REQUEST_ROOM_NEW, on_room_new},
    {"room_set", REQUEST_ROOM_SET, on_room_set},
    {"room_join", REQUEST_ROOM_JOIN, on_room_join},
    {"room_leave", REQUEST_ROOM_LEAVE, on_room_leave},
    {"act", REQUEST_ACT, on_act},
    {"history", REQUEST_HISTORY, on_history},
    {"purge", REQUEST_PURGE, on_purge},
    {"receipt", REQUEST_RECEIPT, on_receipt},
    {"account_password", REQUEST_ACCOUNT_PASSWORD, on_account_password},
    {"account_devices", REQUEST_ACCOUNT_DEVICES, on_account_devices},
    {"account_forget", REQUEST_ACCOUNT_FORGET, on_account_forget},
    {"invite_new", REQUEST_INVITE_NEW, on_invite_new},
    {"invite_list", REQUEST_INVITE_LIST, on_invite_list},
    {"invite_revoke", REQUEST_INVITE_REVOKE, on_invite_revoke},
    {"blob_new", REQUEST_BLOB_NEW, on_blob},
    {"blob_have", REQUEST_BLOB_HAVE, on_blob},
    {"blob_end", REQUEST_BLOB_END, on_blob},
    {"blob_get", REQUEST_BLOB_GET, on_blob},
    {"blob_gone", REQUEST_BLOB_GONE, on_blob},
};
enum { N_TYPES = sizeof(types) / sizeof(types[0]) };

bool request_is(const char *type)
{
	size_t i;

	for (i = 0; i < N_TYPES && strcmp(types[i].word, type) != 0; i++)
		;
	return i < N_TYPES;
}

static int get_number(const json_t *o, uint32_t *out)
{
	int r = json_u32(o, "req", out);

	return r != 0 ? r : *out < 1 || *out > WIRE_REQ_MAX ? ERR_RANGE : 0;
}

int request_decode(struct request *out, const json_t *o)
{
	const char *type;
	size_t i, len;
	int r;

	memset(out, 0, sizeof(*out));
	if ((r = json_str(o, "type", &type, &len)) != 0 ||
	    (r = get_number(o, &out->number)) != 0)
		return r;
	for (i = 0; i < N_TYPES && strcmp(types[i].word, type) != 0; i++)
		;
	if (i == N_TYPES) {
		out->refuse = CODE_UNKNOWN_REQUEST;
		return 0;
	}
	out->type = types[i].type;
	return types[i].decode(out, o);
}

/* --- requests: encoding --------------------------------------------------- */

static void put_changes(struct json_w *w, const struct request *q)
{
	if (q->has_topic)
		json_put_str(w, "topic", q->topic);
	if (q->settings_named != 0)
		room_settings_encode(w, &q->settings, q->settings_named);
}

static void put_act(struct json_w *w, const struct request *q)
{
	json_put_str(w, "act", act_word(q->act));
	json_put_int(w, "room", q->room);
	json_put_str(w, "who", q->who);
	if (q->seconds != 0)
		json_put_int(w, "seconds", q->seconds);
	if (q->reason[0] != '\0')
		json_put_str(w, "reason", q->reason);
	if (q->act == ACT_ROLE)
		json_put_str(w, "value", role_word(q->role));
}

/* Of the requests about rooms. */
static void put_of_room(struct json_w *w, const struct request *q)
{
	switch (q->type) {
	case REQUEST_ROOM_LIST:
		json_put_str(w, "after", q->name);
		break;
	case REQUEST_ROOM_NEW:
		json_put_str(w, "name", q->name);
		put_changes(w, q);
		break;
	case REQUEST_ROOM_SET:
		json_put_int(w, "room", q->room);
		put_changes(w, q);
		break;
	case REQUEST_ROOM_JOIN:
		json_put_str(w, "name", q->name);
		break;
	case REQUEST_ROOM_LEAVE:
	case REQUEST_RECEIPT:
		json_put_int(w, "room", q->room);
		break;
	case REQUEST_ACT:
		put_act(w, q);
		break;
	case REQUEST_HISTORY:
		json_put_int(w, "room", q->room);
		json_put_u63(w, q->before ? "before" : "after", q->offset);
		json_put_int(w, "count", q->count);
		break;
	case REQUEST_PURGE:
		json_put_int(w, "room", q->room);
		json_put_u63(w, "offset", q->offset);
		break;
	default:
		break;
	}
}

static void put_of_account(struct json_w *w, const struct request *q)
{
	switch (q->type) {
	case REQUEST_ACCOUNT_PASSWORD:
		account_password_encode(w, &q->password);
		break;
	case REQUEST_ACCOUNT_FORGET:
		json_put_b64(w, "identity", q->identity, sizeof(q->identity));
		break;
	case REQUEST_INVITE_NEW:
		account_invite_ask_encode(w, &q->invite);
		break;
	case REQUEST_INVITE_LIST:
		json_put_str(w, "after", q->id);
		break;
	case REQUEST_INVITE_REVOKE:
		json_put_str(w, "id", q->id);
		break;
	default:
		break;
	}
}

int request_encode(struct buf *out, const struct request *q)
{
	struct json_w w;
	size_t i;

	for (i = 0; i < N_TYPES && types[i].type != q->type; i++)
		;
	if (i == N_TYPES)
		return ERR_USAGE;
	json_begin(&w, out);
	json_put_str(&w, "type", types[i].word);
	json_put_int(&w, "req", q->number);
	put_of_room(&w, q);
	put_of_account(&w, q);
	if (q->type >= REQUEST_BLOB_NEW && q->type <= REQUEST_BLOB_GONE)
		blob_ask_encode(&w,
		    (enum blob_ask_type)(q->type - REQUEST_BLOB_NEW), &q->blob);
	return json_end_padded(&w);
}

/* --- answers -------------------------------------------------------------- */

static int get_failure(struct answer *a, const json_t *o)
{
	int r = json_text(o, "code", a->word, WIRE_CODE_MAX);

	if (r != 0)
		return r;
	a->code = wire_code_of(a->word);
	return json_text(o, "text", a->text, WIRE_SHORT_TEXT_MAX);
}

/* The id and secret of a new invite. */
static int get_invite(struct answer *a, const json_t *o)
{
	int r;

	if (json_object_get(o, "secret") == NULL)
		return 0;
	if ((r = json_text(o, "id", a->id, WIRE_INVITE_ID)) != 0 ||
	    (r = json_text(o, "secret", a->secret, WIRE_INVITE_SECRET)) != 0)
		return r;
	return text_invite_id(a->id, strlen(a->id)) &&
		       text_invite_secret(a->secret, strlen(a->secret))
		   ? 0
		   : ERR_RANGE;
}

static int get_receipt(struct answer *a, const json_t *o)
{
	a->has_receipt = json_object_get(o, "signature") != NULL;
	return a->has_receipt ? receipt_get(&a->receipt, o) : 0;
}

/* An answer has one of these at most. */
static int get_lists(struct answer *a, const json_t *o)
{
	int r;

	a->has_rooms = json_object_get(o, "rooms") != NULL;
	a->has_devices = json_object_get(o, "devices") != NULL;
	a->has_invites = json_object_get(o, "invites") != NULL;
	if (a->has_rooms + a->has_devices + a->has_invites > 1)
		return ERR_JSON;
	if (a->has_devices)
		return account_devices_decode(a->devices, &a->n_devices, o);
	if (a->has_rooms)
		r = room_infos_decode(a->rooms, &a->n_rooms, o);
	else if (a->has_invites)
		r = account_invites_decode(a->invites, &a->n_invites, o);
	else
		return get_invite(a, o);
	return r != 0 ? r : json_u63(o, "total", &a->total);
}

int answer_decode(struct answer *out, bool done, const json_t *o)
{
	int r;

	memset(out, 0, sizeof(*out));
	out->done = done;
	if ((r = get_number(o, &out->number)) != 0)
		return r;
	if (!done)
		return get_failure(out, o);
	if (json_object_get(o, "room") != NULL &&
	    (r = json_member(o, "room", &out->room)) != 0)
		return r;
	if ((r = get_receipt(out, o)) != 0)
		return r;
	out->has_blob = json_object_get(o, "blob") != NULL;
	if (out->has_blob && (r = blob_state_get(&out->blob, o)) != 0)
		return r;
	return get_lists(out, o);
}

static void begin(
    struct json_w *w, struct buf *out, const char *type, uint32_t number)
{
	json_begin(w, out);
	json_put_str(w, "type", type);
	json_put_int(w, "req", number);
}

int answer_done(struct buf *out, uint32_t number, uint32_t room)
{
	struct json_w w;

	begin(&w, out, "done", number);
	if (room != 0)
		json_put_int(&w, "room", room);
	return json_end_padded(&w);
}

int answer_rooms(struct buf *out, uint32_t number,
    const struct room_info *rooms, size_t n, uint64_t total)
{
	struct json_w w;

	begin(&w, out, "done", number);
	room_infos_encode(&w, rooms, n);
	json_put_u63(&w, "total", total);
	return json_end_padded(&w);
}

int answer_devices(struct buf *out, uint32_t number,
    const struct account_device *devices, size_t n)
{
	struct json_w w;

	begin(&w, out, "done", number);
	account_devices_encode(&w, devices, n);
	return json_end_padded(&w);
}

int answer_invites(struct buf *out, uint32_t number,
    const struct account_invite *invites, size_t n, uint64_t total)
{
	struct json_w w;

	begin(&w, out, "done", number);
	account_invites_encode(&w, invites, n);
	json_put_u63(&w, "total", total);
	return json_end_padded(&w);
}

int answer_invite(struct buf *out, uint32_t number,
    const char id[WIRE_INVITE_ID + 1],
    const char secret[WIRE_INVITE_SECRET + 1])
{
	struct json_w w;

	begin(&w, out, "done", number);
	json_put_str(&w, "id", id);
	json_put_str(&w, "secret", secret);
	return json_end_padded(&w);
}

int answer_receipt(struct buf *out, uint32_t number, const struct receipt *r)
{
	struct json_w w;

	begin(&w, out, "done", number);
	receipt_put(&w, r);
	return json_end_padded(&w);
}

int answer_blob(
    struct buf *out, uint32_t number, const struct blob_state *s)
{
	struct json_w w;

	begin(&w, out, "done", number);
	blob_state_put(&w, s);
	return json_end_padded(&w);
}

int answer_failed(
    struct buf *out, uint32_t number, enum wire_code code, const char *text)
{
	struct json_w w;

	begin(&w, out, "failed", number);
	json_put_str(&w, "code", wire_code_word(code));
	json_put_str(&w, "text", text);
	return json_end_padded(&w);
}
