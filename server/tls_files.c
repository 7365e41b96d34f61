/* tls_files.c - reads TLS files in a process of its own. */
#include "server/tls_files.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/child.h"
#include "shared/os/clock.h"
#include "shared/os/exit.h"
#include "shared/os/file.h"
#include "shared/os/harden.h"

enum {
	ANSWER_MS = 5000, /* for all files */
	HEAD = 5,	  /* u8 answer, u32 length of what follows */
	GIVEN = 0,
	ABSENT = 1, /* the option is not given */
	FAILED = 2, /* a sentence follows */
};

const char *tls_files_path(const struct server_options *o, size_t which)
{
	switch (which) {
	case TLS_CERT:
		return o->tls_cert;
	case TLS_KEY:
		return o->tls_key;
	case TLS_CLIENT_CA:
		return o->tls_client_ca;
	case TLS_CRL:
		return o->tls_crl;
	case TLS_MEMBER_CA:
		return o->require_certificate;
	default:
		return o->crl;
	}
}

/* --- in the new process --------------------------------------------------- */

static int put_all(int fd, const void *p, size_t n)
{
	const uint8_t *at = p;
	ssize_t sent;

	while (n > 0) {
		sent = send(fd, at, n, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return ERR_IO;
		at += sent;
		n -= (size_t)sent;
	}
	return 0;
}

static int put(int fd, uint8_t answer, const void *p, size_t n)
{
	uint8_t head[HEAD] = {answer};
	int r;

	put_u32(head + 1, (uint32_t)n);
	r = put_all(fd, head, sizeof(head));
	return r == 0 ? put_all(fd, p, n) : r;
}

static int read_one(
    const char *path, size_t which, struct buf *out, struct errmsg *why)
{
	int r = file_read(path, FILE_ANY, out, why);

	if (r == ERR_AGAIN)
		return errmsg_set(why, ERR_IO, "there is no file %s", path);
	if (r == 0 && which == TLS_KEY && file_others_read(path))
		return errmsg_set(why, ERR_IO,
		    "every user of this machine can read the key in %s: chmod "
		    "o= it, and get a new one if somebody may have",
		    path);
	return r;
}

static int answer_one(int fd, const struct server_options *o, size_t which)
{
	const char *path = tls_files_path(o, which);
	struct errmsg why = {""};
	struct buf text;
	int r;

	if (path == NULL)
		return put(fd, ABSENT, NULL, 0);
	buf_init_secret(&text, FILE_MAX);
	r = read_one(path, which, &text, &why);
	r = r == 0 ? put(fd, GIVEN, text.p, text.len)
		   : put(fd, FAILED, why.text, strlen(why.text));
	buf_free(&text);
	return r;
}

static void serve(int fd, const struct server_options *o)
{
	uint8_t request;
	ssize_t n;
	size_t i;

	for (;;) {
		n = recv(fd, &request, 1, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != 1)
			return;
		for (i = 0; i < TLS_FILES; i++)
			if (answer_one(fd, o, i) != 0)
				return;
	}
}

static void be_reader(const struct tls_files_opts *o, int fd)
{
	bool sandboxed = !o->options->no_sandbox && !harden_measured();

	child_close_others(fd);
	child_ignore_stops();
	child_title(o->argv, "conclaved: tls files", "conclave-tls");
	if (child_to_null() != 0 ||
	    (!harden_measured() && server_sandbox_tls_process(o->user,
				       o->options, o->log) != 0) ||
	    (sandboxed && server_sandbox_tls_calls(o->log) != 0))
		child_leave(EXIT_FAILED);
	serve(fd, o->options);
	child_leave(EXIT_DONE);
}

int tls_files_start(const struct tls_files_opts *o, int *fd)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 ||
	    (pid = fork()) < 0) {
		logger_error(o->log, "tls",
		    "cannot start the process that reads the certificate: %s",
		    strerror(errno));
		return ERR_IO;
	}
	if (pid == 0)
		be_reader(o, pair[1]);
	close(pair[1]);
	*fd = pair[0];
	return 0;
}

/* --- in the relay --------------------------------------------------------- */

void tls_files_init(struct tls_files *f)
{
	size_t i;

	for (i = 0; i < TLS_FILES; i++)
		buf_init_secret(&f->text[i], FILE_MAX);
}

void tls_files_free(struct tls_files *f)
{
	size_t i;

	for (i = 0; i < TLS_FILES; i++)
		buf_free(&f->text[i]);
}

static int get_all(int fd, void *p, size_t n, uint64_t end_ms)
{
	struct pollfd wait = {fd, POLLIN, 0};
	uint8_t *at = p;
	uint64_t now_ms;
	ssize_t got;

	while (n > 0) {
		now_ms = clock_monotonic_ms();
		if (now_ms >= end_ms)
			return ERR_TIMEOUT;
		if (poll(&wait, 1, (int)(end_ms - now_ms)) <= 0)
			continue;
		got = recv(fd, at, n, MSG_DONTWAIT);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return ERR_IO;
		at += got;
		n -= (size_t)got;
	}
	return 0;
}

/* *answer: GIVEN, ABSENT or FAILED. */
static int get_one(int fd, struct buf *text, uint8_t *answer, uint64_t end_ms)
{
	uint8_t head[HEAD];
	size_t n;
	int r;

	if ((r = get_all(fd, head, sizeof(head), end_ms)) != 0)
		return r;
	*answer = head[0];
	n = get_u32(head + 1);
	if ((r = buf_reserve(text, n)) != 0 ||
	    (r = get_all(fd, text->p + text->len, n, end_ms)) != 0)
		return r;
	text->len += n;
	return 0;
}

static int failed(struct errmsg *why, int r)
{
	if (r == ERR_NOMEM)
		return errmsg_set(why, r, "out of memory");
	return errmsg_set(why, ERR_IO,
	    "the process that reads the files of TLS %s: restart the server",
	    r == ERR_TIMEOUT ? "does not answer" : "has ended");
}

int tls_files_read(int fd, struct tls_files *f, struct errmsg *why)
{
	uint64_t end_ms = clock_monotonic_ms() + ANSWER_MS;
	uint8_t answer = ABSENT;
	int r = 0, said = 0;
	size_t i;

	if (send(fd, "", 1, MSG_NOSIGNAL) != 1)
		return failed(why, ERR_IO);
	/* All answers are read, so that the next request gets its own. */
	for (i = 0; i < TLS_FILES; i++) {
		buf_clear(&f->text[i]);
		if ((r = get_one(fd, &f->text[i], &answer, end_ms)) != 0)
			return failed(why, r);
		if (answer == FAILED && said == 0)
			said = errmsg_set(why, ERR_IO, "%.*s",
			    (int)f->text[i].len, (const char *)f->text[i].p);
	}
	return said;
}
