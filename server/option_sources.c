/* option_sources.c - merges the server's options from all sources. */
#include "server/option_sources.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "server/option_table.h"
#include "server/security_txt.h"
#include "shared/os/file.h"
#include "shared/os/print.h"
#include "shared/os/password.h"
#include "shared/wire/version.h"

#define LISTEN_DEFAULT "localhost:" WIRE_PORT
#define PROGRAM	       "conclaved"

static const char before[] =
    "Usage: conclaved [options]\n"
    "Runs a chat server. It prints an invite to its first room: give the "
    "invite and the password to the people you want there. They can make "
    "more rooms.\n";
static const char after[] =
    "Defaults are in parentheses. The command line wins over the environment, "
    "and the environment over the file given with --config.\n"
    "Exit status: 0 ended by SIGTERM, SIGINT or, without --record and "
    "--config, SIGHUP, 1 failed, 2 wrong usage.\n";

static int read_config(
    struct opts *m, const struct server_options_values *v, struct errmsg *why)
{
	int r;

	if (v->o.config == NULL)
		return 0;
	r = opts_file(m, v->o.config, FILE_ANY, why);
	if (r == 0 && m->line[opts_find(m, "password")] != 0)
		password_warn(v->o.config, PROGRAM);
	return r;
}

/* A record and a password exclude each other. */
static int resolve_record(
    const struct opts *m, struct server_options_values *v, struct errmsg *why)
{
	static const char *const others[] = {"password", "password-file"};
	bool record_wins = v->o.record != NULL, wins;
	size_t i;
	int r;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		r = opts_choose(m, "record", others[i], &wins, why);
		if (r != 0)
			return r;
		if (opts_from(m, others[i]) != OPTS_DEFAULT)
			record_wins = record_wins && wins;
	}
	/* The record that is being made is not the one in use. */
	if (v->making || !record_wins) {
		free(v->o.record);
		v->o.record = NULL;
	} else {
		buf_clear(&v->o.password);
	}
	return 0;
}

static int default_state_dir(char **out, struct errmsg *why)
{
	int r;

	if (geteuid() == 0) {
		*out = strdup("/var/lib/conclaved");
		return *out != NULL
			   ? 0
			   : errmsg_set(why, ERR_NOMEM, "out of memory");
	}
	r = file_user_path(out, FILE_STATE_HOME, "conclaved", why);
	if (r == ERR_USAGE)
		errmsg_set(why, r,
		    "there is no home directory to keep the identity in: give "
		    "--state DIR, or --ephemeral");
	return r;
}

static int resolve_state(
    const struct opts *m, struct server_options *o, struct errmsg *why)
{
	bool state_wins = false;
	int r;

	if (o->ephemeral &&
	    (r = opts_choose(m, "state", "ephemeral", &state_wins, why)) != 0)
		return r;
	if (o->ephemeral && !state_wins) {
		free(o->state_dir);
		o->state_dir = NULL;
		return 0;
	}
	o->ephemeral = false;
	return o->state_dir != NULL ? 0 : default_state_dir(&o->state_dir, why);
}

/* Where --make-record writes when it is not told. */
static int default_record(struct server_options *o, struct errmsg *why)
{
	if (o->state_dir == NULL)
		return errmsg_set(why, ERR_USAGE,
		    "--make-record needs the name of a file, because "
		    "--ephemeral leaves no state directory");
	if (asprintf(&o->make_record, "%s/record", o->state_dir) >= 0)
		return 0;
	o->make_record = NULL;
	return errmsg_set(why, ERR_NOMEM, "out of memory");
}

static int resolve_tls(struct server_options *o, struct errmsg *why)
{
	if (o->n_tls_listen > 0 && o->tls_cert == NULL)
		return errmsg_set(why, ERR_USAGE,
		    "--tls-listen needs a certificate: give --tls-cert FILE "
		    "(conclavectl ca makes one)");
	if (o->n_tls_listen == 0 &&
	    (o->tls_cert != NULL || o->tls_key != NULL ||
		o->tls_client_ca != NULL || o->tls_crl != NULL))
		return errmsg_set(why, ERR_USAGE,
		    "%s has no effect without --tls-listen ADDR: give both, or "
		    "neither",
		    o->tls_cert != NULL	       ? "--tls-cert"
		    : o->tls_key != NULL       ? "--tls-key"
		    : o->tls_client_ca != NULL ? "--tls-client-ca"
					       : "--tls-crl");
	if (o->tls_crl != NULL && o->tls_client_ca == NULL)
		return errmsg_set(why, ERR_USAGE,
		    "--tls-crl lists certificates of the CA in --tls-client-ca: "
		    "give that too");
	if (o->crl != NULL && o->require_certificate == NULL)
		return errmsg_set(why, ERR_USAGE,
		    "--crl lists certificates of the CA in "
		    "--require-certificate: give that too");
	if (o->n_tls_listen > 0 && o->tls_key == NULL &&
	    (o->tls_key = strdup(o->tls_cert)) == NULL)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	return 0;
}

static int resolve(
    const struct opts *m, struct server_options_values *v, struct errmsg *why)
{
	struct server_options *o = &v->o;
	int r;

	if ((r = resolve_record(m, v, why)) != 0)
		return r;
	if (o->record == NULL &&
	    (r = password_resolve(&o->password, m, v->password_file,
		 PASSWORD_ONLY_LINE, why)) != 0)
		return r;
	if ((r = resolve_tls(o, why)) != 0)
		return r;
	if (o->n_listen == 0 && o->n_tls_listen == 0) {
		if ((o->listen[0] = strdup(LISTEN_DEFAULT)) == NULL)
			return errmsg_set(why, ERR_NOMEM, "out of memory");
		o->n_listen = 1;
	}
	if ((r = resolve_state(m, o, why)) != 0)
		return r;
	return v->making && o->make_record == NULL ? default_record(o, why) : 0;
}

static int print_help(const struct opts *m, struct errmsg *why)
{
	struct buf b;
	int r;

	buf_init(&b, 1 << 16);
	if ((r = opts_help(m, &b, before, after)) != 0)
		errmsg_set(why, r, "cannot print the help: %s", err_str(r));
	else
		r = print_text(b.p, b.len, why);
	buf_free(&b);
	return r;
}

static int print_security_txt(const char *contact, struct errmsg *why)
{
	struct buf b;
	int r;

	if (contact == NULL)
		return errmsg_set(why, ERR_USAGE,
		    "--security-txt needs an address for reports of flaws: give "
		    "--contact mailto:ADDRESS, or contact = in the file of "
		    "--config");
	buf_init(&b, 4096);
	if ((r = security_txt(&b, contact, time(NULL))) != 0)
		errmsg_set(why, r, "cannot make it: %s", err_str(r));
	else
		r = print_text(b.p, b.len, why);
	buf_free(&b);
	return r;
}

/* Sets *run when the server should start, and not when help, the version or a
 * configuration check was printed. */
static int read_all(
    struct opts *m, int argc, char **argv, bool *run, struct errmsg *why)
{
	struct server_options_values *v = m->values;
	int r;

	if ((r = opts_argv(m, argc, argv, why)) != 0)
		return r;
	if (v->help)
		return print_help(m, why);
	if (v->version)
		return print_line(
		    why, PROGRAM " " CONCLAVE_VERSION " (" WIRE_PROTOCOL ")\n");
	if ((r = opts_environment(m, why)) != 0 ||
	    (r = read_config(m, v, why)) != 0 || (r = resolve(m, v, why)) != 0)
		return r;
	if (v->security_txt)
		return print_security_txt(v->o.contact, why);
	if (v->check_config)
		return print_line(why, "the configuration is valid\n");
	*run = true;
	return 0;
}

/* A reload reads the file itself, so that it follows no link in the sandbox. A
 * pipe cannot be read again. */
static int resolve_config(struct server_options *o, struct errmsg *why)
{
	struct stat st;
	char *real;

	if (o->config == NULL)
		return 0;
	real = stat(o->config, &st) == 0 && S_ISREG(st.st_mode)
		   ? realpath(o->config, NULL)
		   : NULL;
	free(o->config);
	o->config = real;
	return real == NULL && errno == ENOMEM
		   ? errmsg_set(why, ERR_NOMEM, "out of memory")
		   : 0;
}

enum option_sources_result option_sources_read(struct server_options *o,
    struct option_origins *from, int argc, char **argv)
{
	struct server_options_values values, unused;
	struct opts m;
	struct errmsg why = {""};
	bool run = false;
	int r;

	server_options_machine(&m, &values, &unused);
	if ((r = read_all(&m, argc, argv, &run, &why)) == 0)
		r = resolve_config(&values.o, &why);
	if (r != 0)
		errmsg_print(PROGRAM, why.text);
	memcpy(from->of, m.from, sizeof(from->of));
	*o = values.o; /* ownership moves to the caller */
	memset(&values.o, 0, sizeof(values.o));
	server_options_values_free(&values);
	server_options_values_free(&unused);
	if (r != 0)
		return r == ERR_OUTPUT ? OPTION_SOURCES_EXIT_FAILED
				       : OPTION_SOURCES_EXIT_USAGE;
	return run ? OPTION_SOURCES_RUN : OPTION_SOURCES_EXIT_OK;
}

/* What two of these would exclude at the start. */
static int check_pairs(const struct opts *m, struct errmsg *why)
{
	static const char *const pairs[][2] = {{"record", "password"},
	    {"record", "password-file"}, {"password", "password-file"},
	    {"state", "ephemeral"}};
	bool first;
	size_t i;
	int r = 0;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]) && r == 0; i++)
		r = opts_choose(m, pairs[i][0], pairs[i][1], &first, why);
	return r;
}

int option_sources_again(struct server_options *fresh,
    struct option_origins *now, const struct option_origins *then,
    const char *path, struct errmsg *why)
{
	struct server_options_values values, unused;
	struct opts m;
	size_t i;
	int r;

	server_options_machine(&m, &values, &unused);
	for (i = 0; i < m.n_rows; i++)
		if (then->of[i] > OPTS_FILE)
			m.from[i] = then->of[i];
	r = opts_file(&m, path, FILE_NO_LINK, why);
	if (r == ERR_AGAIN)
		r = ERR_IO;
	if (r == 0)
		r = check_pairs(&m, why);
	memcpy(now->of, m.from, sizeof(now->of));
	*fresh = values.o; /* ownership moves to the caller */
	memset(&values.o, 0, sizeof(values.o));
	server_options_values_free(&values);
	server_options_values_free(&unused);
	return r;
}
