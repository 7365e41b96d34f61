/* status.c - encodes and decodes what the server tells a client about its own
 * place: its role, that it is out of a room, whether it may speak, whether what is
 * said can be kept. */
#include "shared/proto/status.h"

#include <string.h>

#include "shared/wire/text.h"

/* The name of who did it; "" is nobody in particular. */
static int get_by(const json_t *o, char out[WIRE_NAME_MAX + 1])
{
	int r = json_text(o, "by", out, WIRE_NAME_MAX);

	if (r != 0)
		return r;
	return out[0] == '\0' || text_name(out, strlen(out)) ||
		       text_reserved(out)
		   ? 0
		   : ERR_NAME;
}

int welcome_decode(struct welcome *out, const json_t *o)
{
	const json_t *limits, *password = json_object_get(o, "password");
	const char *role, *name;
	size_t len;
	int r;

	memset(out, 0, sizeof(*out));
	if (!json_is_boolean(password))
		return ERR_JSON;
	out->password = json_is_true(password);
	if ((r = json_str(o, "account", &name, &len)) != 0)
		return r;
	if (!text_name(name, len))
		return ERR_NAME;
	memcpy(out->account, name, len + 1);
	if ((r = json_str(o, "role", &role, &len)) != 0)
		return r;
	if (!role_of(&out->role, role))
		return ERR_RANGE;
	if ((r = json_obj(o, "limits", &limits)) != 0)
		return r;
	if ((r = json_u32(limits, "rooms", &out->rooms)) != 0)
		return r;
	return json_u32(limits, "text", &out->text);
}

int welcome_encode(struct buf *out, const struct welcome *v)
{
	struct json_w w;

	json_begin(&w, out);
	json_put_str(&w, "type", "welcome");
	json_put_str(&w, "account", v->account);
	json_put_bool(&w, "password", v->password);
	json_put_str(&w, "role", role_word(v->role));
	json_open_obj(&w, "limits");
	json_put_int(&w, "rooms", v->rooms);
	json_put_int(&w, "text", v->text);
	json_close(&w, '}');
	return json_end_padded(&w);
}

int room_left_decode(struct room_left *out, const json_t *o)
{
	int r;

	memset(out, 0, sizeof(*out));
	if ((r = json_member(o, "room", &out->room)) != 0 ||
	    (r = json_text(o, "code", out->word, WIRE_CODE_MAX)) != 0 ||
	    (r = get_by(o, out->by)) != 0)
		return r;
	out->code = wire_code_of(out->word);
	return json_text(o, "text", out->text, WIRE_SHORT_TEXT_MAX);
}

int room_left_encode(struct buf *out, const struct room_left *l)
{
	struct json_w w;

	json_begin(&w, out);
	json_put_str(&w, "type", "room_left");
	json_put_int(&w, "room", l->room);
	json_put_str(&w, "code", wire_code_word(l->code));
	json_put_str(&w, "by", l->by);
	json_put_str(&w, "text", l->text);
	return json_end_padded(&w);
}

int voice_decode(struct voice *out, const json_t *o)
{
	const json_t *may = json_object_get(o, "may");
	int r;

	memset(out, 0, sizeof(*out));
	if (!json_is_boolean(may))
		return ERR_JSON;
	out->may = json_is_true(may);
	if ((r = json_member(o, "room", &out->room)) != 0 ||
	    (r = json_u63(o, "until", &out->until_ms)) != 0)
		return r;
	return get_by(o, out->by);
}

int voice_encode(struct buf *out, const struct voice *v)
{
	struct json_w w;

	json_begin(&w, out);
	json_put_str(&w, "type", "voice");
	json_put_int(&w, "room", v->room);
	json_put_bool(&w, "may", v->may);
	json_put_u63(&w, "until", v->until_ms);
	json_put_str(&w, "by", v->by);
	return json_end_padded(&w);
}

int storage_decode(struct storage *out, const json_t *o)
{
	const json_t *ok = json_object_get(o, "ok");

	memset(out, 0, sizeof(*out));
	if (!json_is_boolean(ok))
		return ERR_JSON;
	out->ok = json_is_true(ok);
	return json_member(o, "room", &out->room);
}

int storage_encode(struct buf *out, const struct storage *s)
{
	struct json_w w;

	json_begin(&w, out);
	json_put_str(&w, "type", "storage");
	json_put_int(&w, "room", s->room);
	json_put_bool(&w, "ok", s->ok);
	return json_end_padded(&w);
}

int device_decode(struct device *out, const json_t *o)
{
	memset(out, 0, sizeof(*out));
	int r = json_b64(o, "identity", out->identity, sizeof(out->identity));

	return r != 0 ? r : json_u63(o, "first", &out->first_s);
}

int device_encode(struct buf *out, const struct device *d)
{
	struct json_w w;

	json_begin(&w, out);
	json_put_str(&w, "type", "device");
	json_put_b64(&w, "identity", d->identity, sizeof(d->identity));
	json_put_u63(&w, "first", d->first_s);
	return json_end_padded(&w);
}
