/* last_server.c - the file with the server that the user was on last. */
#include "client/trust/last_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/os/file.h"
#include "shared/wire/text.h"

enum { LINE_MAX_BYTES = SERVERS_NAME_MAX + WIRE_NAME_MAX + 2 };

/* The caller frees it; NULL: out of memory. */
static char *path_of(const char *known_servers)
{
	const char *slash = strrchr(known_servers, '/');
	int n = slash == NULL ? 0 : (int)(slash + 1 - known_servers);
	char *path;

	return asprintf(&path, "%.*slast_server", n, known_servers) < 0 ? NULL
									: path;
}

/* The address alone, as short as uri_parse takes it. */
static bool put_address(char out[SERVERS_NAME_MAX], const struct uri *u)
{
	struct uri bare = {.tls = u->tls};
	struct buf b;
	bool fits;

	if (u->path[0] == '\0' && !u->tls) {
		servers_name(out, u);
		return true;
	}
	memcpy(bare.host, u->host, sizeof(bare.host));
	memcpy(bare.port, u->port, sizeof(bare.port));
	memcpy(bare.path, u->path, sizeof(bare.path));
	buf_init(&b, SERVERS_NAME_MAX - 1);
	fits = uri_build(&b, &bare) == 0;
	if (fits) {
		memcpy(out, b.p, b.len);
		out[b.len] = '\0';
	}
	buf_free(&b);
	return fits;
}

/* An address is taken as it would be written, and so has nothing in it that a
 * terminal would obey. */
static bool parse(struct last_server *out, char *line)
{
	char *blank = strchr(line, ' '), *nl = strchr(line, '\n');
	struct uri u = {.host = ""};
	bool ok;

	if (blank == NULL || nl == NULL || nl < blank || nl[1] != 0)
		return false;
	*blank = *nl = '\0';
	if (!text_name(blank + 1, (size_t)(nl - blank - 1)) ||
	    uri_parse(&u, line) != 0)
		return false;
	ok = put_address(out->address, &u) && strcmp(out->address, line) == 0;
	uri_wipe(&u);
	memcpy(out->name, blank + 1, (size_t)(nl - blank));
	return ok;
}

static bool read_file(struct last_server *out, const char *path)
{
	struct errmsg why;
	struct buf b;
	bool ok;

	buf_init(&b, LINE_MAX_BYTES + 1);
	ok = file_read(path, FILE_OWN | FILE_NO_LINK, &b, &why) == 0 &&
	     buf_u8(&b, 0) == 0 && strlen((const char *)b.p) == b.len - 1 &&
	     parse(out, (char *)b.p);
	buf_free(&b);
	return ok;
}

bool last_server_read(struct last_server *out, const char *known_servers)
{
	char *path = path_of(known_servers), name[SERVERS_NAME_MAX];
	struct uri u = {.host = ""};
	uint8_t fingerprint[WIRE_HASH];
	struct errmsg why;
	bool known = false;

	if (path != NULL && read_file(out, path) &&
	    uri_parse(&u, out->address) == 0) {
		servers_name(name, &u);
		if (servers_find(
			known_servers, name, &known, fingerprint, &why) != 0)
			known = false;
	}
	uri_wipe(&u);
	free(path);
	return known;
}

void last_server_keep(
    const char *known_servers, const struct uri *server, const char *name)
{
	char *path = path_of(known_servers), line[LINE_MAX_BYTES + 1];
	struct last_server had, now = {.address = ""};
	struct errmsg why;

	if (path == NULL || !put_address(now.address, server) ||
	    (read_file(&had, path) && strcmp(had.address, now.address) == 0 &&
		strcmp(had.name, name) == 0)) {
		free(path);
		return;
	}
	snprintf(line, sizeof(line), "%s %s\n", now.address, name);
	/* It is a default only: the user can do without. */
	(void)!file_write(path, line, strlen(line), FILE_CACHE, &why);
	free(path);
}
