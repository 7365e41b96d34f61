/* unfinished.c - keeps the records of transfers. */
#include "client/trust/unfinished.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/secret.h"
#include "shared/os/file.h"
#include "shared/wire/json.h"
#include "shared/wire/text.h"

enum { NAME_BYTES = 2 + 2 * WIRE_ID + 1, RECORD_MAX = 16 << 10 };

struct kept {
	char name
	    [NAME_BYTES]; /* after the prefix: "-s" or "-g", the id in hex */
	int fd;		  /* locked */
};

struct unfinished {
	char *prefix; /* owned; or NULL */
	DIR *left;    /* what unfinished_next has not looked at; or NULL */
	struct kept all[UNFINISHED_MAX];
	size_t n;
};

int unfinished_open(
    struct unfinished **out, const char *prefix, struct errmsg *why)
{
	struct unfinished *u = calloc(1, sizeof(*u));
	char *slash;

	*out = u;
	if (u == NULL ||
	    (prefix != NULL && (u->prefix = strdup(prefix)) == NULL)) {
		unfinished_free(u);
		*out = NULL;
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	}
	if (prefix == NULL || (slash = strrchr(u->prefix, '/')) == NULL)
		return 0;
	*slash = '\0';
	u->left = opendir(u->prefix);
	*slash = '/';
	return 0;
}

static void close_left(struct unfinished *u)
{
	if (u->left != NULL)
		closedir(u->left);
	u->left = NULL;
}

void unfinished_free(struct unfinished *u)
{
	size_t i;

	if (u == NULL)
		return;
	close_left(u);
	for (i = 0; i < u->n; i++)
		close(u->all[i].fd);
	free(u->prefix);
	free(u);
}

static void name_of(char out[NAME_BYTES], bool own, const uint8_t *id)
{
	size_t i;

	snprintf(out, NAME_BYTES, "-%c", own ? 's' : 'g');
	for (i = 0; i < WIRE_ID; i++)
		snprintf(out + 2 + 2 * i, 3, "%02x", id[i]);
}

static char *path_of(const struct unfinished *u, const char *name)
{
	char *path;

	return asprintf(&path, "%s%s", u->prefix, name) < 0 ? NULL : path;
}

/* --- a record ---------------------------------------------------------------- */

static int encode(struct buf *out, const struct file_record *r)
{
	struct json_w w;

	json_begin(&w, out);
	json_put_bool(&w, "own", r->own);
	json_put_str(&w, "room", r->room);
	json_put_str(&w, "with", r->with);
	json_put_str(&w, "from", r->from);
	json_put_b64(&w, "place", r->place, strlen(r->place));
	json_put_b64(&w, "stamp", &r->stamp, sizeof(r->stamp));
	blob_offer_put(&w, &r->offer);
	return json_end(&w);
}

static int fill(struct file_record *out, const json_t *o)
{
	size_t n;
	int r;

	out->own = json_is_true(json_object_get(o, "own"));
	if ((r = json_text(o, "room", out->room, WIRE_ROOM_MAX)) != 0 ||
	    (r = json_text(o, "with", out->with, WIRE_NAME_MAX)) != 0 ||
	    (r = json_text(o, "from", out->from, WIRE_NAME_MAX)) != 0 ||
	    (r = json_b64_max(
		 o, "place", out->place, sizeof(out->place) - 1, &n)) != 0 ||
	    (r = json_b64(o, "stamp", &out->stamp, sizeof(out->stamp))) != 0 ||
	    (r = blob_offer_get(&out->offer, o)) != 0)
		return r;
	out->place[n] = '\0';
	if (strlen(out->place) != n)
		return ERR_TEXT;
	/* One of the two. */
	return (out->with[0] == '\0'
		       ? text_room(out->room, strlen(out->room))
		       : out->room[0] == '\0' &&
			     text_name(out->with, strlen(out->with)))
		   ? 0
		   : ERR_NAME;
}

static int decode(struct file_record *out, const struct buf *text)
{
	json_t *o = NULL;
	int r = json_parse(&o, text->p, text->len);

	memset(out, 0, sizeof(*out));
	if (r == 0)
		r = fill(out, o);
	json_decref(o);
	return r;
}

/* --- the files ----------------------------------------------------------------- */

/* Opens and locks a record that is there. -1: it is somebody else's, or gone. */
static int claim(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && file_lock(fd, false) == ERR_STATE) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool load(
    struct unfinished *u, const char *name, struct file_record *out)
{
	char *path = path_of(u, name), own[NAME_BYTES];
	int fd = path != NULL ? claim(path) : -1;
	struct errmsg why;
	struct buf text;
	bool good;

	buf_init_secret(&text, RECORD_MAX);
	good = fd >= 0 &&
	       file_read(path, FILE_PRIVATE | FILE_NO_LINK, &text, &why) == 0 &&
	       decode(out, &text) == 0;
	if (good) {
		name_of(own, out->own, out->offer.id);
		good = strcmp(own, name) == 0;
	}
	if (good) {
		snprintf(u->all[u->n].name, NAME_BYTES, "%s", name);
		u->all[u->n++].fd = fd;
	} else if (fd >= 0) {
		close(fd);
	}
	buf_free(&text);
	free(path);
	return good;
}

bool unfinished_next(struct unfinished *u, struct file_record *out)
{
	const char *base;
	struct dirent *e;
	size_t n;

	if (u->left == NULL)
		return false;
	base = strrchr(u->prefix, '/') + 1;
	n = strlen(base);
	while (u->n < UNFINISHED_MAX && (e = readdir(u->left)) != NULL)
		if (strncmp(e->d_name, base, n) == 0 &&
		    strlen(e->d_name + n) == NAME_BYTES - 1 &&
		    load(u, e->d_name + n, out))
			return true;
	close_left(u);
	return false;
}

static size_t find(const struct unfinished *u, const char *name)
{
	size_t i;

	for (i = 0; i < u->n && strcmp(u->all[i].name, name) != 0; i++)
		;
	return i;
}

static void drop(struct unfinished *u, size_t i)
{
	char *path = path_of(u, u->all[i].name);

	if (path != NULL)
		(void)unlink(path);
	free(path);
	close(u->all[i].fd);
	u->all[i] = u->all[--u->n];
}

int unfinished_keep(
    struct unfinished *u, const struct file_record *r, struct errmsg *why)
{
	char name[NAME_BYTES], *path;
	struct buf text;
	int err;

	if (u->prefix == NULL)
		return 0;
	name_of(name, r->own, r->offer.id);
	if (find(u, name) < u->n)
		drop(u, find(u, name));
	if (u->n == UNFINISHED_MAX)
		return errmsg_set(
		    why, ERR_LIMIT, "too many files are on their way");
	if ((path = path_of(u, name)) == NULL)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	buf_init_secret(&text, RECORD_MAX);
	if ((err = encode(&text, r)) != 0)
		errmsg_set(why, err, "%s: %s", path, err_str(err));
	else
		err = file_write(path, text.p, text.len, FILE_REPLACE, why);
	if (err == 0) {
		memcpy(u->all[u->n].name, name, NAME_BYTES);
		u->all[u->n].fd = claim(path);
		if (u->all[u->n].fd < 0)
			err = errmsg_set(
			    why, ERR_IO, "%s cannot be locked", path);
		else
			u->n++;
	}
	buf_free(&text);
	free(path);
	return err;
}

void unfinished_forget(
    struct unfinished *u, bool own, const uint8_t id[WIRE_ID])
{
	char name[NAME_BYTES];
	size_t i;

	name_of(name, own, id);
	if ((i = find(u, name)) < u->n)
		drop(u, i);
}
