/* state.c - the state directory, its lock and the server's identity key. */
#include "server/store/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/crypto/pem.h"
#include "shared/os/file.h"

#define IDENTITY "identity.pem"
#define TICKETS	 "ticket.key"
#define LOCK	 "lock"

enum { PEM_MAX = 16 << 10 };

struct state {
	char *dir;	/* NULL: ephemeral, nothing on disk */
	char *identity; /* path of the key file */
	char *tickets;	/* the same of the ticket key */
	int dir_fd;
	int lock_fd; /* of the lock file, or of the directory; closing it
			releases the lock */
};

/* Logs the sentence, and what to do without this directory. */
static void log_unusable(const struct logger *log, const struct errmsg *why)
{
	logger_error(log, "state",
	    "%s; or choose another directory with --state DIR, or keep nothing "
	    "with --ephemeral",
	    why->text);
}

static int io_error(const struct logger *log, const char *what, const char *dir,
    const char *name)
{
	struct errmsg why;

	errmsg_errno(&why, ERR_IO, errno, "cannot %s %s/%s", what, dir, name);
	log_unusable(log, &why);
	return ERR_IO;
}

/* Reject a directory that others can write to: they could replace the key. */
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

/* The file to lock. In a directory that is read-only (a mount of the key alone)
 * none can be made: then it is the directory itself, unless the file is there,
 * so that a server with another mount of it notices. */
static int open_lock(const struct state *s)
{
	int fd = openat(
	    s->dir_fd, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EROFS && errno != EACCES))
		return fd;
	fd = openat(s->dir_fd, LOCK, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0
		   ? fd
		   : openat(s->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int lock_dir(struct state *s, const struct logger *log)
{
	int r;

	if ((s->lock_fd = open_lock(s)) < 0)
		return io_error(log, "open", s->dir, LOCK);
	r = file_lock(s->lock_fd, false);
	if (r == ERR_AGAIN)
		logger_warn(log, "state",
		    "%s has no file locks: see to it that only one conclaved "
		    "uses it",
		    s->dir);
	if (r == 0 || r == ERR_AGAIN)
		return 0;
	if (r != ERR_STATE)
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
	struct errmsg why;
	int r = ERR_NOMEM;

	if (s == NULL)
		goto out;
	s->dir_fd = s->lock_fd = -1;
	if (dir == NULL) {
		r = 0;
		goto out;
	}
	if ((s->dir = strdup(dir)) == NULL ||
	    asprintf(&s->identity, "%s/" IDENTITY, dir) < 0 ||
	    asprintf(&s->tickets, "%s/" TICKETS, dir) < 0) {
		r = ERR_NOMEM;
		goto out;
	}
	if ((r = file_make_folder(dir, &why)) != 0) {
		log_unusable(log, &why);
		goto out;
	}
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
	free(s->identity);
	free(s->tickets);
	free(s);
}

/* --- the identity key -------------------------------------------------- */

static int parse_pem(const struct state *s, struct identity **out,
    const struct buf *pem, const struct logger *log)
{
	int r = identity_from_pem(out, pem->p, pem->len, NULL);

	if (r == ERR_PASSPHRASE)
		logger_error(log, "state",
		    "%s is encrypted, and a server has nobody to "
		    "ask for the passphrase: store it without one",
		    s->identity);
	else if (r == ERR_KEY)
		logger_error(log, "state",
		    "%s holds no Ed25519 key: %s. Put the right file back from "
		    "a copy; clients do not trust a server with a new key",
		    s->identity, pem_wrong(pem->p, pem->len));
	else if (r != 0)
		logger_error(
		    log, "state", "cannot use %s: %s", s->identity, err_str(r));
	return r;
}

/* ERR_AGAIN: the file does not exist. */
static int load(
    const struct state *s, struct identity **out, const struct logger *log)
{
	struct errmsg why;
	struct buf pem;
	int r;

	buf_init_secret(&pem, PEM_MAX);
	r = file_read(s->identity, FILE_PRIVATE | FILE_NO_LINK, &pem, &why);
	if (r == 0)
		r = parse_pem(s, out, &pem, log);
	else if (r != ERR_AGAIN)
		logger_error(log, "state", "%s", why.text);
	buf_free(&pem);
	return r;
}

/* ERR_STATE: the file exists by now. */
static int store(
    const struct state *s, const struct buf *pem, const struct logger *log)
{
	struct errmsg why;
	int r =
	    file_write(s->identity, pem->p, pem->len, FILE_NEW_LOCKED, &why);

	if (r != 0 && r != ERR_STATE)
		log_unusable(log, &why);
	return r;
}

/* Makes a new key, and saves it unless the server is ephemeral. */
static int make(
    const struct state *s, struct identity **out, const struct logger *log)
{
	const struct rng rng = random_system();
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
		    "made the server's identity, %s: keep a copy of it in a "
		    "safe place",
		    s->identity);
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
	if ((r = make(s, out, log)) != ERR_STATE)
		return r;
	/* Another process created a key meanwhile: use that one. */
	if ((r = load(s, out, log)) == ERR_AGAIN)
		logger_error(log, "state", "%s comes and goes", s->identity);
	return r;
}

/* --- the ticket key ------------------------------------------------------ */

/* ERR_AGAIN: the file does not exist. */
static int load_ticket_key(
    const struct state *s, uint8_t key[WIRE_KEY], const struct logger *log)
{
	struct errmsg why;
	struct buf b;
	int r;

	buf_init_secret(&b, WIRE_KEY + 1);
	r = file_read(s->tickets, FILE_PRIVATE | FILE_NO_LINK, &b, &why);
	if (r != 0 && r != ERR_AGAIN) {
		logger_error(log, "state", "%s", why.text);
	} else if (r == 0 && b.len != WIRE_KEY) {
		logger_error(log, "state",
		    "%s is not a key of %d bytes: remove it, and a new one is "
		    "made; people then come in without their tickets once",
		    s->tickets, WIRE_KEY);
		r = ERR_KEY;
	} else if (r == 0) {
		memcpy(key, b.p, WIRE_KEY);
	}
	buf_free(&b);
	return r;
}

int state_ticket_key(
    struct state *s, uint8_t key[WIRE_KEY], const struct logger *log)
{
	const struct rng rng = random_system();
	struct errmsg why;
	int r;

	if (s->dir != NULL && (r = load_ticket_key(s, key, log)) != ERR_AGAIN)
		return r;
	if ((r = rng.fill(rng.arg, key, WIRE_KEY)) != 0) {
		logger_error(
		    log, "state", "cannot make a ticket key: %s", err_str(r));
		return r;
	}
	if (s->dir == NULL)
		return 0;
	r = file_write(s->tickets, key, WIRE_KEY, FILE_NEW_LOCKED, &why);
	if (r != 0)
		logger_error(log, "state", "%s", why.text);
	return r;
}
