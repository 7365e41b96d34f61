/* What an attacker inside the sandboxed process would try with files, and which
 * of it must still work. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/sandbox_tries_int.h"

const char *try_inside, *try_outside;

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

int try_open_read(void)
{
	return try_open("/etc/passwd", O_RDONLY);
}

int try_open_write(void)
{
	return try_open("/tmp/conclave-sandbox", O_WRONLY | O_CREAT);
}

int try_open_old(void)
{
#ifdef SYS_open
	return RAW(SYS_open, "/etc/passwd", O_RDONLY);
#else
	return try_open_write();
#endif
}

int try_open_tree(void)
{
	return RAW(NR_OPEN_TREE, AT_FDCWD, "/", 0);
}

int try_openat2(void)
{
	return RAW(NR_OPENAT2, AT_FDCWD, "/etc/passwd", NULL, 0);
}

int try_handle(void)
{
	return RAW(SYS_open_by_handle_at, 0, NULL, 0);
}

int try_mkdir(void)
{
	return try_result(mkdir("/tmp/conclave-sandbox", 0700));
}

int try_chmod(void)
{
	return try_result(chmod("/tmp/conclave-sandbox", 0700));
}

int try_rename(void)
{
	return try_result(rename("/tmp/conclave-sandbox", "/tmp/conclave-sandbox2"));
}

int try_symlink(void)
{
	return try_result(symlink("/", "/tmp/conclave-sandbox"));
}

int try_link(void)
{
	return try_result(link("/tmp/conclave-sandbox", "/tmp/conclave-sandbox2"));
}

int try_chroot(void)
{
	return try_result(chroot("/"));
}

int try_mount(void)
{
	return RAW(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL);
}

int try_pivot(void)
{
	return RAW(SYS_pivot_root, "/", "/");
}

int try_read_inside(void)
{
	return try_open(try_inside, O_RDONLY);
}

int try_write_inside(void)
{
	return try_open(try_inside, O_RDWR | O_APPEND);
}

static void beside(char *out, size_t size, const char *path)
{
	snprintf(out, size, "%s.new", path);
}

int try_make_inside(void)
{
	char path[256];

	beside(path, sizeof(path), try_inside);
	return try_open(path, O_WRONLY | O_CREAT | O_EXCL);
}

int try_remove_inside(void)
{
	return try_result(unlink(try_inside));
}

int try_read_outside(void)
{
	return try_open(try_outside, O_RDONLY);
}

int try_write_outside(void)
{
	return try_open(try_outside, O_WRONLY);
}

int try_make_outside(void)
{
	char path[256];

	beside(path, sizeof(path), try_outside);
	return try_open(path, O_WRONLY | O_CREAT | O_EXCL);
}

int try_remove_outside(void)
{
	return try_result(unlink(try_outside));
}

int try_truncate_outside(void)
{
	return try_result(truncate(try_outside, 0));
}

int try_list_outside(void)
{
	char path[256], *slash;

	snprintf(path, sizeof(path), "%s", try_outside);
	slash = strrchr(path, '/');
	*slash = '\0';
	return try_open(path, O_RDONLY | O_DIRECTORY);
}

int try_move_outside(void)
{
	char path[256];

	beside(path, sizeof(path), try_outside);
	return try_result(rename(try_inside, path));
}
