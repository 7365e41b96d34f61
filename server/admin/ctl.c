/* conclavectl - asks and changes a running conclaved. This file has its options
 * and its table of commands. */
#include "server/admin/ctl_context.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/admin/ctl_link.h"
#include "shared/base/oom.h"
#include "shared/base/secret.h"
#include "shared/crypto/library.h"
#include "shared/os/file.h"
#include "shared/os/harden.h"
#include "shared/os/opts.h"
#include "shared/os/output.h"
#include "shared/os/print.h"
#include "shared/os/value.h"
#include "shared/proto/room_info.h"
#include "shared/wire/version.h"

#define STATE_OF_ROOT "/var/lib/conclaved"

/* --- options -------------------------------------------------------------- */

static int set_string(void *values, const struct opts_row *row, const char *s)
{
	char **to = (char **)(void *)((char *)values + row->offset), *copy;

	if (*s == '\0')
		return ERR_USAGE;
	if ((copy = strdup(s)) == NULL)
		return ERR_NOMEM;
	free(*to);
	*to = copy;
	return 0;
}

static int set_bool(void *values, const struct opts_row *row, const char *s)
{
	return value_yes((bool *)(void *)((char *)values + row->offset), s);
}

static int set_count(void *values, const struct opts_row *row, const char *s)
{
	uint64_t v;
	int r = value_number(&v, s, row->min, row->max);

	if (r == 0)
		*(uint32_t *)(void *)((char *)values + row->offset) = (uint32_t)v;
	return r;
}

static int set_role(void *values, const struct opts_row *row, const char *s)
{
	enum role role;

	return role_of(&role, s) ? set_string(values, row, s) : ERR_USAGE;
}

static int set_seconds(void *values, const struct opts_row *row, const char *s)
{
	return value_seconds(
	    &((struct ctl_options *)values)->seconds, s, row->min, row->max);
}

#define IN(member) offsetof(struct ctl_options, member)

/* clang-format off */
static const struct opts_row rows[] = {
{
	.name = "state", .letter = 's', .arg = "DIR", .flags = OPTS_PATH,
	.set = set_string, .offset = IN(state),
	.expects = "give the name of a directory",
	.help = "state directory of the server (that of conclaved without "
	    "--state, or else " STATE_OF_ROOT ")",
},
{
	.name = "control", .arg = "PATH", .flags = OPTS_PATH,
	.set = set_string, .offset = IN(control),
	.expects = "give the path of a socket",
	.help = "control socket of the server (control.sock in the state "
	    "directory)",
},
{
	.name = "json", .set = set_bool, .offset = IN(json),
	.help = "one JSON object a line, for programs",
},
{
	.name = "count", .letter = 'n', .arg = "N",
	.set = set_count, .offset = IN(count), .min = 1, .max = 1000,
	.expects = "give a number from 1 to 1000",
	.help = "audit: that many of the newest rows (1000)",
},
{
	.name = "follow", .letter = 'f', .set = set_bool, .offset = IN(follow),
	.help = "audit: then wait for more rows",
},
{
	.name = "all", .letter = 'a', .set = set_bool, .offset = IN(all),
	.help = "audit: all rows of the files in the state directory",
},
{
	.name = "verify", .set = set_bool, .offset = IN(verify),
	.help = "audit: check that no row of the files was changed or taken out",
},
{
	.name = "for", .arg = "T",
	.set = set_seconds, .min = 1, .max = 10 * 365 * 86400,
	.expects = "give a time, such as 30s, 10m, 1h or 7d",
	.help = "ban, mute: for that long (until it is taken back); invite, "
	    "password: good for that long (until it is used); ca: valid for "
	    "that long (CA 10 years, server 90 days, member 1 year)",
},
{
	.name = "reason", .letter = 'r', .arg = "TEXT",
	.set = set_string, .offset = IN(reason),
	.expects = "give a text",
	.help = "kick, ban, mute: what people are told",
},
{
	.name = "uses", .arg = "N",
	.set = set_count, .offset = IN(uses), .min = 1, .max = WIRE_INVITE_USES,
	.expects = "give a number from 1 to 1000",
	.help = "invite: a personal one, for that many new accounts (1)",
},
{
	.name = "role", .arg = "ROLE", .set = set_role, .offset = IN(role),
	.expects = "give owner, operator, member or guest",
	.help = "invite: a personal one, for accounts of that role (member)",
},
{
	.name = "room", .arg = "ROOM", .set = set_string, .offset = IN(room),
	.expects = "give the name of a room",
	.help = "invite: the room, as if named without --room",
},
{
	.name = "password-file", .arg = "FILE", .flags = OPTS_PATH,
	.set = set_string, .offset = IN(password_file),
	.expects = "give the name of a file",
	.help = "password: file with the new password in its only line (it is "
	    "asked for)",
},
{
	.name = "config", .arg = "FILE", .flags = OPTS_PATH,
	.set = set_string, .offset = IN(config),
	.expects = "give the name of a file",
	.help = "check: the config file of a server that does not run",
},
{
	.name = "user", .arg = "NAME",
	.set = set_string, .offset = IN(user),
	.expects = "give the name of a user",
	.help = "check: the user of a server that does not run",
},
{
	.name = "ca", .arg = "DIR", .flags = OPTS_PATH,
	.set = set_string, .offset = IN(ca),
	.expects = "give the name of a folder",
	.help = "ca: its folder (ca in the state directory)",
},
{
	.name = "name", .arg = "TEXT", .set = set_string, .offset = IN(name),
	.expects = "give a name", .help = "ca init: the CA's name",
},
{
	.name = "identity", .arg = "FILE|FINGERPRINT",
	.set = set_string, .offset = IN(identity),
	.expects = "give a file or a fingerprint",
	.help = "ca member: the member's public key",
},
{
	.name = "ed25519", .set = set_bool, .offset = IN(ed25519),
	.help = "ca init, ca server: an Ed25519 key (P-256)",
},
{
	.name = "version", .letter = 'V', .set = set_bool, .offset = IN(version),
	.help = "print the version, and exit",
},
{
	.name = "help", .letter = 'h', .set = set_bool, .offset = IN(help),
	.help = "print this help, or that of the command, and exit",
},
};
/* clang-format on */
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
_Static_assert((int)ROWS <= OPTS_ROWS_MAX, "getopt_table");

static void options_free(struct ctl_options *o)
{
	free(o->state);
	free(o->control);
	free(o->config);
	free(o->password_file);
	free(o->user);
	free(o->reason);
	free(o->role);
	free(o->room);
	free(o->ca);
	free(o->name);
	free(o->identity);
}

/* --- commands ------------------------------------------------------------- */

static const struct command {
	const char *name;
	int (*fn)(struct ctl *c);
	int args_min, args_max;
	const char *args;    /* for people */
	const char *options; /* its own ones, a blank around each; the others
				are for all */
	const char *does;    /* in one line */
	const char *help;    /* more, or NULL */
} commands[] = {
    {"status", ctl_status, 0, 0, "", "", "how the server is",
	"The code is what people compare before they trust the server."},
    {"rooms", ctl_rooms, 0, 0, "", "", "the rooms", NULL},
    {"people", ctl_people, 0, 1, "[ROOM]", "",
	"who is connected, in one room or in all",
	"One line for each connection: for how long it has been here, since "
	"when nothing was heard from it (clients answer every 30 s), and how "
	"much waits to be sent to it."},
    {"kick", ctl_act, 1, 2, "NAME [ROOM] [--reason TEXT]", " reason ",
	"puts somebody out of a room, or without ROOM off the server",
	"From that moment nothing more is sent to them, and the others get a "
	"fresh key."},
    {"ban", ctl_act, 1, 2, "NAME [ROOM] [--for T] [--reason TEXT]",
	" for reason ", "the same, and keeps them out",
	"By name and by key, in one room or on the whole server."},
    {"unban", ctl_act, 1, 2, "NAME [ROOM]", "", "takes a ban back", NULL},
    {"mute", ctl_act, 1, 2, "NAME [ROOM] [--for T] [--reason TEXT]",
	" for reason ", "lets them read and not speak", NULL},
    {"unmute", ctl_act, 1, 2, "NAME [ROOM]", "", "lets them speak again", NULL},
    {"role", ctl_act, 2, 3, "NAME owner|operator|member|guest [ROOM]", "",
	"gives a role, in one room or on the whole server", NULL},
    {"invite", ctl_invite, 0, 1, "[ROOM] [--uses N] [--for T] [--role ROLE]",
	" uses for role room ",
	"the invite for a room, to give to people together with the password",
	"With --uses, --for or --role it is a personal one, which needs no "
	"password: each of its uses makes one account, whose owner chooses a "
	"password of their own. Its secret is shown once and kept nowhere."},
    {"invites", ctl_invites, 0, 0, "", "",
	"the personal invites that can still be used", NULL},
    {"revoke", ctl_revoke, 1, 1, "ID", "", "takes a personal invite back",
	"The IDs are those of conclavectl invites. Accounts that were made with "
	"it stay."},
    {"accounts", ctl_accounts, 0, 1, "[NAME]", "",
	"the people of the server; with NAME, that account's devices", NULL},
    {"forget", ctl_forget, 1, 2, "NAME [DEVICE]", "",
	"removes an account, or one device of it",
	"DEVICE is the beginning of its fingerprint, as conclavectl accounts NAME "
	"shows it. A device that is removed is disconnected, and its rooms get "
	"a fresh key. An account that is removed loses its rooms, its role and "
	"its files, and its name is free again."},
    {"files", ctl_files, 0, 2, "[delete ID]", "",
	"the files that people have sent; deletes one",
	"What is in them only those can see to whom they were offered: the server "
	"has no key. Files that are too old are deleted by themselves."},
    {"password", ctl_password, 0, 1, "[--password-file FILE] | NAME [--for T]",
	" password-file for ",
	"changes the room's password, or helps whoever forgot their own",
	"Without NAME it is asked for twice. Members stay; people who join from "
	"now on need the new one. If the server was started with --record, that "
	"file is replaced first, so that the next start has the new password "
	"too. With NAME, the account's own password is cleared, and an invite "
	"is shown that lets one new device into that account, once."},
    {"audit", ctl_audit, 0, 0, "[-n N] [-f] [--all] [--verify]", " count follow all verify ",
	"who did what, and when",
	"From the running server, or from the state directory if none runs."},
    {"reload", ctl_reload, 0, 0, "", "",
	"reads the config file, the record and TLS files again, like SIGHUP",
	"Names each option that has changed, and those that take effect at the "
	"next start. A file with an error changes nothing."},
    {"metrics", ctl_metrics, 0, 0, "", "",
	"the server's numbers, as Prometheus reads them", NULL},
    {"backup", ctl_backup, 1, 1, "FILE", "",
	"copies the database into a new file, while people talk",
	"To restore it, put it in the place of conclave.db in the state "
	"directory of a server that does not run, without the -wal file. It "
	"needs the same state.key and identity.pem: keep copies of these "
	"elsewhere."},
    {"ca", ctl_ca, 1, CTL_ARGS_MAX,
	"init [DIR] [--name TEXT] | server HOST... | member NAME --identity "
	"FILE|FINGERPRINT | revoke NAME|SERIAL | list | crl",
	" ca name identity ed25519 for ",
	"makes certificates for TLS, in a folder of its own",
	"init makes the CA; server a certificate and a key for a server; member "
	"one for a person's identity; revoke takes one back and writes crl.pem, "
	"which crl writes again; list shows all. Nothing is overwritten. Any "
	"machine will do: no server need run there."},
    {"check", ctl_check, 0, 0, "[--config FILE] [--user NAME]", " config user ",
	"looks for faults, and says how to mend each",
	"Works whether a server runs or not: ports, permissions, clocks, the "
	"configuration, the state directory, limits on open files and locked "
	"memory, the sandbox. Exits with 1 if there is a fault."},
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const char before[] =
    "Usage: conclavectl [-s DIR] COMMAND...\n"
    "Asks and changes a running conclaved. Use it as root, as the server's "
    "user, or as a member of the group of its --control-group.\n";
static const char after[] =
    "conclavectl COMMAND --help says more. Exit status: 0 done, 1 failed, "
    "2 wrong usage, 3 no server runs there.\n";

static int put_commands(struct buf *out)
{
	char line[256];
	size_t i;
	int r = buf_str(out, "Commands:\n");

	for (i = 0; i < COMMANDS && r == 0; i++) {
		snprintf(line, sizeof(line), "  %-9s %s\n", commands[i].name,
		    commands[i].does);
		r = buf_str(out, line);
	}
	return r != 0 ? r : buf_u8(out, '\n');
}

static int print_help(const struct opts *m, struct errmsg *why)
{
	struct buf b;
	int r;

	buf_init(&b, 1 << 16);
	if ((r = opts_help(m, &b, before, "")) != 0 ||
	    (r = put_commands(&b)) != 0 || (r = opts_wrap(&b, after, 0)) != 0)
		errmsg_set(why, r, "cannot print the help: %s", err_str(r));
	else
		r = print_text(b.p, b.len, why);
	buf_free(&b);
	return r;
}

static int print_command_help(const struct command *k, struct errmsg *why)
{
	char text[1024];
	struct buf b;
	int r;

	snprintf(text, sizeof(text),
	    "Usage: conclavectl [-s DIR] [--json] %s%s%s\n%c%s.\n%s%s", k->name,
	    k->args[0] != '\0' ? " " : "", k->args, k->does[0] - 'a' + 'A',
	    k->does + 1, k->help != NULL ? k->help : "",
	    k->help != NULL ? "\n" : "");
	buf_init(&b, 1 << 13);
	if ((r = opts_wrap(&b, text, 0)) != 0)
		errmsg_set(why, r, "cannot print the help: %s", err_str(r));
	else
		r = print_text(b.p, b.len, why);
	buf_free(&b);
	return r;
}

static int usage(struct ctl *c, const char *wrong, const char *command)
{
	errmsg_set(&c->why, 0, "%s: see conclavectl %s%s--help", wrong, command,
	    command[0] != '\0' ? " " : "");
	return EXIT_USAGE;
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* Options that belong to other commands. */
static int check_options(
    struct ctl *c, const struct opts *m, const struct command *k)
{
	static const char shared[] = " state control json version help ";
	char word[40];
	size_t i;

	for (i = 0; i < ROWS; i++) {
		snprintf(word, sizeof(word), " %s ", rows[i].name);
		if (m->from[i] == OPTS_ARGV && strstr(shared, word) == NULL &&
		    strstr(k->options, word) == NULL) {
			errmsg_set(&c->why, 0,
			    "%s has no option --%s: see conclavectl %s --help",
			    k->name, rows[i].name, k->name);
			return EXIT_USAGE;
		}
	}
	return EXIT_DONE;
}

/* --- where the server is -------------------------------------------------- */

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* As conclaved chooses it; a user who has none means the service's. */
static int default_state(struct ctl *c)
{
	char *own = NULL;

	if (geteuid() != 0 &&
	    file_user_path(&own, FILE_STATE_HOME, "conclaved", &c->why) == 0 &&
	    is_folder(own)) {
		c->o.state = own;
		return EXIT_DONE;
	}
	if (geteuid() == 0 || is_folder(STATE_OF_ROOT) || own == NULL) {
		free(own);
		own = strdup(STATE_OF_ROOT);
	}
	c->o.state = own;
	if (own != NULL)
		return EXIT_DONE;
	errmsg_set(&c->why, 0, "out of memory");
	return EXIT_FAILED;
}

static int find_server(struct ctl *c)
{
	int status;

	if (c->o.state == NULL && c->o.control == NULL &&
	    (status = default_state(c)) != EXIT_DONE)
		return status;
	c->state = c->o.state;
	if (c->o.control == NULL &&
	    asprintf(&c->o.control, "%s/control.sock", c->state) < 0) {
		c->o.control = NULL;
		errmsg_set(&c->why, 0, "out of memory");
		return EXIT_FAILED;
	}
	c->socket = c->o.control;
	return EXIT_DONE;
}

/* -------------------------------------------------------------------------- */

static int run_command(struct ctl *c, const struct opts *m, const char *name)
{
	const struct command *k = find_command(name);
	int status;

	if (k == NULL) {
		errmsg_set(&c->why, 0,
		    "there is no command \"%.40s\": see conclavectl --help",
		    name);
		return EXIT_USAGE;
	}
	if (c->o.help)
		return print_command_help(k, &c->why) == 0 ? EXIT_DONE
							   : EXIT_FAILED;
	if (c->n_args > k->args_max)
		return usage(c, "that is one argument too many", name);
	if (c->n_args < k->args_min)
		return usage(c, "an argument is missing", name);
	if ((status = check_options(c, m, k)) != EXIT_DONE ||
	    (status = find_server(c)) != EXIT_DONE)
		return status;
	return k->fn(c);
}

static int run(struct ctl *c, int argc, char **argv)
{
	struct ctl_options unused = {0};
	struct opts m = {.program = CTL_PROGRAM,
	    .rows = rows,
	    .n_rows = ROWS,
	    .values = &c->o,
	    .unused = &unused,
	    .prefix = "CONCLAVECTL_",
	    .rest = c->args,
	    .rest_max = CTL_ARGS_MAX,
	    .surplus = "no command has so many"};
	const char *name;
	int r = opts_argv(&m, argc, argv, &c->why);

	options_free(&unused);
	if (r != 0)
		return r == ERR_NOMEM ? EXIT_FAILED : EXIT_USAGE;
	if (c->o.version)
		r = print_line(&c->why, CTL_PROGRAM " " CONCLAVE_VERSION "\n");
	else if (m.n_rest == 0 && c->o.help)
		r = print_help(&m, &c->why);
	if (c->o.version || (m.n_rest == 0 && c->o.help))
		return r == 0 ? EXIT_DONE : EXIT_FAILED;
	if (m.n_rest == 0)
		return usage(c, "say what to do, such as status", "");
	name = c->args[0];
	c->command = name;
	c->n_args = m.n_rest - 1;
	memmove(c->args, c->args + 1, (size_t)c->n_args * sizeof(c->args[0]));
	return run_command(c, &m, name);
}

static int begin(void)
{
	int r = harden_descriptors();

	if (r != 0)
		return r;
	output_own(STDOUT_FILENO);
	output_own(STDERR_FILENO);
	if ((r = harden_process()) != 0)
		return r;
	json_setup();
	if (!oom_setup())
		return ERR_NOMEM;
	if ((r = library_setup()) != 0)
		return r;
	r = secret_setup(2);
	return r == ERR_AGAIN ? 0 : r; /* memory that cannot be locked */
}

int main(int argc, char **argv)
{
	struct ctl c = {.n_args = 0};
	int status, r = begin();

	if (r != 0) {
		errmsg_print(CTL_PROGRAM, err_str(r));
		return EXIT_FAILED;
	}
	status = run(&c, argc, argv);
	if (status != EXIT_DONE && c.why.text[0] != '\0')
		errmsg_print(CTL_PROGRAM, c.why.text);
	options_free(&c.o);
	return status;
}
