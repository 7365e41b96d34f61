/* text.c - UTF-8, names and the terminal filter. */
#include <string.h>
#include <utf8proc.h>

#include "shared/base/secret.h"
#include "shared/wire/text.h"

#define REPLACEMENT 0xfffd

/* One code point: its bytes, or 0 when what stands there is no UTF-8. */
/*@ requires n > 0 && \valid_read(s + (0 .. n - 1)) && \valid(cp);
    assigns *cp;
    ensures \result <= n && \result <= 4;
    ensures \result > 0 ==> 0 <= *cp <= 0x10ffff; */
static size_t decode(const uint8_t *s, size_t n, int32_t *cp)
{
	utf8proc_ssize_t used;

	/* No code point is longer than 4; and n may not fit their type. */
	used = utf8proc_iterate(s, n < 4 ? (utf8proc_ssize_t)n : 4, cp);
	return used > 0 ? (size_t)used : 0;
}

bool text_utf8(const void *s, size_t n)
{
	const uint8_t *p = s;
	size_t used;
	int32_t cp;

	/*@ loop invariant 0 <= n <= \at(n, Pre);
	    loop invariant p == (uint8_t *)s + (\at(n, Pre) - n);
	    loop assigns p, n, used, cp;
	    loop variant n; */
	for (; n > 0; p += used, n -= used) {
		if (*p < 0x80)
			used = 1;
		else if ((used = decode(p, n, &cp)) == 0)
			return false;
	}
	return true;
}

size_t text_lead(uint8_t b)
{
	return b < 0xc2 ? 0 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : b < 0xf5 ? 4 : 0;
}

bool text_trail(uint8_t b)
{
	return (b & 0xc0) == 0x80;
}

size_t text_bom(const void *s, size_t n)
{
	return n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

bool text_utf16(const void *s, size_t n)
{
	const uint8_t *p = s;

	if (n < 2)
		return false;
	if ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff))
		return true;
	return n >= 4 && (p[0] == 0) == (p[2] == 0) &&
	       (p[1] == 0) == (p[3] == 0) && (p[0] == 0) != (p[1] == 0);
}

/* --- names --- */

/*@ assigns \nothing; */
static bool letter_or_digit(char c)
{
	return (text_lower(c) >= 'a' && text_lower(c) <= 'z') || (c >= '0' && c <= '9');
}

/* Reserved names, all of this length and in lower case. */
enum { RESERVED = 6 };
static const char reserved[][RESERVED] = {"server", "system"};

/*@ requires \valid_read(s + (0 .. RESERVED - 1));
    requires \valid_read(word + (0 .. RESERVED - 1));
    assigns \nothing; */
static bool is_word(const char *s, const char *word)
{
	size_t i;

	/*@ loop invariant 0 <= i <= RESERVED;
	    loop assigns i;
	    loop variant RESERVED - i; */
	for (i = 0; i < RESERVED; i++)
		if (text_lower(s[i]) != word[i])
			return false;
	return true;
}

/*@ requires \valid_read(s + (0 .. n - 1));
    assigns \nothing;
    ensures \result ==> 1 <= n <= max; */
static bool name_ok(const char *s, size_t n, size_t max)
{
	size_t i;

	if (n < 1 || n > max || !letter_or_digit(s[0]))
		return false;
	/*@ loop invariant 1 <= i <= n;
	    loop assigns i;
	    loop variant n - i; */
	for (i = 1; i < n; i++)
		if (!letter_or_digit(s[i]) && s[i] != '.' && s[i] != '_' &&
		    s[i] != '-')
			return false;
	return n != RESERVED ||
	       (!is_word(s, reserved[0]) && !is_word(s, reserved[1]));
}

bool text_name(const char *s, size_t n)
{
	return name_ok(s, n, WIRE_NAME_MAX);
}

bool text_room(const char *s, size_t n)
{
	return name_ok(s, n, WIRE_ROOM_MAX);
}

/*@ requires valid_read_string(a) && valid_read_string(b);
    assigns \nothing; */
bool text_same_name(const char *a, const char *b)
{
	/*@ loop invariant valid_read_string(a) && valid_read_string(b);
	    loop assigns a, b;
	    loop variant strlen(a); */
	while (*a != '\0' && text_lower(*a) == text_lower(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}

/*@ assigns \nothing;
    ensures \result == 0 <==> c == 0; */
static char look_of(char c)
{
	switch (c = text_lower(c)) {
	case '0':
		return 'o';
	case '1':
	case 'i':
		return 'l';
	case '_':
	case '.':
		return '-';
	default:
		return c;
	}
}

void text_room_form(char out[WIRE_ROOM_MAX + 1], const char *name)
{
	size_t i, n = 0;

	/*@ loop invariant n <= i <= WIRE_ROOM_MAX;
	    loop invariant i <= strlen(name);
	    loop assigns i, n, out[0 .. WIRE_ROOM_MAX];
	    loop variant WIRE_ROOM_MAX - i; */
	for (i = 0; i < WIRE_ROOM_MAX && name[i] != '\0'; i++) {
		out[n] = look_of(name[i]);
		if (n > 0 && out[n - 1] == 'r' && out[n] == 'n')
			out[n - 1] = 'm';
		else if (n > 0 && out[n - 1] == 'v' && out[n] == 'v')
			out[n - 1] = 'w';
		else
			n++;
	}
	out[n] = '\0';
}

bool text_reserved(const char *s)
{
	return strlen(s) == RESERVED &&
	       (is_word(s, reserved[0]) || is_word(s, reserved[1]));
}

/* --- invites --- */

bool text_invite_id(const char *s, size_t n)
{
	size_t i;

	if (n != WIRE_INVITE_ID)
		return false;
	/*@ loop invariant 0 <= i <= n;
	    loop assigns i;
	    loop variant n - i; */
	for (i = 0; i < n; i++)
		if ((s[i] < 'a' || s[i] > 'z') && (s[i] < '2' || s[i] > '7'))
			return false;
	return true;
}

/* The last of 22 characters has four unused bits, which are zero. */
/*@ assigns \nothing; */
static bool last_of_secret(char c)
{
	return c == 'A' || c == 'Q' || c == 'g' || c == 'w';
}

bool text_invite_secret(const char *s, size_t n)
{
	size_t i;

	if (n != WIRE_INVITE_SECRET)
		return false;
	/*@ loop invariant 0 <= i <= n;
	    loop assigns i;
	    loop variant n - i; */
	for (i = 0; i < n; i++)
		if (!letter_or_digit(s[i]) && s[i] != '-' && s[i] != '_')
			return false;
	return last_of_secret(s[n - 1]);
}

/* --- passwords --- */

/*@ requires \valid_read(s + (0 .. n - 1));
    assigns \nothing; */
static bool password_chars(const uint8_t *s, size_t n)
{
	size_t used;
	int32_t cp;

	/*@ loop invariant 0 <= n <= \at(n, Pre);
	    loop invariant s == \at(s, Pre) + (\at(n, Pre) - n);
	    loop assigns s, n, used, cp;
	    loop variant n; */
	for (; n > 0; s += used, n -= used) {
		if ((used = decode(s, n, &cp)) == 0 ||
		    utf8proc_category(cp) == UTF8PROC_CATEGORY_CC)
			return false;
	}
	return true;
}

int text_password(struct buf *out, const char *pw, size_t n)
{
	/* utf8proc_map does these two steps, but in ordinary memory that it
	 * may reallocate. We keep the characters in memory that is wiped. */
	const utf8proc_option_t nfc = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
	const uint8_t *s = (const uint8_t *)pw;
	int32_t *cps = NULL;
	utf8proc_ssize_t len, wrote;
	size_t size = 0;
	int r = ERR_USAGE;

	/* NFC never shrinks a text to less than a third, so anything longer
	 * than this cannot fit the limit. */
	if (n < 1 || n > 4 * WIRE_PASSWORD_MAX || !password_chars(s, n))
		return ERR_USAGE;
	len = utf8proc_decompose(s, (utf8proc_ssize_t)n, NULL, 0, nfc);
	if (len < 1)
		goto out;
	/* One more, because reencode writes a zero byte after the text. */
	size = ((size_t)len + 1) * sizeof(*cps);
	if ((cps = secret_alloc(size)) == NULL) {
		r = ERR_NOMEM;
		goto out;
	}
	if (utf8proc_decompose(s, (utf8proc_ssize_t)n, cps, len, nfc) != len ||
	    (wrote = utf8proc_reencode(cps, len, nfc)) < 1 ||
	    wrote > WIRE_PASSWORD_MAX)
		goto out;
	r = buf_put(out, cps, (size_t)wrote);
out:
	secret_free(cps, size);
	return r;
}

/* --- the filter --- */

struct filter {
	unsigned flags;
	unsigned marks; /* zero-width characters in a row */
};

/* Visible format characters: they precede a number or a name and enclose it. */
/*@ assigns \nothing; */
static bool visible_format(int32_t cp)
{
	return (cp >= 0x0600 && cp <= 0x0605) || cp == 0x06dd || cp == 0x070f ||
	       cp == 0x0890 || cp == 0x0891 || cp == 0x08e2 || cp == 0x110bd ||
	       cp == 0x110cd;
}

/*@ assigns \nothing; */
static bool joiner(int32_t cp)
{
	return cp == 0x200c || cp == 0x200d;
}

/* Format characters that reorder text, or take it out of the line. */
/*@ assigns \nothing; */
static bool dangerous_format(int32_t cp)
{
	return (cp >= 0x202a && cp <= 0x202e) ||
	       (cp >= 0x2066 && cp <= 0x206f) || (cp >= 0xfff9 && cp <= 0xfffb);
}

/* Code points that no program may exchange, or that will be invisible (bidi
 * controls among them) if they are ever assigned. */
/*@ assigns \nothing; */
static bool never_visible(int32_t cp)
{
	return (cp >= 0xfdd0 && cp <= 0xfdef) || (cp & 0xfffe) == 0xfffe ||
	       cp == 0x2065 || (cp >= 0xfff0 && cp <= 0xfff8) ||
	       (cp >= 0xe0000 && cp <= 0xe0fff);
}

/*@ assigns \nothing; */
static bool replaced(int32_t cp, unsigned flags)
{
	switch (utf8proc_category(cp)) {
	case UTF8PROC_CATEGORY_CC: /* C1; C0 and DEL have pictures */
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return true;
	case UTF8PROC_CATEGORY_CN:
		return (flags & TEXT_STRICT) != 0 || never_visible(cp);
	case UTF8PROC_CATEGORY_CF:
		return dangerous_format(cp) ||
		       ((flags & TEXT_STRICT) != 0 && !joiner(cp) &&
			   !visible_format(cp));
	default:
		break;
	}
	/* Letters that are drawn as blank, one or two cells wide. */
	return cp == 0x3164 || cp == 0xffa0;
}

/* Invisible and harmless, where it is not replaced. */
/*@ assigns \nothing; */
static bool left_out(int32_t cp, unsigned flags)
{
	return (flags & (TEXT_KEEP | TEXT_STRICT)) == 0 &&
	       utf8proc_category(cp) == UTF8PROC_CATEGORY_CF && !joiner(cp) &&
	       !visible_format(cp) && !dangerous_format(cp);
}

/*@ assigns \nothing; */
static bool no_width(int32_t cp)
{
	switch (utf8proc_category(cp)) {
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
		return true;
	default:
		break;
	}
	/* Vowels and finals that complete a Hangul block. Terminals draw
	 * them inside the block, but utf8proc counts a cell for each. */
	if ((cp >= 0x1160 && cp <= 0x11ff) || (cp >= 0xd7b0 && cp <= 0xd7ff))
		return true;
	return joiner(cp) || utf8proc_charwidth(cp) == 0;
}

/* Consumes one character, or one invalid byte, from the n > 0 bytes at s and
 * writes its visible form. Returns the number of bytes consumed. */
/*@ requires n > 0 && \valid_read(s + (0 .. n - 1));
    requires \valid(f) && \valid(out + (0 .. 3)) && \valid(out_len);
    requires \separated(f, out + (0 .. 3), out_len);
    assigns f->marks, out[0 .. 3], *out_len;
    ensures 1 <= \result <= n && *out_len <= 4; */
static size_t filter_one(
    struct filter *f, const uint8_t *s, size_t n, char out[4], size_t *out_len)
{
	int32_t cp;
	size_t used = decode(s, n, &cp);

	*out_len = 0;
	if (used == 0) {
		used = 1;
		cp = REPLACEMENT;
	}
	if ((f->flags & TEXT_LINES) && cp == '\t') {
		f->marks = 0;
		memset(out, ' ', *out_len = 4);
		return used;
	}
	if (cp < 0x20 && !((f->flags & TEXT_LINES) && cp == '\n'))
		cp += 0x2400;
	else if (cp == 0x7f)
		cp = 0x2421;
	else if (cp >= 0x80 && left_out(cp, f->flags))
		return used;
	else if (cp >= 0x80 && replaced(cp, f->flags))
		cp = REPLACEMENT;
	if (cp >= 0x80 && no_width(cp)) {
		if (f->marks == TEXT_MARKS_MAX)
			return used;
		f->marks++;
	} else {
		f->marks = 0;
	}
	if ((f->flags & TEXT_ASCII) && cp >= 0x7f)
		cp = '?';
	*out_len = (size_t)utf8proc_encode_char(cp, (uint8_t *)out);
	return used;
}

int text_filter(struct buf *out, const void *s, size_t n, unsigned flags)
{
	struct filter f = {.flags = flags};
	const size_t start = out->len;
	const uint8_t *p = s;
	size_t used, len;
	char shown[4];
	int r;

	/*@ loop invariant 0 <= n <= \at(n, Pre) && buf_ok(out);
	    loop invariant p == (uint8_t *)s + (\at(n, Pre) - n);
	    loop invariant start <= out->len <= start + 4 * (\at(n, Pre) - n);
	    loop invariant \separated(out->p + (0 .. out->cap - 1), &shown);
	    loop assigns p, n, used, len, r, f, shown[0 .. 3];
	    loop assigns *out, out->p[0 .. out->cap - 1];
	    loop variant n; */
	for (; n > 0; p += used, n -= used) {
		used = filter_one(&f, p, n, shown, &len);
		r = buf_put(out, shown, len);
		//@ admit fresh: \separated(out->p + (0 .. out->cap - 1), &shown);
		if (r != 0) {
			buf_truncate(out, start);
			return r;
		}
	}
	return 0;
}

void text_filter_fixed(char *out, size_t size, const void *s, size_t n)
{
	struct filter f = {.flags = TEXT_STRICT};
	const uint8_t *p = s;
	size_t used, len, at = 0;
	char shown[4];

	if (size == 0)
		return;
	/*@ loop invariant 0 <= n <= \at(n, Pre) && at < size;
	    loop invariant p == (uint8_t *)s + (\at(n, Pre) - n);
	    loop assigns p, n, used, len, at, f, shown[0 .. 3], out[0 .. size - 1];
	    loop variant n; */
	for (; n > 0; p += used, n -= used) {
		used = filter_one(&f, p, n, shown, &len);
		if (len > size - 1 - at)
			break;
		memcpy(out + at, shown, len);
		at += len;
	}
	out[at] = '\0';
}
