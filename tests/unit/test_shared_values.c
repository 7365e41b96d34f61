/* Control frames and the contents of group frames: particular values of fields,
 * lengths, keys, and fields that nobody knows. */
#include "tests/unit/check.h"
#include "tests/unit/sample_changed.h"

#include "shared/crypto/keys.h"
#include "shared/wire/b64.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define X16(s)	     s s s s s s s s s s s s s s s s
#define X32(s)	     X16(s) X16(s)
#define X512(s)	     X16(X32(s))

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
    {ENTRY_LIST, "entry.topic", "\"" X512("t") "t\"", ERR_TEXT, "... of 513"},
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
    {ASK_PASSWORD, "kdf.n", "131072", 0, "another cost is refused below"},
    {ASK_INVITE, "uses", "0", 0, "uses that are refused below"},
    {DONE_DEVICES, "devices", "[]", 0, "no devices"},
    {DONE_DEVICES, "rooms", "[]", ERR_JSON, "devices and rooms"},
    {DONE_INVITES, "devices", "[]", ERR_JSON, "invites and devices"},
    {DONE_INVITES, "invites", "[]", 0, "no invites"},
    {DONE_INVITES, "invites.0.id", "\"abcdwx27\"", ERR_RANGE,
	"an invite twice"},
    {DONE_INVITES, "invites.0.id", "\"zzzzzzzz\"", ERR_RANGE,
	"invites descending"},
    {DONE_INVITES, "invites.0.id", "\"ABCDWX27\"", ERR_NAME,
	"capitals in an id"},
    {DONE_INVITES, "invites.0.id", "\"2222222\"", ERR_NAME, "an id of 7"},
    {DONE_INVITES, "invites.0.id", "\"222222222\"", ERR_NAME, "... of 9"},
    {DONE_INVITES, "invites.1.role", "\"king\"", ERR_RANGE, "a role"},
    {DONE_INVITES, "invites.1.by", "\"\"", ERR_NAME, "by nobody"},
    {DONE_INVITES, "invites.1.room", "\"\"", ERR_NAME, "no room's name"},
    {DONE_INVITES, "invites.0.account", "\"server\"", ERR_NAME,
	"an account named server"},
    {DONE_INVITE, "id", "\"abcd\"", ERR_RANGE, "an id of 4"},
    {DONE_INVITE, "secret", "\"AbCdEfGhIjKlMnOpQr-_9x\"", ERR_RANGE,
	"a secret with bits that are not used"},
    {DONE_INVITE, "secret", "\"AbCdEfGhIjKlMnOpQr+/9w\"", ERR_RANGE,
	"a secret in base64"},
    {DONE_INVITE, "secret", "\"AbCdEfGhIjKlMnOpQr-_9\"", ERR_RANGE,
	"a secret of 21"},
    {WELCOME, "account", "\"\"", ERR_NAME, "an account without a name"},
    {WELCOME, "account", "\"server\"", ERR_NAME, "an account named server"},
    {NOTICE_OF_DEVICE, "who", "\"\"", ERR_NAME, "a device of nobody"},
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

	assert_int_equal(sample_changed(p->base, p->path,
			     p->json != NULL ? sample_value(p->json) : NULL),
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
		s = sample_base64(n);
		assert_int_equal(
		    sample_changed(WRAPPED, "wrapped", json_string(s)), want);
		free(s);
	}
}

static void test_card_lengths(void **state)
{
	char *s = sample_base64(WIRE_HANDSHAKE_MAX);

	(void)state;
	assert_int_equal(sample_changed(IDENTITY, "card", json_string(s)), 0);
	free(s);
	s = sample_base64(WIRE_HANDSHAKE_MAX + 1);
	assert_int_equal(
	    sample_changed(IDENTITY, "card", json_string(s)), ERR_BASE64);
	free(s);
}

static void test_text_lengths(void **state)
{
	char *s = malloc(WIRE_TEXT_MAX + 2);

	(void)state;
	assert_non_null(s);
	memset(s, 'x', WIRE_TEXT_MAX + 1);
	s[WIRE_TEXT_MAX + 1] = '\0';
	assert_int_equal(
	    sample_changed(MESSAGE, "text", json_string(s)), ERR_TEXT);
	assert_int_equal(
	    sample_changed(EDIT, "text", json_string(s)), ERR_TEXT);
	assert_int_equal(
	    sample_changed(REACT, "with", json_string(s)), ERR_TEXT);
	s[WIRE_TEXT_MAX] = '\0';
	assert_int_equal(sample_changed(MESSAGE, "text", json_string(s)), 0);
	assert_int_equal(sample_changed(EDIT, "text", json_string(s)), 0);
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
	    sample_changed(LIST, "users.0.identity", json_string(text)), 0);
	for (i = 0; i < WIRE_ED25519_SPKI - WIRE_ED25519; i++) {
		memcpy(bad, spki, sizeof(bad));
		bad[i] ^= 1;
		b64_encode(text, bad, sizeof(bad));
		assert_int_equal(
		    sample_changed(LIST, "users.0.identity", json_string(text)),
		    ERR_KEY);
	}
	/* y = 1: the neutral element, under which a signature verifies for any
	 * text. */
	memcpy(bad, spki, sizeof(bad));
	memset(bad + 12, 0, WIRE_ED25519);
	bad[12] = 1;
	b64_encode(text, bad, sizeof(bad));
	assert_int_equal(
	    sample_changed(LIST, "users.0.identity", json_string(text)),
	    ERR_KEY);
	assert_int_equal(
	    sample_changed(NOTICE, "users.1.identity", json_string(text)),
	    ERR_KEY);
	/* y = 2^255 - 1: not canonical. */
	memset(bad + 12, 0xff, WIRE_ED25519);
	bad[43] = 0x7f;
	b64_encode(text, bad, sizeof(bad));
	assert_int_equal(
	    sample_changed(LIST, "users.0.identity", json_string(text)),
	    ERR_KEY);
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
		assert_int_equal(
		    sample_changed(id, "x-later", sample_value(values[i])), 0);
		if (id == LIST || id == NOTICE)
			assert_int_equal(sample_changed(id, "users.0.later",
					     sample_value("{\"deep\":null}")),
			    0);
		if (id == WRAPPED || id == FRESH)
			assert_int_equal(sample_changed(id, "room.later",
					     sample_value(values[i])),
			    0);
	}
}

int main(void)
{
	struct check_group g = {0};
	size_t i;

	json_setup();
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
	return check_run("values", &g);
}
