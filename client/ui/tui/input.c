/* input.c - a decoder for terminal escape sequences, UTF-8 and pastes: one
 * function for each state takes one byte. */
#include "client/ui/tui/input.h"

#include <string.h>
#include <utf8proc.h>

#include "client/ui/tui/keymap.h"
#include "client/ui/tui/late.h"
#include "shared/wire/text.h"

enum {
	BEL = 0x07,
	CAN = 0x18,
	SUB = 0x1a,
	ESC = 0x1b,
	/* C1. The same after ESC are 0x40 less. */
	C1_SS3 = 0x8f,
	C1_DCS = 0x90,
	C1_SOS = 0x98,
	C1_CSI = 0x9b,
	C1_ST = 0x9c,
	C1_OSC = 0x9d,
	C1_PM = 0x9e,
	C1_APC = 0x9f,
	/* U+0080..U+009F in UTF-8 begin with this byte. */
	C1_LEAD = 0xc2,
};

void input_init(struct input *in, unsigned wait_ms)
{
	*in = (struct input){.wait_ms = wait_ms};
	buf_init_secret(&in->in, (size_t)1 << 20);
	paste_init(&in->paste);
	buf_init_secret(&in->filtered, (size_t)4 * PASTE_MAX);
}

void input_free(struct input *in)
{
	buf_free(&in->in);
	paste_free(&in->paste);
	buf_free(&in->filtered);
}

/* --- events --------------------------------------------------------------- */

static void to_ground(struct input *in)
{
	in->state = INPUT_AT_GROUND;
	in->alt = false;
}

static void put_text(
    struct input *in, const void *utf8, size_t n, struct input_event *out)
{
	buf_clear(&in->filtered);
	if (text_filter(&in->filtered, utf8, n, TEXT_KEEP) != 0 ||
	    in->filtered.len == 0)
		return;
	out->key = INPUT_TEXT;
	out->text = (const char *)in->filtered.p;
	out->n = in->filtered.len;
}

static void put_key(
    struct input *in, const struct keymap_key *k, struct input_event *out)
{
	uint8_t utf8[4 * KEYMAP_TEXT_MAX];
	size_t n = 0;
	int i;

	if (k->key != INPUT_TEXT) {
		out->key = k->key;
		out->letter = k->letter;
		return;
	}
	for (i = 0; i < k->n; i++)
		n += (size_t)utf8proc_encode_char(
		    (utf8proc_int32_t)k->text[i], utf8 + n);
	put_text(in, utf8, n, out);
}

static void put_control(struct input *in, uint8_t b, struct input_event *out)
{
	const struct keymap_key k = keymap_control(b);

	put_key(in, &k, out);
}

static void put_alt(struct input *in, uint8_t b, struct input_event *out)
{
	const struct keymap_key k = keymap_alt(b);

	put_key(in, &k, out);
}

static void put_paste(struct input *in, bool whole, struct input_event *out)
{
	buf_clear(&in->filtered);
	if (paste_text(&in->paste, whole, &in->filtered) != 0)
		return;
	out->key = in->filtered.len > 0 ? INPUT_PASTE : INPUT_NONE;
	out->text = (const char *)in->filtered.p;
	out->n = in->filtered.len;
	out->left_out = in->paste.left_out;
	in->paste.left_out = 0;
}

/* --- characters ----------------------------------------------------------- */

/* A C1 control character, whose last byte is b: begins what ESC and a letter
 * begin. Those that begin nothing are swallowed. */
static void at_c1(struct input *in, uint8_t b, uint8_t before)
{
	in->before = before;
	in->intro = b;
	in->seq_n = in->swallowed = in->left = 0;
	in->lead = 0;
	switch (b) {
	case C1_CSI:
		in->state = INPUT_AT_CSI;
		break;
	case C1_SS3:
		in->state = INPUT_AT_SS3;
		break;
	case C1_DCS:
	case C1_SOS:
	case C1_OSC:
	case C1_PM:
	case C1_APC:
		in->state = INPUT_AT_STRING;
		break;
	default:
		to_ground(in);
		break;
	}
}

/* Each of these functions takes one byte in its state. It returns false when
 * the byte ends the state without belonging to it: the next state takes it. */
static bool at_ground(struct input *in, uint8_t b, struct input_event *out)
{
	size_t len = text_lead(b);

	if (in->late_left > 0 && text_trail(b)) {
		in->late_left--;
		return true;
	}
	in->late_left = 0;
	if (b == ESC) {
		in->state = INPUT_AT_ESC;
	} else if (b < 0x20 || b == 0x7f) {
		put_control(in, b, out);
	} else if (b < 0x80) {
		put_text(in, &b, 1, out);
	} else if (len > 0) {
		in->state = INPUT_AT_CHARACTER;
		in->seq[0] = (char)b;
		in->seq_n = 1;
		in->left = len - 1;
	} else if (b < 0xa0) {
		at_c1(in, b, 0);
	} else {
		to_ground(in);
	}
	return true;
}

static bool at_character(struct input *in, uint8_t b, struct input_event *out)
{
	if (!text_trail(b)) {
		to_ground(in);
		return false;
	}
	in->seq[in->seq_n++] = (char)b;
	if (--in->left > 0)
		return true;
	if ((uint8_t)in->seq[0] == C1_LEAD && b < 0xa0) {
		at_c1(in, b, C1_LEAD);
		return true;
	}
	/* Nothing is bound to Alt with such a character. */
	if (!in->alt && text_utf8(in->seq, in->seq_n))
		put_text(in, in->seq, in->seq_n, out);
	to_ground(in);
	return true;
}

/* --- sequences ------------------------------------------------------------ */

static bool at_esc(struct input *in, uint8_t b, struct input_event *out)
{
	in->alt = false;
	switch (b) {
	case ESC:
		in->state = INPUT_AT_ESC_ESC;
		return true;
	case C1_CSI - 0x40:
	case C1_SS3 - 0x40:
	case C1_DCS - 0x40:
	case C1_SOS - 0x40:
	case C1_OSC - 0x40:
	case C1_PM - 0x40:
	case C1_APC - 0x40:
		at_c1(in, b + 0x40, ESC);
		return true;
	default:
		break;
	}
	to_ground(in);
	if (b >= 0x80) { /* Alt with a character of several bytes, or C1 */
		in->alt = true;
		return false;
	}
	put_alt(in, b, out);
	return true;
}

/* rxvt sends Alt with a cursor key as ESC ESC [. Otherwise this was the Escape
 * key, and another ESC. */
static bool at_esc_esc(struct input *in, uint8_t b, struct input_event *out)
{
	in->state = INPUT_AT_ESC;
	if (b == '[' || b == 'O') {
		(void)at_esc(in, b, out);
		in->alt = true;
		return true;
	}
	put_control(in, ESC, out);
	return false;
}

/* Counts a byte of a sequence or string. False when there are too many. */
static bool swallow(struct input *in)
{
	if (in->swallowed == INPUT_STRING_MAX) {
		to_ground(in);
		return false;
	}
	in->swallowed++;
	return true;
}

/* A control character in a sequence cancels it. CAN and SUB do nothing else. */
static bool cancelled(struct input *in, uint8_t b)
{
	to_ground(in);
	return b == CAN || b == SUB;
}

static bool digits_only(const struct input *in)
{
	size_t i;

	for (i = 0; i < in->seq_n; i++)
		if (in->seq[i] < '0' || in->seq[i] > '9')
			return false;
	return in->seq_n > 0;
}

static void csi_end(struct input *in, char final, struct input_event *out)
{
	const bool alt = in->alt, whole = in->seq_n + 1 == in->swallowed;
	struct keymap_key k;

	to_ground(in);
	if (!whole)
		return;
	if (in->seq_n == 0 && (final == 'M' || final == 't' || final == 'T')) {
		/* The mouse reports of X10 and of highlight tracking. */
		in->state = INPUT_AT_MOUSE;
		in->left = final == 'M' ? 3 : final == 't' ? 2 : 6;
		in->lead = 0;
	} else if (final == '~' && in->seq_n == 3 &&
		   memcmp(in->seq, "200", 3) == 0) {
		in->state = INPUT_AT_PASTE;
		in->late = INPUT_AT_GROUND;
		paste_begin(&in->paste, in->before);
	} else if (final == '~' && in->seq_n == 3 &&
		   memcmp(in->seq, "201", 3) == 0) {
		in->late = INPUT_AT_GROUND; /* the end of a late paste */
	} else {
		k = keymap_csi(in->seq, in->seq_n, final, alt);
		put_key(in, &k, out);
	}
}

static bool at_csi(struct input *in, uint8_t b, struct input_event *out)
{
	if (b < 0x20 || b >= 0x7f)
		return cancelled(in, b);
	if (!swallow(in))
		return true;
	if (b == '[' && in->swallowed == 1) {
		in->state = INPUT_AT_CONSOLE;
		return true;
	}
	/* rxvt ends some keys with "$", which begins the end of a report. */
	if (b >= '@' || (b == '$' && digits_only(in))) {
		csi_end(in, (char)b, out);
		return true;
	}
	if (in->seq_n < sizeof(in->seq))
		in->seq[in->seq_n++] = (char)b;
	return true;
}

/* F1 to F5 of the Linux console: ESC [ [ A. */
static bool at_console(struct input *in, uint8_t b, struct input_event *out)
{
	if (b < 0x20 || b >= 0x7f)
		return cancelled(in, b);
	to_ground(in);
	if (b >= 'A' && b <= 'C')
		out->key = b == 'A'   ? INPUT_F1
			   : b == 'B' ? INPUT_F2
				      : INPUT_F3;
	return true;
}

static bool at_ss3(struct input *in, uint8_t b, struct input_event *out)
{
	const bool alt = in->alt;
	struct keymap_key k;

	if (b < 0x20 || b >= 0x7f)
		return cancelled(in, b);
	if (!swallow(in))
		return true;
	if (b >= '0' && b <= ';') {
		if (in->seq_n < sizeof(in->seq))
			in->seq[in->seq_n++] = (char)b;
		return true;
	}
	to_ground(in);
	if (in->seq_n + 1 == in->swallowed) {
		k = keymap_ss3(in->seq, in->seq_n, (char)b, alt);
		put_key(in, &k, out);
	}
	return true;
}

/* The button and the coordinates are a byte each, 0 when out of range, or in
 * mode 1005 a character of one or two bytes. */
static bool at_mouse(struct input *in, uint8_t b, struct input_event *out)
{
	(void)out;
	if (in->lead != 0 && text_trail(b)) {
		in->lead = 0;
	} else if (in->left == 0 || b == ESC) {
		to_ground(in);
		return false;
	} else {
		in->left--;
		in->lead = text_lead(b) == 2 ? b : 0;
	}
	if (in->left == 0 && in->lead == 0)
		to_ground(in);
	return true;
}

/* --- strings -------------------------------------------------------------- */

static bool at_string(struct input *in, uint8_t b, struct input_event *out)
{
	(void)out;
	if (!swallow(in))
		return true;
	/* 0x9c in a character is no ST, unless the character is U+009C. */
	if (in->left > 0 && text_trail(b)) {
		in->left--;
		if (in->lead == C1_LEAD && b == C1_ST)
			to_ground(in);
		return true;
	}
	in->lead = b;
	in->left = text_lead(b);
	if (in->left > 0)
		in->left--;
	else if (b == ESC)
		in->state = INPUT_AT_STRING_ESC;
	else if (b == C1_ST || b == CAN || b == SUB ||
		 (b == BEL && in->intro == C1_OSC))
		to_ground(in);
	return true;
}

static bool at_string_esc(struct input *in, uint8_t b, struct input_event *out)
{
	(void)out;
	if (b == '\\') {
		to_ground(in);
		return true;
	}
	if (in->intro == C1_SOS) { /* may contain anything but its end */
		in->state = b == ESC ? INPUT_AT_STRING_ESC : INPUT_AT_STRING;
		return swallow(in);
	}
	in->state = INPUT_AT_ESC;
	return false;
}

static bool at_paste(struct input *in, uint8_t b, struct input_event *out)
{
	if (paste_byte(&in->paste, b)) {
		to_ground(in);
		in->late = INPUT_AT_GROUND;
		put_paste(in, true, out);
	} else if (in->late == INPUT_AT_PASTE && paste_begins(&in->paste)) {
		/* The bytes since the silence were no rest, or it has no end. */
		in->late = INPUT_AT_GROUND;
		put_paste(in, true, out);
		paste_begin(&in->paste, in->paste.before);
	}
	return true;
}

/* --- silence -------------------------------------------------------------- */

/* Ends the state whose rest does not come. */
static void give_up(struct input *in, uint64_t now_ms, struct input_event *out)
{
	const enum input_state state = in->state;
	const bool letter = in->before == ESC && in->swallowed == 0 && !in->alt;

	to_ground(in);
	switch (state) {
	case INPUT_AT_ESC_ESC:
		in->state = INPUT_AT_ESC; /* ends at once as well */
					  /* fall through */
	case INPUT_AT_ESC:
		put_control(in, ESC, out);
		break;
	case INPUT_AT_CHARACTER:
		in->late_left = in->left;
		break;
	case INPUT_AT_CSI:
	case INPUT_AT_SS3:
	case INPUT_AT_STRING:
		/* Alt with the letter that begins sequences. */
		if (letter) {
			put_alt(in, in->intro - 0x40, out);
			return;
		}
		break;
	case INPUT_AT_PASTE:
		put_paste(in, false, out);
		break;
	default:
		break;
	}
	in->late = state;
	in->late_ms = now_ms;
}

/* Goes back to the state that was given up, if these bytes belong to it. */
static void take_up(
    struct input *in, const uint8_t *p, size_t n, uint64_t now_ms)
{
	const uint64_t since_ms = now_ms - in->late_ms;

	switch (in->late) {
	case INPUT_AT_ESC:
		if (since_ms <= INPUT_LATE_MS && late_csi(p, n))
			in->state = in->late;
		break;
	case INPUT_AT_STRING:
	case INPUT_AT_STRING_ESC:
		if (since_ms <= INPUT_LATE_MS &&
		    late_string(p, n, in->intro == C1_OSC,
			in->late == INPUT_AT_STRING_ESC))
			in->state = p[0] == '\\' ? in->late : INPUT_AT_STRING;
		break;
	case INPUT_AT_CHARACTER:
		if (since_ms > INPUT_LATE_MS)
			in->late_left = 0;
		return;
	case INPUT_AT_PASTE:
		if (since_ms > INPUT_LATE_PASTE_MS)
			break;
		if (!late_typed(p, n) || paste_ends(&in->paste, p[0]))
			in->state = in->late;
		return; /* further reads may belong to it */
	default:
		return;
	}
	in->late = INPUT_AT_GROUND;
}

/* --- the entries ---------------------------------------------------------- */

int input_feed(struct input *in, const void *p, size_t n, uint64_t now_ms)
{
	buf_consume(&in->in, in->at);
	in->at = 0;
	if (n > 0 && in->in.len == 0 && in->state == INPUT_AT_GROUND)
		take_up(in, p, n, now_ms);
	in->last_ms = now_ms;
	return buf_put(&in->in, p, n);
}

void input_next(struct input *in, uint64_t now_ms, struct input_event *out)
{
	static bool (*const steps[])(
	    struct input *, uint8_t, struct input_event *) = {
	    [INPUT_AT_GROUND] = at_ground,
	    [INPUT_AT_CHARACTER] = at_character,
	    [INPUT_AT_ESC] = at_esc,
	    [INPUT_AT_ESC_ESC] = at_esc_esc,
	    [INPUT_AT_CSI] = at_csi,
	    [INPUT_AT_CONSOLE] = at_console,
	    [INPUT_AT_SS3] = at_ss3,
	    [INPUT_AT_MOUSE] = at_mouse,
	    [INPUT_AT_STRING] = at_string,
	    [INPUT_AT_STRING_ESC] = at_string_esc,
	    [INPUT_AT_PASTE] = at_paste,
	};

	*out = (struct input_event){0};
	while (out->key == INPUT_NONE && in->at < in->in.len)
		if (steps[in->state](in, in->in.p[in->at], out))
			in->at++;
	while (out->key == INPUT_NONE && now_ms >= input_deadline(in))
		give_up(in, now_ms, out);
}

uint64_t input_deadline(const struct input *in)
{
	return in->state == INPUT_AT_GROUND ? UINT64_MAX
					    : in->last_ms + in->wait_ms;
}
