/* make_record.c - writes the record of a password that somebody types. */
#include "server/make_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/auth/record_file.h"
#include "shared/base/secret.h"
#include "shared/os/file.h"
#include "shared/os/password.h"
#include "shared/os/print.h"
#include "shared/os/prompt.h"

enum { TRIES = 3, TYPED_MAX = 4 * WIRE_PASSWORD_MAX };

/* --- the password --------------------------------------------------------- */

static int type_once(struct buf *out, const char *prompt, struct errmsg *why)
{
	buf_clear(out);
	return prompt_secret(out, prompt, why);
}

/* ERR_AGAIN: it has said what is wrong with what was typed. */
static int type_twice(
    struct buf *password, struct buf *one, struct buf *two, struct errmsg *why)
{
	int r;

	if ((r = type_once(one, "The room's password: ", why)) != 0)
		return r;
	r = password_take(password, (const char *)one->p, one->len);
	if (r == ERR_USAGE) {
		errmsg_set(why, r, "That is not a password: %s; %s.",
		    password_wrong((const char *)one->p, one->len),
		    password_expects);
		prompt_say(why->text);
		return ERR_AGAIN;
	}
	if (r != 0 || (r = type_once(two, "The same again: ", why)) != 0)
		return r;
	if (one->len == two->len && memcmp(one->p, two->p, one->len) == 0)
		return 0;
	prompt_say("These two were different.");
	errmsg_set(why, ERR_USAGE, "the two passwords were different");
	return ERR_AGAIN;
}

int make_record_ask(struct buf *password, struct errmsg *why)
{
	struct buf one, two;
	int i, r = ERR_AGAIN;

	if (!prompt_possible())
		return errmsg_set(why, ERR_USAGE,
		    "there is no terminal to ask for the password on: give "
		    "--password-file FILE");
	buf_init_secret(&one, TYPED_MAX);
	buf_init_secret(&two, TYPED_MAX);
	for (i = 0; i < TRIES && r == ERR_AGAIN; i++)
		r = type_twice(password, &one, &two, why);
	buf_free(&one);
	buf_free(&two);
	return r == ERR_AGAIN ? ERR_USAGE : r;
}

/* --- the file ------------------------------------------------------------- */

/* Whether a record is at that name already; any other file is an error, because
 * it must stay. */
static int look(
    const char *name, const char *path, bool *there, struct errmsg *why)
{
	struct record_file *old = secret_alloc(sizeof(*old));
	int r = ERR_NOMEM;

	if (old != NULL)
		r = record_file_read(old, name, why);
	secret_free(old, sizeof(*old));
	*there = r == 0;
	if (r == ERR_AGAIN)
		return 0;
	if (r == ERR_USAGE || r == ERR_LIMIT)
		return errmsg_set(why, r,
		    "%s is there already and is not a password record: remove "
		    "it, or name another file",
		    path);
	return r;
}

int make_record_put(const struct record_folder *f, const char *path,
    const struct record_file *record, struct errmsg *why)
{
	struct buf text;
	int r;

	buf_init_secret(&text, RECORD_FILE_MAX);
	if ((r = record_file_encode(&text, record)) != 0)
		errmsg_set(why, r, "cannot write %s: %s", path, err_str(r));
	else
		r = file_write(f->name, text.p, text.len,
		    f->there ? FILE_REPLACE : FILE_NEW, why);
	if (r == ERR_STATE)
		errmsg_set(why, r,
		    "%s came while the password was typed: it stays as it is",
		    path);
	buf_free(&text);
	return r;
}

/* Goes into the folder and becomes its owner. */
static int enter(struct record_folder *f, const char *path, struct errmsg *why)
{
	char *folder;
	struct stat st;
	char *slash;
	int r = 0;

	if ((r = file_make_parents(path, why)) != 0)
		return r;
	if ((folder = strdup(path)) == NULL)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	if ((slash = strrchr(folder, '/')) != NULL)
		slash[slash == folder ? 1 : 0] = '\0';
	f->back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	f->entered = true;
	if (chdir(slash != NULL ? folder : ".") != 0 || stat(".", &st) != 0 ||
	    (st.st_uid != 0 &&
		(f->became = true,
		    (setegid(st.st_gid) != 0 || seteuid(st.st_uid) != 0))))
		r = errmsg_errno(
		    why, ERR_IO, errno, "cannot write into %s", folder);
	else if (slash != NULL)
		f->name = strrchr(path, '/') + 1;
	free(folder);
	return r;
}

int make_record_enter(
    struct record_folder *f, const char *path, struct errmsg *why)
{
	int r;

	*f = (struct record_folder){.name = path};
	if (geteuid() == 0 && (r = enter(f, path, why)) != 0)
		return r;
	return look(f->name, path, &f->there, why);
}

void make_record_leave(struct record_folder *f)
{
	if (!f->entered)
		return;
	if (f->became && (seteuid(0) != 0 || setegid(0) != 0))
		return; /* it stays the owner, which can do less */
	if (f->back >= 0) {
		(void)!fchdir(f->back);
		close(f->back);
	}
	*f = (struct record_folder){.name = NULL};
}

static int say(const char *path, bool there, struct errmsg *why)
{
	return there ? print_line(why,
			   "%s has been replaced: a running conclaved reads it "
			   "when it gets SIGHUP (systemctl reload conclaved)\n",
			   path)
		     : print_line(why,
			   "%s is there now: start conclaved with --record "
			   "%s\n",
			   path, path);
}

int make_record(
    struct server_options *o, const struct rng *rng, struct errmsg *why)
{
	const struct kdf kdf = {.n = o->scrypt_n, .r = 8, .p = 1};
	struct record_file *record = secret_alloc(sizeof(*record));
	const char *path = o->make_record;
	struct record_folder folder;
	int r;

	if (record == NULL)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	if ((r = make_record_enter(&folder, path, why)) != 0)
		goto out;
	if (o->password.len == 0 &&
	    (r = make_record_ask(&o->password, why)) != 0)
		goto out;
	r = record_file_make(record, rng, o->password.p, o->password.len, &kdf);
	if (r != 0)
		errmsg_set(why, r, "cannot make the record: %s", err_str(r));
	else if ((r = make_record_put(&folder, path, record, why)) == 0)
		r = say(path, folder.there, why);
out:
	make_record_leave(&folder);
	secret_free(record, sizeof(*record));
	return r;
}
