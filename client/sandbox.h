/* sandbox.h - confines the client before it reads anything from a server, so
 * that an attacker who exploits it through server input gains little: no other
 * programs, files or servers. */
#ifndef CONCLAVE_SANDBOX_H
#define CONCLAVE_SANDBOX_H

#include "client/options.h"

/* Drops all privileges, and disables core dumps and debuggers. Call before
 * creating threads. */
int client_sandbox_privileges(struct errmsg *why) MUST_CHECK;

/* Call once the terminal is open and the keys and pins are read.
 * Files: only the folders of known_servers and known_people stay accessible,
 * and the names of files (for Tab completion).
 * Ports: only the server's.
 * System calls: no starting programs, no creating or inspecting processes, no
 * executable memory, no injecting terminal input. Unix sockets only for a
 * server that uses one.
 * Existing threads keep their file access, so they must have called
 * client_sandbox_enter_thread.
 * Returns 0 with a sentence about what the kernel lacks, or "". */
int client_sandbox_enter(
    const struct client_options *o, struct errmsg *why) MUST_CHECK;

/* For a thread that needs no files at all. Call after crypto_new. */
void client_sandbox_enter_thread(void);

/* For helper processes, which must exit if this fails.
 * export_helper.h: creates files below the folder, and nothing else. While the
 * folder does not exist, the closest one above it that does is the limit. */
int client_sandbox_enter_export(const char *folder) MUST_CHECK;
/* transcript_helper.h: the same, and appends to the files in it. */
int client_sandbox_enter_transcript(const char *folder) MUST_CHECK;
/* file_helper.h: reads files below those folders (NULL: none), and creates,
 * writes, renames and removes files below `save`. */
int client_sandbox_enter_transfer(
    const char *save, const char *const *read, size_t n) MUST_CHECK;
/* name_helper.h: reads files and forks processes for lookups. Neither it nor
 * they write a file, start a program or touch another process. */
int client_sandbox_enter_names(void) MUST_CHECK;
/* For such a process, before its one lookup: files of the home directory are
 * out of reach, except those that configure lookups. No Unix sockets, unless
 * nsswitch.conf names a service that may need them. */
int client_sandbox_enter_lookup(void) MUST_CHECK;

#endif
