/* ctl_commands.c - conclavectl's commands that show what the server answers. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/admin/ctl_rows.h"

/* {"do":what} or {"do":what,"room":room}. False: no memory. */
static bool make_request(
    struct ctl *c, struct buf *out, const char *what, const char *room)
{
	struct json_w w;

	buf_init(out, 1024);
	json_begin(&w, out);
	json_put_str(&w, "do", what);
	if (room != NULL)
		json_put_str(&w, "room", room);
	if (json_end(&w) == 0)
		return true;
	errmsg_set(&c->why, 0, "that is not the name of a room");
	return false;
}

/* --- status --------------------------------------------------------------- */

static int put_line(
    struct ctl *c, struct buf *out, const char *head, const char *text)
{
	char line[2048];
	int r;

	if (text[0] == '\0')
		return EXIT_DONE;
	snprintf(line, sizeof(line), "%-14s %s\n", head, text);
	r = buf_str(out, line);
	return r == 0 ? EXIT_DONE
		      : (errmsg_set(&c->why, r, "%s", err_str(r)), EXIT_FAILED);
}

static void join(char *out, size_t size, const json_t *array)
{
	size_t i, n = 0;
	int w;

	out[0] = '\0';
	for (i = 0; i < json_array_size(array) && n < size; i++) {
		w = snprintf(out + n, size - n, "%s%s", i > 0 ? ", " : "",
		    json_string_value(json_array_get(array, i)));
		n += w > 0 ? (size_t)w : 0;
	}
}

static void numbers(const json_t *row, char lines[8][256])
{
	char a[32], b[32];

	ctl_duration(a, sizeof(a), ctl_number(row, "uptime"));
	snprintf(lines[0], 256, "%s, %" PRIu64 " threads, process %" PRIu64, a,
	    ctl_number(row, "workers"), ctl_number(row, "pid"));
	snprintf(lines[1], 256,
	    "%" PRIu64 " of %" PRIu64 ", in %" PRIu64 " room%s",
	    ctl_number(row, "people"), ctl_number(row, "people_max"),
	    ctl_number(row, "rooms"), ctl_number(row, "rooms") == 1 ? "" : "s");
	snprintf(lines[2], 256, "%" PRIu64 ", %" PRIu64 " logging in",
	    ctl_number(row, "connections"), ctl_number(row, "logging_in"));
	snprintf(lines[3], 256,
	    "%" PRIu64 " of %" PRIu64 " in use, %" PRIu64
	    " by people with a ticket",
	    ctl_number(row, "places_used") +
		ctl_number(row, "ticket_places_used"),
	    ctl_number(row, "places"), ctl_number(row, "ticket_places_used"));
	ctl_bytes(a, sizeof(a), ctl_number(row, "memory"));
	ctl_bytes(b, sizeof(b), ctl_number(row, "memory_max"));
	snprintf(lines[4], 256, "%s of %s", a, b);
	snprintf(lines[5], 256,
	    "%" PRIu64 " messages, %" PRIu64 " logins, %" PRIu64
	    " wrong passwords",
	    ctl_number(row, "messages"), ctl_number(row, "logins"),
	    ctl_number(row, "wrong_passwords"));
	ctl_bytes(a, sizeof(a), ctl_number(row, "direct_bytes"));
	snprintf(lines[6], 256,
	    "%" PRIu64 " waiting, %s, on %" PRIu64 " devices",
	    ctl_number(row, "direct_frames"), a,
	    ctl_number(row, "direct_devices"));
	ctl_bytes(a, sizeof(a), ctl_number(row, "file_bytes"));
	ctl_bytes(b, sizeof(b), ctl_number(row, "file_bytes_max"));
	if (ctl_number(row, "file_bytes_max") == 0)
		snprintf(lines[7], 256, "none are kept");
	else
		snprintf(lines[7], 256, "%" PRIu64 ", %s of %s",
		    ctl_number(row, "files"), a, b);
}

static int show_status(void *arg, const json_t *row, const char *line)
{
	static const char *const heads[8] = {"up for", "people", "connections",
	    "login places", "memory", "since start", "direct mail", "files"};
	char lines[8][256], listening[1024], with_tls[1024];
	struct ctl *c = arg;
	struct buf out;
	int status, i;

	(void)line;
	buf_init(&out, 16 << 10);
	join(listening, sizeof(listening), json_object_get(row, "listening"));
	join(with_tls, sizeof(with_tls), json_object_get(row, "listening_tls"));
	numbers(row, lines);
	status = put_line(c, &out, "version", ctl_text(row, "version"));
	if (status == EXIT_DONE)
		status = put_line(c, &out, "listening on", listening);
	if (status == EXIT_DONE)
		status = put_line(c, &out, "with TLS on", with_tls);
	if (status == EXIT_DONE)
		status = put_line(c, &out, "state", ctl_text(row, "state"));
	if (status == EXIT_DONE)
		status = put_line(c, &out, "config", ctl_text(row, "config"));
	if (status == EXIT_DONE)
		status = put_line(c, &out, "record", ctl_text(row, "record"));
	if (status == EXIT_DONE)
		status = put_line(c, &out, "code", ctl_text(row, "code"));
	if (status == EXIT_DONE)
		status = put_line(
		    c, &out, "key exchange", ctl_text(row, "exchange"));
	for (i = 0; i < 8 && status == EXIT_DONE; i++)
		status = put_line(c, &out, heads[i], lines[i]);
	if (status == EXIT_DONE && out.len > 0) {
		out.p[out.len - 1] = '\0'; /* ctl_print ends the last line */
		status = ctl_print(c, (const char *)out.p);
	}
	buf_free(&out);
	return status;
}

int ctl_status(struct ctl *c)
{
	return ctl_link_do(
	    c, "status", c->o.json ? ctl_pass_on : show_status, c);
}

/* --- rooms and people ----------------------------------------------------- */

static int add_room(void *arg, const json_t *row, const char *line)
{
	struct ctl_filling *f = arg;

	(void)line;
	ctl_table_add(&f->t, ctl_text(row, "name"));
	ctl_table_number(&f->t, ctl_number(row, "people"));
	ctl_table_number(&f->t, ctl_number(row, "epoch"));
	ctl_table_number(&f->t, ctl_number(row, "id"));
	return EXIT_DONE;
}

int ctl_rooms(struct ctl *c)
{
	static const char *const heads[] = {
	    "ROOM", "PEOPLE", "EPOCH", "NUMBER"};
	struct ctl_filling f = {.c = c};
	struct buf request;
	int status = EXIT_FAILED;

	ctl_table_init(&f.t, heads, 4, 2 | 4 | 8);
	if (make_request(c, &request, "rooms", NULL))
		status = ctl_fill(&f, &request, add_room, true);
	buf_free(&request);
	return status;
}

static int add_person(void *arg, const json_t *row, const char *line)
{
	uint64_t since = ctl_number(row, "since"), now = (uint64_t)time(NULL);
	struct ctl_filling *f = arg;
	char text[1024];

	(void)line;
	ctl_table_add(&f->t, ctl_text(row, "name"));
	ctl_duration(text, sizeof(text), now > since ? now - since : 0);
	ctl_table_add(&f->t, text);
	ctl_duration(text, sizeof(text), ctl_number(row, "silent"));
	ctl_table_add(&f->t, text);
	ctl_bytes(text, sizeof(text), ctl_number(row, "queued"));
	ctl_table_add(&f->t, text);
	ctl_table_add(&f->t, ctl_text(row, "exchange"));
	ctl_table_add(&f->t, ctl_text(row, "address"));
	join(text, sizeof(text), json_object_get(row, "rooms"));
	ctl_table_add(&f->t, text);
	return EXIT_DONE;
}

int ctl_people(struct ctl *c)
{
	static const char *const heads[] = {"NAME", "HERE FOR", "SILENT FOR",
	    "QUEUED", "KEYS", "ADDRESS", "ROOMS"};
	struct ctl_filling f = {.c = c};
	struct buf request;
	int status = EXIT_FAILED;

	ctl_table_init(&f.t, heads, 7, 8);
	if (make_request(
		c, &request, "people", c->n_args > 0 ? c->args[0] : NULL))
		status = ctl_fill(&f, &request, add_person, true);
	buf_free(&request);
	return status;
}

/* --- single answers ------------------------------------------------------- */

static int show_note(void *arg, const json_t *row, const char *line)
{
	(void)line;
	return ctl_print(arg, ctl_text(row, "text"));
}

int ctl_reload(struct ctl *c)
{
	return ctl_link_do(c, "reload", c->o.json ? ctl_pass_on : show_note, c);
}

static int show_metrics(void *arg, const json_t *row, const char *line)
{
	struct ctl *c = arg;
	size_t n = strlen(ctl_text(row, "text"));
	char *text = strdup(ctl_text(row, "text"));
	int status = EXIT_FAILED;

	(void)line;
	if (text == NULL) {
		errmsg_set(&c->why, 0, "out of memory");
		return status;
	}
	if (n > 0 && text[n - 1] == '\n')
		text[n - 1] = '\0'; /* ctl_print ends the last line */
	status = ctl_print(c, text);
	free(text);
	return status;
}

int ctl_metrics(struct ctl *c)
{
	return ctl_link_do(
	    c, "metrics", c->o.json ? ctl_pass_on : show_metrics, c);
}
