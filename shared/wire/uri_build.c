/* uri_build.c - writes invites. */
#include <stdio.h>
#include <string.h>

#include "shared/base/secret.h"
#include "shared/wire/b64.h"
#include "shared/wire/uri.h"

/* RFC 3986, section 2.3. */
static bool is_unreserved(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

/* Percent-encodes every byte that is neither unreserved (RFC 3986) nor a
 * slash. */
static int put_path(struct buf *out, const char *path)
{
	char hex[4];
	int r = 0;

	for (; *path != '\0' && r == 0; path++) {
		if (is_unreserved(*path) || *path == '/') {
			r = buf_put(out, path, 1);
		} else {
			snprintf(hex, sizeof(hex), "%%%02X",
			    (unsigned)(unsigned char)*path);
			r = buf_str(out, hex);
		}
	}
	return r;
}

static int put_host(struct buf *out, const struct uri *u)
{
	bool v6 = strchr(u->host, ':') != NULL;
	int r;

	if ((r = buf_str(out, v6 ? "[" : "")) != 0 ||
	    (r = buf_str(out, u->host)) != 0 ||
	    (r = buf_str(out, v6 ? "]:" : ":")) != 0)
		return r;
	return buf_str(out, u->port[0] != '\0' ? u->port
			    : u->tls		  ? WIRE_TLS_PORT
						  : WIRE_PORT);
}

int uri_build(struct buf *out, const struct uri *u)
{
	bool local = u->path[0] != '\0';
	size_t before = out->len;
	char fp[B64URL_32 + 1];
	int r;

	if ((!local && u->host[0] == '\0') ||
	    ((u->invite[0] != '\0' || u->has_seal) && !u->has_fingerprint) ||
	    (u->has_seal && u->room[0] == '\0'))
		return ERR_USAGE;
	if ((r = buf_str(out, local    ? URI_SCHEME_UNIX
			      : u->tls ? URI_SCHEME_TLS
				       : URI_SCHEME)) != 0 ||
	    (r = local ? put_path(out, u->path) : put_host(out, u)) != 0)
		goto out;
	if (u->room[0] != '\0' &&
	    ((r = buf_str(out, local ? "?room=" : "/")) != 0 ||
		(r = buf_str(out, u->room)) != 0))
		goto out;
	if (u->has_fingerprint) {
		b64url_encode32(fp, u->fingerprint);
		if ((r = buf_str(out, "#")) != 0 || (r = buf_str(out, fp)) != 0)
			goto out;
	}
	if (u->invite[0] != '\0' && ((r = buf_str(out, ",i=")) != 0 ||
					(r = buf_str(out, u->invite)) != 0 ||
					(r = buf_str(out, ".")) != 0 ||
					(r = buf_str(out, u->secret)) != 0))
		goto out;
	if (u->has_seal) {
		b64url_encode32(fp, u->seal);
		if ((r = buf_str(out, ",s=")) == 0)
			r = buf_str(out, fp);
	}
out:
	secret_wipe(fp, sizeof(fp));
	if (r != 0)
		buf_truncate(out, before);
	return r;
}
