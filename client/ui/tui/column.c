/* column.c - see column.h. */
#include "client/ui/tui/column.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/ui/words_rooms.h"

enum { N_GROUPS = 4, MARK_CELLS = 1 };

static const char *const headings[N_GROUPS] = {
    "owners", "operators", "members", "guests"};

static int group_of(const struct person *p)
{
	switch (p->role) {
	case ROLE_OWNER:
		return 0;
	case ROLE_OPERATOR:
		return 1;
	case ROLE_GUEST:
		return 3;
	default:
		return 2;
	}
}

static bool has_groups(const struct person *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && n <= COLUMN_SORTED_MAX; i++)
		if (group_of(&p[i]) != 2)
			return true;
	return false;
}

static int compare(const void *a, const void *b)
{
	const struct person *const *pa = a, *const *pb = b;
	const struct person *p = *pa, *q = *pb;

	if (group_of(p) != group_of(q))
		return group_of(p) - group_of(q);
	if (p->self != q->self)
		return p->self ? -1 : 1;
	return strcasecmp(p->name, q->name);
}

static struct column_row person_row(const struct person *p, bool grouped)
{
	return (struct column_row){NULL, p,
	    !grouped   ? words_person_mark(p)
	    : p->voice ? ""
		       : "muted"};
}

static size_t crowd_rows(struct column_row *out, size_t max,
    const struct person *p, size_t n, size_t *left)
{
	size_t i, shown = n > max ? (max > 0 ? max - 1 : 0) : n;

	for (i = 0; i < shown; i++)
		out[i] = person_row(&p[i], false);
	*left = n - shown;
	return shown;
}

size_t column_rows(struct column_row *out, size_t max, const struct person *p,
    size_t n, size_t *left)
{
	const struct person *sorted[COLUMN_SORTED_MAX];
	bool grouped = has_groups(p, n);
	size_t i, rows = 0, needs = n;
	int group, before = -1;

	if (n > COLUMN_SORTED_MAX)
		return crowd_rows(out, max, p, n, left);
	for (i = 0; i < n; i++)
		sorted[i] = &p[i];
	qsort(sorted, n, sizeof(sorted[0]), compare);
	for (i = 0; grouped && i < n; i++)
		if (i == 0 || group_of(sorted[i]) != group_of(sorted[i - 1]))
			needs++;
	if (needs > max)
		max = max > 0 ? max - 1 : 0;
	for (i = 0; i < n && rows < max; i++) {
		group = group_of(sorted[i]);
		if (grouped && group != before) {
			/* A heading without a person says nothing. */
			if (rows + 2 > max)
				break;
			out[rows++] =
			    (struct column_row){headings[group], NULL, ""};
		}
		before = group;
		out[rows++] = person_row(sorted[i], grouped);
	}
	*left = n - i;
	return rows;
}

int column_width(const struct person *p, size_t n, size_t rows)
{
	bool grouped = has_groups(p, n);
	struct column_row r;
	int w, widest = 0;
	size_t i;

	if (n > COLUMN_SORTED_MAX && n > rows)
		n = rows;
	for (i = 0; i < n; i++) {
		r = person_row(&p[i], grouped);
		w = MARK_CELLS + (int)strlen(r.person->name);
		w += r.mark[0] != '\0' ? 1 + (int)strlen(r.mark) : 0;
		widest = w > widest ? w : widest;
		w = (int)strlen(headings[group_of(&p[i])]);
		widest = grouped && w > widest ? w : widest;
	}
	return widest;
}
