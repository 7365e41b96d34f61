/* ctl_check.c - `conclavectl check`: looks for faults, and says how to mend each
 * one. */
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/admin/ctl_doctor.h"
#include "server/admin/ctl_link.h"
#include "server/admin/ctl_show.h"
#include "server/option_table.h"
#include "shared/wire/text.h"

/* --- findings ------------------------------------------------------------- */

static const char *const levels[] = {"ok", "warn", "FAULT"};
static const char *const level_words[] = {"ok", "warn", "fault"};

static int print_json(struct doctor *d, enum doctor_level level,
    const char *what, const char *cure, const char *text)
{
	char shown[2048];
	struct buf out;
	struct json_w w;
	int status = EXIT_FAILED;

	buf_init(&out, 8192);
	json_begin(&w, &out);
	json_put_str(&w, "type", "finding");
	json_put_str(&w, "level", level_words[level]);
	json_put_str(&w, "what", what);
	text_filter_fixed(shown, sizeof(shown), text, strlen(text));
	json_put_str(&w, "text", shown);
	if (cure != NULL) {
		text_filter_fixed(shown, sizeof(shown), cure, strlen(cure));
		json_put_str(&w, "cure", shown);
	}
	if (json_end(&w) == 0 && buf_u8(&out, '\0') == 0)
		status = ctl_print(d->c, (const char *)out.p);
	buf_free(&out);
	return status;
}

void doctor_find(struct doctor *d, enum doctor_level level, const char *what,
    const char *cure, const char *fmt, ...)
{
	char text[2048], line[5000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->n[level]++;
	if (d->status != EXIT_DONE)
		return;
	if (d->c->o.json) {
		d->status = print_json(d, level, what, cure, text);
		return;
	}
	snprintf(line, sizeof(line), "%-5s  %s: %s%s%s", levels[level], what,
	    text, cure != NULL ? "\n       -> " : "", cure != NULL ? cure : "");
	d->status = ctl_print(d->c, line);
}

/* --- the server ----------------------------------------------------------- */

static char *copy(const json_t *row, const char *key)
{
	const char *s;
	size_t n;

	return json_str(row, key, &s, &n) == 0 ? strdup(s) : NULL;
}

static void take_listeners(char **list, size_t *n, const json_t *array)
{
	const char *s;
	size_t i;

	for (i = 0;
	     i < json_array_size(array) && *n < SERVER_OPTIONS_LISTEN_MAX; i++)
		if ((s = json_string_value(json_array_get(array, i))) != NULL &&
		    (list[*n] = strdup(s)) != NULL)
			(*n)++;
}

static int take_status(void *arg, const json_t *row, const char *line)
{
	struct doctor *d = arg;
	uint64_t v;

	(void)line;
	d->running = true;
	if (json_u63(row, "pid", &v) == 0)
		d->pid = (pid_t)v;
	if (json_u63(row, "uid", &v) == 0) {
		d->uid = (uid_t)v;
		d->uid_known = true;
	}
	if (json_u63(row, "people_max", &v) == 0)
		d->options.users_max = (uint32_t)v;
	if (json_u63(row, "places", &v) == 0)
		d->options.handshakes_max = (uint32_t)v;
	if (json_u63(row, "memory_max", &v) == 0)
		d->options.memory_max = v;
	if (json_u63(row, "workers", &v) == 0)
		d->options.workers = (uint32_t)v;
	d->sandbox = json_is_true(json_object_get(row, "sandbox"));
	d->config = copy(row, "config");
	d->record = copy(row, "record");
	d->state = copy(row, "state");
	d->stuck = copy(row, "stuck");
	d->database = json_is_true(json_object_get(row, "database"));
	take_listeners(d->options.listen, &d->options.n_listen,
	    json_object_get(row, "listening"));
	take_listeners(d->options.tls_listen, &d->options.n_tls_listen,
	    json_object_get(row, "listening_tls"));
	return EXIT_DONE;
}

/* Whom a server that root starts becomes. */
static void guess_user(struct doctor *d)
{
	const char *name = d->c->o.user != NULL ? d->c->o.user : "conclaved";
	const struct passwd *pw;

	d->uid = geteuid();
	d->uid_known = true;
	if (geteuid() != 0)
		return;
	pw = getpwnam(name);
	if (pw == NULL && d->c->o.user == NULL)
		pw = getpwnam("nobody");
	if (pw != NULL)
		d->uid = pw->pw_uid;
	if (pw == NULL)
		doctor_find(d, DOCTOR_FAULT, "user", "make it with useradd -r",
		    "there is no user \"%s\"", name);
	else if (strcmp(pw->pw_name, "nobody") == 0)
		doctor_find(d, DOCTOR_WARN, "user",
		    "useradd -r -M -s /usr/sbin/nologin conclaved",
		    "there is no user conclaved: a server that root starts "
		    "runs as nobody, like other services");
}

static int look_at_server(struct doctor *d)
{
	struct ctl *c = d->c;
	int status = ctl_link_do(c, "status", take_status, d);

	if (status == EXIT_DONE) {
		doctor_find(d, DOCTOR_OK, "server", NULL,
		    "it runs, as process %d, and answers", (int)d->pid);
		return EXIT_DONE;
	}
	if (status == EXIT_LOST && !ctl_link_locked(c))
		doctor_find(d, DOCTOR_OK, "server", NULL,
		    "none runs with %s: looking at what its start needs",
		    c->state != NULL ? c->state : c->socket);
	else
		doctor_find(d, DOCTOR_FAULT, "server", NULL, "%s", c->why.text);
	guess_user(d);
	if (c->o.config != NULL)
		d->config = strdup(c->o.config);
	if (c->state != NULL)
		d->state = strdup(c->state);
	return status == EXIT_FAILED ? EXIT_FAILED : EXIT_DONE;
}

int ctl_check(struct ctl *c)
{
	struct server_options_values values;
	struct doctor d = {.c = c, .sandbox = true};

	server_options_defaults(&values);
	d.options = values.o;
	(void)look_at_server(&d);
	doctor_config(&d);
	doctor_state(&d);
	doctor_ports(&d);
	doctor_system(&d);
	server_options_free(&d.options);
	free(d.config);
	free(d.record);
	free(d.state);
	free(d.stuck);
	if (d.status != EXIT_DONE)
		return d.status;
	errmsg_set(&c->why, 0, "%u fault%s, %u warning%s", d.n[DOCTOR_FAULT],
	    d.n[DOCTOR_FAULT] == 1 ? "" : "s", d.n[DOCTOR_WARN],
	    d.n[DOCTOR_WARN] == 1 ? "" : "s");
	if (d.n[DOCTOR_FAULT] > 0)
		return EXIT_FAILED;
	if (!c->o.json)
		return ctl_print(c, c->why.text);
	return EXIT_DONE;
}
