/* ctl_backup.c - `conclavectl backup FILE`: the server's keeper writes a copy of
 * its database into a file that we open. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/admin/ctl_link.h"
#include "server/admin/ctl_show.h"

/* Sends the request with the file, and waits for as long as it takes. */
static int ask(struct ctl *c, int fd)
{
	static const char request[] = "{\"do\":\"backup\"}";
	struct buf b;
	struct ctl_link *l;
	const char *text;
	json_t *row = NULL;
	int status;

	buf_init(&b, sizeof(request));
	if (buf_str(&b, request) != 0) {
		errmsg_set(&c->why, 0, "out of memory");
		return EXIT_FAILED;
	}
	if ((status = ctl_link_open(&l, c)) == EXIT_DONE)
		status = ctl_link_send_fd(l, c, &b, fd);
	while (status == EXIT_DONE &&
	       (status = ctl_link_row(l, c, true, &row, &text)) == EXIT_DONE &&
	       row != NULL)
		json_decref(row);
	if (l != NULL)
		ctl_link_close(l);
	buf_free(&b);
	return status;
}

static int failed(struct ctl *c, const char *what, const char *path)
{
	errmsg_set(&c->why, 0, "cannot %s %s: %s", what, path,
	    errno == EEXIST ? "it is there already" : strerror(errno));
	return EXIT_FAILED;
}

/* Gives it its name only when it is whole, and never over another file. */
static int finish(struct ctl *c, const char *part, const char *path)
{
	int status = EXIT_DONE;

	if (link(part, path) != 0)
		status = failed(c, "make", path);
	(void)unlink(part);
	return status;
}

static int say(struct ctl *c, const char *path)
{
	char size[32], line[1200];
	struct stat st;

	if (c->o.json)
		return ctl_print(c, "{\"type\":\"done\"}");
	if (stat(path, &st) != 0)
		return failed(c, "look at", path);
	ctl_bytes(size, sizeof(size), (uint64_t)st.st_size);
	snprintf(line, sizeof(line),
	    "%.1000s has the database (%s). It needs the same state.key and "
	    "identity.pem: keep copies of them elsewhere.",
	    path, size);
	return ctl_print(c, line);
}

int ctl_backup(struct ctl *c)
{
	const char *path = c->args[0];
	char *part;
	int fd, status;

	if (access(path, F_OK) == 0) {
		errno = EEXIST;
		return failed(c, "make", path);
	}
	if (asprintf(&part, "%s.part", path) < 0) {
		errmsg_set(&c->why, 0, "out of memory");
		return EXIT_FAILED;
	}
	fd = open(
	    part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		status = failed(c, "make", part);
	} else {
		if ((status = ask(c, fd)) == EXIT_DONE)
			status = finish(c, part, path);
		else
			(void)unlink(part);
		close(fd);
	}
	if (status == EXIT_DONE)
		status = say(c, path);
	free(part);
	return status;
}
