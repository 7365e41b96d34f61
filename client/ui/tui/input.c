/* input.c - a decoder for terminal escape sequences, UTF-8 and pastes. */
#include "client/ui/tui/input.h"

#include <string.h>

#include "shared/wire/text.h"
#include "shared/wire/wire.h"

#define ESC	     '\033'
#define PASTE_BEGIN  200
#define PASTE_END    "\033[201~"
#define SEQUENCE_MAX 64 /* bytes of one escape sequence */

/* Keep up to two messages' worth of a paste and drop the rest; the filter and
 * the editor cut it to the exact limit. */
enum { PASTE_MAX = 2 * WIRE_TEXT_MAX };

void input_init(struct input *in)
{
	*in = (struct input){0};
	buf_init(&in->in, (size_t)1 << 20);
	buf_init(&in->paste, PASTE_MAX);
	buf_init(&in->filtered, (size_t)4 * PASTE_MAX);
}

void input_free(struct input *in)
{
	buf_free(&in->in);
	buf_free(&in->paste);
	buf_free(&in->filtered);
}

int input_feed(struct input *in, const void *p, size_t n)
{
	return buf_put(&in->in, p, n);
}

bool input_waits(const struct input *in)
{
	return in->in.len > 0 && !in->pasting;
}

/* Final bytes of CSI and SS3 sequences, and numbers before "~", with their
 * keys: unmodified, and with Ctrl or Alt. */
static const struct key_row {
	char final;
	unsigned number;
	enum input_key plain, ctrl, shift;
} key_rows[] = {
    {'A', 0, INPUT_UP, INPUT_SHIFT_UP, INPUT_SHIFT_UP},
    {'B', 0, INPUT_DOWN, INPUT_SHIFT_DOWN, INPUT_SHIFT_DOWN},
    {'C', 0, INPUT_RIGHT, INPUT_WORD_RIGHT, INPUT_RIGHT},
    {'D', 0, INPUT_LEFT, INPUT_WORD_LEFT, INPUT_LEFT},
    {'H', 0, INPUT_HOME, INPUT_CTRL_HOME, INPUT_HOME},
    {'F', 0, INPUT_END, INPUT_CTRL_END, INPUT_END},
    {'P', 0, INPUT_F1, INPUT_F1, INPUT_F1},
    {'Z', 0, INPUT_BACK_TAB, INPUT_BACK_TAB, INPUT_BACK_TAB},
    {'I', 0, INPUT_FOCUS_IN, INPUT_FOCUS_IN, INPUT_FOCUS_IN},
    {'O', 0, INPUT_FOCUS_OUT, INPUT_FOCUS_OUT, INPUT_FOCUS_OUT},
    {'M', 0, INPUT_ENTER, INPUT_ENTER, INPUT_ENTER},
    /* rxvt: Ctrl makes the letter lower case; so does Shift, but with "[". */
    {'a', 0, INPUT_SHIFT_UP, INPUT_SHIFT_UP, INPUT_SHIFT_UP},
    {'b', 0, INPUT_SHIFT_DOWN, INPUT_SHIFT_DOWN, INPUT_SHIFT_DOWN},
    {'c', 0, INPUT_WORD_RIGHT, INPUT_WORD_RIGHT, INPUT_WORD_RIGHT},
    {'d', 0, INPUT_WORD_LEFT, INPUT_WORD_LEFT, INPUT_WORD_LEFT},
    {'~', 1, INPUT_HOME, INPUT_CTRL_HOME, INPUT_HOME},
    {'~', 3, INPUT_DELETE, INPUT_CTRL_DELETE, INPUT_DELETE},
    {'~', 4, INPUT_END, INPUT_CTRL_END, INPUT_END},
    {'~', 5, INPUT_PAGE_UP, INPUT_PAGE_UP, INPUT_PAGE_UP},
    {'~', 6, INPUT_PAGE_DOWN, INPUT_PAGE_DOWN, INPUT_PAGE_DOWN},
    {'~', 7, INPUT_HOME, INPUT_CTRL_HOME, INPUT_HOME},
    {'~', 8, INPUT_END, INPUT_CTRL_END, INPUT_END},
    {'~', 11, INPUT_F1, INPUT_F1, INPUT_F1},
    {'^', 7, INPUT_CTRL_HOME, INPUT_CTRL_HOME, INPUT_CTRL_HOME},
    {'^', 8, INPUT_CTRL_END, INPUT_CTRL_END, INPUT_CTRL_END},
    {'^', 3, INPUT_CTRL_DELETE, INPUT_CTRL_DELETE, INPUT_CTRL_DELETE},
};

static enum input_key look_up(char final, unsigned number, unsigned modifier)
{
	unsigned bits =
	    modifier > 0 ? modifier - 1 : 0; /* 1 Shift, 2 Alt, 4 Ctrl */
	size_t i;

	for (i = 0; i < sizeof(key_rows) / sizeof(key_rows[0]); i++) {
		if (key_rows[i].final != final ||
		    ((final == '~' || final == '^') &&
			key_rows[i].number != number))
			continue;
		if (bits & 6)
			return key_rows[i].ctrl;
		return bits & 1 ? key_rows[i].shift : key_rows[i].plain;
	}
	return INPUT_NONE;
}

/* Decodes ESC [ ... final at s. Returns its length, or 0 if incomplete. */
static size_t csi(
    const char *s, size_t n, bool alt, enum input_key *key, bool *paste)
{
	unsigned arg[2] = {0, 0}, v = 0;
	size_t i, k = 0;
	bool answer = false; /* a reply to a query that we did not send */

	*key = INPUT_NONE;
	/* F1 to F5 of the Linux console: ESC [ [ A. */
	if (n > 2 && s[2] == '[') {
		if (n == 3)
			return 0;
		*key = s[3] == 'A' ? INPUT_F1 : INPUT_NONE;
		return 4;
	}
	for (i = 2; i < n && i < SEQUENCE_MAX; i++) {
		if (s[i] >= '0' && s[i] <= '9') {
			v = v < 10000 ? v * 10 + (unsigned)(s[i] - '0') : v;
		} else if (s[i] == ';' || (s[i] >= '@' && s[i] <= '~') ||
			   s[i] == '^') {
			if (k < 2)
				arg[k++] = v;
			v = 0;
			if (s[i] == ';')
				continue;
			*paste = s[i] == '~' && arg[0] == PASTE_BEGIN;
			if (alt && arg[1] == 0)
				arg[1] = 3;
			if (!answer)
				*key = look_up(s[i], arg[0], arg[1]);
			return i + 1;
		} else if ((unsigned char)s[i] < 0x20 ||
			   (unsigned char)s[i] >= 0x7f) {
			return i; /* aborted: the rest is not part of it */
		} else {
			answer = true; /* private or intermediate */
		}
	}
	return i < SEQUENCE_MAX ? 0 : i;
}

static void take(struct input *in, size_t n)
{
	buf_consume(&in->in, n);
}

/* Ends a paste: its line breaks, in any convention, become \n, and the filter
 * removes everything else that a terminal would act on. */
static void paste_done(struct input *in, struct input_event *out)
{
	uint8_t *p = in->paste.p;
	size_t i, k = 0;

	for (i = 0; i < in->paste.len; i++) {
		if (p[i] == '\n' && i > 0 && p[i - 1] == '\r')
			continue;
		p[k] = p[i];
		k++;
	}
	/* This needs a second pass: the first one has to see every \r. */
	for (i = 0; i < k; i++)
		if (p[i] == '\r')
			p[i] = '\n';
	buf_clear(&in->filtered);
	if (text_filter(&in->filtered, p, k, TEXT_LINES) == 0) {
		out->key = INPUT_PASTE;
		out->text = (const char *)in->filtered.p;
		out->n = in->filtered.len;
		out->cut = in->paste_cut;
	}
	buf_clear(&in->paste);
	in->pasting = false;
}

static bool paste_some(struct input *in, struct input_event *out)
{
	const size_t end_len = sizeof(PASTE_END) - 1;
	const uint8_t *end;
	size_t n, room;

	end = in->in.len > 0 ? memmem(in->in.p, in->in.len, PASTE_END, end_len)
			     : NULL;
	if (end != NULL)
		n = (size_t)(end - in->in.p);
	else /* the end marker may be split: keep a possible prefix */
		n = in->in.len >= end_len ? in->in.len - (end_len - 1) : 0;
	room = PASTE_MAX - in->paste.len;
	if (buf_put(&in->paste, in->in.p, n < room ? n : room) != 0 || n > room)
		in->paste_cut = true;
	take(in, end != NULL ? n + end_len : n);
	if (end != NULL)
		paste_done(in, out);
	return end != NULL;
}

static bool control(char c, struct input_event *out)
{
	switch (c) {
	case '\r':
	case '\n':
		out->key = INPUT_ENTER;
		return true;
	case '\t':
		out->key = INPUT_TAB;
		return true;
	case 0x7f:
	case '\b':
		out->key = INPUT_BACKSPACE;
		return true;
	default:
		break;
	}
	if ((unsigned char)c >= 0x20)
		return false;
	out->key = INPUT_CTRL;
	out->letter = (char)(c + '@');
	return true;
}

/* Decodes a sequence that starts with ESC. Returns its length, or 0 if
 * incomplete. */
static size_t escape(struct input *in, bool late, struct input_event *out)
{
	const char *s = (const char *)in->in.p;
	size_t n = in->in.len, at = 0, k;
	bool paste = false;

	if (n > 1 && s[1] == ESC) /* rxvt's Alt with a key: ESC ESC [ */
		at = 1;
	if (n - at < 2 || (n - at == 2 && (s[at + 1] == 'O') && !late)) {
		if (!late)
			return 0;
		out->key = INPUT_ESCAPE;
		return 1;
	}
	if (s[at + 1] == '[') {
		k = csi(s + at, n - at, at > 0, &out->key, &paste);
		if (k == 0 && !late)
			return 0;
		in->pasting = paste;
		in->paste_cut = false;
		return k == 0 ? n : at + k;
	}
	if (s[at + 1] == 'O' && n - at > 2) {
		out->key = look_up(s[at + 2], 0, at > 0 ? 3 : 0);
		return at + 3;
	}
	if (control(s[at + 1], out)) {
		if (out->key == INPUT_ENTER)
			out->key = INPUT_ALT_ENTER;
		else if (out->key == INPUT_BACKSPACE)
			out->key = INPUT_ALT_BACKSPACE;
	} else {
		out->key = INPUT_ALT;
		out->letter = s[at + 1];
		if (out->letter >= 'A' && out->letter <= 'Z')
			out->letter = (char)(out->letter | 0x20);
	}
	return at + 2;
}

/* Decodes one UTF-8 character; 0 if incomplete. Invalid bytes are skipped. */
static size_t character(struct input *in, bool late, struct input_event *out)
{
	const uint8_t *s = in->in.p;
	size_t need = s[0] < 0xc2 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	size_t i;

	for (i = 1; i < need; i++) {
		if (i >= in->in.len)
			return late ? i : 0;
		if ((s[i] & 0xc0) != 0x80)
			return i;
	}
	buf_clear(&in->filtered);
	if (!text_utf8((const char *)s, need) ||
	    text_filter(&in->filtered, s, need, 0) != 0)
		return need;
	out->key = INPUT_TEXT;
	out->text = (const char *)in->filtered.p;
	out->n = in->filtered.len;
	return need;
}

void input_next(struct input *in, bool late, struct input_event *out)
{
	size_t k;

	*out = (struct input_event){0};
	while (in->in.len > 0 && out->key == INPUT_NONE) {
		if (in->pasting) {
			if (!paste_some(in, out))
				return;
			continue;
		}
		if (in->in.p[0] == ESC)
			k = escape(in, late, out);
		else if (control((char)in->in.p[0], out))
			k = 1;
		else
			k = character(in, late, out);
		if (k == 0)
			return;
		take(in, k);
	}
}
