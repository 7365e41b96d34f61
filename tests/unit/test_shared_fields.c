/* Control frames and the contents of group frames: every field missing, of each
 * wrong type, and beyond each of its bounds. */
#include "tests/unit/check.h"
#include "tests/unit/sample_changed.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* TIED: valid only together with other fields. */
enum kind { STR, MEMBER, REQ, U32, U63, POS63, TIED, I64, BOOL, OBJ, ARR, B64 };

/* `path`: keys and indexes, separated by dots. */
static const struct field {
	enum sample_no base;
	const char *path;
	enum kind kind;
	size_t n;      /* B64: length in bytes, 0 if several are valid */
	bool optional; /* the field may be missing */
} fields[] = {
    {WRAPPED, "type", STR, 0, false},
    {WRAPPED, "room", OBJ, 0, false},
    {WRAPPED, "room.id", U32, 0, false},
    {WRAPPED, "room.name", STR, 0, false},
    {WRAPPED, "epoch", U32, 0, false},
    {WRAPPED, "member", MEMBER, 0, false},
    {WRAPPED, "wrapped", B64, 0, false},
    {WRAPPED, "commit", B64, 32, false},
    {WRAPPED, "since", U63, 0, true},
    {FRESH, "type", STR, 0, false},
    {FRESH, "room", OBJ, 0, false},
    {FRESH, "room.id", U32, 0, false},
    {FRESH, "epoch", U32, 0, false},
    {FRESH, "secret", B64, 32, false},
    {FRESH, "commit", B64, 32, false},
    {FRESH, "reason", STR, 0, false},
    {LIST, "room", U32, 0, false},
    {LIST, "total", U63, 0, false},
    {LIST, "seq", U63, 0, false},
    {LIST, "users", ARR, 0, false},
    {LIST, "users.1", OBJ, 0, true},
    {LIST, "users.1.member", MEMBER, 0, false},
    {LIST, "users.1.name", STR, 0, false},
    {LIST, "users.1.identity", B64, 44, false},
    {LIST, "users.1.card", B64, 32, false},
    {LIST_ASK, "room", U32, 0, false},
    {LIST_ASK, "after", U32, 0, false},
    {ACK, "room", U32, 0, false},
    {ACK, "seq", U63, 0, false},
    {ACK, "offset", U63, 0, false},
    {IDENTITY, "member", MEMBER, 0, false},
    {IDENTITY, "card", B64, 0, false},
    {IDENTITY, "signature", B64, 64, false},
    {IDENTITY_ASK, "member", MEMBER, 0, false},
    {ERROR, "event", STR, 0, false},
    {ERROR, "code", STR, 0, false},
    {ERROR, "text", STR, 0, false},
    {ERROR, "member", MEMBER, 0, false},
    {BYE, "type", STR, 0, false},
    {BYE, "code", STR, 0, false},
    {BYE, "text", STR, 0, false},
    {PING, "id", I64, 0, false},
    {PONG, "id", I64, 0, false},
    {MESSAGE, "type", STR, 0, false},
    {MESSAGE, "id", B64, 16, false},
    {MESSAGE, "text", STR, 0, false},
    {MESSAGE, "ts", U63, 0, false},
    {MESSAGE, "style", STR, 0, true},
    {MESSAGE, "re", B64, 16, true},
    {EDIT, "type", STR, 0, false},
    {EDIT, "id", B64, 16, false},
    {EDIT, "of", B64, 16, false},
    {EDIT, "text", STR, 0, false},
    {EDIT, "ts", U63, 0, false},
    {DELETE, "type", STR, 0, false},
    {DELETE, "id", B64, 16, false},
    {DELETE, "of", B64, 16, false},
    {DELETE, "ts", U63, 0, false},
    {REACT, "type", STR, 0, false},
    {REACT, "id", B64, 16, false},
    {REACT, "to", B64, 16, false},
    {REACT, "with", STR, 0, false},
    {REACT, "ts", U63, 0, false},
    {NOTICE, "event", STR, 0, false},
    {NOTICE, "epoch", U32, 0, false},
    {NOTICE, "commit", B64, 32, false},
    {NOTICE, "ts", U63, 0, false},
    {NOTICE, "users", ARR, 0, false},
    {NOTICE, "users.0", OBJ, 0, true},
    {NOTICE, "users.0.member", MEMBER, 0, false},
    {NOTICE, "users.0.name", STR, 0, false},
    {NOTICE, "users.0.identity", B64, 44, false},
    {NOTICE, "users.0.card", B64, 32, false},
    {NOTICE_OF_ACT, "by", STR, 0, false},
    {NOTICE_OF_ACT, "who", STR, 0, false},
    {NOTICE_OF_ACT, "act", STR, 0, false},
    {NOTICE_OF_ACT, "value", STR, 0, false},
    {NOTICE_OF_ACT, "until", U63, 0, true},
    {NOTICE_OF_ACT, "reason", STR, 0, true},
    {NOTICE_OF_ACT, "server", BOOL, 0, true},
    {NOTICE_OF_ROOM, "by", STR, 0, false},
    {NOTICE_OF_ROOM, "topic", STR, 0, false},
    {NOTICE_OF_ROOM, "settings", OBJ, 0, false},
    {NOTICE_OF_ROOM, "settings.listed", BOOL, 0, false},
    {NOTICE_OF_ROOM, "settings.entry", STR, 0, false},
    {NOTICE_OF_ROOM, "settings.history", STR, 0, false},
    {NOTICE_OF_ROOM, "settings.keep_days", U32, 0, false},
    {NOTICE_OF_ROOM, "settings.keep_count", U32, 0, false},
    {NOTICE_OF_ROOM, "settings.voice", STR, 0, false},
    {NOTICE_OF_ROOM, "settings.sealed", BOOL, 0, false},
    {ENTRY_LIST, "entry.offset", U63, 0, false},
    {ENTRY_LIST, "entry.chain", B64, 32, false},
    {ENTRY_LIST, "entry.topic", STR, 0, false},
    {ENTRY_LIST, "entry.settings", OBJ, 0, false},
    {ENTRY_LIST, "users.0.role", STR, 0, true},
    {ENTRY_LIST, "users.0.mute", BOOL, 0, true},
    {ASK_LIST, "req", REQ, 0, false},
    {ASK_LIST, "after", STR, 0, false},
    {ASK_NEW, "req", REQ, 0, false},
    {ASK_NEW, "name", STR, 0, false},
    {ASK_NEW, "topic", STR, 0, true},
    {ASK_NEW, "settings", OBJ, 0, true},
    {ASK_SET, "room", U32, 0, false},
    {ASK_SET, "topic", STR, 0, true},
    {ASK_SET, "settings", OBJ, 0, true},
    {ASK_SET, "settings.listed", BOOL, 0, true},
    {ASK_SET, "settings.entry", STR, 0, true},
    {ASK_SET, "settings.history", STR, 0, true},
    {ASK_SET, "settings.keep_days", U32, 0, true},
    {ASK_SET, "settings.keep_count", U32, 0, true},
    {ASK_SET, "settings.voice", STR, 0, true},
    {ASK_SET, "settings.sealed", BOOL, 0, true},
    {ASK_JOIN, "name", STR, 0, false},
    {ASK_LEAVE, "room", U32, 0, false},
    {ASK_ACT, "room", U32, 0, false},
    {ASK_ACT, "act", STR, 0, false},
    {ASK_ACT, "who", STR, 0, false},
    {ASK_ACT, "seconds", U32, 0, true},
    {ASK_ACT, "reason", STR, 0, true},
    {ASK_ACT, "value", STR, 0, true}, /* missing: refused, see below */
    {DONE, "req", REQ, 0, false},
    {DONE, "room", MEMBER, 0, true},
    {DONE_ROOMS, "rooms", ARR, 0, true},
    {DONE_ROOMS, "total", U63, 0, false},
    {DONE_ROOMS, "rooms.0", OBJ, 0, true},
    {DONE_ROOMS, "rooms.0.id", MEMBER, 0, false},
    {DONE_ROOMS, "rooms.0.name", STR, 0, false},
    {DONE_ROOMS, "rooms.0.topic", STR, 0, false},
    {DONE_ROOMS, "rooms.0.people", U63, 0, false},
    {DONE_ROOMS, "rooms.0.mine", BOOL, 0, false},
    {DONE_ROOMS, "rooms.0.settings", OBJ, 0, false},
    {FAILED, "req", REQ, 0, false},
    {FAILED, "code", STR, 0, false},
    {FAILED, "text", STR, 0, false},
    {WELCOME, "role", STR, 0, false},
    {WELCOME, "limits", OBJ, 0, false},
    {WELCOME, "limits.rooms", U32, 0, false},
    {WELCOME, "limits.text", U32, 0, false},
    {WELCOME, "account", STR, 0, false},
    {WELCOME, "password", BOOL, 0, false},
    {ASK_PASSWORD, "req", REQ, 0, false},
    {ASK_PASSWORD, "salt", B64, 32, false},
    {ASK_PASSWORD, "kdf", OBJ, 0, false},
    {ASK_PASSWORD, "kdf.name", STR, 0, false},
    {ASK_PASSWORD, "kdf.n", U63, 0, false},
    {ASK_PASSWORD, "kdf.r", U32, 0, false},
    {ASK_PASSWORD, "kdf.p", U32, 0, false},
    {ASK_PASSWORD, "w0", B64, 32, false},
    {ASK_PASSWORD, "l", B64, 65, false},
    {ASK_DEVICES, "req", REQ, 0, false},
    {ASK_FORGET, "req", REQ, 0, false},
    {ASK_FORGET, "identity", B64, 32, false},
    {ASK_INVITE, "req", REQ, 0, false},
    {ASK_INVITE, "room", U32, 0, true},
    {ASK_INVITE, "uses", U32, 0, false},
    {ASK_INVITE, "seconds", U32, 0, true},
    {ASK_INVITE, "role", STR, 0, true},
    {ASK_INVITES, "req", REQ, 0, false},
    {ASK_INVITES, "after", STR, 0, false},
    {ASK_REVOKE, "req", REQ, 0, false},
    {ASK_REVOKE, "id", STR, 0, false},
    {DONE_DEVICES, "devices", ARR, 0, true},
    {DONE_DEVICES, "devices.1", OBJ, 0, true},
    {DONE_DEVICES, "devices.0.identity", B64, 32, false},
    {DONE_DEVICES, "devices.0.first", U63, 0, false},
    {DONE_DEVICES, "devices.0.last", U63, 0, false},
    {DONE_DEVICES, "devices.0.here", BOOL, 0, false},
    {DONE_INVITES, "invites", ARR, 0, true},
    {DONE_INVITES, "total", U63, 0, false},
    {DONE_INVITES, "invites.1", OBJ, 0, true},
    {DONE_INVITES, "invites.1.id", STR, 0, false},
    {DONE_INVITES, "invites.1.uses", U32, 0, false},
    {DONE_INVITES, "invites.1.left", U32, 0, false},
    {DONE_INVITES, "invites.1.until", U63, 0, false},
    {DONE_INVITES, "invites.1.role", STR, 0, false},
    {DONE_INVITES, "invites.1.by", STR, 0, false},
    {DONE_INVITES, "invites.1.room", STR, 0, true},
    {DONE_INVITES, "invites.0.account", STR, 0, true},
    {DONE_INVITE, "id", STR, 0, false},
    {DONE_INVITE, "secret", STR, 0, true},
    {DEVICE, "identity", B64, 32, false},
    {NOTICE_OF_DEVICE, "who", STR, 0, false},
    {NOTICE_OF_DEVICE, "identity", B64, 32, false},
    {ROOM_LEFT, "room", MEMBER, 0, false},
    {ROOM_LEFT, "code", STR, 0, false},
    {ROOM_LEFT, "by", STR, 0, false},
    {ROOM_LEFT, "text", STR, 0, false},
    {NOTICE_OF_PURGE, "by", STR, 0, false},
    {NOTICE_OF_PURGE, "offset", POS63, 0, false},
    {ASK_HISTORY, "req", REQ, 0, false},
    {ASK_HISTORY, "room", U32, 0, false},
    {ASK_HISTORY, "after", U63, 0, false},
    {ASK_HISTORY, "count", U32, 0, false},
    {ASK_EARLIER, "before", U63, 0, false},
    {ASK_PURGE, "room", U32, 0, false},
    {ASK_PURGE, "offset", U63, 0, false},
    {ASK_RECEIPT, "room", U32, 0, false},
    {NOTICE_OF_CHECKPOINT, "offset", U63, 0, false},
    {NOTICE_OF_CHECKPOINT, "chain", B64, 32, false},
    {STORAGE, "room", MEMBER, 0, false},
    {STORAGE, "ok", BOOL, 0, false},
    {HISTORY, "req", REQ, 0, false},
    {HISTORY, "room", MEMBER, 0, false},
    {HISTORY, "first", TIED, 0, false},
    {HISTORY, "last", TIED, 0, false},
    {HISTORY, "oldest", TIED, 0, false},
    {HISTORY, "chain", B64, 32, false},
    {HISTORY, "runs", ARR, 0, false},
    {HISTORY, "runs.1", OBJ, 0, true},
    {HISTORY, "runs.1.session", B64, 32, false},
    {HISTORY, "runs.1.epochs", ARR, 0, false},
    {HISTORY, "runs.1.epochs.1", OBJ, 0, true},
    {HISTORY, "runs.0.epochs.0.epoch", U32, 0, false},
    {HISTORY, "runs.1.epochs.1.base", B64, 32, false},
    {HISTORY, "runs.1.epochs.1.roster", B64, 32, false},
    {HISTORY, "runs.1.users", ARR, 0, false},
    {HISTORY, "runs.1.users.1", OBJ, 0, true},
    {HISTORY, "runs.0.users.0.member", MEMBER, 0, false},
    {VOICE, "room", MEMBER, 0, false},
    {VOICE, "may", BOOL, 0, false},
    {VOICE, "until", U63, 0, false},
    {VOICE, "by", STR, 0, false},
    {ASK_PREKEYS, "req", REQ, 0, false},
    {ASK_PREKEYS, "replace", BOOL, 0, true},
    {ASK_PREKEYS, "lasting", OBJ, 0, false},
    {ASK_PREKEYS, "lasting.made", U63, 0, false},
    {ASK_PREKEYS, "lasting.signature", B64, 64, false},
    {ASK_PREKEYS, "once", ARR, 0, false},
    {ASK_PREKEYS, "once.1", OBJ, 0, true},
    {ASK_PREKEYS, "once.1.made", U63, 0, false},
    {ASK_PREKEYS, "once.0.signature", B64, 64, false},
    {ASK_MINE, "req", REQ, 0, false},
    {ASK_GET, "req", REQ, 0, false},
    {ASK_GET, "who", STR, 0, false},
    {ASK_GET, "after", B64, 32, true},
    {ASK_BLOCK, "req", REQ, 0, false},
    {ASK_BLOCK, "who", STR, 0, false},
    {ASK_BLOCK, "on", BOOL, 0, false},
    {ASK_BLOCKS, "req", REQ, 0, false},
    {DONE_PREKEYS, "name", STR, 0, false},
    {DONE_PREKEYS, "more", BOOL, 0, false},
    {DONE_PREKEYS, "prekeys", ARR, 0, true},
    {DONE_PREKEYS, "prekeys.1", OBJ, 0, true},
    {DONE_PREKEYS, "prekeys.0.key", OBJ, 0, true},
    {DONE_PREKEYS, "prekeys.0.once", BOOL, 0, false},
    {DONE_PREKEYS, "prekeys.0.key.made", U63, 0, false},
    {DONE_PREKEYS, "prekeys.0.key.signature", B64, 64, false},
    {DONE_MINE, "lasting", B64, 32, true},
    {DONE_MINE, "once", ARR, 0, true},
    {DONE_MINE, "once.1", B64, 32, true},
    {DONE_BLOCKS, "blocks", ARR, 0, true},
    {DONE_BLOCKS, "blocks.1", STR, 0, true},
    {DIRECT_FROM, "name", STR, 0, false},
    {DIRECT_ACK, "upto", U63, 0, false},
    {PREKEYS_LOW, "left", U32, 0, false},
    {DELIVERED, "id", B64, 16, false},
    {DELIVERED, "ts", U63, 0, false},
    {DELIVERED, "ids", ARR, 0, false},
    {DELIVERED, "ids.1", B64, 16, true},
    {DELIVERED, "peer", STR, 0, true},
    {SEALED_TOPIC, "id", B64, 16, false},
    {SEALED_TOPIC, "ts", U63, 0, false},
    {SEALED_TOPIC, "text", STR, 0, false},
    {HANDED_OVER, "id", B64, 16, false},
    {HANDED_OVER, "ts", U63, 0, false},
    {HANDED_OVER, "room", STR, 0, false},
    {HANDED_OVER, "log", B64, 32, false},
    {HANDED_OVER, "secret", B64, 32, false},
};
static void test_missing(void **state)
{
	const struct field *f = *state;

	assert_int_equal(
	    sample_changed(f->base, f->path, NULL), f->optional ? 0 : ERR_JSON);
}

static void test_types(void **state)
{
	static const struct {
		const char *json;
		bool is_str, is_int, is_obj, is_arr, is_bool;
	} values[] = {
	    {"null", false, false, false, false, false},
	    {"true", false, false, false, false, true},
	    {"false", false, false, false, false, true},
	    {"1", false, true, false, false, false},
	    {"\"1\"", true, false, false, false, false},
	    {"{}", false, false, true, false, false},
	    {"[]", false, false, false, true, false},
	    {"[1]", false, false, false, true, false},
	};
	const struct field *f = *state;
	size_t i;
	bool same;

	for (i = 0; i < ARRAY_LEN(values); i++) {
		switch (f->kind) {
		case STR:
		case B64:
			same = values[i].is_str;
			break;
		case OBJ:
			same = values[i].is_obj;
			break;
		case ARR:
			same = values[i].is_arr;
			break;
		case BOOL:
			same = values[i].is_bool;
			break;
		default:
			same = values[i].is_int;
		}
		if (!same)
			assert_int_equal(sample_changed(f->base, f->path,
					     sample_value(values[i].json)),
			    ERR_JSON);
	}
}

static void bounds(const struct field *f, int minus, int zero, int max32,
    int over32, int max63)
{
	const struct {
		json_int_t v;
		int want;
	} at[] = {
	    {INT64_MIN, minus},
	    {-1, minus},
	    {0, zero},
	    {UINT32_MAX, max32},
	    {(json_int_t)UINT32_MAX + 1, over32},
	    {INT64_MAX, max63},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(at); i++)
		assert_int_equal(
		    sample_changed(f->base, f->path, json_integer(at[i].v)),
		    at[i].want);
}

static void bounds_b64(const struct field *f)
{
	char *less = sample_base64(f->n - 1), *more = sample_base64(f->n + 1);
	char *bent = sample_base64(f->n);

	assert_int_equal(
	    sample_changed(f->base, f->path, json_string(less)), ERR_BASE64);
	assert_int_equal(
	    sample_changed(f->base, f->path, json_string(more)), ERR_BASE64);
	assert_int_equal(
	    sample_changed(f->base, f->path, json_string("")), ERR_BASE64);
	bent[1] = '-';
	assert_int_equal(
	    sample_changed(f->base, f->path, json_string(bent)), ERR_BASE64);
	bent[1] = '\n';
	assert_int_equal(
	    sample_changed(f->base, f->path, json_string(bent)), ERR_BASE64);
	bent[1] = 'A';
	bent[strlen(bent) - 1] = '\0'; /* drops padding or a letter */
	assert_int_equal(
	    sample_changed(f->base, f->path, json_string(bent)), ERR_BASE64);
	free(less);
	free(more);
	free(bent);
}

static void test_bounds(void **state)
{
	const struct field *f = *state;
	const int bad = ERR_RANGE;
	/* Later users must have higher numbers; and a list's total is not below
	 * its page's length. */
	const bool list = f->base == LIST && strstr(f->path, "member") != NULL;
	const bool total = f->base == LIST && strcmp(f->path, "total") == 0;

	switch (f->kind) {
	case MEMBER:
		bounds(f, bad, bad, 0, bad, bad);
		if (!list)
			assert_int_equal(
			    sample_changed(f->base, f->path, json_integer(1)),
			    0);
		break;
	case REQ:
		bounds(f, bad, bad, bad, bad, bad);
		assert_int_equal(sample_changed(f->base, f->path,
				     json_integer(WIRE_REQ_MAX)),
		    0);
		assert_int_equal(
		    sample_changed(f->base, f->path,
			json_integer((json_int_t)WIRE_REQ_MAX + 1)),
		    bad);
		break;
	case U32:
		/* A setting out of bounds refuses the request. */
		if (f->base == ASK_SET && strstr(f->path, "keep") != NULL)
			bounds(f, 0, 0, 0, 0, 0);
		else if (strcmp(f->path, "invites.1.uses") == 0)
			bounds(f, bad, bad, 0, bad, bad);
		else if (strcmp(f->path, "invites.1.left") == 0)
			bounds(f, bad, 0, bad, bad, bad);
		else
			bounds(f, bad, 0, 0, bad, bad);
		break;
	case U63:
		bounds(f, bad, total ? bad : 0, 0, 0, 0);
		break;
	case POS63:
		bounds(f, bad, bad, 0, 0, 0);
		break;
	case TIED:
		bounds(f, bad, bad, bad, bad, bad);
		break;
	case I64:
		bounds(f, 0, 0, 0, 0, 0);
		break;
	case B64:
		assert_true(f->n > 0);
		bounds_b64(f);
		break;
	default:
		fail();
	}
}

int main(void)
{
	struct check_group g = {0};
	const struct field *f;
	size_t i;

	json_setup();
	for (i = 0; i < ARRAY_LEN(fields); i++) {
		f = &fields[i];
		check_add(&g, test_missing, (void *)(uintptr_t)f,
		    "%s: %s missing", samples[f->base].name, f->path);
		check_add(&g, test_types, (void *)(uintptr_t)f,
		    "%s: %s of another type", samples[f->base].name, f->path);
		if (f->kind != STR && f->kind != OBJ && f->kind != ARR &&
		    f->kind != BOOL && (f->kind != B64 || f->n > 0))
			check_add(&g, test_bounds, (void *)(uintptr_t)f,
			    "%s: %s at its bounds", samples[f->base].name,
			    f->path);
	}
	return check_run("fields", &g);
}
