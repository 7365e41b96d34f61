/* file_name.c - makes safe names for files from others. */
#include "client/file_name.h"

#include <stdio.h>
#include <string.h>

#include "shared/wire/text.h"

enum { ENDING_MAX = 16 }; /* of ".tar.gz" the last part; longer is no ending */

/* What follows the last slash of either kind. */
static const char *last_part(const char *s, size_t *n)
{
	const char *p = s + *n;

	while (p > s && p[-1] != '/' && p[-1] != '\\')
		p--;
	*n -= (size_t)(p - s);
	return p;
}

static size_t ending_at(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t n = strlen(name);

	return dot == NULL || dot == name || strlen(dot) > ENDING_MAX
		   ? n
		   : (size_t)(dot - name);
}

/* Shortens the part before the ending, at a whole character. */
static void shorten(char *name)
{
	size_t n = strlen(name), dot = ending_at(name), cut;

	if (n <= FILE_NAME_MAX)
		return;
	cut = FILE_NAME_MAX - (n - dot);
	while (cut > 0 && text_trail((uint8_t)name[cut]))
		cut--;
	memmove(name + cut, name + dot, n - dot + 1);
}

void file_name_safe(char out[FILE_NAME_SIZE], const char *offered, size_t n)
{
	/* Each byte becomes three at most; what is longer is cut. */
	char name[3 * 4 * FILE_NAME_SIZE];
	const char *last = last_part(offered, &n);
	size_t len, i;

	text_filter_fixed(name, sizeof(name), last, n);
	for (i = 0; name[i] != '\0'; i++)
		if (strchr("/\\:*?\"<>|", name[i]) != NULL)
			name[i] = '_';
	for (i = 0; name[i] == '.' || name[i] == '-' || name[i] == ' ' ||
		    name[i] == '~';
	     i++)
		name[i] = '_';
	shorten(name);
	len = strlen(name);
	while (len > 0 && (name[len - 1] == '.' || name[len - 1] == ' '))
		name[--len] = '\0';
	snprintf(out, FILE_NAME_SIZE, "%s", len > 0 ? name : "file");
}

bool file_name_is_safe(const char *name)
{
	char safe[FILE_NAME_SIZE];

	file_name_safe(safe, name, strlen(name));
	return strcmp(safe, name) == 0;
}

void file_name_numbered(
    char *out, size_t size, const char *name, unsigned number)
{
	const size_t dot = ending_at(name);

	if (number == 1)
		snprintf(out, size, "%s", name);
	else
		snprintf(out, size, "%.*s (%u)%s", (int)dot, name, number,
		    name + dot);
}
