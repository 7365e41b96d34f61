/* ctl_show.c - conclavectl's output: tables and texts for people. */
#include "server/admin/ctl_show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <utf8proc.h>

#include "shared/os/print.h"
#include "shared/wire/text.h"

enum {
	CELL_MAX = 1024,       /* bytes, filtered */
	TEXT_BYTES = 16 << 20, /* of a whole output */
	GAP = 2,	       /* columns between two cells */
};

/* --- width ---------------------------------------------------------------- */

/* The bytes of the first character, and its columns. */
static size_t first_char(const char *s, size_t *columns)
{
	utf8proc_int32_t cp;
	utf8proc_ssize_t n =
	    utf8proc_iterate((const utf8proc_uint8_t *)s, -1, &cp);
	int width;

	*columns = 1;
	if (n < 1)
		return 1;
	width = utf8proc_charwidth(cp);
	*columns = width > 0 ? (size_t)width : 0;
	return (size_t)n;
}

size_t ctl_width(const char *text)
{
	size_t all = 0, columns;

	while (*text != '\0') {
		text += first_char(text, &columns);
		all += columns;
	}
	return all;
}

/* The bytes of the longest beginning that is at most that wide. */
static size_t fitting(const char *text, size_t width)
{
	size_t n = 0, columns, step;

	while (text[n] != '\0') {
		step = first_char(text + n, &columns);
		if (columns > width)
			break;
		width -= columns;
		n += step;
	}
	return n;
}

/* --- tables --------------------------------------------------------------- */

void ctl_table_init(
    struct ctl_table *t, const char *const *heads, size_t n, unsigned right)
{
	*t = (struct ctl_table){.heads = heads, .n_columns = n, .right = right};
}

void ctl_table_add(struct ctl_table *t, const char *text)
{
	char shown[CELL_MAX];
	char **more;
	size_t cap;

	if (t->n_cells == t->cap && !t->failed) {
		cap = t->cap == 0 ? 256 : 2 * t->cap;
		more = reallocarray(t->cells, cap, sizeof(*more));
		t->failed = more == NULL;
		if (more != NULL) {
			t->cells = more;
			t->cap = cap;
		}
	}
	if (t->failed)
		return;
	text_filter_fixed(shown, sizeof(shown), text != NULL ? text : "",
	    text != NULL ? strlen(text) : 0);
	t->cells[t->n_cells] = strdup(shown);
	t->failed = t->cells[t->n_cells] == NULL;
	t->n_cells += !t->failed;
}

void ctl_table_number(struct ctl_table *t, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	ctl_table_add(t, text);
}

static int compare_rows(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;

	return strcasecmp(*x, *y);
}

void ctl_table_sort(struct ctl_table *t)
{
	qsort(t->cells, t->n_cells / t->n_columns,
	    t->n_columns * sizeof(*t->cells), compare_rows);
}

static void measure(const struct ctl_table *t, size_t widths[CTL_COLUMNS_MAX])
{
	size_t i, w;

	for (i = 0; i < t->n_columns; i++)
		widths[i] = ctl_width(t->heads[i]);
	for (i = 0; i < t->n_cells; i++) {
		w = ctl_width(t->cells[i]);
		if (w > widths[i % t->n_columns])
			widths[i % t->n_columns] = w;
	}
}

static int put_blanks(struct buf *out, size_t n)
{
	int r = 0;

	while (r == 0 && n-- > 0)
		r = buf_u8(out, ' ');
	return r;
}

/* One cell with the blanks around it. `left`: columns that the line still has;
 * what does not fit is cut, with a mark. */
static int put_cell(struct buf *out, const char *text, size_t width, bool right,
    bool last, size_t left)
{
	size_t w = ctl_width(text), n = strlen(text);
	int r = 0;

	if (w > left) {
		n = fitting(text, left > 0 ? left - 1 : 0);
		if ((r = buf_put(out, text, n)) == 0 && left > 0)
			r = buf_str(out, "…");
		return r;
	}
	if (right)
		r = put_blanks(out, width - w);
	if (r == 0)
		r = buf_put(out, text, n);
	if (r == 0 && !last)
		r = put_blanks(out, GAP + (right ? 0 : width - w));
	return r;
}

static int put_row(const struct ctl_table *t, struct buf *out,
    const char *const *cells, const size_t *widths, unsigned width)
{
	size_t i, at = 0, left;
	int r = 0;

	for (i = 0; i < t->n_columns && r == 0; i++) {
		left = width == 0 ? SIZE_MAX : at >= width ? 0 : width - at;
		r = put_cell(out, cells[i], widths[i], (t->right >> i & 1) != 0,
		    i + 1 == t->n_columns, left);
		at += widths[i] + GAP;
	}
	return r != 0 ? r : buf_u8(out, '\n');
}

int ctl_table_put(const struct ctl_table *t, struct buf *out, unsigned width)
{
	size_t widths[CTL_COLUMNS_MAX], i;
	int r;

	if (t->failed)
		return ERR_NOMEM;
	measure(t, widths);
	r = put_row(t, out, t->heads, widths, width);
	for (i = 0; i + t->n_columns <= t->n_cells && r == 0; i += t->n_columns)
		r = put_row(
		    t, out, (const char *const *)t->cells + i, widths, width);
	return r;
}

void ctl_table_free(struct ctl_table *t)
{
	while (t->n_cells > 0)
		free(t->cells[--t->n_cells]);
	free(t->cells);
	t->cells = NULL;
	t->cap = 0;
}

/* The columns of the terminal on standard output; 0: there is none. */
static unsigned columns(void)
{
	struct winsize w;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0)
		return 0;
	return w.ws_col;
}

int ctl_table_print(struct ctl_table *t, struct ctl *c)
{
	struct buf out;
	int r;

	buf_init(&out, TEXT_BYTES);
	if ((r = ctl_table_put(t, &out, columns())) != 0)
		errmsg_set(&c->why, r, "cannot print it: %s", err_str(r));
	else
		r = print_text(out.p, out.len, &c->why);
	buf_free(&out);
	ctl_table_free(t);
	return r == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* --- texts ---------------------------------------------------------------- */

int ctl_print(struct ctl *c, const char *text)
{
	struct buf out;
	int r;

	buf_init(&out, TEXT_BYTES);
	if ((r = text_filter(
		 &out, text, strlen(text), TEXT_LINES | TEXT_STRICT)) != 0 ||
	    (r = buf_u8(&out, '\n')) != 0)
		errmsg_set(&c->why, r, "cannot print it: %s", err_str(r));
	else
		r = print_text(out.p, out.len, &c->why);
	buf_free(&out);
	return r == 0 ? EXIT_DONE : EXIT_FAILED;
}

void ctl_duration(char *out, size_t size, uint64_t seconds)
{
	if (seconds >= 86400)
		snprintf(out, size, "%" PRIu64 "d %" PRIu64 "h",
		    seconds / 86400, seconds / 3600 % 24);
	else if (seconds >= 3600)
		snprintf(out, size, "%" PRIu64 "h %" PRIu64 "m", seconds / 3600,
		    seconds / 60 % 60);
	else if (seconds >= 60)
		snprintf(out, size, "%" PRIu64 "m %" PRIu64 "s", seconds / 60,
		    seconds % 60);
	else
		snprintf(out, size, "%" PRIu64 "s", seconds);
}

void ctl_bytes(char *out, size_t size, uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double n = (double)bytes;
	size_t i = 0;

	for (; n >= 1024 && i < 4; i++)
		n /= 1024;
	snprintf(out, size, i == 0 ? "%.0f %s" : "%.1f %s", n, units[i]);
}
