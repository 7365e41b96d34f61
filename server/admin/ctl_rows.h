/* ctl_rows.h - what conclavectl takes from the rows that the server answers. */
#ifndef CONCLAVED_ADMIN_CTL_ROWS_H
#define CONCLAVED_ADMIN_CTL_ROWS_H

#include "server/admin/ctl_link.h"
#include "server/admin/ctl_show.h"

/* A field of a row: "" or 0 if the server is older and has none. */
const char *ctl_text(const json_t *row, const char *key);
uint64_t ctl_number(const json_t *row, const char *key);

/* For --json: prints the server's own line. arg is the struct ctl. */
int ctl_pass_on(void *arg, const json_t *row, const char *text);

/* A table that rows fill, and the command's context. */
struct ctl_filling {
	struct ctl *c;
	struct ctl_table t;
};
/* Asks, has fn(f) add each row, and prints the table, or the server's lines with
 * --json. An exit status; the table is freed. */
int ctl_fill(struct ctl_filling *f, const struct buf *request, ctl_row_fn *fn,
    bool sorted) MUST_CHECK;

#endif
