#include "server/option_table.h"

#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "shared/wire/text.h"
#include "shared/wire/uri.h"

#define MEMORY_MAX  (UINT64_C(512) << 20)
#define REKEY_MAX_S (7u * 24 * 3600)

/* Those that we may run on. */
static uint32_t option_cores(void)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	n = CPU_COUNT(&set);
	return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (uint32_t)n;
}

void option_values_defaults(struct option_values *v)
{
	memset(v, 0, sizeof(*v));
	buf_init_secret(&v->o.password, WIRE_PASSWORD_MAX);
	memcpy(v->o.room, "lobby", sizeof("lobby"));
	v->o.scrypt_n = WIRE_SCRYPT_N;
	v->o.users_max = 1000;
	v->o.rate = 200;
	v->o.rekey_ms = WIRE_REKEY_MS;
	v->o.handshakes_max = 100;
	v->o.memory_max = MEMORY_MAX;
	v->o.workers = option_cores();
	v->o.logger_level = LOGGER_INFO;
}

void option_values_free(struct option_values *v)
{
	server_options_free(&v->o);
	free(v->password_file);
	free(v->config);
	v->password_file = v->config = NULL;
}

static void *field(struct option_values *v, const struct option_row *row)
{
	return (char *)v + row->offset;
}

/* Decimal digits and nothing else. */
static int number(
    uint64_t *out, const char *s, size_t n, uint64_t min, uint64_t max)
{
	uint64_t v = 0;
	size_t i;

	if (n == 0)
		return ERR_USAGE;
	for (i = 0; i < n; i++) {
		/* No max is near 2^60, so this cannot wrap. */
		if (s[i] < '0' || s[i] > '9' || v > max)
			return ERR_USAGE;
		v = 10 * v + (uint64_t)(s[i] - '0');
	}
	if (v < min || v > max)
		return ERR_USAGE;
	*out = v;
	return 0;
}

static int set_u32(
    struct option_values *v, const struct option_row *row, const char *s)
{
	uint64_t value;
	int r = number(&value, s, strlen(s), row->min, row->max);

	if (r == 0)
		*(uint32_t *)field(v, row) = (uint32_t)value;
	return r;
}

static int set_string(
    struct option_values *v, const struct option_row *row, const char *s)
{
	char **to = field(v, row), *copy;

	if (*s == '\0')
		return ERR_USAGE;
	if ((copy = strdup(s)) == NULL)
		return ERR_NOMEM;
	free(*to);
	*to = copy;
	return 0;
}

static int set_bool(
    struct option_values *v, const struct option_row *row, const char *s)
{
	bool yes = strcmp(s, "yes") == 0;

	if (!yes && strcmp(s, "no") != 0)
		return ERR_USAGE;
	*(bool *)field(v, row) = yes;
	return 0;
}

static int set_listen(
    struct option_values *v, const struct option_row *row, const char *s)
{
	struct server_options *o = &v->o;
	struct uri u;

	(void)row;
	if (uri_parse_listen(&u, s) != 0)
		return ERR_USAGE;
	if (o->n_listen == SERVER_OPTIONS_LISTEN_MAX)
		return ERR_LIMIT;
	if ((o->listen[o->n_listen] = strdup(s)) == NULL)
		return ERR_NOMEM;
	o->n_listen++;
	return 0;
}

static int set_password(
    struct option_values *v, const struct option_row *row, const char *s)
{
	(void)row;
	buf_free(&v->o.password);
	return text_password(&v->o.password, s, strlen(s));
}

static int set_room(
    struct option_values *v, const struct option_row *row, const char *s)
{
	size_t n = strlen(s);

	(void)row;
	if (!text_room(s, n) || n >= sizeof(v->o.room))
		return ERR_USAGE;
	memcpy(v->o.room, s, n + 1);
	return 0;
}

static int set_public_name(
    struct option_values *v, const struct option_row *row, const char *s)
{
	struct uri u;

	if (uri_parse_listen(&u, s) != 0 || u.host[0] == '\0' ||
	    strcmp(u.port, "0") == 0)
		return ERR_USAGE;
	return set_string(v, row, s);
}

static int set_scrypt_n(
    struct option_values *v, const struct option_row *row, const char *s)
{
	struct kdf kdf = {.r = 8, .p = 1};
	int r = number(&kdf.n, s, strlen(s), row->min, row->max);

	if (r != 0)
		return r;
	if (crypto_kdf_check(&kdf) != 0)
		return ERR_USAGE;
	v->o.scrypt_n = kdf.n;
	return 0;
}

/* "N" or "N/s" */
static int set_rate(
    struct option_values *v, const struct option_row *row, const char *s)
{
	size_t n = strlen(s);
	uint64_t value;
	int r;

	if (n > 2 && strcmp(s + n - 2, "/s") == 0)
		n -= 2;
	if ((r = number(&value, s, n, row->min, row->max)) == 0)
		v->o.rate = (uint32_t)value;
	return r;
}

/* "30s", "10m", "1h", "1d" or plain seconds, into milliseconds */
static int set_interval(
    struct option_values *v, const struct option_row *row, const char *s)
{
	static const struct {
		char letter;
		uint32_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	size_t n = strlen(s), i;
	uint32_t unit = 1;
	uint64_t value;
	int r;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (n > 0 && s[n - 1] == units[i].letter) {
			unit = units[i].seconds;
			n--;
			break;
		}
	}
	if ((r = number(&value, s, n, row->min, row->max / unit)) == 0)
		*(uint32_t *)field(v, row) = (uint32_t)value * unit * 1000;
	return r;
}

/* "64M", "2G": binary, as the machine counts them */
static int set_memory(
    struct option_values *v, const struct option_row *row, const char *s)
{
	size_t n = strlen(s);
	unsigned shift = n > 0 && s[n - 1] == 'G' ? 10 : 0;
	uint64_t value;
	int r;

	if (n == 0 || (s[n - 1] != 'M' && s[n - 1] != 'G'))
		return ERR_USAGE;
	r = number(
	    &value, s, n - 1, shift > 0 ? 1 : row->min, row->max >> shift);
	if (r == 0)
		*(uint64_t *)field(v, row) = value << shift << 20;
	return r;
}

static int set_log_level(
    struct option_values *v, const struct option_row *row, const char *s)
{
	static const char *const words[] = {
	    [LOGGER_ERROR] = "error",
	    [LOGGER_WARN] = "warn",
	    [LOGGER_INFO] = "info",
	    [LOGGER_DEBUG] = "debug",
	};
	size_t i;

	(void)row;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(s, words[i]) == 0) {
			v->o.logger_level = (enum logger_level)i;
			return 0;
		}
	}
	return ERR_USAGE;
}

static int set_log_format(
    struct option_values *v, const struct option_row *row, const char *s)
{
	bool json = strcmp(s, "json") == 0;

	(void)row;
	if (!json && strcmp(s, "text") != 0)
		return ERR_USAGE;
	v->o.log_json = json;
	return 0;
}

#define IN(member) offsetof(struct option_values, member)

/* clang-format off */
const struct option_row option_table[OPT_COUNT] = {
[OPT_LISTEN] = {
	.name = "listen", .letter = 'l', .arg = "ADDR",
	.flags = OPTION_REPEATS, .set = set_listen,
	.expects = "give HOST:PORT, [V6]:PORT, :PORT for every address of this "
	    "machine, or unix:/PATH",
	.help = "HOST:PORT, [V6]:PORT, :PORT or unix:/PATH; may be given "
	    "several times (localhost:" WIRE_PORT ")",
},
[OPT_PASSWORD] = {
	.name = "password", .letter = 'p', .arg = "PW",
	.flags = OPTION_SECRET, .set = set_password,
	.expects = "give 1 to 1024 bytes of UTF-8 without control characters",
	.help = "the password of the gate; also $CONCLAVE_PASSWORD (one is "
	    "made and printed)",
},
[OPT_PASSWORD_FILE] = {
	.name = "password-file", .arg = "FILE",
	.set = set_string, .offset = IN(password_file),
	.expects = "give the name of a file with the password on one line",
	.help = "a file with the password on one line",
},
[OPT_STATE] = {
	.name = "state", .letter = 's', .arg = "DIR",
	.set = set_string, .offset = IN(o.state_dir),
	.expects = "give a directory",
	.help = "where the server's identity key lives "
	    "($XDG_STATE_HOME/conclaved; as root /var/lib/conclaved)",
},
[OPT_EPHEMERAL] = {
	.name = "ephemeral", .set = set_bool, .offset = IN(o.ephemeral),
	.expects = "give yes or no",
	.help = "keep nothing: a new identity at every start",
},
[OPT_ROOM] = {
	.name = "room", .letter = 'r', .arg = "NAME", .set = set_room,
	.expects = "give 1 to 32 of A-Z a-z 0-9 . _ - that begin with a letter "
	    "or digit, not server or system",
	.help = "the name of the room (lobby)",
},
[OPT_PUBLIC_NAME] = {
	.name = "public-name", .arg = "HOST[:PORT]",
	.set = set_public_name, .offset = IN(o.public_name),
	.expects = "give HOST, HOST:PORT or [V6]:PORT as others reach it",
	.help = "what the invite says (the address listened on)",
},
[OPT_SCRYPT_N] = {
	.name = "scrypt-n", .arg = "N", .set = set_scrypt_n,
	.min = WIRE_SCRYPT_N_MIN, .max = WIRE_SCRYPT_N_MAX,
	.expects = "give a power of two from 16384 to 262144",
	.help = "cost of the password, a power of two (131072)",
},
[OPT_MAX_USERS] = {
	.name = "max-users", .arg = "N",
	.set = set_u32, .offset = IN(o.users_max), .min = 1, .max = 100000,
	.expects = "give a number from 1 to 100000",
	.help = "how many may be in the room (1000)",
},
[OPT_RATE] = {
	.name = "rate", .arg = "N/s", .set = set_rate, .max = 1000000,
	.expects = "give messages a second, such as 200/s, or 0 for no limit",
	.help = "messages a second from one sender; 0: no limit (200/s)",
},
[OPT_REKEY_INTERVAL] = {
	.name = "rekey-interval", .arg = "T",
	.set = set_interval, .offset = IN(o.rekey_ms),
	.min = 1, .max = REKEY_MAX_S,
	.expects = "give a time from 1s to 7d, such as 30s, 10m or 1h",
	.help = "a fresh group key at least this often (1h)",
},
[OPT_HANDSHAKES] = {
	.name = "handshakes", .arg = "N",
	.set = set_u32, .offset = IN(o.handshakes_max), .min = 1, .max = 10000,
	.expects = "give a number from 1 to 10000",
	.help = "how many may be proving the password at once (100)",
},
[OPT_USER] = {
	.name = "user", .arg = "NAME",
	.set = set_string, .offset = IN(o.user),
	.expects = "give the name of a user",
	.help = "whom a server that root starts becomes "
	    "(conclaved if there is one, else nobody)",
},
[OPT_NO_SANDBOX] = {
	.name = "no-sandbox", .set = set_bool, .offset = IN(o.no_sandbox),
	.expects = "give yes or no",
	.help = "keep all files and system calls within reach",
},
[OPT_MAX_MEMORY] = {
	.name = "max-memory", .arg = "SIZE",
	.set = set_memory, .offset = IN(o.memory_max), .min = 16, .max = 1 << 20,
	.expects = "give a size from 16M to 1024G, such as 512M or 2G",
	.help = "what may be held for all peers together (512M)",
},
[OPT_WORKERS] = {
	.name = "workers", .arg = "N",
	.set = set_u32, .offset = IN(o.workers), .min = 1, .max = WORKERS_MAX,
	.expects = "give a number from 1 to 64",
	.help = "threads, each with a share of the connections (the cores)",
},
[OPT_LOG_LEVEL] = {
	.name = "log-level", .arg = "LEVEL", .set = set_log_level,
	.expects = "give error, warn, info or debug",
	.help = "error, warn, info or debug (info)",
},
[OPT_LOG_FORMAT] = {
	.name = "log-format", .arg = "FORMAT", .set = set_log_format,
	.expects = "give text or json",
	.help = "text or json: one object a line (text)",
},
[OPT_CONFIG] = {
	.name = "config", .arg = "FILE", .flags = OPTION_ARGV_ONLY,
	.set = set_string, .offset = IN(config),
	.expects = "give the name of a file",
	.help = "lines of key = value, with the names of these options",
},
[OPT_CHECK_CONFIG] = {
	.name = "check-config", .flags = OPTION_ARGV_ONLY,
	.set = set_bool, .offset = IN(check_config),
	.help = "check all of it, say what is wrong, and exit",
},
[OPT_VERSION] = {
	.name = "version", .letter = 'V', .flags = OPTION_ARGV_ONLY,
	.set = set_bool, .offset = IN(version),
	.help = "the version",
},
[OPT_HELP] = {
	.name = "help", .letter = 'h', .flags = OPTION_ARGV_ONLY,
	.set = set_bool, .offset = IN(help),
	.help = "this text",
},
};
/* clang-format on */
