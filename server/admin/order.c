/* order.c - reads one request of conclavectl. */
#include "server/admin/order.h"

#include <string.h>

#include "shared/base/secret.h"
#include "shared/wire/json.h"
#include "shared/wire/text.h"

enum {
	HAS_ROOM = 1,
	HAS_COUNT = 2,
	HAS_FOLLOW = 4,
	HAS_RECORD = 8,
	HAS_WHO = 16,
	HAS_REASON = 32,
	HAS_SECONDS = 64,
	HAS_ROLE = 128,
	HAS_USES = 256,
	HAS_ID = 512,
	HAS_DEVICE = 1024,
	HAS_FILE = 2048,
};

static const struct row {
	const char *word;
	unsigned needs, may; /* HAS_*, besides "do" */
} rows[ORDERS] = {
    [ORDER_STATUS] = {"status", 0, 0},
    [ORDER_ROOMS] = {"rooms", 0, 0},
    [ORDER_PEOPLE] = {"people", 0, HAS_ROOM},
    [ORDER_INVITE] = {"invite", 0,
	HAS_ROOM | HAS_USES | HAS_SECONDS | HAS_ROLE},
    [ORDER_PASSWORD] = {"password", HAS_RECORD, 0},
    [ORDER_AUDIT] = {"audit", 0, HAS_COUNT | HAS_FOLLOW},
    [ORDER_RELOAD] = {"reload", 0, 0},
    [ORDER_METRICS] = {"metrics", 0, 0},
    [ORDER_BACKUP] = {"backup", 0, 0},
    [ORDER_KICK] = {"kick", HAS_WHO, HAS_ROOM | HAS_REASON},
    [ORDER_BAN] = {"ban", HAS_WHO, HAS_ROOM | HAS_REASON | HAS_SECONDS},
    [ORDER_UNBAN] = {"unban", HAS_WHO, HAS_ROOM},
    [ORDER_MUTE] = {"mute", HAS_WHO, HAS_ROOM | HAS_REASON | HAS_SECONDS},
    [ORDER_UNMUTE] = {"unmute", HAS_WHO, HAS_ROOM},
    [ORDER_ROLE] = {"role", HAS_WHO | HAS_ROLE, HAS_ROOM},
    [ORDER_INVITES] = {"invites", 0, 0},
    [ORDER_REVOKE] = {"revoke", HAS_ID, 0},
    [ORDER_RECOVER] = {"recover", HAS_WHO, HAS_SECONDS},
    [ORDER_ACCOUNTS] = {"accounts", 0, HAS_WHO},
    [ORDER_FORGET] = {"forget", HAS_WHO, HAS_DEVICE},
    [ORDER_FILES] = {"files", 0, 0},
    [ORDER_FILE_DELETE] = {"file_delete", HAS_FILE, 0},
};

const char *order_word(enum order_what what)
{
	return rows[what].word;
}

void order_wipe(struct order *r)
{
	secret_wipe(r, sizeof(*r));
}

/* --- keys ----------------------------------------------------------------- */

static int get_room(struct order *r, const json_t *o, const char *key)
{
	int err = json_text(o, key, r->room, WIRE_ROOM_MAX);

	return err == 0 && !text_room(r->room, strlen(r->room)) ? ERR_NAME
								: err;
}

static int get_count(struct order *r, const json_t *o, const char *key)
{
	int err = json_u32(o, key, &r->count);

	if (err != 0)
		return err;
	return r->count >= 1 && r->count <= ORDER_ROWS_MAX ? 0 : ERR_RANGE;
}

static int get_follow(struct order *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	r->follow = json_is_true(v);
	return json_is_boolean(v) ? 0 : ERR_JSON;
}

static int get_record(struct order *r, const json_t *o, const char *key)
{
	const char *text, *wrong;
	size_t n;
	int err;

	if ((err = json_str(o, key, &text, &n)) != 0)
		return err;
	r->has_record = true;
	return record_file_decode(&r->record, &wrong, text, n);
}

static int get_who(struct order *r, const json_t *o, const char *key)
{
	int err = json_text(o, key, r->who, WIRE_NAME_MAX);

	return err == 0 && !text_name(r->who, strlen(r->who)) ? ERR_NAME : err;
}

static int get_reason(struct order *r, const json_t *o, const char *key)
{
	return json_text(o, key, r->reason, WIRE_SHORT_TEXT_MAX);
}

static int get_seconds(struct order *r, const json_t *o, const char *key)
{
	int err = json_u32(o, key, &r->seconds);

	return err == 0 && (r->seconds < 1 || r->seconds > ORDER_SECONDS_MAX)
		   ? ERR_RANGE
		   : err;
}

static int get_role(struct order *r, const json_t *o, const char *key)
{
	const char *word;
	size_t n;
	int err = json_str(o, key, &word, &n);

	r->has_role = err == 0;
	return err == 0 && !role_of(&r->role, word) ? ERR_RANGE : err;
}

static int get_uses(struct order *r, const json_t *o, const char *key)
{
	int err = json_u32(o, key, &r->uses);

	return err == 0 && (r->uses < 1 || r->uses > WIRE_INVITE_USES)
		   ? ERR_RANGE
		   : err;
}

static int get_id(struct order *r, const json_t *o, const char *key)
{
	int err = json_text(o, key, r->id, WIRE_INVITE_ID);

	return err == 0 && !text_invite_id(r->id, strlen(r->id)) ? ERR_RANGE
								 : err;
}

static int get_device(struct order *r, const json_t *o, const char *key)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789-_";
	int err = json_text(o, key, r->device, B64URL_32);

	return err == 0 && (r->device[0] == '\0' ||
			       r->device[strspn(r->device, letters)] != '\0')
		   ? ERR_RANGE
		   : err;
}

static int get_file(struct order *r, const json_t *o, const char *key)
{
	static const char digit[] = "0123456789abcdef";
	int err = json_text(o, key, r->file, 2 * WIRE_BLOB);
	size_t i;

	if (err != 0)
		return err;
	if (strspn(r->file, digit) != 2 * WIRE_BLOB)
		return ERR_RANGE;
	for (i = 0; i < WIRE_BLOB; i++)
		r->blob[i] =
		    (uint8_t)((strchr(digit, r->file[2 * i]) - digit) << 4 |
			      (strchr(digit, r->file[2 * i + 1]) - digit));
	return 0;
}

static const struct key {
	const char *name;
	unsigned bit;
	int (*get)(struct order *r, const json_t *o, const char *key);
	const char *wrong;
} keys[] = {
    {"room", HAS_ROOM, get_room, "\"room\" is not the name of a room"},
    {"count", HAS_COUNT, get_count, "\"count\" is not a number from 1 to 1000"},
    {"follow", HAS_FOLLOW, get_follow, "\"follow\" is not true or false"},
    {"who", HAS_WHO, get_who, "\"who\" is not a name"},
    {"reason", HAS_REASON, get_reason,
	"\"reason\" is not a text of at most 512 bytes"},
    {"seconds", HAS_SECONDS, get_seconds,
	"\"seconds\" is not a number from 1 to 315360000"},
    {"role", HAS_ROLE, get_role,
	"\"role\" is not owner, operator, member or guest"},
    {"uses", HAS_USES, get_uses, "\"uses\" is not a number from 1 to 1000"},
    {"id", HAS_ID, get_id, "\"id\" is not that of an invite"},
    {"device", HAS_DEVICE, get_device,
	"\"device\" is not the beginning of a fingerprint"},
    {"file", HAS_FILE, get_file, "\"file\" is not the id of a file"},
    {"record", HAS_RECORD, get_record, "\"record\" is not a password record"},
};
enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

static const struct key *key_of(const char *name)
{
	size_t i;

	for (i = 0; i < KEYS; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

/* --- the whole ------------------------------------------------------------ */

static int find(struct order *r, const json_t *o, const char **wrong)
{
	int i;

	for (i = 0; i < ORDERS; i++)
		if (json_is(o, "do", rows[i].word)) {
			r->what = (enum order_what)i;
			return 0;
		}
	*wrong = "this server does not know that request: is conclavectl of "
		 "the same version?";
	return ERR_USAGE;
}

/* jansson's iterator takes an object that is not const. */
static int get_keys(struct order *r, json_t *o, const char **wrong)
{
	const struct row *row = &rows[r->what];
	const struct key *k;
	unsigned has = 0;
	const char *name;
	json_t *value;
	int err;

	json_object_foreach(o, name, value)
	{
		if (strcmp(name, "do") == 0)
			continue;
		k = key_of(name);
		if (k == NULL || (k->bit & (row->needs | row->may)) == 0) {
			*wrong = "the request has a key that does not belong "
				 "to it: is conclavectl of the same version?";
			return ERR_USAGE;
		}
		if ((err = k->get(r, o, k->name)) != 0) {
			*wrong = k->wrong;
			return err;
		}
		has |= k->bit;
	}
	if ((row->needs & ~has) == 0)
		return 0;
	*wrong = "the request lacks a key that it needs";
	return ERR_USAGE;
}

int order_parse(
    struct order *out, const void *line, size_t n, const char **wrong)
{
	json_t *o;
	int err;

	memset(out, 0, sizeof(*out));
	*wrong = "the request is not a JSON object";
	if (n > ORDER_MAX)
		return ERR_JSON;
	if ((err = json_parse(&o, line, n)) != 0)
		return err;
	if ((err = find(out, o, wrong)) == 0)
		err = get_keys(out, o, wrong);
	json_decref(o);
	return err;
}
