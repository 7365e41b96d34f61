/* keeper_key.c - reads or makes state.key. */
#include "server/store/keeper_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "server/store/db.h"
#include "shared/base/secret.h"
#include "shared/crypto/random.h"
#include "shared/os/file.h"
#include "shared/wire/wire.h"

/* ERR_AGAIN: there is no such file. */
static int read_key(
    uint8_t *key, const char *path, unsigned rules, struct errmsg *why)
{
	struct buf b;
	int r;

	buf_init_secret(&b, WIRE_KEY + 1);
	r = file_read(path, rules | FILE_NO_LINK, &b, why);
	if (r == ERR_LIMIT || (r == 0 && b.len != WIRE_KEY))
		r = errmsg_set(why, ERR_KEY,
		    "%s is not a key of %d bytes: put the right one back from "
		    "a copy",
		    path, WIRE_KEY);
	else if (r == 0)
		memcpy(key, b.p, WIRE_KEY);
	buf_free(&b);
	return r;
}

static bool has_database(const char *dir)
{
	struct stat st;
	char *path;
	bool has;

	if (asprintf(&path, "%s/" DB_NAME, dir) < 0)
		return true;
	has = stat(path, &st) == 0 && st.st_size > 0;
	free(path);
	return has;
}

static int make_key(
    uint8_t *key, const char *dir, const char *path, struct errmsg *why)
{
	const struct rng rng = random_system();
	int r;

	if (has_database(dir))
		return errmsg_set(why, ERR_KEY,
		    "%s is missing, and without it nobody can read the "
		    "history in %s/" DB_NAME ": put the key back from a copy, "
		    "or move the database away",
		    path, dir);
	if ((r = rng.fill(rng.arg, key, WIRE_KEY)) != 0)
		return errmsg_set(
		    why, r, "cannot make %s: %s", path, err_str(r));
	return file_write(path, key, WIRE_KEY, FILE_NEW_LOCKED, why);
}

static int path_of(char **out, const char *dir, struct errmsg *why)
{
	if (asprintf(out, "%s/" KEEPER_KEY_NAME, dir) >= 0)
		return 0;
	*out = NULL;
	return errmsg_set(why, ERR_NOMEM, "%s", err_str(ERR_NOMEM));
}

int keeper_key_read(uint8_t *key, const char *dir, struct errmsg *why)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	char *path = NULL;
	int r;

	if (credentials != NULL && credentials[0] == '/') {
		if ((r = path_of(&path, credentials, why)) != 0)
			return r;
		/* systemd may give it to us by an ACL, which shows as the
		 * group's. */
		r = read_key(key, path, FILE_OWN, why);
		free(path);
		if (r != ERR_AGAIN)
			return r;
	}
	if ((r = path_of(&path, dir, why)) != 0)
		return r;
	if ((r = read_key(key, path, FILE_PRIVATE, why)) == ERR_AGAIN)
		r = make_key(key, dir, path, why);
	free(path);
	return r;
}
