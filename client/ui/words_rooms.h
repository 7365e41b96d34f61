/* words_rooms.h - what front ends say of rooms, roles and acts. Pure, like
 * words.h: sentences quote names as they came. */
#ifndef CONCLAVE_UI_WORDS_ROOMS_H
#define CONCLAVE_UI_WORDS_ROOMS_H

/* A room's label: who can read it, and what is kept. */
extern const char words_reads_server[], words_reads_server_short[],
    words_kept_nothing[];

#endif
