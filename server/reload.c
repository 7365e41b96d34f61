/* reload.c - compares the options of a running server with its config file. */
#include "server/reload.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "server/option_table.h"

enum kind { PLAIN, STRING, LISTEN, SECRET };
enum when { AT_ONCE, NEXT_START };

#define FIELD(option, member, kind, when)                                      \
	{                                                                      \
		option, kind, when, offsetof(struct server_options, member),   \
		    sizeof(((struct server_options *)NULL)->member)            \
	}

/* Every option that a config file may have. */
static const struct field {
	const char *option;
	enum kind kind;
	enum when when;
	size_t offset, size;
} fields[] = {
    FIELD("log-level", logger_level, PLAIN, AT_ONCE),
    FIELD("log-format", log_json, PLAIN, AT_ONCE),
    FIELD("log-addresses", log_addresses, PLAIN, AT_ONCE),
    FIELD("max-users", users_max, PLAIN, AT_ONCE),
    FIELD("max-per-account", per_account, PLAIN, AT_ONCE),
    FIELD("max-per-address", per_address, PLAIN, AT_ONCE),
    FIELD("rooms", rooms_max, PLAIN, AT_ONCE),
    FIELD("rooms-per-identity", rooms_per_identity, PLAIN, AT_ONCE),
    FIELD("registration", people.registration, PLAIN, AT_ONCE),
    FIELD("invites", people.inviters, PLAIN, AT_ONCE),
    FIELD("accounts", people.accounts_max, PLAIN, AT_ONCE),
    FIELD("accounts-per-hour", people.per_hour, PLAIN, AT_ONCE),
    FIELD("rate", rate, PLAIN, AT_ONCE),
    FIELD("rate-bytes", rate_bytes, PLAIN, AT_ONCE),
    FIELD("rate-burst", rate_burst, PLAIN, AT_ONCE),
    FIELD("rekey-interval", rekey_ms, PLAIN, AT_ONCE),
    FIELD("proxy-from", proxies, PLAIN, AT_ONCE),
    FIELD("guesses", guesses.all, PLAIN, AT_ONCE),
    FIELD("guesses-net", guesses.net, PLAIN, AT_ONCE),
    FIELD("guesses-site", guesses.site, PLAIN, AT_ONCE),
    FIELD("guesses-name", guesses.name, PLAIN, AT_ONCE),
    FIELD("guesses-address", guesses_address, PLAIN, AT_ONCE),
    FIELD("max-memory", memory_max, PLAIN, AT_ONCE),
    FIELD("public-name", public_name, STRING, NEXT_START),
    FIELD("contact", contact, STRING, AT_ONCE),
    FIELD("scrypt-n", scrypt_n, PLAIN, AT_ONCE),
    FIELD("listen", listen, LISTEN, NEXT_START),
    FIELD("tls-listen", tls_listen, LISTEN, NEXT_START),
    FIELD("tls-cert", tls_cert, STRING, NEXT_START),
    FIELD("tls-key", tls_key, STRING, NEXT_START),
    FIELD("tls-client-ca", tls_client_ca, STRING, NEXT_START),
    FIELD("tls-crl", tls_crl, STRING, NEXT_START),
    FIELD("require-certificate", require_certificate, STRING, NEXT_START),
    FIELD("crl", crl, STRING, NEXT_START),
    FIELD("password", password, SECRET, NEXT_START),
    FIELD("password-file", password, SECRET, NEXT_START),
    FIELD("record", record, STRING, NEXT_START),
    FIELD("state", state_dir, STRING, NEXT_START),
    FIELD("ephemeral", ephemeral, PLAIN, NEXT_START),
    FIELD("sync", sync_full, PLAIN, NEXT_START),
    FIELD("room", room, PLAIN, NEXT_START),
    FIELD("room-creation", room_creation, PLAIN, NEXT_START),
    FIELD("newcomers", newcomers, PLAIN, NEXT_START),
    FIELD("history", retention.history, PLAIN, NEXT_START),
    FIELD("keep-days", retention.days, PLAIN, NEXT_START),
    FIELD("keep-count", retention.count, PLAIN, NEXT_START),
    FIELD("max-keep-days", retention.days_max, PLAIN, NEXT_START),
    FIELD("max-keep-count", retention.count_max, PLAIN, NEXT_START),
    FIELD("files", files.all, PLAIN, AT_ONCE),
    FIELD("files-person", files.person, PLAIN, AT_ONCE),
    FIELD("file-size", files.file, PLAIN, AT_ONCE),
    FIELD("files-days", files_days, PLAIN, AT_ONCE),
    FIELD("handshakes", handshakes_max, PLAIN, NEXT_START),
    FIELD("user", user, STRING, NEXT_START),
    FIELD("control", control, STRING, NEXT_START),
    FIELD("control-group", control_group, STRING, NEXT_START),
    FIELD("no-sandbox", no_sandbox, PLAIN, NEXT_START),
    FIELD("require-pq", require_pq, PLAIN, NEXT_START),
    FIELD("workers", workers, PLAIN, NEXT_START),
};
enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

static bool same_list(
    char *const *a, size_t n_a, char *const *b, size_t n_b)
{
	size_t i;

	if (n_a != n_b)
		return false;
	for (i = 0; i < n_a; i++)
		if (strcmp(a[i], b[i]) != 0)
			return false;
	return true;
}

static bool same_listen(const struct field *f, const struct server_options *a,
    const struct server_options *b)
{
	if (f->offset == offsetof(struct server_options, listen))
		return same_list(
		    a->listen, a->n_listen, b->listen, b->n_listen);
	return same_list(a->tls_listen, a->n_tls_listen, b->tls_listen,
	    b->n_tls_listen);
}

static bool same(const struct field *f, const struct server_options *a,
    const struct server_options *b)
{
	const char *pa = (const char *)a + f->offset;
	const char *pb = (const char *)b + f->offset;
	const char *sa, *sb;

	if (f->kind == LISTEN)
		return same_listen(f, a, b);
	if (f->kind != STRING)
		return memcmp(pa, pb, f->size) == 0;
	memcpy(&sa, pa, sizeof(sa));
	memcpy(&sb, pb, sizeof(sb));
	return sa == NULL || sb == NULL ? sa == sb : strcmp(sa, sb) == 0;
}

/* Exchanges the values, so that each is freed by its owner. */
static void exchange(
    const struct field *f, struct server_options *a, struct server_options *b)
{
	char *pa = (char *)a + f->offset, *pb = (char *)b + f->offset;
	char c;
	size_t i;

	for (i = 0; i < f->size; i++) {
		c = pa[i];
		pa[i] = pb[i];
		pb[i] = c;
	}
}

static int note(struct buf *notes, const struct field *f)
{
	int r = buf_str(notes, f->option);

	if (r == 0)
		r = buf_str(notes,
		    f->kind == SECRET
			? ": a password is not read again: conclavectl "
			  "password changes it"
		    : f->when == AT_ONCE ? ": changed"
					 : ": takes effect at the next start");
	return r != 0 ? r : buf_u8(notes, '\n');
}

/* Whether the file says another thing about this option than what is in use.
 * Defaults that depend on the machine are not compared. */
static bool differs(const struct field *f, const struct server_options *now,
    const struct server_options *fresh, enum opts_source was,
    enum opts_source is)
{
	if (was > OPTS_FILE || (was == OPTS_DEFAULT && is == OPTS_DEFAULT))
		return false;
	if (f->kind == SECRET)
		return is == OPTS_FILE;
	return !same(f, now, fresh);
}

static int compare(struct server_options *now, struct server_options *fresh,
    struct option_origins *from, const struct option_origins *is,
    struct buf *changed, struct buf *notes)
{
	const struct opts m = {
	    .rows = server_options_table, .n_rows = SERVER_OPTIONS_ROWS};
	const struct field *f;
	size_t i;
	int r = 0;

	for (f = fields; f < fields + FIELDS && r == 0; f++) {
		i = opts_find(&m, f->option);
		if (!differs(f, now, fresh, from->of[i], is->of[i]))
			continue;
		r = note(notes, f);
		if (f->when != AT_ONCE)
			continue;
		exchange(f, now, fresh);
		from->of[i] = is->of[i];
		if (r == 0 && changed->len > 0)
			r = buf_str(changed, ", ");
		if (r == 0)
			r = buf_str(changed, f->option);
	}
	return r;
}

int reload_options(struct server_options *now, struct option_origins *from,
    struct buf *changed, struct buf *notes, struct errmsg *why)
{
	struct server_options fresh;
	struct option_origins is;
	int r = option_sources_again(&fresh, &is, from, now->config, why);

	/* Without memory for the notes the changes count all the same. */
	if (r == 0)
		(void)!compare(now, &fresh, from, &is, changed, notes);
	server_options_free(&fresh);
	return r;
}

int reload_check(const struct server_options *now,
    const struct option_origins *from, struct errmsg *why)
{
	struct server_options fresh;
	struct option_origins is;
	int r = option_sources_again(&fresh, &is, from, now->config, why);

	server_options_free(&fresh);
	return r;
}
