/* setting_file.c - the text of a settings file: every setting, with a comment. */
#include "client/settings.h"
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shared/base/secret.h"
#include "shared/os/conf.h"
#include "shared/os/password.h"
#include "shared/os/value.h"
#include "shared/wire/text.h"

/* --- a new settings file -------------------------------------------------- */

static const struct {
	const char *name, *normal; /* NULL: there is no default value */
	const char *comment;
} comments[] = {
    {"server", "localhost:2528",
	"Where to connect without an argument: an invite, or HOST[:PORT]."},
    {"room", NULL, "The room to join, unless the invite names it."},
    {"name", NULL, "Your name in the room. Default: your user name."},
    {"password-file", NULL,
	"The first line of this file is the password. Default: it is asked "
	"for."},
    {"account", "auto",
	"Whose password it is: own, your account's; gate, the server's; "
	"invite,\n# a new one, for an invite of your own; auto: as the last "
	"time."},
    {"identity", NULL, "Your key. Default: identity.pem beside this file."},
    {"ca", "system",
	"Whose certificates of conclaves:// servers to trust: a PEM file, "
	"system, or none:\n# then the fingerprint of an invite is enough. The "
	"CAs of a file certify people too."},
    {"certificate", NULL,
	"Your certificate, for servers that ask for one and for the other "
	"people."},
    {"key", NULL, "Its private key. Default: your identity."},
    {"known-servers", NULL,
	"Servers seen before. Default: known_servers beside this file."},
    {"known-people", NULL,
	"People seen before. Default: known_people beside this file."},
    {"export-folder", NULL,
	"Where /export writes files. Default: conclave-exports in the home "
	"directory."},
    {"transcript", NULL, "Keep transcripts of all rooms in this folder."},
    {"transcript-direct", "no",
	"Keep transcripts of direct messages, one for each person."},
    {"transcript-size", "64M", "After a longer file the next one begins."},
    {"rsa-bits", "3072",
	"Size of the RSA key that receives group keys: 2048, 3072 or 4096."},
    {"face", "auto",
	"auto: full screen on a terminal, else lines. Or tui, plain, json."},
    {"ascii", "no", "Show ASCII only."},
    {"color", "yes",
	"Colours, where the terminal has them and NO_COLOR is not set."},
    {"notify", "bell",
	"The alert for a mention of your name while you look "
	"elsewhere:\n# bell; osc9 or osc777, a desktop message if the terminal "
	"can; or none."},
    {"held", "ask",
	"What to do with a message that is not sent yet when somebody is in "
	"the room\n# who was not there when you wrote it: ask, send or drop."},
    {"title", "yes", "Count mentions of your name in the terminal's title."},
    {"escape-wait", "180",
	"How long to wait for the rest of a key that begins with Escape, in "
	"ms.\n# More for a slow link."},
    {"sandbox", "yes",
	"Give up files and system calls that are not needed; see conclave(1)."},
    {"require-pq", "no",
	"Join only with a post-quantum key exchange (ML-KEM-768), for which "
	"both\n# sides need OpenSSL 3.5 or newer."},
    {"strict", "no",
	"Exit when somebody has had another log of a room than you: the server "
	"shows\n# two people two conversations, or somebody's client lies."},
    {"reconnect", "yes", "Connect again when the connection is lost."},
};

/* Writes a value as a file has to hold it: a path from the command line is
 * relative to the working directory, one in the file to the file's folder; an
 * invite may have been wrapped. Ends with a null byte. */
static int put_value(
    struct buf *out, const struct opts_row *row, const char *value)
{
	char cwd[PATH_MAX];
	struct uri u;
	int r = 0;

	if (strcmp(row->name, "server") == 0 && uri_parse(&u, value) == 0 &&
	    u.has_fingerprint) {
		/* A personal invite is for one entry, and a file no place for
		 * its secret. */
		uri_wipe(&u);
		u.invite[0] = '\0';
		r = uri_build(out, &u);
		value = "";
	} else if ((row->flags & OPTS_PATH) != 0 && *value != '/' &&
		   *value != '~' && getcwd(cwd, sizeof(cwd)) != NULL) {
		if ((r = buf_str(out, cwd)) == 0)
			r = buf_str(out, "/");
	}
	return r != 0 || (r = buf_str(out, value)) != 0 ? r : buf_u8(out, 0);
}

/* One setting; v is NULL if it is not given. */
static int put_setting(struct buf *out, size_t i, const char *v)
{
	const char *normal = comments[i].normal;
	char line[512];

	snprintf(line, sizeof(line), "\n# %s\n%s%s =%s%s\n",
	    comments[i].comment, v != NULL ? "" : "# ", comments[i].name,
	    v != NULL || normal != NULL ? " " : "",
	    v != NULL	     ? v
	    : normal != NULL ? normal
			     : "");
	return buf_str(out, line);
}

int settings_text(const struct opts *m, struct buf *out, struct errmsg *why)
{
	const char *name, *v;
	struct buf value;
	size_t i, row;
	int r;

	if ((r = buf_str(out,
		 "# conclave's settings: NAME = VALUE. A line that begins with "
		 "# has no\n"
		 "# effect. The command line and the environment "
		 "(CONCLAVE_NAME=...)\n"
		 "# win over this file. Never put a password here.\n")) != 0)
		return errmsg_set(why, r, "out of memory");
	buf_init(&value, PATH_MAX + URI_TEXT_MAX);
	for (i = 0; r == 0 && i < sizeof(comments) / sizeof(comments[0]); i++) {
		name = comments[i].name;
		row = opts_find(m, name);
		buf_clear(&value);
		if (m->given[row] != NULL)
			r = put_value(&value, &m->rows[row], m->given[row]);
		v = value.len > 0 ? (const char *)value.p : NULL;
		if (r != 0)
			errmsg_set(why, r, "out of memory");
		else if (v != NULL && !conf_can_hold(name, v))
			r = errmsg_set(why, ERR_USAGE,
			    "a settings file cannot hold this %s: \"%s\"", name,
			    v);
		else if ((r = put_setting(out, i, v)) != 0)
			errmsg_set(why, r, "out of memory");
	}
	buf_free(&value);
	return r;
}
