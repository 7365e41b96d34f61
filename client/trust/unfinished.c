/* unfinished.c - keeps the records of transfers. */
#include "client/trust/unfinished.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/trust/sealed_file.h"
#include "shared/base/secret.h"
#include "shared/os/file.h"
#include "shared/wire/json.h"
#include "shared/wire/text.h"

static const struct sealed_file_kind kind = {"conclave transfer 1\n",
    "conclave/1 transfer file", "its transfer begins anew"};

enum { NAME_BYTES = 2 + 2 * WIRE_ID + 1, RECORD_MAX = 16 << 10 };

struct kept {
	char name
	    [NAME_BYTES]; /* after the prefix: "-s" or "-g", the id in hex */
	int fd;		  /* locked */
};

struct unfinished {
	char *prefix; /* owned; or NULL */
	struct sealed_file *file;
	DIR *left;    /* what unfinished_next has not looked at; or NULL */
	struct kept all[UNFINISHED_MAX];
	size_t n;
};

int unfinished_open(struct unfinished **out, const char *prefix,
    const struct identity *identity, struct errmsg *why)
{
	struct unfinished *u = calloc(1, sizeof(*u));
	int r = u == NULL ? ERR_NOMEM : 0;
	char *slash;

	*out = u;
	if (r == 0 && prefix != NULL && (u->prefix = strdup(prefix)) == NULL)
		r = ERR_NOMEM;
	if (r == 0 && prefix != NULL)
		r = sealed_file_new(&u->file, &kind, identity);
	if (r != 0) {
		unfinished_free(u);
		*out = NULL;
		return errmsg_set(why, r, "%s", err_str(r));
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
	sealed_file_free(u->file);
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

static int parse(struct file_record *out, const struct buf *text)
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

/* Writes the record and locks it. */
static int write_record(struct unfinished *u, const char *path,
    const struct file_record *rec, int *fd, struct errmsg *why)
{
	struct buf text;
	int r;

	buf_init_secret(&text, RECORD_MAX);
	if ((r = encode(&text, rec)) != 0)
		errmsg_set(why, r, "%s: %s", path, err_str(r));
	else
		r = sealed_file_write(u->file, path, &text, why);
	if (r == 0 && (*fd = claim(path)) < 0)
		r = errmsg_set(why, ERR_IO, "%s cannot be locked", path);
	buf_free(&text);
	return r;
}

/* *clear: it is of an earlier version, which did not seal it. */
static bool read_record(struct unfinished *u, const char *path,
    struct file_record *out, bool *clear)
{
	struct errmsg why;
	struct buf text;
	bool good;

	buf_init_secret(&text, RECORD_MAX);
	good = sealed_file_read(u->file, path, &text, clear, &why) == 0 &&
	       parse(out, &text) == 0;
	buf_free(&text);
	return good;
}

/* Puts a sealed one in the place of what *fd has locked. */
static void reseal(struct unfinished *u, const char *path,
    const struct file_record *r, int *fd)
{
	struct errmsg why;
	int sealed;

	if (write_record(u, path, r, &sealed, &why) != 0)
		return; /* the next time */
	close(*fd);
	*fd = sealed;
}

static bool load(
    struct unfinished *u, const char *name, struct file_record *out)
{
	char *path = path_of(u, name), own[NAME_BYTES];
	int fd = path != NULL ? claim(path) : -1;
	bool clear, good = fd >= 0 && read_record(u, path, out, &clear);

	if (good) {
		name_of(own, out->own, out->offer.id);
		good = strcmp(own, name) == 0;
	}
	if (good && clear)
		reseal(u, path, out, &fd);
	if (good) {
		snprintf(u->all[u->n].name, NAME_BYTES, "%s", name);
		u->all[u->n++].fd = fd;
	} else if (fd >= 0) {
		close(fd);
	}
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
	err = write_record(u, path, r, &u->all[u->n].fd, why);
	if (err == 0)
		memcpy(u->all[u->n++].name, name, NAME_BYTES);
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
