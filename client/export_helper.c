/* export_helper.c - creates files for /export, in a helper process. */
#include "client/export_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/sandbox.h"
#include "shared/os/file.h"

enum { CONTENT_MAX = 512 << 20 };

struct answer {
	int r;
	struct errmsg why;
};

/* --- names ---------------------------------------------------------------- */

static bool bad_part(const char *p, size_t n)
{
	size_t i;

	if (n == 0 || n > NAME_MAX || p[0] == '.' || p[0] == '-')
		return true;
	for (i = 0; i < n; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
			return true;
	return false;
}

const char *export_helper_wrong(const char *name)
{
	static const char *const ends[] = {".txt", ".log", ".md", ".jsonl"};
	size_t len = strlen(name), n, i;
	const char *p;

	for (p = name;; p += n + 1) {
		n = strcspn(p, "/");
		if (bad_part(p, n))
			return "a part of that name is empty or too long, or "
			       "begins with a dot or a dash, or has a control "
			       "character in it: choose another";
		if (p[n] == '\0')
			break;
	}
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (n > strlen(ends[i]) &&
		    strcmp(name + len - strlen(ends[i]), ends[i]) == 0)
			return NULL;
	return "the name has to end in .txt, .log, .md or .jsonl, so that no "
	       "program reads the file by itself";
}

/* --- the helper ----------------------------------------------------------- */

static int read_content(int fd, struct buf *out)
{
	ssize_t n;
	int r;

	do {
		if ((r = buf_reserve(out, 64 << 10)) != 0)
			return r;
		n = pread(fd, out->p + out->len, 64 << 10, (off_t)out->len);
		if (n > 0)
			out->len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n == 0 ? 0 : ERR_IO;
}

/* Opens the folder of a name below `folder`, and makes what is missing. Sets
 * *name to its last part. Each part is opened by itself, so that no link on the
 * way is followed. -1 with errno. */
static int open_folder(const char *folder, const char **name)
{
	int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), next;
	char part[NAME_MAX + 1];
	const char *slash;
	size_t n;

	while (fd >= 0 && (slash = strchr(*name, '/')) != NULL) {
		n = (size_t)(slash - *name);
		snprintf(part, sizeof(part), "%.*s", (int)n, *name);
		*name = slash + 1;
		(void)mkdirat(fd, part, 0700); /* else openat says why */
		next = openat(
		    fd, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(fd);
		fd = next;
	}
	return fd;
}

/* Why a folder on the way could not be opened. */
static int no_folder(const char *path, int error, struct errmsg *why)
{
	if (error == ENOTDIR || error == ELOOP)
		return errmsg_set(why, ERR_USAGE,
		    "%s leads through a file or a symbolic link: give folders "
		    "alone, or a name without a slash",
		    path);
	return errmsg_errno(why, ERR_IO, error, "cannot write %s", path);
}

static int put_file(const char *folder, const char *name, const void *p,
    size_t n, struct errmsg *why)
{
	const char *last = name, *wrong = export_helper_wrong(name);
	char path[HELPER_REQUEST_MAX + PATH_MAX];
	int here, fd, r;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (wrong != NULL)
		return errmsg_set(why, ERR_USAGE, "%s: %s", name, wrong);
	if ((r = file_make_folder(folder, why)) != 0)
		return r;
	if ((fd = open_folder(folder, &last)) < 0)
		return no_folder(path, errno, why);
	/* file_write takes a name: this process goes into the folder. */
	here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fchdir(fd) != 0)
		r = no_folder(path, errno, why);
	else
		r = file_write(last, p, n, FILE_NEW, why);
	if (here >= 0) {
		(void)!fchdir(here);
		close(here);
	}
	close(fd);
	if (r == ERR_STATE)
		errmsg_set(why, r,
		    "%s already exists and was not changed: choose another "
		    "name",
		    path);
	return r;
}

static int make_file(
    const char *folder, const char *name, int content, struct errmsg *why)
{
	struct buf b;
	int r;

	buf_init_secret(&b, CONTENT_MAX);
	if ((r = read_content(content, &b)) != 0)
		errmsg_set(why, r, "there is not enough memory to write it");
	else
		r = put_file(folder, name, b.p, b.len, why);
	buf_free(&b);
	return r;
}

static void handle(void *arg, int to, const char *request, size_t n, int fd)
{
	struct answer a;

	memset(&a, 0, sizeof(a));
	a.r = strlen(request) == n ? make_file(arg, request, fd, &a.why)
				   : ERR_USAGE;
	close(fd);
	(void)!helper_answer(to, &a, sizeof(a));
}

static int enter_sandbox(void *folder)
{
	return client_sandbox_enter_export(folder);
}

struct helper *export_helper_new(
    const char *folder, bool sandboxed, struct buf *wipe)
{
	const struct helper_task task = {sandboxed ? enter_sandbox : NULL,
	    handle, (void *)(uintptr_t)folder, false};

	return helper_new(&task, wipe);
}

/* --- the main process's side ---------------------------------------------- */

static int put(int fd, const void *p, size_t n)
{
	const char *s = p;
	ssize_t w;

	while (n > 0) {
		w = write(fd, s, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return ERR_IO;
		s += w;
		n -= (size_t)w;
	}
	return 0;
}

int export_helper_write(struct helper *h, const char *folder, const char *name,
    const void *p, size_t n, struct errmsg *why)
{
	const char *wrong = export_helper_wrong(name);
	struct answer a;
	int fd, r = 0;

	if (wrong != NULL || h == NULL)
		return put_file(folder, name, p, n, why);
	fd = memfd_create("export", MFD_CLOEXEC);
	if (fd < 0 || put(fd, p, n) != 0)
		r = errmsg_set(why, ERR_IO, "%s cannot be written: %s", name,
		    file_error(errno));
	else if (helper_ask(h, name, strlen(name), fd) != 0 ||
		 helper_wait(h, &a, sizeof(a)) != 0)
		r = errmsg_set(why, ERR_IO,
		    "%s cannot be written: the process that does it is gone or "
		    "does not answer; start conclave again",
		    name);
	if (fd >= 0)
		close(fd);
	if (r != 0)
		return r;
	a.why.text[sizeof(a.why.text) - 1] = '\0';
	*why = a.why;
	return a.r;
}
