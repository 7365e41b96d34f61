/* exit.h - the exit statuses of both programs, as their man pages list them.
 * 1 is conclaved's alone; 3 to 6 are conclave's alone. */
#ifndef SHARED_OS_EXIT_H
#define SHARED_OS_EXIT_H

enum exit_status {
	EXIT_DONE = 0,	   /* the user quit; conclaved: a signal ended it */
	EXIT_FAILED = 1,   /* conclaved could not start or had to stop */
	EXIT_USAGE = 2,	   /* wrong option, setting or argument */
	EXIT_LOST = 3,	   /* cannot connect, or the connection was lost */
	EXIT_REFUSED = 4,  /* the server refused: password, name, full, ... */
	EXIT_PIN = 5,	   /* the server's identity is not the expected one */
	EXIT_PROTOCOL = 6, /* the server broke the protocol */
};

#endif
