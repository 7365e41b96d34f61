/* prekeys.c - encodes and decodes the JSON around direct messages. */
#include "shared/proto/prekeys.h"

#include <string.h>

#include "shared/wire/text.h"

/* --- parts ---------------------------------------------------------------- */

static void put_key(struct json_w *w, const char *key, const struct prekey *k)
{
	json_open_obj(w, key);
	json_put_b64(w, "key", k->key, sizeof(k->key));
	json_put_u63(w, "made", k->made_s);
	json_put_b64(w, "signature", k->signature, sizeof(k->signature));
	json_close(w, '}');
}

static int get_key(struct prekey *out, const json_t *o)
{
	int r;

	if (!json_is_object(o))
		return ERR_JSON;
	if ((r = json_b64(o, "key", out->key, sizeof(out->key))) != 0 ||
	    (r = x25519_check(out->key)) != 0 ||
	    (r = json_u63(o, "made", &out->made_s)) != 0)
		return r;
	return json_b64(o, "signature", out->signature, sizeof(out->signature));
}

static void put_certificate(struct json_w *w, const uint8_t *p, size_t n)
{
	if (n > 0)
		json_put_b64(w, "certificate", p, n);
}

static int get_certificate(uint8_t *out, size_t *n, const json_t *o)
{
	int r;

	*n = 0;
	if (json_object_get(o, "certificate") == NULL)
		return 0;
	r = json_b64_max(o, "certificate", out, WIRE_CERTIFICATE_MAX, n);
	return r != 0 ? r : *n == 0 ? ERR_RANGE : 0;
}

static int get_name(char out[WIRE_NAME_MAX + 1], const json_t *name)
{
	const char *s = json_string_value(name);
	size_t n = json_string_length(name);

	if (s == NULL)
		return ERR_JSON;
	if (n > WIRE_NAME_MAX || !text_name(s, n))
		return ERR_NAME;
	memcpy(out, s, n + 1);
	return 0;
}

static int get_identity(uint8_t out[WIRE_ED25519], const json_t *o)
{
	uint8_t spki[WIRE_ED25519_SPKI];
	int r = json_b64(o, "identity", out, WIRE_ED25519);

	if (r != 0)
		return r;
	ed25519_spki(spki, out);
	return ed25519_from_spki(out, spki, sizeof(spki));
}

/* An array of at most max elements. */
static int get_array(
    const json_t **array, size_t *n, const json_t *o, const char *key, size_t max)
{
	int r = json_arr(o, key, array);

	if (r != 0)
		return r;
	*n = json_array_size(*array);
	return *n > max ? ERR_RANGE : 0;
}

/* --- what a device publishes ---------------------------------------------- */

void prekeys_set_encode(struct json_w *w, const struct prekeys_set *s)
{
	size_t i;

	if (s->replace)
		json_put_bool(w, "replace", true);
	put_key(w, "lasting", &s->lasting);
	json_open_arr(w, "once");
	for (i = 0; i < s->n_once; i++)
		put_key(w, NULL, &s->once[i]);
	json_close(w, ']');
	put_certificate(w, s->certificate, s->certificate_len);
}

int prekeys_set_decode(struct prekeys_set *out, const json_t *o)
{
	const json_t *replace = json_object_get(o, "replace"), *lasting, *once;
	size_t i, n;
	int r;

	memset(out, 0, sizeof(*out));
	out->replace = json_is_true(replace);
	if (replace != NULL && !json_is_boolean(replace))
		return ERR_JSON;
	if ((r = json_obj(o, "lasting", &lasting)) != 0 ||
	    (r = get_key(&out->lasting, lasting)) != 0 ||
	    (r = get_array(&once, &n, o, "once", WIRE_PREKEYS)) != 0)
		return r;
	for (i = 0; i < n; i++)
		if ((r = get_key(&out->once[i], json_array_get(once, i))) != 0)
			return r;
	out->n_once = n;
	return get_certificate(out->certificate, &out->certificate_len, o);
}

/* --- what the server has of the asking device ----------------------------- */

void prekeys_mine_encode(struct json_w *w, const struct prekeys_mine *m)
{
	size_t i;

	if (m->has_lasting)
		json_put_b64(w, "lasting", m->lasting, WIRE_X25519);
	json_open_arr(w, "once");
	for (i = 0; i < m->n_once; i++)
		json_put_b64(w, NULL, m->once[i], WIRE_X25519);
	json_close(w, ']');
}

int prekeys_mine_decode(struct prekeys_mine *out, const json_t *o)
{
	const json_t *once;
	size_t i, n;
	int r;

	memset(out, 0, sizeof(*out));
	out->has_lasting = json_object_get(o, "lasting") != NULL;
	if (out->has_lasting &&
	    (r = json_b64(o, "lasting", out->lasting, WIRE_X25519)) != 0)
		return r;
	if ((r = get_array(&once, &n, o, "once", WIRE_PREKEYS_KEPT)) != 0)
		return r;
	for (i = 0; i < n; i++)
		if ((r = json_b64_in(once, i, out->once[i], WIRE_X25519)) != 0)
			return r;
	out->n_once = n;
	return 0;
}

/* --- what a sender is given ----------------------------------------------- */

static void put_device(struct json_w *w, const struct prekeys_device *d)
{
	json_open_obj(w, NULL);
	json_put_b64(w, "identity", d->identity, sizeof(d->identity));
	if (d->has_key) {
		put_key(w, "key", &d->key);
		json_put_bool(w, "once", d->once);
	}
	put_certificate(w, d->certificate, d->certificate_len);
	json_close(w, '}');
}

static int get_device(struct prekeys_device *out, const json_t *o)
{
	const json_t *once = json_object_get(o, "once");
	int r;

	if (!json_is_object(o))
		return ERR_JSON;
	if ((r = get_identity(out->identity, o)) != 0)
		return r;
	out->has_key = json_object_get(o, "key") != NULL;
	if (out->has_key) {
		out->once = json_is_true(once);
		if (!json_is_boolean(once))
			return ERR_JSON;
		if ((r = get_key(&out->key, json_object_get(o, "key"))) != 0)
			return r;
	}
	return get_certificate(out->certificate, &out->certificate_len, o);
}

void prekeys_page_encode(struct json_w *w, const struct prekeys_page *p)
{
	size_t i;

	json_put_str(w, "name", p->name);
	json_open_arr(w, "prekeys");
	for (i = 0; i < p->n; i++)
		put_device(w, &p->device[i]);
	json_close(w, ']');
	json_put_bool(w, "more", p->more);
}

int prekeys_page_decode(struct prekeys_page *out, const json_t *o)
{
	const json_t *more = json_object_get(o, "more"), *array;
	size_t i, n;
	int r;

	memset(out, 0, sizeof(*out));
	out->more = json_is_true(more);
	if (!json_is_boolean(more))
		return ERR_JSON;
	if ((r = get_name(out->name, json_object_get(o, "name"))) != 0 ||
	    (r = get_array(&array, &n, o, "prekeys", WIRE_PREKEYS_PAGE)) != 0)
		return r;
	if (n == 0 && out->more)
		return ERR_RANGE;
	for (i = 0; i < n; i++) {
		r = get_device(&out->device[i], json_array_get(array, i));
		if (r != 0)
			return r;
		if (i > 0 && memcmp(out->device[i - 1].identity,
				 out->device[i].identity, WIRE_ED25519) >= 0)
			return ERR_RANGE;
	}
	out->n = n;
	return 0;
}

/* --- whom an account blocks ----------------------------------------------- */

void blocks_encode(struct json_w *w, const struct blocks *b)
{
	size_t i;

	json_open_arr(w, "blocks");
	for (i = 0; i < b->n; i++)
		json_put_str(w, NULL, b->name[i]);
	json_close(w, ']');
}

int blocks_decode(struct blocks *out, const json_t *o)
{
	const json_t *array;
	size_t i, n;
	int r;

	memset(out, 0, sizeof(*out));
	if ((r = get_array(&array, &n, o, "blocks", WIRE_BLOCKS)) != 0)
		return r;
	for (i = 0; i < n; i++)
		if ((r = get_name(out->name[i], json_array_get(array, i))) != 0)
			return r;
	out->n = n;
	return 0;
}

/* --- control frames that are no answers ------------------------------------ */

static void begin(struct json_w *w, struct buf *out, const char *type)
{
	json_begin(w, out);
	json_put_str(w, "type", type);
}

int direct_sender_encode(struct buf *out, const struct direct_sender *s)
{
	struct json_w w;

	begin(&w, out, "direct_from");
	json_put_str(&w, "name", s->name);
	json_put_b64(&w, "identity", s->identity, sizeof(s->identity));
	put_certificate(&w, s->certificate, s->certificate_len);
	return json_end_padded(&w);
}

int direct_sender_decode(struct direct_sender *out, const json_t *o)
{
	int r;

	memset(out, 0, sizeof(*out));
	if ((r = get_name(out->name, json_object_get(o, "name"))) != 0 ||
	    (r = get_identity(out->identity, o)) != 0)
		return r;
	return get_certificate(out->certificate, &out->certificate_len, o);
}

int direct_ack_encode(struct buf *out, uint64_t upto)
{
	struct json_w w;

	begin(&w, out, "direct_ack");
	json_put_u63(&w, "upto", upto);
	return json_end_padded(&w);
}

int direct_ack_decode(uint64_t *upto, const json_t *o)
{
	return json_u63(o, "upto", upto);
}

int prekeys_low_encode(struct buf *out, uint32_t left)
{
	struct json_w w;

	begin(&w, out, "prekeys_low");
	json_put_int(&w, "left", left);
	return json_end_padded(&w);
}

int prekeys_low_decode(uint32_t *left, const json_t *o)
{
	return json_u32(o, "left", left);
}
