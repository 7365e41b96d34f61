/* server_files.c - names the files that are kept for a server. */
#include "client/trust/server_files.h"

#include <stdio.h>
#include <string.h>

#include "shared/crypto/crypto.h"
#include "shared/os/file.h"
#include "shared/wire/b64.h"

int server_files_path(char **out, const char *folder,
    const struct server_files *of, struct errmsg *why)
{
	const char *slash = strrchr(of->known_servers, '/');
	int n = slash == NULL ? 0 : (int)(slash + 1 - of->known_servers);
	const struct part parts[] = {
	    {of->server, strlen(of->server) + 1}, {of->identity, WIRE_ED25519}};
	struct crypto *c = crypto_new();
	char name[B64URL_32 + 1];
	uint8_t hash[WIRE_HASH];
	int r = ERR_CRYPTO;

	*out = NULL;
	if (c != NULL)
		r = crypto_hash_parts(c, hash, parts, 2);
	crypto_free(c);
	if (r != 0)
		return errmsg_set(why, r, "%s", err_str(r));
	b64url_encode32(name, hash);
	if (asprintf(out, "%.*s%s/%s", n, of->known_servers, folder, name) <
	    0) {
		*out = NULL;
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	}
	return file_make_parents(*out, why);
}
