/* vterm.h - runs a program in a pseudo-terminal and interprets its output with
 * libvterm, as a terminal would. */
#ifndef CONCLAVE_TESTS_VTERM_H
#define CONCLAVE_TESTS_VTERM_H

#include <sys/types.h>
#include <termios.h>
#include <vterm.h>

#include "tests/unit/check.h"

/* The timeout of every wait. It is long because it only runs out when something
 * is broken, and the machine may be busy. */
enum { VT_WAIT_MS = 60000 * CONCLAVE_SLOW };

/* A string that terminals ignore. A program writes it when it is at rest: as
 * soon as it arrives, so has everything before it. It is not put in the log. */
#define VT_MARK "\033]7777;at rest\033\\"

struct vt {
	VTerm *term;
	VTermScreen *screen;
	int master;
	pid_t pid;
	int rows, cols;
	struct buf log; /* all output since vt_log_clear */
	bool alt;	/* the alternate screen is shown */
	bool cursor;	/* the cursor is visible */
	int bells;
	bool exited;
	int status; /* from waitpid, once exited */
	int marks;  /* how often VT_MARK has arrived */
};

/* Runs child(arg) in a new process with a new terminal as its 0, 1 and 2. When
 * child returns, the process exits 0. */
struct vt *vt_spawn(int rows, int cols, void (*child)(void *arg), void *arg);
/* Ends the child if it is running, and frees. */
void vt_free(struct vt *v);

void vt_type(struct vt *v, const char *keys);
void vt_type_n(struct vt *v, const void *keys, size_t n);
void vt_resize(struct vt *v, int rows, int cols);

/* Reads the program's output; waits up to `ms` for the first byte. */
void vt_read(struct vt *v, int ms);
/* Waits until the program has ended (fails the test after VT_WAIT_MS). */
void vt_wait_exit(struct vt *v);
/* Waits until VT_MARK has arrived, and forgets it. */
void vt_wait_mark(struct vt *v);
void vt_log_clear(struct vt *v);
/* Waits until that many bytes have arrived. */
void vt_log_wait(struct vt *v, size_t n);
bool vt_log_has(const struct vt *v, const char *bytes);

/* A row as UTF-8 without trailing blanks; valid until the next call. */
const char *vt_row(struct vt *v, int row);
/* The same for a range of columns. */
const char *vt_cols(struct vt *v, int row, int from, int to);
/* All rows, each with a newline; the caller frees it. */
char *vt_dump(struct vt *v);
/* Returns the number of the first row with `text`, or -1. */
int vt_find(struct vt *v, const char *text);
VTermScreenCell vt_cell(struct vt *v, int row, int col);
VTermPos vt_cursor(struct vt *v);
void vt_modes(struct vt *v, struct termios *out);

/* Each waits until the condition holds, and otherwise fails the test with the
 * screen. The program may be in the middle of a frame then. */
void vt_expect_row(struct vt *v, int row, const char *text);
void vt_expect(struct vt *v, const char *text);
void vt_expect_not(struct vt *v, const char *text);

#endif
