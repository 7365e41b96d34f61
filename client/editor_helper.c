/* editor_helper.c - runs the user's editor, in a helper process. */
#include "client/editor_helper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shared/wire/text.h"

static const char folder_begins[] = "conclave-editor-";
static const char password_variable[] = "CONCLAVE_PASSWORD";

enum {
	STOPPED_MS = 100, /* until a stop counts as one */
	HANGUP_MS = 1000, /* for an editor to end by itself */
	STALE_S = 60,	  /* age of a folder that nobody holds */
	COMMAND_MAX = 1024,
	N_SIGNALS = 9,
	AT_TSTP = 0, /* of `signals` */
};

/* What helper_new changes, and an editor gets back. */
static const int signals[N_SIGNALS] = {[AT_TSTP] = SIGTSTP,
    SIGINT,
    SIGTERM,
    SIGHUP,
    SIGQUIT,
    SIGWINCH,
    SIGPIPE,
    SIGCHLD,
    SIGXFSZ};

struct editor_task {
	struct sigaction before[N_SIGNALS];
};

/* One run. */
struct run {
	const struct editor_task *task;
	int to;	    /* the main process */
	int child;  /* a signalfd of SIGCHLD */
	int folder; /* locked while we use it */
	int file;   /* the file as we made it */
	char path[PATH_MAX];
	char name[WIRE_ROOM_MAX + 16];
	char command[COMMAND_MAX]; /* "" of $VISUAL and $EDITOR: the defaults */
};

/* --- wiping --------------------------------------------------------------- */

static void wipe_file(int fd)
{
	static const char zeros[4096];
	struct stat st;
	off_t at;

	/* A file with another name as well is not ours alone. */
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink > 1)
		return;
	for (at = 0; at < st.st_size; at += (off_t)sizeof(zeros))
		if (pwrite(fd, zeros,
			(size_t)(st.st_size - at) < sizeof(zeros)
			    ? (size_t)(st.st_size - at)
			    : sizeof(zeros),
			at) <= 0)
			return;
	(void)fdatasync(fd);
}

/* Wipes and removes what is in a folder: our file, and copies that the editor
 * has made beside it. Returns the number that could not be removed. */
static int empty_folder(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	int file, left = 0;

	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return 1;
	}
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		file = openat(folder, e->d_name,
		    O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (file >= 0) {
			wipe_file(file);
			close(file);
		}
		if (unlinkat(folder, e->d_name, 0) != 0 &&
		    unlinkat(folder, e->d_name, AT_REMOVEDIR) != 0)
			left++;
	}
	closedir(d);
	return left;
}

/* --- the folder ----------------------------------------------------------- */

static bool private_folder(const char *path)
{
	struct stat st;

	return path != NULL && path[0] == '/' && stat(path, &st) == 0 &&
	       S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	       (st.st_mode & 077) == 0;
}

static const char *base_folder(void)
{
	const char *run = getenv("XDG_RUNTIME_DIR"), *tmp = getenv("TMPDIR");

	if (private_folder(run))
		return run;
	return tmp != NULL && tmp[0] == '/' ? tmp : "/tmp";
}

/* Removes a folder of a helper that was killed: nobody holds its lock. A fresh
 * one may not be locked yet. */
static void remove_stale(int base, const char *name)
{
	int fd =
	    openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    (st.st_mode & 077) == 0 && st.st_mtime < time(NULL) - STALE_S &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0 && empty_folder(fd) == 0)
		(void)unlinkat(base, name, AT_REMOVEDIR);
	close(fd);
}

static void sweep(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, folder_begins,
			sizeof(folder_begins) - 1) == 0 &&
		    strlen(e->d_name) == sizeof(folder_begins) - 1 + 6)
			remove_stale(dirfd(d), e->d_name);
	if (d != NULL)
		closedir(d);
}

/* Makes the folder and the file with the n bytes of `text`. False with errno. */
static bool make_file(struct run *r, int text, off_t n)
{
	const char *base = base_folder();
	char b[4096];
	ssize_t got;
	off_t at;

	sweep(base);
	if (snprintf(r->path, sizeof(r->path), "%s/%sXXXXXX", base,
		folder_begins) >= (int)sizeof(r->path) ||
	    mkdtemp(r->path) == NULL) {
		r->path[0] = '\0';
		return false;
	}
	r->folder = open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->folder < 0 || flock(r->folder, LOCK_EX | LOCK_NB) != 0)
		return false;
	r->file = openat(r->folder, r->name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (r->file < 0)
		return false;
	for (at = 0; at < n; at += got) {
		got = pread(text, b, sizeof(b), at);
		if (got <= 0 || write(r->file, b, (size_t)got) != got)
			return false;
	}
	explicit_bzero(b, sizeof(b));
	return true;
}

static void remove_file(struct run *r)
{
	/* An editor may have put another file under the name. */
	if (r->file >= 0) {
		wipe_file(r->file);
		close(r->file);
	}
	if (r->folder >= 0) {
		(void)empty_folder(r->folder);
		close(r->folder);
	}
	if (r->path[0] != '\0')
		(void)rmdir(r->path);
}

/* --- the editor ----------------------------------------------------------- */

/* A shell takes a command apart that is more than a word. */
static void exec_command(const char *command, const char *file)
{
	char script[COMMAND_MAX + 16];

	if (strcspn(command, " \t\n|&;<>()$`\\\"'*?[#~=%{}!") ==
	    strlen(command)) {
		execlp(command, command, file, (char *)NULL);
		return;
	}
	snprintf(script, sizeof(script), "exec %s \"$1\"", command);
	execl("/bin/sh", "sh", "-c", script, "conclave", file, (char *)NULL);
}

/* In the child. What it writes to `failed` is errno. Standard output is not
 * blocking (output.h), which no editor expects. */
static _Noreturn void editor_main(const struct run *r, int failed)
{
	char file[sizeof(r->path) + sizeof(r->name)];
	int i, error, fd = open("/dev/tty", O_RDWR);
	sigset_t none;

	for (i = 0; i < N_SIGNALS; i++)
		(void)sigaction(signals[i], &r->task->before[i], NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (i = 0; i <= STDERR_FILENO; i++)
		(void)dup2(fd >= 0 ? fd : STDIN_FILENO, i);
	if (fd > STDERR_FILENO)
		close(fd);
	(void)unsetenv(password_variable);
	snprintf(file, sizeof(file), "%s/%s", r->path, r->name);
	if (r->command[0] != '\0') {
		exec_command(r->command, file);
	} else {
		exec_command("editor", file);
		exec_command("vi", file);
	}
	error = errno;
	(void)!write(failed, &error, sizeof(error));
	_exit(127);
}

/* 0 with errno: it could not be started. */
static pid_t start(const struct run *r)
{
	int fd[2], error = 0;
	ssize_t n;
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC) != 0)
		return 0;
	pid = fork();
	if (pid == 0)
		editor_main(r, fd[1]);
	error = errno;
	close(fd[1]);
	if (pid > 0) {
		do {
			n = read(fd[0], &error, sizeof(error));
		} while (n < 0 && errno == EINTR);
		if (n == (ssize_t)sizeof(error)) {
			(void)waitpid(pid, NULL, 0);
			pid = 0;
		}
	}
	close(fd[0]);
	errno = error;
	return pid > 0 ? pid : 0;
}

/* The editor has stopped itself. Then all of us stop, for the shell to see it;
 * unless there is no shell that could continue us. */
static void on_stop(const struct run *r, pid_t pid)
{
	const struct timespec t = {.tv_nsec = STOPPED_MS * 1000000L};
	siginfo_t si = {0};

	(void)nanosleep(&t, NULL);
	/* Nothing to see: it goes on already. */
	if (waitid(P_PID, (id_t)pid, &si, WSTOPPED | WNOHANG) != 0 ||
	    si.si_pid != pid)
		return;
	if (r->task->before[AT_TSTP].sa_handler == SIG_IGN ||
	    getpgrp() == getsid(0))
		(void)kill(pid, SIGCONT);
	else
		(void)kill(0, SIGTSTP);
}

/* Whether the editor has ended. */
static bool ended(const struct run *r, pid_t pid, int *status)
{
	siginfo_t si = {0};

	if (waitid(P_PID, (id_t)pid, &si,
		WEXITED | WSTOPPED | WNOWAIT | WNOHANG) != 0)
		return true; /* no child: cannot be */
	if (si.si_pid != pid)
		return false;
	if (si.si_code == CLD_STOPPED) {
		on_stop(r, pid);
		return false;
	}
	return waitpid(pid, status, WNOHANG) == pid;
}

/* Waits for the end of the editor. False: the main process is gone, and the
 * editor was ended. */
static bool await(const struct run *r, pid_t pid, int *status)
{
	struct pollfd p[2] = {{r->child, POLLIN, 0}, {r->to, POLLIN, 0}};
	struct signalfd_siginfo si;
	bool left = false;
	int n;

	for (;;) {
		while (read(r->child, &si, sizeof(si)) > 0)
			;
		if (ended(r, pid, status))
			return !left;
		n = poll(p, left ? 1 : 2, left ? HANGUP_MS : -1);
		if (n == 0)
			(void)kill(pid, SIGKILL);
		if (!left && n > 0 && p[1].revents != 0) {
			left = true;
			(void)kill(pid, SIGHUP);
			(void)kill(pid, SIGCONT);
		}
	}
}

/* Puts what is in the file into `text`. */
static void read_back(const struct run *r, int text, struct editor_end *end)
{
	int fd = openat(
	    r->folder, r->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	char b[4096];
	ssize_t n = 0;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		end->how = EDITOR_NO_FILE;
	} else if (st.st_size > EDITOR_HELPER_FILE_MAX) {
		end->how = EDITOR_TOO_LONG;
	} else if (ftruncate(text, 0) == 0) {
		while (end->n < EDITOR_HELPER_FILE_MAX &&
		       (n = read(fd, b, sizeof(b))) > 0 &&
		       pwrite(text, b, (size_t)n, (off_t)end->n) == n)
			end->n += (size_t)n;
		explicit_bzero(b, sizeof(b));
	}
	if (fd >= 0)
		close(fd);
}

static void run(struct run *r, int text, struct editor_end *end)
{
	struct stat st;
	int status = 0;
	pid_t pid;

	if (fstat(text, &st) != 0 || !make_file(r, text, st.st_size)) {
		end->how = EDITOR_NO_ROOM;
		end->value = errno;
		return;
	}
	if ((pid = start(r)) == 0) {
		end->how = EDITOR_MISSING;
		end->value = errno;
		return;
	}
	if (!await(r, pid, &status))
		return;
	if (WIFSIGNALED(status)) {
		end->how = EDITOR_KILLED;
		end->value = WTERMSIG(status);
	} else if (WEXITSTATUS(status) == 127) { /* the shell says so */
		end->how = EDITOR_MISSING;
		end->value = ENOENT;
		return;
	} else if (WEXITSTATUS(status) != 0) {
		end->how = EDITOR_FAILED;
		end->value = WEXITSTATUS(status);
	}
	read_back(r, text, end);
}

static void choose_command(struct run *r)
{
	const char *e = getenv("VISUAL");

	if (e == NULL || e[0] == '\0')
		e = getenv("EDITOR");
	if (e != NULL && strlen(e) < sizeof(r->command))
		snprintf(r->command, sizeof(r->command), "%s", e);
}

/* The request is the name of the room, and the descriptor has the text. */
static void handle(void *arg, int to, const char *request, size_t n, int fd)
{
	struct run r = {.task = arg, .to = to, .folder = -1, .file = -1};
	struct editor_end end = {.how = EDITOR_SAVED};
	sigset_t set, before;

	choose_command(&r);
	snprintf(end.program, sizeof(end.program), "%.60s",
	    r.command[0] != '\0' ? r.command : "editor");
	snprintf(r.name, sizeof(r.name), "%s%s.txt",
	    text_room(request, n) ? "to-" : "message",
	    text_room(request, n) ? request : "");
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &before);
	r.child = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r.child >= 0) {
		run(&r, fd, &end);
	} else {
		end.how = EDITOR_NO_ROOM;
		end.value = errno;
	}
	remove_file(&r);
	if (r.child >= 0)
		close(r.child);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(fd);
	(void)!helper_answer(to, &end, sizeof(end));
}

struct helper *editor_helper_new(struct buf *wipe)
{
	struct editor_task mine;
	struct helper_task task = {
	    .terminal = true, .handle = handle, .arg = &mine};
	int i;

	for (i = 0; i < N_SIGNALS; i++)
		if (sigaction(signals[i], NULL, &mine.before[i]) != 0)
			return NULL;
	return helper_new(&task, wipe);
}

/* --- the main process's side ---------------------------------------------- */

/* Overwrites what is in memory, with calls that the sandbox has. */
static void wipe_memory(int fd)
{
	static const char zeros[4096];
	off_t n = lseek(fd, 0, SEEK_END);
	ssize_t w;

	if (n < 0 || lseek(fd, 0, SEEK_SET) != 0)
		return;
	for (; n > 0; n -= w) {
		w = write(fd, zeros,
		    n < (off_t)sizeof(zeros) ? (size_t)n : sizeof(zeros));
		if (w <= 0)
			return;
	}
}

void editor_helper_drop(int fd)
{
	wipe_memory(fd);
	close(fd);
}

int editor_helper_ask(
    struct helper *h, const char *room, const void *text, size_t n, int *fd)
{
	const char *p = text;
	ssize_t w;
	size_t at;
	int r = 0;

	*fd = memfd_create("draft", MFD_CLOEXEC);
	if (*fd < 0)
		return errno == ENOMEM ? ERR_NOMEM : ERR_IO;
	for (at = 0; at < n && r == 0; at += (size_t)w) {
		w = write(*fd, p + at, n - at);
		if (w <= 0)
			r = ERR_IO;
	}
	if (r == 0)
		r = helper_ask(h, room, strlen(room), *fd);
	if (r == 0)
		return 0;
	editor_helper_drop(*fd);
	*fd = -1;
	return r;
}

int editor_helper_take(
    struct helper *h, int fd, struct editor_end *out, struct buf *text)
{
	int r = helper_wait(h, out, sizeof(*out));
	size_t at = 0;
	ssize_t n;

	if (r != 0)
		memset(out, 0, sizeof(*out));
	if (r == 0 && out->n > EDITOR_HELPER_FILE_MAX)
		r = ERR_IO;
	if (r == 0 && (r = buf_reserve(text, out->n)) == 0) {
		out->program[sizeof(out->program) - 1] = '\0';
		while (at < out->n && (n = pread(fd, text->p + text->len,
					   out->n - at, (off_t)at)) > 0) {
			text->len += (size_t)n;
			at += (size_t)n;
		}
		if (at < out->n)
			r = ERR_IO;
	}
	editor_helper_drop(fd);
	return r;
}
