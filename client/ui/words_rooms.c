/* words_rooms.c - labels of rooms, and the sentences about roles and acts. */
#include "client/ui/words_rooms.h"

const char words_reads_server[] = "server can read";
const char words_reads_server_short[] = "server reads";
const char words_kept_nothing[] = "kept nothing";
