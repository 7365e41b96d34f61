/* blob_refusal.h - what a client is told when something cannot be done with a file.
 * Inner header of server/room. */
#ifndef CONCLAVED_ROOM_BLOB_REFUSAL_H
#define CONCLAVED_ROOM_BLOB_REFUSAL_H

#include "server/store/blob_wire.h"

/* For an enum blob_code; CODE_NONE for BLOB_OK. The sentence is "" where the
 * code's own says enough. */
enum wire_code blob_refusal(uint8_t code);
const char *blob_refusal_text(uint8_t code);

#endif
