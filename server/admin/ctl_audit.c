/* ctl_audit.c - shows the audit log: from the running server, or from its
 * files. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/admin/ctl_rows.h"
#include "server/audit.h"
#include "shared/os/file.h"

/* "2026-11-29T16:48:00Z  mute bob in lobby for 10m 0s by alice: spam" */
static int show_row(void *arg, const json_t *row, const char *line)
{
	const char *who = ctl_text(row, "who"), *room = ctl_text(row, "room");
	const char *by = ctl_text(row, "by"), *text = ctl_text(row, "text");
	char out[4096], time_left[40] = "";
	struct ctl *c = arg;
	uint64_t seconds;

	if (json_is(row, "act", "chain")) /* between two files */
		return EXIT_DONE;
	if (c->o.json)
		return ctl_print(c, line);
	if (json_u63(row, "seconds", &seconds) == 0)
		ctl_duration(time_left, sizeof(time_left), seconds);
	snprintf(out, sizeof(out), "%s  %s%s%s%s%s%s%s%s%s%s%s",
	    ctl_text(row, "time"), ctl_text(row, "act"),
	    who[0] != '\0' ? " " : "", who, room[0] != '\0' ? " in " : "", room,
	    time_left[0] != '\0' ? " for " : "", time_left,
	    by[0] != '\0' ? " by " : "", by, text[0] != '\0' ? ": " : "", text);
	return ctl_print(c, out);
}

/* --- from the server ------------------------------------------------------ */

static int ask_server(struct ctl *c)
{
	struct buf request;
	struct json_w w;
	int status = EXIT_FAILED;

	buf_init(&request, 256);
	json_begin(&w, &request);
	json_put_str(&w, "do", "audit");
	if (c->o.count > 0)
		json_put_int(&w, "count", c->o.count);
	if (c->o.follow)
		json_put_bool(&w, "follow", true);
	if (json_end(&w) == 0)
		status = ctl_link_ask(c, &request, c->o.follow, show_row, c);
	else
		errmsg_set(&c->why, 0, "out of memory");
	buf_free(&request);
	return status;
}

/* --- from the files ------------------------------------------------------- */

/* Appends a file's text; a missing one is empty. */
static int read_one(struct ctl *c, const char *name, struct buf *out)
{
	char *path;
	int r;

	if (asprintf(&path, "%s/%s", c->state, name) < 0)
		return ERR_NOMEM;
	r = file_read(path, FILE_NO_LINK, out, &c->why);
	free(path);
	return r == ERR_AGAIN ? 0 : r;
}

/* The lines of the text from `at` on, as many as `skip` says left out. */
static int show_lines(struct ctl *c, const struct buf *text, size_t skip)
{
	const char *s = (const char *)text->p, *end;
	size_t left = text->len, n;
	int status = EXIT_DONE;
	json_t *row;
	char *line;

	for (; status == EXIT_DONE && left > 0 &&
	       (end = memchr(s, '\n', left)) != NULL;
	     s += n, left -= n) {
		n = (size_t)(end - s) + 1;
		if (skip > 0) {
			skip--;
			continue;
		}
		if (json_parse(&row, s, n - 1) != 0)
			continue; /* a crash has cut it short */
		line = strndup(s, n - 1);
		status = line != NULL ? show_row(c, row, line) : EXIT_FAILED;
		free(line);
		json_decref(row);
	}
	return status;
}

static int show_files(struct ctl *c)
{
	size_t lines = 0, i, keep = c->o.count > 0 ? c->o.count : SIZE_MAX;
	struct buf text;
	int status = EXIT_FAILED;

	buf_init(&text, 4 * AUDIT_FILE_MAX);
	if (read_one(c, "audit.log.1", &text) == 0 &&
	    read_one(c, "audit.log", &text) == 0) {
		for (i = 0; i < text.len; i++)
			lines += text.p[i] == '\n';
		status = show_lines(c, &text, lines > keep ? lines - keep : 0);
	}
	buf_free(&text);
	return status;
}

static int verify_files(struct ctl *c)
{
	struct buf older, newer;
	int status = EXIT_FAILED;

	buf_init(&older, 4 * AUDIT_FILE_MAX);
	buf_init(&newer, 4 * AUDIT_FILE_MAX);
	if (read_one(c, "audit.log.1", &older) == 0 &&
	    read_one(c, "audit.log", &newer) == 0)
		status = ctl_audit_verify(c, &older, &newer);
	buf_free(&older);
	buf_free(&newer);
	return status;
}

int ctl_audit(struct ctl *c)
{
	int status;

	if (c->o.verify && (c->o.follow || c->o.count > 0)) {
		errmsg_set(&c->why, 0, "--verify checks all rows of the files");
		return EXIT_USAGE;
	}
	if (c->o.verify && c->state == NULL) {
		errmsg_set(&c->why, 0,
		    "--verify needs the state directory: give -s DIR");
		return EXIT_USAGE;
	}
	if (c->o.verify)
		return verify_files(c);
	if (c->o.all && c->o.follow) {
		errmsg_set(&c->why, 0,
		    "--all shows what is in the files, and --follow what "
		    "comes: "
		    "give one of them");
		return EXIT_USAGE;
	}
	if (c->o.all && c->state == NULL) {
		errmsg_set(
		    &c->why, 0, "--all needs the state directory: give -s DIR");
		return EXIT_USAGE;
	}
	if (c->o.all)
		return show_files(c);
	status = ask_server(c);
	if (status != EXIT_LOST || c->state == NULL || c->o.follow)
		return status;
	return show_files(c) == EXIT_DONE ? EXIT_DONE : status;
}
