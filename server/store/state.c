#include "server/store/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define IDENTITY      "identity.pem"
#define IDENTITY_TEMP "identity.pem.new"
#define LOCK	      "lock"

enum { PEM_MAX = 16 << 10 };

struct state {
	char *dir; /* for messages; NULL: nothing is kept */
	int dir_fd;
	int lock_fd; /* closing it is what unlocks */
};

static int io_error(
    const struct logger *log, const char *what, const char *dir, const char *name)
{
	logger_error(log, "state", "cannot %s %s/%s: %s", what, dir, name,
	    strerror(errno));
	return ERR_IO;
}

/* mkdir -p; what it makes is nobody else's. */
static int make_dirs(const char *dir, const struct logger *log)
{
	char *path = strdup(dir), *p;
	int r = 0;

	if (path == NULL)
		return ERR_NOMEM;
	for (p = path + 1; r == 0; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char end = *p;

		*p = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST) {
			logger_error(log, "state",
			    "cannot make the directory %s: %s; choose another "
			    "with --state DIR, or keep nothing with "
			    "--ephemeral",
			    path, strerror(errno));
			r = ERR_IO;
		}
		*p = end;
		if (end == '\0')
			break;
	}
	free(path);
	return r;
}

/* Who can write to the directory can put another key in our key's place. */
static int check_dir(const struct state *s, const struct logger *log)
{
	struct stat st;

	if (fstat(s->dir_fd, &st) != 0)
		return io_error(log, "look at", s->dir, ".");
	if (st.st_uid != geteuid()) {
		logger_error(log, "state",
		    "%s belongs to another user: choose a directory of your "
		    "own with --state DIR",
		    s->dir);
		return ERR_USAGE;
	}
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		logger_error(log, "state",
		    "others may write to %s: chmod 700 %s, and look whether "
		    "its files are still yours",
		    s->dir, s->dir);
		return ERR_USAGE;
	}
	return 0;
}

static int lock_dir(struct state *s, const struct logger *log)
{
	s->lock_fd = openat(
	    s->dir_fd, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return io_error(log, "open", s->dir, LOCK);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return io_error(log, "lock", s->dir, LOCK);
	logger_error(log, "state",
	    "another conclaved uses %s: stop it, or choose another directory "
	    "with --state DIR",
	    s->dir);
	return ERR_USAGE;
}

int state_open(struct state **out, const char *dir, const struct logger *log)
{
	struct state *s = calloc(1, sizeof(*s));
	int r = ERR_NOMEM;

	if (s == NULL)
		goto out;
	s->dir_fd = s->lock_fd = -1;
	if (dir == NULL) {
		r = 0;
		goto out;
	}
	if ((s->dir = strdup(dir)) == NULL || (r = make_dirs(dir, log)) != 0)
		goto out;
	s->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd < 0) {
		r = io_error(log, "open", dir, ".");
		goto out;
	}
	if ((r = check_dir(s, log)) != 0)
		goto out;
	r = lock_dir(s, log);
out:
	if (r == ERR_NOMEM)
		logger_error(log, "state", "%s", err_str(r));
	if (r != 0) {
		state_free(s);
		s = NULL;
	}
	*out = s;
	return r;
}

void state_free(struct state *s)
{
	if (s == NULL)
		return;
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	free(s->dir);
	free(s);
}

/* --- the identity key -------------------------------------------------- */

static int check_file(
    const struct state *s, const struct stat *st, const struct logger *log)
{
	if (!S_ISREG(st->st_mode)) {
		logger_error(log, "state",
		    "%s/" IDENTITY " is no regular file: move it away", s->dir);
		return ERR_USAGE;
	}
	if (st->st_uid != geteuid()) {
		logger_error(log, "state",
		    "%s/" IDENTITY " belongs to another user: run conclaved "
		    "as that user, or choose another directory with --state "
		    "DIR",
		    s->dir);
		return ERR_USAGE;
	}
	if ((st->st_mode & 077) != 0) {
		logger_error(log, "state",
		    "others may read %s/" IDENTITY ", the server's secret "
		    "key: chmod 600 %s/" IDENTITY,
		    s->dir, s->dir);
		return ERR_USAGE;
	}
	return 0;
}

static int read_all(struct buf *out, int fd)
{
	ssize_t n;
	int r;

	/* All of the room at once, so that the secret never moves. */
	if ((r = buf_reserve(out, out->max)) != 0)
		return r;
	while (out->len < out->max) {
		n = read(fd, out->p + out->len, out->max - out->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		if (n == 0)
			return 0;
		out->len += (size_t)n;
	}
	return ERR_LIMIT;
}

static int parse_pem(const struct state *s, struct identity **out,
    const struct buf *pem, const struct logger *log)
{
	int r = identity_from_pem(out, pem->p, pem->len, NULL);

	if (r == ERR_PASSPHRASE)
		logger_error(log, "state",
		    "%s/" IDENTITY " is encrypted, and a server has nobody to "
		    "ask for the passphrase: store it without one",
		    s->dir);
	else if (r == ERR_KEY)
		logger_error(log, "state",
		    "%s/" IDENTITY " holds no Ed25519 key: put the right file "
		    "back; without it a new server starts, which clients will "
		    "not trust",
		    s->dir);
	else if (r != 0)
		logger_error(log, "state", "cannot use %s/" IDENTITY ": %s",
		    s->dir, err_str(r));
	return r;
}

/* 0; ERR_AGAIN: there is no such file. */
static int load(
    const struct state *s, struct identity **out, const struct logger *log)
{
	struct stat st;
	struct buf pem;
	int fd, r;

	buf_init_secret(&pem, PEM_MAX);
	/* O_NONBLOCK: opening a pipe in its place would wait for a writer. */
	fd = openat(s->dir_fd, IDENTITY,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return ERR_AGAIN;
	if (fd < 0 && errno == ELOOP) {
		logger_error(log, "state",
		    "%s/" IDENTITY " is a symbolic link: put the file itself "
		    "there",
		    s->dir);
		return ERR_USAGE;
	}
	if (fd < 0)
		return io_error(log, "open", s->dir, IDENTITY);
	if (fstat(fd, &st) != 0) {
		r = io_error(log, "look at", s->dir, IDENTITY);
		goto out;
	}
	if ((r = check_file(s, &st, log)) != 0)
		goto out;
	if ((r = read_all(&pem, fd)) == ERR_IO)
		io_error(log, "read", s->dir, IDENTITY);
	else if (r != 0)
		logger_error(log, "state", "cannot read %s/" IDENTITY ": %s",
		    s->dir, err_str(r));
	else
		r = parse_pem(s, out, &pem, log);
out:
	buf_free(&pem);
	close(fd);
	return r;
}

static int write_all(int fd, const uint8_t *p, size_t n)
{
	ssize_t w;

	while (n > 0) {
		w = write(fd, p, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return ERR_IO;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

/* The whole file under another name first. link never replaces what is there,
 * not even what came a moment ago: ERR_AGAIN then. */
static int store(
    const struct state *s, const struct buf *pem, const struct logger *log)
{
	int fd = -1, r = 0;

	/* What a crash left: we hold the lock, so nobody else writes it. */
	if (unlinkat(s->dir_fd, IDENTITY_TEMP, 0) != 0 && errno != ENOENT)
		return io_error(log, "remove", s->dir, IDENTITY_TEMP);
	fd = openat(s->dir_fd, IDENTITY_TEMP,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return io_error(log, "make", s->dir, IDENTITY_TEMP);
	if (write_all(fd, pem->p, pem->len) != 0 || fsync(fd) != 0)
		r = io_error(log, "write", s->dir, IDENTITY_TEMP);
	else if (linkat(s->dir_fd, IDENTITY_TEMP, s->dir_fd, IDENTITY, 0) != 0)
		r = errno == EEXIST ? ERR_AGAIN
				    : io_error(log, "make", s->dir, IDENTITY);
	close(fd);
	if (unlinkat(s->dir_fd, IDENTITY_TEMP, 0) != 0 && r == 0)
		r = io_error(log, "remove", s->dir, IDENTITY_TEMP);
	if (r == 0 && fsync(s->dir_fd) != 0)
		r = io_error(log, "sync", s->dir, ".");
	return r;
}

static int make(
    const struct state *s, struct identity **out, const struct logger *log)
{
	const struct rng rng = crypto_rng();
	struct identity *id = identity_new(&rng);
	struct buf pem;
	int r = ERR_CRYPTO;

	buf_init_secret(&pem, PEM_MAX);
	if (id == NULL || (r = identity_to_pem(id, &pem, NULL)) != 0) {
		logger_error(
		    log, "state", "cannot make an identity: %s", err_str(r));
		goto out;
	}
	if (s->dir != NULL) {
		if ((r = store(s, &pem, log)) != 0)
			goto out;
		logger_info(log, "state",
		    "made the server's identity, %s/" IDENTITY ": keep a copy "
		    "of it in a safe place",
		    s->dir);
	}
	*out = id;
	id = NULL;
	r = 0;
out:
	identity_free(id);
	buf_free(&pem);
	return r;
}

int state_identity(
    struct state *s, struct identity **out, const struct logger *log)
{
	int r;

	*out = NULL;
	if (s->dir == NULL)
		return make(s, out, log);
	if ((r = load(s, out, log)) != ERR_AGAIN)
		return r;
	if ((r = make(s, out, log)) != ERR_AGAIN)
		return r;
	/* Somebody put one there in between: that is the one. */
	if ((r = load(s, out, log)) == ERR_AGAIN)
		r = io_error(log, "open", s->dir, IDENTITY);
	return r;
}
