/* own_accounts.c - reads and writes the names of accounts with a password of their
 * own. */
#include "client/trust/own_accounts.h"

#include <string.h>

#include "shared/os/file.h"
#include "shared/wire/bytes.h"
#include "shared/wire/text.h"

enum { NAMES_MAX = 64, FILE_BYTES = NAMES_MAX * (WIRE_NAME_MAX + 1) };

struct names {
	char name[NAMES_MAX][WIRE_NAME_MAX + 1];
	size_t n;
};

/* A line that is no name ends the file: nothing of it is of use. */
static void read_names(struct names *out, const char *path)
{
	const char *p, *nl;
	struct errmsg why;
	struct buf b;

	out->n = 0;
	buf_init(&b, FILE_BYTES + 1);
	if (path == NULL ||
	    file_read(path, FILE_OWN | FILE_NO_LINK, &b, &why) != 0)
		b.len = 0;
	for (p = (const char *)b.p; b.len > 0 && out->n < NAMES_MAX;
	     p = nl + 1) {
		nl = memchr(p, '\n', b.len - (size_t)(p - (const char *)b.p));
		if (nl == NULL || !text_name(p, (size_t)(nl - p)))
			break;
		memcpy(out->name[out->n], p, (size_t)(nl - p));
		out->name[out->n++][nl - p] = '\0';
	}
	buf_free(&b);
}

bool own_accounts_has(const char *path, const char *name)
{
	struct names names;
	size_t i;

	read_names(&names, path);
	for (i = 0; i < names.n; i++)
		if (text_same_name(names.name[i], name))
			return true;
	return false;
}

bool own_accounts_newest(const char *path, char name[WIRE_NAME_MAX + 1])
{
	struct names names;

	read_names(&names, path);
	if (names.n > 0)
		memcpy(name, names.name[0], WIRE_NAME_MAX + 1);
	return names.n > 0;
}

int own_accounts_keep(
    const char *path, const char *name, bool has, struct errmsg *why)
{
	struct names names;
	struct buf b;
	size_t i;
	int r = 0;

	read_names(&names, path);
	buf_init(&b, FILE_BYTES);
	if (has &&
	    ((r = buf_str(&b, name)) != 0 || (r = buf_u8(&b, '\n')) != 0))
		goto out;
	/* The oldest of too many makes room. */
	for (i = 0; i < names.n && (!has || i < NAMES_MAX - 1); i++)
		if (!text_same_name(names.name[i], name) &&
		    ((r = buf_str(&b, names.name[i])) != 0 ||
			(r = buf_u8(&b, '\n')) != 0))
			goto out;
out:
	if (r != 0)
		errmsg_set(why, r, "out of memory");
	else
		r = file_write(path, b.p, b.len, FILE_CACHE, why);
	buf_free(&b);
	return r;
}
