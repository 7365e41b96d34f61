/* cage.h - what the client gives up before it hears a server, so that whoever
 * breaks in through what a server sends finds little to take: other programs,
 * other files, other servers. */
#ifndef CONCLAVE_SANDBOX_H
#define CONCLAVE_SANDBOX_H

#include "client/options.h"

/* Before there are threads: all privileges, core dumps, debuggers. */
int client_sandbox_privileges(struct errmsg *why) MUST_CHECK;

/* Once the terminal is open and keys and pins are read. Files: what is left
 * are the folders of known_servers and known_people, what looking up names
 * and the time need to read, and the names of files (for Tab). Ports: the
 * server's and the domain name service's. Calls: no program is started, no
 * process made or looked at, no executable memory made, nothing typed into the
 * terminal; Unix sockets only to a server that has one, or for names that end
 * in .local, which are found through one.
 * Threads that are there keep their files: they have entered
 * client_sandbox_enter_thread. 0, and a sentence about what the kernel lacks, or "". */
int client_sandbox_enter(const struct client_options *o, struct errmsg *why) MUST_CHECK;

/* For a thread that needs no file at all, after crypto_new. */
void client_sandbox_enter_thread(void);

/* For the helper (helper.h): makes files, and nothing else. 0, or it must not
 * go on. */
int client_sandbox_enter_helper(void) MUST_CHECK;

#endif
