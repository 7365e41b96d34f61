/* Unit tests for the decoding of terminal input: keys in every protocol, reports
 * that are no keys, pastes, and what happens when the rest does not come. */
#include "tests/unit/check.h"

#include "client/ui/tui/input.h"
#include "shared/wire/text.h"

enum { WAIT_MS = 180 };

static const char *const names[] = {[INPUT_ENTER] = "enter",
    [INPUT_ALT_ENTER] = "alt-enter",
    [INPUT_TAB] = "tab",
    [INPUT_BACK_TAB] = "back-tab",
    [INPUT_BACKSPACE] = "backspace",
    [INPUT_ALT_BACKSPACE] = "alt-backspace",
    [INPUT_DELETE] = "delete",
    [INPUT_CTRL_DELETE] = "ctrl-delete",
    [INPUT_ESCAPE] = "escape",
    [INPUT_UP] = "up",
    [INPUT_DOWN] = "down",
    [INPUT_LEFT] = "left",
    [INPUT_RIGHT] = "right",
    [INPUT_WORD_LEFT] = "word-left",
    [INPUT_WORD_RIGHT] = "word-right",
    [INPUT_HOME] = "home",
    [INPUT_END] = "end",
    [INPUT_CTRL_HOME] = "ctrl-home",
    [INPUT_CTRL_END] = "ctrl-end",
    [INPUT_PAGE_UP] = "page-up",
    [INPUT_PAGE_DOWN] = "page-down",
    [INPUT_SHIFT_UP] = "shift-up",
    [INPUT_SHIFT_DOWN] = "shift-down",
    [INPUT_ALT_LEFT] = "alt-left",
    [INPUT_ALT_RIGHT] = "alt-right",
    [INPUT_ALT_UP] = "alt-up",
    [INPUT_ALT_DOWN] = "alt-down",
    [INPUT_F1] = "f1",
    [INPUT_F2] = "f2",
    [INPUT_F3] = "f3",
    [INPUT_FOCUS_IN] = "focus-in",
    [INPUT_FOCUS_OUT] = "focus-out"};

struct words {
	struct input in;
	uint64_t now;
	char text[800];
	size_t n;
};

static struct words *words_new(void)
{
	struct words *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	input_init(&w->in, WAIT_MS);
	w->now = 1;
	return w;
}

static void words_free(struct words *w)
{
	input_free(&w->in);
	free(w);
}

/* Appends the keys that are due, as words. */
static void read_words(struct words *w)
{
	struct input_event k;
	char *out = w->text;
	size_t size = sizeof(w->text);

	for (;;) {
		input_next(&w->in, w->now, &k);
		if (k.key == INPUT_NONE)
			return;
		if (k.key == INPUT_TEXT || k.key == INPUT_PASTE)
			w->n += (size_t)snprintf(out + w->n, size - w->n,
			    k.key == INPUT_TEXT ? "%.*s " : "[%.*s] ", (int)k.n,
			    k.text);
		else if (k.key == INPUT_CTRL || k.key == INPUT_ALT)
			w->n +=
			    (size_t)snprintf(out + w->n, size - w->n, "%s-%c ",
				k.key == INPUT_ALT ? "alt" : "ctrl", k.letter);
		else
			w->n += (size_t)snprintf(
			    out + w->n, size - w->n, "%s ", names[k.key]);
		assert_true(w->n < size);
	}
}

static void feed(struct words *w, const char *bytes, size_t n)
{
	read_words(w);
	assert_int_equal(input_feed(&w->in, bytes, n, w->now), 0);
	read_words(w);
}

static void pause_ms(struct words *w, unsigned ms)
{
	w->now += ms;
	read_words(w);
}

/* Checks the keys of these bytes, fed in pieces of every length. */
static void expect_keys(const char *bytes, size_t n, const char *want)
{
	struct words *w;
	size_t piece, at;

	for (piece = 1; piece <= n; piece++) {
		w = words_new();
		for (at = 0; at < n; at += piece) {
			feed(w, bytes + at, n - at < piece ? n - at : piece);
			w->now += 10;
		}
		if (strcmp(w->text, want) != 0)
			fail_msg("pieces of %zu: \"%s\", not \"%s\"", piece,
			    w->text, want);
		words_free(w);
	}
}

static void test_keys(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
	    {"aB \xc3\xa9\xe6\xbc\xa2", "a B   \xc3\xa9 \xe6\xbc\xa2 "},
	    {"\r\n\t\x7f\b", "enter enter tab backspace backspace "},
	    {"\x01\x1a\x03", "ctrl-A ctrl-Z ctrl-C "},
	    {"\033b\033F\033\r\033\x7f",
		"alt-b alt-f alt-enter alt-backspace "},
	    {"\033[A\033OB\033[C\033OD", "up down right left "},
	    {"\033[1;5C\033[1;5D\033Od\033Oc",
		"word-right word-left word-left word-right "},
	    {"\033[1;3C\033[1;3D\033\033[C\033\033OD\033[1;3A\033[1;3B",
		"alt-right alt-left alt-right alt-left alt-up alt-down "},
	    {"\033[H\033OF\033[1~\033[4~\033[7~\033[8~",
		"home end home end home end "},
	    {"\033[5~\033[6~\033[3~\033[3;5~",
		"page-up page-down delete ctrl-delete "},
	    {"\033[1;2A\033[Z\033OP\033[[A\033[11~",
		"shift-up back-tab f1 f1 f1 "},
	    /* The report of the cursor's position is no F3. */
	    {"\033OQ\033[[B\033[12~\033OR\033[[C\033[13~\033[1;5R",
		"f2 f2 f2 f3 f3 f3 "},
	    {"\033[I\033[O", "focus-in focus-out "},
	    {"\033[200~a\r\nb\rc\nd\te\033[31m\033[201~z",
		"[a\nb\nc\nd    e\xe2\x90\x9b[31m] z "},
	    {"\033[200~\xe6\xbc\033[201~", "[\xef\xbf\xbd\xef\xbf\xbd] "},
	    {"\033[999;999;999u\033[?1;2cx", "x "}, /* unknown, but complete */
	    {"\xff\xfe"
	     "a\x80z\xc3(",
		"a z ( "}, /* not UTF-8 */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		expect_keys(t[i].in, strlen(t[i].in), t[i].out);
}

#define S(s) (s), sizeof(s) - 1

/* What terminals send, and the keys that it stands for. */
static const struct {
	const char *in;
	size_t n;
	const char *out;
} protocols[] = {
    /* kitty: modifiers, event types, alternate keys, text */
    {S("\033[99;5u\033[97;5u\033[122;5u"), "ctrl-C ctrl-A ctrl-Z "},
    {S("\033[99;5:1u\033[99;5:2u\033[99;5:3u"), "ctrl-C ctrl-C "},
    {S("\033[13u\033[13;1:3u\033[13;2u\033[13;3u\033[13;5u"),
	"enter alt-enter alt-enter enter "},
    {S("\033[27u\033[27;1:3u\033[9u\033[9;2u\033[127u\033[127;5u"),
	"escape tab back-tab backspace alt-backspace "},
    {S("\033[97u\033[97;2u\033[97;66u\033[233;2u"), "a A a \xc3\x89 "},
    {S("\033[97:65;2u\033[49:33;2u"), "A ! "},
    {S("\033[97;;229u\033[97;1;104:105u"), "\xc3\xa5 hi "},
    {S("\033[98;3u\033[44:60;4u"), "alt-b alt-< "},
    {S("\033[1089::99;5u"), "ctrl-C "}, /* Cyrillic layout */
    {S("\033[99;69u\033[99;133u"), "ctrl-C ctrl-C "}, /* locks */
    {S("\033[97;9u\033[13;9u"), ""},		      /* Super */
    {S("\033[57441;2u\033[57441;1:3u\033[57358u"), ""},
    {S("\033[57400u\033[57414u\033[57417u\033[57424;5u\033[57426u"),
	"1 enter left ctrl-end delete "},
    {S("\033[1;1:3A\033[1;5:3D\033[3;1:3~\033[1;1:1B"), "down "},
    {S("\033[0u\033[7u\033[155u\033[55296u\033[1114112u"), ""},
    {S("\033[?1u\033[u\033[>1u\033[=1;2u"), ""},
    /* xterm's modifyOtherKeys */
    {S("\033[27;5;99~\033[27;5;13~\033[27;2;13~\033[27;2;65~"),
	"ctrl-C enter alt-enter A "},
    {S("\033[27;3;102~\033[27;6;67~\033[27;5;9~"), "alt-f ctrl-C tab "},
    {S("\033[27~\033[27;5~\033[27;5;99;1~"), ""},
    /* the keypad in application mode */
    {S("\033Oq\033Ok\033OX\033O \033OM\033OI\033On"),
	"1 + =   enter tab . "},
    /* modifiers, in every order that terminals have invented */
    {S("\033[1;2D\033[1;6A\033[1;3H\033[5A\033O5A\033O1;5C"),
	"left shift-up ctrl-home shift-up shift-up word-right "},
    {S("\033[1;5P\033O2P\033[1;5R\033[15;5~\033[2~\033[25~"), "f1 f1 "},
    {S("\033[3$\033[7^\033[8@\033[7$\033[a\033Oa"),
	"delete ctrl-home ctrl-end home shift-up shift-up "},
    {S("\033\033OA\033\033[5~\033\033[3~"),
	"alt-up page-up ctrl-delete "},
    /* C1, in UTF-8 and as bytes */
    {S("\xc2\x9b"
       "A"
       "\x9b"
       "B"
       "\xc2\x8f"
       "C"
       "\x8f"
       "D"),
	"up down right left "},
    {S("\xc2\x9b"
       "200~a\033[201~b\xc2\x9b"
       "201~c"),
	"[a\xe2\x90\x9b[201~b] c "},
    {S("\x9b"
       "200~a\x9b"
       "201~c"),
	"[a] c "},
    /* Alt */
    {S("\033\xc3\xa9x\033\003\033\t"), "x ctrl-C tab "},
    {S("\033\033x\033\033\033[A"), "escape alt-x escape alt-up "},
    {S("\033Ax\033(y"), "alt-a x alt-( y "},
    /* interrupted characters and sequences */
    {S("\xe6\xbc\033[A\xf0\x9f\r"), "up enter "},
    {S("\033[1;5\rx\033[3\033[A\033O\003"), "enter x up ctrl-C "},
    {S("\033[1;5\030x\033[3\032y"), "x y "},
    {S("\0a\0\0b"), "ctrl-@ a ctrl-@ ctrl-@ b "},
    /* pastes of sequences, and of almost an end */
    {S("\033[200~\033[200~\033[20\033[201\r\033\033[201~z"),
	"[\xe2\x90\x9b[200~\xe2\x90\x9b[20\xe2\x90\x9b[201\n"
	"\xe2\x90\x9b] z "},
    {S("\033[200~\033[201~z\033[201~"), "z "},
    /* zero-width characters are sent as they are */
    {S("a\xc2\xad\xe2\x80\x8b\xf0\x9f\xab\xa8"),
	"a \xc2\xad \xe2\x80\x8b \xf0\x9f\xab\xa8 "},
};

static void test_protocols(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		expect_keys(protocols[i].in, protocols[i].n, protocols[i].out);
}

static const char *const reports[] = {
    "\033[M !!", /* X10 mouse */
    "\033[M\r\003!",
    "\033[M#\xc3\xa0\xc4\x90", /* mode 1005 */
    "\033[t!!",
    "\033[T!!!!!!",   /* highlight tracking */
    "\033[32;10;10M", /* urxvt mouse, 1015 */
    "\033[<0;10;10M",
    "\033[<0;10;10m", /* SGR mouse, 1006 */
    "\033[0;1;2;3&w", /* DEC locator */
    "\033[24;80R",
    "\033[?24;80;1R", /* cursor position */
    "\033[?62;1;6c",
    "\033[>0;95;0c",
    "\033[=1;0c",
    "\033[1;2c",
    "\033[0n",
    "\033[?997;1n",
    "\033[?11n",
    "\033[?2026;2$y",
    "\033[4;1$y", /* DECRPM */
    "\033[8;24;80t",
    "\033[2;1;1;128;128;1;0x",
    "\033[?1;2S",
    "\033[12#q",
    "\033[1 q",
    "\033[3;4;5u",
    "\033]11;rgb:1e1e/1e1e/2e2e\033\\",
    "\033]4;1;rgb:cd/00/00\007",
    "\033]52;c;cm0gLXJm\033\\",
    "\033]Ltitle\xc3\x9c!\xc2\x9c",
    "\xc2\x9d"
    "0;x\xc2\x9c",
    "\x9d"
    "0;x\x9c",
    "\033P>|XTerm(379)\033\\",
    "\033P1$r0m\033\\",
    "\033P1+r524742=38\033\\",
    "\xc2\x90"
    "!|00000000\xc2\x9c",
    "\033Pa\007b\rc\033\\",
    "\033_Gi=31;OK\033\\",
    "\033^pm\033\\",
    "\033Xsos\033[M\r\033\033\\",
    "\xc2\x98sos\r\xc2\x9c",
    "\xc2\x9f"
    "apc\xc2\x9c",
    "\xc2\x9epm\xc2\x9c",
    "\033]cancelled\030",
    "\033P\033\\",
    "\xc2\x9c\xc2\x85\x84",
};

/* Whatever a terminal may say of itself is no key and no text. */
static void test_reports(void **state)
{
	char bytes[100];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		snprintf(bytes, sizeof(bytes), "a%sz", reports[i]);
		expect_keys(bytes, strlen(bytes), "a z ");
	}
	/* xterm sends 0 for a coordinate that is too large. */
	expect_keys(S("a\033[M \0!z"), "a z ");
}

static void test_too_long(void **state)
{
	static char big[INPUT_STRING_MAX + 100];
	struct words *w = words_new();

	(void)state;
	/* Longer than any key, shorter than the bound. */
	memset(big, '1', 5000);
	memcpy(big, "\033[", 2);
	big[5000] = '~';
	big[5001] = 'z';
	feed(w, big, 5002);
	assert_string_equal(w->text, "z ");
	memcpy(big, "\033O", 2);
	big[5000] = 'M';
	feed(w, big, 5002);
	assert_string_equal(w->text, "z z ");
	/* A string without an end is given up. */
	memset(big, ' ', sizeof(big));
	memcpy(big, "\033]", 2);
	feed(w, big, INPUT_STRING_MAX / 2);
	feed(w, big + INPUT_STRING_MAX / 2, INPUT_STRING_MAX / 2 + 2);
	assert_string_equal(w->text, "z z ");
	feed(w, big + INPUT_STRING_MAX + 2, 3);
	assert_string_equal(w->text, "z z     ");
	words_free(w);
}

/* What was begun, silence, and Enter. */
static void test_silence(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
	    {"\033", "escape "},
	    {"\033\033", "escape escape "},
	    {"\033[", "alt-[ "},
	    {"\033O", "alt-o "},
	    {"\033]", "alt-] "},
	    {"\033P", "alt-p "},
	    {"\033[1;5", ""},
	    {"\033[M !", ""},
	    {"\033O1", ""},
	    {"\033[[", ""},
	    {"\033]11;rgb", ""},
	    {"\033Pq\033", ""},
	    {"\033_Gi\xc3", ""},
	    {"\033Xsos", ""},
	    {"\xc2\x9b", ""},
	    {"\xc2", ""},
	    {"\xf0\x9f\x98", ""},
	    {"\033[200~x", "[x] "},
	    {"\033[200~x\033[20", "[x] "},
	    {"\033[200~", ""},
	};
	struct words *w;
	char want[80];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		w = words_new();
		feed(w, t[i].in, strlen(t[i].in));
		assert_int_equal(input_deadline(&w->in), w->now + WAIT_MS);
		pause_ms(w, WAIT_MS - 1);
		assert_string_equal(w->text, "");
		pause_ms(w, 1);
		assert_string_equal(w->text, t[i].out);
		assert_true(input_deadline(&w->in) == UINT64_MAX);
		feed(w, "\r", 1);
		snprintf(want, sizeof(want), "%senter ", t[i].out);
		assert_string_equal(w->text, want);
		words_free(w);
	}
}

/* What comes in pieces, a pause after each, and the keys that it stands for. */
static const struct {
	const char *in[5], *out;
} late[] = {
    {{"\033", "[A"}, "escape up "},
    {{"\033", "[1;5D", "x"}, "escape word-left x "},
    {{"\033", "[A\033[A"}, "escape up up "},
    {{"\033", "[A\r"}, "escape up enter "},
    {{"\033", "[32;10;10M"}, "escape "},
    {{"\033", "[M !!"}, "escape "},
    {{"\033", "[", "A"}, "escape [ A "},
    {{"\033", "[x] y"}, "escape [ x ]   y "},
    {{"\033", "x", "[A"}, "escape x [ A "},
    {{"\033]11;rgb:1e", "1e/1e1e\033\\", "x"}, "x "},
    {{"\033]11;rgb:1e\033", "\\", "x"}, "x "},
    {{"\033]11;rgb:1e", "1e\007", "x"}, "x "},
    {{"\033]11;rgb:1e", "hello"}, "h e l l o "},
    {{"\033Pq", "a\007"}, "a ctrl-G "},
    {{"\xe6", "\xbc\xa2x"}, "x "},
    {{"\xe6\xbc", "\x9b", "x"}, "x "},
    {{"\xd3", "\x9bx"}, "x "},
    /* A paste in pieces sends nothing. */
    {{"\033[200~one\r", "two\rthree\r", "four\033[201~", "\r"},
	"[one\n] [two\nthree\n] [four] enter "},
    {{"\033[200~one", "\033[201~", "\r"}, "[one] enter "},
    {{"\033[200~one\033[2", "01~", "\r"}, "[one] enter "},
    {{"\033[200~\xe6\xbc", "\xa2\r\r\033[201~"}, "[\xe6\xbc\xa2\n\n] "},
    {{"\033[200~one", "\r", "two\rthree\r"},
	"[one] enter [two\nthree\n] "},
    {{"\033[200~one", "two\r"}, "[one] t w o enter "},
    {{"\033[200~one", "a\tb"}, "[one] [a    b] "},
    {{"\033[200~one", "two\033[200~three\033[201~\r"},
	"[one] t w o [three] enter "},
    {{"\033[200~one\033", "[", "x"}, "[one] [ x "},
    {{"\033[200~one", "\xe6\xbc\xa2", "\033[A", "\x15z", "\003"},
	"[one] \xe6\xbc\xa2 up ctrl-U z ctrl-C "},
};

/* The rest comes after all: over a slow link, or to a stopped process. A minus
 * is a pause that ends whatever was begun. */
static void test_late(void **state)
{
	struct words *w;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(late) / sizeof(late[0]); i++) {
		w = words_new();
		for (k = 0; k < 5 && late[i].in[k] != NULL; k++) {
			feed(w, late[i].in[k], strlen(late[i].in[k]));
			pause_ms(w, WAIT_MS);
		}
		if (strcmp(w->text, late[i].out) != 0)
			fail_msg(
			    "%zu: \"%s\", not \"%s\"", i, w->text, late[i].out);
		words_free(w);
	}
	/* Much later it is something else. */
	w = words_new();
	feed(w, "\033", 1);
	pause_ms(w, WAIT_MS);
	pause_ms(w, INPUT_LATE_MS + 1);
	feed(w, "[A", 2);
	assert_string_equal(w->text, "escape [ A ");
	feed(w, "\033[200~x", 7);
	pause_ms(w, WAIT_MS);
	pause_ms(w, INPUT_LATE_PASTE_MS + 1);
	feed(w, "y\r", 2);
	assert_string_equal(w->text, "escape [ A [x] y enter ");
	words_free(w);
}

/* Text that was typed at once looks like the rest of a paste without end. The
 * next paste is another one all the same, at once and in pieces of every length. */
static void test_paste_after_a_late_one(void **state)
{
	static const struct {
		const char *begun, *next;
	} t[] = {
	    {"\033[200~one", "\033[200~a\033[201"},
	    {"\xc2\x9b"
	     "200~one",
		"\xc2\x9b"
		"200~a\xc2\x9b"
		"201"},
	    {"\x9b"
	     "200~one",
		"\x9b"
		"200~a\x9b"
		"201"},
	};
	struct words *w;
	size_t i, at, n, piece;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		n = strlen(t[i].next);
		for (piece = 1; piece <= n; piece++) {
			w = words_new();
			feed(w, t[i].begun, strlen(t[i].begun));
			pause_ms(w, WAIT_MS);
			feed(w, "line ", 5);
			for (at = 0; at < n; at += piece)
				feed(w, t[i].next + at,
				    n - at < piece ? n - at : piece);
			pause_ms(w, WAIT_MS);
			feed(w, "\r", 1);
			assert_string_equal(
			    w->text, "[one] [line ] [a] enter ");
			words_free(w);
		}
	}
}

static void test_keys_random(void **state)
{
	uint64_t rnd = 77;
	struct input_event k;
	struct input in;
	uint8_t b[64];
	size_t n, i;
	uint64_t now = 1;
	int round;

	(void)state;
	input_init(&in, WAIT_MS);
	for (round = 0; round < 20000; round++) {
		n = check_random(&rnd) % sizeof(b);
		for (i = 0; i < n; i++)
			b[i] = check_random(&rnd) % 4 == 0
				   ? (uint8_t) "\033[O~;0129\r"[check_random(
								    &rnd) %
								10]
				   : (uint8_t)check_random(&rnd);
		assert_int_equal(input_feed(&in, b, n, now), 0);
		do {
			input_next(&in, now, &k);
			if (k.n > 0)
				assert_true(text_utf8(k.text, k.n));
		} while (k.key != INPUT_NONE);
		assert_int_equal(in.at, in.in.len);
		now += round % 3 == 0 ? WAIT_MS : 1;
	}
	input_free(&in);
}

static void test_paste_bound(void **state)
{
	static char big[100000];
	struct input_event k;
	struct input in;

	(void)state;
	input_init(&in, WAIT_MS);
	memset(big, 'x', sizeof(big));
	assert_int_equal(input_feed(&in, "\033[200~", 6, 1), 0);
	assert_int_equal(input_feed(&in, big, sizeof(big), 1), 0);
	input_next(&in, 2, &k);
	assert_int_equal(k.key, INPUT_NONE);
	assert_int_equal(input_feed(&in, "\033[201~", 6, 2), 0);
	input_next(&in, 2, &k);
	assert_int_equal(k.key, INPUT_PASTE);
	assert_true(k.left_out > 0);
	assert_in_range(k.n, WIRE_TEXT_MAX, 2 * WIRE_TEXT_MAX);
	input_next(&in, 2 + WAIT_MS, &k);
	assert_int_equal(k.key, INPUT_NONE);
	input_free(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_protocols),
	    cmocka_unit_test(test_reports),
	    cmocka_unit_test(test_too_long),
	    cmocka_unit_test(test_silence),
	    cmocka_unit_test(test_late),
	    cmocka_unit_test(test_paste_after_a_late_one),
	    cmocka_unit_test(test_keys_random),
	    cmocka_unit_test(test_paste_bound),
	};

	return cmocka_run_group_tests_name("tui input", tests, NULL, NULL);
}
