/* paths.c - lists the file names that complete a path. */
#include "client/ui/tui/paths.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shared/os/value.h"
#include "shared/wire/text.h"

/* Stop reading a folder after this many entries, so that Tab responds at
 * once. */
enum { ENTRIES_MAX = 10000 };

struct found {
	char *names[PATHS_MAX]; /* sorted */
	size_t n;
};

static bool shows(const char *name)
{
	const unsigned char *p;

	for (p = (const unsigned char *)name; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f)
			return false;
	return text_utf8(name, strlen(name));
}

/* Inserts a name, keeping the first PATHS_MAX in sorted order. */
static void keep(struct found *f, const char *name)
{
	size_t at = f->n;
	char *copy;

	while (at > 0 && strcmp(f->names[at - 1], name) > 0)
		at--;
	if (at == PATHS_MAX || (copy = strdup(name)) == NULL)
		return;
	if (f->n == PATHS_MAX)
		free(f->names[--f->n]);
	memmove(f->names + at + 1, f->names + at,
	    (f->n - at) * sizeof(f->names[0]));
	f->names[at] = copy;
	f->n++;
}

static void read_folder(struct found *f, const char *folder, const char *begun)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	size_t len = strlen(begun), i;

	for (i = 0; d != NULL && i < ENTRIES_MAX; i++) {
		if ((e = readdir(d)) == NULL)
			break;
		if (strncmp(e->d_name, begun, len) != 0 ||
		    strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0 ||
		    (e->d_name[0] == '.' && len == 0) || !shows(e->d_name))
			continue;
		keep(f, e->d_name);
	}
	if (d != NULL)
		closedir(d);
}

/* Expands the typed text up to its last slash to a folder that can be
 * opened. */
static char *folder_of(const char *base, const char *typed)
{
	struct errmsg why;
	char *folder;

	return value_path(&folder, typed[0] != '\0' ? typed : ".", base,
		   &why) == 0
		   ? folder
		   : NULL;
}

void paths_find(const char *base, const char *begun, size_t n,
    void (*fn)(void *arg, const char *path), void *arg)
{
	char typed[PATH_MAX], path[2 * PATH_MAX], *folder;
	struct found f = {.n = 0};
	struct stat st;
	size_t cut = n, i;

	while (cut > 0 && begun[cut - 1] != '/')
		cut--;
	if (n - cut > NAME_MAX || cut >= sizeof(typed))
		return;
	memcpy(typed, begun, cut);
	typed[cut] = '\0';
	memcpy(path, begun + cut, n - cut);
	path[n - cut] = '\0';
	if ((folder = folder_of(base, typed)) == NULL)
		return;
	read_folder(&f, folder, path);
	for (i = 0; i < f.n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, f.names[i]);
		snprintf(path, sizeof(path), "%s%s%s", typed, f.names[i],
		    stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? "/" : "");
		fn(arg, path);
		free(f.names[i]);
	}
	free(folder);
}
