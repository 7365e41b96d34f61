/* column.h - the column of people: in groups by role, under headings, the user
 * first and then by name. A person with several connections has one row. A room in which everybody is a member has no headings.
 * A crowd is listed as it comes, with the role behind each name, because a frame
 * must not cost more than what it shows. */
#ifndef CONCLAVE_UI_TUI_COLUMN_H
#define CONCLAVE_UI_TUI_COLUMN_H

#include "client/session/person.h"

#include <stddef.h>

enum { COLUMN_SORTED_MAX = 256, COLUMN_ROWS_MAX = 512 };

struct column_row {
	const char *heading;	     /* NULL: a person */
	const struct person *person; /* borrowed */
	const char *mark;	     /* behind the name, "" for nothing */
};
/* Fills at most `max` rows, from the top; returns how many. *left is how many
 * people have no row: if there are any, a row less is filled. */
size_t column_rows(struct column_row *out, size_t max, const struct person *p,
    size_t n, size_t *left);
/* The cells that the widest of them needs; of a crowd, of the first `rows`. */
int column_width(const struct person *p, size_t n, size_t rows);

#endif
