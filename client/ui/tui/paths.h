/* paths.h - file name completion. */
#ifndef CONCLAVE_UI_TUI_PATHS_H
#define CONCLAVE_UI_TUI_PATHS_H

#include <stddef.h>

/* Calls fn for each path below `base` that begins with these bytes, in sorted order, at most
 * PATHS_MAX times. "~/" is the home directory and is left unexpanded; a folder
 * ends in "/". Skips names that contain a control character or are not UTF-8,
 * and hidden files unless the dot was typed. */
enum { PATHS_MAX = 64 };
void paths_find(const char *base, const char *begun, size_t n,
    void (*fn)(void *arg, const char *path), void *arg);

#endif
