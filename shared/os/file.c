/* file.c - reads and writes whole files safely. */
#include "shared/os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 4096 };

/* --- where ---------------------------------------------------------------- */

const char *file_home(void)
{
	const char *home = getenv("HOME");
	const struct passwd *pw;

	if ((home == NULL || home[0] != '/') &&
	    (pw = getpwuid(geteuid())) != NULL)
		home = pw->pw_dir;
	return home != NULL && home[0] == '/' ? home : NULL;
}

int file_user_path(
    char **out, enum file_base base, const char *name, struct errmsg *why)
{
	static const struct {
		const char *variable, *below_home;
	} bases[] = {
	    [FILE_CONFIG_HOME] = {"XDG_CONFIG_HOME", ".config"},
	    [FILE_STATE_HOME] = {"XDG_STATE_HOME", ".local/state"},
	};
	const char *xdg = getenv(bases[base].variable), *home;
	int n;

	if (xdg != NULL && xdg[0] == '/') {
		n = asprintf(out, "%s/%s", xdg, name);
	} else {
		if ((home = file_home()) == NULL)
			return errmsg_set(why, ERR_USAGE,
			    "there is no home directory for %s: set HOME or %s",
			    name, bases[base].variable);
		n = asprintf(
		    out, "%s/%s/%s", home, bases[base].below_home, name);
	}
	return n < 0 ? errmsg_set(why, ERR_NOMEM, "out of memory") : 0;
}

static int make_one(const char *path, struct errmsg *why)
{
	struct stat st;
	int error;

	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	/* An automounter or a read-only file system may refuse before it looks
	 * whether the folder exists. */
	error = errno;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return errmsg_errno(
	    why, ERR_IO, error, "cannot make the directory %s", path);
}

int file_make_parents(const char *path, struct errmsg *why)
{
	char *p = strdup(path), *s;
	int r = 0;

	if (p == NULL)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	for (s = p; r == 0 && *s != '\0' && (s = strchr(s + 1, '/')) != NULL;
	     *s = '/') {
		*s = '\0';
		r = make_one(p, why);
	}
	free(p);
	return r;
}

int file_make_folder(const char *path, struct errmsg *why)
{
	int r = file_make_parents(path, why);

	return r == 0 ? make_one(path, why) : r;
}

/* --- reading -------------------------------------------------------------- */

/* What stands where a file should be. */
static const char *kind_of(mode_t mode)
{
	return S_ISDIR(mode)	? "a directory"
	       : S_ISFIFO(mode) ? "a pipe"
	       : S_ISSOCK(mode) ? "a socket"
				: "a device";
}

/* Why the file could not be opened. A link to nothing is no missing file: its
 * owner believes that there is one. ERR_AGAIN: there is no such file. */
static int open_failed(const char *path, int error, struct errmsg *why)
{
	char to[256];
	ssize_t n;

	if ((error == ENOENT || error == EEXIST || error == ELOOP) &&
	    (n = readlink(path, to, sizeof(to))) >= 0)
		return errmsg_set(why, ERR_IO,
		    error == ELOOP
			? "cannot open %s: it is a symbolic link, to %.*s: put "
			  "the file itself there"
			: "cannot open %s: it is a symbolic link to %.*s, "
			  "where no file is: make that file, or remove the "
			  "link",
		    path, (int)n, to);
	return errmsg_errno(why, error == ENOENT ? ERR_AGAIN : ERR_IO, error,
	    "cannot open %s", path);
}

/* Checks the rules FILE_OWN and FILE_PRIVATE. */
static int check(int fd, const char *path, unsigned rules, struct stat *st,
    struct errmsg *why)
{
	struct stat link;

	if (fstat(fd, st) != 0)
		return errmsg_errno(why, ERR_IO, errno, "cannot read %s", path);
	if (!S_ISREG(st->st_mode))
		return errmsg_set(why, ERR_IO,
		    "%s is %s, not a regular file: name a file", path,
		    kind_of(st->st_mode));
	/* Another user's symlink would choose the file for us. */
	if ((st->st_uid != geteuid() && st->st_uid != 0) ||
	    (lstat(path, &link) == 0 && link.st_uid != geteuid() &&
		link.st_uid != 0))
		return errmsg_set(why, ERR_IO,
		    "%s belongs to somebody else and is not used: make it "
		    "yours with chown, or name another",
		    path);
	if ((rules & FILE_PRIVATE) == FILE_PRIVATE && (st->st_mode & 077) != 0)
		return errmsg_set(why, ERR_IO,
		    "others can read %s: run chmod 600 %s, and make a new one "
		    "if somebody may have read it",
		    path, path);
	if ((st->st_mode & 022) != 0)
		return errmsg_set(why, ERR_IO,
		    "others can change %s: check what is in it, then run "
		    "chmod 600 %s",
		    path, path);
	if (st->st_size > FILE_MAX)
		return errmsg_set(
		    why, ERR_LIMIT, "cannot read %s: it is too long", path);
	return 0;
}

static int read_all(
    int fd, const char *path, struct buf *out, struct errmsg *why)
{
	size_t left, want;
	uint8_t over; /* detects a byte past the maximum */
	ssize_t n;

	for (;;) {
		left = out->max - out->len;
		want = out->secret || left < CHUNK ? left : CHUNK;
		if (want > 0 && buf_reserve(out, want) != 0)
			return errmsg_set(why, ERR_NOMEM, "out of memory");
		n = want > 0 ? read(fd, out->p + out->len, want)
			     : read(fd, &over, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errmsg_errno(
			    why, ERR_IO, errno, "cannot read %s", path);
		if (n == 0)
			return 0;
		if (want == 0)
			return errmsg_set(why, ERR_LIMIT,
			    "cannot read %s: it is too long", path);
		out->len += (size_t)n;
	}
}

int file_read(
    const char *path, unsigned rules, struct buf *out, struct errmsg *why)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY, fd, r;
	struct stat st;

	/* Opening a FIFO must not block before fstat rejects it. */
	if ((rules & (FILE_OWN | FILE_NO_LINK)) != 0)
		flags |= O_NONBLOCK;
	if ((rules & FILE_NO_LINK) != 0)
		flags |= O_NOFOLLOW;
	if ((fd = open(path, flags)) < 0)
		return open_failed(path, errno, why);
	r = (rules & FILE_OWN) != 0 ? check(fd, path, rules, &st, why) : 0;
	if (r == 0)
		r = read_all(fd, path, out, why);
	close(fd);
	return r;
}

bool file_others_read(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mode & S_IROTH) != 0;
}

/* --- writing -------------------------------------------------------------- */

/* Whether this file system cannot do what was asked. */
static bool unsupported(int error)
{
	return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
}

const char *file_error(int error)
{
	return error == EFBIG
		   ? "it would become larger than this process may make files "
		     "(ulimit -f)"
		   : strerror(error);
}

/* Some network and FUSE file systems know no fsync. What they do with our bytes
 * in a crash is their owner's choice; it is no reason to refuse to write. */
int file_sync(int fd)
{
	int r;

	while ((r = fsync(fd)) != 0 && errno == EINTR)
		;
	return r == 0 || unsupported(errno) ? 0 : ERR_IO;
}

int file_lock(int fd, bool wait)
{
	int r;

	while ((r = flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB)) != 0 &&
	       errno == EINTR)
		;
	if (r == 0)
		return 0;
	/* ENOLCK: an NFS server without a lock service. */
	return errno == EWOULDBLOCK		       ? ERR_STATE
	       : errno == ENOLCK || unsupported(errno) ? ERR_AGAIN
						       : ERR_IO;
}

/* Opens a file for writing and locks it. Retries until the locked file is the
 * one at path: file_rewrite may have replaced it while we waited. */
static int open_locked(
    int *out, const char *path, bool make, struct errmsg *why)
{
	struct stat st, now;
	int fd, tries, r;

	for (tries = 0; tries < 100; tries++) {
		fd = open(path,
		    O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		/* O_EXCL does not follow a symlink to create a file. */
		if (fd < 0 && errno == ENOENT && make)
			fd = open(path,
			    O_RDWR | O_APPEND | O_CLOEXEC | O_CREAT | O_EXCL,
			    0600);
		if (fd < 0 && errno == EEXIST && tries < 10)
			continue; /* another client created it first */
		if (fd < 0)
			return open_failed(path, errno, why);
		/* Without locks, an append is still one write, and two clients
		 * seldom pin something at the same time. */
		if ((r = file_lock(fd, true)) != 0 && r != ERR_AGAIN)
			r = errmsg_errno(
			    why, ERR_IO, errno, "cannot lock %s", path);
		else
			r = check(fd, path, FILE_OWN, &st, why);
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

int file_write_all(int fd, const void *p, size_t n)
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

int file_write_at(int fd, const void *p, size_t n, uint64_t at)
{
	const uint8_t *s = p;
	ssize_t w;

	while (n > 0) {
		w = pwrite(fd, s, n, (off_t)at);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return ERR_IO;
		s += w;
		at += (uint64_t)w;
		n -= (size_t)w;
	}
	return 0;
}

int file_read_at(int fd, void *p, size_t n, uint64_t at)
{
	uint8_t *to = p;
	ssize_t got;

	while (n > 0) {
		got = pread(fd, to, n, (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0 ? ERR_STATE : ERR_IO;
		to += got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

/* Appends `add` to the open, locked file at fd. */
static int append(int fd, const char *path, const struct buf *in,
    const struct buf *add, struct errmsg *why)
{
	int r;

	if (add->len == 0)
		return 0;
	if (add->len > FILE_MAX - in->len)
		return errmsg_set(
		    why, ERR_LIMIT, "%s is full: take old lines out", path);
	if (file_write_all(fd, add->p, add->len) == 0 && file_sync(fd) == 0)
		return 0;
	r = errmsg_set(
	    why, ERR_IO, "cannot write %s: %s", path, file_error(errno));
	/* Remove a partial line. If that fails too, the next writer ends the
	 * line first. */
	if (ftruncate(fd, (off_t)in->len) != 0)
		return r;
	return r;
}

int file_append(
    const char *path, file_edit *edit, void *arg, struct errmsg *why)
{
	struct buf in, add;
	int fd = -1, r;

	buf_init(&in, FILE_MAX + 4096);
	buf_init(&add, FILE_MAX);
	if ((r = file_make_parents(path, why)) != 0 ||
	    (r = open_locked(&fd, path, true, why)) != 0 ||
	    (r = read_all(fd, path, &in, why)) != 0)
		goto out;
	errmsg_set(
	    why, 0, "%s cannot be extended", path); /* unless edit sets it */
	/* Terminate a line cut short by a crash, so that ours starts a new
	 * one. */
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

int file_rewrite(
    const char *path, file_edit *edit, void *arg, struct errmsg *why)
{
	char real[PATH_MAX];
	struct buf in, out;
	int fd = -1, r;

	buf_init(&in, FILE_MAX + 4096);
	buf_init(&out, FILE_MAX);
	if ((r = open_locked(&fd, path, false, why)) != 0 ||
	    (r = read_all(fd, path, &in, why)) != 0)
		goto out;
	errmsg_set(
	    why, 0, "%s cannot be rewritten", path); /* unless edit sets it */
	if ((r = edit(arg, (const char *)in.p, in.len, &out)) != 0)
		goto out;
	/* If the path is the user's own symlink, keep it: rewrite its
	 * target. */
	if (realpath(path, real) == NULL) {
		r = errmsg_errno(why, ERR_IO, errno, "cannot find %s", path);
		goto out;
	}
	r = file_write(real, out.p, out.len, FILE_REPLACE, why);
out:
	if (fd >= 0)
		close(fd);
	buf_free(&in);
	buf_free(&out);
	return r;
}

/* Syncs the folder: only then does the new name survive a crash. */
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
		(void)fsync(fd);
		close(fd);
	}
	free(dir);
}

/* Like rename(2), but never replaces an existing file. */
static int rename_new(const char *tmp, const char *path)
{
	int fd, error;

	if (renameat2(AT_FDCWD, tmp, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	/* EPERM: a container's filter that does not know the call, or FAT for
	 * link(2). */
	if (!unsupported(errno) && errno != EPERM)
		return -1;
	/* Without RENAME_NOREPLACE: link(2) does not replace a file either. */
	if (link(tmp, path) == 0) {
		unlink(tmp);
		return 0;
	}
	if (!unsupported(errno) && errno != EPERM)
		return -1;
	/* Without links too (FAT, some FUSE): O_EXCL takes the name, and only
	 * who has taken it renames over it. Nobody ever sees a part of the
	 * content; a crash in between leaves an empty file. */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	close(fd);
	if (rename(tmp, path) == 0)
		return 0;
	error = errno;
	unlink(path);
	errno = error;
	return -1;
}

/* Creates the temporary file; the caller owns *tmp. */
static int open_temporary(char **tmp, const char *path, enum file_mode mode)
{
	bool alone = mode == FILE_NEW_LOCKED;

	if (asprintf(tmp, "%s.%s", path, alone ? "new" : "XXXXXX") < 0) {
		*tmp = NULL;
		errno = ENOMEM;
		return -1;
	}
	if (!alone)
		return mkostemp(*tmp, O_CLOEXEC); /* O_EXCL, 0600 */
	if (unlink(*tmp) != 0 && errno != ENOENT)
		return -1;
	return open(*tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

int file_write(const char *path, const void *p, size_t n, enum file_mode mode,
    struct errmsg *why)
{
	bool replace = mode == FILE_REPLACE || mode == FILE_CACHE;
	bool sync = mode != FILE_CACHE;
	char *tmp = NULL;
	int fd, r;

	if ((r = file_make_parents(path, why)) != 0)
		return r;
	fd = open_temporary(&tmp, path, mode);
	if (fd < 0 || file_write_all(fd, p, n) != 0 ||
	    (sync && file_sync(fd) != 0) ||
	    (replace ? rename(tmp, path) : rename_new(tmp, path)) != 0) {
		r = !replace && errno == EEXIST ? ERR_STATE : ERR_IO;
		errmsg_set(
		    why, r, "cannot write %s: %s", path, file_error(errno));
	}
	if (fd >= 0) {
		close(fd);
		if (r != 0)
			unlink(tmp);
	}
	if (r == 0 && sync)
		sync_folder(path);
	free(tmp);
	return r;
}
