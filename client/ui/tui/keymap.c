/* keymap.c - tables of the keys that sequences stand for. */
#include "client/ui/tui/keymap.h"

#include <string.h>
#include <utf8proc.h>

/* Modifier bits as xterm and kitty send them: 1 plus their sum. The two locks
 * only count for letters. */
enum {
	SHIFT = 1,
	ALT = 2,
	CTRL = 4,
	SUPER = 8,
	HYPER = 16,
	META = 32,
	CAPS_LOCK = 64,
};

enum { EVENT_RELEASE = 3 };

enum { CODE_TAB = 9, CODE_ENTER = 13, CODE_ESCAPE = 27, CODE_DELETE = 127 };

/* Parameters are separated by ';', their parts by ':'. */
enum { PARAMS_MAX = 3, PARTS_MAX = KEYMAP_TEXT_MAX, VALUE_MAX = 0x10ffff };
struct params {
	unsigned v[PARAMS_MAX][PARTS_MAX]; /* 0: absent */
	size_t n;
};

/* False when the sequence is no key: a private or intermediate character, or
 * more numbers than a key has. */
static bool parse(struct params *p, const char *s, size_t n)
{
	size_t i, part = 0;
	unsigned *v;

	*p = (struct params){.n = n > 0 ? 1 : 0};
	for (i = 0; i < n; i++) {
		if (s[i] == ';') {
			if (p->n == PARAMS_MAX)
				return false;
			p->n++;
			part = 0;
		} else if (s[i] == ':') {
			if (++part == PARTS_MAX)
				return false;
		} else if (s[i] >= '0' && s[i] <= '9') {
			v = &p->v[p->n - 1][part];
			*v = *v * 10 + (unsigned)(s[i] - '0');
			if (*v > VALUE_MAX)
				return false;
		} else {
			return false;
		}
	}
	return true;
}

static unsigned modifiers(unsigned param)
{
	unsigned m = param > 0 ? param - 1 : 0;

	return m & META ? m | ALT : m;
}

/* Final bytes, and numbers before "~", with their keys: unmodified, with Ctrl,
 * with Alt, and with Shift. */
static const struct key_row {
	char final;
	unsigned number;
	enum input_key plain, ctrl, alt, shift;
} key_rows[] = {
    {'A', 0, INPUT_UP, INPUT_SHIFT_UP, INPUT_ALT_UP, INPUT_SHIFT_UP},
    {'B', 0, INPUT_DOWN, INPUT_SHIFT_DOWN, INPUT_ALT_DOWN, INPUT_SHIFT_DOWN},
    {'C', 0, INPUT_RIGHT, INPUT_WORD_RIGHT, INPUT_ALT_RIGHT, INPUT_RIGHT},
    {'D', 0, INPUT_LEFT, INPUT_WORD_LEFT, INPUT_ALT_LEFT, INPUT_LEFT},
    {'H', 0, INPUT_HOME, INPUT_CTRL_HOME, INPUT_CTRL_HOME, INPUT_HOME},
    {'F', 0, INPUT_END, INPUT_CTRL_END, INPUT_CTRL_END, INPUT_END},
    {'P', 0, INPUT_F1, INPUT_F1, INPUT_F1, INPUT_F1},
    {'Q', 0, INPUT_F2, INPUT_F2, INPUT_F2, INPUT_F2},
    {'R', 0, INPUT_F3, INPUT_F3, INPUT_F3, INPUT_F3},
    {'~', 1, INPUT_HOME, INPUT_CTRL_HOME, INPUT_CTRL_HOME, INPUT_HOME},
    {'~', 3, INPUT_DELETE, INPUT_CTRL_DELETE, INPUT_CTRL_DELETE, INPUT_DELETE},
    {'~', 4, INPUT_END, INPUT_CTRL_END, INPUT_CTRL_END, INPUT_END},
    {'~', 5, INPUT_PAGE_UP, INPUT_PAGE_UP, INPUT_PAGE_UP, INPUT_PAGE_UP},
    {'~', 6, INPUT_PAGE_DOWN, INPUT_PAGE_DOWN, INPUT_PAGE_DOWN,
	INPUT_PAGE_DOWN},
    {'~', 7, INPUT_HOME, INPUT_CTRL_HOME, INPUT_CTRL_HOME, INPUT_HOME},
    {'~', 8, INPUT_END, INPUT_CTRL_END, INPUT_CTRL_END, INPUT_END},
    {'~', 11, INPUT_F1, INPUT_F1, INPUT_F1, INPUT_F1},
    {'~', 12, INPUT_F2, INPUT_F2, INPUT_F2, INPUT_F2},
    {'~', 13, INPUT_F3, INPUT_F3, INPUT_F3, INPUT_F3},
};

static struct keymap_key look_up(char final, unsigned number, unsigned mods)
{
	const struct key_row *r = key_rows;
	const struct key_row *end = r + sizeof(key_rows) / sizeof(key_rows[0]);

	for (; r < end; r++)
		if (r->final == final && r->number == number)
			return (struct keymap_key){.key = mods & CTRL  ? r->ctrl
							  : mods & ALT ? r->alt
							  : mods & SHIFT
							      ? r->shift
							      : r->plain};
	return (struct keymap_key){0};
}

/* CSI and SS3 with a letter: no parameter, "1 ; MODIFIERS", or from old xterms
 * the modifiers alone. */
static struct keymap_key letter_key(
    const struct params *p, char final, unsigned more)
{
	unsigned first = p->v[0][0];

	if (p->n > 2 || (p->n == 2 && first > 1) || p->v[1][1] == EVENT_RELEASE)
		return (struct keymap_key){0};
	if (p->n == 2)
		first = p->v[1][0];
	return look_up(final, 0, modifiers(first) | more);
}

/* rxvt sends an arrow with Shift, in a CSI, or with Ctrl, in an SS3, as the lower
 * case of its letter. Neither has parameters. */
static struct keymap_key lower_arrow(char final, size_t n)
{
	return n == 0 ? look_up((char)(final & ~0x20), 0, CTRL)
		      : (struct keymap_key){0};
}

static struct keymap_key text_key(uint32_t cp)
{
	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) ||
	    !utf8proc_codepoint_valid((utf8proc_int32_t)cp))
		return (struct keymap_key){0};
	return (struct keymap_key){.key = INPUT_TEXT, .text = {cp}, .n = 1};
}

/* --- the kitty keyboard protocol and modifyOtherKeys --------------------- */

/* Keypad keys that type something begin at this code ... */
enum { CODE_KEYPAD = 57399 };
static const char keypad[] = "0123456789./*-+\r=,";
/* ... and these follow them: Left, Right, Up, Down, PgUp, PgDn, Home, End,
 * Insert, Delete, as rows of key_rows. */
static const struct {
	char final;
	unsigned number;
} keypad_moves[] = {{'D', 0}, {'C', 0}, {'A', 0}, {'B', 0}, {'~', 5}, {'~', 6},
    {'H', 0}, {'F', 0}, {'~', 2}, {'~', 3}};

/* The kitty protocol numbers its function keys from the private use area. */
static bool is_function(unsigned code)
{
	return code >= 57344 && code <= 63743;
}

static struct keymap_key function_key(unsigned code, unsigned mods)
{
	size_t i;

	if (code < CODE_KEYPAD + sizeof(keypad) - 1)
		return (struct keymap_key){0};
	i = code - CODE_KEYPAD - (sizeof(keypad) - 1);
	if (i >= sizeof(keypad_moves) / sizeof(keypad_moves[0]))
		return (struct keymap_key){0};
	return look_up(keypad_moves[i].final, keypad_moves[i].number, mods);
}

/* Keys that have a code below 0x80 but type nothing. */
static bool special(unsigned code, unsigned mods, struct keymap_key *out)
{
	switch (code) {
	case CODE_ENTER:
		out->key = mods & (SHIFT | ALT) ? INPUT_ALT_ENTER : INPUT_ENTER;
		return true;
	case CODE_TAB:
		out->key = mods & SHIFT ? INPUT_BACK_TAB : INPUT_TAB;
		return true;
	case CODE_ESCAPE:
		out->key = INPUT_ESCAPE;
		return true;
	case '\b':
	case CODE_DELETE:
		out->key =
		    mods & (CTRL | ALT) ? INPUT_ALT_BACKSPACE : INPUT_BACKSPACE;
		return true;
	default:
		return false;
	}
}

/* The control character that Ctrl with this key has always sent. */
static struct keymap_key ctrl_key(unsigned code)
{
	if (code == ' ')
		return keymap_control(0);
	if (code == '/')
		return keymap_control(0x1f);
	if ((code >= '@' && code <= '_') || (code >= 'a' && code <= 'z'))
		return keymap_control(code & 0x1f);
	return (struct keymap_key){0};
}

static struct keymap_key typed(
    const struct params *p, unsigned code, unsigned shifted, unsigned mods)
{
	struct keymap_key k;
	size_t i;

	if (p->v[2][0] != 0) { /* kitty says which text the key types */
		k = text_key(p->v[2][0]);
		for (i = 1; k.n > 0 && i < PARTS_MAX && p->v[2][i] != 0; i++) {
			if (text_key(p->v[2][i]).n == 0)
				break;
			k.text[k.n++] = p->v[2][i];
		}
		return k;
	}
	if ((mods & SHIFT) != 0 && shifted != 0)
		code = shifted;
	else if (((mods & SHIFT) != 0) != ((mods & CAPS_LOCK) != 0))
		code = (unsigned)utf8proc_toupper((utf8proc_int32_t)code);
	return text_key(code);
}

/* CODE : SHIFTED : ON_A_US_KEYBOARD ; MODIFIERS : EVENT ; TEXT */
static struct keymap_key code_key(const struct params *p, unsigned more)
{
	unsigned code = p->v[0][0], shifted = p->v[0][1], us = p->v[0][2];
	unsigned mods = modifiers(p->v[1][0]) | more;
	struct keymap_key k = {0};

	if (p->v[1][1] == EVENT_RELEASE || mods & (SUPER | HYPER))
		return k;
	if (code >= CODE_KEYPAD && code < CODE_KEYPAD + sizeof(keypad) - 1)
		code = (unsigned char)keypad[code - CODE_KEYPAD];
	if (is_function(code))
		return function_key(code, mods);
	if (special(code, mods, &k))
		return k;
	if (code >= 0x80 && us != 0 && mods & (CTRL | ALT))
		code = us;
	if (mods & CTRL)
		return ctrl_key(code);
	if (mods & ALT && mods & SHIFT && shifted != 0)
		code = shifted;
	if (mods & ALT)
		return code > 0x20 && code < 0x7f ? keymap_alt((uint8_t)code)
						  : k;
	return typed(p, code, shifted, mods);
}

/* CSI ... ~ */
static struct keymap_key numbered_key(const struct params *p, unsigned more)
{
	struct params other = {.n = 2};

	if (p->n == 3 && p->v[0][0] == 27) { /* modifyOtherKeys */
		other.v[0][0] = p->v[2][0];
		other.v[1][0] = p->v[1][0];
		return code_key(&other, more);
	}
	if (p->n < 1 || p->n > 2 || p->v[1][1] == EVENT_RELEASE)
		return (struct keymap_key){0};
	return look_up('~', p->v[0][0], modifiers(p->v[1][0]) | more);
}

/* --- the entries ---------------------------------------------------------- */

struct keymap_key keymap_control(uint8_t c)
{
	switch (c) {
	case '\r':
	case '\n':
		return (struct keymap_key){.key = INPUT_ENTER};
	case '\t':
		return (struct keymap_key){.key = INPUT_TAB};
	case 0x1b:
		return (struct keymap_key){.key = INPUT_ESCAPE};
	case 0x7f:
	case '\b':
		return (struct keymap_key){.key = INPUT_BACKSPACE};
	default:
		return (struct keymap_key){
		    .key = INPUT_CTRL, .letter = (char)(c + '@')};
	}
}

struct keymap_key keymap_alt(uint8_t c)
{
	struct keymap_key k = {.key = INPUT_ALT, .letter = (char)c};

	if (c < 0x20 || c == 0x7f) {
		k = keymap_control(c);
		if (k.key == INPUT_ENTER)
			k.key = INPUT_ALT_ENTER;
		else if (k.key == INPUT_BACKSPACE)
			k.key = INPUT_ALT_BACKSPACE;
	} else if (c >= 'A' && c <= 'Z') {
		k.letter = (char)(c | 0x20);
	}
	return k;
}

struct keymap_key keymap_csi(const char *params, size_t n, char final, bool alt)
{
	unsigned more = alt ? ALT : 0;
	struct params p;

	/* rxvt ends its numbers with "$" for Shift, "^" for Ctrl, "@" for
	 * both. */
	if (final == '^' || final == '@')
		more |= CTRL;
	if (final == '$' || final == '@')
		more |= SHIFT;
	if (!parse(&p, params, n))
		return (struct keymap_key){0};
	switch (final) {
	case 'u':
		return code_key(&p, more);
	case '~':
	case '^':
	case '$':
	case '@':
		return numbered_key(&p, more);
	case 'I':
	case 'O':
		return (struct keymap_key){.key = n > 0 ? INPUT_NONE
						  : final == 'I'
						      ? INPUT_FOCUS_IN
						      : INPUT_FOCUS_OUT};
	case 'Z':
		return (struct keymap_key){
		    .key = p.v[1][1] != EVENT_RELEASE && p.n <= 2
			       ? INPUT_BACK_TAB
			       : INPUT_NONE};
	case 'R': /* the cursor's position, not Ctrl-F3 */
		return (struct keymap_key){0};
	case 'a':
	case 'b':
	case 'c':
	case 'd':
		return lower_arrow(final, n);
	default:
		return letter_key(&p, final, more);
	}
}

struct keymap_key keymap_ss3(const char *params, size_t n, char final, bool alt)
{
	static const char pad[] = "*+,-./0123456789"; /* from 'j' on */
	unsigned more = alt ? ALT : 0;
	struct params p;

	if (!parse(&p, params, n))
		return (struct keymap_key){0};
	if (final >= 'j' && final <= 'y')
		return text_key((unsigned char)pad[final - 'j']);
	switch (final) {
	case ' ':
		return text_key(' ');
	case 'X':
		return text_key('=');
	case 'I':
		return keymap_control('\t');
	case 'M':
		return alt ? keymap_alt('\r') : keymap_control('\r');
	case 'a':
	case 'b':
	case 'c':
	case 'd':
		return lower_arrow(final, n);
	default:
		return letter_key(&p, final, more);
	}
}
