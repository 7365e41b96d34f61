/* server_people.h - files of the fuzzed server, and what its members ask about
 * accounts, files and direct messages. */
#ifndef CONCLAVE_SERVER_PEOPLE_H
#define CONCLAVE_SERVER_PEOPLE_H

#include "shared/proto/link.h"
#include "shared/proto/request.h"
#include "tests/fuzz/fuzz.h"

void server_files_begin(void);
/* Answers what was asked since. */
void server_files_answer(void);

/* Well-formed requests, but for their number: about rooms, and about the rest. */
struct request server_room_request(uint8_t what, uint8_t how);
struct request server_people_request(uint8_t what, uint8_t how);
/* The body of a frame of kind 4, into an empty buffer. */
void server_people_piece(struct buf *body, uint8_t how);
/* The same of a direct frame with that number, from fuzz_quick_who(who). */
void server_people_letter(struct link *l, struct buf *body, unsigned who,
    uint32_t number, uint8_t how);

#endif
