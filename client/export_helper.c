/* export_helper.c - the helper process that creates files for /export. */
#include "client/export_helper.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/sandbox.h"
#include "shared/os/file.h"

enum { CONTENT_MAX = 512 << 20 };

struct answer {
	int r;
	struct errmsg why;
};

/* --- the helper ----------------------------------------------------------- */

/* Whether the path has a hidden component, such as ~/.ssh, ~/.bashrc or
 * ~/.config: programs read these automatically. */
static bool hidden(const char *path)
{
	const char *p = path;
	size_t n;

	for (; *p != '\0'; p += n) {
		p += strspn(p, "/");
		n = strcspn(p, "/");
		if (p[0] == '.' && n > 1 && !(n == 2 && p[1] == '.'))
			return true;
	}
	return false;
}

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

static int make_file(const char *path, int content, struct errmsg *why)
{
	struct buf b;
	int r;

	if (hidden(path))
		return errmsg_set(why, ERR_USAGE,
		    "%s is not written: a name or folder in it begins with a "
		    "dot, where programs look for what to do; choose another",
		    path);
	buf_init_secret(&b, CONTENT_MAX);
	if ((r = read_content(content, &b)) != 0)
		errmsg_set(why, r, "there is not enough memory to write it");
	else
		r = file_write(path, b.p, b.len, FILE_NEW, why);
	buf_free(&b);
	return r;
}

static void handle(void *arg, int to, const char *request, size_t n, int fd)
{
	struct answer a;

	(void)arg;
	memset(&a, 0, sizeof(a));
	a.r = strlen(request) == n ? make_file(request, fd, &a.why) : ERR_USAGE;
	close(fd);
	(void)!helper_answer(to, &a, sizeof(a));
}

struct helper *export_helper_new(struct buf *wipe)
{
	static const struct helper_task task = {
	    client_sandbox_enter_export, handle, NULL};

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

int export_helper_write(struct helper *h, const char *path, const void *p,
    size_t n, struct errmsg *why)
{
	struct answer a;
	int fd, r = 0;

	if (h == NULL)
		return file_write(path, p, n, FILE_NEW, why);
	fd = memfd_create("export", MFD_CLOEXEC);
	if (fd < 0 || put(fd, p, n) != 0)
		r = errmsg_set(why, ERR_IO, "%s cannot be written: %s", path,
		    file_error(errno));
	else if (helper_ask(h, path, strlen(path), fd) != 0 ||
		 helper_wait(h, &a, sizeof(a)) != 0)
		r = errmsg_set(why, ERR_IO,
		    "%s cannot be written: the process that does it is gone or "
		    "does not answer; start conclave again",
		    path);
	if (fd >= 0)
		close(fd);
	if (r != 0)
		return r;
	a.why.text[sizeof(a.why.text) - 1] = '\0';
	*why = a.why;
	return a.r;
}
