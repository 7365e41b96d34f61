#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client/store.h"

void store_complain(
    const struct complain *c, const char *path, unsigned line, const char *what)
{
	struct errmsg w;

	if (c == NULL || c->fn == NULL)
		return;
	errmsg_set(&w, 0, "%s line %u: %s; the line is ignored", path, line, what);
	c->fn(c->arg, w.text);
}

int store_path(char **out, const char *file, struct errmsg *why)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home;
	const struct passwd *pw;
	int n;

	/* The XDG specification: a relative one is to be ignored. */
	if (config != NULL && config[0] == '/') {
		n = asprintf(out, "%s/conclave/%s", config, file);
	} else {
		home = getenv("HOME");
		if ((home == NULL || home[0] != '/') &&
		    (pw = getpwuid(geteuid())) != NULL)
			home = pw->pw_dir;
		if (home == NULL || home[0] != '/')
			return errmsg_set(why, ERR_USAGE,
			    "there is no home directory to keep %s in: set "
			    "HOME or XDG_CONFIG_HOME",
			    file);
		n = asprintf(out, "%s/.config/conclave/%s", home, file);
	}
	return n < 0 ? errmsg_set(why, ERR_NOMEM, "out of memory") : 0;
}

int store_folder(const char *path, struct errmsg *why)
{
	char *p = strdup(path), *s;
	int r = 0;

	if (p == NULL)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	for (s = p; (s = strchr(s + 1, '/')) != NULL; *s = '/') {
		*s = '\0';
		if (mkdir(p, 0700) != 0 && errno != EEXIST) {
			r = errmsg_set(why, ERR_IO,
			    "cannot make the folder %s: %s", p,
			    strerror(errno));
			break;
		}
	}
	free(p);
	return r;
}

/* What is open at fd may be trusted to be the user's own. */
static int store_check(
    int fd, const char *path, bool private, struct stat *st, struct errmsg *why)
{
	struct stat link;

	if (fstat(fd, st) != 0)
		return errmsg_set(
		    why, ERR_IO, "cannot read %s: %s", path, strerror(errno));
	if (!S_ISREG(st->st_mode))
		return errmsg_set(why, ERR_IO,
		    "%s is not a regular file: name another", path);
	if ((st->st_uid != geteuid() && st->st_uid != 0) ||
	    (lstat(path, &link) == 0 && link.st_uid != geteuid() &&
		link.st_uid != 0))
		return errmsg_set(why, ERR_IO,
		    "%s belongs to somebody else and is not used: move it "
		    "away",
		    path);
	if (private && (st->st_mode & 077) != 0)
		return errmsg_set(why, ERR_IO,
		    "others can read %s: run chmod 600 on it, and make a new "
		    "one if somebody may have",
		    path);
	if ((st->st_mode & 022) != 0)
		return errmsg_set(why, ERR_IO,
		    "others can change %s: check what is in it, then run "
		    "chmod 600 on it",
		    path);
	if (st->st_size > STORE_MAX)
		return errmsg_set(why, ERR_IO,
		    "%s is too large to be what it should be", path);
	return 0;
}

static int read_all(int fd, const char *path, struct buf *out, struct errmsg *why)
{
	ssize_t n;

	for (;;) {
		if (buf_reserve(out, 4096) != 0)
			return errmsg_set(why, ERR_IO, "%s is too large", path);
		n = read(fd, out->p + out->len, 4096);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errmsg_set(why, ERR_IO, "cannot read %s: %s", path,
			    strerror(errno));
		if (n == 0)
			return 0;
		out->len += (size_t)n;
	}
}

int store_read(const char *path, bool private, struct buf *out, struct errmsg *why)
{
	/* O_NONBLOCK: a FIFO put there must not hang us before fstat. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), r;
	struct stat st;

	if (fd < 0) {
		r = errno == ENOENT ? ERR_AGAIN : ERR_IO;
		return errmsg_set(
		    why, r, "cannot open %s: %s", path, strerror(errno));
	}
	if ((r = store_check(fd, path, private, &st, why)) == 0)
		r = read_all(fd, path, out, why);
	close(fd);
	return r;
}

/* Opens for change and locks. The file that is locked is the one at path:
 * store_rewrite may have put another there while we waited. */
static int open_locked(int *out, const char *path, bool make, struct errmsg *why)
{
	struct stat st, now;
	int fd, tries, r;

	for (tries = 0; tries < 100; tries++) {
		fd = open(path,
		    O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		/* O_EXCL makes no file behind a symbolic link. */
		if (fd < 0 && errno == ENOENT && make)
			fd = open(path,
			    O_RDWR | O_APPEND | O_CLOEXEC | O_CREAT | O_EXCL,
			    0600);
		if (fd < 0 && errno == EEXIST && tries < 10)
			continue; /* another client was faster */
		if (fd < 0) {
			r = errno == ENOENT ? ERR_AGAIN : ERR_IO;
			return errmsg_set(why, r, "cannot open %s: %s", path,
			    strerror(errno));
		}
		while ((r = flock(fd, LOCK_EX)) != 0 && errno == EINTR)
			;
		if (r != 0)
			r = errmsg_set(why, ERR_IO, "cannot lock %s: %s", path,
			    strerror(errno));
		else
			r = store_check(fd, path, false, &st, why);
		if (r != 0) {
			close(fd);
			return r;
		}
		if (stat(path, &now) == 0 && now.st_ino == st.st_ino &&
		    now.st_dev == st.st_dev) {
			*out = fd;
			return 0;
		}
		close(fd);
	}
	return errmsg_set(why, ERR_IO, "%s changes all the time", path);
}

static int write_all(int fd, const void *p, size_t n)
{
	const uint8_t *s = p;
	ssize_t w;

	while (n > 0) {
		w = write(fd, s, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return ERR_IO;
		s += w;
		n -= (size_t)w;
	}
	return 0;
}

/* Appends what `edit` says to what is open and locked at fd. */
static int append(int fd, const char *path, const struct buf *in,
    const struct buf *add, struct errmsg *why)
{
	int r;

	if (add->len == 0)
		return 0;
	if (add->len > STORE_MAX - in->len)
		return errmsg_set(
		    why, ERR_LIMIT, "%s is full: take old lines out", path);
	if (write_all(fd, add->p, add->len) == 0 && fsync(fd) == 0)
		return 0;
	r = errmsg_set(why, ERR_IO, "cannot write %s: %s", path, strerror(errno));
	/* Half a line is worse than none; if this fails too, the next writer
	 * ends the line first. */
	if (ftruncate(fd, (off_t)in->len) != 0)
		return r;
	return r;
}

int store_append(const char *path, store_edit *edit, void *arg, struct errmsg *why)
{
	struct buf in, add;
	int fd = -1, r;

	buf_init(&in, STORE_MAX + 4096);
	buf_init(&add, STORE_MAX);
	if ((r = store_folder(path, why)) != 0 ||
	    (r = open_locked(&fd, path, true, why)) != 0 ||
	    (r = read_all(fd, path, &in, why)) != 0)
		goto out;
	errmsg_set(why, 0, "%s cannot be extended", path); /* unless edit says */
	/* A line that was cut off by a crash stays a line of its own. */
	if (in.len > 0 && in.p[in.len - 1] != '\n' &&
	    (r = buf_u8(&add, '\n')) != 0)
		goto out;
	if ((r = edit(arg, (const char *)in.p, in.len, &add)) != 0)
		goto out;
	r = append(fd, path, &in, &add, why);
out:
	if (fd >= 0)
		close(fd);
	buf_free(&in);
	buf_free(&add);
	return r;
}

int store_rewrite(
    const char *path, store_edit *edit, void *arg, struct errmsg *why)
{
	char real[PATH_MAX];
	struct buf in, out;
	int fd = -1, r;

	buf_init(&in, STORE_MAX + 4096);
	buf_init(&out, STORE_MAX);
	if ((r = open_locked(&fd, path, false, why)) != 0 ||
	    (r = read_all(fd, path, &in, why)) != 0)
		goto out;
	errmsg_set(why, 0, "%s cannot be rewritten", path); /* unless edit says */
	if ((r = edit(arg, (const char *)in.p, in.len, &out)) != 0)
		goto out;
	/* A link of the user's own stays a link. */
	if (realpath(path, real) == NULL) {
		r = errmsg_set(
		    why, ERR_IO, "cannot find %s: %s", path, strerror(errno));
		goto out;
	}
	r = store_write(real, out.p, out.len, true, why);
out:
	if (fd >= 0)
		close(fd);
	buf_free(&in);
	buf_free(&out);
	return r;
}

/* The name stays after a crash only once its folder is synced. */
static void sync_folder(const char *path)
{
	char *dir = strdup(path), *slash;
	int fd;

	if (dir == NULL)
		return;
	slash = strrchr(dir, '/');
	if (slash != NULL)
		slash[slash == dir ? 1 : 0] = '\0';
	fd =
	    open(slash != NULL ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(dir);
}

/* rename(2) that never takes the place of another file. */
static int rename_new(const char *tmp, const char *path)
{
	if (renameat2(AT_FDCWD, tmp, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* A file system that cannot: link(2) does not replace either. */
	if (link(tmp, path) != 0)
		return -1;
	unlink(tmp);
	return 0;
}

int store_write(
    const char *path, const void *p, size_t n, bool replace, struct errmsg *why)
{
	char *tmp = NULL;
	int fd = -1, r;

	if ((r = store_folder(path, why)) != 0)
		return r;
	if (asprintf(&tmp, "%s.XXXXXX", path) < 0)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	fd = mkostemp(tmp, O_CLOEXEC); /* O_EXCL, 0600 */
	if (fd < 0 || write_all(fd, p, n) != 0 || fsync(fd) != 0 ||
	    (replace ? rename(tmp, path) : rename_new(tmp, path)) != 0) {
		r = !replace && errno == EEXIST ? ERR_STATE : ERR_IO;
		errmsg_set(why, r, "cannot write %s: %s", path, strerror(errno));
	}
	if (fd >= 0) {
		close(fd);
		if (r != 0)
			unlink(tmp);
	}
	if (r == 0)
		sync_folder(path);
	free(tmp);
	return r;
}

void store_date(char out[STORE_DATE])
{
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(out, STORE_DATE, "%Y-%m-%d", &tm) == 0)
		snprintf(out, STORE_DATE, "-");
}

bool store_line(const char **text, size_t *n, const char **line, size_t *len)
{
	const char *nl;

	if (*n == 0)
		return false;
	nl = memchr(*text, '\n', *n);
	*line = *text;
	*len = nl != NULL ? (size_t)(nl - *text) : *n;
	*text += *len + (nl != NULL);
	*n -= *len + (nl != NULL);
	return true;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

bool store_word(const char **line, size_t *n, const char **word, size_t *len)
{
	while (*n > 0 && blank(**line)) {
		(*line)++;
		(*n)--;
	}
	*word = *line;
	while (*n > 0 && !blank(**line)) {
		(*line)++;
		(*n)--;
	}
	*len = (size_t)(*line - *word);
	return *len > 0;
}
