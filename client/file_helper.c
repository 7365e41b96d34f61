/* file_helper.c - opens the files that are sent and saved, in a helper process. */
#include "client/file_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/sandbox.h"
#include "shared/os/file.h"

enum { NUMBER_MAX = 999 };

enum what { WHAT_SEND, WHAT_NEW, WHAT_OLD, WHAT_FINISH, WHAT_DROP };

struct request {
	enum what what;
	char first[FILE_HELPER_PATH_MAX]; /* a path, a name or a part */
	char name[FILE_NAME_SIZE];	  /* FINISH */
};
struct answer {
	int r;
	struct errmsg why;
	char text[FILE_HELPER_PATH_MAX]; /* a path or a part */
};
_Static_assert(sizeof(struct request) <= HELPER_REQUEST_MAX, "one message");

/* --- files to be sent -------------------------------------------------------- */

static bool below(const char *path, const char *folder)
{
	char *real = folder != NULL ? realpath(folder, NULL) : NULL;
	size_t n = real != NULL ? strlen(real) : 0;
	bool is;

	if (n == 1)
		n = 0; /* the root */
	is = real != NULL && strncmp(path, real, n) == 0 && path[n] == '/';
	/* The folder itself may be a hidden one: only what follows counts. */
	is = is && strstr(path + n, "/.") == NULL;
	free(real);
	return is;
}

static int may_send(
    const struct file_folders *f, const char *path, struct errmsg *why)
{
	if (f->send != NULL ? below(path, f->send)
			    : below(path, file_home()) || below(path, "."))
		return 0;
	return errmsg_set(why, ERR_USAGE,
	    "%s is not sent: it is hidden, or not below %s; copy it there, or "
	    "name its folder with --send-folder",
	    path,
	    f->send != NULL ? f->send : "your home or the current folder");
}

static int expand(char out[FILE_HELPER_PATH_MAX], const char *name)
{
	const char *home = file_home();
	int n;

	if (strncmp(name, "~/", 2) == 0 && home != NULL)
		n = snprintf(out, FILE_HELPER_PATH_MAX, "%s%s", home, name + 1);
	else
		n = snprintf(out, FILE_HELPER_PATH_MAX, "%s", name);
	return n < FILE_HELPER_PATH_MAX ? 0 : ERR_RANGE;
}

static int open_send(const struct file_folders *f, const char *name, char *path,
    int *fd, struct errmsg *why)
{
	char full[FILE_HELPER_PATH_MAX], *real;
	struct stat st;
	int n, r;

	if (expand(full, name) != 0)
		return errmsg_set(why, ERR_USAGE, "that path is too long");
	if ((real = realpath(full, NULL)) == NULL)
		return errmsg_errno(
		    why, ERR_USAGE, errno, "cannot send %s", full);
	n = snprintf(path, FILE_HELPER_PATH_MAX, "%s", real);
	free(real);
	if (n >= FILE_HELPER_PATH_MAX)
		return errmsg_set(why, ERR_USAGE, "that path is too long");
	if ((r = may_send(f, path, why)) != 0)
		return r;
	/* Not to wait for the other end of a pipe. */
	*fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0)
		return errmsg_errno(
		    why, ERR_USAGE, errno, "cannot send %s", full);
	if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode))
		return 0;
	close(*fd);
	*fd = -1;
	return errmsg_set(why, ERR_USAGE, "%s is not a file", full);
}

/* --- files that are saved ---------------------------------------------------- */

static int open_folder(const struct file_folders *f, struct errmsg *why)
{
	int r = file_make_folder(f->save, why), fd;

	if (r != 0)
		return r;
	fd = open(f->save, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd
		       : errmsg_errno(
			     why, ERR_IO, errno, "cannot open %s", f->save);
}

static int no_file(
    const struct file_folders *f, const char *name, struct errmsg *why)
{
	return errmsg_errno(
	    why, ERR_IO, errno, "cannot write %s/%s", f->save, name);
}

static bool taken(int folder, const char *name)
{
	struct stat st;

	return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int make_part(int folder, const struct file_folders *f, const char *name,
    char part[FILE_HELPER_PART], int *fd, struct errmsg *why)
{
	char numbered[FILE_HELPER_PART - 5];
	unsigned i;

	for (i = 1; i <= NUMBER_MAX; i++) {
		file_name_numbered(numbered, sizeof(numbered), name, i);
		snprintf(part, FILE_HELPER_PART, "%s.part", numbered);
		*fd = openat(folder, part,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (*fd >= 0 || errno != EEXIST)
			break;
	}
	if (*fd < 0)
		return no_file(f, part, why);
	(void)!file_lock(*fd, false); /* where there are locks */
	return 0;
}

static bool is_part(const char *part)
{
	char name[FILE_HELPER_PART];
	size_t n = strlen(part);

	if (n < 6 || n >= sizeof(name) || strcmp(part + n - 5, ".part") != 0)
		return false;
	return part[0] != '.' && strchr(part, '/') == NULL;
}

static int open_part(int folder, const struct file_folders *f, const char *part,
    int *fd, struct errmsg *why)
{
	struct stat st;

	*fd =
	    openat(folder, part, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0)
		return no_file(f, part, why);
	if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
	    st.st_uid == geteuid() && file_lock(*fd, false) != ERR_STATE)
		return 0;
	close(*fd);
	*fd = -1;
	return errmsg_set(why, ERR_STATE,
	    "%s/%s cannot be continued: another conclave writes it, or it is "
	    "not a file of yours",
	    f->save, part);
}

/* Gives the part a name that nothing has. Where the file system cannot do that in
 * one step (NFS), a link and a removal do. */
static int rename_part(int folder, const char *part, const char *name)
{
	if (renameat2(folder, part, folder, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (linkat(folder, part, folder, name, 0) != 0)
		return -1;
	return unlinkat(folder, part, 0);
}

/* On the disk before it has a name that says it is whole. */
static int sync_part(int folder, const char *part)
{
	int fd = openat(
	    folder, part, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int r = fd < 0 ? ERR_IO : file_sync(fd), was = errno;

	if (fd >= 0)
		close(fd);
	errno = was;
	return r;
}

/* The name as well. Not every file system can do that for a folder. */
static void sync_folder(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!file_sync(fd);
		close(fd);
	}
}

static int finish_part(int folder, const struct file_folders *f,
    const char *part, const char *name, char *path, struct errmsg *why)
{
	char numbered[FILE_HELPER_PART];
	unsigned i;

	if (sync_part(folder, part) != 0)
		return no_file(f, part, why);
	for (i = 1; i <= NUMBER_MAX; i++) {
		file_name_numbered(numbered, sizeof(numbered), name, i);
		if (taken(folder, numbered)) {
			errno = EEXIST;
			continue;
		}
		if (rename_part(folder, part, numbered) == 0) {
			sync_folder(folder);
			snprintf(path, FILE_HELPER_PATH_MAX, "%s/%s", f->save,
			    numbered);
			return 0;
		}
		if (errno != EEXIST)
			break;
	}
	return no_file(f, numbered, why);
}

/* --- requests ---------------------------------------------------------------- */

static bool valid(const struct request *q)
{
	if (memchr(q->first, 0, sizeof(q->first)) == NULL ||
	    memchr(q->name, 0, sizeof(q->name)) == NULL)
		return false;
	switch (q->what) {
	case WHAT_SEND:
		return q->first[0] != '\0';
	case WHAT_NEW:
		return file_name_is_safe(q->first);
	case WHAT_FINISH:
		return is_part(q->first) && file_name_is_safe(q->name);
	case WHAT_OLD:
	case WHAT_DROP:
		return is_part(q->first);
	}
	return false;
}

static int in_folder(const struct file_folders *f, const struct request *q,
    char *text, int *fd, struct errmsg *why)
{
	int folder = open_folder(f, why), r = 0;

	if (folder < 0)
		return folder;
	if (q->what == WHAT_NEW)
		r = make_part(folder, f, q->first, text, fd, why);
	else if (q->what == WHAT_OLD)
		r = open_part(folder, f, q->first, fd, why);
	else if (q->what == WHAT_FINISH)
		r = finish_part(folder, f, q->first, q->name, text, why);
	else if (unlinkat(folder, q->first, 0) != 0 && errno != ENOENT)
		r = no_file(f, q->first, why);
	close(folder);
	return r;
}

static int do_it(const struct file_folders *f, const struct request *q,
    char *text, int *fd, struct errmsg *why)
{
	*fd = -1;
	text[0] = '\0';
	if (!valid(q))
		return errmsg_set(why, ERR_USAGE, "that is no name of a file");
	return q->what == WHAT_SEND ? open_send(f, q->first, text, fd, why)
				    : in_folder(f, q, text, fd, why);
}

/* --- the helper -------------------------------------------------------------- */

static void handle(void *arg, int to, const char *request, size_t n, int fd)
{
	struct request q;
	struct answer a;
	int opened = -1;

	memset(&a, 0, sizeof(a));
	a.r = ERR_USAGE;
	if (n == sizeof(q)) {
		memcpy(&q, request, sizeof(q));
		a.r = do_it(arg, &q, a.text, &opened, &a.why);
	}
	(void)!helper_answer_fd(to, &a, sizeof(a), opened);
	if (opened >= 0)
		close(opened);
	close(fd);
}

static int enter_sandbox(void *arg)
{
	const struct file_folders *f = arg;
	const char *from[2] = {f->send, NULL};
	char here[PATH_MAX];

	if (f->send == NULL) {
		from[0] = file_home();
		from[1] = getcwd(here, sizeof(here));
	}
	return client_sandbox_enter_transfer(f->save, from, 2);
}

struct helper *file_helper_new(
    const struct file_folders *f, bool sandboxed, struct buf *wipe)
{
	const struct helper_task task = {sandboxed ? enter_sandbox : NULL,
	    handle, (void *)(uintptr_t)f, false};

	return helper_new(&task, wipe);
}

/* --- the main process's side ------------------------------------------------- */

/* text: size bytes for a path or a part; NULL: none. fd NULL: none is opened. */
static int ask(struct helper *h, const struct file_folders *f,
    const struct request *q, char *text, size_t size, int *fd,
    struct errmsg *why)
{
	struct answer a = {0};
	int opened = -1, r;

	if (h == NULL) {
		a.r = do_it(f, q, a.text, &opened, &a.why);
	} else {
		/* A request has a descriptor: this one says nothing. */
		r = helper_ask(h, q, sizeof(*q), STDERR_FILENO);
		if (r == 0)
			r = helper_wait_fd(h, &a, sizeof(a), &opened);
		if (r != 0)
			return errmsg_set(why, ERR_IO,
			    "the process that opens files is gone or does not "
			    "answer; start conclave again");
	}
	a.why.text[sizeof(a.why.text) - 1] = '\0';
	a.text[sizeof(a.text) - 1] = '\0';
	*why = a.why;
	if (text != NULL)
		snprintf(text, size, "%s", a.text);
	if (fd != NULL)
		*fd = opened;
	if (a.r == 0 && fd != NULL && opened < 0)
		return errmsg_set(
		    why, ERR_IO, "there are too many open files (ulimit -n)");
	return a.r;
}

static int ask_one(struct request *q, enum what what, const char *first,
    const char *name, struct errmsg *why)
{
	memset(q, 0, sizeof(*q));
	q->what = what;
	if (strlen(first) >= sizeof(q->first) ||
	    strlen(name) >= sizeof(q->name))
		return errmsg_set(why, ERR_USAGE, "that name is too long");
	memcpy(q->first, first, strlen(first));
	memcpy(q->name, name, strlen(name));
	return 0;
}

int file_helper_send(struct helper *h, const struct file_folders *f,
    const char *name, char *path, int *fd, struct errmsg *why)
{
	struct request q;
	int r = ask_one(&q, WHAT_SEND, name, "", why);

	*fd = -1;
	return r != 0 ? r : ask(h, f, &q, path, FILE_HELPER_PATH_MAX, fd, why);
}

int file_helper_new_part(struct helper *h, const struct file_folders *f,
    const char *name, char part[FILE_HELPER_PART], int *fd, struct errmsg *why)
{
	struct request q;
	int r = ask_one(&q, WHAT_NEW, name, "", why);

	*fd = -1;
	return r != 0 ? r : ask(h, f, &q, part, FILE_HELPER_PART, fd, why);
}

int file_helper_old_part(struct helper *h, const struct file_folders *f,
    const char *part, int *fd, struct errmsg *why)
{
	struct request q;
	int r = ask_one(&q, WHAT_OLD, part, "", why);

	*fd = -1;
	return r != 0 ? r : ask(h, f, &q, NULL, 0, fd, why);
}

int file_helper_finish(struct helper *h, const struct file_folders *f,
    const char *part, const char *name, char *path, struct errmsg *why)
{
	struct request q;
	int r = ask_one(&q, WHAT_FINISH, part, name, why);

	return r != 0 ? r
		      : ask(h, f, &q, path, FILE_HELPER_PATH_MAX, NULL, why);
}

int file_helper_drop(struct helper *h, const struct file_folders *f,
    const char *part, struct errmsg *why)
{
	struct request q;
	int r = ask_one(&q, WHAT_DROP, part, "", why);

	return r != 0 ? r : ask(h, f, &q, NULL, 0, NULL, why);
}
