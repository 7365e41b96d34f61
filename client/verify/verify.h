/* verify.h - `conclave verify`: checks transcripts without a network, and says
 * what they prove. It uses shared/ only. */
#ifndef CONCLAVE_VERIFY_H
#define CONCLAVE_VERIFY_H

/* argv[0] is "verify". Returns the exit status: 0 all is proved, 1 it is not, 2
 * wrong usage, or a file that cannot be read. */
int verify_main(int argc, char **argv);

#endif
