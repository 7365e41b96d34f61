/* users.c - encodes and decodes lists of users as JSON. */
#include <string.h>

#include "shared/crypto/keys.h"
#include "shared/wire/text.h"
#include "shared/proto/users.h"

static int user_standing(struct user *u, const json_t *o)
{
	const json_t *mute = json_object_get(o, "mute");
	const json_t *certificate = json_object_get(o, "certificate");
	const char *role;
	size_t len;
	int r;

	u->role = ROLE_MEMBER;
	u->mute = json_is_true(mute);
	u->certificate = json_is_true(certificate);
	if ((mute != NULL && !json_is_boolean(mute)) ||
	    (certificate != NULL && !json_is_boolean(certificate)))
		return ERR_JSON;
	if (json_object_get(o, "role") == NULL)
		return 0;
	if ((r = json_str(o, "role", &role, &len)) != 0)
		return r;
	return role_of(&u->role, role) ? 0 : ERR_RANGE;
}

static int user_decode(struct user *u, const json_t *o)
{
	uint8_t spki[WIRE_ED25519_SPKI];
	const char *name;
	size_t len;
	int r;

	if (!json_is_object(o))
		return ERR_JSON;
	if ((r = json_member(o, "member", &u->member)) != 0 ||
	    (r = json_str(o, "name", &name, &len)) != 0)
		return r;
	if (!text_name(name, len))
		return ERR_NAME;
	memcpy(u->name, name, len + 1);
	if ((r = json_b64(o, "identity", spki, sizeof(spki))) != 0 ||
	    (r = ed25519_from_spki(u->identity, spki, sizeof(spki))) != 0)
		return r;
	if ((r = json_b64(o, "card", u->card, sizeof(u->card))) != 0)
		return r;
	return user_standing(u, o);
}

int users_decode(struct user out[WIRE_PAGE], size_t *n, const json_t *o)
{
	const json_t *array;
	size_t i, count;
	int r;

	*n = 0;
	if ((r = json_arr(o, "users", &array)) != 0)
		return r;
	if ((count = json_array_size(array)) > WIRE_PAGE)
		return ERR_RANGE;
	for (i = 0; i < count; i++)
		if ((r = user_decode(&out[i], json_array_get(array, i))) != 0)
			return r;
	*n = count;
	return 0;
}

void users_encode(struct json_w *w, const struct user *users, size_t n)
{
	uint8_t spki[WIRE_ED25519_SPKI];
	size_t i;

	json_open_arr(w, "users");
	for (i = 0; i < n; i++) {
		ed25519_spki(spki, users[i].identity);
		json_open_obj(w, NULL);
		json_put_int(w, "member", users[i].member);
		json_put_str(w, "name", users[i].name);
		json_put_b64(w, "identity", spki, sizeof(spki));
		json_put_b64(w, "card", users[i].card, WIRE_HASH);
		if (users[i].role != ROLE_MEMBER)
			json_put_str(w, "role", role_word(users[i].role));
		if (users[i].mute)
			json_put_bool(w, "mute", true);
		if (users[i].certificate)
			json_put_bool(w, "certificate", true);
		json_close(w, '}');
	}
	json_close(w, ']');
}
