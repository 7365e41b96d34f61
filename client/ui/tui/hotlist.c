/* hotlist.c - sorts the rooms by what is new in them, and shortens the list. */
#include "client/ui/tui/hotlist.h"

#include <stdio.h>
#include <string.h>

/* 0: a mention, 1: unread lines, 2: a draft, 3: nothing. */
static int rank(const struct hot_room *r)
{
	if (r->mentions > 0)
		return 0;
	if (r->lines > 0)
		return 1;
	return r->draft ? 2 : 3;
}

void hotlist_counts(char *out, size_t size, const struct hot_room *r)
{
	char lines[32] = "", mentions[32] = "";

	if (r->lines > 0)
		snprintf(lines, sizeof(lines), "+%zu", r->lines);
	if (r->mentions > 0)
		snprintf(mentions, sizeof(mentions), "%s@%zu",
		    r->lines > 0 ? " " : "", r->mentions);
	snprintf(out, size, "%s%s%s%s", lines, mentions,
	    r->draft && r->lines > 0 ? " " : "", r->draft ? "draft" : "");
}

/* What matters most in one room: "@1", "+5" or "draft". */
static void first_count(char *out, size_t size, const struct hot_room *r)
{
	if (r->mentions > 0)
		snprintf(out, size, "@%zu", r->mentions);
	else if (r->lines > 0)
		snprintf(out, size, "+%zu", r->lines);
	else
		snprintf(out, size, "draft");
}

/* How many rooms a form names; SIZE_MAX: all. */
static size_t named(int form)
{
	return form == 0 ? HOTLIST_MAX : form == 1 ? 3 : 1;
}

static void add(char out[HOTLIST_BYTES], const struct hot_room *r, int form)
{
	char counts[80];
	size_t at = strlen(out);

	if (form < 3)
		hotlist_counts(counts, sizeof(counts), r);
	else
		first_count(counts, sizeof(counts), r);
	if (form < 4)
		snprintf(out + at, HOTLIST_BYTES - at, "%s%u %s %s",
		    at > 0 ? "  " : "", r->slot, r->name, counts);
	else
		snprintf(out + at, HOTLIST_BYTES - at, "%u%s%s", r->slot,
		    rank(r) == 2 ? " " : "", counts);
}

/* The shortest form: all rooms together. */
static void total(
    char out[HOTLIST_BYTES], const struct hot_room *rooms, size_t n)
{
	struct hot_room all = {0};
	size_t i;

	for (i = 0; i < n; i++) {
		all.mentions += rooms[i].mentions;
		all.lines += rooms[i].lines;
		all.draft |= rooms[i].draft;
	}
	if (rank(&all) < 3)
		first_count(out, HOTLIST_BYTES, &all);
}

void hotlist_text(
    char out[HOTLIST_BYTES], const struct hot_room *rooms, size_t n, int form)
{
	size_t shown = 0, left = 0, i, at;
	int want;

	out[0] = '\0';
	if (form == HOTLIST_FORMS - 1) {
		total(out, rooms, n);
		return;
	}
	for (want = 0; want < 3; want++)
		for (i = 0; i < n; i++) {
			if (rank(&rooms[i]) != want)
				continue;
			if (shown < named(form)) {
				add(out, &rooms[i], form);
				shown++;
			} else {
				left++;
			}
		}
	at = strlen(out);
	if (left > 0 && form < 4)
		snprintf(out + at, HOTLIST_BYTES - at, "  %zu more", left);
}
