/* Control frames and the contents of group frames: every field missing, of each
 * wrong type, and beyond each of its bounds. */
#include "tests/unit/check.h"
#include "tests/unit/samples.h"

#include "shared/wire/b64.h"
#include "shared/crypto/keys.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define X16(s)	     s s s s s s s s s s s s s s s s
#define X32(s)	     X16(s) X16(s)
#define X512(s)	     X16(X32(s))

/* --- each field, with each fault ---------------------------------------- */

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
};

static json_t *base_object(enum sample_no id)
{
	struct buf b;
	json_t *o;

	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(samples[id].make(&b), 0);
	assert_int_equal(json_parse(&o, b.p, b.len), 0);
	buf_free(&b);
	return o;
}

/* Returns the verdict on the base with the value at `path` replaced by this one
 * (which is consumed), or removed if it is NULL. */
static int changed(enum sample_no id, const char *path, json_t *value)
{
	json_t *top = base_object(id), *o = top;
	json_free_t put;
	char part[64];
	char *text;
	size_t n;
	int r;

	for (;;) {
		n = strcspn(path, ".");
		assert_true(n < sizeof(part));
		memcpy(part, path, n);
		part[n] = '\0';
		if (path[n] == '\0')
			break;
		o = json_is_array(o) ? json_array_get(o, (size_t)atoi(part))
				     : json_object_get(o, part);
		assert_non_null(o);
		path += n + 1;
	}
	if (json_is_array(o))
		r = value != NULL
			? json_array_set_new(o, (size_t)atoi(part), value)
			: json_array_remove(o, (size_t)atoi(part));
	else
		r = value != NULL ? json_object_set_new(o, part, value)
				  : json_object_del(o, part);
	assert_int_equal(r, 0);
	text = json_dumps(top, JSON_COMPACT);
	assert_non_null(text);
	r = sample_verdict(samples[id].by, text, strlen(text));
	json_decref(top);
	json_get_alloc_funcs(NULL, &put);
	put(text); /* frees with jansson's allocator (json_setup) */
	return r;
}

static json_t *value(const char *json)
{
	json_t *v = json_loads(json, JSON_DECODE_ANY, NULL);

	assert_non_null(v);
	return v;
}

static void test_missing(void **state)
{
	const struct field *f = *state;

	assert_int_equal(
	    changed(f->base, f->path, NULL), f->optional ? 0 : ERR_JSON);
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
			assert_int_equal(
			    changed(f->base, f->path, value(values[i].json)),
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
		    changed(f->base, f->path, json_integer(at[i].v)),
		    at[i].want);
}

/* Base64 of n bytes; the caller frees. */
static char *base64_of(size_t n)
{
	uint8_t *bytes = calloc(1, n + 1);
	char *text = malloc(B64_LEN(n) + 1);

	assert_non_null(bytes);
	assert_non_null(text);
	b64_encode(text, bytes, n);
	free(bytes);
	return text;
}

static void bounds_b64(const struct field *f)
{
	char *less = base64_of(f->n - 1), *more = base64_of(f->n + 1);
	char *bent = base64_of(f->n);

	assert_int_equal(
	    changed(f->base, f->path, json_string(less)), ERR_BASE64);
	assert_int_equal(
	    changed(f->base, f->path, json_string(more)), ERR_BASE64);
	assert_int_equal(
	    changed(f->base, f->path, json_string("")), ERR_BASE64);
	bent[1] = '-';
	assert_int_equal(
	    changed(f->base, f->path, json_string(bent)), ERR_BASE64);
	bent[1] = '\n';
	assert_int_equal(
	    changed(f->base, f->path, json_string(bent)), ERR_BASE64);
	bent[1] = 'A';
	bent[strlen(bent) - 1] = '\0'; /* drops padding or a letter */
	assert_int_equal(
	    changed(f->base, f->path, json_string(bent)), ERR_BASE64);
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
	const bool total =
	    f->base == LIST && strcmp(f->path, "total") == 0;

	switch (f->kind) {
	case MEMBER:
		bounds(f, bad, bad, 0, bad, bad);
		if (!list)
			assert_int_equal(
			    changed(f->base, f->path, json_integer(1)), 0);
		break;
	case REQ:
		bounds(f, bad, bad, bad, bad, bad);
		assert_int_equal(
		    changed(f->base, f->path, json_integer(WIRE_REQ_MAX)), 0);
		assert_int_equal(
		    changed(f->base, f->path,
			json_integer((json_int_t)WIRE_REQ_MAX + 1)),
		    bad);
		break;
	case U32:
		/* A setting out of bounds refuses the request. */
		if (f->base == ASK_SET && strstr(f->path, "keep") != NULL)
			bounds(f, 0, 0, 0, 0, 0);
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

/* --- particular values ----------------------------------------------- */

static const struct particular {
	enum sample_no base;
	const char *path, *json; /* json NULL: removed */
	int want;
	const char *name;
} particulars[] = {
    {WRAPPED, "room.name", "\"" X32("r") "\"", 0, "a room's name of 32"},
    {WRAPPED, "room.name", "\"" X32("r") "r\"", ERR_NAME, "... of 33"},
    {WRAPPED, "room.name", "\"\"", ERR_NAME, "a room without a name"},
    {WRAPPED, "room.name", "\"system\"", ERR_NAME, "a room named system"},
    {WRAPPED, "room.name", "\"a b\"", ERR_NAME, "a space in a room's name"},
    {ENTRY_LIST, "entry.topic", "\"\"", 0, "no topic"},
    {ENTRY_LIST, "entry.topic", "\"" X512("t") "\"", 0, "a topic of 512"},
    {ENTRY_LIST, "entry.topic", "\"" X512("t") "t\"", ERR_TEXT,
	"... of 513"},
    {WRAPPED, "secret", "\"\"", ERR_JSON, "wrapped and a secret"},
    {WRAPPED, "secret", "null", ERR_JSON, "wrapped and a null secret"},
    {WRAPPED, "wrapped", "\"\"", ERR_RANGE, "nothing wrapped"},
    {WRAPPED, "wrapped", "\"AAAA\"", ERR_RANGE, "three bytes wrapped"},
    {WRAPPED, "reason", "3", 0, "a reason, which is not its key here"},
    {FRESH, "reason", "\"\"", 0, "an empty reason"},
    {FRESH, "reason", "\"election\"", 0, "an unknown reason"},
    {FRESH, "reason", "\"" X32("r") "\"", 0, "a reason of 32"},
    {FRESH, "reason", "\"" X32("r") "r\"", ERR_TEXT, "... of 33"},
    {FRESH, "wrapped", "\"AAAA\"", ERR_JSON, "a secret and wrapped"},
    {FRESH, "wrapped", "null", ERR_JSON, "a secret and wrapped null"},
    {FRESH, "member", "\"x\"", 0, "a member, which is not its key here"},
    {LIST, "users", "[]", 0, "an empty page"},
    {LIST, "total", "1", ERR_RANGE, "fewer in all than on the page"},
    {LIST, "total", "2", 0, "as many in all as on the page"},
    {LIST, "users.1.member", "2", ERR_RANGE, "a member twice"},
    {LIST, "users.1.member", "1", ERR_RANGE, "members descending"},
    {LIST, "users.1.member", "3", 0, "members ascending"},
    {LIST, "users.0.member", "5", ERR_RANGE, "the first like the second"},
    {LIST, "users.0.name", "\"\"", ERR_NAME, "an empty name"},
    {LIST, "users.0.name", "\"server\"", ERR_NAME, "a user named server"},
    {LIST, "users.0.name", "\"a\\u001b[2J\"", ERR_NAME, "an escape in a name"},
    {LIST, "users.0.name", "\"aaaaaaaaaaaaaaaaaaaaaaaa\"", 0, "a name of 24"},
    {LIST, "users.0.name", "\"aaaaaaaaaaaaaaaaaaaaaaaaa\"", ERR_NAME,
	"... of 25"},
    {LIST_ASK, "after", "0", 0, "from the beginning"},
    {ACK, "to", "3", 0, "an ack of a room with a `to`"},
    {ACK, "seq", "0", 0, "an ack of nothing yet"},
    {IDENTITY, "card", "\"\"", ERR_RANGE, "an empty card"},
    {IDENTITY, "card", "\"A\"", ERR_BASE64, "a card that is no base64"},
    {ERROR, "code", "\"\"", 0, "an empty code"},
    {ERROR, "code", "\"new_one\"", 0, "an unknown code"},
    {ERROR, "code", "\"" X32("c") "\"", 0, "a code of 32"},
    {ERROR, "code", "\"" X32("c") "c\"", ERR_TEXT, "... of 33"},
    {ERROR, "text", "\"" X512("t") "\"", 0, "a text of 512"},
    {ERROR, "text", "\"" X512("t") "t\"", ERR_TEXT, "... of 513"},
    {ERROR, "event", "\"later\"", 0, "another event"},
    {BYE, "code", "\"" X32("c") "\"", 0, "a code of 32"},
    {BYE, "code", "\"" X32("c") "c\"", ERR_TEXT, "... of 33"},
    {BYE, "text", "\"" X512("t") "\"", 0, "a text of 512"},
    {BYE, "text", "\"" X512("t") "t\"", ERR_TEXT, "... of 513"},
    {BYE, "member", "\"x\"", 0, "a member, which is not its key"},
    {MESSAGE, "text", "\"\"", ERR_TEXT, "an empty text"},
    {MESSAGE, "text", "\"\\u0001\\n\"", 0, "a text of control characters"},
    {MESSAGE, "style", "\"action\"", 0, "style action"},
    {MESSAGE, "style", "\"wave\"", 0, "an unknown style"},
    {MESSAGE, "style", "\"\"", 0, "an empty style"},
    {EDIT, "text", "\"\"", ERR_TEXT, "an empty text"},
    {EDIT, "style", "3", 0, "a style, which is not its key here"},
    {EDIT, "re", "3", 0, "an answer, which is not its key here"},
    {DELETE, "text", "3", 0, "a text, which is not its key here"},
    {REACT, "with", "\"\"", 0, "a reaction taken back"},
    {REACT, "with", "\"+\"", 0, "a reaction in ASCII"},
    {REACT, "with", "\"+1\"", ERR_TEXT, "two characters"},
    {REACT, "with", "\" \"", ERR_TEXT, "a blank"},
    {REACT, "with", "\"\\u0007\"", ERR_TEXT, "a control character"},
    {REACT, "with", "\"\\n\"", ERR_TEXT, "a new line"},
    {REACT, "with", "\"\\u0085\"", ERR_TEXT, "a C1 character"},
    {REACT, "with", "\"\\u202e\"", ERR_TEXT, "an override of direction"},
    {REACT, "with", "\"\\u200d\"", ERR_TEXT, "a joiner alone"},
    {REACT, "with", "\"\\u2028\"", ERR_TEXT, "a line separator"},
    {REACT, "with", "\"\\u0301\"", ERR_TEXT, "a mark with nothing below it"},
    {REACT, "with", "\"e\\u0301\"", 0, "a letter and its mark"},
    {REACT, "with", "\"+\\u202e\"", ERR_TEXT, "a character and an override"},
    {REACT, "with",
	"\"\\ud83d\\udc68\\u200d\\ud83d\\udc69\\u200d"
	"\\ud83d\\udc67\\u200d\\ud83d\\udc66\"",
	0, "a family, 25 bytes"},
    {REACT, "with", "\"\\ud83c\\uddeb\\ud83c\\uddf7\"", 0, "a flag"},
    {REACT, "with", "\"\\ud83c\\uddeb\\ud83c\\uddf7\\ud83c\\uddeb\"", ERR_TEXT,
	"a flag and a half"},
    {REACT, "with",
	"\"xx\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301"
	"\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\"",
	ERR_TEXT, "two characters, 32 bytes"},
    {REACT, "with",
	"\"\\u00e9\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301"
	"\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\"",
	0, "one cluster of 32 bytes"},
    {REACT, "with",
	"\"e\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301"
	"\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\"",
	ERR_TEXT, "... of 33"},
    {NOTICE, "event", "\"" X32("e") "\"", 0, "an event of 32"},
    {NOTICE, "event", "\"" X32("e") "e\"", ERR_TEXT, "... of 33"},
    {NOTICE, "event", "\"error\"", 0, "an event of another kind"},
    {NOTICE, "users", "[]", 0, "a join of nobody"},
    {NOTICE, "users.0.name", "\"System\"", ERR_NAME, "a join of System"},
};

static void test_particular(void **state)
{
	const struct particular *p = *state;

	assert_int_equal(
	    changed(p->base, p->path, p->json != NULL ? value(p->json) : NULL),
	    p->want);
}

/* The wrapped secret has the length of the modulus, one of three sizes. */
static void test_wrapped_lengths(void **state)
{
	size_t n;
	char *s;
	int want;

	(void)state;
	for (n = 250; n <= 520; n++) {
		want = n == 256 || n == 384 || n == 512 ? 0
		       : n > 512			? ERR_BASE64
							: ERR_RANGE;
		s = base64_of(n);
		assert_int_equal(
		    changed(WRAPPED, "wrapped", json_string(s)), want);
		free(s);
	}
}

static void test_card_lengths(void **state)
{
	char *s = base64_of(WIRE_HANDSHAKE_MAX);

	(void)state;
	assert_int_equal(changed(IDENTITY, "card", json_string(s)), 0);
	free(s);
	s = base64_of(WIRE_HANDSHAKE_MAX + 1);
	assert_int_equal(changed(IDENTITY, "card", json_string(s)), ERR_BASE64);
	free(s);
}

static void test_text_lengths(void **state)
{
	char *s = malloc(WIRE_TEXT_MAX + 2);

	(void)state;
	assert_non_null(s);
	memset(s, 'x', WIRE_TEXT_MAX + 1);
	s[WIRE_TEXT_MAX + 1] = '\0';
	assert_int_equal(changed(MESSAGE, "text", json_string(s)), ERR_TEXT);
	assert_int_equal(changed(EDIT, "text", json_string(s)), ERR_TEXT);
	assert_int_equal(changed(REACT, "with", json_string(s)), ERR_TEXT);
	s[WIRE_TEXT_MAX] = '\0';
	assert_int_equal(changed(MESSAGE, "text", json_string(s)), 0);
	assert_int_equal(changed(EDIT, "text", json_string(s)), 0);
	free(s);
}

/* A user's identity must be a key in a permitted encoding. */
static void test_user_keys(void **state)
{
	uint8_t spki[WIRE_ED25519_SPKI], bad[WIRE_ED25519_SPKI];
	char text[B64_LEN(WIRE_ED25519_SPKI) + 1];
	struct user u;
	size_t i;

	(void)state;
	sample_user(&u, 77, "x");
	ed25519_spki(spki, u.identity);
	b64_encode(text, spki, sizeof(spki));
	assert_int_equal(
	    changed(LIST, "users.0.identity", json_string(text)), 0);
	for (i = 0; i < WIRE_ED25519_SPKI - WIRE_ED25519; i++) {
		memcpy(bad, spki, sizeof(bad));
		bad[i] ^= 1;
		b64_encode(text, bad, sizeof(bad));
		assert_int_equal(
		    changed(LIST, "users.0.identity", json_string(text)),
		    ERR_KEY);
	}
	/* y = 1: the neutral element, under which a signature verifies for any
	 * text. */
	memcpy(bad, spki, sizeof(bad));
	memset(bad + 12, 0, WIRE_ED25519);
	bad[12] = 1;
	b64_encode(text, bad, sizeof(bad));
	assert_int_equal(
	    changed(LIST, "users.0.identity", json_string(text)), ERR_KEY);
	assert_int_equal(
	    changed(NOTICE, "users.1.identity", json_string(text)), ERR_KEY);
	/* y = 2^255 - 1: not canonical. */
	memset(bad + 12, 0xff, WIRE_ED25519);
	bad[43] = 0x7f;
	b64_encode(text, bad, sizeof(bad));
	assert_int_equal(
	    changed(LIST, "users.0.identity", json_string(text)), ERR_KEY);
}

/* Unknown keys are skipped at every level, whatever their value. */
static void test_unknown_keys(void **state)
{
	const struct sample *base = *state;
	const enum sample_no id = (enum sample_no)(base - samples);
	static const char *const values[] = {
	    "null", "-1", "\"\"", "[[1]]", "{\"type\":3}"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(values); i++) {
		assert_int_equal(changed(id, "x-later", value(values[i])), 0);
		if (id == LIST || id == NOTICE)
			assert_int_equal(changed(id, "users.0.later",
					     value("{\"deep\":null}")),
			    0);
		if (id == WRAPPED || id == FRESH)
			assert_int_equal(
			    changed(id, "room.later", value(values[i])), 0);
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
		    f->kind != BOOL &&
		    (f->kind != B64 || f->n > 0))
			check_add(&g, test_bounds, (void *)(uintptr_t)f,
			    "%s: %s at its bounds", samples[f->base].name,
			    f->path);
	}
	for (i = 0; i < ARRAY_LEN(particulars); i++)
		check_add(&g, test_particular,
		    (void *)(uintptr_t)&particulars[i], "%s: %s: %s",
		    samples[particulars[i].base].name, particulars[i].path,
		    particulars[i].name);
	check_add(&g, test_wrapped_lengths, NULL, "wrapped: lengths");
	check_add(&g, test_card_lengths, NULL, "card: lengths");
	check_add(&g, test_text_lengths, NULL, "message: lengths");
	check_add(&g, test_user_keys, NULL, "users: keys");
	for (i = 0; i < N_SAMPLES; i++)
		check_add(&g, test_unknown_keys, (void *)(uintptr_t)&samples[i],
		    "%s: unknown keys", samples[i].name);
	return check_run("fields", &g);
}
