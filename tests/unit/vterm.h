/* vterm.h - a program in a pseudo-terminal, and libvterm looking at what it
 * draws as a terminal would. */
#ifndef CONCLAVE_TESTS_VTERM_H
#define CONCLAVE_TESTS_VTERM_H

#include <sys/types.h>
#include <termios.h>
#include <vterm.h>

#include "tests/unit/check.h"

/* How long anything is waited for. Long: it is only used up where something is
 * broken, and the machine may have much else to do. */
enum { VT_WAIT_MS = 60000 * CONCLAVE_SLOW };

struct vt {
	VTerm *term;
	VTermScreen *screen;
	int master;
	pid_t pid;
	int rows, cols;
	struct buf log; /* every byte that came, since vt_log_clear */
	bool alt;	/* the second screen is shown */
	bool cursor;	/* the cursor is visible */
	int bells;
	bool exited;
	int status; /* of waitpid, once exited */
};

/* Starts child(arg) with a new terminal as its 0, 1 and 2; it does not
 * return: when child returns, it exits 0. */
struct vt *vt_spawn(int rows, int cols, void (*child)(void *arg), void *arg);
/* Ends the child if it is there, and frees. */
void vt_free(struct vt *v);

void vt_type(struct vt *v, const char *keys);
void vt_type_n(struct vt *v, const void *keys, size_t n);
void vt_resize(struct vt *v, int rows, int cols);

/* Takes what the program has written; waits up to `ms` for the first of it. */
void vt_read(struct vt *v, int ms);
/* Until the program has ended (fails the test after VT_WAIT_MS). */
void vt_wait_exit(struct vt *v);
void vt_log_clear(struct vt *v);
/* Waits until that many bytes have come. */
void vt_log_wait(struct vt *v, size_t n);
bool vt_log_has(const struct vt *v, const char *bytes);

/* A row as UTF-8, blanks at its end cut; valid until the next call. */
const char *vt_row(struct vt *v, int row);
/* The same for some columns of it. */
const char *vt_cols(struct vt *v, int row, int from, int to);
/* All rows, each with a newline; owned by the caller. */
char *vt_dump(struct vt *v);
/* Rows in which `text` occurs, and the first of them. */
int vt_find(struct vt *v, const char *text);
VTermScreenCell vt_cell(struct vt *v, int row, int col);
VTermPos vt_cursor(struct vt *v);
void vt_modes(struct vt *v, struct termios *out);

/* Each waits until it is so, and fails the test with the screen otherwise. The
 * program may be in the middle of a frame then. */
void vt_expect_row(struct vt *v, int row, const char *text);
void vt_expect(struct vt *v, const char *text);
void vt_expect_not(struct vt *v, const char *text);

#endif
