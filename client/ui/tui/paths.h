/* paths.h - file names for Tab. */
#ifndef CONCLAVE_UI_TUI_PATHS_H
#define CONCLAVE_UI_TUI_PATHS_H

#include <stddef.h>

/* Calls fn for each path that begins with these bytes, sorted, at most
 * PATHS_MAX of them: "~/" is the home directory and stays as it is, a folder
 * ends in "/". Names with a control character, or that are not UTF-8, and
 * hidden ones whose dot was not typed are left out. */
enum { PATHS_MAX = 64 };
void paths_find(const char *begun, size_t n,
    void (*fn)(void *arg, const char *path), void *arg);

#endif
