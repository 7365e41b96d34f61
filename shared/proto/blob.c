/* blob.c - sizes, pieces and JSON of sealed files. */
#include "shared/proto/blob.h"

#include <string.h>

#include "shared/base/secret.h"

/* --- sizes ----------------------------------------------------------------- */

uint64_t blob_size(uint64_t file)
{
	uint64_t steps =
	    file / WIRE_BLOB_STEP + (file == 0 || file % WIRE_BLOB_STEP != 0);

	return steps * WIRE_BLOB_STEP;
}

bool blob_size_ok(uint64_t blob)
{
	return blob > 0 && blob <= WIRE_BLOB_MAX && blob % WIRE_BLOB_STEP == 0;
}

uint32_t blob_pieces(uint64_t blob)
{
	return (uint32_t)(blob / WIRE_PIECE + (blob % WIRE_PIECE != 0));
}

/* The bytes of [0, size) that are in the piece. */
static size_t within(uint64_t size, uint32_t index)
{
	const uint64_t at = (uint64_t)index * WIRE_PIECE;

	if (at >= size)
		return 0;
	return size - at < WIRE_PIECE ? (size_t)(size - at) : WIRE_PIECE;
}

size_t blob_piece(uint64_t blob, uint32_t index)
{
	return within(blob, index);
}

size_t blob_piece_file(uint64_t file, uint32_t index)
{
	return within(file, index);
}

/* --- pieces ---------------------------------------------------------------- */

enum { AAD = sizeof(LABEL_PIECE) + 8 + 4 };

static void aad_of(uint8_t out[AAD], const struct blob_key *k, uint32_t index)
{
	memcpy(out, LABEL_PIECE, sizeof(LABEL_PIECE));
	put_u64(out + sizeof(LABEL_PIECE), k->file);
	put_u32(out + sizeof(LABEL_PIECE) + 8, index);
}

/* 0: the file has no such piece. */
static size_t piece_of(const struct blob_key *k, uint32_t index)
{
	if (k->file > WIRE_BLOB_MAX - WIRE_BLOB_STEP)
		return 0;
	return blob_piece(blob_size(k->file), index);
}

int blob_seal(struct crypto *c, uint8_t out[WIRE_PIECE_SEALED], size_t *out_len,
    const struct blob_key *k, uint32_t index, const uint8_t iv[WIRE_PIECE_IV],
    const void *in)
{
	const size_t n = piece_of(k, index);
	const size_t data = blob_piece_file(k->file, index);
	uint8_t *piece = out + WIRE_PIECE_IV, aad[AAD];
	int r;

	*out_len = 0;
	if (n == 0)
		return ERR_USAGE;
	aad_of(aad, k, index);
	memcpy(out, iv, WIRE_PIECE_IV);
	if (data > 0)
		memcpy(piece, in, data);
	memset(piece + data, 0, n - data);
	r = crypto_seal(c, piece, k->key, iv, aad, sizeof(aad), piece, n);
	if (r != 0)
		secret_wipe(piece, n);
	else
		*out_len = BLOB_SEALED(n);
	return r;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && p[i] == 0; i++)
		;
	return i == n;
}

int blob_open(struct crypto *c, uint8_t out[WIRE_PIECE], size_t *out_len,
    const struct blob_key *k, uint32_t index, const uint8_t *sealed,
    size_t sealed_len)
{
	const size_t n = piece_of(k, index);
	const size_t data = blob_piece_file(k->file, index);
	uint8_t aad[AAD];
	int r;

	*out_len = 0;
	if (n == 0 || sealed_len != BLOB_SEALED(n))
		return ERR_RANGE;
	aad_of(aad, k, index);
	r = crypto_open(c, out, k->key, sealed, aad, sizeof(aad),
	    sealed + WIRE_PIECE_IV, n + WIRE_TAG);
	if (r == 0 && !all_zero(out + data, n - data)) {
		secret_wipe(out, n);
		r = ERR_OPEN;
	}
	if (r == 0)
		*out_len = data;
	return r;
}

int blob_frame_decode(struct blob_frame *out, const uint8_t *body, size_t n)
{
	if (n <= WIRE_BLOB_HEAD + BLOB_SEALED(0) ||
	    n > WIRE_BLOB_HEAD + WIRE_PIECE_SEALED)
		return ERR_RANGE;
	out->blob = body;
	out->index = get_u32(body + WIRE_BLOB);
	out->sealed = body + WIRE_BLOB_HEAD;
	out->len = n - WIRE_BLOB_HEAD;
	return 0;
}

void blob_frame_head(
    uint8_t out[WIRE_BLOB_HEAD], const uint8_t blob[WIRE_BLOB], uint32_t index)
{
	memcpy(out, blob, WIRE_BLOB);
	put_u32(out + WIRE_BLOB, index);
}

/* --- requests -------------------------------------------------------------- */

static int get_window(
    struct blob_ask *a, enum wire_code *refuse, const json_t *o)
{
	int r;

	if ((r = json_u32(o, "from", &a->from)) != 0 ||
	    (r = json_u32(o, "count", &a->count)) != 0)
		return r;
	if (a->count < 1 || a->count > WIRE_BLOB_GET)
		*refuse = CODE_BAD_VALUE;
	return 0;
}

int blob_ask_decode(struct blob_ask *out, enum blob_ask_type type,
    enum wire_code *refuse, const json_t *o)
{
	int r;

	memset(out, 0, sizeof(*out));
	if (type == BLOB_NEW) {
		r = json_u63(o, "size", &out->size);
		if (r == 0 && !blob_size_ok(out->size))
			*refuse = CODE_BAD_VALUE;
		return r;
	}
	r = json_b64(o, "blob", out->blob, WIRE_BLOB);
	if (r == 0 && type == BLOB_END)
		r = json_u32(o, "pieces", &out->pieces);
	if (r == 0 && type == BLOB_GET)
		r = get_window(out, refuse, o);
	return r;
}

void blob_ask_encode(
    struct json_w *w, enum blob_ask_type type, const struct blob_ask *a)
{
	if (type == BLOB_NEW)
		json_put_u63(w, "size", a->size);
	else
		json_put_b64(w, "blob", a->blob, WIRE_BLOB);
	if (type == BLOB_END)
		json_put_int(w, "pieces", a->pieces);
	if (type == BLOB_GET) {
		json_put_int(w, "from", a->from);
		json_put_int(w, "count", a->count);
	}
}

/* --- what the server has ---------------------------------------------------- */

void blob_state_put(struct json_w *w, const struct blob_state *s)
{
	json_put_b64(w, "blob", s->blob, WIRE_BLOB);
	json_put_u63(w, "size", s->size);
	json_put_int(w, "pieces", s->pieces);
	json_put_bool(w, "ended", s->ended);
}

int blob_state_get(struct blob_state *out, const json_t *o)
{
	const json_t *ended = json_object_get(o, "ended");
	uint32_t all;
	int r;

	if ((r = json_b64(o, "blob", out->blob, WIRE_BLOB)) != 0 ||
	    (r = json_u63(o, "size", &out->size)) != 0 ||
	    (r = json_u32(o, "pieces", &out->pieces)) != 0)
		return r;
	if (!json_is_boolean(ended))
		return ERR_JSON;
	out->ended = json_is_true(ended);
	if (!blob_size_ok(out->size))
		return ERR_RANGE;
	all = blob_pieces(out->size);
	if (out->pieces > all || (out->ended && out->pieces != all))
		return ERR_RANGE;
	return 0;
}

int blob_have_encode(struct buf *out, const struct blob_state *s)
{
	struct json_w w;

	json_begin(&w, out);
	json_put_str(&w, "type", "blob_have");
	json_put_b64(&w, "blob", s->blob, WIRE_BLOB);
	json_put_int(&w, "pieces", s->pieces);
	return json_end_padded(&w);
}

int blob_have_decode(struct blob_state *out, const json_t *o)
{
	int r;

	memset(out, 0, sizeof(*out));
	r = json_b64(o, "blob", out->blob, WIRE_BLOB);
	return r != 0 ? r : json_u32(o, "pieces", &out->pieces);
}

int blob_gone_encode(struct buf *out, const uint8_t blob[WIRE_BLOB])
{
	struct json_w w;

	json_begin(&w, out);
	json_put_str(&w, "type", "blob_gone");
	json_put_b64(&w, "blob", blob, WIRE_BLOB);
	return json_end_padded(&w);
}

int blob_gone_decode(struct blob_state *out, const json_t *o)
{
	memset(out, 0, sizeof(*out));
	return json_b64(o, "blob", out->blob, WIRE_BLOB);
}

/* --- offers ----------------------------------------------------------------- */

void blob_offer_put(struct json_w *w, const struct blob_offer *f)
{
	json_put_b64(w, "id", f->id, WIRE_ID);
	json_put_str(w, "name", f->name);
	json_put_u63(w, "size", f->key.file);
	json_put_b64(w, "blob", f->blob, WIRE_BLOB);
	json_put_b64(w, "key", f->key.key, WIRE_KEY);
	json_put_b64(w, "hash", f->hash, WIRE_HASH);
}

int blob_offer_get(struct blob_offer *out, const json_t *o)
{
	int r;

	if ((r = json_b64(o, "id", out->id, WIRE_ID)) != 0 ||
	    (r = json_text(o, "name", out->name, WIRE_FILE_NAME_MAX)) != 0 ||
	    (r = json_u63(o, "size", &out->key.file)) != 0 ||
	    (r = json_b64(o, "blob", out->blob, WIRE_BLOB)) != 0 ||
	    (r = json_b64(o, "key", out->key.key, WIRE_KEY)) != 0 ||
	    (r = json_b64(o, "hash", out->hash, WIRE_HASH)) != 0)
		return r;
	if (out->name[0] == '\0')
		return ERR_TEXT;
	return out->key.file <= WIRE_BLOB_MAX - WIRE_BLOB_STEP ? 0 : ERR_RANGE;
}
