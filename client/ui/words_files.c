/* words_files.c - says how it is with files. */
#include "client/ui/words_files.h"

#include <stdio.h>
#include <string.h>

void words_size(char out[WORDS_SIZE_MAX], uint64_t bytes)
{
	static const char *const units[] = {"bytes", "KB", "MB", "GB", "TB"};
	uint64_t tenths = bytes * 10;
	size_t i;

	if (bytes < 1000) {
		snprintf(out, WORDS_SIZE_MAX, "%u bytes", (unsigned)bytes);
		return;
	}
	for (i = 0; tenths >= 9995 && i + 1 < sizeof(units) / sizeof(*units);
	     i++)
		tenths = (tenths + 500) / 1000;
	if (tenths < 100)
		snprintf(out, WORDS_SIZE_MAX, "%u.%u %s",
		    (unsigned)(tenths / 10), (unsigned)(tenths % 10), units[i]);
	else
		snprintf(out, WORDS_SIZE_MAX, "%u %s",
		    (unsigned)((tenths + 5) / 10), units[i]);
}

unsigned words_file_percent(const struct session_file *f)
{
	if (f->size == 0)
		return 0;
	return (unsigned)(f->done * 100 / f->size);
}

uint64_t words_file_left(const struct session_file *f)
{
	if (f->rate == 0 || f->done >= f->size)
		return 0;
	return (f->size - f->done + f->rate - 1) / f->rate;
}

/* "25 s", "4 min", "3 h" */
static void duration(char out[WORDS_SIZE_MAX], uint64_t s)
{
	if (s < 100)
		snprintf(out, WORDS_SIZE_MAX, "%u s", (unsigned)s);
	else if (s < 6000)
		snprintf(
		    out, WORDS_SIZE_MAX, "%u min", (unsigned)((s + 30) / 60));
	else
		snprintf(
		    out, WORDS_SIZE_MAX, "%u h", (unsigned)((s + 1800) / 3600));
}

/* "62 %  18 MB/s  25 s left"; form 1: without the rest. */
static void progress(
    char *out, size_t size, const struct session_file *f, int form)
{
	char rate[WORDS_SIZE_MAX], left[WORDS_SIZE_MAX];

	words_size(rate, f->rate);
	duration(left, words_file_left(f));
	if (f->state == FILE_WAITING)
		snprintf(out, size, "waits");
	else if (f->rate == 0 || form > 0)
		snprintf(out, size, "%u %%", words_file_percent(f));
	else
		snprintf(out, size, "%u %%  %s/s  %s left",
		    words_file_percent(f), rate, left);
}

void words_file_short(
    char *out, size_t size, const struct session_file *f, int form)
{
	char text[WORDS_FILE_SHORT];

	out[0] = '\0';
	if (f->state != FILE_MOVING && f->state != FILE_READING &&
	    f->state != FILE_WAITING)
		return;
	progress(text, sizeof(text), f, form);
	snprintf(out, size, "file %u %s", (unsigned)f->number, text);
}

static void state(char out[WORDS_MAX / 4], const struct session_file *f)
{
	switch (f->state) {
	case FILE_OFFERED:
		snprintf(out, WORDS_MAX / 4, "/get %u saves it",
		    (unsigned)f->number);
		break;
	case FILE_WAITING:
	case FILE_READING:
	case FILE_MOVING:
		progress(out, WORDS_MAX / 4, f, 0);
		break;
	case FILE_SHARED:
		snprintf(out, WORDS_MAX / 4, "offered");
		break;
	case FILE_SAVED:
		snprintf(out, WORDS_MAX / 4, "saved as %.*s",
		    WORDS_MAX / 4 - 16, f->path);
		break;
	case FILE_ENDED:
		snprintf(out, WORDS_MAX / 4,
		    f->own ? "not sent" : "not saved; /get %u tries again",
		    (unsigned)f->number);
		break;
	}
}

void words_file_row(char out[WORDS_MAX], const struct session_file *f)
{
	char size[WORDS_SIZE_MAX], how[WORDS_MAX / 4];

	words_size(size, f->size);
	state(how, f);
	if (f->with[0] != '\0' && f->own)
		snprintf(out, WORDS_MAX, "%u  %.255s  %s  to %.24s alone: %s",
		    (unsigned)f->number, f->name, size, f->with, how);
	else
		snprintf(out, WORDS_MAX, "%u  %.255s  %s  %s%.24s  %s: %s",
		    (unsigned)f->number, f->name, size, f->own ? "" : "from ",
		    f->own ? "yours" : f->from,
		    f->with[0] != '\0' ? "direct" : f->room_name, how);
}

static void offer(char *out, const struct event *e)
{
	const struct session_file *f = e->file;
	char size[WORDS_SIZE_MAX];

	words_size(size, f->size);
	if (f->own && f->with[0] != '\0')
		snprintf(out, WORDS_MAX,
		    "[direct] file %u to %.24s alone: %.255s, %s",
		    (unsigned)f->number, f->with, f->name, size);
	else if (f->own)
		snprintf(out, WORDS_MAX, "file %u of yours: %.255s, %s",
		    (unsigned)f->number, f->name, size);
	else
		snprintf(out, WORDS_MAX,
		    "%sfile %u from %.24s: %.255s, %s: /get %u saves it",
		    f->with[0] != '\0' ? "[direct] " : "",
		    (unsigned)f->number, f->from, f->name, size,
		    (unsigned)f->number);
}

static void done(char *out, const struct event *e)
{
	const struct session_file *f = e->file;

	if (e->word[0] == '\0' && f->own)
		snprintf(out, WORDS_MAX, "file %u is sent: %.255s",
		    (unsigned)f->number, f->name);
	else if (e->word[0] == '\0')
		snprintf(out, WORDS_MAX,
		    "file %u is saved as %.600s, and checked",
		    (unsigned)f->number, f->path);
	else
		snprintf(out, WORDS_MAX, "file %u (%.255s) is not %s: %.500s",
		    (unsigned)f->number, f->name, f->own ? "sent" : "saved",
		    e->text[0] != '\0' ? e->text : e->word);
}

void words_file(
    char *out, const struct event *e, const struct words_about *about)
{
	(void)about;
	if (e->type == EVENT_FILE)
		offer(out, e);
	else
		done(out, e);
}
