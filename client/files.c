/* files.c - reads and writes the files of a session. */
#include "client/files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/os/clock.h"
#include "shared/os/file.h"
#include "shared/wire/text.h"

/* What is offered by somebody on the list, and not larger. */
#define ACCEPT_MAX (UINT64_C(1) << 30)

/* --- opening ------------------------------------------------------------------- */

static uint64_t mix(uint64_t h, uint64_t v)
{
	return (h ^ v) * UINT64_C(0x100000001b3);
}

/* Of what changes with a file's content: its times, size and number. */
static uint64_t stamp(void *arg, int handle)
{
	struct stat st;
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	(void)arg;
	if (fstat(handle, &st) != 0)
		return 0;
	h = mix(h, (uint64_t)st.st_mtim.tv_sec);
	h = mix(h, (uint64_t)st.st_mtim.tv_nsec);
	h = mix(h, (uint64_t)st.st_size);
	h = mix(h, (uint64_t)st.st_ino);
	return h == 0 ? 1 : h;
}

static int opened(int r, int fd, struct file_opened *out, struct errmsg *why)
{
	struct stat st;

	if (r != 0)
		return r;
	if (fstat(fd, &st) != 0 || st.st_size < 0) {
		close(fd);
		return errmsg_set(why, ERR_IO, "the file has no size");
	}
	out->handle = fd;
	out->size = (uint64_t)st.st_size;
	out->stamp = stamp(NULL, fd);
	return 0;
}

static int open_send(
    void *arg, const char *path, struct file_opened *out, struct errmsg *why)
{
	struct files *f = arg;
	int fd = -1;
	int r = file_helper_send(
	    f->helper, &f->folders, path, out->place, &fd, why);

	return opened(r, fd, out, why);
}

static int create(
    void *arg, const char *name, struct file_opened *out, struct errmsg *why)
{
	struct files *f = arg;
	char safe[FILE_NAME_SIZE];
	int fd = -1, r;

	file_name_safe(safe, name, strlen(name));
	r = file_helper_new_part(
	    f->helper, &f->folders, safe, out->place, &fd, why);
	return opened(r, fd, out, why);
}

static int again(
    void *arg, const char *place, struct file_opened *out, struct errmsg *why)
{
	struct files *f = arg;
	int fd = -1;
	int r = file_helper_old_part(f->helper, &f->folders, place, &fd, why);

	snprintf(out->place, sizeof(out->place), "%s", place);
	return opened(r, fd, out, why);
}

static void close_file(void *arg, int handle)
{
	(void)arg;
	close(handle);
}

/* --- reading and writing -------------------------------------------------------- */

static int read_at(
    void *arg, int handle, uint64_t at, void *p, size_t n, struct errmsg *why)
{
	int r = file_read_at(handle, p, n, at);

	(void)arg;
	return r != ERR_IO ? r
			   : errmsg_errno(why, ERR_IO, errno,
				 "cannot read the file");
}

/* The sandbox has no pwrite. */
static int write_at(void *arg, int handle, uint64_t at, const void *p, size_t n,
    struct errmsg *why)
{
	(void)arg;
	if (lseek(handle, (off_t)at, SEEK_SET) == (off_t)at &&
	    file_write_all(handle, p, n) == 0)
		return 0;
	return errmsg_errno(why, ERR_IO, errno, "cannot write the file");
}

static int finish(void *arg, const char *place, const char *name,
    const char **path, struct errmsg *why)
{
	struct files *f = arg;
	char safe[FILE_NAME_SIZE];

	file_name_safe(safe, name, strlen(name));
	*path = f->path;
	return file_helper_finish(
	    f->helper, &f->folders, place, safe, f->path, why);
}

static void drop(void *arg, const char *place)
{
	struct files *f = arg;
	struct errmsg why;

	(void)!file_helper_drop(f->helper, &f->folders, place, &why);
}

/* --- records ---------------------------------------------------------------------- */

static bool load(void *arg, struct file_record *out)
{
	return unfinished_next(((struct files *)arg)->unfinished, out);
}

static int keep(void *arg, const struct file_record *r, struct errmsg *why)
{
	return unfinished_keep(((struct files *)arg)->unfinished, r, why);
}

static void forget(void *arg, bool own, const uint8_t id[WIRE_ID])
{
	unfinished_forget(((struct files *)arg)->unfinished, own, id);
}

static bool accept_from(void *arg, const char *from, uint64_t size)
{
	const char *p = ((struct files *)arg)->accept;
	char name[WIRE_NAME_MAX + 1];
	size_t n;

	for (; p != NULL && *p != '\0' && size <= ACCEPT_MAX;
	     p += n + (p[n] != '\0')) {
		n = strcspn(p, ", ");
		snprintf(name, sizeof(name), "%.*s",
		    n > WIRE_NAME_MAX ? 0 : (int)n, p);
		if (n > 0 && text_same_name(name, from))
			return true;
	}
	return false;
}

struct file_ops files_ops(struct files *f)
{
	if (f->folders.save == NULL || f->unfinished == NULL)
		return (struct file_ops){.open = NULL};
	return (struct file_ops){.open = open_send,
	    .create = create,
	    .again = again,
	    .read = read_at,
	    .write = write_at,
	    .stamp = stamp,
	    .close = close_file,
	    .finish = finish,
	    .drop = drop,
	    .load = load,
	    .keep = keep,
	    .forget = forget,
	    .accept = accept_from,
	    .wall_ms = clock_real_ms,
	    .arg = f};
}
