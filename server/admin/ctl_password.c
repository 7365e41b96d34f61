/* ctl_password.c - changes the password of a running server. It never leaves
 * this process: the server gets its record, and so does the file that the next
 * start reads. With a name it is about that account (ctl_accounts.c). */
#include <stdlib.h>
#include <string.h>

#include "server/admin/ctl_link.h"
#include "server/admin/ctl_show.h"
#include "server/make_record.h"
#include "server/strength.h"
#include "shared/base/secret.h"
#include "shared/crypto/random.h"
#include "shared/os/password.h"
#include "shared/os/prompt.h"

/* What has to be known of the server. */
struct target {
	uint64_t scrypt_n, guesses;
	char *record; /* owned; NULL: it was started without --record */
};

static int take_status(void *arg, const json_t *row, const char *line)
{
	struct target *t = arg;
	const char *path;
	size_t n;

	(void)line;
	if (json_u63(row, "scrypt_n", &t->scrypt_n) != 0)
		t->scrypt_n = WIRE_SCRYPT_N;
	if (json_u63(row, "guesses", &t->guesses) != 0)
		t->guesses = 0;
	if (json_str(row, "record", &path, &n) == 0)
		t->record = strdup(path);
	return EXIT_DONE;
}

static int get_password(struct ctl *c, struct buf *out)
{
	if (c->o.password_file != NULL)
		return password_file(out, c->o.password_file,
		    PASSWORD_ONLY_LINE, CTL_PROGRAM, &c->why);
	return make_record_ask(out, &c->why);
}

/* The request is secret: whoever has the record can pose as the server. */
static int tell_server(struct ctl *c, const struct record_file *record)
{
	struct buf text, request;
	struct json_w w;
	int r, status;

	buf_init_secret(&text, RECORD_FILE_MAX);
	buf_init_secret(&request, 2 * RECORD_FILE_MAX);
	json_begin(&w, &request);
	json_put_str(&w, "do", "password");
	if ((r = record_file_encode(&text, record)) == 0)
		json_put_strn(&w, "record", (const char *)text.p, text.len);
	if (r == 0)
		r = json_end(&w);
	if (r == 0) {
		status = ctl_link_ask(c, &request, false, NULL, NULL);
	} else {
		errmsg_set(&c->why, r, "%s", err_str(r));
		status = EXIT_FAILED;
	}
	buf_free(&text);
	buf_free(&request);
	return status;
}

/* The file first: if the server then fails, its next start has the new one. */
static int change(struct ctl *c, const struct target *t,
    const struct record_folder *folder, const struct record_file *record)
{
	int status;

	if (t->record != NULL &&
	    make_record_put(folder, t->record, record, &c->why) != 0)
		return EXIT_FAILED;
	status = tell_server(c, record);
	if (status != EXIT_DONE)
		return status;
	if (c->o.json)
		return ctl_print(c, "{\"type\":\"done\"}");
	return ctl_print(c,
	    t->record != NULL
		? "The password is changed: people who join from now on need "
		  "the new one. Members stay."
		: "The password is changed until the server stops: its next "
		  "start takes the one that it is given then. With --record "
		  "FILE the new one would be kept. Members stay.");
}

static int stretch(struct ctl *c, const struct target *t,
    const struct buf *password, struct record_file *record)
{
	const struct kdf kdf = {.n = t->scrypt_n, .r = 8, .p = 1};
	const struct rng rng = random_system();
	const struct logger log = {.level = LOGGER_WARN};
	int r;

	strength_warn(password, (uint32_t)t->guesses, &log);
	r = record_file_make(record, &rng, password->p, password->len, &kdf);
	if (r == 0)
		return EXIT_DONE;
	errmsg_set(&c->why, r, "cannot stretch the password: %s", err_str(r));
	return EXIT_FAILED;
}

static int of_server(struct ctl *c)
{
	struct record_file *record = secret_alloc(sizeof(*record));
	struct record_folder folder = {.name = NULL};
	struct target t = {0};
	struct buf password;
	int status = EXIT_FAILED;

	buf_init_secret(&password, WIRE_PASSWORD_MAX);
	errmsg_set(&c->why, 0, "out of memory");
	if (record == NULL)
		goto out;
	if ((status = ctl_link_do(c, "status", take_status, &t)) != EXIT_DONE)
		goto out;
	status = EXIT_FAILED;
	/* Before anybody types: whether the file can be replaced at all. */
	if (t.record != NULL &&
	    make_record_enter(&folder, t.record, &c->why) != 0)
		goto out;
	if (get_password(c, &password) != 0)
		goto out;
	if ((status = stretch(c, &t, &password, record)) == EXIT_DONE)
		status = change(c, &t, &folder, record);
out:
	make_record_leave(&folder);
	buf_free(&password);
	secret_free(record, sizeof(*record));
	free(t.record);
	return status;
}

int ctl_password(struct ctl *c)
{
	if (c->n_args == 0 && c->o.seconds == 0)
		return of_server(c);
	if (c->n_args > 0 && c->o.password_file == NULL)
		return ctl_recover(c);
	errmsg_set(&c->why, 0,
	    c->n_args > 0
		? "--password-file is for the server's password, which has no "
		  "NAME: see conclavectl password --help"
		: "--for is for the invite of an account: name it, or see "
		  "conclavectl password --help");
	return EXIT_USAGE;
}
