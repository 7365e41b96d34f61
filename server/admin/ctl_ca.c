/* ctl_ca.c - conclavectl ca: a CA of one's own in a folder. It needs no server,
 * but to look up the key of somebody who is connected. */
#include "server/admin/ctl_ca.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "server/admin/ctl_link.h"
#include "server/admin/ctl_show.h"
#include "shared/crypto/keys.h"
#include "shared/os/file.h"
#include "shared/os/value.h"
#include "shared/wire/b64.h"
#include "shared/wire/json.h"

enum {
	DAY = 24 * 3600,
	ROOT_S = 3650 * DAY,
	SERVER_S = 90 * DAY,
	MEMBER_S = 365 * DAY,
	LIST_S = 365 * DAY,
	EARLIER_S = 3600, /* for clocks that are slow */
};

struct folder {
	struct ctl *c;
	char dir[PATH_MAX];
	struct issuer *ca;
	time_t now;
};

static int out_of_memory(struct ctl *c)
{
	errmsg_set(&c->why, 0, "out of memory");
	return EXIT_FAILED;
}

static void path_of(char out[PATH_MAX], const struct folder *f,
    const char *what, const char *end)
{
	int n = snprintf(out, PATH_MAX, "%s/%s%s", f->dir, what, end);

	if (n < 0 || n >= PATH_MAX)
		out[0] = '\0'; /* no file has this name */
}

/* A certificate is for everybody, a key for nobody else. */
static int write_new(
    struct folder *f, const char *path, const struct buf *text, bool open)
{
	int r = file_write(path, text->p, text->len, FILE_NEW, &f->c->why);

	if (r == ERR_STATE)
		errmsg_set(&f->c->why, r,
		    "%s is there already and was not changed: move it away "
		    "first",
		    path);
	if (r == 0 && open)
		(void)!chmod(path, 0644);
	return r == 0 ? EXIT_DONE : EXIT_FAILED;
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static struct issue_time validity(const struct folder *f, time_t seconds)
{
	if (f->c->o.seconds > 0)
		seconds = (time_t)f->c->o.seconds;
	return (struct issue_time){f->now - EARLIER_S, f->now + seconds};
}

static enum issue_key kind_of(const struct ctl *c)
{
	return c->o.ed25519 ? ISSUE_ED25519 : ISSUE_P256;
}

static int issued(struct ctl *c, int r)
{
	if (r == 0)
		return EXIT_DONE;
	errmsg_set(&c->why, 0, "cannot make it: %s", err_str(r));
	return EXIT_FAILED;
}

/* --- init ------------------------------------------------------------------ */

static int write_list(struct folder *f);

static int init(struct folder *f)
{
	const char *name = f->c->o.name != NULL ? f->c->o.name : "conclave CA";
	char cert[PATH_MAX], key[PATH_MAX], text[PATH_MAX + 128];
	struct issue_time valid = validity(f, ROOT_S);
	struct buf cert_pem, key_pem;
	int status;

	path_of(cert, f, "ca", ".pem");
	path_of(key, f, "ca", ".key");
	if (is_there(cert) || is_there(key)) {
		errmsg_set(&f->c->why, 0,
		    "there is a CA in %s already, which was not changed",
		    f->dir);
		return EXIT_FAILED;
	}
	buf_init(&cert_pem, FILE_MAX);
	buf_init_secret(&key_pem, FILE_MAX);
	status = issued(f->c, issue_key(&key_pem, kind_of(f->c)));
	if (status == EXIT_DONE)
		status = issued(
		    f->c, issue_root(&cert_pem, &key_pem, name, &valid));
	if (status == EXIT_DONE)
		status = write_new(f, key, &key_pem, false);
	if (status == EXIT_DONE)
		status = write_new(f, cert, &cert_pem, true);
	if (status == EXIT_DONE &&
	    issuer_open(&f->ca, &cert_pem, &key_pem) == 0)
		status = write_list(f);
	buf_free(&cert_pem);
	buf_free(&key_pem);
	if (status != EXIT_DONE)
		return status;
	snprintf(text, sizeof(text),
	    "made the CA %s: give ca.pem to everybody, and keep ca.key where "
	    "nobody else can read it",
	    f->dir);
	return ctl_print(f->c, text);
}

static int open_ca(struct folder *f)
{
	char cert[PATH_MAX], key[PATH_MAX];
	struct buf cert_pem, key_pem;
	int r;

	path_of(cert, f, "ca", ".pem");
	path_of(key, f, "ca", ".key");
	buf_init(&cert_pem, FILE_MAX);
	buf_init_secret(&key_pem, FILE_MAX);
	if ((r = file_read(cert, FILE_OWN, &cert_pem, &f->c->why)) == 0)
		r = file_read(key, FILE_PRIVATE, &key_pem, &f->c->why);
	if (r == ERR_AGAIN)
		errmsg_set(&f->c->why, 0,
		    "there is no CA in %s: conclavectl ca init makes one, and "
		    "--ca DIR names another folder",
		    f->dir);
	else if (r == 0 &&
		 (r = issuer_open(&f->ca, &cert_pem, &key_pem)) != 0)
		errmsg_set(&f->c->why, 0,
		    "ca.pem and ca.key in %s are no certificate of a CA and its "
		    "key",
		    f->dir);
	buf_free(&cert_pem);
	buf_free(&key_pem);
	return r == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* --- server, member -------------------------------------------------------- */

static int note(struct folder *f, const struct issue_leaf *l,
    const char *serial, const char *kind)
{
	struct ctl_ca_row row = {.until = l->valid.until};
	char index[PATH_MAX];

	if (row.until > issuer_until(f->ca))
		row.until = issuer_until(f->ca);
	snprintf(row.serial, sizeof(row.serial), "%s", serial);
	snprintf(row.kind, sizeof(row.kind), "%s", kind);
	snprintf(row.name, sizeof(row.name), "%s", l->name);
	path_of(index, f, "index", "");
	return ctl_ca_index_add(f->c, index, &row) == 0 ? EXIT_DONE
							: EXIT_FAILED;
}

/* The index first: what is not in it cannot be revoked. */
static int issue(struct folder *f, const struct issue_leaf *l,
    const char *kind, const char *path)
{
	char serial[ISSUE_SERIAL_TEXT];
	struct buf pem;
	int r, status;

	buf_init(&pem, FILE_MAX);
	r = issue_leaf(&pem, serial, f->ca, l);
	if (r == ERR_NAME)
		errmsg_set(&f->c->why, 0,
		    "a host is a name of letters, digits, - and ., or an "
		    "address: others have an ASCII form (`idn2 NAME`)");
	else if (r == ERR_KEY)
		errmsg_set(&f->c->why, 0,
		    "that is no Ed25519 key: --identity takes the file of an "
		    "identity or of its public key, or a fingerprint");
	else if (r != 0)
		(void)issued(f->c, r);
	status = r == 0 ? note(f, l, serial, kind) : EXIT_FAILED;
	if (status == EXIT_DONE)
		status = write_new(f, path, &pem, true);
	buf_free(&pem);
	return status;
}

static int server(struct folder *f)
{
	struct ctl *c = f->c;
	struct issue_leaf l = {.name = c->args[1],
	    .hosts = c->args + 1,
	    .n_hosts = (size_t)(c->n_args - 1),
	    .valid = validity(f, SERVER_S)};
	char cert[PATH_MAX], key[PATH_MAX], stem[CTL_CA_NAME_MAX + 16];
	char text[2 * PATH_MAX + 64];
	struct buf key_pem;
	int status;

	snprintf(stem, sizeof(stem), "server-%s", c->args[1]);
	path_of(cert, f, stem, ".pem");
	path_of(key, f, stem, ".key");
	if (strchr(c->args[1], '/') != NULL || is_there(cert) || is_there(key)) {
		errmsg_set(&c->why, 0,
		    "%s is there already and was not changed: move it and its "
		    "key away first",
		    cert);
		return EXIT_FAILED;
	}
	buf_init_secret(&key_pem, FILE_MAX);
	l.key_pem = &key_pem;
	status = issued(c, issue_key(&key_pem, kind_of(c)));
	if (status == EXIT_DONE)
		status = issue(f, &l, "server", cert);
	if (status == EXIT_DONE)
		status = write_new(f, key, &key_pem, false);
	buf_free(&key_pem);
	if (status != EXIT_DONE)
		return status;
	snprintf(text, sizeof(text), "conclaved --tls-cert %s --tls-key %s",
	    cert, key);
	return ctl_print(c, text);
}

/* Somebody who is connected. */
struct wanted {
	struct crypto *crypto;
	const char *fingerprint;
	bool found;
	uint8_t key[WIRE_ED25519];
};

static int look(void *arg, const json_t *row, const char *line)
{
	uint8_t key[WIRE_ED25519], fp[WIRE_HASH];
	char text[B64URL_32 + 1];
	struct wanted *w = arg;

	(void)line;
	if (json_b64(row, "identity", key, sizeof(key)) != 0 ||
	    ed25519_fingerprint(w->crypto, fp, key) != 0)
		return EXIT_DONE;
	b64url_encode32(text, fp);
	if (strcmp(text, w->fingerprint) == 0) {
		w->found = true;
		memcpy(w->key, key, sizeof(key));
	}
	return EXIT_DONE;
}

static int find_person(struct folder *f, const char *fp, struct wanted *w)
{
	int status;

	*w = (struct wanted){.fingerprint = fp, .crypto = crypto_new()};
	if (w->crypto == NULL)
		return out_of_memory(f->c);
	status = ctl_link_do(f->c, "people", look, w);
	crypto_free(w->crypto);
	if (status != EXIT_DONE || w->found)
		return status;
	errmsg_set(&f->c->why, 0,
	    "nobody with the fingerprint %s is connected: ask when they are, or "
	    "give the file of their public key",
	    fp);
	return EXIT_FAILED;
}

static int member(struct folder *f)
{
	struct ctl *c = f->c;
	struct issue_leaf l = {
	    .name = c->args[1], .valid = validity(f, MEMBER_S)};
	char name[WIRE_NAME_MAX + 1], path[PATH_MAX], stem[WIRE_NAME_MAX + 16];
	uint8_t fp[WIRE_HASH];
	struct wanted w;
	struct buf key;
	int status = EXIT_DONE;

	if (c->o.identity == NULL || value_name(name, c->args[1]) != 0) {
		errmsg_set(&c->why, 0, "%s",
		    c->o.identity == NULL
			? "give --identity: the file of the member's public "
			  "key, or their fingerprint"
			: "a member's name has 1 to 24 of A-Z a-z 0-9 . _ -");
		return EXIT_USAGE;
	}
	buf_init_secret(&key, FILE_MAX);
	if (b64url_decode32(fp, c->o.identity, strlen(c->o.identity)) == 0 &&
	    !is_there(c->o.identity)) {
		status = find_person(f, c->o.identity, &w);
		l.ed25519 = w.key;
	} else if (file_read(c->o.identity, FILE_ANY, &key, &c->why) != 0) {
		if (!is_there(c->o.identity))
			errmsg_set(&c->why, 0,
			    "there is no file %s, and it is no fingerprint",
			    c->o.identity);
		status = EXIT_FAILED;
	} else {
		l.key_pem = &key;
	}
	snprintf(stem, sizeof(stem), "member-%s", name);
	path_of(path, f, stem, ".pem");
	if (status == EXIT_DONE && is_there(path)) {
		errmsg_set(&c->why, 0,
		    "%s is there already and was not changed: move it away "
		    "first",
		    path);
		status = EXIT_FAILED;
	}
	if (status == EXIT_DONE)
		status = issue(f, &l, "member", path);
	buf_free(&key);
	return status == EXIT_DONE ? ctl_print(c, path) : status;
}

/* --- revoke, crl, list ----------------------------------------------------- */

struct revoked_list {
	struct issue_revoked *all;
	size_t n;
	bool failed;
};

static void take_revoked(void *arg, const struct ctl_ca_row *row)
{
	struct revoked_list *v = arg;
	struct issue_revoked *more;

	if (row->revoked == 0 || v->failed)
		return;
	more = realloc(v->all, (v->n + 1) * sizeof(*more));
	if (more == NULL) {
		v->failed = true;
		return;
	}
	v->all = more;
	memcpy(more[v->n].serial, row->serial, sizeof(row->serial));
	more[v->n++].at = row->revoked;
}

static int write_list(struct folder *f)
{
	const struct issue_time valid = {f->now - EARLIER_S, f->now + LIST_S};
	struct revoked_list v = {0};
	char index[PATH_MAX], path[PATH_MAX];
	struct buf pem;
	int r;

	path_of(index, f, "index", "");
	path_of(path, f, "crl", ".pem");
	buf_init(&pem, FILE_MAX);
	r = ctl_ca_index_each(f->c, index, take_revoked, &v);
	if (r == 0 && v.failed)
		r = errmsg_set(&f->c->why, ERR_NOMEM, "out of memory");
	if (r == 0 && (r = issue_list(&pem, f->ca, v.all, v.n, &valid,
			   (uint64_t)f->now)) != 0)
		(void)issued(f->c, r);
	if (r == 0)
		r = file_write(path, pem.p, pem.len, FILE_REPLACE, &f->c->why);
	if (r == 0)
		(void)!chmod(path, 0644);
	free(v.all);
	buf_free(&pem);
	return r == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int crl(struct folder *f)
{
	char path[PATH_MAX];
	int status = write_list(f);

	path_of(path, f, "crl", ".pem");
	return status == EXIT_DONE ? ctl_print(f->c, path) : status;
}

static int revoke(struct folder *f)
{
	char index[PATH_MAX], text[CTL_CA_NAME_MAX + 200];
	struct ctl *c = f->c;
	size_t n = 0;
	int status;

	path_of(index, f, "index", "");
	if (ctl_ca_index_revoke(c, index, c->args[1], f->now, &n) != 0)
		return EXIT_FAILED;
	if (n == 0) {
		errmsg_set(&c->why, 0,
		    "no certificate of this CA that is not revoked has the name "
		    "or serial number %.64s: conclavectl ca list shows them",
		    c->args[1]);
		return EXIT_FAILED;
	}
	if ((status = write_list(f)) != EXIT_DONE)
		return status;
	snprintf(text, sizeof(text),
	    "revoked %zu certificate%s of %s: give the new crl.pem to the "
	    "servers (--tls-crl, then conclavectl reload)",
	    n, n == 1 ? "" : "s", c->args[1]);
	return ctl_print(c, text);
}

struct listing {
	struct ctl *c;
	struct ctl_table t;
	time_t now;
	int status;
};

static void list_json(struct listing *l, const struct ctl_ca_row *row)
{
	struct json_w w;
	struct buf b;

	buf_init(&b, 4096);
	json_begin(&w, &b);
	json_put_str(&w, "type", "certificate");
	json_put_str(&w, "kind", row->kind);
	json_put_str(&w, "name", row->name);
	json_put_str(&w, "serial", row->serial);
	json_put_int(&w, "until", row->until);
	if (row->revoked != 0)
		json_put_int(&w, "revoked", row->revoked);
	if (json_end(&w) != 0 || buf_u8(&b, 0) != 0)
		l->status = out_of_memory(l->c);
	else
		l->status = ctl_print(l->c, (const char *)b.p);
	buf_free(&b);
}

static void list_row(void *arg, const struct ctl_ca_row *row)
{
	struct listing *l = arg;
	char text[32] = "";
	struct tm tm;

	if (l->status != EXIT_DONE)
		return;
	if (l->c->o.json) {
		list_json(l, row);
		return;
	}
	ctl_table_add(&l->t, row->name);
	ctl_table_add(&l->t, row->kind);
	if (gmtime_r(&row->until, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%d", &tm);
	ctl_table_add(&l->t, text);
	ctl_table_add(&l->t, row->revoked != 0	    ? "revoked"
			     : row->until < l->now ? "expired"
						   : "good");
	ctl_table_add(&l->t, row->serial);
}

static int list(struct folder *f)
{
	static const char *const heads[] = {
	    "NAME", "KIND", "UNTIL", "STATE", "SERIAL NUMBER"};
	struct listing l = {.c = f->c, .now = f->now, .status = EXIT_DONE};
	char index[PATH_MAX];
	int r;

	path_of(index, f, "index", "");
	ctl_table_init(&l.t, heads, 5, 0);
	r = ctl_ca_index_each(f->c, index, list_row, &l);
	if (r != 0)
		l.status = EXIT_FAILED;
	if (l.status == EXIT_DONE && !f->c->o.json)
		return ctl_table_print(&l.t, f->c);
	ctl_table_free(&l.t);
	return l.status;
}

/* --------------------------------------------------------------------------- */

static const struct action {
	const char *name;
	int args_min, args_max; /* behind the name */
	int (*fn)(struct folder *f);
	const char *usage;
} actions[] = {
    {"init", 0, 1, init, "ca init [DIR] [--name TEXT]"},
    {"server", 1, CTL_ARGS_MAX - 1, server, "ca server HOST..."},
    {"member", 1, 1, member, "ca member NAME --identity FILE|FINGERPRINT"},
    {"revoke", 1, 1, revoke, "ca revoke NAME|SERIAL"},
    {"list", 0, 0, list, "ca list"},
    {"crl", 0, 0, crl, "ca crl"},
};

static const struct action *find_action(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	return NULL;
}

int ctl_ca(struct ctl *c)
{
	const struct action *a = find_action(c->args[0]);
	struct folder f = {.c = c, .now = time(NULL)};
	const char *dir = c->o.ca;
	int n = -1, status = EXIT_DONE;

	if (a == NULL || c->n_args - 1 < a->args_min ||
	    c->n_args - 1 > a->args_max) {
		errmsg_set(&c->why, 0, "say conclavectl %s",
		    a != NULL ? a->usage
			      : "ca init, server, member, revoke, list or crl");
		return EXIT_USAGE;
	}
	if (a->fn == init && c->n_args > 1)
		dir = c->args[1];
	if (dir != NULL)
		n = snprintf(f.dir, sizeof(f.dir), "%s", dir);
	else if (c->state != NULL)
		n = snprintf(f.dir, sizeof(f.dir), "%s/ca", c->state);
	if (n < 0 || n >= (int)sizeof(f.dir) - 64) {
		errmsg_set(&c->why, 0, "give the folder of the CA: --ca DIR");
		return EXIT_USAGE;
	}
	if (a->fn != init && a->fn != list)
		status = open_ca(&f);
	if (status == EXIT_DONE)
		status = a->fn(&f);
	issuer_free(f.ca);
	return status;
}
