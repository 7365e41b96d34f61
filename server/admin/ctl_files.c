/* ctl_files.c - conclavectl's command about people's files. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "server/admin/ctl_rows.h"
#include "shared/proto/blob.h"

static int add_file(void *arg, const json_t *row, const char *line)
{
	const uint64_t now = (uint64_t)time(NULL);
	const uint64_t made = ctl_number(row, "made");
	const uint64_t size = ctl_number(row, "size");
	struct ctl_filling *f = arg;
	char text[40], state[60];

	(void)line;
	ctl_table_add(&f->t, ctl_text(row, "id"));
	ctl_table_add(&f->t, ctl_text(row, "owner"));
	ctl_bytes(text, sizeof(text), size);
	ctl_table_add(&f->t, text);
	ctl_duration(text, sizeof(text), now > made ? now - made : 0);
	snprintf(state, sizeof(state), "%s ago", text);
	ctl_table_add(&f->t, state);
	if (json_is_true(json_object_get(row, "ended")))
		snprintf(state, sizeof(state), "whole");
	else
		snprintf(state, sizeof(state),
		    "%" PRIu64 " of %" PRIu32 " pieces",
		    ctl_number(row, "pieces"),
		    blob_size_ok(size) ? blob_pieces(size) : 0);
	ctl_table_add(&f->t, state);
	return EXIT_DONE;
}

static int list(struct ctl *c)
{
	static const char *const heads[] = {
	    "ID", "FROM", "SIZE", "BEGUN", "STATE"};
	static const char request[] = "{\"do\":\"files\"}";
	struct ctl_filling f = {.c = c};
	struct buf json;
	int status = EXIT_FAILED, r;

	buf_init(&json, sizeof(request));
	ctl_table_init(&f.t, heads, 5, 4);
	if ((r = buf_str(&json, request)) == 0)
		status = ctl_fill(&f, &json, add_file, false);
	else
		errmsg_set(&c->why, r, "%s", err_str(r));
	buf_free(&json);
	return status;
}

static int delete (struct ctl *c, const char *id)
{
	struct json_w w;
	struct buf json;
	int status = EXIT_FAILED;

	buf_init(&json, 1024);
	json_begin(&w, &json);
	json_put_str(&w, "do", "file_delete");
	json_put_str(&w, "file", id);
	if (json_end(&w) == 0)
		status = ctl_link_ask(c, &json, false, NULL, NULL);
	else
		errmsg_set(&c->why, 0, "that is not the ID of a file");
	buf_free(&json);
	if (status == EXIT_DONE && c->o.json)
		status = ctl_print(c, "{\"type\":\"done\"}");
	return status;
}

int ctl_files(struct ctl *c)
{
	if (c->n_args == 0)
		return list(c);
	if (c->n_args == 2 && strcmp(c->args[0], "delete") == 0)
		return delete (c, c->args[1]);
	errmsg_set(&c->why, 0,
	    "write conclavectl files, or conclavectl files delete ID");
	return EXIT_USAGE;
}
