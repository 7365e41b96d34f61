/* option_table.c - the server's option table, and a setter for each kind of
 * value. */
#include "server/option_table.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "server/option_address.h"
#include "server/option_size.h"
#include "server/option_words.h"
#include "server/security_txt.h"
#include "shared/os/password.h"
#include "shared/os/value.h"
#include "shared/wire/text.h"
#include "shared/wire/uri.h"

#define REKEY_MAX_S (7u * 24 * 3600)

static void *field(void *values, const struct opts_row *row)
{
	return (char *)values + row->offset;
}

static int set_u32(void *values, const struct opts_row *row, const char *s)
{
	uint64_t value;
	int r = value_number(&value, s, row->min, row->max);

	if (r == 0)
		*(uint32_t *)field(values, row) = (uint32_t)value;
	return r;
}

static int set_string(void *values, const struct opts_row *row, const char *s)
{
	char **to = field(values, row), *copy;

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
	return value_yes(field(values, row), s);
}

static int set_password(void *values, const struct opts_row *row, const char *s)
{
	struct server_options_values *v = values;

	(void)row;
	return password_take(&v->o.password, s, strlen(s));
}

static int set_make_record(
    void *values, const struct opts_row *row, const char *s)
{
	struct server_options_values *v = values;

	v->making = true;
	return *s != '\0' ? set_string(values, row, s) : 0;
}

static const char *pw_wrong(const char *s)
{
	return password_wrong(s, strlen(s));
}

static const char *room_wrong(const char *s)
{
	return text_reserved(s) ? "that name is reserved, so that nobody can "
				  "pose as the server: choose another"
				: NULL;
}

static int set_room(void *values, const struct opts_row *row, const char *s)
{
	struct server_options_values *v = values;

	(void)row;
	return value_room(v->o.room, s);
}

static int set_scrypt_n(void *values, const struct opts_row *row, const char *s)
{
	struct server_options_values *v = values;
	struct kdf kdf = {.r = 8, .p = 1};
	int r = value_number(&kdf.n, s, row->min, row->max);

	if (r != 0)
		return r;
	if (crypto_kdf_check(&kdf) != 0)
		return ERR_USAGE;
	v->o.scrypt_n = kdf.n;
	return 0;
}

static int set_per(
    void *values, const struct opts_row *row, const char *s, const char *per)
{
	uint64_t value;
	int r = value_rate(&value, s, per, row->min, row->max);

	if (r == 0)
		*(uint32_t *)field(values, row) = (uint32_t)value;
	return r;
}

static int set_rate(void *values, const struct opts_row *row, const char *s)
{
	return set_per(values, row, s, "/s");
}

static int set_guesses(void *values, const struct opts_row *row, const char *s)
{
	return set_per(values, row, s, "/m");
}

static int set_interval(void *values, const struct opts_row *row, const char *s)
{
	uint64_t value;
	int r = value_seconds(&value, s, row->min, row->max);

	if (r == 0)
		*(uint32_t *)field(values, row) = (uint32_t)value * 1000;
	return r;
}

static int set_contact(void *values, const struct opts_row *row, const char *s)
{
	return security_txt_wrong(s) == NULL ? set_string(values, row, s)
					     : ERR_USAGE;
}

/* No OPTS_PATH: "none" is no file of a folder. */
static int set_control(void *values, const struct opts_row *row, const char *s)
{
	struct errmsg why;
	char *path;
	int r = value_path(&path, s, NULL, &why);

	if (r == 0) {
		r = set_string(values, row, path);
		free(path);
	}
	return r;
}

#define IN(member) offsetof(struct server_options_values, member)

/* clang-format off */
const struct opts_row server_options_table[SERVER_OPTIONS_ROWS] = {
{
	.name = "listen", .letter = 'l', .arg = "ADDR",
	.flags = OPTS_REPEATS, .set = option_address_listen,
	.max = SERVER_OPTIONS_LISTEN_MAX,
	.wrong = uri_wrong,
	.expects = "give HOST:PORT, [V6]:PORT, :PORT for every address of this "
	    "machine, or unix:/PATH",
	.help = "HOST:PORT, [V6]:PORT, :PORT or unix:/PATH; may be given "
	    "several times (localhost:" WIRE_PORT ")",
},
{
	.name = "tls-listen", .arg = "ADDR",
	.flags = OPTS_REPEATS, .set = option_address_tls,
	.max = SERVER_OPTIONS_LISTEN_MAX,
	.wrong = uri_wrong,
	.expects = "give HOST:PORT, [V6]:PORT, or :PORT for every address of "
	    "this machine",
	.help = "the same with TLS 1.3 around it (conclaves://), and without a "
	    "default; the port is " WIRE_TLS_PORT " unless given",
},
{
	.name = "tls-cert", .arg = "FILE", .flags = OPTS_PATH,
	.set = set_string, .offset = IN(o.tls_cert),
	.expects = "give the name of a PEM file",
	.help = "certificate of --tls-listen and its issuers' (fullchain.pem); "
	    "read again on SIGHUP, as are the next three",
},
{
	.name = "tls-key", .arg = "FILE", .flags = OPTS_PATH,
	.set = set_string, .offset = IN(o.tls_key),
	.expects = "give the name of a PEM file",
	.help = "its private key (the file of --tls-cert)",
},
{
	.name = "tls-client-ca", .arg = "FILE", .flags = OPTS_PATH,
	.set = set_string, .offset = IN(o.tls_client_ca),
	.expects = "give the name of a PEM file",
	.help = "let only clients through TLS that have a certificate of this "
	    "CA",
},
{
	.name = "tls-crl", .arg = "FILE", .flags = OPTS_PATH,
	.set = set_string, .offset = IN(o.tls_crl),
	.expects = "give the name of a PEM file",
	.help = "that CA's list of revoked certificates",
},
{
	.name = "require-certificate", .arg = "FILE", .flags = OPTS_PATH,
	.set = set_string, .offset = IN(o.require_certificate),
	.expects = "give the name of a PEM file",
	.help = "let only people in whose card has a certificate of this CA "
	    "for their name and identity, with TLS or without; read again on "
	    "SIGHUP",
},
{
	.name = "crl", .arg = "FILE", .flags = OPTS_PATH,
	.set = set_string, .offset = IN(o.crl),
	.expects = "give the name of a PEM file",
	.help = "that CA's list of revoked certificates; at a reload, people "
	    "whose certificate is revoked are put out",
},
{
	.name = "password", .letter = 'p', .arg = "PW",
	.flags = OPTS_SECRET | OPTS_VARIABLE, .set = set_password,
	.expects = password_expects, .wrong = pw_wrong,
	.help = "the room's password; also $CONCLAVE_PASSWORD (one is made "
	    "and printed)",
},
{
	.name = "password-file", .arg = "FILE",
	.flags = OPTS_PATH | OPTS_VARIABLE,
	.set = set_string, .offset = IN(password_file),
	.expects = "give the name of a file with the password on one line",
	.help = "a file with the password on one line",
},
{
	.name = "record", .arg = "FILE", .flags = OPTS_PATH,
	.set = set_string, .offset = IN(o.record),
	.expects = "give the name of a file that --make-record has written",
	.help = "a file with the record of the password instead of the "
	    "password; read again on SIGHUP",
},
{
	.name = "make-record", .arg = "[FILE]",
	.flags = OPTS_NO_FILE | OPTS_PATH | OPTS_OPTIONAL,
	.set = set_make_record, .offset = IN(o.make_record),
	.expects = "give the name of a file",
	.help = "ask for the password, write its record, and exit "
	    "(the state directory's file \"record\")",
},
{
	.name = "state", .letter = 's', .arg = "DIR", .flags = OPTS_PATH,
	.set = set_string, .offset = IN(o.state_dir),
	.expects = "give a directory",
	.help = "directory of the server's identity key and its database "
	    "($XDG_STATE_HOME/conclaved; as root /var/lib/conclaved)",
},
{
	.name = "ephemeral", .set = set_bool, .offset = IN(o.ephemeral),
	.expects = "give yes or no",
	.help = "keep nothing on disk: a new identity at every start",
},
{
	.name = "sync", .arg = "HOW",
	.set = option_words_second, .offset = IN(o.sync_full),
	.words = option_words_sync,
	.expects = "give full or normal",
	.help = "full: what is acknowledged survives a power cut; normal: only "
	    "a crash, and is faster (full)",
},
{
	.name = "room", .letter = 'r', .arg = "NAME", .set = set_room,
	.wrong = room_wrong,
	.expects = "give 1 to 32 of A-Z a-z 0-9 . _ - that begin with a letter "
	    "or digit, not server or system",
	.help = "the name of the room (lobby)",
},
{
	.name = "public-name", .arg = "HOST[:PORT]",
	.set = option_address_public, .offset = IN(o.public_name),
	.wrong = uri_wrong,
	.expects = "give HOST, HOST:PORT or [V6]:PORT as others reach it",
	.help = "address in the invite (the address listened on)",
},
{
	.name = "scrypt-n", .arg = "N", .set = set_scrypt_n,
	.min = WIRE_SCRYPT_N_MIN, .max = WIRE_SCRYPT_N_MAX,
	.expects = "give a power of two from 16384 to 262144",
	.help = "scrypt cost of the password, a power of two (131072)",
},
{
	.name = "max-users", .arg = "N",
	.set = set_u32, .offset = IN(o.users_max), .min = 1, .max = 100000,
	.expects = "give a number from 1 to 100000",
	.help = "most members in the room (1000)",
},
{
	.name = "max-per-account", .arg = "N",
	.set = set_u32, .offset = IN(o.per_account), .max = 100000,
	.expects = "give a number from 1 to 100000, or 0 for no limit",
	.help = "most connections of one account; 0: no limit (8)",
},
{
	.name = "max-per-address", .arg = "N",
	.set = set_u32, .offset = IN(o.per_address), .max = 100000,
	.expects = "give a number from 1 to 100000, or 0 for no limit",
	.help = "most members from one address (IPv6: one /64), except "
	    "localhost; 0: no limit (64)",
},
{
	.name = "rooms", .arg = "N",
	.set = set_u32, .offset = IN(o.rooms_max), .min = 1, .max = 10000,
	.expects = "give a number from 1 to 10000",
	.help = "most rooms; at the limit, a new room replaces one that nobody "
	    "has entered (10000)",
},
{
	.name = "rooms-per-identity", .arg = "N",
	.set = set_u32, .offset = IN(o.rooms_per_identity), .max = 10000,
	.expects = "give a number from 1 to 10000, or 0 for no limit",
	.help = "most rooms that one person may make; 0: no limit (16)",
},
{
	.name = "room-creation", .arg = "WHO",
	.set = opts_set_word, .offset = IN(o.room_creation),
	.words = option_words_creation,
	.expects = "give members, operators or nobody",
	.help = "who may make rooms: members, operators (of the server) or "
	    "nobody (members)",
},
{
	.name = "registration", .arg = "HOW",
	.set = opts_set_word, .offset = IN(o.people.registration),
	.words = option_words_registration,
	.expects = "give open, invite or closed",
	.help = "who may make an account: whoever knows the password (open), "
	    "only people with an invite (invite), or nobody (closed) (open)",
},
{
	.name = "invites", .arg = "WHO",
	.set = opts_set_word, .offset = IN(o.people.inviters),
	.words = option_words_inviters,
	.expects = "give operators, members or nobody",
	.help = "who may make invites: operators (of the server), members or "
	    "nobody (operators)",
},
{
	.name = "accounts", .arg = "N",
	.set = set_u32, .offset = IN(o.people.accounts_max), .max = 1000000,
	.expects = "give a number from 1 to 1000000, or 0 for no limit",
	.help = "most accounts; 0: no limit (10000)",
},
{
	.name = "accounts-per-hour", .arg = "N",
	.set = set_u32, .offset = IN(o.people.per_hour), .max = 1000000,
	.expects = "give a number from 1 to 1000000, or 0 for no limit",
	.help = "most new accounts an hour from one address (IPv6: one /64), "
	    "except localhost; 0: no limit (60)",
},
{
	.name = "newcomers", .arg = "ROLE",
	.set = option_words_newcomers, .offset = IN(o.newcomers),
	.expects = "give member or guest",
	.help = "role of people who have been given none: member, or guest, "
	    "who may only talk, and only in open rooms (member)",
},
{
	.name = "history", .arg = "WHO",
	.set = opts_set_word, .offset = IN(o.retention.history),
	.words = room_history_words,
	.expects = "give none, members or all",
	.help = "who may read what was said earlier in a new room: none, "
	    "members (from when each came) or all (members)",
},
{
	.name = "keep-days", .arg = "N",
	.set = set_u32, .offset = IN(o.retention.days), .max = 36500,
	.expects = "give a number of days from 1 to 36500, or 0 for no limit",
	.help = "how many days a new room keeps what is said; 0: no limit (7)",
},
{
	.name = "keep-count", .arg = "N",
	.set = set_u32, .offset = IN(o.retention.count), .max = 1000000000,
	.expects = "give a number from 1 to 1000000000, or 0 for no limit",
	.help = "how many entries a new room keeps; 0: no limit (100000)",
},
{
	.name = "max-keep-days", .arg = "N",
	.set = set_u32, .offset = IN(o.retention.days_max), .max = 36500,
	.expects = "give a number of days from 1 to 36500, or 0 for no limit",
	.help = "most days that a room may be set to; 0: no limit (365)",
},
{
	.name = "max-keep-count", .arg = "N",
	.set = set_u32, .offset = IN(o.retention.count_max), .max = 1000000000,
	.expects = "give a number from 1 to 1000000000, or 0 for no limit",
	.help = "most entries a room may be set to; 0: no limit (1000000)",
},
{
	.name = "files", .arg = "SIZE", .set = option_size_space,
	.offset = IN(o.files.all), .min = 1, .max = 1 << 20,
	.expects = "give a size from 1M to 1024G, or 0 for none",
	.help = "most bytes of all files kept for people; 0: no files (32G)",
},
{
	.name = "files-person", .arg = "SIZE", .set = option_size_space,
	.offset = IN(o.files.person), .min = 1, .max = 1 << 20,
	.expects = "give a size from 1M to 1024G, or 0 for no limit",
	.help = "the same of one person; 0: no limit (8G)",
},
{
	.name = "file-size", .arg = "SIZE", .set = option_size_space,
	.offset = IN(o.files.file), .min = 1, .max = 1 << 20,
	.expects = "give a size from 1M to 1024G, or 0 for no limit",
	.help = "largest file; 0: no limit (2G)",
},
{
	.name = "files-days", .arg = "N", .set = set_u32,
	.offset = IN(o.files_days), .max = 36500,
	.expects = "give a number of days from 1 to 36500, or 0 for no limit",
	.help = "how many days a file is kept; 0: no limit (30)",
},
{
	.name = "rate", .arg = "N/s", .set = set_rate,
	.offset = IN(o.rate), .max = 1000000,
	.expects = "give messages a second, such as 200/s, or 0 for no limit",
	.help = "messages a second from one sender; 0: no limit (200/s)",
},
{
	.name = "rate-bytes", .arg = "SIZE/s",
	.set = option_size_rate, .offset = IN(o.rate_bytes), .max = 1 << 30,
	.expects = "give bytes a second, such as 64K/s or 1M/s, or 0 for no "
	    "limit",
	.help = "bytes a second from one sender; 0: no limit (64K/s)",
},
{
	.name = "rate-burst", .arg = "SIZE",
	.set = option_size_burst, .offset = IN(o.rate_burst), .min = 128, .max = 1 << 20,
	.expects = "give a size from 128K to 1G, such as 256K or 4M",
	.help = "most bytes a sender may send at once, faster than "
	    "--rate-bytes (1M)",
},
{
	.name = "rekey-interval", .arg = "T",
	.set = set_interval, .offset = IN(o.rekey_ms),
	.min = 1, .max = REKEY_MAX_S,
	.expects = "give a time from 1s to 7d, such as 30s, 10m or 1h",
	.help = "longest time between group keys (1h)",
},
{
	.name = "handshakes", .arg = "N",
	.set = set_u32, .offset = IN(o.handshakes_max), .min = 1, .max = 10000,
	.expects = "give a number from 1 to 10000",
	.help = "most logins in progress at once (1000)",
},
{
	.name = "proxy-from", .arg = "ADDR",
	.flags = OPTS_REPEATS, .set = option_address_proxy, .max = PROXIES_MAX,
	.expects = "give the IPv4 or IPv6 address of a proxy, or unix",
	.help = "take a client's address from the proxy there (PROXY v2); may "
	    "be given several times",
},
{
	.name = "guesses", .arg = "N/m", .set = set_guesses,
	.offset = IN(o.guesses.all), .max = 1000000,
	.expects = "give wrong passwords a minute, such as 600/m, or 0 for no "
	    "limit",
	.help = "wrong passwords a minute from all addresses; 0: no limit "
	    "(600/m)",
},
{
	.name = "guesses-net", .arg = "N/m", .set = set_guesses,
	.offset = IN(o.guesses.net), .max = 1000000,
	.expects = "give wrong passwords a minute, such as 16/m, or 0 for no "
	    "limit",
	.help = "wrong passwords a minute from one network (IPv4: /24, "
	    "IPv6: /48); 0: no limit (16/m)",
},
{
	.name = "guesses-site", .arg = "N/m", .set = set_guesses,
	.offset = IN(o.guesses.site), .max = 1000000,
	.expects = "give wrong passwords a minute, such as 4/m, or 0 for no "
	    "limit",
	.help = "wrong passwords a minute from one IPv6 /56; 0: no limit "
	    "(4/m)",
},
{
	.name = "guesses-name", .arg = "N/m", .set = set_guesses,
	.offset = IN(o.guesses.name), .max = 1000000,
	.expects = "give wrong passwords a minute, such as 4/m, or 0 for no "
	    "limit",
	.help = "wrong passwords a minute for one account's name, from "
	    "everywhere; 0: no limit (4/m)",
},
{
	.name = "guesses-address", .arg = "N/m", .set = set_guesses,
	.offset = IN(o.guesses_address), .max = 60000,
	.expects = "give wrong passwords a minute, such as 1/m, or 0 for no "
	    "limit",
	.help = "wrong passwords a minute from one address (IPv6: one /64), "
	    "after the first ten; 0: no limit (1/m)",
},
{
	.name = "user", .arg = "NAME",
	.set = set_string, .offset = IN(o.user),
	.expects = "give the name of a user",
	.help = "user to run as when started by root "
	    "(conclaved if there is one, else nobody)",
},
{
	.name = "control", .arg = "PATH",
	.set = set_control, .offset = IN(o.control),
	.expects = "give the path of a socket, or none",
	.help = "socket on which conclavectl asks this server, or none "
	    "(control.sock in the state directory)",
},
{
	.name = "control-group", .arg = "NAME",
	.set = set_string, .offset = IN(o.control_group),
	.expects = "give the name of a group",
	.help = "group whose members may use that socket, besides root and "
	    "the server's own user",
},
{
	.name = "no-sandbox", .set = set_bool, .offset = IN(o.no_sandbox),
	.expects = "give yes or no",
	.help = "run without the sandbox: keep access to all files and "
	    "system calls",
},
{
	.name = "require-pq", .set = set_bool, .offset = IN(o.require_pq),
	.expects = "give yes or no",
	.help = "refuse clients whose OpenSSL has no ML-KEM-768 (before 3.5)",
},
{
	.name = "max-memory", .arg = "SIZE",
	.set = option_size_memory, .offset = IN(o.memory_max), .min = 16, .max = 1 << 20,
	.expects = "give a size from 16M to 1024G, such as 512M or 2G",
	.help = "limit on memory buffered for peers (512M)",
},
{
	.name = "workers", .arg = "N",
	.set = set_u32, .offset = IN(o.workers), .min = 1, .max = WORKERS_MAX,
	.expects = "give a number from 1 to 64",
	.help = "threads that share the connections (number of cores)",
},
{
	.name = "log-level", .arg = "LEVEL",
	.set = opts_set_word, .offset = IN(o.logger_level), .words = option_words_log_level,
	.expects = "give error, warn, info or debug",
	.help = "error, warn, info or debug (info)",
},
{
	.name = "log-format", .arg = "FORMAT", .set = option_words_second,
	.offset = IN(o.log_json), .words = option_words_log_format,
	.expects = "give text or json",
	.help = "text or json: one object a line (text)",
},
{
	.name = "log-addresses", .arg = "yes|no",
	.set = set_bool, .offset = IN(o.log_addresses),
	.expects = "give yes or no",
	.help = "no: the log has a number for each connection instead of the "
	    "address (yes)",
},
{
	.name = "contact", .arg = "URI",
	.set = set_contact, .offset = IN(o.contact),
	.wrong = security_txt_wrong,
	.expects = "give mailto:ADDRESS, https://PAGE or tel:NUMBER",
	.help = "where to report a security flaw, for --security-txt: "
	    "mailto:ADDRESS, https://PAGE or tel:NUMBER",
},
{
	.name = "security-txt", .flags = OPTS_NO_FILE,
	.set = set_bool, .offset = IN(security_txt),
	.help = "print a security.txt (RFC 9116) with --contact, good for 364 "
	    "days, and exit",
},
{
	.name = "config", .arg = "FILE", .flags = OPTS_NO_FILE | OPTS_PATH,
	.set = set_string, .offset = IN(o.config),
	.expects = "give the name of a file",
	.help = "file of name = value lines, with these options' names",
},
{
	.name = "check-config", .flags = OPTS_NO_FILE,
	.set = set_bool, .offset = IN(check_config),
	.help = "check all options, report what is wrong, and exit",
},
{
	.name = "version", .letter = 'V', .flags = OPTS_NO_FILE,
	.set = set_bool, .offset = IN(version),
	.help = "print the version, and exit",
},
{
	.name = "help", .letter = 'h', .flags = OPTS_NO_FILE,
	.set = set_bool, .offset = IN(help),
	.help = "print this help, and exit",
},
};
/* clang-format on */
