/* ctl_show.h - conclavectl's output: tables and texts for people. Everything
 * passes the text filter, whoever wrote it. On a terminal, a line that is too
 * wide loses the end of its last column. */
#ifndef CONCLAVED_ADMIN_CTL_SHOW_H
#define CONCLAVED_ADMIN_CTL_SHOW_H

#include "server/admin/ctl_context.h"

enum { CTL_COLUMNS_MAX = 8 };

/* A table in memory, until its columns' widths are known. */
struct ctl_table {
	const char *const *heads; /* borrowed */
	size_t n_columns;
	unsigned right; /* a bit for each column of numbers */
	char **cells;	/* owned */
	size_t n_cells, cap;
	bool failed; /* out of memory */
};
void ctl_table_init(
    struct ctl_table *t, const char *const *heads, size_t n, unsigned right);
/* The next cell, row by row; filtered. NULL is an empty one. */
void ctl_table_add(struct ctl_table *t, const char *text);
void ctl_table_number(struct ctl_table *t, uint64_t value);
/* Sorts by the first column, without regard to ASCII case. */
void ctl_table_sort(struct ctl_table *t);
/* Appends it, at most `width` columns wide; 0: any. ERR_NOMEM, ERR_LIMIT. */
int ctl_table_put(
    const struct ctl_table *t, struct buf *out, unsigned width) MUST_CHECK;
void ctl_table_free(struct ctl_table *t);
/* Prints and frees it. An exit status. */
int ctl_table_print(struct ctl_table *t, struct ctl *c) MUST_CHECK;

/* Prints a text and a newline, filtered but for its newlines. An exit status. */
int ctl_print(struct ctl *c, const char *text) MUST_CHECK;
/* "3d 4h", "5m 10s"; "12.3 MiB". */
void ctl_duration(char *out, size_t size, uint64_t seconds);
void ctl_bytes(char *out, size_t size, uint64_t bytes);
/* How many columns it takes on a terminal. */
size_t ctl_width(const char *text);

#endif
