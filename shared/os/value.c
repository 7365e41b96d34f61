/* value.c - one function for each kind of value that a person types. */
#include "shared/os/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/os/file.h"
#include "shared/wire/text.h"

/* Sets *s to the text without blanks around it, and returns its length. */
static size_t trim(const char **s)
{
	static const char blanks[] = " \t\r\n";
	size_t n;

	*s += strspn(*s, blanks);
	n = strlen(*s);
	while (n > 0 && strchr(blanks, (*s)[n - 1]) != NULL)
		n--;
	return n;
}

/* A name without the blanks around it, if it is a valid one, which `out` can hold. */
static int name(
    char *out, const char *s, bool (*valid)(const char *s, size_t n))
{
	size_t n = trim(&s);

	if (!valid(s, n))
		return ERR_USAGE;
	memcpy(out, s, n);
	out[n] = '\0';
	return 0;
}

int value_name(char out[WIRE_NAME_MAX + 1], const char *s)
{
	return name(out, s, text_name);
}

int value_room(char out[WIRE_ROOM_MAX + 1], const char *s)
{
	return name(out, s, text_room);
}

int value_word(unsigned *out, const char *const *words, const char *s)
{
	size_t n = trim(&s);
	unsigned i;

	for (i = 0; words[i] != NULL; i++) {
		if (strlen(words[i]) == n && memcmp(words[i], s, n) == 0) {
			*out = i;
			return 0;
		}
	}
	return ERR_USAGE;
}

int value_yes(bool *out, const char *s)
{
	static const char *const words[] = {"no", "yes", NULL};
	unsigned i;
	int r = value_word(&i, words, s);

	if (r == 0)
		*out = i == 1;
	return r;
}

/* No max is near 2^60, so that v cannot wrap. */
static int number(
    uint64_t *out, const char *s, size_t n, uint64_t min, uint64_t max)
{
	uint64_t v = 0;
	size_t i;

	if (n == 0)
		return ERR_USAGE;
	for (i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9' || v > max)
			return ERR_USAGE;
		v = 10 * v + (uint64_t)(s[i] - '0');
	}
	if (v < min || v > max)
		return ERR_USAGE;
	*out = v;
	return 0;
}

int value_number(uint64_t *out, const char *s, uint64_t min, uint64_t max)
{
	return number(out, s, strlen(s), min, max);
}

static size_t without_unit(const char *s, const char *per)
{
	size_t n = strlen(s), unit = strlen(per);

	return n > unit && strcmp(s + n - unit, per) == 0 ? n - unit : n;
}

int value_rate(uint64_t *out, const char *s, const char *per, uint64_t min,
    uint64_t max)
{
	return number(out, s, without_unit(s, per), min, max);
}

struct unit {
	char letter;
	uint64_t size;
};

/* A number followed by one of these letters; *unit is 1 if there is none. */
static int with_unit(uint64_t *out, uint64_t *unit, const char *s, size_t n,
    const struct unit *units, uint64_t max)
{
	uint64_t v;
	int r;

	*unit = 1;
	for (; units->letter != '\0'; units++) {
		if (n > 0 && s[n - 1] == units->letter) {
			*unit = units->size;
			n--;
			break;
		}
	}
	if ((r = number(&v, s, n, 0, max / *unit)) == 0)
		*out = v * *unit;
	return r;
}

int value_seconds(uint64_t *out, const char *s, uint64_t min, uint64_t max)
{
	static const struct unit units[] = {
	    {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'\0', 0}};
	uint64_t v, unit;
	int r = with_unit(&v, &unit, s, strlen(s), units, max);

	if (r == 0 && v < min)
		r = ERR_USAGE;
	if (r == 0)
		*out = v;
	return r;
}

static int bytes(
    uint64_t *out, const char *s, size_t n, uint64_t min, uint64_t max)
{
	static const struct unit units[] = {{'K', UINT64_C(1) << 10},
	    {'M', UINT64_C(1) << 20}, {'G', UINT64_C(1) << 30}, {'\0', 0}};
	uint64_t v, unit;
	int r = with_unit(&v, &unit, s, n, units, max);

	if (r == 0 && (unit == 1 || v < min))
		r = ERR_USAGE;
	if (r == 0)
		*out = v;
	return r;
}

int value_bytes(uint64_t *out, const char *s, uint64_t min, uint64_t max)
{
	return bytes(out, s, strlen(s), min, max);
}

int value_byte_rate(uint64_t *out, const char *s, uint64_t min, uint64_t max)
{
	size_t n = without_unit(s, "/s");

	if (number(out, s, n, min, 0) == 0)
		return 0;
	return bytes(out, s, n, min, max);
}

int value_path(char **out, const char *s, const char *base, struct errmsg *why)
{
	const char *home;
	int n;

	if (*s == '\0')
		return errmsg_set(
		    why, ERR_USAGE, "give the name of a file or folder");
	if (*s == '~' && s[1] != '\0' && s[1] != '/')
		return errmsg_set(why, ERR_USAGE,
		    "write the whole path in place of %.*s, or ./%.100s for a "
		    "file of that name",
		    (int)strcspn(s, "/") < 100 ? (int)strcspn(s, "/") : 100, s,
		    s);
	if (*s == '~') {
		if ((home = file_home()) == NULL)
			return errmsg_set(why, ERR_USAGE,
			    "there is no home directory for %.100s: set HOME, "
			    "or write the whole path",
			    s);
		n = asprintf(out, "%s%s", home, s + 1);
	} else if (*s != '/' && base != NULL) {
		n = asprintf(out, "%s/%s", base, s);
	} else {
		n = asprintf(out, "%s", s);
	}
	if (n >= 0)
		return 0;
	*out = NULL;
	return errmsg_set(why, ERR_NOMEM, "out of memory");
}
