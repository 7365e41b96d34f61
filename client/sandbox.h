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
 * what name lookup and the time zone need to read, and the names of files (for
 * Tab completion).
 * Ports: only the server's and DNS.
 * System calls: no starting programs, no creating or inspecting processes, no
 * executable memory, no injecting terminal input. Unix sockets only for a
 * server that uses one, or for names that end in .local, which are resolved
 * through one.
 * Existing threads keep their file access, so they must have called
 * client_sandbox_enter_thread.
 * Returns 0 with a sentence about what the kernel lacks, or "". */
int client_sandbox_enter(const struct client_options *o, struct errmsg *why) MUST_CHECK;

/* For a thread that needs no files at all. Call after crypto_new. */
void client_sandbox_enter_thread(void);

/* For the helper process (helper.h): allows creating files and nothing else. If
 * this fails, the helper must exit. */
int client_sandbox_enter_helper(void) MUST_CHECK;

#endif
