/* request.c - encodes and decodes requests. */
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

/* The name of a person. */
static int get_who(struct request *q, const json_t *o)
{
	int r = get_text(q, o, "who", q->who, WIRE_NAME_MAX);

	if (r == 0 && !text_name(q->who, strlen(q->who))) {
		refuse(q, CODE_BAD_NAME);
		q->who[0] = '\0';
	}
	return r;
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
	if ((r = get_who(q, o)) != 0)
		return r;
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

/* Nothing but its number; and prekeys, which are decoded apart. */
static int on_nothing(struct request *q, const json_t *o)
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

static int on_prekeys_get(struct request *q, const json_t *o)
{
	int r = get_who(q, o);

	q->has_after = json_object_get(o, "after") != NULL;
	if (r != 0 || !q->has_after)
		return r;
	return json_b64(o, "after", q->identity, sizeof(q->identity));
}

static int on_block(struct request *q, const json_t *o)
{
	const json_t *on = json_object_get(o, "on");

	q->on = json_is_true(on);
	return json_is_boolean(on) ? get_who(q, o) : ERR_JSON;
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
    {"account_devices", REQUEST_ACCOUNT_DEVICES, on_nothing},
    {"account_forget", REQUEST_ACCOUNT_FORGET, on_account_forget},
    {"invite_new", REQUEST_INVITE_NEW, on_invite_new},
    {"invite_list", REQUEST_INVITE_LIST, on_invite_list},
    {"invite_revoke", REQUEST_INVITE_REVOKE, on_invite_revoke},
    {"blob_new", REQUEST_BLOB_NEW, on_blob},
    {"blob_have", REQUEST_BLOB_HAVE, on_blob},
    {"blob_end", REQUEST_BLOB_END, on_blob},
    {"blob_get", REQUEST_BLOB_GET, on_blob},
    {"blob_gone", REQUEST_BLOB_GONE, on_blob},
    {"prekeys", REQUEST_PREKEYS, on_nothing},
    {"prekeys_mine", REQUEST_PREKEYS_MINE, on_nothing},
    {"prekeys_get", REQUEST_PREKEYS_GET, on_prekeys_get},
    {"block", REQUEST_BLOCK, on_block},
    {"blocks", REQUEST_BLOCKS, on_nothing},
};
enum { N_TYPES = sizeof(types) / sizeof(types[0]) };

bool request_is(const char *type)
{
	size_t i;

	for (i = 0; i < N_TYPES && strcmp(types[i].word, type) != 0; i++)
		;
	return i < N_TYPES;
}

int request_number(const json_t *o, uint32_t *out)
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
	    (r = request_number(o, &out->number)) != 0)
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

static void put_of_direct(struct json_w *w, const struct request *q)
{
	switch (q->type) {
	case REQUEST_PREKEYS:
		prekeys_set_encode(w, q->prekeys);
		break;
	case REQUEST_PREKEYS_GET:
		json_put_str(w, "who", q->who);
		if (q->has_after)
			json_put_b64(
			    w, "after", q->identity, sizeof(q->identity));
		break;
	case REQUEST_BLOCK:
		json_put_str(w, "who", q->who);
		json_put_bool(w, "on", q->on);
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
	if (i == N_TYPES ||
	    (q->type == REQUEST_PREKEYS && q->prekeys == NULL))
		return ERR_USAGE;
	json_begin(&w, out);
	json_put_str(&w, "type", types[i].word);
	json_put_int(&w, "req", q->number);
	put_of_room(&w, q);
	put_of_account(&w, q);
	put_of_direct(&w, q);
	if (q->type >= REQUEST_BLOB_NEW && q->type <= REQUEST_BLOB_GONE)
		blob_ask_encode(&w,
		    (enum blob_ask_type)(q->type - REQUEST_BLOB_NEW), &q->blob);
	return json_end_padded(&w);
}
