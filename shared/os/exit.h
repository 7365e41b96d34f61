/* exit.h - the exit statuses of both programs, as documented in their man
 * pages. Only conclave uses those from 3 on. Where several apply, conclave ends with the
 * first that happened. */
#ifndef SHARED_OS_EXIT_H
#define SHARED_OS_EXIT_H

enum exit_status {
	EXIT_DONE = 0,	   /* the user quit, or a signal stopped conclaved */
	EXIT_FAILED = 1,   /* conclaved could not start or had to stop; both:
			    * output could not be written, or was lost because
			    * nobody read it */
	EXIT_USAGE = 2,	   /* wrong option, setting or argument */
	EXIT_LOST = 3,	   /* cannot connect, or the connection was lost */
	EXIT_REFUSED = 4,  /* the server refused: password, name, full, ... */
	EXIT_PIN = 5,	   /* the server's identity is not the expected one */
	EXIT_PROTOCOL = 6, /* the server broke the protocol */
	EXIT_UNSENT = 7,   /* input was refused or cut, or a message did not
			    * reach the server */
	/* Of conclaves:// only. From EXIT_TLS on: EXIT_TLS + enum tls_fault. */
	EXIT_BETWEEN = 8,   /* somebody stands between us and the server */
	EXIT_TLS_ENDS = 9,  /* TLS ends, or begins, at a proxy */
	EXIT_TLS = 10,
	EXIT_STATUSES = 32
};

#endif
