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

/* The connections of one person follow one another, the one whose key needs the
 * user most first. */
static int compare(const void *a, const void *b)
{
	const struct person *const *pa = a, *const *pb = b;
	const struct person *p = *pa, *q = *pb;
	int order;

	if (group_of(p) != group_of(q))
		return group_of(p) - group_of(q);
	order = strcasecmp(p->name, q->name);
	if (order != 0)
		return order;
	if ((p->trust == TRUST_CHANGED) != (q->trust == TRUST_CHANGED))
		return p->trust == TRUST_CHANGED ? -1 : 1;
	return p->self != q->self      ? (p->self ? -1 : 1)
	       : p->member < q->member ? -1
				       : p->member > q->member;
}

/* Keeps the first of each name; *n becomes how many there are. same[] is how many
 * connections each has. The user comes first in their group. */
static void keep_names(const struct person **sorted, size_t *n, size_t *same)
{
	const struct person *self = NULL, *own;
	size_t i, k = 0, first;

	for (i = 0; i < *n; i++) {
		self = sorted[i]->self ? sorted[i] : self;
		if (k > 0 &&
		    strcasecmp(sorted[k - 1]->name, sorted[i]->name) == 0) {
			same[k - 1]++;
			continue;
		}
		same[k] = 1;
		sorted[k++] = sorted[i];
	}
	*n = k;
	for (i = 0; self != NULL && i < k; i++)
		if (strcasecmp(sorted[i]->name, self->name) == 0)
			break;
	if (self == NULL || i == k)
		return;
	own = sorted[i];
	k = same[i];
	for (first = i;
	     first > 0 && group_of(sorted[first - 1]) == group_of(own);
	     first--) {
		sorted[first] = sorted[first - 1];
		same[first] = same[first - 1];
	}
	sorted[first] = own;
	same[first] = k;
}

static struct column_row person_row(
    const struct person *p, bool grouped, size_t same)
{
	static const char *const counts[] = {
	    "", "", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)", "(8)"};
	const size_t last = sizeof(counts) / sizeof(counts[0]) - 1;
	struct column_row row = {NULL, p,
	    !grouped   ? words_person_mark(p)
	    : p->voice ? ""
		       : "muted"};

	if (row.mark[0] == '\0')
		row.mark = counts[same < last ? same : last];
	return row;
}

static size_t crowd_rows(struct column_row *out, size_t max,
    const struct person *p, size_t n, size_t *left)
{
	size_t i, shown = n > max ? (max > 0 ? max - 1 : 0) : n;

	for (i = 0; i < shown; i++)
		out[i] = person_row(&p[i], false, 1);
	*left = n - shown;
	return shown;
}

size_t column_rows(struct column_row *out, size_t max, const struct person *p,
    size_t n, size_t *left)
{
	const struct person *sorted[COLUMN_SORTED_MAX];
	bool grouped = has_groups(p, n);
	size_t same[COLUMN_SORTED_MAX];
	size_t i, rows = 0, needs;
	int group, before = -1;

	if (n > COLUMN_SORTED_MAX)
		return crowd_rows(out, max, p, n, left);
	for (i = 0; i < n; i++)
		sorted[i] = &p[i];
	qsort(sorted, n, sizeof(sorted[0]), compare);
	keep_names(sorted, &n, same);
	needs = n;
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
		out[rows++] = person_row(sorted[i], grouped, same[i]);
	}
	*left = n - i;
	return rows;
}

static size_t namesakes(const struct person *p, size_t n, size_t of)
{
	size_t i, same = 0;

	for (i = 0; i < n && n <= COLUMN_SORTED_MAX; i++)
		same += strcasecmp(p[i].name, p[of].name) == 0;
	return same;
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
		r = person_row(&p[i], grouped, namesakes(p, n, i));
		w = MARK_CELLS + (int)strlen(r.person->name);
		w += r.mark[0] != '\0' ? 1 + (int)strlen(r.mark) : 0;
		widest = w > widest ? w : widest;
		w = (int)strlen(headings[group_of(&p[i])]);
		widest = grouped && w > widest ? w : widest;
	}
	return widest;
}
