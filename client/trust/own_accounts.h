/* own_accounts.h - which of the user's accounts on a server have a password of
 * their own, so that the next start asks for that one: a file for each server and
 * identity, in the folder `accounts` beside known_servers, with a name in each
 * line, the newest first. It holds no password. */
#ifndef CONCLAVE_TRUST_OWN_ACCOUNTS_H
#define CONCLAVE_TRUST_OWN_ACCOUNTS_H

#include <stdbool.h>

#include "shared/os/errmsg.h"
#include "shared/wire/wire.h"

/* Whether `name` is in the file. A file that is missing, or cannot be trusted,
 * has none. */
bool own_accounts_has(const char *path, const char *name);
/* The newest name, if there is one. */
bool own_accounts_newest(const char *path, char name[WIRE_NAME_MAX + 1]);
/* Puts a name in front, or takes it out. */
int own_accounts_keep(const char *path, const char *name, bool has,
    struct errmsg *why) MUST_CHECK;

#endif
