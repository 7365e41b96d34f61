/* A program in a pseudo-terminal, with its output interpreted by libvterm. */
#include "tests/unit/vterm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int on_prop(VTermProp prop, VTermValue *val, void *user)
{
	struct vt *v = user;

	if (prop == VTERM_PROP_ALTSCREEN)
		v->alt = val->boolean;
	else if (prop == VTERM_PROP_CURSORVISIBLE)
		v->cursor = val->boolean;
	return 1;
}

static int on_bell(void *user)
{
	struct vt *v = user;

	v->bells++;
	return 1;
}

static const VTermScreenCallbacks callbacks = {
    .settermprop = on_prop,
    .bell = on_bell,
};

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Turns LeakSanitizer off in the child, which cannot free the parent's memory.
 * (It is a LeakSanitizer hook; elsewhere an ordinary function.) */
static bool is_child;
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return is_child;
}

/* gcc's coverage dump: a killed process writes none by itself. */
#ifdef CONCLAVE_COVERAGE
extern void __gcov_dump(void);
#define MEASURED true
#else
static void __gcov_dump(void) {}
#define MEASURED false
#endif

static void dump_and_end(int sig)
{
	(void)sig;
	__gcov_dump();
	_exit(0);
}

struct vt *vt_spawn(int rows, int cols, void (*child)(void *), void *arg)
{
	struct winsize ws = {
	    .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
	struct vt *v = calloc(1, sizeof(*v));
	int sig;

	if (v == NULL)
		abort();
	fflush(NULL);
	v->pid = forkpty(&v->master, NULL, NULL, &ws);
	if (v->pid < 0)
		abort();
	if (v->pid == 0) {
		is_child = true;
		free(v); /* the parent's; valgrind would report it lost */
		/* cmocka's signal handlers would continue the tests in the
		 * child. */
		for (sig = 1; sig < NSIG; sig++)
			signal(sig, SIG_DFL);
		if (MEASURED)
			signal(SIGUSR1, dump_and_end);
		child(arg);
		exit(0);
	}
	fcntl(v->master, F_SETFL, O_NONBLOCK);
	fcntl(v->master, F_SETFD, FD_CLOEXEC);
	buf_init(&v->log, (size_t)64 << 20);
	v->rows = rows;
	v->cols = cols;
	v->cursor = true;
	v->term = vterm_new(rows, cols);
	vterm_set_utf8(v->term, 1);
	v->screen = vterm_obtain_screen(v->term);
	vterm_screen_set_callbacks(v->screen, &callbacks, v);
	vterm_screen_enable_altscreen(v->screen, 1);
	vterm_screen_reset(v->screen, 1);
	return v;
}

/* Lets the child write its coverage data. */
static void vt_measure(struct vt *v)
{
	long long end = now_ms() + VT_WAIT_MS;

	if (!MEASURED || v->exited)
		return;
	kill(v->pid, SIGUSR1);
	while (!v->exited && now_ms() < end) {
		vt_read(v, 5);
		v->exited = waitpid(v->pid, &v->status, WNOHANG) == v->pid;
	}
}

void vt_free(struct vt *v)
{
	if (v == NULL)
		return;
	vt_measure(v);
	if (!v->exited) {
		kill(v->pid, SIGKILL);
		waitpid(v->pid, NULL, 0);
	}
	close(v->master);
	vterm_free(v->term);
	buf_free(&v->log);
	free(v);
}

void vt_type_n(struct vt *v, const void *keys, size_t n)
{
	const char *p = keys;
	long long end = now_ms() + VT_WAIT_MS;
	ssize_t r;

	while (n > 0) {
		r = write(v->master, p, n);
		if (r > 0) {
			p += r;
			n -= (size_t)r;
		} else if (r < 0 && errno != EAGAIN && errno != EINTR) {
			fail_msg("the terminal is gone: %s", strerror(errno));
		} else if (now_ms() > end) {
			fail_msg("the program does not read");
		} else {
			vt_read(v, 10);
		}
	}
}

void vt_type(struct vt *v, const char *keys)
{
	vt_type_n(v, keys, strlen(keys));
}

void vt_resize(struct vt *v, int rows, int cols)
{
	struct winsize ws = {
	    .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

	vt_read(v, 0);
	v->rows = rows;
	v->cols = cols;
	vterm_set_size(v->term, rows, cols);
	ioctl(v->master, TIOCSWINSZ, &ws);
}

static void take_mark(struct vt *v)
{
	const size_t n = sizeof(VT_MARK) - 1;

	if (v->log.len < n ||
	    memcmp(v->log.p + v->log.len - n, VT_MARK, n) != 0)
		return;
	v->log.len -= n;
	v->marks++;
}

void vt_wait_mark(struct vt *v)
{
	long long end = now_ms() + VT_WAIT_MS;

	while (v->marks == 0) {
		if (now_ms() > end)
			fail_msg("the program's mark does not arrive");
		vt_read(v, 20);
	}
	v->marks = 0;
}

void vt_read(struct vt *v, int ms)
{
	struct pollfd p = {v->master, POLLIN, 0};
	char b[16384];
	ssize_t n;

	if (poll(&p, 1, ms) <= 0)
		return;
	while ((n = read(v->master, b, sizeof(b))) > 0) {
		if (buf_put(&v->log, b, (size_t)n) != 0)
			abort();
		take_mark(v);
		vterm_input_write(v->term, b, (size_t)n);
	}
	vterm_screen_flush_damage(v->screen);
}

void vt_wait_exit(struct vt *v)
{
	long long end = now_ms() + VT_WAIT_MS;

	while (!v->exited) {
		if (waitpid(v->pid, &v->status, WNOHANG) == v->pid)
			v->exited = true;
		else if (now_ms() > end)
			fail_msg("the program does not end");
		else
			poll(NULL, 0, 5);
		vt_read(v, 0);
	}
}

void vt_log_clear(struct vt *v)
{
	vt_read(v, 0);
	buf_clear(&v->log);
}

void vt_log_wait(struct vt *v, size_t n)
{
	long long end = now_ms() + VT_WAIT_MS;

	while (v->log.len < n) {
		if (now_ms() > end)
			fail_msg(
			    "%zu bytes came instead of %zu", v->log.len, n);
		vt_read(v, 20);
	}
}

bool vt_log_has(const struct vt *v, const char *bytes)
{
	return v->log.len > 0 &&
	       memmem(v->log.p, v->log.len, bytes, strlen(bytes)) != NULL;
}

static size_t utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

VTermScreenCell vt_cell(struct vt *v, int row, int col)
{
	VTermScreenCell c;

	memset(&c, 0, sizeof(c));
	vterm_screen_get_cell(v->screen, (VTermPos){row, col}, &c);
	return c;
}

const char *vt_cols(struct vt *v, int row, int from, int to)
{
	static char out[16384];
	VTermScreenCell c;
	size_t n = 0;
	int col, i;

	for (col = from; col < to && n < sizeof(out) - 64; col++) {
		c = vt_cell(v, row, col);
		if (c.chars[0] == (uint32_t)-1)
			continue; /* the right half of a wide character */
		if (c.chars[0] == 0)
			out[n++] = ' ';
		for (i = 0; i < VTERM_MAX_CHARS_PER_CELL && c.chars[i] != 0;
		     i++)
			n += utf8(out + n, c.chars[i]);
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return out;
}

const char *vt_row(struct vt *v, int row)
{
	return vt_cols(v, row, 0, v->cols);
}

char *vt_dump(struct vt *v)
{
	size_t n;
	char *out = NULL;
	FILE *f = open_memstream(&out, &n);
	int row;

	if (f == NULL)
		abort();
	for (row = 0; row < v->rows; row++)
		fprintf(f, "%s\n", vt_row(v, row));
	fclose(f);
	return out;
}

int vt_find(struct vt *v, const char *text)
{
	int row;

	for (row = 0; row < v->rows; row++)
		if (strstr(vt_row(v, row), text) != NULL)
			return row;
	return -1;
}

VTermPos vt_cursor(struct vt *v)
{
	VTermPos p;

	vterm_state_get_cursorpos(vterm_obtain_state(v->term), &p);
	return p;
}

void vt_modes(struct vt *v, struct termios *out)
{
	if (tcgetattr(v->master, out) != 0)
		fail_msg("tcgetattr: %s", strerror(errno));
}

static bool row_is(struct vt *v, int row, const char *text)
{
	return strcmp(vt_row(v, row), text) == 0;
}

static bool row_has(struct vt *v, int row, const char *text)
{
	(void)row;
	return vt_find(v, text) >= 0;
}

static bool row_has_not(struct vt *v, int row, const char *text)
{
	return !row_has(v, row, text);
}

static void await(struct vt *v, bool (*is)(struct vt *, int, const char *),
    int row, const char *text, const char *what)
{
	long long end = now_ms() + VT_WAIT_MS;
	char *dump;

	vt_read(v, 0);
	while (!is(v, row, text)) {
		if (now_ms() > end) {
			dump = vt_dump(v);
			print_error("row %d %s \"%s\"; the screen:\n%s", row,
			    what, text, dump);
			free(dump);
			fail();
		}
		vt_read(v, 20);
	}
}

void vt_expect_row(struct vt *v, int row, const char *text)
{
	await(v, row_is, row, text, "should be");
}

void vt_expect(struct vt *v, const char *text)
{
	await(v, row_has, -1, text, "should have");
}

void vt_expect_not(struct vt *v, const char *text)
{
	await(v, row_has_not, -1, text, "should not have");
}
