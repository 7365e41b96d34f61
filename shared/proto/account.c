/* account.c - encodes and decodes what is asked about accounts: own passwords,
 * devices, invites. */
#include "shared/proto/account.h"

#include <string.h>

#include "shared/wire/text.h"

const struct kdf account_kdf_own = {WIRE_SCRYPT_N_OWN, 8, 1};
const struct kdf account_kdf_invite = {WIRE_SCRYPT_N_INVITE, 8, 1};

enum account_kind account_kind_of(const char *word, size_t n)
{
	size_t i;

	if (n == 1 && word[0] == '*')
		return ACCOUNT_GATE;
	if (n > 1 && word[0] == '+' && text_invite_id(word + 1, n - 1))
		return ACCOUNT_INVITE;
	if (!text_name(word, n))
		return ACCOUNT_NONE;
	for (i = 0; i < n; i++)
		if (word[i] != text_lower(word[i]))
			return ACCOUNT_NONE;
	return ACCOUNT_OWN;
}

static void note(enum wire_code *refuse)
{
	if (*refuse == CODE_NONE)
		*refuse = CODE_BAD_VALUE;
}

/* --- a password of one's own --------------------------------------------- */

void account_password_encode(struct json_w *w, const struct account_password *p)
{
	if (p->none)
		return;
	json_put_b64(w, "salt", p->salt, sizeof(p->salt));
	json_open_obj(w, "kdf");
	json_put_str(w, "name", "scrypt");
	json_put_u63(w, "n", account_kdf_own.n);
	json_put_int(w, "r", account_kdf_own.r);
	json_put_int(w, "p", account_kdf_own.p);
	json_close(w, '}');
	json_put_b64(w, "w0", p->w0, sizeof(p->w0));
	json_put_b64(w, "l", p->l, sizeof(p->l));
}

static int check_kdf(enum wire_code *refuse, const json_t *o)
{
	const json_t *kdf;
	const char *name;
	struct kdf k;
	size_t len;
	int r;

	if ((r = json_obj(o, "kdf", &kdf)) != 0 ||
	    (r = json_str(kdf, "name", &name, &len)) != 0 ||
	    (r = json_u63(kdf, "n", &k.n)) != 0 ||
	    (r = json_u32(kdf, "r", &k.r)) != 0 ||
	    (r = json_u32(kdf, "p", &k.p)) != 0)
		return r;
	if (strcmp(name, "scrypt") != 0 || k.n != account_kdf_own.n ||
	    k.r != account_kdf_own.r || k.p != account_kdf_own.p)
		note(refuse);
	return 0;
}

int account_password_decode(
    struct account_password *out, enum wire_code *refuse, const json_t *o)
{
	int r;

	memset(out, 0, sizeof(*out));
	out->none = json_object_get(o, "salt") == NULL &&
		    json_object_get(o, "kdf") == NULL &&
		    json_object_get(o, "w0") == NULL &&
		    json_object_get(o, "l") == NULL;
	if (out->none)
		return 0;
	if ((r = json_b64(o, "salt", out->salt, sizeof(out->salt))) != 0 ||
	    (r = check_kdf(refuse, o)) != 0 ||
	    (r = json_b64(o, "w0", out->w0, sizeof(out->w0))) != 0)
		return r;
	return json_b64(o, "l", out->l, sizeof(out->l));
}

/* --- devices ------------------------------------------------------------- */

void account_devices_encode(
    struct json_w *w, const struct account_device *d, size_t n)
{
	size_t i;

	json_open_arr(w, "devices");
	for (i = 0; i < n; i++) {
		json_open_obj(w, NULL);
		json_put_b64(w, "identity", d[i].identity, WIRE_ED25519);
		json_put_u63(w, "first", d[i].first_s);
		json_put_u63(w, "last", d[i].last_s);
		json_put_bool(w, "here", d[i].here);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static int device_decode(struct account_device *out, const json_t *o)
{
	const json_t *here = json_object_get(o, "here");
	int r;

	if (!json_is_object(o) || !json_is_boolean(here))
		return ERR_JSON;
	out->here = json_is_true(here);
	if ((r = json_b64(o, "identity", out->identity, WIRE_ED25519)) != 0 ||
	    (r = json_u63(o, "first", &out->first_s)) != 0)
		return r;
	return json_u63(o, "last", &out->last_s);
}

int account_devices_decode(
    struct account_device out[WIRE_DEVICES], size_t *n, const json_t *o)
{
	const json_t *array;
	size_t i, count;
	int r;

	*n = 0;
	if ((r = json_arr(o, "devices", &array)) != 0)
		return r;
	if ((count = json_array_size(array)) > WIRE_DEVICES)
		return ERR_RANGE;
	for (i = 0; i < count; i++)
		if ((r = device_decode(&out[i], json_array_get(array, i))) != 0)
			return r;
	*n = count;
	return 0;
}

/* --- invites ------------------------------------------------------------- */

void account_invite_ask_encode(
    struct json_w *w, const struct account_invite_ask *a)
{
	if (a->room != 0)
		json_put_int(w, "room", a->room);
	json_put_int(w, "uses", a->uses);
	if (a->seconds != 0)
		json_put_int(w, "seconds", a->seconds);
	if (a->role != ROLE_MEMBER)
		json_put_str(w, "role", role_word(a->role));
}

int account_invite_ask_decode(
    struct account_invite_ask *out, enum wire_code *refuse, const json_t *o)
{
	const char *role;
	size_t len;
	int r;

	memset(out, 0, sizeof(*out));
	out->role = ROLE_MEMBER;
	if ((r = json_u32(o, "uses", &out->uses)) != 0)
		return r;
	if (json_object_get(o, "room") != NULL &&
	    (r = json_u32(o, "room", &out->room)) != 0)
		return r;
	if (json_object_get(o, "seconds") != NULL &&
	    (r = json_u32(o, "seconds", &out->seconds)) != 0)
		return r;
	if (out->uses < 1 || out->uses > WIRE_INVITE_USES)
		note(refuse);
	if (json_object_get(o, "role") == NULL)
		return 0;
	if ((r = json_str(o, "role", &role, &len)) != 0)
		return r;
	if (!role_of(&out->role, role))
		note(refuse);
	return 0;
}

void account_invites_encode(
    struct json_w *w, const struct account_invite *invites, size_t n)
{
	const struct account_invite *v;
	size_t i;

	json_open_arr(w, "invites");
	for (i = 0; i < n; i++) {
		v = &invites[i];
		json_open_obj(w, NULL);
		json_put_str(w, "id", v->id);
		json_put_int(w, "uses", v->uses);
		json_put_int(w, "left", v->left);
		json_put_u63(w, "until", v->until_s);
		json_put_str(w, "role", role_word(v->role));
		json_put_str(w, "by", v->by);
		if (v->room[0] != '\0')
			json_put_str(w, "room", v->room);
		if (v->account[0] != '\0')
			json_put_str(w, "account", v->account);
		json_close(w, '}');
	}
	json_close(w, ']');
}

/* A string that `ok` takes. */
static int get_word(const json_t *o, const char *key, char *out, size_t max,
    bool (*ok)(const char *s, size_t n))
{
	const char *s;
	size_t n;
	int r = json_str(o, key, &s, &n);

	if (r != 0)
		return r;
	if (n > max || !ok(s, n))
		return ERR_NAME;
	memcpy(out, s, n + 1);
	return 0;
}

static bool name_of_anybody(const char *s, size_t n)
{
	return text_name(s, n) || text_reserved(s);
}

static int invite_names(struct account_invite *out, const json_t *o)
{
	int r = get_word(o, "by", out->by, WIRE_NAME_MAX, name_of_anybody);

	if (r == 0 && json_object_get(o, "room") != NULL)
		r = get_word(o, "room", out->room, WIRE_ROOM_MAX, text_room);
	if (r == 0 && json_object_get(o, "account") != NULL)
		r = get_word(
		    o, "account", out->account, WIRE_NAME_MAX, text_name);
	return r;
}

static int invite_decode(struct account_invite *out, const json_t *o)
{
	const char *role;
	size_t len;
	int r;

	memset(out, 0, sizeof(*out));
	if (!json_is_object(o))
		return ERR_JSON;
	if ((r = get_word(o, "id", out->id, WIRE_INVITE_ID, text_invite_id)) !=
		0 ||
	    (r = json_u32(o, "uses", &out->uses)) != 0 ||
	    (r = json_u32(o, "left", &out->left)) != 0 ||
	    (r = json_u63(o, "until", &out->until_s)) != 0 ||
	    (r = json_str(o, "role", &role, &len)) != 0)
		return r;
	if (!role_of(&out->role, role) || out->left > out->uses)
		return ERR_RANGE;
	return invite_names(out, o);
}

int account_invites_decode(
    struct account_invite out[WIRE_PAGE], size_t *n, const json_t *o)
{
	const json_t *array;
	size_t i, count;
	int r;

	*n = 0;
	if ((r = json_arr(o, "invites", &array)) != 0)
		return r;
	if ((count = json_array_size(array)) > WIRE_PAGE)
		return ERR_RANGE;
	for (i = 0; i < count; i++) {
		r = invite_decode(&out[i], json_array_get(array, i));
		if (r == 0 && i > 0 && strcmp(out[i - 1].id, out[i].id) >= 0)
			r = ERR_RANGE;
		if (r != 0)
			return r;
	}
	*n = count;
	return 0;
}
