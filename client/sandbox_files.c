/* sandbox_files.c - the sandboxes of the helper processes that write and read the
 * user's files. */
#include "client/sandbox.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/os/sandbox.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { READ_MAX = 4 };

static const struct sandbox_call export_calls[] = {
    CONFINE_CALL(open),
    CONFINE_CALL(openat),
    CONFINE_CALL(mkdir),
    CONFINE_CALL(mkdirat),
    CONFINE_CALL(fchdir),
    CONFINE_CALL(rename),
    CONFINE_CALL(renameat),
    CONFINE_CALL(renameat2),
    CONFINE_CALL(link),
    CONFINE_CALL(linkat),
    CONFINE_CALL(unlink),
    CONFINE_CALL(unlinkat),
    CONFINE_CALL(fsync),
    CONFINE_CALL(pread64),
    CONFINE_CALL(getcwd),
    /* The C library looks for translated messages. */
    CONFINE_ANSWER(newfstatat, EACCES),
    CONFINE_ANSWER(stat, EACCES),
    CONFINE_ANSWER(fcntl, EACCES),
};

static const struct sandbox_call transcript_calls[] = {
    CONFINE_CALL(open),
    CONFINE_CALL(openat),
    CONFINE_CALL(mkdir),
    CONFINE_CALL(mkdirat),
    CONFINE_CALL(ftruncate),
    CONFINE_CALL(flock),
    CONFINE_CALL(fstat),
    CONFINE_CALL(newfstatat),
    CONFINE_CALL(statx),
    CONFINE_CALL(pread64),
    CONFINE_ANSWER(fcntl, EACCES),
};

static const struct sandbox_call transfer_calls[] = {
    CONFINE_CALL(open),
    CONFINE_CALL(openat),
    CONFINE_CALL(mkdir),
    CONFINE_CALL(mkdirat),
    CONFINE_CALL(renameat2),
    CONFINE_CALL(linkat),
    CONFINE_CALL(unlinkat),
    CONFINE_CALL(fsync),
    CONFINE_CALL(flock),
    CONFINE_CALL(fstat),
    CONFINE_CALL(newfstatat),
    CONFINE_CALL(statx),
    CONFINE_CALL(lstat),
    CONFINE_CALL(access),
    CONFINE_CALL(faccessat),
    CONFINE_CALL(faccessat2),
    CONFINE_CALL(readlink),
    CONFINE_CALL(readlinkat),
    CONFINE_CALL(getcwd),
    CONFINE_ANSWER(fcntl, EACCES),
};

/* The folder, or while it does not exist, the closest one above it that does. */
static void existing(char top[PATH_MAX], const char *folder)
{
	char *slash;

	snprintf(top, PATH_MAX, "%s", folder);
	while (access(top, F_OK) != 0 && (slash = strrchr(top, '/')) != NULL)
		slash[slash == top ? 1 : 0] = '\0';
}

static int enter_folders(
    const struct sandbox_files *f, const struct sandbox_calls *own)
{
	int abi, r;

	if ((r = sandbox_privileges()) != 0)
		return r;
	if ((r = sandbox_files(f, &abi)) != 0 && r != ERR_AGAIN)
		return r;
	r = sandbox_calls(SCMP_ACT_KILL_PROCESS, own, 1, NULL);
	return r == ERR_AGAIN ? 0 : r;
}

static int enter_folder(
    const char *folder, unsigned access_to, const struct sandbox_calls *own)
{
	char top[PATH_MAX];
	const struct sandbox_path below = {top, access_to};
	const struct sandbox_files f = {.paths = &below, .n_paths = 1};

	existing(top, folder);
	return enter_folders(&f, own);
}

int client_sandbox_enter_transfer(
    const char *save, const char *const *read, size_t n)
{
	const struct sandbox_calls own = {
	    transfer_calls, COUNT(transfer_calls)};
	char top[PATH_MAX];
	struct sandbox_path paths[1 + READ_MAX] = {{top,
	    CONFINE_READ | CONFINE_MAKE | CONFINE_WRITE | CONFINE_REMOVE}};
	const struct sandbox_files f = {.paths = paths, .n_paths = n + 1};
	size_t i;

	if (n > READ_MAX)
		return ERR_LIMIT;
	for (i = 0; i < n; i++)
		paths[i + 1] = (struct sandbox_path){read[i], CONFINE_READ};
	existing(top, save);
	return enter_folders(&f, &own);
}

int client_sandbox_enter_export(const char *folder)
{
	const struct sandbox_calls own = {export_calls, COUNT(export_calls)};

	return enter_folder(folder,
	    CONFINE_READ | CONFINE_MAKE | CONFINE_WRITE | CONFINE_REMOVE, &own);
}

int client_sandbox_enter_transcript(const char *folder)
{
	const struct sandbox_calls own = {
	    transcript_calls, COUNT(transcript_calls)};

	return enter_folder(
	    folder, CONFINE_READ | CONFINE_MAKE | CONFINE_WRITE, &own);
}
